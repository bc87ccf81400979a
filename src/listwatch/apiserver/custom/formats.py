"""The formats of strings that kube-apiserver enforces; any other is taken for a remark.

In:    a format's name and a string
Out:   yes or no
Rules: pure; total on any string
Source: kube-openapi pkg/validation/strfmt; apiextensions-apiserver pkg/apiserver/validation/formats.go
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from listwatch.apimachinery import names
from listwatch.apiserver.wire.timestamps import TimestampError, parse_timestamp

Check = Callable[[str], bool]


def is_enforced(name: str) -> bool:
    """Whether a format is looked at. Dashes do not count: `date-time` is `datetime`."""
    return name.replace("-", "") in _CHECKS


def has_format(name: str, text: str) -> bool:
    """Whether `text` has the format; every text has one that is not enforced."""
    check = _CHECKS.get(name.replace("-", ""))
    return check is None or check(text)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _address(version: int, text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == version and "%" not in text
    except ValueError:
        return False


def _cidr(text: str) -> bool:
    address, slash, bits = text.partition("/")
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return (
        bool(slash) and bits.isdecimal() and (bits == "0" or not bits.startswith("0")) and "%" not in address
    )


def _uri(text: str) -> bool:
    if not text or any(ord(character) <= 32 or ord(character) == 127 for character in text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    # Go's ParseRequestURI: an absolute URI or an absolute path.
    return bool(parts.scheme) or text.startswith("/")


def _email(text: str) -> bool:
    address = text
    if (named := re.fullmatch(r"[^<>]*<([^<>]+)>", text)) is not None:
        address = named[1]
    atom = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    return _matches(rf"({atom}(\.{atom})*|\"[^\"\\\r\n]+\")@({atom}(\.{atom})*|\[[^\[\]\\]+\])", address)


def _hostname(text: str) -> bool:
    if not text or len(text) > 255:
        return False
    if not _matches(
        r"([A-Za-z0-9\u00a1-\uffff]([A-Za-z0-9\u00a1-\uffff-]*[A-Za-z0-9\u00a1-\uffff])?)"
        r"(\.[A-Za-z0-9\u00a1-\uffff]([A-Za-z0-9\u00a1-\uffff-]*[A-Za-z0-9\u00a1-\uffff])?)*\.?",
        text,
    ):
        return False
    return all(len(label) <= 63 for label in text.split("."))


def _mac(text: str) -> bool:
    pair = r"[0-9A-Fa-f]{2}"
    for separator in ":-":
        groups = text.split(separator)
        if len(groups) in {6, 8, 20} and all(_matches(pair, group) for group in groups):
            return True
    groups = text.split(".")
    return len(groups) in {3, 4, 10} and all(_matches(r"[0-9A-Fa-f]{4}", g) for g in groups)


_ANY_UUID: Final = r"(?i:[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})"


def _uuid(version: int, text: str) -> bool:
    if not _matches(_ANY_UUID, text):
        return False
    if not version:
        return True
    digits = uuid.UUID(text).hex
    return digits[12] == str(version) and (version == 3 or digits[16] in "89ab")


def _isbn10(text: str) -> bool:
    digits = text.replace("-", "").replace(" ", "")
    if not _matches(r"[0-9]{9}[0-9X]", digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum((index + 1) * value for index, value in enumerate(values)) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = text.replace("-", "").replace(" ", "")
    if not _matches(r"[0-9]{13}", digits):
        return False
    return sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits)) % 10 == 0


def _credit_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if not _matches(
        r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"
        r"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}",
        digits,
    ):
        return False
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _byte(text: str) -> bool:
    try:
        base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _date(text: str) -> bool:
    try:
        return _matches(r"\d{4}-\d{2}-\d{2}", text) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _datetime(text: str) -> bool:
    if len(text) < 4:
        return False
    try:
        parse_timestamp(text)
    except TimestampError:
        return False
    return True


_UNITS: Final = r"(ns|us|µs|μs|ms|s|m|h)"
_WORDS: Final = (
    r"(ns|nano|nanosecond|us|µs|micro|microsecond|ms|milli|millisecond|s|sec|second|m|min|minute|"
    r"h|hr|hour|d|day|w|wk|week)s?"
)


def _duration(text: str) -> bool:
    if text in {"0", "+0", "-0"}:
        return True
    if re.fullmatch(rf"[+-]?((\d+(\.\d*)?|\.\d+){_UNITS})+", text):
        return True
    return re.fullmatch(rf"((\d+)\s*{_WORDS}\s*)+", text) is not None


_RGB_PART: Final = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"
_CHECKS: Final[dict[str, Check]] = {
    "bsonobjectid": partial(_matches, r"[0-9A-Fa-f]{24}"),
    "uri": _uri,
    "email": _email,
    "hostname": _hostname,
    "ipv4": partial(_address, 4),
    "ipv6": partial(_address, 6),
    "cidr": _cidr,
    "mac": _mac,
    "uuid": partial(_uuid, 0),
    "uuid3": partial(_uuid, 3),
    "uuid4": partial(_uuid, 4),
    "uuid5": partial(_uuid, 5),
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": _credit_card,
    "ssn": partial(_matches, r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": partial(_matches, r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": partial(_matches, rf"rgb\({_RGB_PART},{_RGB_PART},{_RGB_PART}\)"),
    "byte": _byte,
    "password": lambda _: True,
    "date": _date,
    "duration": _duration,
    "datetime": _datetime,
    "k8sshortname": lambda text: not names.dns_label_problems(text),
    "k8slongname": lambda text: not names.dns_subdomain_problems(text),
}
