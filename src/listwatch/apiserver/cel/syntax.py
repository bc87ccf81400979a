"""The tree of an expression.

In:    parser.py makes it
Out:   checker.py notes each node's type in it, evaluator.py turns it into functions
Rules: data only; `position` is the index of the character at which messages about a node point
Source: CEL specification, "Syntax"; cel-go's choice of positions
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Node:
    """Any expression. `depth` counts the levels below it and its own."""

    position: int
    depth: int = field(default=1, init=False)


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A constant: bool, int, `UInt`, float, str, bytes or None."""

    value: Any


@dataclass(slots=True, eq=False)
class Ident(Node):
    """A name, with a leading dot if it was written so."""

    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    """`operand.field`, `operand.?field`, or `has(operand.field)`."""

    operand: Node
    field: str
    is_test: bool = False
    is_optional: bool = False
    qualified: str = ""


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function or operator (`_+_`), its receiver first if it was called as a method."""

    function: str
    args: list[Node]
    is_member: bool = False


@dataclass(slots=True, eq=False)
class Logical(Node):
    """A chain of `&&` or of `||`; `positions` are those of the operators."""

    function: str
    operands: list[Node]
    positions: list[int]


@dataclass(slots=True, eq=False)
class Conditional(Node):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


@dataclass(slots=True, eq=False)
class ListLiteral(Node):
    """`[a, ?b]`; `optional` holds the indices of elements with a question mark."""

    elements: list[Node]
    optional: frozenset[int]


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a map, or one field of a struct (its key a `Literal`)."""

    key: Node
    value: Node
    is_optional: bool


@dataclass(slots=True, eq=False)
class MapLiteral(Node):
    """`{a: b, ?c: d}`."""

    entries: list[Entry]


@dataclass(slots=True, eq=False)
class StructLiteral(Node):
    """`Object.spec{replicas: 3}`."""

    name: str
    entries: list[Entry]


@dataclass(slots=True, eq=False)
class Comprehension(Node):
    """A macro that goes over a list or map.

    `macro` is one of all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry;
    `variables` one or two names; `condition` is None where the macro has none.
    """

    macro: str
    target: Node
    variables: tuple[str, ...]
    condition: Node | None
    body: Node


@dataclass(slots=True, eq=False)
class Bind(Node):
    """`cel.bind(variable, value, body)`; with `optional` one of `optMap`, `optFlatMap` on an optional value."""

    variable: str
    value: Node
    body: Node
    optional: str = ""
