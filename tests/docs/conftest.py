"""The snippets of the pages use other people's clients."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from leftovers import collect_leftovers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Let no later test be told of what a client has left open in a snippet."""
    yield
    collect_leftovers()
