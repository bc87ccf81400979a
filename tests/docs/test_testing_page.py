"""The page on testing: every snippet of it is run as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("kopf")  # imported here too: a session inside a test would import them anew every time
pytest.importorskip("lightkube.resources.core_v1")
from testing_kit import run_pytest

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.slow, pytest.mark.peers]
PAGE = (Path(__file__).parents[2] / "docs" / "testing-with-listwatch.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
TESTS = [each for each in SNIPPETS if "def test_" in each]
(CONFTEST,) = (each for each in SNIPPETS if each.startswith("# conftest.py"))
KOPF_WARNS = ("-W", "default")  # what other libraries warn of is theirs


def test_the_page_has_them() -> None:
    """Snippets are found, and each is a test or the one conftest."""
    assert len(TESTS) >= 9
    assert len(SNIPPETS) == len(TESTS) + 1


@pytest.mark.parametrize(
    "snippet", TESTS, ids=[each.partition("def test_")[2].partition("(")[0] for each in TESTS]
)
def test_snippet(pytester: pytest.Pytester, snippet: str) -> None:
    """A snippet of the page passes as it stands there."""
    if "shop-7" in snippet:
        pytester.makeconftest(CONFTEST)
    pytester.makepyfile(snippet)
    result = run_pytest(pytester, *KOPF_WARNS)
    result.assert_outcomes(passed=snippet.count("def test_"))
