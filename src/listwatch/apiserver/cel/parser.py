"""An expression's tree, read by precedence.

In:    text
Out:   a `Node`
Next:  checker.py
Rules: pure; whatever the text, the result is a tree or a `CompileError`. Trees are at most
       `DEEPEST` levels deep, so that what comes after may recurse. Chains of `&&` and `||` are one level, however long.
Source: CEL specification, "Syntax"; cel-go's messages where they do not depend on its parser generator
"""

from __future__ import annotations

from typing import Final

from listwatch.apiserver.cel.errors import CompileError, IssueFound
from listwatch.apiserver.cel.lexer import Token, tokens
from listwatch.apiserver.cel.macros import expand_call, expand_member
from listwatch.apiserver.cel.syntax import (
    Call,
    Conditional,
    Entry,
    Ident,
    ListLiteral,
    Literal,
    Logical,
    MapLiteral,
    Node,
    Select,
    StructLiteral,
)
from listwatch.apiserver.cel.values import INT_MAX

DEEPEST: Final = 160
LONGEST: Final = 100_000
_BINARY: Final = {
    "==": (3, "_==_"),
    "!=": (3, "_!=_"),
    "<": (3, "_<_"),
    "<=": (3, "_<=_"),
    ">": (3, "_>_"),
    ">=": (3, "_>=_"),
    "in": (3, "@in"),
    "+": (4, "_+_"),
    "-": (4, "_-_"),
    "*": (5, "_*_"),
    "/": (5, "_/_"),
    "%": (5, "_%_"),
}
_LOGICAL: Final = {"||": (1, "_||_"), "&&": (2, "_&&_")}
_EXPECTED: Final = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}"
)
_RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)


