"""Shard selectors: a collection divided among readers by a hash of each object's uid or namespace.

In:    the text of `shardSelector`: `shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')`
Out:   `ShardSelector`, which says of an object whether it is in one of the ranges
Next:  list_options.py reads it, selection.py asks it, reading.py tells it in a list's metadata
Rules: pure. The text is an expression of which only calls of `shardRange` and `||` are allowed; ranges are half open,
       and all of one selector are over the same field. An object's shard never changes, since its uid and its
       namespace do not.
Source: KEP-5866 (alpha in 1.36); apiserver pkg/sharding, apimachinery pkg/sharding
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

UID: Final = "object.metadata.uid"
NAMESPACE: Final = "object.metadata.namespace"
_LAST: Final = "0x10000000000000000"
_DIGITS: Final = 16
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<text>'[^'\\\n]*'|"[^"\\\n]*")|(?P<number>[0-9][0-9A-Za-z.]*)"""
    r"""|(?P<sign>\|\||&&|[=!<>]=|\S))"""
)
_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_OPERATORS: Final = frozenset({"&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%"})


class ShardSelectorError(ValueError):
    """The text is no shard selector."""


@dataclass(frozen=True, slots=True)
class ShardRange:
    """Hashes from `start` up to, but without, `end`; both as they were written."""

    start: str
    end: str

    def holds(self, value: int) -> bool:
        """Whether the hash is in the range."""
        return int(self.start, 16) <= value < int(self.end, 16)


@dataclass(frozen=True, slots=True)
class ShardSelector:
    """Ranges over the hashes of one field; an object in any of them is meant."""

    field: str
    ranges: tuple[ShardRange, ...]

    def matches(self, metadata: Mapping[str, str]) -> bool:
        """Whether an object with this metadata is in the shard."""
        value = fnv1a_64(metadata.get(self.field.rpartition(".")[2], ""))
        return any(each.holds(value) for each in self.ranges)

    def __str__(self) -> str:
        """In the form in which a list's metadata tells it."""
        return " || ".join(f"shardRange({self.field}, '{each.start}', '{each.end}')" for each in self.ranges)


def fnv1a_64(text: str) -> int:
    """The 64-bit FNV-1a hash of the text's UTF-8 bytes."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return value


def parse_shard_selector(text: str) -> ShardSelector:
    """Read a selector.

    Raises:
        ShardSelectorError: It is none, said as kube-apiserver says it; of broken syntax the wording is ours.
    """
    if not text.strip():
        raise ShardSelectorError(
            "empty shard selector is not allowed; omit the parameter for unfiltered lists"
        )
    parser = _Parser(text)
    found = parser.alternatives()
    parser.end()
    first = found[0][0]
    for field, _ in found[1:]:
        if field != first:
            raise ShardSelectorError(f'all shard ranges must use the same field, got "{first}" and "{field}"')
    return ShardSelector(first, tuple(each for _, each in found))


class _Parser:
    """Reads the few forms that are allowed."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._position = 0
        self._depth = 0

    def alternatives(self) -> list[tuple[str, ShardRange]]:
        """Ranges with `||` between them."""
        found = self._one()
        while self._peek() == "||":
            self._take()
            found.extend(self._one())
        if self._peek() in _OPERATORS:
            operator = self._peek()
            raise ShardSelectorError(
                f'unsupported function "_{operator}_"; only shardRange() and || are allowed'
            )
        return found

    def end(self) -> None:
        """Nothing more follows."""
        if self._peek():
            raise self._syntax(self._peek())

    def _one(self) -> list[tuple[str, ShardRange]]:
        kind, word = self._take()
        if word == "(":
            self._depth += 1
            if self._depth > 50:
                raise self._syntax(word)
            found = self.alternatives()
            self._expect(")")
            self._depth -= 1
            return found
        if kind == "name" and self._peek() == "(":
            return [self._call(word)]
        if kind in {"name", "text", "number"}:
            raise ShardSelectorError(
                f"unexpected expression {word}; expected shardRange() call or || operator"
            )
        raise self._syntax(word)

    def _call(self, name: str) -> tuple[str, ShardRange]:
        self._expect("(")
        arguments: list[tuple[str, str]] = []
        while self._peek() != ")":
            if arguments:
                self._expect(",")
            arguments.append(self._argument())
        self._expect(")")
        if name != "shardRange":
            raise ShardSelectorError(f'unsupported function "{name}"; only shardRange() and || are allowed')
        if len(arguments) != 3:
            raise ShardSelectorError(f"shardRange() requires exactly 3 arguments, got {len(arguments)}")
        kind, field = arguments[0]
        if kind != "name":
            raise ShardSelectorError(
                "shardRange() first argument: expected field path (e.g. object.metadata.uid), got a literal"
            )
        if field not in {UID, NAMESPACE}:
            raise ShardSelectorError(
                f'unsupported field path "{field}"; supported: object.metadata.uid, object.metadata.namespace'
            )
        start, end = _bound("hexStart", *arguments[1]), _bound("hexEnd", *arguments[2])
        if int(start, 16) >= int(end, 16):
            raise ShardSelectorError(f"shard range start {start} must be less than end {end}")
        return field, ShardRange(start, end)

    def _argument(self) -> tuple[str, str]:
        """A literal, or names with dots between them."""
        kind, word = self._take()
        if kind == "name":
            while self._peek() == ".":
                self._take()
                kind, part = self._take()
                if kind != "name":
                    raise self._syntax(part)
                word += f".{part}"
        elif kind == "sign":
            raise self._syntax(word)
        return kind, word

    def _peek(self) -> str:
        match = _TOKEN.match(self._text, self._position)
        return match.group().strip() if match is not None else ""

    def _take(self) -> tuple[str, str]:
        match = _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup is None:
            raise self._syntax("<EOF>")
        self._position = match.end()
        return match.lastgroup, match.group(match.lastgroup)

    def _expect(self, token: str) -> None:
        _, found = self._take()
        if found != token:
            raise self._syntax(found)

    def _syntax(self, token: str) -> ShardSelectorError:
        return ShardSelectorError(f"CEL parse error: Syntax error: unexpected '{token}'")


def _bound(name: str, kind: str, token: str) -> str:
    """The text of a bound: sixteen digits, or 2^64."""
    if kind == "number":
        raise ShardSelectorError(f"{name} must be a string literal, got int64")
    if kind != "text":
        raise ShardSelectorError(f"{name} must be a string literal (e.g. '0xff'), got {token}")
    text = token[1:-1]
    if not text.startswith("0x"):
        raise ShardSelectorError(f"{name} must have '0x' prefix, got \"{text}\"")
    digits = text[2:]
    if not digits:
        raise ShardSelectorError(f"{name}: hex value is required after '0x'")
    if len(digits) > _DIGITS + 1:
        raise ShardSelectorError(f'{name}: hex value too long ({len(digits)} chars, max 17): "{digits}"')
    for digit in digits:
        if digit not in "0123456789abcdef":
            raise ShardSelectorError(f'{name}: invalid hex character "{digit}" in "{text}"')
    if len(digits) > _DIGITS and text != _LAST:
        raise ShardSelectorError(f"{name}: 17-digit hex value must be '{_LAST}' (2^64), got \"{text}\"")
    if len(digits) < _DIGITS:
        padded = f"0x{digits.zfill(_DIGITS)}"
        raise ShardSelectorError(
            f'{name} must be a 0x-prefixed 16-digit hex value, got "{text}" (did you mean "{padded}"?)'
        )
    return text
