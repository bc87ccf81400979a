"""What all tests share: virtual time, and properties that are tried on the same examples every time.

`HYPOTHESIS_PROFILE=fresh` tries others, as `make soak` does: what a suite finds must not depend on the day.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode puts no test folder on the path

from leftovers import collect_leftovers
from virtual_time import run_virtual

import listwatch

# A shell starts what runs in its background deaf to Ctrl-C, and so would every program be that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fresh", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Let no later test be told of what somebody else's client has left open in this one."""
    yield
    if item.get_closest_marker("peers"):
        collect_leftovers()


def pytest_collection_finish() -> None:
    """Load all of the package before the first test.

    Hypothesis tries constants out of the modules that are loaded. One that is loaded in the middle of a property, for
    its first use, makes the same example mean something else when it is tried again.
    """
    for module in pkgutil.walk_packages(listwatch.__path__, "listwatch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.fixture
def virtual() -> Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]:
    """`virtual(main)` runs the coroutine function `main` on a loop whose time jumps."""
    return run_virtual
