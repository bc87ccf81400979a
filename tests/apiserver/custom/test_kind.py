"""Custom objects through the server: pruned, defaulted, versioned, scaled, selected, printed."""

from __future__ import annotations

from typing import Any

from api_caller import Caller
from custom_widgets import DEFINITIONS, SPEC_SCHEMA, WIDGETS, definition, root, version, widget
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import run_virtual

INTEGER = {"type": "integer"}
SCALE = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}


async def served(*versions: dict[str, Any], **more: Any) -> Caller:
    """A caller of a server with a definition."""
    caller = Caller()
    await caller.create(DEFINITIONS, definition(*versions, **more))
    await caller.get(WIDGETS)
    return caller


def test_unknown_fields_are_warned_of_or_refused() -> None:
    """By default a warning, with Strict a 400 that names them, with Ignore nothing."""

    async def main() -> None:
        caller = await served()
        answer = await caller.send("POST", WIDGETS, widget("a", extra=1))
        assert answer.headers["Warning"] == '299 - "unknown field \\"spec.extra\\""'
        strict = await caller.send("POST", f"{WIDGETS}?fieldValidation=Strict", widget("b", extra=1))
        assert strict.status == 400
        assert 'strict decoding error: unknown field "spec.extra"' in strict.json["message"]
        ignored = await caller.send("POST", f"{WIDGETS}?fieldValidation=Ignore", widget("b", extra=1))
        assert "Warning" not in ignored.headers

    run_virtual(main)


def test_generation_counts_what_is_asked_for() -> None:
    """With a status subresource neither its writes count nor what a writer of the object says of it."""

    async def main() -> None:
        for subresources, counted in (({"subresources": {"status": {}}}, 1), ({}, 2)):
            caller = await served(version(**subresources))
            made = await caller.create(WIDGETS, {**widget("w"), "status": {"size": 1}})
            assert ("status" in made) is (not subresources)
            patched = await caller.patch(f"{WIDGETS}/w", {"status": {"size": 2}})
            assert patched.json["metadata"]["generation"] == counted
            labelled = await caller.patch(f"{WIDGETS}/w", {"metadata": {"labels": {"a": "b"}}})
            assert labelled.json["metadata"]["generation"] == counted

    run_virtual(main)


def test_a_put_must_say_which_version_it_replaces() -> None:
    """Custom resources are never replaced blindly."""

    async def main() -> None:
        caller = await served()
        made = await caller.create(WIDGETS, widget("w"))
        blind = await caller.send("PUT", f"{WIDGETS}/w", widget("w", size=4))
        assert blind.status == 422
        assert (
            "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
            in blind.json["message"]
        )
        made["spec"]["size"] = 4
        assert (await caller.send("PUT", f"{WIDGETS}/w", made)).json["metadata"]["generation"] == 2

    run_virtual(main)


def test_the_scale_reads_and_writes_its_paths() -> None:
    """Replicas stand where the definition says; an object without any has no scale."""

    async def main() -> None:
        schema = root(spec={**SPEC_SCHEMA, "required": []})
        caller = await served(version(schema=schema, subresources={"scale": SCALE}))
        await caller.create(WIDGETS, widget("w", size=2))
        scale = (await caller.get(f"{WIDGETS}/w/scale")).json
        assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 2})
        await caller.patch(f"{WIDGETS}/w/scale", {"spec": {"replicas": 5}})
        assert (await caller.get(f"{WIDGETS}/w")).json["spec"]["size"] == 5
        too_many = await caller.patch(f"{WIDGETS}/w/scale", {"spec": {"replicas": 50}})
        assert too_many.status == 422
        await caller.create(WIDGETS, {**widget("x"), "spec": {}})
        missing = await caller.get(f"{WIDGETS}/x/scale")
        assert missing.status == 500
        assert 'the spec replicas field ".spec.size" does not exist' in missing.json["message"]

    run_virtual(main)


def test_declared_fields_select_and_others_do_not() -> None:
    """In lists, watches and collections that are deleted; the refusal names the field."""

    async def main() -> None:
        caller = await served(
            version(selectableFields=[{"jsonPath": ".spec.color"}, {"jsonPath": ".spec.size"}])
        )
        await caller.create(WIDGETS, widget("r"))
        await caller.create(WIDGETS, widget("b", color="blue", size=5))
        watch = await caller.watch(f"{WIDGETS}?watch=true&fieldSelector=spec.color%3Dblue")
        await watch.settle()
        assert watch.told() == [("ADDED", "b")]
        await watch.close()
        found = (await caller.get(f"{WIDGETS}?fieldSelector=spec.size%3D5")).json["items"]
        assert [each["metadata"]["name"] for each in found] == ["b"]
        refused = await caller.get(f"{WIDGETS}?fieldSelector=spec.any%3Dx")
        assert (refused.status, refused.json["message"]) == (400, "field label not supported: spec.any")
        await caller.delete(f"{WIDGETS}?fieldSelector=spec.color%3Dblue")
        assert [each["metadata"]["name"] for each in (await caller.get(WIDGETS)).json["items"]] == ["r"]

    run_virtual(main)


