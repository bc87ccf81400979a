"""What all tests share: virtual time, and properties that are tried on the same examples every time.

`HYPOTHESIS_PROFILE=fresh` tries others, as `make soak` does: what a suite finds must not depend on the day.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode puts no test folder on the path

from virtual_time import run_virtual

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fresh", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture
def virtual() -> Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]:
    """`virtual(main)` runs the coroutine function `main` on a loop whose time jumps."""
    return run_virtual
