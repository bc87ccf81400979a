"""Calls that are no calls: what they stand for is seen while reading.

In:    a call's name and arguments
Out:   the node that it stands for, or None if it is an ordinary call
Next:  parser.py
Rules: pure; a macro that is written wrongly is an `IssueFound`
Source: CEL specification, "Macros"; cel-go's extensions for bindings, optional values and two variables
"""

from __future__ import annotations

from typing import Final

from listwatch.apiserver.cel.errors import IssueFound
from listwatch.apiserver.cel.syntax import Bind, Comprehension, Ident, Node, Select

_SPELLINGS: Final = {"exists_one": "existsOne"}
# Macro: how many variables and arguments after them it may have.
_FORMS: Final = {
    "all": ((1, 1), (2, 1)),
    "exists": ((1, 1), (2, 1)),
    "existsOne": ((1, 1), (2, 1)),
    "filter": ((1, 1),),
    "map": ((1, 1), (1, 2)),
    "transformList": ((2, 1), (2, 2)),
    "transformMap": ((2, 1), (2, 2)),
    "transformMapEntry": ((2, 1), (2, 2)),
}


def expand_call(position: int, name: str, args: list[Node]) -> Node | None:
    """`has(a.b)`.

    Raises:
        IssueFound: The argument is no selection.
    """
    if name != "has" or len(args) != 1:
        return None
    selection = args[0]
    if not isinstance(selection, Select) or selection.is_test or selection.is_optional:
        raise IssueFound(position, "invalid argument to has() macro")
    selection.is_test = True
    return selection


def expand_member(position: int, target: Node, name: str, args: list[Node]) -> Node | None:
    """`list.all(x, …)` and its kin, `cel.bind`, `optMap` and `optFlatMap`.

    Raises:
        IssueFound: A variable is no plain name.
    """
    if name == "bind" and isinstance(target, Ident) and target.name == "cel" and len(args) == 3:
        message = "cel.bind() variable names must be simple identifiers"
        return Bind(position, _variable(args[0], message), args[1], args[2])
    if name in {"optMap", "optFlatMap"} and len(args) == 2:
        message = f"{name}() variable name must be a simple identifier"
        return Bind(position, _variable(args[0], message), target, args[1], optional=name)
    macro = _SPELLINGS.get(name, name)
    for variables, expressions in _FORMS.get(macro, ()):
        if len(args) != variables + expressions or (macro == "map" and variables != 1):
            continue
        names = tuple(_variable(arg, "argument must be a simple name") for arg in args[:variables])
        if len(set(names)) < len(names):
            raise IssueFound(args[1].position, f"duplicate variable name: {names[1]}")
        rest = args[variables:]
        condition = rest[0] if expressions == 2 else None
        return Comprehension(position, macro, target, names, condition, rest[-1])
    return None


def _variable(arg: Node, message: str) -> str:
    if isinstance(arg, Ident) and not arg.name.startswith("."):
        return arg.name
    raise IssueFound(arg.position, message)
