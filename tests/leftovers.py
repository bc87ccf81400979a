"""What other people's clients leave open when they end.

aiohttp and httpx close TLS connections in steps that their users do not wait for. What is left when a loop ends is no
fault of ours, and would be reported in the middle of some later test.
"""

from __future__ import annotations

import gc
import warnings


def collect_leftovers() -> None:
    """Collect them now, without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
