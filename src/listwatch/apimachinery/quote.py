"""Text as Go's `%q` shows it: the API server quotes values in its messages that way.

In:    any string
Out:   the same in double quotes, on one line
Rules: pure, total
Source: Go, strconv.Quote
"""

from __future__ import annotations

import re
from typing import Final

_SHORT: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*")


def go_quote(text: str) -> str:
    """`text` in double quotes with Go's escapes; printable characters of any script stay as they are."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    if (short := _SHORT.get(character)) is not None:
        return short
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
