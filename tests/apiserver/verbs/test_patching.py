"""Server-side apply and managed fields through the server: what the recordings do not show."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Answer, Caller, config_map, pod
from virtual_time import run_virtual

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


async def applied(
    caller: Caller, target: str, body: Any, *, manager: str = "one", query: str = "", **headers: str
) -> Answer:
    """Apply something."""
    return await caller.send(
        "PATCH",
        f"{target}?fieldManager={manager}{query}",
        body,
        content_type="application/apply-patch+yaml",
        **headers,
    )


def owners(answer: Answer) -> dict[str, Any]:
    """The fields of each manager, told by name and subresource."""
    return {
        "/".join(filter(None, (entry["manager"], entry.get("subresource")))): entry["fieldsV1"]
        for entry in answer.json["metadata"].get("managedFields", ())
    }


def deployment(**spec: Any) -> dict[str, Any]:
    """A Deployment to apply."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec},
    }


def test_yaml_is_applied_as_json_is() -> None:
    """The body may be YAML: an apply makes the object, and the same again changes nothing."""

    async def main() -> None:
        caller = Caller()
        text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: '1'\n"
        made = await applied(caller, f"{CONFIG_MAPS}/a", text)
        again = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"k": "1"}))
        assert (made.status, again.status) == (201, 200)
        assert made.json == again.json
        assert owners(made) == {"one": {"f:data": {"f:k": {}}}}

    run_virtual(main)


REFUSED = [
    (b"a: [", 400, "error decoding patch"),
    (b"just text", 400, "cannot unmarshal string into Go value of type map[string]interface {}"),
    (b"", 400, "cannot unmarshal null"),
    ({"kind": "ConfigMap"}, 400, "invalid object type: /, Kind=ConfigMap"),
    ({"apiVersion": "v1", "kind": "Secret"}, 400, "invalid object type: /v1, Kind=Secret"),
    (
        config_map("a", managedFields=[]),
        400,
        "metadata.managedFields must be nil",
    ),
    (
        {**config_map("a"), "nonsense": 1},
        500,
        "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .nonsense: field not declared in schema",
    ),
    (
        {**config_map("a"), "data": {"k": 1}},
        500,
        ".data.k: expected string, got &value.valueUnstructured{Value:1}",
    ),
    ({**config_map("a"), "immutable": "x"}, 500, ".immutable: expected boolean, got &{x}"),
    (config_map("b"), 400, "the name of the object (b) does not match the name on the URL (a)"),
    (config_map("a", namespace="n"), 400, "namespace of the provided object does not match"),
    (
        config_map("a", uid="u"),
        409,
        "uid mismatch: the provided object specified uid u, and no existing object",
    ),
]


@pytest.mark.parametrize(("body", "code", "message"), REFUSED)
def test_what_cannot_be_applied_is_refused(body: Any, code: int, message: str) -> None:
    """A body that is no object of its kind, or not the one of the path, is refused, and nothing is made."""

    async def main() -> None:
        caller = Caller()
        answer = await applied(caller, f"{CONFIG_MAPS}/a", body)
        assert answer.status == code
        assert message in answer.json["message"]
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404

    run_virtual(main)


def test_duplicate_keys_of_list_items_are_refused() -> None:
    """Two items with the same key, defaults counted, cannot be applied."""

    async def main() -> None:
        ports = [{"port": 80, "name": "x"}, {"port": 80, "protocol": "TCP", "name": "y"}]
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}}
        answer = await applied(Caller(), "/api/v1/namespaces/default/services/s", service)
        assert answer.status == 500
        assert '.spec.ports: duplicate entries for key [port=80,protocol="TCP"]' in answer.json["message"]

    run_virtual(main)


def test_a_name_that_stands_twice_is_told() -> None:
    """A repeated name in the YAML is warned of, refused when strict, and passed over when asked to."""

    async def main() -> None:
        caller = Caller()
        text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: '1'\n  k: '2'\n"
        strict = await applied(caller, f"{CONFIG_MAPS}/a", text, query="&fieldValidation=Strict")
        assert strict.status == 400
        assert 'line 6: key "k" already set in map' in strict.json["message"]
        warned = await applied(caller, f"{CONFIG_MAPS}/a", text)
        assert "already set in map" in warned.headers["Warning"]
        silent = await applied(caller, f"{CONFIG_MAPS}/a", text, query="&fieldValidation=Ignore")
        assert "Warning" not in silent.headers
        assert silent.json["data"] == {"k": "2"}
        as_json = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","k":"2"}}'
        assert (
            await applied(caller, f"{CONFIG_MAPS}/a", as_json, query="&fieldValidation=Strict")
        ).status == 400

    run_virtual(main)


