"""Keys: namespace and name, as text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.key import ObjectKey

NAMES = st.text("abc.-", min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("key", "text"),
    [(ObjectKey("ns", "n"), "ns/n"), (ObjectKey("", "n"), "n"), (ObjectKey("", ""), "")],
)
def test_as_text(key: ObjectKey, text: str) -> None:
    """client-go's keys: the namespace only where there is one."""
    assert str(key) == text
    assert ObjectKey.parse(text) == key


@given(st.just("") | NAMES, NAMES)
def test_text_and_back(namespace: str, name: str) -> None:
    """No key is lost on its way through text."""
    key = ObjectKey(namespace, name)
    assert ObjectKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["a/b/c", "/a/b", "//"])
def test_too_many_parts(text: str) -> None:
    """Text with more than one slash is refused and shown."""
    with pytest.raises(ValueError, match=f"unexpected key format: '{text}', want namespace/name or name"):
        ObjectKey.parse(text)


def test_keys_are_for_dicts_and_sorting() -> None:
    """Equal keys are one in a dict; they sort by namespace, then name."""
    assert {ObjectKey("a", "b"): 1}[ObjectKey("a", "b")] == 1
    assert min(ObjectKey("b", "a"), ObjectKey("a", "z")) == ("a", "z")
