"""What is wrong with an object, field by field, in the API server's words.

In:    the path of a field, its value, and the rule that it breaks
Out:   `Cause`s, collected in the order in which they were found
Next:  apiserver/wire/statuses.py (`invalid`) makes the 422 of them
Rules: pure
Source: apimachinery pkg/util/validation/field
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.kinds.maps import JSONObject, json_equal, peek

IMMUTABLE = "field is immutable"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why an object is refused: a `metav1.CauseType`, the field's path, what is wrong."""

    reason: str
    field: str
    message: str


def shown(value: object) -> str:
    """A bad value as messages show it: text quoted, anything that is not a scalar as JSON."""
    if isinstance(value, str):
        return go_quote(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Causes(list[Cause]):
    """A list that knows the sentence of each kind of cause."""

    def required(self, field: str, detail: str = "") -> None:
        """There has to be something."""
        self._add("FieldValueRequired", field, "Required value", detail)

    def invalid(self, field: str, value: Any, detail: str) -> None:
        """What is there breaks a rule."""
        self._add("FieldValueInvalid", field, f"Invalid value: {shown(value)}", detail)

    def unsupported(self, field: str, value: Any, supported: Iterable[str]) -> None:
        """What is there is none of those that are possible."""
        known = ", ".join(go_quote(each) for each in supported)
        detail = f"supported values: {known}"
        self._add("FieldValueNotSupported", field, f"Unsupported value: {shown(value)}", detail)

    def forbidden(self, field: str, detail: str) -> None:
        """Nothing may be there, or what is there may not change."""
        self._add("FieldValueForbidden", field, "Forbidden", detail)

    def duplicate(self, field: str, value: Any) -> None:
        """The same is there twice."""
        self._add("FieldValueDuplicate", field, f"Duplicate value: {shown(value)}", "")

    def not_found(self, field: str, value: Any) -> None:
        """What is referred to is not there."""
        self._add("FieldValueNotFound", field, f"Not found: {shown(value)}", "")

    def too_long(self, field: str, limit: int) -> None:
        """More bytes than may be."""
        unit = "byte" if limit == 1 else "bytes"
        self._add("FieldValueTooLong", field, "Too long", f"may not be more than {limit} {unit}")

    def all_invalid(self, field: str, value: Any, problems: Iterable[str]) -> None:
        """One cause for each of the problems with a value."""
        for problem in problems:
            self.invalid(field, value, problem)

    def not_negative(self, field: str, value: object) -> None:
        """A number below zero is refused; anything but a number is left to others."""
        if isinstance(value, int) and not isinstance(value, bool) and value < 0:
            self.invalid(field, value, "must be greater than or equal to 0")

    def _add(self, reason: str, field: str, what: str, detail: str) -> None:
        self.append(Cause(reason, field, f"{what}: {detail}" if detail else what))


def immutable(causes: Causes, new: JSONObject, old: JSONObject, *paths: str) -> None:
    """A cause for each of these fields whose value has changed."""
    for path in paths:
        *parents, name = path.split(".")
        value = peek(new, *parents).get(name)
        if not json_equal(value, peek(old, *parents).get(name)):
            causes.invalid(path, value, IMMUTABLE)


def port_problems(port: object) -> list[str]:
    """What keeps a value from being the number of a port."""
    if isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535:
        return []
    return ["must be between 1 and 65535, inclusive"]
