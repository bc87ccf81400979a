"""JSON patch and merge patch: the RFCs' examples, the server's codes, and laws."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.maps import json_equal
from listwatch.apiserver.verbs.patch import (
    PatchError,
    apply_json_patch,
    apply_merge_patch,
    invalid_result_message,
)


@pytest.mark.parametrize(
    ("doc", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_of_the_rfc(doc: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]) -> None:
    """The test cases of RFC 7386 whose documents are objects."""
    assert apply_merge_patch(doc, patch) == result


scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return value


@given(documents, documents)
def test_a_merge_patch_is_idempotent_and_pure(doc: dict[str, Any], patch: dict[str, Any]) -> None:
    """Applied twice it does what it did once, and neither argument is changed."""
    before = copy.deepcopy((doc, patch))
    once = apply_merge_patch(doc, patch)
    assert apply_merge_patch(once, patch) == once
    assert (doc, patch) == before


@given(documents)
def test_a_merge_patch_onto_nothing_gives_itself_without_nulls(patch: dict[str, Any]) -> None:
    """On the empty object a patch leaves its own non-null members; the empty patch changes nothing."""
    assert apply_merge_patch({}, patch) == without_nulls(patch)
    assert apply_merge_patch(patch, {}) == patch


@given(values)
def test_a_merge_patch_is_an_object(patch: Any) -> None:
    """Anything else is a 400, never a foreign exception."""
    if isinstance(patch, dict):
        return
    with pytest.raises(PatchError) as caught:
        apply_merge_patch({}, patch)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([], {"a": 1, "l": [1, 2]}),
        ([{"op": "add", "path": "/b", "value": {}}], {"a": 1, "l": [1, 2], "b": {}}),
        ([{"op": "add", "path": "/l/-", "value": 3}], {"a": 1, "l": [1, 2, 3]}),
        ([{"op": "add", "path": "/l/0", "value": 0}], {"a": 1, "l": [0, 1, 2]}),
        ([{"op": "remove", "path": "/l/0"}], {"a": 1, "l": [2]}),
        ([{"op": "replace", "path": "/a", "value": None}], {"a": None, "l": [1, 2]}),
        ([{"op": "move", "from": "/a", "path": "/b"}], {"b": 1, "l": [1, 2]}),
        ([{"op": "copy", "from": "/l", "path": "/b"}], {"a": 1, "l": [1, 2], "b": [1, 2]}),
        ([{"op": "test", "path": "/a", "value": 1}], {"a": 1, "l": [1, 2]}),
        ([{"op": "test", "path": "/missing", "value": None}], {"a": 1, "l": [1, 2]}),
        ([{"op": "add", "path": "", "value": {"new": 1}}], {"new": 1}),
    ],
)
def test_json_patches_apply(operations: list[Any], result: Any) -> None:
    """Each operation of RFC 6902."""
    doc = {"a": 1, "l": [1, 2]}
    assert apply_json_patch(doc, operations) == result
    assert doc == {"a": 1, "l": [1, 2]}


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ({}, 400),
        ("x", 400),
        (None, 400),
        ([3], 400),
        ([{}], 422),
        ([{"op": "fly", "path": "/a"}], 422),
        ([{"op": ["add"], "path": "/a"}], 422),
        ([{"op": "add"}], 422),
        ([{"op": "add", "path": "/a"}], 422),
        ([{"op": "add", "path": "a", "value": 1}], 422),
        ([{"op": "add", "path": "/a/b", "value": 1}], 422),
        ([{"op": "add", "path": "/l/9", "value": 1}], 422),
        ([{"op": "remove", "path": "/nope"}], 422),
        ([{"op": "replace", "path": "/nope", "value": 1}], 422),
        ([{"op": "test", "path": "/a", "value": True}], 422),
        ([{"op": "test", "path": "/a", "value": 2}], 422),
        ([{"op": "move", "from": 3, "path": "/b"}], 422),
        ([{"op": "copy", "path": "/b"}], 422),
        ([{"op": "test", "path": "/", "value": 1}] * 10_001, 413),
    ],
)
def test_bad_json_patches_are_refused(operations: Any, code: int) -> None:
    """What is no patch is a 400, what does not apply a 422 that says no more, what is too long a 413."""
    with pytest.raises(PatchError) as caught:
        apply_json_patch({"a": 1, "l": [1, 2]}, operations)
    assert caught.value.code == code
    if code == 422:
        assert caught.value.message == "the server rejected our request due to an error in our request"
        assert caught.value.detail


paths = st.sampled_from(["", "/", "/a", "/a/b", "/a/0", "/a/-", "/b/~0", "/c/1/a", "a", "/~2"])
operations = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"]),
        "path": paths | scalars,
    },
    optional={"value": values, "from": paths | scalars},
)


@given(documents, st.lists(operations | scalars, max_size=4))
def test_any_json_patch_applies_or_is_a_patch_error(doc: dict[str, Any], patch: list[Any]) -> None:
    """No patch makes the library's or Python's own exceptions come through, and none changes its input."""
    before = copy.deepcopy(doc)
    with contextlib.suppress(PatchError):
        apply_json_patch(doc, patch)
    assert doc == before


def test_json_equality_knows_booleans() -> None:
    """`true` is not 1, `1` is `1.0`, and order counts in lists only."""
    assert not json_equal(True, 1)
    assert not json_equal([1], [True])
    assert json_equal(1, 1.0)
    assert json_equal({"a": 1, "b": [None]}, {"b": [None], "a": 1})
    assert not json_equal("1", 1)
    assert not json_equal({"a": 1}, {"b": 1})


def test_a_result_that_does_not_decode_is_shown() -> None:
    """The cause quotes the whole patched object, then says what the decoder said."""
    assert invalid_result_message('{"a":"b\\""}', "why") == 'Invalid value: "{\\"a\\":\\"b\\\\\\"\\"}": why'
