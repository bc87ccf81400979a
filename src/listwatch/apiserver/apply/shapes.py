"""How apply sees a kind: which values are one field, and into which fields the others fall apart.

In:    the `Node`s of a kind                 (from kinds/schema.py, or compiled from a custom resource's schema)
Out:   `Shape`s
Next:  typed_fields.py, comparison.py, merging.py, removal.py walk objects along them
Rules: pure. Shapes are made when they are first asked for, once per node, and never change. Where nothing is known of a
       value, its form decides: an object falls apart into its members, anything else is one field.
Source: KEP-555; apimachinery pkg/util/managedfields and kube-openapi schemaconv for what stands for what
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Final, Literal

from listwatch.apiserver.apply.path_elements import FieldSetError, key_element, value_element
from listwatch.apiserver.kinds.schema import Field, Node

Form = Literal["scalar", "atomic", "struct", "map", "list", "set", "deduced"]
_NO_VALUE: Final = object()


class Shape:
    """What apply needs to know of one value.

    Attributes:
        form: `scalar` and `atomic` are one field; a `struct` has named fields, a `map` any; the items of a `list`
            are told apart by `keys`, those of a `set` by their value; `deduced` is decided by the value.
        node: The kind's own description; its `kind` says which scalar, or what an atomic value is.
        fields: The shapes of a struct's fields by name; a name that is not among them gives None, or where
            unknown fields are kept the deduced shape.
    """

    __slots__ = ("_defaults", "element", "fields", "form", "keys", "node")

    def __init__(self, node: Node, form: Form) -> None:
        self.form: Form = form
        self.node = node
        self.fields: _Fields = _Fields(node)
        self.keys: tuple[str, ...] = ()
        self.element: Shape | None = None
        self._defaults: dict[str, Any] = {}
        if form == "list" and node.element is not None:
            self.keys = tuple(sorted(node.list_map_keys))
            members = node.element.fields
            self._defaults = {
                name: member.default
                for name, member in members.items()
                if name in self.keys and member.has_default
            }

    @property
    def is_one_field(self) -> bool:
        """Whether the value is owned and changed as a whole."""
        return self.form in {"scalar", "atomic"}

    def item(self) -> Shape:
        """The shape of a map's values or a list's items."""
        if self.element is None:
            node = self.node.element
            self.element = DEDUCED if node is None else shape_of(node)
        return self.element

    def element_of(self, item: Any) -> str:
        """The path element of a list's item or a set's member.

        Raises:
            FieldSetError: It has none.
        """
        if self.form == "set":
            return _member_element(item)
        if item is None:
            raise FieldSetError("associative list with keys may not have a null element")
        if not isinstance(item, dict):
            raise FieldSetError("associative list with keys may not have non-map elements")
        pairs = []
        for name in self.keys:
            value = item.get(name, _NO_VALUE)
            if value is _NO_VALUE:
                value = self._defaults.get(name, _NO_VALUE)
            if value is not _NO_VALUE:
                pairs.append((name, value))
        if not pairs:
            shown = "[" + " ".join(f'"{name}"' for name in self.node.list_map_keys) + "]"
            raise FieldSetError(
                f"associative list with keys has an element that omits all key fields {shown} "
                "(and doesn't have default values for any key fields)"
            )
        return key_element(pairs)


class _Fields(dict[str, "Shape | None"]):
    """Shapes of fields by name, each made when it is first looked up."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def __missing__(self, name: str) -> Shape | None:
        field = self._node.fields.get(name)
        if field is None:
            return None
        shape = self[name] = _field_shape(field)
        return shape


def _member_element(item: Any) -> str:
    match item:
        case dict():
            raise FieldSetError("associative list without keys has an element that's a map type")
        case list():
            raise FieldSetError("not supported: associative list with lists as elements")
        case None:
            raise FieldSetError("associative list without keys has an element that's an explicit null")
        case _:
            return value_element(item)


@lru_cache(maxsize=16_384)
def shape_of(node: Node, map_type: str = "", list_type: str = "") -> Shape:
    """The shape of a node. `map_type` and `list_type` are a field's own words, which go first."""
    match node.kind:
        case "struct" | "map":
            if (map_type or node.map_type) == "atomic":
                return Shape(node, "atomic")
            return Shape(node, "struct" if node.kind == "struct" else "map")
        case "list":
            kind_of_list = list_type or node.list_type
            if kind_of_list == "map" and node.list_map_keys:
                return Shape(node, "list")
            return Shape(node, "set" if kind_of_list == "set" else "atomic")
        case "any":
            return DEDUCED
        case _:
            return Shape(node, "scalar")


def _field_shape(field: Field) -> Shape:
    return shape_of(field.node, field.map_type, field.list_type)


DEDUCED: Final = Shape(Node("any", "interface {}"), "deduced")


@cache
def root_shape(node: Node | None) -> Shape:
    """The shape of a whole object; of one whose kind has no schema, None, all but the metadata is deduced."""
    return DEDUCED if node is None else shape_of(node)


def empty_object(node: Node | None) -> dict[str, Any]:
    """An object of a kind before anything is said of it: what is always there, without defaults.

    It is what a create is compared with; a field that even the empty object has is owned by those who change
    it, not by those who merely have it.
    """
    if node is None or not node.fields:
        return {"metadata": {}}
    empty = _empty(node)
    empty.setdefault("metadata", {})
    return empty


def _empty(node: Node) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name in node.implied:
        field = node.fields[name]
        if field.is_embedded:
            value[name] = _empty(field.node)
        elif field.writes_null:
            value[name] = None
        elif field.has_default and not field.default:
            value[name] = field.default
    return value
