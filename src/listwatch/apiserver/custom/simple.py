"""A whole definition out of a line: for programs that need a kind and do not care for its schema.

In:    the name of a definition and the kind of its objects
Out:   a CustomResourceDefinition
Next:  `APIServer.add_kind`
Rules: pure
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

JSONObject = dict[str, Any]
ANYTHING: JSONObject = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def simple_definition(
    name: str,
    *,
    kind: str,
    versions: Sequence[str] = ("v1",),
    namespaced: bool = True,
    short_names: Sequence[str] = (),
    has_status: bool = True,
    schema: JSONObject | None = None,
) -> JSONObject:
    """A definition whose objects may hold anything, unless there is a schema.

    Args:
        name: Such as `widgets.example.com`: the plural and the group.
        kind: Such as `Widget`.
        versions: All served; the first is the one in which objects are stored.
        namespaced: Whether objects live in namespaces.
        short_names: Such as `wd`.
        has_status: Whether `status` is a part of its own.
        schema: An `openAPIV3Schema`, for all versions.

    Raises:
        ValueError: The name has no group, or there is no version.
    """
    plural, _, group = name.partition(".")
    if not plural or not group or not versions:
        raise ValueError(
            f"a kind needs a name such as widgets.example.com and a version: {name!r}, {versions!r}"
        )
    subresources: JSONObject = {"subresources": {"status": {}}} if has_status else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"plural": plural, "kind": kind, "shortNames": list(short_names)},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[0],
                    "schema": {"openAPIV3Schema": ANYTHING if schema is None else schema},
                    **subresources,
                }
                for version in versions
            ],
        },
    }
