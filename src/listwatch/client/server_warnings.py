"""What the server warns of: deprecated APIs, unknown fields.

Source: RFC 9111 §5.5 and KEP-1693; client-go's rest.WarningHandler. Only code 299 means something here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

logger = logging.getLogger("listwatch.server_warnings")

_WARNING = re.compile(r'\s*(\d{3})\s+(\S+)\s+"((?:[^"\\]|\\.)*)"(?:\s+"[^"]*")?\s*(?:,|$)')
_REMEMBERED = 1000


def parse_warnings(header: str) -> list[str]:
    """The texts of one Warning header that carry code 299; a malformed header has none."""
    found, place = [], 0
    while place < len(header):
        match = _WARNING.match(header, place)
        if match is None:
            break
        code, _, text = match.groups()
        text = re.sub(r"\\(.)", r"\1", text)
        if code == "299" and text:
            found.append(text)
        place = match.end()
    return found


class WarningLog:
    """Logs each warning once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def note(self, headers: Iterable[str]) -> None:
        """Log what has not been logged before."""
        for text in (text for header in headers for text in parse_warnings(header)):
            if text not in self._seen:
                if len(self._seen) >= _REMEMBERED:
                    self._seen.clear()
                self._seen.add(text)
                logger.warning("%s", text)
