"""Whether a value is what its JSON schema says: types, bounds, patterns, enumerations, and combinations of them.

In:    an object, pruned and with its defaults, and its schema as JSON; for an update also the stored object
Out:   every reason against it, with the paths and in the words of kube-apiserver
Next:  list_types.py and rules.py look for what no JSON schema can say
Rules: pure; total on any JSON. What did not change is not looked at again (ratcheting): an object that has become
       invalid, because its schema did, can still be changed elsewhere. Members are looked at in the schema's order,
       which kube-apiserver leaves to chance.
Source: kube-openapi pkg/validation; apiextensions-apiserver pkg/apiserver/validation; KEP-4008 (ratcheting)
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.custom import formats, patterns
from listwatch.apiserver.custom.list_types import freeze
from listwatch.apiserver.custom.structural import MISSING
from listwatch.apiserver.kinds.causes import Cause, Causes, shown
from listwatch.apiserver.kinds.maps import JSONObject, json_equal

NIL_PATH: Final = "<nil>"
_NUMBERS: Final = frozenset({"integer", "number"})


def validate_value(value: Any, schema: JSONObject, *, old: Any = MISSING) -> list[Cause]:
    """Every reason against a whole object.

    Args:
        value: The object.
        schema: As JSON; validated.
        old: The stored object, for an update: parts of `value` that are as they were are good.
    """
    run = _Run()
    run.check(value, schema, "", old)
    return list(run.causes)


class _Run:
    """One validation: its causes, and how many values it looked at."""

    __slots__ = ("causes", "visited")

    def __init__(self) -> None:
        self.causes = Causes()
        self.visited = 0

    def check(self, value: Any, schema: JSONObject, path: str, old: Any = MISSING) -> None:
        """Look at one value and all that is in it."""
        if old is not MISSING and json_equal(value, old):
            return
        self.visited += 1
        self._check_type(value, schema, path)
        if value is not None:
            self._check_combined(value, schema, path, old)
            match value:
                case str():
                    self._check_string(value, schema, path)
                case bool():
                    pass
                case int() | float():
                    self._check_number(value, schema, path)
                case list():
                    self._check_list(value, schema, path, old)
        self._check_enum(value, schema, path)
        if isinstance(value, dict):
            self._check_object(value, schema, path, old)

    def _check_type(self, value: Any, schema: JSONObject, path: str) -> None:
        wanted = _types(schema)
        name, own_format = _type_of(value)
        format_ = schema.get("format") or ""
        if value is None:
            if wanted and schema.get("nullable") is not True:
                self._invalid_type(path, ",".join(wanted), "null")
            return
        fits = name in wanted or (name == "number" and "integer" in wanted and float(value).is_integer())
        fits = fits or (name == "integer" and "number" in wanted)
        if wanted and not fits:
            if format_ and not isinstance(value, str | list):
                self._invalid_type(path, format_, own_format)
            elif not (format_ and isinstance(value, str | list) and not _NUMBERS & set(wanted)):
                self._invalid_type(path, ",".join(wanted), name)

    def _check_combined(self, value: Any, schema: JSONObject, path: str, old: Any) -> None:
        if any_of := schema.get("anyOf"):
            runs = self._alternatives(value, any_of, path, old)
            if all(run.causes for run in runs):
                self._composite(f"{go_quote(path)} must validate at least one schema (anyOf)")
                self.causes.extend(_best(runs))
        if one_of := schema.get("oneOf"):
            runs = self._alternatives(value, one_of, path, old)
            valid = sum(not run.causes for run in runs)
            if valid != 1:
                found = f"Found {valid} valid alternatives" if valid else "Found none valid"
                self._composite(f"{go_quote(path)} must validate one and only one schema (oneOf). {found}")
                if not valid:
                    self.causes.extend(_best(runs))
        if all_of := schema.get("allOf"):
            runs = self._alternatives(value, all_of, path, old)
            valid = sum(not run.causes for run in runs)
            for run in runs:
                self.causes.extend(run.causes)
            if valid != len(runs):
                more = "" if valid else ". None validated"
                self._composite(f"{go_quote(path)} must validate all the schemas (allOf){more}")
        if isinstance(forbidden := schema.get("not"), dict):
            (run,) = self._alternatives(value, [forbidden], path, old)
            if not run.causes:
                self._composite(f"{go_quote(path)} must not validate the schema (not)")

    def _alternatives(self, value: Any, schemas: list[JSONObject], path: str, old: Any) -> list[_Run]:
        runs = []
        for schema in schemas:
            run = _Run()
            run.check(value, schema, path, old)
            self.visited += run.visited
            runs.append(run)
        return runs

    def _check_string(self, value: str, schema: JSONObject, path: str) -> None:
        most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
        if most is not None and len(value) > most:
            self.causes.too_long(path or NIL_PATH, most)
        elif least is not None and len(value) < least:
            self._says(path, value, f"should be at least {least} chars long")
        elif pattern and not patterns.matches(pattern, value):
            self._says(path, value, f"should match '{pattern}'")
        format_ = schema.get("format") or ""
        if not formats.has_format(format_, value):
            self._invalid_type(path, format_, value)

    def _check_number(self, value: float, schema: JSONObject, path: str) -> None:
        factor, most, least = schema.get("multipleOf"), schema.get("maximum"), schema.get("minimum")
        if factor and not _is_multiple(value, factor):
            self._says(path, value, f"should be a multiple of {go_number(factor)}")
        if most is not None:
            if schema.get("exclusiveMaximum") is True:
                if value >= most:
                    self._says(path, value, f"should be less than {go_number(most)}")
            elif value > most:
                self._says(path, value, f"should be less than or equal to {go_number(most)}")
        if least is not None:
            if schema.get("exclusiveMinimum") is True:
                if value <= least:
                    self._says(path, value, f"should be greater than {go_number(least)}")
            elif value < least:
                self._says(path, value, f"should be greater than or equal to {go_number(least)}")

    def _check_list(self, value: list[Any], schema: JSONObject, path: str, old: Any) -> None:
        items = schema.get("items")
        if isinstance(items, dict):
            before = _Before(schema, old)
            for index, each in enumerate(value):
                self.check(each, items, f"{path}[{index}]", before.find(each))
        least, most = schema.get("minItems"), schema.get("maxItems")
        if least is not None and len(value) < least:
            self._says(path, len(value), f"should have at least {least} items")
        if most is not None and len(value) > most:
            self._too_many(path, len(value), most)

    def _check_enum(self, value: Any, schema: JSONObject, path: str) -> None:
        allowed = schema.get("enum")
        if allowed and not any(json_equal(value, each) for each in allowed):
            known = [each if isinstance(each, str) else shown(each) for each in allowed]
            self.causes.unsupported(path or NIL_PATH, value, known)

    def _check_object(self, value: JSONObject, schema: JSONObject, path: str, old: Any) -> None:
        least, most = schema.get("minProperties"), schema.get("maxProperties")
        if least is not None and len(value) < least:
            self._says(path, len(value), f"should have at least {least} properties")
            return
        if most is not None and len(value) > most:
            self._too_many(path, len(value), most)
            return
        before: JSONObject = old if isinstance(old, dict) else {}
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        if isinstance(additional, dict):
            for name in value:
                if name not in properties:
                    self.check(value[name], additional, _join(path, name), before.get(name, MISSING))
        for name, part in properties.items():
            if name in value:
                self.check(value[name], part, _join(path, name), before.get(name, MISSING))
        for name in schema.get("required") or ():
            if name not in value and "default" not in properties.get(name, {}):
                self.causes.required(_join(path, name))

    def _says(self, path: str, value: Any, problem: str) -> None:
        self.causes.invalid(path or NIL_PATH, value, f"{path} in body {problem}")

    def _too_many(self, path: str, actual: int, most: int) -> None:
        message = f"Too many: {actual}: must have at most {most} items"
        self.causes.append(Cause("FieldValueTooMany", path or NIL_PATH, message))

    def _invalid_type(self, path: str, wanted: str, given: str) -> None:
        message = f"{path} in body must be of type {wanted}: {go_quote(given)}"
        cause = Cause("FieldValueTypeInvalid", path or NIL_PATH, f"Invalid value: {shown(given)}: {message}")
        self.causes.append(cause)

    def _composite(self, message: str) -> None:
        self.causes.invalid(NIL_PATH, "", message)


def _best(runs: list[_Run]) -> Causes:
    """The causes of the alternative that came furthest, the first of several."""
    return max(runs, key=lambda run: run.visited).causes


def _types(schema: JSONObject) -> list[str]:
    if schema.get("x-kubernetes-int-or-string") is True:
        return ["integer", "string"]
    given = schema.get("type")
    return [given] if isinstance(given, str) and given else []


def _type_of(value: Any) -> tuple[str, str]:
    """The JSON type of a value, and the format that Go gives such numbers."""
    match value:
        case bool():
            return "boolean", ""
        case int():
            return "integer", "int64"
        case float():
            return "number", "double"
        case str():
            return "string", ""
        case list():
            return "array", ""
        case None:
            return "null", "null"
        case _:
            return "object", ""


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int) and isinstance(factor, int):
        return value % factor == 0
    quotient = value / factor
    if not math.isfinite(quotient):
        return False
    return abs(quotient - round(quotient)) < 1e-9 * max(1.0, abs(quotient))


def go_number(value: float) -> str:
    """A bound as Go's `%v` shows a float64."""
    if float(value).is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(float(value))
    mantissa, marker, exponent = text.partition("e")
    return f"{mantissa.removesuffix('.0')}e{exponent}" if marker else text


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


class _Before:
    """What the items of a list were: in a map those with the same keys; other lists have no memory."""

    __slots__ = ("_by_key", "_keys")

    def __init__(self, schema: JSONObject, old: Any) -> None:
        self._by_key: dict[Hashable, Any] = {}
        self._keys: list[str] = []
        if schema.get("x-kubernetes-list-type") == "map" and isinstance(old, list):
            self._keys = schema.get("x-kubernetes-list-map-keys") or []
            for each in old:
                if isinstance(each, dict):
                    self._by_key[self._key(each)] = each

    def find(self, item: Any) -> Any:
        """What `item` was, or MISSING."""
        if not self._keys or not isinstance(item, dict):
            return MISSING
        return self._by_key.get(self._key(item), MISSING)

    def _key(self, item: JSONObject) -> Hashable:
        return tuple(freeze(item.get(key)) for key in self._keys)
