"""What a deletion does: the plan as a table, and its effects on the wire."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod
from virtual_time import run_virtual

from listwatch.apiserver.kinds.resources import Resource, builtin_resources
from listwatch.apiserver.verbs.deletion import DeleteOptions, parse_delete_options, plan
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import APIFailure

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def _resource(name: str) -> Resource:
    found = builtin_resources().find("", "v1", name)
    assert found is not None
    return found


# resource, metadata, node, options → deletionTimestamp's time, grace, finalizers, goes now, pending
NOON = "12:00:00"
PLANS = [
    ("configmaps", {}, "", DeleteOptions(), None, None, None, True, False),
    ("configmaps", {"finalizers": ["a/b"]}, "", DeleteOptions(), NOON, 0, ["a/b"], False, False),
    ("configmaps", {}, "", DeleteOptions(policy="Foreground"), NOON, 0, ["foregroundDeletion"], False, False),
    ("configmaps", {}, "", DeleteOptions(policy="Orphan"), NOON, 0, ["orphan"], False, False),
    (
        "configmaps",
        {"finalizers": ["orphan"]},
        "",
        DeleteOptions(policy="Background"),
        None,
        None,
        None,
        True,
        False,
    ),
    ("pods", {}, "n", DeleteOptions(), "12:00:30", 30, None, False, False),
    ("pods", {}, "n", DeleteOptions(grace_period=5), "12:00:05", 5, None, False, False),
    ("pods", {}, "n", DeleteOptions(grace_period=0), NOON, 0, None, True, False),
    ("pods", {}, "n", DeleteOptions(grace_period=-1), "12:00:01", 1, None, False, False),
    ("pods", {}, "", DeleteOptions(), NOON, 0, None, True, False),
    ("pods", {"finalizers": ["a/b"]}, "", DeleteOptions(), NOON, 0, ["a/b"], False, False),
    ("pods", {"going": 30}, "n", DeleteOptions(), "12:00:10", 30, None, False, True),
    ("pods", {"going": 30}, "n", DeleteOptions(grace_period=60), "12:00:10", 30, None, False, True),
    ("pods", {"going": 30}, "n", DeleteOptions(grace_period=5), "11:59:45", 5, None, False, False),
    ("pods", {"going": 30}, "n", DeleteOptions(grace_period=0), "11:59:40", 0, None, True, False),
]


@pytest.mark.parametrize(
    ("name", "metadata", "node", "options", "time", "grace", "finalizers", "goes", "pending"), PLANS
)
def test_a_deletion_marks_removes_or_waits(
    name: str,
    metadata: dict[str, Any],
    node: str,
    options: DeleteOptions,
    time: str | None,
    grace: int | None,
    finalizers: list[str] | None,
    *,
    goes: bool,
    pending: bool,
) -> None:
    """Finalizers and grace periods keep an object; a running period can only be made shorter."""
    metadata = {"name": "x", "generation": 1, **metadata}
    if going := metadata.pop("going", None):
        metadata |= {"deletionTimestamp": "2026-01-01T12:00:10Z", "deletionGracePeriodSeconds": going}
    spec = {"nodeName": node, "terminationGracePeriodSeconds": 30}
    value = {"metadata": metadata, "spec": spec, "status": {"phase": "Running"}}
    before = {**metadata}
    planned = plan(_resource(name), value, options, NOW)
    after = (planned.marked or value)["metadata"]
    assert (planned.removes, planned.is_pending) == (goes, pending)
    assert after.get("deletionTimestamp") == (time and f"2026-01-01T{time}Z")
    assert after.get("deletionGracePeriodSeconds") == grace
    if not planned.removes:
        assert after.get("finalizers") == finalizers
    assert value["metadata"] == before


def test_a_first_marking_counts_as_a_generation() -> None:
    """`generation` moves when an object is first marked, and not again."""
    value = {"metadata": {"name": "x", "generation": 3, "finalizers": ["a/b"]}}
    marked = plan(_resource("configmaps"), value, DeleteOptions(), NOW).marked
    assert marked is not None
    assert marked["metadata"]["generation"] == 4
    assert plan(_resource("configmaps"), marked, DeleteOptions(), NOW).marked is None


OPTIONS = [
    ({}, "", DeleteOptions()),
    ({}, "gracePeriodSeconds=5&propagationPolicy=Orphan", DeleteOptions(grace_period=5, policy="Orphan")),
    ({"gracePeriodSeconds": 7}, "gracePeriodSeconds=5", DeleteOptions(grace_period=7)),
    ({"orphanDependents": True}, "", DeleteOptions(policy="Orphan")),
    ({}, "orphanDependents=false", DeleteOptions(policy="Background")),
    ({"dryRun": ["All"]}, "", DeleteOptions(dry_run=True)),
    (
        {"preconditions": {"uid": "u", "resourceVersion": "7"}},
        "",
        DeleteOptions(uid="u", resource_version="7"),
    ),
    ({"kind": "DeleteOptions", "apiVersion": "v1"}, "", DeleteOptions()),
]


@pytest.mark.parametrize(("body", "query", "wanted"), OPTIONS)
def test_delete_options_come_from_the_body_else_from_the_query(
    body: dict[str, Any], query: str, wanted: DeleteOptions
) -> None:
    """A body, if there is one, is all that counts."""
    assert parse_delete_options(body, Query(query)) == wanted


@pytest.mark.parametrize(
    ("body", "query", "code", "message"),
    [
        ({"kind": "Pod"}, "", 400, "cannot be handled as a DeleteOptions"),
        ({}, "propagationPolicy=Sideways", 422, "Unsupported value"),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "", 422, "cannot be both set"),
        ({}, "gracePeriodSeconds=soon", 400, "strconv.ParseInt"),
    ],
)
def test_bad_delete_options_are_refused(body: dict[str, Any], query: str, code: int, message: str) -> None:
    """What makes no sense is refused before anything is looked at."""
    with pytest.raises(APIFailure, match=message) as refusal:
        parse_delete_options(body, Query(query))
    assert refusal.value.code == code


def test_the_last_finalizer_takes_the_object_with_it() -> None:
    """A marked object goes when its finalizers are gone; the event shows its last stored state."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true")
        await caller.create(CONFIG_MAPS, config_map("a", finalizers=["example.com/hold"]))
        assert (await caller.delete(f"{CONFIG_MAPS}/a")).json["metadata"]["deletionGracePeriodSeconds"] == 0
        version = caller.server.revision
        answer = await caller.patch(f"{CONFIG_MAPS}/a", {"metadata": {"finalizers": None}})
        assert answer.json["metadata"]["resourceVersion"] == str(version)
        await watch.settle()
        assert [event["type"] for event in watch.events] == ["ADDED", "MODIFIED", "DELETED"]
        assert watch.events[-1]["object"]["metadata"]["finalizers"] == ["example.com/hold"]
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404
        await watch.close()

    run_virtual(main)


