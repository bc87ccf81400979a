"""Functions that Kubernetes adds: patterns, quantities, versions, names of formats, patches.

In:    values
Out:   values
Next:  overloads.py
Rules: pure
Source: Kubernetes docs, "Kubernetes regex library", "quantity library", "semver library", "format library"
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from listwatch.apiserver.cel.errors import EvaluationError
from listwatch.apiserver.cel.overloads import OPAQUE_NAMES, declare_all
from listwatch.apiserver.cel.regex import find, find_all
from listwatch.apiserver.cel.times import parse_timestamp
from listwatch.apiserver.cel.values import INT_MAX, INT_MIN, NONE, Opaque, Optional, checked_int
from listwatch.apiserver.kinds.quantity import QuantityError, quantity_value

_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SEMVER: Final = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?",
    re.ASCII,
)
_DNS_1123: Final = "a lowercase RFC 1123"


def _quantity(text: str) -> Opaque:
    try:
        return Opaque(OPAQUE_NAMES["Quantity"], quantity_value(text))
    except QuantityError as error:
        raise EvaluationError(str(error)) from None


def _holds(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except EvaluationError:
            return False
        return True

    return holds


def _same_quantity(left: Decimal) -> Opaque:
    return Opaque(OPAQUE_NAMES["Quantity"], left)


def _plus(left: Opaque, right: Any) -> Opaque:
    return _same_quantity(left.value + _amount(right))


def _minus(left: Opaque, right: Any) -> Opaque:
    return _same_quantity(left.value - _amount(right))


def _amount(value: Any) -> Decimal:
    return value.value if isinstance(value, Opaque) else Decimal(value)


def _as_integer(quantity: Opaque) -> int:
    if not _is_integer(quantity):
        raise EvaluationError("cannot convert value to integer")
    return checked_int(int(quantity.value))


def _is_integer(quantity: Opaque) -> bool:
    value = quantity.value
    return bool(value == value.to_integral_value() and INT_MIN <= value <= INT_MAX)


def _compare(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _semver(text: str, normalize: bool = False) -> Opaque:
    shown = text
    if normalize:
        core, mark, rest = re.match(r"v?([^-+]*)([-+]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        parts = [part.lstrip("0") or "0" if part else part for part in core.split(".")]
        parts += ["0"] * (3 - len(parts))
        shown = ".".join(parts) + mark + rest
    match = _SEMVER.fullmatch(shown)
    if match is None:
        raise EvaluationError(f'invalid semver "{text}"')
    release = tuple(int(match[index]) for index in (1, 2, 3))
    before = tuple(_pre_release(part) for part in match[4].split(".")) if match[4] else ()
    return Opaque(OPAQUE_NAMES["Semver"], (release, not before, before))


def _pre_release(part: str) -> tuple[int, int, str]:
    if part.isdigit():
        if len(part) > 1 and part.startswith("0"):
            raise EvaluationError(f'invalid semver pre-release "{part}"')
        return (0, int(part), "")
    if not part:
        raise EvaluationError("Prerelease is empty")
    return (1, 0, part)


def _pattern(
    pattern: str, limit: int, message: str, *, longest_message: bool = True
) -> Callable[[str], list[str]]:
    regex = re.compile(pattern, re.ASCII)

    def check(text: str) -> list[str]:
        problems = [f"must be no more than {limit} bytes"] if longest_message and len(text) > limit else []
        return problems if regex.fullmatch(text) else [*problems, message]

    return check


def _subdomain_message(what: str, example: str, regex: str) -> str:
    return f"{what} (e.g. '{example}', regex used for validation is '{regex}')"


_NAME_CHARACTERS: Final = "must consist of lower case alphanumeric characters"
_ALPHANUMERIC_ENDS: Final = "must start and end with an alphanumeric character"


def _uri(text: str) -> list[str]:
    from listwatch.apiserver.cel.functions_network import parse_url  # noqa: PLC0415 - which needs the formats' kin

    return _reported(parse_url, text)


def _reported(read: Callable[[str], Any], text: str) -> list[str]:
    try:
        read(text)
    except EvaluationError as error:
        return [str(error)]
    return []


def _byte(text: str) -> list[str]:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ["invalid base64"]
    return []


def _date(text: str) -> list[str]:
    return _reported(lambda value: parse_timestamp(f"{value}T00:00:00Z"), text)


_LABEL_CHECK: Final = _pattern(
    _LABEL,
    63,
    f"{_DNS_1123} label {_NAME_CHARACTERS} or '-', and "
    + _subdomain_message(_ALPHANUMERIC_ENDS, "my-name", "[a-z0-9]([-a-z0-9]*[a-z0-9])?").replace(
        "(e.g. 'my-name', ", "(e.g. 'my-name',  or '123-abc', "
    ),
)
_SUBDOMAIN_CHECK: Final = _pattern(
    rf"{_LABEL}(?:\.{_LABEL})*",
    253,
    f"{_DNS_1123} subdomain {_NAME_CHARACTERS}, '-' or '.', and "
    + _subdomain_message(
        _ALPHANUMERIC_ENDS,
        "example.com",
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    ),
)
_DNS_1035_CHECK: Final = _pattern(
    r"[a-z](?:[-a-z0-9]*[a-z0-9])?",
    63,
    f"a DNS-1035 label {_NAME_CHARACTERS} or '-', start with an alphabetic character, and end with an alphanumeric "
    "character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
)
_QUALIFIED_CHECK: Final = _pattern(
    rf"(?:{_LABEL}(?:\.{_LABEL})*/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?",
    317,
    "name part must consist of alphanumeric characters, '-', '_' or '.', and "
    + _subdomain_message(_ALPHANUMERIC_ENDS, "MyName", "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]").replace(
        "(e.g. 'MyName', ", "(e.g. 'MyName',  or 'my.name',  or '123-abc', "
    ),
    longest_message=False,
)
_LABEL_VALUE_CHECK: Final = _pattern(
    r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?",
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
    + _subdomain_message(
        _ALPHANUMERIC_ENDS, "MyValue", "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
    ).replace("(e.g. 'MyValue', ", "(e.g. 'MyValue',  or 'my_value',  or '12345', "),
)
_UUID_CHECK: Final = _pattern(
    r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", 40, "does not match the UUID format"
)


def _without_dash(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """A prefix of names may end with a dash, since something follows it."""
    return lambda text: check(f"{text[:-1]}a" if text.endswith("-") else text)


_FORMATS: Final[dict[str, Callable[[str], list[str]]]] = {
    "dns1123Label": _LABEL_CHECK,
    "dns1123Subdomain": _SUBDOMAIN_CHECK,
    "dns1035Label": _DNS_1035_CHECK,
    "qualifiedName": _QUALIFIED_CHECK,
    "dns1123LabelPrefix": _without_dash(_LABEL_CHECK),
    "dns1123SubdomainPrefix": _without_dash(_SUBDOMAIN_CHECK),
    "dns1035LabelPrefix": _without_dash(_DNS_1035_CHECK),
    "labelValue": _LABEL_VALUE_CHECK,
    "uri": _uri,
    "uuid": _UUID_CHECK,
    "byte": _byte,
    "date": _date,
    "datetime": lambda text: _reported(parse_timestamp, text),
}


def _format_value(name: str) -> Opaque:
    return Opaque(OPAQUE_NAMES["Format"], name)


def _named(name: str) -> Optional:
    return Optional(_format_value(name)) if name in _FORMATS else NONE


def _validate(named: Opaque, text: str) -> Optional:
    problems = _FORMATS[named.value](text)
    return Optional(problems) if problems else NONE


def _json_pointer_part(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


def _constant(name: str) -> Callable[[], Opaque]:
    return lambda: _format_value(name)


declare_all(
    {
        "string.find(string) -> string": find,
        "string.findAll(string) -> list<string>": find_all,
        "string.findAll(string, int) -> list<string>": find_all,
        "quantity(string) -> Quantity": _quantity,
        "isQuantity(string) -> bool": _holds(_quantity),
        "Quantity.isInteger() -> bool": _is_integer,
        "Quantity.asInteger() -> int": _as_integer,
        "Quantity.asApproximateFloat() -> double": lambda quantity: float(quantity.value),
        "Quantity.sign() -> int": lambda quantity: _compare(quantity.value, 0),
        "Quantity.isGreaterThan(Quantity) -> bool": lambda left, right: left.value > right.value,
        "Quantity.isLessThan(Quantity) -> bool": lambda left, right: left.value < right.value,
        "Quantity.compareTo(Quantity) -> int": lambda left, right: _compare(left.value, right.value),
        "Quantity.add(Quantity) -> Quantity": _plus,
        "Quantity.add(int) -> Quantity": _plus,
        "Quantity.sub(Quantity) -> Quantity": _minus,
        "Quantity.sub(int) -> Quantity": _minus,
        "semver(string) -> Semver": _semver,
        "semver(string, bool) -> Semver": _semver,
        "isSemver(string) -> bool": _holds(_semver),
        "isSemver(string, bool) -> bool": lambda text, normalize: _holds(
            lambda value: _semver(value, normalize)
        )(text),
        "Semver.major() -> int": lambda version: version.value[0][0],
        "Semver.minor() -> int": lambda version: version.value[0][1],
        "Semver.patch() -> int": lambda version: version.value[0][2],
        "Semver.isGreaterThan(Semver) -> bool": lambda left, right: left.value > right.value,
        "Semver.isLessThan(Semver) -> bool": lambda left, right: left.value < right.value,
        "Semver.compareTo(Semver) -> int": lambda left, right: _compare(left.value, right.value),
        "format.named(string) -> optional<Format>": _named,
        "Format.validate(string) -> optional<list<string>>": _validate,
        "jsonpatch.escapeKey(string) -> string": _json_pointer_part,
        **{f"format.{name}() -> Format": _constant(name) for name in _FORMATS},
    }
)
