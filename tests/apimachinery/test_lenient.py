"""What Go would read, we read; what it would refuse stays refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from listwatch.apimachinery.lenient import decode_hook, encode_hook, lenient_decode


class Part(msgspec.Struct):
    count: int = 0
    names: list[str] = []
    inner: Part | None = None
    port: int | str | None = None


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        (b"null", str, ""),
        (b"null", int, 0),
        (b"null", float, 0.0),
        (b"null", bool, False),
        (b"null", bytes, b""),
        (b"null", list[str], []),
        (b"null", dict[str, int], {}),
        (b"null", str | None, None),
        (b"null", Part, Part()),
        (b"null", Any, None),
        (b"[null]", list[str], [""]),
        (b"[null, {}]", list[Part], [Part(), Part()]),
        (b'{"a":null}', dict[str, int], {"a": 0}),
        (
            b'{"a":null,"b":"2026-01-02T00:00:00Z"}',
            dict[str, datetime],
            {"b": datetime(2026, 1, 2, tzinfo=UTC)},
        ),
        (b"3.0", int, 3),
        (b"3", str, "3"),
        (b"1.5", str, "1.5"),
        (b'{"count":null,"names":null,"inner":null,"port":null}', Part, Part()),
        (b'{"inner":{"names":[null],"unknown":null}}', Part, Part(inner=Part(names=[""]))),
        (b'{"port":"http"}', Part, Part(port="http")),
        (b'{"a":[null]}', dict[str, Any], {"a": [None]}),
    ],
)
def test_what_go_reads(raw: bytes, kind: Any, value: Any) -> None:
    """A null is absent, or the empty value inside a list or map; whole floats are integers, numbers can be text."""
    assert lenient_decode(raw, kind) == value


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"3.5", int),
        (b"true", str),
        (b'"3"', int),
        (b"[]", Part),
        (b'{"inner":1}', Part),
        (b"{}", list[str]),
        (b"{", Part),
    ],
)
def test_what_stays_an_error(raw: bytes, kind: Any) -> None:
    """Nothing is guessed: other mismatches, and what is no JSON, raise."""
    with pytest.raises(msgspec.DecodeError):
        lenient_decode(raw, kind)


class Celsius:
    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    @classmethod
    def from_wire(cls, text: str) -> Celsius:
        return cls(float(text.removesuffix("C")))

    def to_wire(self) -> str:
        return f"{self.degrees}C"


def test_types_may_bring_their_own_text() -> None:
    """A class with from_wire and to_wire goes over the wire as its text."""
    read = msgspec.json.decode(b'"21.5C"', type=Celsius, dec_hook=decode_hook)
    assert read.degrees == 21.5
    assert msgspec.json.encode(read, enc_hook=encode_hook) == b'"21.5C"'


def test_types_without_a_text_are_refused_by_name() -> None:
    """A class that the wire does not know raises an error that names it."""
    with pytest.raises(NotImplementedError, match=r"class 'object'.*cannot be read from JSON"):
        decode_hook(object, "x")
    with pytest.raises(NotImplementedError, match="objects of type object have no JSON form"):
        encode_hook(object())