@pytest.mark.parametrize(
    ("query", "kind", "fields"),
    [
        ("", "apply-patch+yaml", ["fieldManager"]),
        ("fieldManager=x&force=true", "merge-patch+json", ["force"]),
        (f"fieldManager={'x' * 129}", "merge-patch+json", ["fieldManager"]),
        (
            "fieldManager=a%09b&dryRun=x&fieldValidation=y",
            "apply-patch+yaml",
            ["fieldManager", "dryRun", "fieldValidation"],
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(query: str, kind: str, fields: list[str]) -> None:
    """An apply needs a manager, force belongs to it alone, and names are short and printable; all causes are told."""

    async def main() -> None:
        answer = await Caller().patch(f"{CONFIG_MAPS}/a?{query}", config_map("a"), kind)
        assert answer.status == 422
        assert [cause["field"] for cause in answer.json["details"]["causes"]] == fields

    run_virtual(main)


def test_cbor_cannot_be_applied() -> None:
    """Only YAML is: another encoding is an unsupported media type."""

    async def main() -> None:
        answer = await Caller().patch(f"{CONFIG_MAPS}/a?fieldManager=x", b"\xa0", "apply-patch+cbor")
        assert answer.status == 415

    run_virtual(main)


def test_a_dry_apply_stores_nothing() -> None:
    """A dry run answers with the object as it would be, made or changed."""

    async def main() -> None:
        caller = Caller()
        dry = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"k": "1"}), query="&dryRun=All")
        assert (dry.status, owners(dry)) == (201, {"one": {"f:data": {"f:k": {}}}})
        assert (await caller.get(f"{CONFIG_MAPS}/a")).status == 404
        await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"k": "1"}))
        dry = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"k": "2"}), query="&dryRun=All")
        assert dry.json["data"] == {"k": "2"}
        assert (await caller.get(f"{CONFIG_MAPS}/a")).json["data"] == {"k": "1"}

    run_virtual(main)


def test_an_applied_version_must_be_the_current_one() -> None:
    """A resourceVersion in what is applied is an expectation, as it is in an update."""

    async def main() -> None:
        caller = Caller()
        made = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", resourceVersion="1"))
        assert made.status == 201
        stale = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", resourceVersion="1"))
        assert (stale.status, stale.json["reason"]) == (409, "Conflict")
        version = made.json["metadata"]["resourceVersion"]
        body = config_map("a", data={"k": "1"}, resourceVersion=version)
        assert (await applied(caller, f"{CONFIG_MAPS}/a", body)).status == 200
        wrong = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", uid="other"))
        assert (wrong.status, "UID in precondition" in wrong.json["message"]) == (409, True)

    run_virtual(main)


def test_updates_are_told_with_their_version_in_conflicts() -> None:
    """A conflict with somebody who updated names the version, and with whom a part was written, the part."""

    async def main() -> None:
        caller = Caller()
        await caller.create(f"{DEPLOYMENTS}?fieldManager=maker", deployment(replicas=1))
        answer = await applied(caller, f"{DEPLOYMENTS}/d", deployment(replicas=2))
        assert answer.json["message"] == (
            'Apply failed with 1 conflict: conflict with "maker" using apps/v1: .spec.replicas'
        )
        await caller.send(
            "PATCH",
            f"{DEPLOYMENTS}/d/scale?fieldManager=s",
            {"spec": {"replicas": 5}},
            content_type="application/merge-patch+json",
        )
        answer = await applied(caller, f"{DEPLOYMENTS}/d", deployment(replicas=2))
        assert answer.json["message"] == (
            'Apply failed with 1 conflict: conflict with "s" with subresource "scale" using apps/v1: .spec.replicas'
        )

    run_virtual(main)


