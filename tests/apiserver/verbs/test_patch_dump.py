"""How a spoiled object is quoted: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest
from api_caller import PODS, Caller, pod
from virtual_time import run_virtual

from listwatch.apiserver.verbs.patch_dump import dump, quoted_object, quoted_patch

BEFORE = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"labels": {"b": "1", "a": "2"}, "name": "p"},
    "spec": {
        "nodeName": "n",
        "containers": [
            {"image": "i", "name": "c", "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}
        ],
    },
}
QUOTED = (
    '"metadata":{"name":"p","labels":{"a":"2","b":"1"}},'
    '"spec":{"containers":[{"name":"c","image":"i","terminationMessagePolicy":"File","imagePullPolicy":"Always"}],'
)


@pytest.mark.parametrize(
    "patch",
    [
        {"spec": {"nodeName": 7}},
        [{"op": "replace", "path": "/spec/nodeName", "value": 7}],
    ],
)
def test_what_the_patch_went_into_is_sorted(patch: Any) -> None:
    """Objects on the patch's way are sorted, others are in the order of Go's types, and maps are sorted always."""
    after = {**BEFORE, "spec": {**BEFORE["spec"], "nodeName": 7}}  # type: ignore[dict-item]
    expected = '{"apiVersion":"v1","kind":"Pod",' + QUOTED + '"nodeName":7}}'
    assert dump(quoted_object(BEFORE, after, patch)) == expected


def test_kinds_without_types_keep_their_order() -> None:
    """Nothing is known of a custom kind: what the patch does not touch stays as it stands."""
    before = {"apiVersion": "x.example/v1", "kind": "W", "spec": {"b": 1, "a": 2}}
    after = {**before, "metadata": "x"}
    shown = dump(quoted_object(before, after, {"metadata": "x"}))
    assert shown == '{"apiVersion":"x.example/v1","kind":"W","metadata":"x","spec":{"b":1,"a":2}}'


def test_a_strategic_patch_quotes_itself() -> None:
    """As Go prints maps: sorted, without quotes."""
    assert quoted_patch({"b": {"x": [1, None, True]}, "a": "t"}) == "map[a:t b:map[x:[1 <nil> true]]]"

    async def main() -> None:
        caller = Caller()
        await caller.create(PODS, pod("p"))
        answer = await caller.patch(f"{PODS}/p", {"spec": {"nodeName": 7}}, "strategic-merge-patch+json")
        assert answer.status == 422
        assert 'patch: Invalid value: "map[spec:map[nodeName:7]]"' in answer.json["message"]

    run_virtual(main)
