"""Which objects a request means: label and field selectors, read and matched as the API server does.

In:    the text of `labelSelector=` or `fieldSelector=`, or a LabelSelector out of an object
Out:   `LabelSelector` and `FieldSelector`, immutable conjunctions of requirements
Next:  whoever filters: the embedded server's list and watch, a lister, a client building a query
Rules: pure; what has parsed never fails to match; the only exception is `SelectorError`
Source: Kubernetes concepts, "Labels and Selectors" and "Field Selectors"; grammar and wording of
        apimachinery v0.36 (pkg/labels, pkg/fields)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.names import label_value_problems, qualified_name_problems
from listwatch.apimachinery.quote import go_quote


class SelectorError(ListWatchError, ValueError):
    """The text is no selector. The message is the API server's, word for word."""


_INT64: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_INT64_DIGITS: Final = 19
_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1

_EQUALITY: Final = {"=", "==", "in"}
_INEQUALITY: Final = {"!=", "notin"}
_PRESENCE: Final = {"exists", "!"}
_ORDER: Final = {">": "gt", "<": "lt"}
_WORDS: Final = {"in", "notin"}


def _int64(text: str) -> int | None:
    """`text` as strconv.ParseInt reads it, or None: Python's own int() takes underscores and blanks."""
    if _INT64.fullmatch(text) is None or len(text.lstrip("+-0")) > _INT64_DIGITS:
        return None
    value = int(text)
    return value if _INT64_MIN <= value <= _INT64_MAX else None


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """One condition on one label.

    `operator` is one of `=`, `==`, `!=`, `in`, `notin`, `>`, `<`, `exists`, `!`; `values` are sorted and
    distinct: one value for comparisons, at least one for sets, none for the last two.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet the condition; a missing label meets `!=`, `notin` and `!` only."""
        value = labels.get(self.key)
        operator = self.operator
        if operator in _EQUALITY:
            return value in self.values
        if operator in _INEQUALITY:
            return value is None or value not in self.values
        if operator in _PRESENCE:
            return (value is not None) is (operator == "exists")
        number = None if value is None else _int64(value)
        bound = _int64(self.values[0])
        if number is None or bound is None:
            return False
        return number > bound if operator == ">" else number < bound

    def __str__(self) -> str:
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator in _WORDS:
            return f"{self.key} {self.operator} ({','.join(self.values)})"
        return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A conjunction of label requirements, sorted by key.

    No requirement at all matches everything. `nothing` makes the selector that matches no object: what an
    absent LabelSelector inside an object means.
    """

    requirements: tuple[LabelRequirement, ...] = ()
    nothing: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether every object matches."""
        return not self.requirements and not self.nothing

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is meant; None stands for an object without labels."""
        if self.nothing:
            return False
        if not self.requirements:
            return True
        present = labels or {}
        return all(requirement.matches(present) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def _requirement(key: str, operator: str, values: frozenset[str]) -> LabelRequirement:
    """A checked requirement; the messages carry the paths that the server gives them."""
    ordered = tuple(sorted(values))
    problems: list[str] = []
    shown = "[" + ",".join(go_quote(value) for value in ordered) + "]"
    if operator in _WORDS:
        if not ordered:
            problems.append(
                "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"
            )
    elif operator in _ORDER:
        if len(ordered) != 1:
            problems.append(
                f"values: Invalid value: {shown}: for 'Gt', 'Lt' operators, exactly one value is required"
            )
        problems.extend(
            f"values[{index}]: Invalid value: {go_quote(value)}: "
            "for 'Gt', 'Lt' operators, the value must be an integer"
            for index, value in enumerate(ordered)
            if _int64(value) is None
        )
    for index, value in enumerate(ordered):
        if faults := label_value_problems(value):
            problems.append(f"values[{index}][{key}]: Invalid value: {go_quote(value)}: {'; '.join(faults)}")
    if problems:
        raise SelectorError(_aggregate(problems))
    return LabelRequirement(key, operator, ordered)


def _aggregate(problems: list[str]) -> str:
    unique = list(dict.fromkeys(problems))
    return unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"


def parse_label_selector(text: str) -> LabelSelector:
    """Read the text of a `labelSelector=` parameter, already percent-decoded.

    Raises:
        SelectorError: `text` is no selector; the message is the API server's.

    Source: Kubernetes API concepts, labels.Parse; differs: none known.
    """
    if not text:
        return EVERYTHING
    requirements = _Parser(text).parse()
    return LabelSelector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


EVERYTHING: Final = LabelSelector()
NOTHING: Final = LabelSelector(nothing=True)


def label_selector(labels: Mapping[str, str]) -> LabelSelector:
    """The selector of all objects that carry each of these labels with just this value.

    Raises:
        SelectorError: A key or a value has not the syntax of one.
    """
    requirements: list[LabelRequirement] = []
    for key in sorted(labels):
        if faults := qualified_name_problems(key):
            raise SelectorError(f"key: Invalid value: {go_quote(key)}: {'; '.join(faults)}")
        requirements.append(_requirement(key, "=", frozenset((labels[key],))))
    return LabelSelector(tuple(requirements))


_OBJECT_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def label_selector_from_object(selector: object) -> LabelSelector:
    """The selector that a LabelSelector inside an object means: `matchLabels` and `matchExpressions`.

    None selects nothing, an empty LabelSelector everything; both parts have to hold.

    Raises:
        SelectorError: `selector` is not a LabelSelector, or one of its keys, operators or values is bad.

    Source: apimachinery metav1.LabelSelectorAsSelector
    """
    if selector is None:
        return NOTHING
    if not isinstance(selector, Mapping):
        raise SelectorError("a label selector must be an object with matchLabels and matchExpressions")
    given = {name: value for name, value in selector.items() if value is not None}
    labels = given.get("matchLabels", {})
    expressions = given.get("matchExpressions", [])
    if not isinstance(labels, Mapping) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in labels.items()
    ):
        raise SelectorError("matchLabels must be an object whose values are strings")
    if not isinstance(expressions, list):
        raise SelectorError("matchExpressions must be a list")
    requirements = list(label_selector(labels).requirements)
    requirements.extend(_from_expression(expression) for expression in expressions)
    return LabelSelector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


def _from_expression(expression: object) -> LabelRequirement:
    if not isinstance(expression, Mapping):
        raise SelectorError("matchExpressions must be a list of objects with key, operator and values")
    key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values") or []
    if not isinstance(operator, str) or operator not in _OBJECT_OPERATORS:
        shown = go_quote(operator if isinstance(operator, str) else "")
        raise SelectorError(f"{shown} is not a valid label selector operator")
    if not isinstance(key, str):
        raise SelectorError("the key of a match expression must be a string")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SelectorError("the values of a match expression must be a list of strings")
    if faults := qualified_name_problems(key):
        raise SelectorError(f"key: Invalid value: {go_quote(key)}: {'; '.join(faults)}")
    if operator in {"Exists", "DoesNotExist"} and values:
        shown = "[" + ",".join(go_quote(value) for value in values) + "]"
        raise SelectorError(
            f"values: Invalid value: {shown}: values set must be empty for exists and does not exist"
        )
    return _requirement(key, _OBJECT_OPERATORS[operator], frozenset(values))


class _Token(NamedTuple):
    kind: str  # the symbol or keyword itself, "identifier", or "end"
    text: str


_TOKENS: Final = re.compile(r"[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+))")
_IDENTIFIER: Final = "identifier"
_END: Final = _Token("end", "")


class _Parser:
    """Recursive descent over the tokens; `in` and `notin` are words only in operator position."""

    __slots__ = ("_position", "_tokens")

    def __init__(self, text: str) -> None:
        text = text.partition("\0")[0]
        self._tokens: list[_Token] = []
        position = 0
        while (match := _TOKENS.match(text, position)) is not None:
            position = match.end()
            symbol, word = match.group(1), match.group(2)
            self._tokens.append(
                _Token(symbol, symbol) if symbol else _Token(word if word in _WORDS else _IDENTIFIER, word)
            )
        self._position = 0

    def _peek(self) -> _Token:
        """The next token, read as a value: an operator's word is then an identifier like any other."""
        token = self._tokens[self._position] if self._position < len(self._tokens) else _END
        return _Token(_IDENTIFIER, token.text) if token.kind in _WORDS else token

    def _next(self) -> _Token:
        token = self._peek()
        self._position += 1
        return token

    def _next_operator(self) -> _Token:
        token = self._tokens[self._position] if self._position < len(self._tokens) else _END
        self._position += 1
        return token

    def parse(self) -> list[LabelRequirement]:
        requirements: list[LabelRequirement] = []
        while True:
            token = self._peek()
            if token.kind == "end":
                return requirements
            if token.kind not in {_IDENTIFIER, "!"}:
                raise SelectorError(f"found '{token.text}', expected: !, identifier, or 'end of string'")
            try:
                requirements.append(self._parse_requirement())
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            token = self._next()
            if token.kind == "end":
                return requirements
            if token.kind != ",":
                raise SelectorError(f"found '{token.text}', expected: ',' or 'end of string'")
            token = self._peek()
            if token.kind not in {_IDENTIFIER, "!"}:
                raise SelectorError(f"found '{token.text}', expected: identifier after ','")

    def _parse_requirement(self) -> LabelRequirement:
        negated = self._peek().kind == "!"
        if negated:
            self._next()
        token = self._next()
        if token.kind != _IDENTIFIER:
            raise SelectorError(f"found '{token.text}', expected: identifier")
        key = token.text
        if faults := qualified_name_problems(key):
            raise SelectorError(f"<nil>: Invalid value: {go_quote(key)}: {'; '.join(faults)}")
        if negated:
            return LabelRequirement(key, "!")
        if self._peek().kind in {"end", ","}:
            return LabelRequirement(key, "exists")
        operator = self._next_operator()
        if operator.kind in _WORDS:
            return _requirement(key, operator.kind, self._parse_set())
        if operator.kind in {"=", "==", "!=", ">", "<"}:
            return _requirement(key, operator.kind, frozenset((self._parse_exact_value(),)))
        raise SelectorError(f"found '{operator.text}', expected: in, notin, =, ==, !=, gt, lt")

    def _parse_exact_value(self) -> str:
        if self._peek().kind in {"end", ","}:
            return ""
        token = self._next()
        if token.kind == _IDENTIFIER:
            return token.text
        raise SelectorError(f"found '{token.text}', expected: identifier")

    def _parse_set(self) -> frozenset[str]:
        token = self._next()
        if token.kind != "(":
            raise SelectorError(f"found '{token.text}' expected: '('")
        token = self._peek()
        if token.kind == ")":
            self._next()
            return frozenset()
        if token.kind not in {_IDENTIFIER, ","}:
            raise SelectorError(f"found '{token.text}', expected: ',', ')' or identifier")
        values = self._parse_identifiers()
        token = self._next()
        if token.kind != ")":
            raise SelectorError(f"found '{token.text}', expected: ')'")
        return values

    def _parse_identifiers(self) -> frozenset[str]:
        """The members of a set; a comma without a neighbour has the empty string."""
        values: set[str] = set()
        while True:
            token = self._next()
            if token.kind == _IDENTIFIER:
                values.add(token.text)
                token = self._peek()
                if token.kind == ")":
                    return frozenset(values)
                if token.kind != ",":
                    raise SelectorError(f"found '{token.text}', expected: ',' or ')'")
            elif token.kind == ",":
                if not values:
                    values.add("")
                token = self._peek()
                if token.kind == ")":
                    values.add("")
                    return frozenset(values)
                if token.kind == ",":
                    self._next()
                    values.add("")
            else:
                raise SelectorError(f"found '{token.text}', expected: ',', or identifier")


