"""Create, update and patch: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, config_map, pod
from virtual_time import run_virtual

REFUSED_CREATES = [
    (
        {"kind": "Nonsense", "metadata": {"name": "a"}},
        400,
        'no kind "Nonsense" is registered for version "v1"',
    ),
    ({"apiVersion": "apps/v1", "kind": "Deployment"}, 400, "converting (v1.Deployment) to (core.ConfigMap)"),
    ({"kind": 7}, 400, "must be of type ConfigMap"),
    (
        {"metadata": {"name": "a", "namespace": "other"}},
        400,
        "does not match the namespace sent on the request",
    ),
    (
        {"metadata": {"name": "a", "resourceVersion": "7"}},
        500,
        "resourceVersion should not be set on objects",
    ),
    ({"metadata": {"name": 7}}, 400, "cannot unmarshal number into Go struct field"),
    ({"metadata": "x"}, 400, "cannot unmarshal string into Go struct field"),
]


@pytest.mark.parametrize(("body", "code", "message"), REFUSED_CREATES)
def test_a_body_that_does_not_fit_is_refused(body: Any, code: int, message: str) -> None:
    """What is sent must be what the path says, in the decoder's words."""

    async def main() -> None:
        answer = await Caller().send("POST", CONFIG_MAPS, body)
        assert (answer.status, answer.json["code"]) == (code, code)
        assert message in answer.json["message"]

    run_virtual(main)


def test_system_fields_are_the_servers() -> None:
    """What a client says of uid, creation, deletion and generation of a new object does not count."""

    async def main() -> None:
        caller = Caller(new_uid=iter(f"uid-{n}" for n in range(99)).__next__)
        metadata = {
            "name": "a",
            "uid": "mine",
            "creationTimestamp": "2001-01-01T00:00:00Z",
            "deletionTimestamp": "2001-01-01T00:00:00Z",
            "generation": 7,
            "resourceVersion": "v1",
            "managedFields": [{"manager": "me"}],
        }
        made = (await caller.create(CONFIG_MAPS, {"metadata": metadata}))["metadata"]
        assert made == {
            "name": "a",
            "namespace": "default",
            "uid": "uid-7",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "resourceVersion": str(caller.server.revision),
        }

    run_virtual(main)


def test_all_generated_names_taken_is_a_conflict_with_advice() -> None:
    """When chance gives only names that are taken, the client is told to try again."""

    class Stuck:
        """Always the same choice."""

        def choices(self, characters: str, *, k: int) -> list[str]:
            """`k` times the first character."""
            return [characters[0]] * k

        def random(self) -> float:
            """Nothing."""
            return 0.0

    async def main() -> None:
        caller = Caller(chance=Stuck())
        body = {"metadata": {"generateName": "gen-"}}
        assert (await caller.create(CONFIG_MAPS, body))["metadata"]["name"] == "gen-bbbbb"
        refused = await caller.send("POST", CONFIG_MAPS, body)
        assert (refused.status, refused.headers["Retry-After"]) == (409, "1")
        assert "not able to generate a unique name" in refused.json["message"]

    run_virtual(main)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_dry_update_shows_what_would_be(method: str) -> None:
    """`dryRun=All` answers with the changed object and stores nothing."""

    async def main() -> None:
        caller = Caller()
        made = await caller.create(CONFIG_MAPS, config_map("a", data={"k": "1"}))
        version = caller.server.revision
        changed = {**made, "data": {"k": "2"}}
        answer = await caller.send(
            method,
            f"{CONFIG_MAPS}/a?dryRun=All",
            changed,
            content_type="application/merge-patch+json" if method == "PATCH" else "application/json",
        )
        assert (answer.status, answer.json["data"]) == (200, {"k": "2"})
        assert (await caller.get(f"{CONFIG_MAPS}/a")).json == made
        assert caller.server.revision == version

    run_virtual(main)


def test_an_update_of_another_incarnation_is_a_conflict() -> None:
    """An object that was deleted and made anew is not taken for the one that the client knew."""

    async def main() -> None:
        caller = Caller()
        old = await caller.create(CONFIG_MAPS, config_map("a"))
        await caller.delete(f"{CONFIG_MAPS}/a")
        await caller.create(CONFIG_MAPS, config_map("a"))
        stale = {**old, "metadata": {"name": "a", "uid": old["metadata"]["uid"]}, "data": {"k": "1"}}
        answer = await caller.send("PUT", f"{CONFIG_MAPS}/a", stale)
        assert answer.status == 409
        assert "Precondition failed: UID in precondition" in answer.json["message"]

    run_virtual(main)


PATCHES = [
    ("merge-patch+json", b"{", 400, "error decoding patch: unexpected end of JSON input"),
    ("json-patch+json", b"{}", 400, "cannot unmarshal object into Go value of type jsonpatch.Patch"),
    ("strategic-merge-patch+json", b"[]", 400, "cannot unmarshal array"),
    ("json-patch+json", b'[{"op": "remove", "path": "/none"}]', 422, "the server rejected our request"),
    (
        "merge-patch+json",
        b'{"data": 7}',
        422,
        "json: cannot unmarshal number into Go struct field ConfigMap.data",
    ),
    ("merge-patch+json", b'{"metadata": {"resourceVersion": "1"}}', 409, "the object has been modified"),
]


@pytest.mark.parametrize(("kind", "body", "code", "message"), PATCHES)
def test_a_patch_that_cannot_be_is_refused(kind: str, body: bytes, code: int, message: str) -> None:
    """A patch that is none is a 400, one that does not fit a 422, one of the past a 409."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        answer = await caller.patch(f"{CONFIG_MAPS}/a", body, kind)
        assert (answer.status, message in answer.json["message"]) == (code, True)

    run_virtual(main)


def test_a_strict_patch_names_the_unknown_field() -> None:
    """With `fieldValidation=Strict` a patch that brings an unknown field is refused."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        answer = await caller.patch(f"{CONFIG_MAPS}/a?fieldValidation=Strict", {"nope": 1})
        assert answer.status == 422
        assert 'strict decoding error: unknown field "nope"' in answer.json["message"]

    run_virtual(main)


def test_bodies_may_be_yaml_and_answers_too() -> None:
    """An object goes in and comes out as YAML."""

    async def main() -> None:
        caller = Caller()
        body = b"metadata:\n  name: a\ndata:\n  k: v\n"
        yaml = "application/yaml"
        answer = await caller.send("POST", CONFIG_MAPS, body, content_type=yaml, accept=yaml)
        assert (answer.status, answer.headers["Content-Type"]) == (201, yaml)
        assert answer.body.startswith(b"apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\n")

    run_virtual(main)


def test_writes_answer_in_the_form_asked_for() -> None:
    """A create can be answered with a table row or with the metadata alone."""

    async def main() -> None:
        caller = Caller()
        base = "application/json;v=v1;g=meta.k8s.io;as="
        table = await caller.send("POST", f"{PODS}?includeObject=Object", pod("a"), accept=base + "Table")
        assert table.json["rows"][0]["object"]["kind"] == "Pod"
        partial = await caller.send("POST", PODS, pod("b"), accept=base + "PartialObjectMetadata")
        assert set(partial.json) == {"kind", "apiVersion", "metadata"}

    run_virtual(main)