def test_status_is_applied_alone() -> None:
    """Applying the status owns status fields only, and applying the object none of them."""

    async def main() -> None:
        caller = Caller()
        body = {**deployment(), "status": {"replicas": 3}}
        made = await applied(caller, f"{DEPLOYMENTS}/d", body)
        assert "f:status" not in owners(made)["one"]
        assert made.json["status"] == {}
        assert (await applied(caller, f"{DEPLOYMENTS}/x/status", body)).status == 404
        answer = await applied(caller, f"{DEPLOYMENTS}/d/status", body, manager="two")
        assert answer.json["status"] == {"replicas": 3}
        assert owners(answer)["two/status"] == {"f:status": {"f:replicas": {}}}
        gone = {**deployment(), "status": {}}
        answer = await applied(caller, f"{DEPLOYMENTS}/d/status", gone, manager="two")
        assert answer.json["status"] == {}

    run_virtual(main)


def test_a_scale_is_applied() -> None:
    """Applying the scale owns the workload's replicas, which are then another's to force."""

    async def main() -> None:
        caller = Caller()
        await applied(caller, f"{DEPLOYMENTS}/d", deployment(replicas=1))
        scale = {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": "d"},
            "spec": {"replicas": 4},
        }
        refused = await applied(caller, f"{DEPLOYMENTS}/d/scale", scale, manager="hpa")
        assert refused.json["message"] == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
        answer = await applied(caller, f"{DEPLOYMENTS}/d/scale", scale, manager="hpa", query="&force=true")
        assert (answer.json["kind"], answer.json["spec"]) == ("Scale", {"replicas": 4})
        found = await caller.get(f"{DEPLOYMENTS}/d")
        assert found.json["spec"]["replicas"] == 4
        assert owners(found)["hpa/scale"] == {"f:spec": {"f:replicas": {}}}
        assert "f:replicas" not in owners(found)["one"]["f:spec"]

    run_virtual(main)


def test_what_was_made_before_is_owned_by_the_time_before() -> None:
    """The first apply to an object that nobody owns finds its fields owned by `before-first-apply`."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a", data={"k": "1"}))
        cleared = await caller.patch(f"{CONFIG_MAPS}/a", {"metadata": {"managedFields": []}})
        assert "managedFields" not in cleared.json["metadata"]
        changed = await caller.patch(f"{CONFIG_MAPS}/a", {"data": {"l": "1"}})
        assert "managedFields" not in changed.json["metadata"]
        refused = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"k": "2"}))
        assert refused.json["message"] == (
            'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.k'
        )

    run_virtual(main)


def test_managed_fields_are_cleared_by_an_empty_entry() -> None:
    """A replacement with one empty entry forgets all owners; one without any keeps them."""

    async def main() -> None:
        caller = Caller()
        await caller.create(f"{CONFIG_MAPS}?fieldManager=me", config_map("a", data={"k": "1"}))
        kept = await caller.send("PUT", f"{CONFIG_MAPS}/a?fieldManager=you", config_map("a", data={"k": "1"}))
        assert owners(kept) == {"me": {"f:data": {".": {}, "f:k": {}}}}
        malformed = config_map("a", data={"k": "1"}, managedFields=[{"manager": "x", "operation": "Steal"}])
        kept = await caller.send("PUT", f"{CONFIG_MAPS}/a?fieldManager=you", malformed)
        assert owners(kept) == {"me": {"f:data": {".": {}, "f:k": {}}}}
        reset = config_map("a", data={"k": "1"}, managedFields=[{}])
        cleared = await caller.send("PUT", f"{CONFIG_MAPS}/a?fieldManager=you", reset)
        assert owners(cleared) == {}

    run_virtual(main)


def test_times_change_with_the_fields() -> None:
    """An entry has the time at which its manager last took something; losing fields or repeating is no news."""

    async def main() -> None:
        caller = Caller()

        def times(answer: Answer) -> dict[str, str]:
            return {entry["manager"]: entry["time"] for entry in answer.json["metadata"]["managedFields"]}

        made = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"x": "1", "y": "1"}))
        await asyncio.sleep(10)
        again = await applied(caller, f"{CONFIG_MAPS}/a", config_map("a", data={"x": "1", "y": "1"}))
        assert again.json == made.json
        taken = await caller.patch(f"{CONFIG_MAPS}/a?fieldManager=two", {"data": {"x": "2"}})
        assert times(taken)["one"] == times(made)["one"] != times(taken)["two"]
        await asyncio.sleep(10)
        same = await caller.patch(f"{CONFIG_MAPS}/a?fieldManager=two", {"data": {"x": "2"}})
        assert same.json == taken.json

    run_virtual(main)


def test_the_program_is_the_manager_where_no_other_is_named() -> None:
    """Without a fieldManager the User-Agent's first word is it, as far as it is printable; without one, unknown."""

    async def main() -> None:
        caller = Caller()
        for name, agent, manager in (
            ("a", "kubectl/v1.36 (linux)", "kubectl"),
            ("b", "my\tprog x", "myprog x"),
            ("c", "x" * 200, "x" * 128),
        ):
            await caller.send("POST", CONFIG_MAPS, config_map(name, data={"k": "1"}), user_agent=agent)
            assert list(owners(await caller.get(f"{CONFIG_MAPS}/{name}"))) == [manager]
        await caller.create(CONFIG_MAPS, config_map("d", data={"k": "1"}))
        assert list(owners(await caller.get(f"{CONFIG_MAPS}/d"))) == ["unknown"]

    run_virtual(main)


