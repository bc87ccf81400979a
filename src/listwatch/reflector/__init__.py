"""HOW list and watch become one unbroken stream."""
