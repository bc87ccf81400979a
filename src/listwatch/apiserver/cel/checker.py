"""Which type each part of an expression has, and what does not fit together.

In:    a tree; the variables' types
Out:   the type of the whole; each call's overloads, for the evaluator; or all issues at once
Next:  evaluator.py
Rules: pure, one walk. A part that is wrong has the type error, which fits everywhere, so that one fault is told once.
Source: CEL specification, "Gradual type checking"; cel-go checker, its wording
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from listwatch.apiserver.cel.errors import Issue
from listwatch.apiserver.cel.overloads import FUNCTIONS, Overload
from listwatch.apiserver.cel.syntax import (
    Bind,
    Call,
    Comprehension,
    Conditional,
    Ident,
    ListLiteral,
    Literal,
    Logical,
    MapLiteral,
    Node,
    Select,
    StructLiteral,
)
from listwatch.apiserver.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Found,
    ObjectType,
    Type,
    assignable,
    list_of,
    map_of,
    optional_of,
    resolved,
    type_of,
)
from listwatch.apiserver.cel.values import tag

TYPE_NAMES: Final[Mapping[str, Type]] = {
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "list": list_of(DYN),
    "map": map_of(DYN, DYN),
    "null_type": NULL,
    "type": type_of(DYN),
    "dyn": DYN,
    "optional_type": optional_of(DYN),
    "google.protobuf.Timestamp": TIMESTAMP,
    "google.protobuf.Duration": DURATION,
}
_LITERALS: Final = {
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "null": NULL,
}
_KEYS: Final = frozenset({"bool", "int", "uint", "string", "dyn", "error"})
Structs = Callable[[str], Type | None]


class Checker:
    """One walk over one tree.

    Args:
        variables: The types of what expressions may name.
        structs: The type of a struct that literals may make, by name; None for one that is not known.
    """

    def __init__(self, variables: Mapping[str, Type], structs: Structs) -> None:
        self._scopes: list[Mapping[str, Type]] = [variables]
        self._structs = structs
        self._found: Found = {}
        self._fresh = 0
        self.issues: list[Issue] = []
        self.overloads: dict[int, list[Overload]] = {}

    def check(self, node: Node) -> Type:
        """The type of `node`; what is wrong in it is added to `issues`."""
        return resolved(self._check(node), self._found)

    def _check(self, node: Node) -> Type:
        match node:
            case Literal():
                return _LITERALS[tag(node.value)]
            case Ident():
                return self._ident(node)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case Logical():
                return self._logical(node)
            case Conditional():
                return self._conditional(node)
            case ListLiteral():
                return self._list(node)
            case MapLiteral():
                return self._map(node)
            case StructLiteral():
                return self._struct(node)
            case Comprehension():
                return self._comprehension(node)
            case Bind():
                return self._bind(node)
        raise TypeError(f"no expression: {node!r}")

    def _issue(self, node: Node, message: str) -> Type:
        self.issues.append(Issue(node.position, message))
        return ERROR

    def _fits(self, to: Type, given: Type) -> bool:
        trial = dict(self._found)
        if assignable(to, given, trial):
            self._found = trial
            return True
        return False

    def _shown(self, kind: Type) -> str:
        return str(resolved(kind, self._found))

    def _variable(self, name: str) -> Type | None:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return None

    def _ident(self, node: Ident) -> Type:
        name = node.name.removeprefix(".")
        found = self._variable(name)
        if found is None and name in TYPE_NAMES:
            found = type_of(TYPE_NAMES[name])
        return self._undeclared(node, name) if found is None else found

    def _undeclared(self, node: Node, name: str) -> Type:
        return self._issue(node, f"undeclared reference to '{name}' (in container '')")

    def _select(self, node: Select) -> Type:
        qualified = qualified_name(node)
        if qualified is not None and not node.is_test and not node.is_optional:
            root = qualified.partition(".")[0]
            declared = self._variable(qualified)
            if declared is None and self._variable(root) is None and qualified in TYPE_NAMES:
                declared = type_of(TYPE_NAMES[qualified])
            if declared is not None:
                node.qualified = qualified
                return declared
        operand = resolved(self._check(node.operand), self._found)
        result = self._field(node, operand)
        if node.is_test:
            return ERROR if result is ERROR else BOOL
        if node.is_optional and result is not ERROR:
            return result if result.kind == "optional" else optional_of(result)
        return result

    def _field(self, node: Select, operand: Type) -> Type:
        is_optional = operand.kind == "optional"
        inner = operand.params[0] if is_optional and operand.params else operand
        if isinstance(inner, ObjectType):
            result = inner.fields.get(node.field)
            if result is None:
                return self._issue(node, f"undefined field '{node.field}'")
        elif inner.kind == "map":
            result = inner.params[1] if inner.params else DYN
        elif inner.kind in {"dyn", "error"}:
            result = DYN
        else:
            return self._issue(node, f"type '{self._shown(inner)}' does not support field selection")
        return optional_of(result) if is_optional else result

    def _call(self, node: Call) -> Type:
        candidates = self._namespaced(node)
        if candidates is None:
            candidates = [one for one in FUNCTIONS.get(node.function, ()) if one.is_member == node.is_member]
        args = [self._argument(node, arg) for arg in node.args]
        if not candidates:
            return self._undeclared(node, node.function)
        matching: list[Overload] = []
        kept = self._found
        results: list[Type] = []
        for overload in candidates:
            if len(overload.params) != len(args):
                continue
            params, result = self._instantiated(overload)
            trial = dict(self._found)
            if not all(assignable(to, given, trial) for to, given in zip(params, args, strict=True)):
                continue
            matching.append(overload)
            results.append(resolved(result, trial) if result.kind != "param" else result)
            kept = trial
        if not matching:
            shown = [self._shown(arg) for arg in args]
            told = f"{shown[0]}.({', '.join(shown[1:])})" if node.is_member else f"({', '.join(shown)})"
            return self._issue(node, f"found no matching overload for '{node.function}' applied to '{told}'")
        self.overloads[id(node)] = matching
        if len(matching) == 1:
            self._found = kept
            return resolved(results[0], kept)
        same = all(str(result) == str(results[0]) for result in results)
        return results[0] if same and results[0].kind != "param" else DYN

    def _argument(self, node: Call, arg: Node) -> Type:
        # What is formatted may be of any types, where lists otherwise are of one.
        if node.function == "format" and isinstance(arg, ListLiteral):
            for part in arg.elements:
                self._check(part)
            return list_of(DYN)
        return self._check(arg)

    def _namespaced(self, node: Call) -> list[Overload] | None:
        """The overloads of `sets.contains(a, b)`; it then is no method of a variable."""
        if not node.is_member:
            return None
        target = qualified_name(node.args[0])
        if target is None or self._variable(target.partition(".")[0]) is not None:
            return None
        known = FUNCTIONS.get(f"{target}.{node.function}")
        if known is None:
            return None
        node.function, node.is_member, node.args = f"{target}.{node.function}", False, node.args[1:]
        return known

    def _instantiated(self, overload: Overload) -> tuple[list[Type], Type]:
        self._fresh += 1
        renamed: Found = {}
        return [self._rename(kind, renamed) for kind in overload.params], self._rename(
            overload.result, renamed
        )

    def _rename(self, kind: Type, renamed: Found) -> Type:
        if kind.kind == "param":
            return renamed.setdefault(kind.name, Type("param", (), f"{kind.name}{self._fresh}"))
        if not kind.params:
            return kind
        return Type(kind.kind, tuple(self._rename(part, renamed) for part in kind.params), kind.name)

    def _new_param(self) -> Type:
        self._fresh += 1
        return Type("param", (), f"#{self._fresh}")

    def _logical(self, node: Logical) -> Type:
        kinds = [self._check(operand) for operand in node.operands]
        for index, kind in enumerate(kinds):
            if not self._fits(BOOL, kind):
                place = max(index - 1, 0)
                other = kinds[index + 1] if index == 0 else BOOL
                pair = (kind, other) if index == 0 else (other if index > 1 else kinds[0], kind)
                told = f"applied to '({self._shown(pair[0])}, {self._shown(pair[1])})'"
                message = f"found no matching overload for '{node.function}' {told}"
                self.issues.append(Issue(node.positions[place], message))
                return ERROR
        return BOOL

    def _conditional(self, node: Conditional) -> Type:
        kinds = [self._check(part) for part in (node.condition, node.yes, node.no)]
        joined = self._join(kinds[1], kinds[2])
        if joined is None or not self._fits(BOOL, kinds[0]):
            told = ", ".join(map(self._shown, kinds))
            return self._issue(node, f"found no matching overload for '_?_:_' applied to '({told})'")
        return joined

    def _join(self, known: Type, kind: Type) -> Type | None:
        """The type of what may be either; None if there is none."""
        if self._fits(known, kind):
            return DYN if "dyn" in {known.kind, kind.kind} else kind if known.kind == "null" else known
        return None

    def _list(self, node: ListLiteral) -> Type:
        element: Type | None = None
        for index, part in enumerate(node.elements):
            kind = self._check(part)
            if index in node.optional:
                kind = self._unwrapped(part, kind)
            element = self._joined(part, element, kind)
        return list_of(self._new_param() if element is None else element)

    def _unwrapped(self, part: Node, kind: Type) -> Type:
        inner = self._new_param()
        if not self._fits(optional_of(inner), kind):
            return self._issue(part, f"expected type 'optional_type' but found '{self._shown(kind)}'")
        return resolved(inner, self._found)

    def _joined(self, part: Node, known: Type | None, kind: Type) -> Type:
        if known is None:
            return kind
        joined = self._join(known, kind)
        if joined is None:
            return self._issue(part, f"expected type '{self._shown(known)}' but found '{self._shown(kind)}'")
        return joined

    def _map(self, node: MapLiteral) -> Type:
        key: Type | None = None
        value: Type | None = None
        for entry in node.entries:
            kind = self._check(entry.key)
            if resolved(kind, self._found).kind not in _KEYS:
                kind = self._issue(entry.key, f"unsupported map key type: {self._shown(kind)}")
            key = self._joined(entry.key, key, kind)
            kind = self._check(entry.value)
            if entry.is_optional:
                kind = self._unwrapped(entry.value, kind)
            value = self._joined(entry.value, value, kind)
        return map_of(
            self._new_param() if key is None else key, self._new_param() if value is None else value
        )

    def _struct(self, node: StructLiteral) -> Type:
        kind = self._structs(node.name)
        if kind is None:
            return self._undeclared(node, node.name)
        for entry in node.entries:
            given = self._check(entry.value)
            if entry.is_optional:
                given = self._unwrapped(entry.value, given)
            if not isinstance(kind, ObjectType):
                continue
            name = entry.key.value if isinstance(entry.key, Literal) else ""
            wanted = kind.fields.get(name)
            if wanted is None:
                self._issue(entry.key, f"undefined field '{name}'")
            elif not self._fits(wanted, given):
                told = f"'{self._shown(wanted)}' but provided '{self._shown(given)}'"
                self._issue(entry.key, f"expected type of field '{name}' is {told}")
        return kind

    def _comprehension(self, node: Comprehension) -> Type:
        target = resolved(self._check(node.target), self._found)
        key, value = self._range(node, target)
        names = node.variables
        kinds = (value,) if len(names) == 1 and target.kind != "map" else (key, value)
        self._scopes.append(dict(zip(names, kinds, strict=False)))
        if node.condition is not None:
            self._expect_bool(node.condition)
        body = self._check(node.body) if _gives_body(node.macro) else self._expect_bool(node.body)
        self._scopes.pop()
        match node.macro:
            case "map" | "transformList":
                return list_of(body)
            case "filter":
                return list_of(kinds[0])
            case "transformMap":
                return map_of(key, body)
            case "transformMapEntry":
                entry = resolved(body, self._found)
                return entry if entry.kind == "map" else map_of(DYN, DYN)
        return BOOL

    def _range(self, node: Comprehension, target: Type) -> tuple[Type, Type]:
        match target.kind:
            case "list":
                return INT, target.params[0] if target.params else DYN
            case "map":
                return target.params or (DYN, DYN)  # type: ignore[return-value] # a map has two or none
            case "dyn" | "error":
                return DYN, DYN
        message = "cannot be range of a comprehension (must be list, map, or dynamic)"
        self._issue(node.target, f"expression of type '{self._shown(target)}' {message}")
        return ERROR, ERROR

    def _expect_bool(self, node: Node) -> Type:
        kind = self._check(node)
        if not self._fits(BOOL, kind):
            return self._issue(node, f"expected type 'bool' but found '{self._shown(kind)}'")
        return BOOL

    def _bind(self, node: Bind) -> Type:
        kind = self._check(node.value)
        if node.optional:
            kind = self._unwrapped(node.value, kind)
        self._scopes.append({node.variable: kind})
        body = self._check(node.body)
        self._scopes.pop()
        return optional_of(body) if node.optional == "optMap" else body


def _gives_body(macro: str) -> bool:
    return macro in {"map", "transformList", "transformMap", "transformMapEntry"}


def qualified_name(node: Node) -> str | None:
    """`a.b.c` as one name; None for anything else."""
    if isinstance(node, Ident):
        return node.name.removeprefix(".")
    if isinstance(node, Select) and not node.is_test and not node.is_optional:
        before = qualified_name(node.operand)
        return None if before is None else f"{before}.{node.field}"
    return None
