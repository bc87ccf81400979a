"""The functions that expressions may call: their signatures, and what they do.

In:    `declare("string.charAt(int) -> string", function)` by the modules of functions
Out:   `Overload`s by the function's name
Next:  checker.py chooses among them, evaluator.py calls them
Rules: a signature is written once and serves both. Types are written as in messages, with `list<A>`, `map<K, V>`,
       `optional<A>` and single capitals for any type; a receiver stands before a dot.
Source: CEL specification, "Functions"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.cel.types import Type, opaque

_PRIMITIVES: Final = frozenset(
    {"dyn", "null", "bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"}
    | {"list", "map", "optional", "type"}
)
OPAQUE_NAMES: Final = {
    "IP": "net.IP",
    "CIDR": "net.CIDR",
    "URL": "kubernetes.URL",
    "Quantity": "kubernetes.Quantity",
    "Semver": "kubernetes.Semver",
    "Format": "kubernetes.NamedFormat",
    "Authorizer": "kubernetes.authorization.Authorizer",
    "PathCheck": "kubernetes.authorization.PathCheck",
    "GroupCheck": "kubernetes.authorization.GroupCheck",
    "ResourceCheck": "kubernetes.authorization.ResourceCheck",
    "Decision": "kubernetes.authorization.Decision",
}
_WORD: Final = re.compile(r"\s*([A-Za-z]+|[<>,])")
_SIGNATURE: Final = re.compile(
    r"(?:(?P<receiver>[A-Za-z]+(?:<.*?>+)?)\.)?"
    r"(?P<name>[\w@!+*/%<>=&|?\[\].-]+?)\((?P<args>.*)\) -> (?P<result>.+)"
)


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a function: its parameters (the receiver first), its result, and what is done."""

    params: tuple[Type, ...]
    result: Type
    is_member: bool
    call: Callable[..., Any]
    cost: int


FUNCTIONS: Final[dict[str, list[Overload]]] = {}


def declare(signature: str, call: Callable[..., Any], *, cost: int = 1) -> None:
    """Add a way to call a function.

    Args:
        signature: Such as `string.charAt(int) -> string` or `sets.contains(list<A>, list<A>) -> bool`.
        call: Gets the arguments as values, gives a value or raises `EvaluationError`.
        cost: Steps per call, beside those for the sizes of its arguments.
    """
    name, overload = _read(signature, call, cost)
    FUNCTIONS.setdefault(name, []).append(overload)


def declare_all(table: Mapping[str, Callable[..., Any]]) -> None:
    """Add many."""
    for signature, call in table.items():
        declare(signature, call)


def _read(signature: str, call: Callable[..., Any], cost: int) -> tuple[str, Overload]:
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise ValueError(f"no signature: {signature}")
    name, receiver = match["name"], match["receiver"]
    is_member = receiver is not None and _is_type(receiver)
    if receiver is not None and not is_member:
        name, receiver = f"{receiver}.{name}", None
    params = _types(match["args"]) if match["args"] else []
    if receiver is not None:
        params = [*_types(receiver), *params]
    return name, Overload(tuple(params), _types(match["result"])[0], is_member, call, cost)


def _is_type(receiver: str) -> bool:
    name, bracket, _ = receiver.partition("<")
    # `optional.of` belongs to a name space, `optional<A>.value` to a type.
    return bool(bracket) or name in OPAQUE_NAMES or name in _PRIMITIVES - {"optional", "type"}


def _types(text: str) -> list[Type]:
    words = _WORD.findall(text)
    found: list[Type] = []
    index = 0
    while index < len(words):
        one, index = _type(words, index)
        found.append(one)
        index += 1  # the comma
    return found


def _type(words: list[str], index: int) -> tuple[Type, int]:
    word = words[index]
    index += 1
    params: list[Type] = []
    if index < len(words) and words[index] == "<":
        while words[index] != ">":
            one, index = _type(words, index + 1)
            params.append(one)
        index += 1
    if len(word) == 1:
        return Type("param", (), word), index
    if word in OPAQUE_NAMES:
        return opaque(OPAQUE_NAMES[word]), index
    if word not in _PRIMITIVES:
        raise ValueError(f"no type: {word}")
    return Type(word, tuple(params)), index
