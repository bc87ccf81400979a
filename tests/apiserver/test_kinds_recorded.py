"""Each recorded write, worked out by our functions: the object or the refusal must be the real server's."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from listwatch.apiserver.kinds.defaults import apply_defaults
from listwatch.apiserver.kinds.schema import SchemaError, Schemas
from listwatch.apiserver.kinds.strategy import assign_cluster_ip, prepare_for_create, prepare_for_update
from listwatch.apiserver.kinds.subresources import bind, scale_of, with_scale
from listwatch.apiserver.kinds.validation import validate_create, validate_update
from listwatch.apiserver.verbs.patch import (
    PatchError,
    apply_json_patch,
    apply_merge_patch,
    invalid_result_message,
)
from listwatch.apiserver.verbs.patch_dump import dump
from listwatch.apiserver.verbs.strategic_patch import apply_strategic_merge_patch

RECORDINGS = Path(__file__).parents[1] / "recordings"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SCHEMAS = Schemas.load()
CLUSTER_SCOPED = {"namespaces", "nodes", "customresourcedefinitions"}
SKIPPED_FLOWS = {"apply", "identity", "custom_resources", "discovery"}
# Their refusal is no matter of kinds: the request as a whole, its name, its version.
OTHER_REFUSALS = {"crud 9", "crud 24", "patch 17", "patch 18"}
TYPES = {
    "application/merge-patch+json": "merge",
    "application/json-patch+json": "json",
    "application/strategic-merge-patch+json": "strategic",
}


class Target:
    """What a path names."""

    def __init__(self, path: str) -> None:
        parts = path.partition("?")[0].strip("/").split("/")
        self.group, self.version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        self.namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            self.namespace, rest = rest[1], rest[2:]
        self.resource = rest[0]
        self.name = rest[1] if len(rest) > 1 else ""
        self.subresource = rest[2] if len(rest) > 2 else ""
        self.key = (self.group, self.namespace, self.resource, self.name)


def load(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDINGS / name).read_text("utf-8").splitlines()]


def writes() -> list[Any]:
    """Every recorded write that depends on what a kind is, with the object as it stood before."""
    found = []
    for recording in ("kube-apiserver-1.36.jsonl", "life-1.36.jsonl"):
        state: dict[tuple[str, ...], dict[str, Any]] = {}
        for step in load(recording):
            label = f"{step['flow']} {step['n']}"
            request, body = step["request"], step["response"].get("body")
            if not request["path"].startswith("/api") or step["flow"] in SKIPPED_FLOWS:
                continue
            if len(request["path"].strip("/").split("/")) < 3:
                continue
            target = Target(request["path"])
            ours = (
                # Beside a controller manager, what is stored changes between the steps.
                (request["method"] == "POST" or recording.startswith("kube"))
                and request["method"] in {"POST", "PUT", "PATCH"}
                and label not in OTHER_REFUSALS
                and target.subresource in {"", "status", "scale"}
                and step["response"]["status"] in {200, 201, 422, 400}
                and isinstance(body, dict)
            )
            if ours:
                found.append(pytest.param(step, copy.deepcopy(state.get(target.key)), id=label))
            if isinstance(body, dict) and step["response"]["status"] in {200, 201} and not target.subresource:
                name = target.name or body.get("metadata", {}).get("name", "")
                state[target.group, target.namespace, target.resource, name] = body
            elif target.subresource == "binding":
                state[target.key] = bind(state[target.key], request["body"], NOW)
            elif target.subresource == "status" and step["response"]["status"] == 200:
                state[target.key] = body
    return found


def comparable(obj: dict[str, Any]) -> dict[str, Any]:
    """Without what no function of an object can know: identity, versions, field managers."""
    metadata = {
        name: value
        for name, value in obj["metadata"].items()
        if name not in {"uid", "resourceVersion", "creationTimestamp", "managedFields"}
    }
    return {**obj, "metadata": metadata}


def created(target: Target, body: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """What a create of `body` comes to; identity and addresses are those of the answer."""
    kind = answer["kind"] if answer["kind"] != "Status" else answer["details"]["kind"]
    decoded, _ = SCHEMAS.decode(target.group, target.version, kind, body, validation="Ignore")
    metadata = decoded.setdefault("metadata", {})
    if target.namespace:
        metadata["namespace"] = target.namespace
    given = answer.get("metadata", {})
    if metadata.get("generateName"):
        metadata["name"] = given["name"]
    metadata["uid"] = given.get("uid", "u")
    apply_defaults(target.group, target.version, kind, decoded)
    prepare_for_create(target.group, target.resource, decoded, now=NOW)
    if kind == "Service":
        assign_cluster_ip(decoded, answer.get("spec", {}).get("clusterIP", "10.0.0.1"))
    return decoded


def patched(step: dict[str, Any], target: Target, old: dict[str, Any]) -> Any:
    request = step["request"]
    if request["method"] == "PUT":
        return request["body"]
    match TYPES[request["headers"]["content-type"]]:
        case "merge":
            return apply_merge_patch(old, request["body"])
        case "json":
            return apply_json_patch(old, request["body"])
    node = SCHEMAS.node(target.group, target.version, old["kind"])
    return apply_strategic_merge_patch(old, request["body"], node)


def causes_of(causes: list[Any]) -> list[dict[str, str]]:
    return [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]


def with_account(obj: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what the admission of service accounts added to a pod."""
    if (
        answer.get("kind") != "Pod"
        or "serviceAccount" not in answer["spec"]
        or "serviceAccount" in obj["spec"]
    ):
        return answer
    spec = {
        k: v
        for k, v in answer["spec"].items()
        if k not in {"serviceAccount", "serviceAccountName", "volumes"}
    }
    spec["containers"] = [
        {k: v for k, v in container.items() if k != "volumeMounts"} for container in spec["containers"]
    ]
    return {**answer, "spec": spec}


