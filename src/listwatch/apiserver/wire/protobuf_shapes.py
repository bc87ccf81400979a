"""The field numbers of the built-in kinds, as the codec looks at them.

In:    data/protobuf.json                 (from tools/make_protobuf_data.py)
Out:   `Shape`s of messages, by kind and by name
Next:  protobuf_decode.py, protobuf_encode.py
Rules: pure apart from reading the packaged data once, when the first protobuf body comes. A message is made when it
       is first asked for.
Source: the `generated.proto` files of Kubernetes 1.36
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

ITSELF: Final = "*"
"""The JSON name of a field whose value is the whole message's, such as a quantity's text."""


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a message.

    Attributes:
        number: Its number.
        name: Its name in JSON; "" if the fields of its message stand in its place, `ITSELF` if its value does.
        type: `string`, `bytes`, `bool`, `double`, `int32`, `int64`, `json` (bytes that hold JSON), or a message.
        label: "", `[]` for a list, `{}` for a map from strings.
        keeps_zero: Whether an empty value was set by somebody; Go writes those of plain fields always.
    """

    number: int
    name: str
    type: str
    label: str
    keeps_zero: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """One message: its members by number."""

    name: str
    members: dict[int, Member]


@cache
def _data() -> dict[str, Any]:
    path = resources.files("listwatch.apiserver") / "data/protobuf.json"
    data: dict[str, Any] = json.loads(path.read_bytes())
    return data


@cache
def shape(name: str) -> Shape:
    """The message of that name, such as `core.v1.PodSpec`."""
    members: dict[int, Member] = {}
    for number, called, type_, *flags in _data()["messages"][name]:
        label = type_[:2] if type_[:2] in {"[]", "{}"} else ""
        members[number] = Member(number, called, type_.removeprefix(label), label, bool(flags))
    return Shape(name.rpartition(".")[2], members)


def shape_of_kind(api_version: str, kind: str) -> Shape | None:
    """The message of a kind, or None if it has none: a custom resource, a Table.

    `Status`, `DeleteOptions` and the like belong to every group version, as they do upstream.
    """
    kinds = _data()["kinds"]
    name = kinds.get(api_version, {}).get(kind)
    if name is None and kind in _IN_EVERY_VERSION:
        name = kinds["v1"][kind]
    return None if name is None else shape(name)


_IN_EVERY_VERSION: Final = frozenset({"DeleteOptions", "Status"})
