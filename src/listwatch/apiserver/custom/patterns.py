"""Regular expressions as Go reads them: RE2's syntax, in time that is linear in the text.

In:    a pattern out of a schema
Out:   whether a text has a match; why a pattern is none
Rules: pure; a pattern is compiled once. The library is imported when the first pattern is met.
Source: RE2; messages of Go's regexp/syntax. Python's own `re` would accept other patterns, and may take for ever.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from listwatch.apimachinery.errors import ConfigError

# RE2's words for what is wrong, and Go's for the same.
_GO_WORDS: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "trailing \\": "trailing backslash at end of expression",
}


def matches(pattern: str, text: str) -> bool:
    """Whether `text` has a match for `pattern` somewhere. A pattern that is none has no match.

    Raises:
        ConfigError: The library is not installed.
    """
    compiled, _ = _compile(pattern)
    # A lone surrogate has no UTF-8; Go's decoder has put the replacement character there.
    return compiled is not None and compiled.search(text.encode("utf-8", "replace").decode()) is not None


def pattern_problem(pattern: str) -> str:
    """Why `pattern` is no regular expression, in Go's words; "" if it is one.

    Raises:
        ConfigError: The library is not installed.
    """
    return _compile(pattern)[1]


@lru_cache(maxsize=2048)
def _compile(pattern: str) -> tuple[Any, str]:
    try:
        import re2  # noqa: PLC0415 - only schemas with patterns need it
    except ImportError as error:
        raise ConfigError(
            "patterns in the schema of a CustomResourceDefinition need google-re2: install listwatch[server]"
        ) from error
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode("utf-8", "replace").decode(), options), ""
    except re2.error as error:
        told = error.args[0]
        text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        what, _, where = text.partition(": ")
        return None, f"error parsing regexp: {_GO_WORDS.get(what, what)}: `{where}`"