@pytest.mark.parametrize(("step", "old"), writes())
def test_a_recorded_write_comes_to_what_the_server_answered(
    step: dict[str, Any], old: dict[str, Any] | None
) -> None:
    """Decode, default, prepare, validate: together they give the recorded object or the recorded causes."""
    target, answer = Target(step["request"]["path"]), step["response"]["body"]
    body = step["request"]["body"]
    if step["request"]["method"] == "POST":
        check_create(step, target, body, answer)
        return
    if old is None:
        pytest.skip("the recording does not show the object before")
    if target.subresource == "scale":
        scale = scale_of(target.group, target.resource, old)
        assert scale is not None
        changed = with_scale(old, apply_merge_patch(scale, body))
        prepare_for_update(target.group, target.resource, changed, old)
        assert comparable(scale_of(target.group, target.resource, changed) or {}) == comparable(answer)
        return
    check_update(step, target, old, answer)


def check_create(step: dict[str, Any], target: Target, body: Any, answer: dict[str, Any]) -> None:
    if isinstance(body, str):
        if "yaml" not in step["request"]["headers"]["content-type"]:
            pytest.skip("not an object")
        body = yaml.safe_load(body)
    if step["response"]["status"] == 400:
        if "fieldValidation" not in step["request"]["path"]:
            pytest.skip("refused before it is decoded")
        with pytest.raises(SchemaError) as caught:
            SCHEMAS.decode(target.group, target.version, body["kind"], body, validation="Strict")
        assert caught.value.for_kind(target.version, body["kind"]) == answer["message"]
        return
    obj = created(target, body, answer)
    causes = validate_create(
        target.group, target.version, obj["kind"], obj, namespaced=target.resource not in CLUSTER_SCOPED
    )
    if step["response"]["status"] == 422:
        assert causes_of(causes) == answer["details"]["causes"]
        return
    assert causes == []
    assert comparable(obj) == comparable(with_account(obj, answer))


def refusal_of(step: dict[str, Any], target: Target, old: dict[str, Any]) -> Exception | dict[str, Any]:
    """The decoded result of a patch or replace, or why there is none."""
    try:
        result = patched(step, target, old)
    except PatchError as error:
        return error
    try:
        return SCHEMAS.decode(target.group, target.version, old["kind"], result)[0]
    except SchemaError as error:
        return PatchError(422, "Invalid", invalid_result_message(dump(result), str(error)))


def check_update(step: dict[str, Any], target: Target, old: dict[str, Any], answer: dict[str, Any]) -> None:
    kind, new = old["kind"], refusal_of(step, target, old)
    if isinstance(new, PatchError):
        assert (new.code, new.reason) == (answer["code"], answer["reason"])
        told = answer["details"].get("causes", [answer])[0]["message"]
        assert new.message.rpartition(": ")[2] == told.rpartition(": ")[2]
        return
    assert isinstance(new, dict)
    apply_defaults(target.group, target.version, kind, new)
    prepare_for_update(target.group, target.resource, new, old, subresource=target.subresource)
    causes = validate_update(target.group, target.version, kind, new, old)
    if step["response"]["status"] == 422:
        assert causes_of(causes) == answer["details"]["causes"]
        return
    assert causes == []
    assert comparable(new) == comparable(answer)


def recorded_objects() -> list[Any]:
    """Every object that the recordings show, however it came."""
    found: dict[str, dict[str, Any]] = {}

    def add(value: object) -> None:
        if not isinstance(value, dict) or "kind" not in value or "apiVersion" not in value:
            return
        if value["kind"].endswith("List") and isinstance(value.get("items"), list):
            for item in value["items"]:
                add({"apiVersion": value["apiVersion"], "kind": value["kind"][:-4], **item})
            return
        group, _, version = value["apiVersion"].rpartition("/")
        whole = value.get("metadata", {}).get("uid") and value["kind"] != "Scale"
        if whole and SCHEMAS.node(group, version, value["kind"]) is not None:
            found[json.dumps(value, sort_keys=True)] = value

    for recording in ("kube-apiserver-1.36.jsonl", "life-1.36.jsonl"):
        for step in load(recording):
            add(step["response"].get("body"))
            for frame in step.get("frames") or []:
                if isinstance(frame, dict):
                    add(frame.get("object"))
    return list(found.values())


def test_what_the_server_shows_decodes_to_itself() -> None:
    """Decoding is what the server does before it encodes: nothing of a shown object is lost or added."""
    objects = recorded_objects()
    assert len(objects) > 100
    for obj in objects:
        group, _, version = obj["apiVersion"].rpartition("/")
        decoded, _ = SCHEMAS.decode(group, version, obj["kind"], obj, validation="Strict")
        assert decoded == obj


def test_what_the_server_shows_has_its_defaults_and_is_valid() -> None:
    """A stored object is complete: its defaults add nothing, and no rule speaks against it."""
    for obj in recorded_objects():
        group, _, version = obj["apiVersion"].rpartition("/")
        defaulted = copy.deepcopy(obj)
        apply_defaults(group, version, obj["kind"], defaulted)
        assert defaulted == obj
        namespaced = "namespace" in obj["metadata"]
        assert validate_create(group, version, obj["kind"], obj, namespaced=namespaced) == []