def test_client_side_applied_fields_become_kubectls() -> None:
    """The first server-side apply by kubectl takes over what was applied from the client, and keeps the annotation."""

    async def main() -> None:
        caller = Caller()
        config = config_map("a", data={"k": "1", "l": "1"})
        noted = config_map("a", data={"k": "1", "l": "1"}, annotations={LAST_APPLIED: json.dumps(config)})
        await caller.create(f"{CONFIG_MAPS}?fieldManager=kubectl-client-side-apply", noted)
        changed = config_map("a", data={"k": "2"})
        other = await applied(caller, f"{CONFIG_MAPS}/a", changed, manager="other")
        assert other.status == 409
        answer = await applied(caller, f"{CONFIG_MAPS}/a", changed, manager="kubectl")
        assert answer.status == 200
        assert answer.json["data"] == {"k": "2", "l": "1"}
        assert json.loads(answer.json["metadata"]["annotations"][LAST_APPLIED]) == changed

    run_virtual(main)


def test_kubectls_migration_patch_moves_ownership() -> None:
    """A JSON patch of the managed fields, as kubectl sends it, turns an updater into an applier."""

    async def main() -> None:
        caller = Caller()
        made = await caller.create(
            f"{CONFIG_MAPS}?fieldManager=csa", config_map("a", data={"k": "1", "l": "1"})
        )
        entry = {**made["metadata"]["managedFields"][0], "manager": "kubectl", "operation": "Apply"}
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": [entry]},
            {
                "op": "replace",
                "path": "/metadata/resourceVersion",
                "value": made["metadata"]["resourceVersion"],
            },
        ]
        moved = await caller.patch(f"{CONFIG_MAPS}/a", patch, "json-patch+json")
        assert [(each["manager"], each["operation"]) for each in moved.json["metadata"]["managedFields"]] == [
            ("kubectl", "Apply")
        ]
        answer = await applied(
            caller, f"{CONFIG_MAPS}/a", config_map("a", data={"k": "1"}), manager="kubectl"
        )
        assert answer.json["data"] == {"k": "1"}

    run_virtual(main)


def test_what_admission_adds_is_nobodys() -> None:
    """A pod's creator owns what it wrote and its defaults, not what the server adds; binding takes nothing."""

    async def main() -> None:
        caller = Caller()
        made = await caller.create(f"{PODS}?fieldManager=me", pod("p"))
        fields = made["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
        assert "f:tolerations" not in fields
        assert "f:priority" not in fields
        target = {"target": {"kind": "Node", "name": "n"}, "metadata": {"name": "p"}}
        assert (await caller.send("POST", f"{PODS}/p/binding", target)).status == 201
        found = await caller.get(f"{PODS}/p")
        assert found.json["metadata"]["managedFields"] == made["metadata"]["managedFields"]

    run_virtual(main)
