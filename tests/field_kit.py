"""A small kind with every sort of field that apply tells apart, for tests of field sets."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from listwatch.apiserver.apply.shapes import Shape, root_shape
from listwatch.apiserver.kinds.schema import Field, Node

STRING = Node("string", "string")
INTEGER = Node("integer", "int32", bits=32)


def struct(kind: str, /, **fields: Node | Field) -> Node:
    """A struct of these fields."""
    node = Node("struct", f"v1.{kind}", kind)
    node.fields = {key: each if isinstance(each, Field) else Field(each) for key, each in fields.items()}
    return node


def list_of(element: Node, list_type: str = "", *keys: str) -> Node:
    """A list, atomic unless said otherwise."""
    return Node("list", f"[]{element.go_type}", element=element, list_type=list_type, list_map_keys=keys)


def map_of(element: Node, map_type: str = "") -> Node:
    """A map, granular unless said otherwise."""
    return Node("map", f"map[string]{element.go_type}", element=element, map_type=map_type)


PORT = struct(
    "Port",
    port=INTEGER,
    protocol=Field(STRING, default="TCP", has_default=True),
    label=STRING,
)
ITEM = struct(
    "Item",
    name=STRING,
    value=INTEGER,
    ports=list_of(PORT, "map", "port", "protocol"),
)
THING = struct(
    "Thing",
    apiVersion=STRING,
    kind=STRING,
    metadata=struct(
        "Meta",
        name=STRING,
        resourceVersion=STRING,
        managedFields=list_of(map_of(STRING)),
        labels=map_of(STRING),
    ),
    text=STRING,
    number=INTEGER,
    inner=struct("Inner", a=INTEGER, deep=struct("Deep", z=INTEGER)),
    labels=map_of(STRING),
    nested=map_of(map_of(INTEGER)),
    selector=map_of(STRING, "atomic"),
    args=list_of(STRING),
    tags=list_of(STRING, "set"),
    items=list_of(ITEM, "map", "name"),
    free=Node("any", "interface {}"),
)
SHAPE: Shape = root_shape(THING)

_NAMES = st.sampled_from(["a", "b", "c"])
_NUMBERS = st.integers(0, 2)
_TEXTS = st.sampled_from(["x", "y"])


def _items(element: st.SearchStrategy[dict[str, Any]], *keys: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    def key(item: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(item.get(each, "TCP") for each in keys)

    return st.lists(element, min_size=1, max_size=3, unique_by=key)


_PORTS = _items(
    st.fixed_dictionaries(
        {"port": _NUMBERS}, optional={"protocol": st.sampled_from(["TCP", "UDP"]), "label": _TEXTS}
    ),
    "port",
    "protocol",
)
_FREE = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_NAMES, inner, max_size=2)),
    max_leaves=4,
)


def things(*, has_free: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of the kind, without what the server writes; lists and maps that are not empty."""
    optional: dict[str, st.SearchStrategy[Any]] = {
        "text": _TEXTS,
        "number": _NUMBERS,
        "inner": st.fixed_dictionaries(
            {}, optional={"a": _NUMBERS, "deep": st.fixed_dictionaries({"z": _NUMBERS})}
        ).filter(bool),
        "labels": st.dictionaries(_NAMES, _TEXTS, min_size=1),
        "nested": st.dictionaries(_NAMES, st.dictionaries(_NAMES, _NUMBERS, min_size=1), min_size=1),
        "selector": st.dictionaries(_NAMES, _TEXTS, min_size=1),
        "args": st.lists(_TEXTS, min_size=1, max_size=2),
        "tags": st.lists(_NAMES, min_size=1, unique=True),
        "items": _items(
            st.fixed_dictionaries({"name": _NAMES}, optional={"value": _NUMBERS, "ports": _PORTS}), "name"
        ),
    }
    if has_free:
        optional["free"] = _FREE
    return st.fixed_dictionaries({}, optional=optional)


def field_sets() -> st.SearchStrategy[dict[str, Any]]:
    """Field sets, well formed: below the root no dict without a member."""
    elements = st.sampled_from(["f:a", "f:b", 'k:{"name":"a"}', 'v:"x"'])

    def below(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        parts = st.dictionaries(elements, inner, min_size=1, max_size=3)
        return st.one_of(parts, parts.map(lambda node: {".": {}, **node}))

    node = st.recursive(st.just({}), below, max_leaves=8)
    return st.dictionaries(elements, node, max_size=3)
