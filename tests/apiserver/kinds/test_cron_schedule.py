"""Schedules that are none; when the others fit is tested with the controller that follows them."""

from __future__ import annotations

import re

import pytest

from listwatch.apiserver.kinds.cron_schedule import parse_schedule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("99 * * * *", "end of range (99) above maximum (59): 99"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("9-3 * * * *", "beginning of range (9) beyond end of range (3): 9-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@never", "unrecognized descriptor: @never"),
    ],
)
def test_a_bad_schedule_is_told_of(text: str, message: str) -> None:
    """The words are those of the parser that kube-apiserver uses."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_schedule(text)
