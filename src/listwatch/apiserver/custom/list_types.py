"""Lists that are sets or maps: no member twice.

In:    an object and its `Structural`
Out:   a cause for each member that repeats an earlier one
Rules: pure; total on any JSON; values that have the wrong type are left to value_validation.py
Source: apiextensions-apiserver pkg/apiserver/schema/listtype
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from listwatch.apiserver.custom.structural import MISSING, Structural
from listwatch.apiserver.kinds.causes import Causes


def check_lists(causes: Causes, value: Any, schema: Structural, path: str = "") -> None:
    """Collect the duplicates in all sets and maps under `value`."""
    if not schema.has_unique_lists:
        return
    if isinstance(value, list):
        if schema.list_type in {"set", "map"}:
            _check_list(causes, value, schema, path)
        if schema.items is not None:
            for index, each in enumerate(value):
                check_lists(causes, each, schema.items, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name in sorted(value):
            named = schema.properties.get(name)
            member = schema.member(name)
            if member is not None:
                inner = f"{path}.{name}" if path else name
                check_lists(causes, value[name], member, inner if named is not None else f"{path}[{name}]")


def map_key(item: Any, schema: Structural) -> Hashable | None:
    """The key of an item in a list that is a map, its keys' defaults included; None for what is no object."""
    if not isinstance(item, dict) or schema.items is None:
        return None
    return tuple(_key_values(item, schema))


def shown_key(item: dict[str, Any], schema: Structural) -> dict[str, Any]:
    """The keys of an item, as messages show them."""
    return {key: item[key] for key in schema.list_map_keys if key in item}


def _key_values(item: dict[str, Any], schema: Structural) -> Iterator[Hashable]:
    for key in schema.list_map_keys:
        member = schema.items.properties.get(key) if schema.items is not None else None
        value = item.get(key, MISSING if member is None else member.default)
        yield freeze(value)


def _check_list(causes: Causes, value: list[Any], schema: Structural, path: str) -> None:
    seen: set[Hashable] = set()
    for index, each in enumerate(value):
        key = map_key(each, schema) if schema.list_type == "map" else freeze(each)
        if key is None:
            continue
        if key in seen:
            shown = shown_key(each, schema) if schema.list_type == "map" else each
            causes.duplicate(f"{path}[{index}]", shown)
        seen.add(key)


def freeze(value: Any) -> Hashable:
    """A hashable stand-in for a JSON value, equal for equal values; `true` is not `1`."""
    if isinstance(value, dict):
        return frozenset((name, freeze(each)) for name, each in value.items())
    if isinstance(value, list):
        return tuple(freeze(each) for each in value)
    return (type(value) is bool, value)
