"""Definitions of custom resources for tests."""

from __future__ import annotations

from typing import Any

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
SPEC_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def root(**properties: Any) -> dict[str, Any]:
    """The schema of a whole object."""
    return {"type": "object", "properties": properties}


def version(name: str = "v1", *, schema: Any = None, storage: bool = True, **more: Any) -> dict[str, Any]:
    """An entry of `spec.versions`."""
    given = root(spec=SPEC_SCHEMA, status={"type": "object", "properties": {"size": {"type": "integer"}}})
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": given if schema is None else schema},
        **more,
    }


def definition(
    *versions: dict[str, Any], plural: str = "widgets", kind: str = "Widget", **more: Any
) -> dict[str, Any]:
    """A definition to create; further fields of its spec may be given."""
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": plural, "kind": kind},
        "versions": list(versions) or [version()],
        **more,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{spec['group']}"},
        "spec": spec,
    }


def widget(name: str = "w", **spec: Any) -> dict[str, Any]:
    """A Widget to create."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"size": 3, **spec},
    }
