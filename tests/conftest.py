"""What all tests share: virtual time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode puts no test folder on the path

from virtual_time import run_virtual


@pytest.fixture
def virtual() -> Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]:
    """`virtual(main)` runs the coroutine function `main` on a loop whose time jumps."""
    return run_virtual
