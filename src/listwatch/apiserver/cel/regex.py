"""Regular expressions as Go and RE2 have them: no backtracking, so no text takes for ever.

In:    patterns and texts
Out:   what is found
Next:  functions_operators.py (matches), functions_kubernetes.py (find, findAll)
Rules: RE2 itself does it (google-re2, of the `server` extra), imported when the first pattern is met
Source: github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from listwatch.apiserver.cel.errors import EvaluationError


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The pattern of a library without types.

    Raises:
        EvaluationError: It is no pattern, or the library is missing.
    """
    try:
        import re2  # noqa: PLC0415 - only who uses patterns pays for it
    except ImportError as error:
        raise EvaluationError("regular expressions need google-re2: install listwatch[server]") from error
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0] if error.args else ""
        text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise EvaluationError(f"error parsing regexp: {text}") from None


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern matches somewhere in the text."""
    return compiled(pattern).search(text) is not None


def find(text: str, pattern: str) -> str:
    """The first match, or ""."""
    found = compiled(pattern).search(text)
    return "" if found is None else str(found.group())


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """All matches, or the first `limit` of them."""
    found: list[str] = []
    if limit == 0:
        return found
    for match in compiled(pattern).finditer(text):
        found.append(match.group())
        if len(found) == limit:
            break
    return found