class FieldRequirement(NamedTuple):
    """One condition on one field; `operator` is `=` or `!=` (`==` reads as `=`), `value` is unescaped."""

    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.operator}{escape_field_value(self.value)}"


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """A conjunction of field requirements, in the order of their text. None at all matches everything."""

    requirements: tuple[FieldRequirement, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every object matches."""
        return not self.requirements

    @property
    def fields(self) -> frozenset[str]:
        """The fields that are asked about; whether a resource knows them is not decided here."""
        return frozenset(requirement.field for requirement in self.requirements)

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether an object with these values is meant; a field that is not among them has the value ""."""
        return all(
            (values.get(field, "") == value) == (operator == "=")
            for field, operator, value in self.requirements
        )

    def exact_value(self, field: str) -> str | None:
        """The one value that `field` must have, when the selector says so."""
        for requirement in self.requirements:
            if requirement.field == field and requirement.operator == "=":
                return requirement.value
        return None

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def field_selector(values: Mapping[str, str]) -> FieldSelector:
    """The selector of all objects whose fields have just these values."""
    return FieldSelector(tuple(FieldRequirement(field, "=", values[field]) for field in sorted(values)))


def escape_field_value(value: str) -> str:
    r"""`value` as it has to be written in a field selector: `\`, `,` and `=` get a backslash."""
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


_TERM: Final = re.compile(r"(?:\\.|[^\\,]|\\$)*", re.DOTALL)
_OPERATOR: Final = re.compile(r"!=|==?")


def parse_field_selector(text: str) -> FieldSelector:
    """Read the text of a `fieldSelector=` parameter, already percent-decoded.

    Empty terms are skipped, so a trailing comma does no harm. Terms are put in the order of their text.

    Raises:
        SelectorError: A term has no operator, or a value holds an unescaped special character.

    Source: Kubernetes API concepts, fields.ParseSelector
    """
    requirements: list[FieldRequirement] = []
    for term in sorted(_split_terms(text), key=lambda term: term.encode("utf-8", "surrogatepass")):
        if not term:
            continue
        match = _OPERATOR.search(term)
        if match is None:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        operator = "!=" if match.group() == "!=" else "="
        requirements.append(FieldRequirement(term[: match.start()], operator, _unescape(term[match.end() :])))
    return FieldSelector(tuple(requirements))


def _split_terms(text: str) -> list[str]:
    terms: list[str] = []
    position = 0
    while True:
        match = _TERM.match(text, position)
        end = match.end() if match is not None else len(text)
        terms.append(text[position:end])
        if end >= len(text):
            return terms
        position = end + 1


def _unescape(value: str) -> str:
    if not any(special in value for special in "\\,="):
        return value
    characters: list[str] = []
    pending = False
    for character in value:
        if pending:
            if character not in "\\,=":
                raise SelectorError(f"invalid field selector: invalid escape sequence: \\{character}")
            characters.append(character)
            pending = False
        elif character == "\\":
            pending = True
        elif character in ",=":
            raise SelectorError(f"invalid field selector: unescaped character in value: {ord(character)}")
        else:
            characters.append(character)
    if pending:
        raise SelectorError("invalid field selector: invalid escape sequence: \\")
    return "".join(characters)
