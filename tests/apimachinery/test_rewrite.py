"""The laws of writing back: untouched is identical, the view gets what it wants, the unknown survives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.rewrite import rewrite, same

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from([0.0, 1.0, 1.5])
    | st.text("abé", max_size=2)
)
KEYS = st.sampled_from(["name", "key", "type", "a", "b"])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
HIDDEN = "unknown"


def encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def with_unknowns(value: Any, path: str = "$") -> Any:
    """The same with a field in every object that no view knows, told apart by where it is."""
    if isinstance(value, dict):
        inner = {key: with_unknowns(item, f"{path}.{key}") for key, item in value.items()}
        return inner | {HIDDEN: path}
    if isinstance(value, list):
        return [with_unknowns(item, f"{path}[{i}]") for i, item in enumerate(value)]
    return value


def without_unknowns(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_unknowns(item) for key, item in value.items() if key != HIDDEN}
    if isinstance(value, list):
        return [without_unknowns(item) for item in value]
    return value


@given(JSON)
def test_no_change_gives_the_very_bytes(value: Any) -> None:
    """With the view as it was, the answer is the raw bytes themselves."""
    raw = encode(with_unknowns(value))
    assert rewrite(raw, value, json.loads(json.dumps(value))) is raw


@given(JSON, JSON)
def test_the_view_gets_what_it_holds(before: Any, after: Any) -> None:
    """Whatever the change, the result seen through the view is the view."""
    raw = encode(with_unknowns(before))
    assert same(without_unknowns(json.loads(rewrite(raw, before, after))), after)


@given(st.dictionaries(KEYS, JSON, max_size=4), KEYS, JSON)
def test_the_unknown_survives_beside_a_change(before: dict[str, Any], key: str, new: Any) -> None:
    """One field set: unknown fields of the object and all of every other field stay."""
    stored = with_unknowns(before)
    written = json.loads(rewrite(encode(stored), before, before | {key: new}))
    assert written[HIDDEN] == "$"
    assert {k: v for k, v in written.items() if k != key} == {k: v for k, v in stored.items() if k != key}


NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(NAMES, NAMES, st.data())
def test_elements_of_lists_keep_their_unknowns_by_name(
    old: list[str], new: list[str], data: st.DataObject
) -> None:
    """However named elements come, go, move and change, each that stays keeps what the view did not know."""
    before = [{"name": name, "value": 0} for name in old]
    after = [{"name": name, "value": data.draw(st.integers(0, 1))} for name in new]
    raw = encode([each | {HIDDEN: each["name"]} for each in before])
    written = json.loads(rewrite(raw, before, after))
    assert [without_unknowns(each) for each in written] == after
    for each in written:
        if each["name"] in old:
            assert each[HIDDEN] == each["name"]


@pytest.mark.parametrize(
    ("raw", "before", "after", "written"),
    [
        (b'{"a": 1.50, "b": 2}', {"a": 1.5, "b": 2}, {"a": 1.5, "b": 3}, b'{"a":1.50,"b":3}'),
        (b'{"a":1}', {"a": 1}, {"a": True}, b'{"a":true}'),
        (b'{"a":[1]}', {"a": [1]}, {"a": [1.0]}, b'{"a":[1.0]}'),
        (b'{"a":null}', {}, {"a": []}, b'{"a":[]}'),
        (b'{"a":null,"b":1}', {"b": 1}, {"b": 2}, b'{"a":null,"b":2}'),
        (b'{"a":1}', {"a": 1}, {}, b"{}"),
        (b"{}", {"a": ""}, {"a": ""}, b"{}"),
        (b"{}", {"a": ""}, {"a": "x"}, b'{"a":"x"}'),
        (b"null", {}, {"a": 1}, b'{"a":1}'),
        (b'{"a":{"u":1}}', {"a": {}}, {"a": "text"}, b'{"a":"text"}'),
        (b'[{"u":1,"name":"a"}]', [{"name": "a"}], [{"name": "b"}], b'[{"name":"b"}]'),
        (
            b'[{"u":1,"name":"a","i":"x"}]',
            [{"name": "a", "i": "x"}],
            [{"name": "b", "i": "x"}],
            b'[{"u":1,"name":"b","i":"x"}]',
        ),
        (b'["a",null,"b"]', ["a", "b"], ["b"], b'["b"]'),
        (b'["b","a"]', ["b", "a"], ["a", "b", "a"], b'["a","b","a"]'),
    ],
)
def test_single_cases(raw: bytes, before: Any, after: Any, written: bytes) -> None:
    """Spelling of numbers, kinds of values, nulls, defaults, and elements that were renamed or replaced."""
    assert rewrite(raw, before, after) == written


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        ({"a": [0]}, {"a": [False]}, False),
        ("a", "a", True),
        ([], (), False),
    ],
)
def test_sameness_is_that_of_json(a: Any, b: Any, answer: bool) -> None:
    """Values that Python calls equal are different where their JSON is."""
    assert same(a, b) is answer
