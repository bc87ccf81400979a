"""What Go says of malformed JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.wire.go_json import END, fault, json_kind

CASES = [
    (b"", END),
    (b"   ", END),
    (b"{not json", "invalid character 'n' looking for beginning of object key string"),
    (b"\xae\xbb\x9b", "invalid character '®' looking for beginning of value"),
    (b"{", END),
    (b'{"a"', END),
    (b'{"a" 1}', "invalid character '1' after object key"),
    (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
    (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
    (b"[1 2]", "invalid character '2' after array element"),
    (b"[1,", END),
    (b"[1,]", "invalid character ']' looking for beginning of value"),
    (b"tru ", "invalid character ' ' in literal true (expecting 'e')"),
    (b"nul", END),
    (b"-x", "invalid character 'x' in numeric literal"),
    (b"1 2", "invalid character '2' after top-level value"),
    (b'"a\nb"', "invalid character '\\n' in string literal"),
    (b'"\\x"', "invalid character 'x' in string escape code"),
    (b'"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"),
    (b'"abc', END),
    (b'"a\\', END),
    (b"'a'", "invalid character '\\'' looking for beginning of value"),
    (b"[" * 1000, "exceeded max depth"),
]


@pytest.mark.parametrize(("text", "message"), CASES)
def test_the_first_fault_is_told_in_gos_words(text: bytes, message: str) -> None:
    """Each kind of fault has the message of Go's scanner."""
    assert fault(text) == message


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


@given(VALUES, st.sampled_from([None, 1]))
def test_what_is_json_has_no_fault(value: object, indent: int | None) -> None:
    """No document that a JSON encoder writes is refused."""
    assert fault(json.dumps(value, indent=indent).encode()) == ""


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (1, "number"),
        (0.5, "number"),
        ("", "string"),
        ([], "array"),
        (None, "null"),
        ({}, "object"),
    ],
)
def test_values_are_named_as_the_decoder_names_them(value: object, kind: str) -> None:
    """A bool is no number, and nothing has a name too."""
    assert json_kind(value) == kind
