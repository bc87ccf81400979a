"""Quantities and timestamps in their canonical forms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.quantity import QuantityError, canonical_quantity, quantity_value
from listwatch.apiserver.wire.timestamps import TimestampError, format_timestamp, parse_timestamp


@pytest.mark.parametrize(
    ("given_text", "canonical"),
    [
        ("0", "0"),
        ("0.0Ki", "0"),
        ("1000m", "1"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("1500", "1500"),
        ("1000", "1k"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("512", "512"),
        ("0.5Ki", "512"),
        ("1023Ki", "1023Ki"),
        ("0.0001n", "1n"),
        ("-1000m", "-1"),
        ("+1", "1"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("1E", "1E"),
        ("100e-3", "100e-3"),
        ("99999999999999999999", "9223372036854775807"),
    ],
)
def test_a_quantity_has_one_text(given_text: str, canonical: str) -> None:
    """No fraction, the largest suffix that allows it, the writer's family of suffixes; settled."""
    assert canonical_quantity(given_text) == canonical
    assert canonical_quantity(canonical) == canonical


@pytest.mark.parametrize("text", ["", ".", "one", "1 Gi", "1gi", "1ki", "--1", "1e", "1Kii", "٣"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """The message is the server's."""
    with pytest.raises(QuantityError, match="quantities must match the regular expression"):
        canonical_quantity(text)


@given(st.integers(0, 10**12), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "e2"]))
def test_the_canonical_text_means_the_same(number: int, suffix: str) -> None:
    """Rewriting a quantity keeps its value."""
    text = f"{number}{suffix}"
    assert quantity_value(canonical_quantity(text)) == quantity_value(text)


def test_numbers_are_quantities() -> None:
    """JSON numbers are read as their text."""
    assert canonical_quantity(3) == "3"
    assert canonical_quantity(0.25) == "250m"
    assert quantity_value("2Ki") == Decimal(2048)


@pytest.mark.parametrize(
    ("text", "micro", "canonical"),
    [
        ("2026-11-20T08:00:00Z", False, "2026-11-20T08:00:00Z"),
        ("2026-11-20T08:00:00.987Z", False, "2026-11-20T08:00:00Z"),
        ("2026-11-20T08:00:00+01:30", False, "2026-11-20T06:30:00Z"),
        ("2026-11-20T08:00:00.123456-01:00", True, "2026-11-20T09:00:00.123456Z"),
    ],
)
def test_a_timestamp_is_given_back_in_utc(text: str, micro: bool, canonical: str) -> None:
    """Whole seconds for a Time, six digits for a MicroTime."""
    assert format_timestamp(parse_timestamp(text, micro=micro), micro=micro) == canonical


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'),
        ("2026-1", 'parsing time "2026-1" as "2006-01-02T15:04:05Z07:00": cannot parse "1" as "01"'),
        ("2026-13-01T00:00:00Z", 'parsing time "2026-13-01T00:00:00Z": month out of range'),
        ("2026-02-30T00:00:00Z", 'parsing time "2026-02-30T00:00:00Z": day out of range'),
        ("2026-02-03T24:00:00Z", 'parsing time "2026-02-03T24:00:00Z": hour out of range'),
        ("2026-02-03T00:60:00Z", 'parsing time "2026-02-03T00:60:00Z": minute out of range'),
        ("2026-02-03T00:00:60Z", 'parsing time "2026-02-03T00:00:60Z": second out of range'),
        ("2026-02-03T00:00:00Zz", 'parsing time "2026-02-03T00:00:00Zz": extra text: "z"'),
        ("0001-01-01T00:00:00+23:00", 'parsing time "0001-01-01T00:00:00+23:00": day out of range'),
        ("2026-02-03T00:00:00+99:99", 'parsing time "2026-02-03T00:00:00+99:99": day out of range'),
    ],
)
def test_what_is_no_time_is_refused(text: str, message: str) -> None:
    """The first part that does not fit is named, as Go names it."""
    with pytest.raises(TimestampError) as caught:
        parse_timestamp(text)
    assert str(caught.value) == message


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)))  # noqa: DTZ001
def test_a_written_time_reads_back(moment: datetime) -> None:
    """Formatting and parsing are each other's inverse to the microsecond."""
    aware = moment.replace(tzinfo=UTC)
    assert parse_timestamp(format_timestamp(aware, micro=True), micro=True) == aware
