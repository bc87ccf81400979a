"""OpenAPI documents of custom kinds: there at once, gone at once, and right for both scopes."""

from __future__ import annotations

from typing import Any

from api_caller import Caller
from custom_widgets import DEFINITIONS, SPEC_SCHEMA, definition, root, version
from virtual_time import run_virtual

DOCUMENT = "/openapi/v3/apis/example.com/v1"
PATH = "apis/example.com/v1"


async def described(*definitions: dict[str, Any]) -> Any:
    """The document of a server with these definitions, asked for as the index says."""
    caller = Caller()
    for each in definitions:
        await caller.create(DEFINITIONS, each)
    url = (await caller.get("/openapi/v3")).json["paths"][PATH]["serverRelativeURL"]
    assert url.startswith(f"{DOCUMENT}?hash=")
    return (await caller.get(DOCUMENT)).json


def test_a_document_follows_its_definitions() -> None:
    """The hash changes with the schema; with the last definition the document goes."""

    async def main() -> None:
        caller = Caller()
        await caller.create(DEFINITIONS, definition())
        first = (await caller.get("/openapi/v3")).json["paths"][PATH]
        changed = definition(version(schema=root(spec={**SPEC_SCHEMA, "description": "New."})))
        await caller.patch(f"{DEFINITIONS}/widgets.example.com", {"spec": changed["spec"]})
        second = (await caller.get("/openapi/v3")).json["paths"][PATH]
        assert first != second
        await caller.delete(f"{DEFINITIONS}/widgets.example.com")
        assert PATH not in (await caller.get("/openapi/v3")).json["paths"]
        assert (await caller.get(DOCUMENT)).status == 404

    run_virtual(main)


def test_kinds_of_one_version_share_a_document() -> None:
    """Both are in it, with paths and references that lead somewhere; without a scale none is described."""

    async def main() -> None:
        document = await described(definition(), definition(plural="gadgets", kind="Gadget"))
        schemas = document["components"]["schemas"]
        assert {"com.example.v1.Widget", "com.example.v1.WidgetList", "com.example.v1.Gadget"} <= set(schemas)
        assert not any("autoscaling" in name for name in schemas)
        assert "/apis/example.com/v1/namespaces/{namespace}/gadgets/{name}" in document["paths"]
        assert {each.removeprefix("#/components/schemas/") for each in _references(document)} <= set(schemas)

    run_virtual(main)


def test_a_cluster_scoped_kind_has_no_namespace_in_its_paths() -> None:
    """Neither in the paths nor among the parameters nor in the operations' names."""

    async def main() -> None:
        document = await described(definition(scope="Cluster"))
        widgets = "/apis/example.com/v1/widgets"
        assert set(document["paths"]) == {widgets, f"{widgets}/{{name}}"}
        assert "namespace" not in [
            each["name"] for item in document["paths"].values() for each in item.get("parameters", ())
        ]
        assert document["paths"][widgets]["get"]["operationId"] == "listExampleComV1Widget"

    run_virtual(main)


def test_embedded_objects_are_described_as_objects() -> None:
    """They have the three members that every object has."""

    async def main() -> None:
        embedded = {"x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
        spec = {"type": "object", "properties": {"pod": {"type": "object", **embedded}}}
        document = await described(definition(version(schema=root(spec=spec))))
        widget = document["components"]["schemas"]["com.example.v1.Widget"]
        pod = widget["properties"]["spec"]["properties"]["pod"]
        assert set(pod["properties"]) == {"apiVersion", "kind", "metadata"}

    run_virtual(main)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for part in value.values() for each in _references(part)]
    return [each for part in value for each in _references(part)] if isinstance(value, list) else []
