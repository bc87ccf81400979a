"""Sessions of pytest inside a test, with our plugin, as a user's project has it."""

from __future__ import annotations

import pytest

# A session in this process forgets what it imported; what cannot be imported twice is imported before.
import listwatch.apiserver.listener.certificates
import listwatch.apiserver.listener.sockets
import listwatch.sync
import listwatch.testing.cluster  # noqa: F401 (all four for their effect)


def run_pytest(pytester: pytest.Pytester, *words: str, in_process: bool = True) -> pytest.RunResult:
    """Run the tests of `pytester`'s folder; warnings are errors there too."""
    installed = pytester._request.config.pluginmanager.hasplugin("listwatch")
    ours = () if installed else ("-p", "listwatch.testing.plugin")
    quiet = ("-p", "no:xdist", "-p", "no:cacheprovider", "-W", "error", "-q")
    known = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # another test may have imported it
    loop = ("-o", "asyncio_default_fixture_loop_scope=function")  # or pytest-asyncio warns
    run = pytester.runpytest_inprocess if in_process else pytester.runpytest_subprocess
    return run(*ours, *quiet, *known, *loop, *words)