@pytest.mark.parametrize("precondition", [{"uid": "other"}, {"resourceVersion": "1"}])
def test_a_precondition_that_does_not_hold_is_a_conflict(precondition: dict[str, str]) -> None:
    """Nothing is deleted that is not what the client meant."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        refused = await caller.delete(f"{CONFIG_MAPS}/a", {"preconditions": precondition})
        assert (refused.status, refused.json["reason"]) == (409, "Conflict")
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 200

    run_virtual(main)


def test_a_dry_run_deletes_nothing() -> None:
    """`dryRun=All` answers as if, and leaves all as it is."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        version = caller.server.revision
        assert (await caller.delete(f"{CONFIG_MAPS}/a?dryRun=All")).json["status"] == "Success"
        assert caller.server.revision == version

    run_virtual(main)


def test_a_collection_is_deleted_object_by_object() -> None:
    """Every selected object has its own DELETED event; the answer lists them as they were."""

    async def main() -> None:
        caller = Caller()
        for name in ("a", "b", "c"):
            await caller.create(CONFIG_MAPS, config_map(name, labels={"x": "1"} if name != "b" else {}))
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=true&resourceVersion={caller.server.revision}")
        answer = await caller.delete(f"{CONFIG_MAPS}?labelSelector=x")
        assert [item["metadata"]["name"] for item in answer.json["items"]] == ["a", "c"]
        await watch.settle()
        assert watch.told() == [("DELETED", "a"), ("DELETED", "c")]
        await watch.close()

    run_virtual(main)


def test_a_pod_on_a_node_waits_for_its_kubelet() -> None:
    """A running pod is marked for its grace period; a deletion without one ends it."""

    async def main() -> None:
        caller = Caller()
        await caller.create(PODS, pod("p", nodeName="n"))
        assert (await caller.delete(f"{PODS}/p")).json["metadata"]["deletionGracePeriodSeconds"] == 30
        await asyncio.sleep(60)
        assert (await caller.get(f"{PODS}/p")).status == 200
        assert (await caller.delete(f"{PODS}/p", {"gracePeriodSeconds": 0})).json["kind"] == "Pod"
        assert (await caller.get(f"{PODS}/p")).status == 404

    run_virtual(main)


def test_a_collection_ends_at_its_namespace() -> None:
    """Deleting a namespace's collection leaves all other namespaces alone, those before it in the alphabet too."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        await caller.create(CONFIG_MAPS.replace("default", "kube-public"), config_map("b"))
        assert (await caller.delete(CONFIG_MAPS.replace("default", "kube-public"))).status == 200
        left = (await caller.get("/api/v1/configmaps")).json["items"]
        assert [item["metadata"]["name"] for item in left] == ["a"]

    run_virtual(main)


@pytest.mark.parametrize("seconds", [2**62, 10**9, "9223372036854775807"])
def test_a_grace_period_may_outlast_the_calendar(seconds: object) -> None:
    """A bound pod may be given more seconds than there are years for; the time it ends at is the last that there is."""

    async def main() -> None:
        caller = Caller()
        await caller.create(PODS, pod("a", nodeName="n"))
        answer = await caller.delete(f"{PODS}/a?gracePeriodSeconds={seconds}")
        assert answer.status == 200
        assert answer.json["metadata"]["deletionTimestamp"] > "2050"
        assert (await caller.delete(f"{PODS}/a?gracePeriodSeconds=1")).status == 200

    run_virtual(main)


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("a", {"preconditions": "x"}, 400),
        ("a", {"kind": []}, 400),
        ("a", {"dryRun": "All"}, 400),
        (f"a?gracePeriodSeconds={'9' * 5000}", None, 400),
        (f"?limit={'9' * 5000}", None, 400),
        (f"?resourceVersion={'9' * 5000}", None, 200),
    ],
)
def test_nonsense_is_refused(target: str, body: Any, code: int) -> None:
    """Options of the wrong types, and numbers longer than any number, are refused with a Status."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        answer = await caller.delete(f"{CONFIG_MAPS}/{target}".replace("/?", "?"), body)
        assert answer.status == code, answer.json

    run_virtual(main)
