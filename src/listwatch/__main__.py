"""`python -m listwatch` is `listwatch`."""

from __future__ import annotations

import sys

from listwatch.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
