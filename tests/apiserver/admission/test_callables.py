"""Callables of the embedding program: they allow, refuse, warn and change."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from listwatch.apiserver.admission import AdmissionRequest, Decision, allow, deny
from tests.api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod


async def test_a_callable_is_told_what_is_asked() -> None:
    """It sees operation, user, target, both objects, and whether it is a dry run."""
    caller, seen = Caller(), []
    caller.server.admit(seen.append, resources=["configmaps"])
    await caller.create(CONFIG_MAPS, config_map("a"))
    await caller.patch(f"{CONFIG_MAPS}/a?dryRun=All", {"data": {"k": "v"}})
    await caller.delete(f"{CONFIG_MAPS}/a")
    await caller.create(PODS, pod("p"))
    assert [(each.operation, each.user.name, each.resource, each.name, each.dry_run) for each in seen] == [
        ("CREATE", "admin", "configmaps", "a", False),
        ("UPDATE", "admin", "configmaps", "a", True),
        ("DELETE", "admin", "configmaps", "a", False),
    ]
    assert [(each.object is None, each.old_object is None) for each in seen] == [
        (False, True),
        (False, False),
        (True, False),
    ]
    assert seen[1].object["data"] == {"k": "v"}
    assert "data" not in seen[1].old_object
    await caller.server.aclose()


@pytest.mark.parametrize(
    ("decision", "status", "message", "reason"),
    [
        (deny("no"), 403, 'configmaps "a" is forbidden: no', "Forbidden"),
        (False, 403, 'configmaps "a" is forbidden: denied without explanation', "Forbidden"),
        (deny("bad", code=422), 422, "bad", "Invalid"),
        (deny("odd", code=418, reason="Teapot"), 418, "odd", "Teapot"),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_refusal_is_a_status_and_nothing_is_stored(
    decision: Any, status: int, message: str, reason: str, is_async: bool
) -> None:
    """Code, message and reason are the callable's; a 403 is worded as the server's own."""
    caller = Caller()

    async def later(_: AdmissionRequest) -> Decision | bool:
        await asyncio.sleep(0)
        return decision

    caller.server.admit(later if is_async else lambda _: decision)
    answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    assert (answer.status, answer.json["message"], answer.json["reason"]) == (status, message, reason)
    assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404
    await caller.server.aclose()


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_change_is_stored_and_warnings_are_told(is_async: bool) -> None:
    """What the callable gives is written instead, with the types and defaults of its kind."""
    caller = Caller()

    def label(request: AdmissionRequest) -> Decision:
        assert request.object is not None
        request.object["metadata"]["labels"] = {"seen": "yes"}
        return allow(changed=request.object, warnings=["careful"])

    async def later(request: AdmissionRequest) -> Decision:
        await asyncio.sleep(0)
        return label(request)

    caller.server.admit(later if is_async else label, verbs=["create"])
    answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    assert answer.status == 201
    assert answer.headers.getall("Warning") == ['299 - "careful"']
    stored = (await caller.get(f"{CONFIG_MAPS}/a")).json
    assert stored["metadata"]["labels"] == {"seen": "yes"}
    assert stored["metadata"]["uid"] == answer.json["metadata"]["uid"]
    await caller.server.aclose()


async def test_a_generated_name_is_the_one_that_was_asked_about() -> None:
    """Beginning again does not change the name and uid that a callable was told."""
    caller, told = Caller(), []

    async def remember(request: AdmissionRequest) -> None:
        told.append((request.name, request.object["metadata"]["uid"]))  # type: ignore[index]

    caller.server.admit(remember)
    body = config_map("")
    body["metadata"] = {"generateName": "x-"}
    made = await caller.create(CONFIG_MAPS, body)
    assert told == [(told[0][0], told[0][1])]
    assert made["metadata"]["name"].startswith("x-")
    await caller.server.aclose()


async def test_a_write_in_between_is_asked_about_again() -> None:
    """While a callable thinks, somebody else writes: it is asked about what is there then, and nothing is lost."""
    caller, versions = Caller(), []
    await caller.create(CONFIG_MAPS, config_map("a", data={"n": "0"}))

    async def slow(request: AdmissionRequest) -> None:
        assert request.old_object is not None
        versions.append(request.old_object["data"]["n"])
        if len(versions) == 1:
            await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"n": "1"}})

    caller.server.admit(slow, verbs=["patch"])
    answer = await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"m": "x"}})
    assert answer.json["data"] == {"n": "1", "m": "x"}
    assert versions == ["0", "0", "1"]
    await caller.server.aclose()


async def test_endless_changes_end_in_a_conflict() -> None:
    """An object that changes whenever it is asked about gives a 409, not an endless loop."""
    caller = Caller()
    await caller.create(CONFIG_MAPS, config_map("a"))
    count = 0

    async def meddle(request: AdmissionRequest) -> None:
        nonlocal count
        if request.user.name == "admin" and "mine" in (request.object or {}).get("data", {}):
            count += 1
            remove()
            await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"n": str(count)}})
            again()

    def again() -> None:
        nonlocal remove
        remove = caller.server.admit(meddle, resources=["configmaps"])

    remove = caller.server.admit(meddle, resources=["configmaps"])
    answer = await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"mine": "x"}})
    assert (answer.status, answer.json["reason"]) == (409, "Conflict")
    await caller.server.aclose()


async def test_a_deletion_of_many_is_admitted_whole_or_not_at_all() -> None:
    """One refusal keeps all objects of a collection."""
    caller = Caller()
    for name in ("a", "b"):
        await caller.create(CONFIG_MAPS, config_map(name))

    async def keep(request: AdmissionRequest) -> bool:
        return request.name != "b"

    remove = caller.server.admit(keep, verbs=["delete"], resources=["configmaps"])
    assert (await caller.delete(CONFIG_MAPS)).status == 403
    assert len((await caller.get(CONFIG_MAPS)).json["items"]) == 2
    remove()
    assert (await caller.delete(CONFIG_MAPS)).status == 200
    assert (await caller.get(CONFIG_MAPS)).json["items"] == []
    await caller.server.aclose()


async def test_a_callable_that_fails_is_a_500_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the callable is told by its name and kind, its text only to the log."""
    caller = Caller()

    def broken(_: AdmissionRequest) -> bool:
        raise ValueError("secret")

    caller.server.admit(broken)
    with caplog.at_level(logging.CRITICAL, "listwatch.apiserver"):
        answer = await caller.send("POST", CONFIG_MAPS, config_map("a"))
    assert answer.status == 500
    assert "broken failed: ValueError" in answer.json["message"]
    assert "secret" not in answer.json["message"]
    await caller.server.aclose()


async def test_verbs_are_checked_and_parts_are_chosen() -> None:
    """An unknown verb is a ValueError; a subresource is asked for by its own name."""
    caller, seen = Caller(), []
    with pytest.raises(ValueError, match="not a verb that admission is asked about: get"):
        caller.server.admit(seen.append, verbs=["get"])
    await caller.create(PODS, pod("p"))
    caller.server.admit(seen.append, resources=["pods/status"])
    await caller.patch(f"{PODS}/p/status", {"status": {"message": "x"}})
    await caller.patch(f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}})
    assert [each.subresource for each in seen] == ["status"]
    await caller.server.aclose()
