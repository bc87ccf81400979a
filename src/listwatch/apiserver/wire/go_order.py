"""Objects with their fields in the order of Go's types, as the server's messages quote them.

In:    an object of a built-in kind, data/go_order.json            (from tools/make_go_order_data.py)
Out:   the same object, its members in another order
Rules: pure apart from reading the packaged data once, when the first object is quoted. Maps are sorted, as Go sorts
       them; what is not known of a type keeps the order that it has.
Source: the types of k8s.io/api and k8s.io/apimachinery; their order is that of the field numbers but for some
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from listwatch.apiserver.wire.protobuf_shapes import Member, Shape, shape, shape_of_kind

JSONObject = dict[str, Any]


@cache
def _differing() -> dict[str, list[str]]:
    path = resources.files("listwatch.apiserver") / "data/go_order.json"
    data: dict[str, list[str]] = json.loads(path.read_bytes())
    return data


@cache
def _members(message: str) -> dict[str, Member]:
    """The fields of a message by name, in Go's order."""
    by_name = _named(shape(message))
    ranks = {name: rank for rank, name in enumerate(_differing().get(message, ()))}
    return dict(sorted(by_name.items(), key=lambda each: ranks.get(each[0], len(ranks))))


def _named(message: Shape) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for member in message.members.values():
        if member.name:
            found[member.name] = member
        elif "." in member.type:
            found |= _members(member.type)
    return found


def root_members(api_version: str, kind: str) -> dict[str, Member]:
    """The fields of a kind by name, in Go's order; none for a kind that is not built in."""
    found = shape_of_kind(api_version, kind)
    return {} if found is None else _named(found)


def in_go_order(value: Any, member: Member | None) -> Any:
    """A value as its field's type has it."""
    if member is None:
        return value
    if isinstance(value, list) and member.label == "[]":
        return [_of_type(each, member.type) for each in value]
    if isinstance(value, dict) and member.label == "{}":
        return {name: _of_type(value[name], member.type) for name in sorted(value)}
    return _of_type(value, member.type)


def _of_type(value: Any, type_: str) -> Any:
    if not isinstance(value, dict) or "." not in type_:
        return value
    members = _members(type_)
    ordered = {name: in_go_order(value[name], member) for name, member in members.items() if name in value}
    return {**ordered, **{name: part for name, part in value.items() if name not in ordered}}
