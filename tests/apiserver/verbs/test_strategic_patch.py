"""Strategic merge patch: directives, keyed lists, order, and that nothing foreign is ever raised."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.kinds.schema import Schemas
from listwatch.apiserver.verbs.patch import PatchError, apply_merge_patch
from listwatch.apiserver.verbs.strategic_patch import apply_strategic_merge_patch

POD = Schemas.load().node("", "v1", "Pod")
DEPLOYMENT = Schemas.load().node("apps", "v1", "Deployment")


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), **spec}}


A, B, C = ({"name": name, "image": name} for name in "abc")


@pytest.mark.parametrize(
    ("doc", "patch", "result"),
    [
        (pod(A, B), pod({"name": "b", "image": "new"}), pod(A, {"name": "b", "image": "new"})),
        (pod(A, B), pod(C), pod(C, A, B)),
        (pod(A, B), pod({"name": "a", "$patch": "delete"}), pod(B)),
        (pod(A, B), pod({"name": "nope", "$patch": "delete"}), pod(A, B)),
        (pod(A, B), pod(C, {"$patch": "replace"}), pod(C)),
        (pod(A, B), pod({"name": "a", "image": None}), pod({"name": "a"}, B)),
        (
            pod(A, B),
            {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}},
            pod(B, A),
        ),
        (
            pod(A, B),
            {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}], "containers": [C]}},
            pod(C, A, B),
        ),
        (
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"finalizers": ["c"]}},
            {"metadata": {"finalizers": ["c", "a", "b"]}},
        ),
        (
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}},
            {"metadata": {"finalizers": ["b"]}},
        ),
        (
            {"metadata": {"finalizers": ["a", "b"]}},
            {
                "metadata": {
                    "$deleteFromPrimitiveList/finalizers": ["a"],
                    "$setElementOrder/finalizers": ["b", "c"],
                    "finalizers": ["c"],
                }
            },
            {"metadata": {"finalizers": ["b", "c"]}},
        ),
        (
            {"metadata": {"ownerReferences": [{"uid": "1", "name": "a"}]}},
            {"metadata": {"ownerReferences": [{"uid": "2", "name": "b"}]}},
            {"metadata": {"ownerReferences": [{"uid": "2", "name": "b"}, {"uid": "1", "name": "a"}]}},
        ),
        (
            {"metadata": {"labels": {"a": "1"}}},
            {"metadata": {"labels": {"b": "2"}}},
            {"metadata": {"labels": {"a": "1", "b": "2"}}},
        ),
        (
            {"metadata": {"labels": {"a": "1"}}},
            {"metadata": {"labels": {"b": "2", "$patch": "replace"}}},
            {"metadata": {"labels": {"b": "2"}}},
        ),
        (
            {"metadata": {"labels": {"a": "1"}}},
            {"metadata": {"labels": {"$patch": "delete"}}},
            {"metadata": {"labels": {}}},
        ),
        (
            pod(tolerations=[{"key": "a"}]),
            {"spec": {"tolerations": [{"key": "b"}]}},
            pod(tolerations=[{"key": "b"}]),
        ),
        (pod(), pod({"name": "x", "$patch": "delete"}, A), pod(A)),
        ({}, pod({"name": "x", "$patch": "delete"}, {**A, "command": None}), pod(A)),
        (pod({**A, "args": ["1"]}), pod({"name": "a", "args": ["2"]}), pod({**A, "args": ["2"]})),
    ],
)
def test_lists_merge_by_their_strategy(doc: Any, patch: Any, result: Any) -> None:
    """Keyed lists, sets, atomic lists, maps and each directive; neither argument is changed."""
    before = copy.deepcopy((doc, patch))
    assert apply_strategic_merge_patch(doc, patch, POD) == result
    assert (doc, patch) == before


def test_retained_keys_clear_all_others() -> None:
    """`$retainKeys` drops what the writer of a union no longer wants."""
    doc = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert apply_strategic_merge_patch(doc, patch, DEPLOYMENT) == {"spec": {"strategy": {"type": "Recreate"}}}


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        ([], 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (pod({"image": "x"}), 500, "map: map[image:x] does not contain declared merge key: name"),
        (pod({"$patch": "delete"}), 500, "map: map[$patch:delete] does not contain declared merge key: name"),
        (pod({"name": "a", "$patch": "merge"}), 500, "merging lists cannot yet be specified in the patch"),
        (pod({"name": "a", "$patch": "x"}), 500, "unknown patch type: x in map: map[$patch:x name:a]"),
        ({"spec": {"$patch": True}}, 500, "unknown patch type: true in map: map[$patch:true]"),
        ({"spec": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
        ({"spec": {"$retainKeys": [], "containers": []}}, 400, "invalid patch format of retainKeys"),
        (
            {"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}},
            400,
            "invalid patch format of primitive list",
        ),
        (
            {"spec": {"$setElementOrder/containers": "a"}},
            500,
            "expected a []interface {}, but received a string",
        ),
        (
            {"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [B]}},
            500,
            "The order in patch list:\n[map[image:b name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
        ),
        (pod("a"), 500, "list element types are not identical: [[map[image:a name:a]] [a]]"),  # type: ignore[arg-type]
        (pod([]), 422, "lists of lists are not supported"),  # type: ignore[arg-type]
    ],
)
def test_malformed_directives_are_refused(patch: Any, code: int, message: str) -> None:
    """Each fault of a patch has its code and its sentence."""
    doc = {**pod(A), "metadata": {"finalizers": ["a"]}}
    with pytest.raises(PatchError) as caught:
        apply_strategic_merge_patch(doc, patch, POD)
    assert (caught.value.code, caught.value.message) == (code, message)


scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "delete", "replace"])
NAMES = [
    "name",
    "spec",
    "containers",
    "ports",
    "containerPort",
    "metadata",
    "finalizers",
    "labels",
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "$setElementOrder/finalizers",
    "$deleteFromPrimitiveList/finalizers",
]
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=14,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "spec": st.fixed_dictionaries({"containers": values}) | values,
        "metadata": st.fixed_dictionaries({"finalizers": values}) | values,
    },
)


@given(documents, documents | values, st.sampled_from([POD, DEPLOYMENT, None]))
def test_any_patch_applies_or_is_a_patch_error(doc: dict[str, Any], patch: Any, node: Any) -> None:
    """Arbitrary JSON, directives among it, never raises anything else, and leaves its input alone."""
    before = copy.deepcopy((doc, patch))
    with contextlib.suppress(PatchError):
        apply_strategic_merge_patch(doc, patch, node)
    assert (doc, patch) == before


plain = st.recursive(
    st.booleans() | st.integers(-2, 2),
    lambda inner: st.dictionaries(st.sampled_from(["labels", "a", "spec"]), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from("ab"), plain), st.dictionaries(st.sampled_from("ab"), plain | st.none())
)
def test_without_lists_it_is_a_merge_patch(doc: dict[str, Any], patch: dict[str, Any]) -> None:
    """On maps and scalars both patches do the same."""
    assert apply_strategic_merge_patch(doc, patch, None) == apply_merge_patch(doc, patch)
