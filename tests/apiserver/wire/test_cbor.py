"""CBOR as Kubernetes has it: there and back, and nothing but a clear error for bad bytes."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shape_objects import KINDS, objects

from listwatch.apiserver.wire import cbor


@pytest.mark.parametrize("kind", KINDS[:5], ids="/".join)
@settings(max_examples=25)
@given(data=st.data())
def test_decoding_undoes_encoding(kind: tuple[str, str, str], data: st.DataObject) -> None:
    """decode(encode(x)) is x, with the mark and without."""
    value = data.draw(objects(*kind))
    assert cbor.decode(cbor.encode(value)) == value
    assert cbor.decode(cbor.encode_bare(value)) == value


def test_text_goes_out_as_byte_strings_with_sorted_keys_behind_the_mark() -> None:
    """The bytes are those that Kubernetes writes."""
    assert cbor.encode({"b": 1, "a": "x"}) == bytes.fromhex("d9d9f7 a2 4161 4178 4162 01")


READ: list[tuple[bytes, Any]] = [
    (cbor2.dumps({"a": "x", "b": [1, None, True, 1.5]}), {"a": "x", "b": [1, None, True, 1.5]}),
    (cbor2.dumps(cbor2.CBORTag(22, b"\x01\x02")), "AQI="),
    (cbor2.dumps(cbor2.CBORTag(21, b"\xff")), "_w"),
    (cbor2.dumps(cbor2.CBORTag(23, b"\xab")), "AB"),
    (cbor2.dumps(cbor2.CBORTag(4711, {"a": b"b"})), {"a": "b"}),
    (bytes.fromhex("c074323031332d30332d32315432303a30343a30305a"), "2013-03-21T20:04:00Z"),
    (bytes.fromhex("bf 61 61 9f 01 02 ff ff"), {"a": [1, 2]}),
]


@pytest.mark.parametrize(("data", "value"), READ)
def test_both_kinds_of_strings_and_tags_are_read(data: bytes, value: object) -> None:
    """Byte strings are text, expected encodings are applied, unknown tags are passed over."""
    assert cbor.decode(data) == value


REFUSED = [
    b"",
    b"\x01\x02",
    cbor2.dumps({1: 2}),
    cbor2.dumps(float("nan")),
    cbor2.dumps(cbor2.undefined),
    cbor2.dumps(2**64),
    cbor2.dumps(b"\xff"),
    cbor2.dumps({1, 2}),
    b"\x81" * 5000 + b"\x01",
    b"\x9b" + b"\xff" * 8,
]


@pytest.mark.parametrize("data", REFUSED)
def test_what_json_cannot_say_is_refused(data: bytes) -> None:
    """More than one value, other keys than text, NaN, undefined, huge numbers, bad UTF-8, endless nesting."""
    with pytest.raises(cbor.CBORError, match="cbor: "):
        cbor.decode(data)


def test_a_value_that_holds_itself_or_grows_by_sharing_is_refused() -> None:
    """A few bytes never become more values than there are bytes."""
    cyclic = bytes.fromhex("d81c 81 d81d00")
    shared = b"\xd8\x1c\x82\x01\x01"
    for _ in range(40):
        shared = b"\xd8\x1c\x82" + shared + b"\xd8\x1d\x00"
    for data in (cyclic, shared):
        with pytest.raises(cbor.CBORError):
            cbor.decode(data)


@settings(max_examples=200)
@given(st.binary(max_size=40))
def test_random_bytes_are_a_value_or_a_cbor_error(data: bytes) -> None:
    """No bytes raise anything but `CBORError`."""
    try:
        cbor.decode(data)
    except cbor.CBORError as error:
        told = str(error)
    else:
        told = "cbor: read"
    assert told.startswith("cbor: ")