def test_one_object_is_read_in_all_versions() -> None:
    """Strategy None changes nothing but the version; a changed storage version moves objects when they are written."""

    async def main() -> None:
        caller = await served(version("v1"), version("v2", storage=False))
        v2 = WIDGETS.replace("v1", "v2")
        await caller.create(v2, {**widget("w"), "apiVersion": "example.com/v2"})
        assert (await caller.get(f"{WIDGETS}/w")).json["apiVersion"] == "example.com/v1"
        stored = caller.server.log.get("widgets.example.com", "default/w")
        assert stored is not None
        assert stored.object["apiVersion"] == "example.com/v1"
        changed = definition(version("v1", storage=False), version("v2"))
        name = f"{DEFINITIONS}/widgets.example.com"
        updated = (await caller.patch(name, {"spec": changed["spec"]})).json
        assert updated["status"]["storedVersions"] == ["v1", "v2"]
        await caller.patch(f"{WIDGETS}/w", {"metadata": {"labels": {"a": "b"}}})
        stored = caller.server.log.get("widgets.example.com", "default/w")
        assert stored is not None
        assert stored.object["apiVersion"] == "example.com/v2"

    run_virtual(main)


def test_a_default_that_is_added_later_is_seen_in_older_objects() -> None:
    """Reading from the storage fills defaults in and prunes; nothing is written for it."""

    async def main() -> None:
        caller = await served(
            version(schema=root(spec={**SPEC_SCHEMA, "properties": {"size": {"type": "integer"}}}))
        )
        await caller.create(WIDGETS, widget("w"))
        await caller.patch(f"{DEFINITIONS}/widgets.example.com", {"spec": definition()["spec"]})
        revision = caller.server.revision
        assert (await caller.get(f"{WIDGETS}/w")).json["spec"] == {"size": 3, "color": "red"}
        assert caller.server.revision == revision

    run_virtual(main)


def test_an_old_fault_is_tolerated_until_it_is_touched() -> None:
    """A schema that was tightened does not lock its objects."""

    async def main() -> None:
        loose = root(spec={"type": "object", "properties": {"size": INTEGER, "note": {"type": "string"}}})
        small = {**INTEGER, "maximum": 1}
        tight = root(spec={"type": "object", "properties": {"size": small, "note": {"type": "string"}}})
        caller = await served(version(schema=loose))
        await caller.create(WIDGETS, widget("w", size=5))
        await caller.patch(
            f"{DEFINITIONS}/widgets.example.com", {"spec": definition(version(schema=tight))["spec"]}
        )
        assert (await caller.patch(f"{WIDGETS}/w", {"spec": {"note": "x"}})).status == 200
        assert (await caller.patch(f"{WIDGETS}/w", {"spec": {"size": 4}})).status == 422

    run_virtual(main)


def test_a_deprecated_version_says_so() -> None:
    """Every answer carries the warning, the default one names what to use."""

    async def main() -> None:
        caller = await served(version("v1beta1", deprecated=True, storage=False), version("v1"))
        answer = await caller.get(WIDGETS.replace("v1", "v1beta1"))
        assert answer.headers["Warning"] == (
            '299 - "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"'
        )

    run_virtual(main)


def test_a_kind_is_added_in_one_line() -> None:
    """Anything may stand in its objects, and the first request may be a watch."""

    async def main() -> None:
        caller = Caller()
        caller.server.add_kind("widgets.example.com", kind="Widget", short_names=["wd"])
        watch = await caller.watch(f"{WIDGETS}?watch=true")
        await caller.create(WIDGETS, {"metadata": {"name": "w"}, "anything": {"goes": [1, None]}})
        await watch.settle()
        assert watch.events[0]["object"]["anything"] == {"goes": [1, None]}
        await watch.close()

    run_virtual(main)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "name", "spec", "size", "any", "color", "kind"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=20)
@given(st.lists(JSON, min_size=1, max_size=6))
def test_whatever_the_body_the_answer_is_an_object_or_a_status(bodies: list[Any]) -> None:
    """No body makes the server stumble: creates, patches, applies of status and scale, and definitions."""

    async def main() -> None:
        caller = await served(version(subresources={"status": {}, "scale": SCALE}))
        await caller.create(WIDGETS, widget("w"))
        for body in bodies:
            for method, target, kind in (
                ("POST", WIDGETS, "json"),
                ("PATCH", f"{WIDGETS}/w", "merge-patch+json"),
                ("PATCH", f"{WIDGETS}/w/status", "merge-patch+json"),
                ("PATCH", f"{WIDGETS}/w/scale", "merge-patch+json"),
                ("POST", DEFINITIONS, "json"),
                ("PATCH", f"{DEFINITIONS}/widgets.example.com", "merge-patch+json"),
            ):
                answer = await caller.send(method, target, body, content_type=f"application/{kind}")
                assert "has a fault" not in str(answer.json), (method, target, body)

    run_virtual(main)