def parse(source: str) -> Node:
    """The tree of `source`, its macros expanded.

    Raises:
        CompileError: It is no expression.
    """
    if len(source) > LONGEST:
        size = f"size: {len(source)}, limit {LONGEST}"
        raise CompileError(f"ERROR: <input>:-1:0: expression code point size exceeds limit: {size}")
    try:
        return _Parser(tokens(source)).whole()
    except IssueFound as found:
        raise CompileError.at(source, [found.issue]) from None


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._index = 0
        self._level = 0

    def whole(self) -> Node:
        node = self._expression()
        if (rest := self._current).kind != "end":
            raise _unexpected(rest, "<EOF>")
        return node

    @property
    def _current(self) -> Token:
        return self._words[self._index]

    def _next(self) -> Token:
        word = self._words[self._index]
        self._index += 1
        return word

    def _accept(self, kind: str) -> Token | None:
        return self._next() if self._current.kind == kind else None

    def _expect(self, kind: str) -> Token:
        word = self._current
        if word.kind != kind:
            told = "IDENTIFIER" if kind == "ident" else f"'{kind}'"
            raise _unexpected(word, told)
        return self._next()

    def _expression(self) -> Node:
        self._level += 1
        if self._level > DEEPEST // 2:
            raise _too_deep()
        condition = self._binary(1)
        if (mark := self._accept("?")) is not None:
            yes = self._binary(1)
            self._expect(":")
            no = self._expression()
            condition = _deep(Conditional(mark.position, condition, yes, no), condition, yes, no)
        self._level -= 1
        return condition

    def _binary(self, least: int) -> Node:
        left = self._unary()
        while True:
            word = self._current
            if (logical := _LOGICAL.get(word.kind)) is not None and logical[0] >= least:
                left = self._chain(left, word.kind, *logical)
            elif (binary := _BINARY.get(word.kind)) is not None and binary[0] >= least:
                self._next()
                right = self._binary(binary[0] + 1)
                left = _deep(Call(word.position, binary[1], [left, right]), left, right)
            else:
                return left

    def _chain(self, first: Node, kind: str, power: int, function: str) -> Node:
        operands, positions = [first], []
        while (word := self._accept(kind)) is not None:
            positions.append(word.position)
            operands.append(self._binary(power + 1))
        return _deep(Logical(positions[0], function, operands, positions), *operands)

    def _unary(self) -> Node:
        word = self._current
        if word.kind not in {"!", "-"}:
            return self._member(self._primary())
        count = 0
        while self._accept(word.kind) is not None:
            count += 1
        following = self._current
        number = following.value
        if word.kind == "-" and count == 1 and following.kind == "literal" and type(number) in {int, float}:
            self._next()
            return self._member(Literal(word.position, -number))
        self._level += 1
        if self._level > DEEPEST // 2:
            raise _too_deep()
        operand = self._unary()
        self._level -= 1
        if count % 2 == 0:
            return operand
        return _deep(Call(word.position, f"{word.kind}_", [operand]), operand)

    def _primary(self) -> Node:
        word = self._next() if self._current.kind != "end" else self._current
        match word.kind:
            case "literal":
                if type(word.value) is int and word.value > INT_MAX:
                    raise IssueFound(word.position, "invalid int literal")
                return Literal(word.position, word.value)
            case "ident":
                return self._named(word, "")
            case ".":
                return self._named(self._expect("ident"), ".")
            case "(":
                node = self._expression()
                self._expect(")")
                return node
            case "[":
                return self._list(word)
            case "{":
                entries = self._entries("}", is_struct=False)
                parts = [part for entry in entries for part in (entry.key, entry.value)]
                return _deep(MapLiteral(word.position, entries), *parts)
            case _:
                raise _unexpected(word, _EXPECTED)

    def _named(self, word: Token, leading: str) -> Node:
        if word.text in _RESERVED:
            raise IssueFound(word.position, f"reserved identifier: {word.text}")
        name = leading + word.text
        opening = self._accept("(")
        if opening is not None:
            args = self._arguments(")")
            expanded = expand_call(opening.position, name, args)
            return _deep(expanded or Call(opening.position, name, args), *args)
        return self._struct(name, self._index) or Ident(word.position, name)

    def _struct(self, name: str, start: int) -> Node | None:
        """A struct's literal, if the dotted name that goes on at `start` ends at a brace."""
        index = start
        while self._words[index].kind == "." and self._words[index + 1].kind == "ident":
            name += f".{self._words[index + 1].text}"
            index += 2
        if self._words[index].kind != "{":
            return None
        self._index = index
        opening = self._next()
        entries = self._entries("}", is_struct=True)
        return _deep(StructLiteral(opening.position, name, entries), *(entry.value for entry in entries))

    def _member(self, node: Node) -> Node:
        while True:
            if (dot := self._accept(".")) is not None:
                is_optional = self._accept("?") is not None
                word = self._expect("ident")
                opening = None if is_optional else self._accept("(")
                if opening is None:
                    node = _deep(Select(dot.position, node, word.text, is_optional=is_optional), node)
                    continue
                args = self._arguments(")")
                expanded = expand_member(opening.position, node, word.text, args)
                call = expanded or Call(opening.position, word.text, [node, *args], is_member=True)
                node = _deep(call, node, *args)
            elif (bracket := self._accept("[")) is not None:
                function = "_[?_]" if self._accept("?") is not None else "_[_]"
                index = self._expression()
                self._expect("]")
                node = _deep(Call(bracket.position, function, [node, index]), node, index)
            else:
                return node

    def _arguments(self, closing: str) -> list[Node]:
        args: list[Node] = []
        if self._accept(closing) is not None:
            return args
        while True:
            args.append(self._expression())
            if self._accept(",") is None:
                self._expect(closing)
                return args

    def _list(self, opening: Token) -> Node:
        elements: list[Node] = []
        optional: set[int] = set()
        while self._accept("]") is None:
            if self._accept("?") is not None:
                optional.add(len(elements))
            elements.append(self._expression())
            if self._accept(",") is None:
                self._expect("]")
                break
        return _deep(ListLiteral(opening.position, elements, frozenset(optional)), *elements)

    def _entries(self, closing: str, *, is_struct: bool) -> list[Entry]:
        entries: list[Entry] = []
        while self._accept(closing) is None:
            is_optional = self._accept("?") is not None
            if is_struct:
                word = self._expect("ident")
                key: Node = Literal(word.position, word.text)
            else:
                key = self._expression()
            self._expect(":")
            entries.append(Entry(key, self._expression(), is_optional))
            if self._accept(",") is None:
                self._expect(closing)
                break
        return entries


def _deep(node: Node, *parts: Node) -> Node:
    node.depth = 1 + max((part.depth for part in parts), default=0)
    if node.depth > DEEPEST:
        raise _too_deep()
    return node


def _too_deep() -> IssueFound:
    return IssueFound(0, f"expression recursion limit exceeded: {DEEPEST}")


def _unexpected(word: Token, expected: str) -> IssueFound:
    told = f"mismatched input '{word.text}' expecting {expected}"
    return IssueFound(word.position, f"Syntax error: {told}")
