"""Amounts of a resource, such as `500m` or `1Gi`, in the one form in which the server writes them.

In:    a quantity as a client wrote it, text or number
Out:   its canonical text, or its value
Next:  apiserver/kinds/schema.py (decoding), apiserver/kinds/validation_pods.py (comparing), printing/printers.py
Rules: pure; values are exact; what is no quantity gives `QuantityError`
Source: Kubernetes API reference, "Quantity"; apimachinery pkg/api/resource for the rounding (up, to nano)
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from typing import Final

_PATTERN: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,18})")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_BY_EXPONENT: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_NANO: Final = Decimal("1e-9")
_CEILING: Final = Decimal(2**63 - 1)
_LARGEST_EXPONENT: Final = 40


class QuantityError(ValueError):
    """The text is no quantity; the message is the API server's."""


def _bad_format() -> QuantityError:
    return QuantityError(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )


def _read(text: str) -> tuple[Decimal, str]:
    """The value, capped and rounded as the server does it, and the suffix it was written with."""
    match = _PATTERN.fullmatch(text)
    if match is None or not (match.group(2) or match.group(3)):
        raise _bad_format()
    sign, whole, fraction, suffix = match.groups()
    with localcontext() as context:
        context.prec = 200
        value = Decimal(f"{whole or '0'}.{(fraction or '0')[:60]}")
        if suffix in _BINARY:
            value *= 2 ** _BINARY[suffix]
        elif suffix in _DECIMAL:
            value = value.scaleb(_DECIMAL[suffix])
        else:
            exponent = int(suffix[1:12])  # with more digits than these it is out of bounds in any case
            if abs(exponent) > _LARGEST_EXPONENT:
                exponent = _LARGEST_EXPONENT if exponent > 0 else -_LARGEST_EXPONENT
            value = value.scaleb(exponent)
        value = min(min(value, _CEILING).quantize(_NANO, rounding="ROUND_UP"), _CEILING)
    return (-value if sign == "-" else value), suffix


def quantity_value(text: str | int | float) -> Decimal:
    """The exact value of a quantity.

    Raises:
        QuantityError: `text` is no quantity.
    """
    return _read(text if isinstance(text, str) else repr(text))[0]


def canonical_quantity(text: str | int | float) -> str:
    """The text in which the server gives a quantity back: no fraction, the largest suffix that allows it.

    The family of the suffix stays: binary (`Ki`), decimal (`k`), or exponent (`e3`). Binary amounts below
    1024 and fractions of them are written decimally.

    Raises:
        QuantityError: `text` is no quantity.
    """
    value, suffix = _read(text.strip() if isinstance(text, str) else repr(text))
    if not value:
        return "0"
    if suffix in _BINARY and value == value.to_integral_value() and abs(value) >= 2**10:
        return _binary(int(value))
    return _decimal(value, exponent_style=suffix[:1] in {"e", "E"} and suffix != "E")


def _binary(value: int) -> str:
    chosen = ""
    for suffix, bits in _BINARY.items():
        if value % (1 << bits):
            break
        chosen = suffix
    return f"{value >> _BINARY[chosen]}{chosen}" if chosen else str(value)


def _decimal(value: Decimal, *, exponent_style: bool) -> str:
    with localcontext() as context:
        context.prec = 200
        nanos = int(value.scaleb(9))
        exponent = -9
        while exponent < _DECIMAL["E"] and nanos % 1000 == 0:
            nanos //= 1000
            exponent += 3
    if exponent_style:
        return f"{nanos}e{exponent}" if exponent else str(nanos)
    return f"{nanos}{_DECIMAL_BY_EXPONENT[exponent]}"
