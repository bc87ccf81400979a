"""The structural schema of a custom kind: its JSON schema, read once into a tree.

In:    `spec.versions[].schema.openAPIV3Schema`, validated      (from definition_schema.py)
Out:   `Structural` trees, and the `Node` trees that merging and apply go by
Next:  pruning.py, defaulting.py, value_validation.py, list_types.py walk it beside the object
Rules: pure; total on any JSON, so that a bad schema can be looked at too
Source: KEP-2337 (structural schemas); apiextensions-apiserver pkg/apiserver/schema
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from listwatch.apiserver.kinds.maps import JSONObject, items, text
from listwatch.apiserver.kinds.schema import Field, Node, metadata_node

MISSING: Final = object()
_ANY: Final = Node("any", "interface {}")
_SCALARS: Final = {
    "string": Node("string", "string"),
    "integer": Node("integer", "int64"),
    "number": Node("number", "float64"),
    "boolean": Node("boolean", "bool"),
}


@dataclass(eq=False)
class Structural:
    """One value of a structural schema. `raw` is the schema it was read from, for its value validations.

    Attributes:
        additional: The schema of members that `properties` does not name; True for any, None for none.
    """

    raw: JSONObject
    type: str = ""
    properties: dict[str, Structural] = field(default_factory=dict)
    items: Structural | None = None
    additional: Structural | bool | None = None
    default: Any = MISSING
    is_nullable: bool = False
    keeps_unknown: bool = False
    is_embedded: bool = False
    is_int_or_string: bool = False
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""

    @cached_property
    def has_defaults(self) -> bool:
        """Whether a default stands here or further down."""
        return self.default is not MISSING or any(each.has_defaults for each in self.children())

    @cached_property
    def has_embedded(self) -> bool:
        """Whether an embedded object stands here or further down."""
        return self.is_embedded or any(each.has_embedded for each in self.children())

    @cached_property
    def has_unique_lists(self) -> bool:
        """Whether a set or a map in the form of a list stands here or further down."""
        return self.list_type in {"set", "map"} or any(each.has_unique_lists for each in self.children())

    def children(self) -> list[Structural]:
        """The schemas of what is in this value."""
        found = list(self.properties.values())
        if self.items is not None:
            found.append(self.items)
        if isinstance(self.additional, Structural):
            found.append(self.additional)
        return found

    def member(self, name: str) -> Structural | None:
        """The schema of one member of an object, or None for one of which nothing is known."""
        found = self.properties.get(name)
        if found is None and isinstance(self.additional, Structural):
            return self.additional
        return found


def structural(schema: object) -> Structural:
    """Read a JSON schema; what is no schema is an empty one."""
    raw: JSONObject = schema if isinstance(schema, dict) else {}
    properties = raw.get("properties")
    return Structural(
        raw,
        type=text(raw, "type"),
        properties={name: structural(part) for name, part in properties.items()}
        if isinstance(properties, dict)
        else {},
        items=structural(raw["items"]) if isinstance(raw.get("items"), dict) else None,
        additional=_additional(raw.get("additionalProperties")),
        default=raw["default"] if raw.get("default") is not None else MISSING,
        is_nullable=raw.get("nullable") is True,
        keeps_unknown=raw.get("x-kubernetes-preserve-unknown-fields") is True,
        is_embedded=raw.get("x-kubernetes-embedded-resource") is True,
        is_int_or_string=raw.get("x-kubernetes-int-or-string") is True,
        list_type=text(raw, "x-kubernetes-list-type"),
        list_map_keys=tuple(key for key in items(raw, "x-kubernetes-list-map-keys") if isinstance(key, str)),
        map_type=text(raw, "x-kubernetes-map-type"),
    )


def _additional(given: object) -> Structural | bool | None:
    if isinstance(given, dict):
        return structural(given)
    return True if given is True else None


def root_node(schema: Structural, kind: str) -> Node:
    """The shape of a whole object of the kind."""
    node = shape(schema, kind)
    if node.kind != "struct":
        node = Node("struct", kind, kind, keeps_unknown=True)
    _embed(node)
    return node


def shape(schema: Structural, name: str = "") -> Node:
    """The `Node` of a value: what merging and apply need to know of it."""
    if schema.is_int_or_string:
        return Node("int-or-string", "intstr.IntOrString")
    if schema.type == "array":
        element = shape(schema.items) if schema.items is not None else _ANY
        return Node(
            "list",
            f"[]{element.go_type}",
            element=element,
            list_type=schema.list_type,
            list_map_keys=schema.list_map_keys,
        )
    if schema.type in _SCALARS:
        return _SCALARS[schema.type]
    if schema.type != "object":
        return _ANY
    if isinstance(schema.additional, Structural) and not schema.properties:
        element = shape(schema.additional)
        return Node("map", f"map[string]{element.go_type}", element=element, map_type=schema.map_type)
    if schema.additional is True:
        return Node("map", "map[string]interface {}", element=_ANY, map_type=schema.map_type)
    node = Node(
        "struct",
        name or "object",
        name,
        map_type=schema.map_type,
        keeps_unknown=schema.keeps_unknown,
    )
    node.fields = {each: _field(part) for each, part in schema.properties.items()}
    required = set(items(schema.raw, "required"))
    for each, member in node.fields.items():
        member.required = each in required
    if schema.is_embedded:
        _embed(node)
    return node


def _field(schema: Structural) -> Field:
    node = shape(schema)
    return Field(
        node,
        default=None if schema.default is MISSING else schema.default,
        has_default=schema.default is not MISSING,
        list_type=schema.list_type,
        list_map_keys=schema.list_map_keys,
        map_type=schema.map_type,
    )


def _embed(node: Node) -> None:
    """What every object has, whether its schema says so or not."""
    node.fields["apiVersion"] = Field(_SCALARS["string"])
    node.fields["kind"] = Field(_SCALARS["string"])
    node.fields["metadata"] = Field(metadata_node())
