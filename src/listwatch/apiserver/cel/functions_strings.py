"""Functions on strings.

In:    values
Out:   values
Next:  overloads.py
Rules: pure; positions count code points; what makes a text much longer than its parts is refused
Source: cel-go ext/strings.go (version 3), ext/formatting.go
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from listwatch.apiserver.cel.errors import BudgetError, EvaluationError
from listwatch.apiserver.cel.functions_operators import double_text, to_string
from listwatch.apiserver.cel.overloads import declare_all
from listwatch.apiserver.cel.values import TypeValue, is_number, tag

_LONGEST: Final = 10_000_000
_ESCAPES: Final = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_BLANKS: Final = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise EvaluationError(f"index out of range: {index}")
    return text[index : index + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if not part:
        return start
    if not 0 <= start < max(len(text), 1):
        raise EvaluationError(f"index out of range: {start}")
    return text.find(part, start)


def _last_index_of(text: str, part: str, last: int | None = None) -> int:
    if not part:
        return len(text) if last is None else last
    if last is None:
        return text.rfind(part)
    if not 0 <= last < max(len(text), 1):
        raise EvaluationError(f"index out of range: {last}")
    return text.rfind(part, 0, last + len(part))


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    if count == 0:
        return text
    times = text.count(old) if count < 0 else min(text.count(old), count)
    if len(text) + times * len(new) > _LONGEST:
        raise BudgetError
    return text.replace(old, new, max(count, -1))


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if not separator:
        parts = list(text)
        return (
            parts if limit < 0 or len(parts) <= limit else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
        )
    return text.split(separator, -1 if limit < 0 else limit - 1)


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    if not 0 <= stop <= len(text):
        raise EvaluationError(f"index out of range: {stop}")
    if start > stop:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def _join(parts: Sequence[Any], separator: str = "") -> str:
    if not all(isinstance(part, str) for part in parts):
        raise EvaluationError("no such overload")
    if len(parts) * len(separator) > _LONGEST:
        raise BudgetError
    return separator.join(parts)


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _format(pattern: str, args: Sequence[Any]) -> str:
    made: list[str] = []
    position = used = 0
    while (percent := pattern.find("%", position)) >= 0:
        made.append(pattern[position:percent])
        clause = pattern[percent + 1 : percent + 2]
        position = percent + 2
        if clause == "%":
            made.append("%")
            continue
        precision = 6
        if clause == ".":
            digits = position
            while pattern[digits : digits + 1].isdigit():
                digits += 1
            if digits == position or digits - position > 3:
                raise EvaluationError("could not parse formatting clause: error while parsing precision")
            precision, clause, position = (
                int(pattern[position:digits]),
                pattern[digits : digits + 1],
                digits + 1,
            )
        if used >= len(args):
            raise EvaluationError(f"index {used} out of range")
        made.append(_formatted(clause, args[used], precision))
        used += 1
    made.append(pattern[position:])
    if sum(map(len, made)) > _LONGEST:
        raise BudgetError
    return "".join(made)


def _formatted(clause: str, value: Any, precision: int) -> str:
    match clause:
        case "s":
            return _plain_text(value)
        case "d":
            if type(value) is float and not math.isfinite(value):
                return _infinite(value)
            if is_number(value) and not isinstance(value, float):
                return str(int(value))
            raise _bad_clause("decimal clause can only be used on integers", value)
        case "f" | "e":
            if not is_number(value):
                raise _bad_clause(
                    f"{'fixed-point' if clause == 'f' else 'scientific notation'} clause can only be used on doubles",
                    value,
                )
            return f"{value:.{precision}{clause}}" if math.isfinite(value) else _infinite(value)
        case "b" if isinstance(value, bool) or (is_number(value) and not isinstance(value, float)):
            return f"{int(value):b}"
        case "o" if is_number(value) and not isinstance(value, float):
            return f"{value:o}"
        case "x" | "X" if isinstance(value, str | bytes):
            shown = (value.encode() if isinstance(value, str) else value).hex()
            return shown.upper() if clause == "X" else shown
        case "x" | "X" if is_number(value) and not isinstance(value, float):
            return f"{value:{clause}}"
        case "b" | "o" | "x" | "X":
            raise _bad_clause("only integers, byte buffers, and strings can be formatted as hex", value)
    raise EvaluationError(f'could not parse formatting clause: unrecognized formatting clause "{clause}"')


def _bad_clause(why: str, value: Any) -> EvaluationError:
    return EvaluationError(f"error during formatting: {why}, was given {tag(value)}")


def _infinite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _plain_text(value: Any) -> str:
    kind = tag(value)
    match kind:
        case "list":
            return f"[{', '.join(map(_plain_text, value))}]"
        case "map":
            pairs = sorted((_plain_text(key), _plain_text(item)) for key, item in value.items())
            return f"{{{', '.join(f'{key}: {item}' for key, item in pairs)}}}"
        case "null":
            return "null"
        case "type":
            return value.name if isinstance(value, TypeValue) else ""
        case "double":
            return double_text(value) if math.isfinite(value) else _infinite(value)
        case "string" | "bool" | "int" | "uint" | "bytes" | "timestamp" | "duration":
            return to_string(value)
    raise EvaluationError(f"error during formatting: string clause cannot be used on {kind}")


def _strip(text: str) -> str:
    return text.strip(_BLANKS)


declare_all(
    {
        "string.charAt(int) -> string": _char_at,
        "string.contains(string) -> bool": lambda text, part: part in text,
        "string.startsWith(string) -> bool": lambda text, part: text.startswith(part),
        "string.endsWith(string) -> bool": lambda text, part: text.endswith(part),
        "string.indexOf(string) -> int": _index_of,
        "string.indexOf(string, int) -> int": _index_of,
        "string.lastIndexOf(string) -> int": _last_index_of,
        "string.lastIndexOf(string, int) -> int": _last_index_of,
        "string.lowerAscii() -> string": lambda text: text.translate(_LOWER),
        "string.upperAscii() -> string": lambda text: text.translate(_UPPER),
        "string.replace(string, string) -> string": _replace,
        "string.replace(string, string, int) -> string": _replace,
        "string.split(string) -> list<string>": _split,
        "string.split(string, int) -> list<string>": _split,
        "string.substring(int) -> string": _substring,
        "string.substring(int, int) -> string": _substring,
        "string.trim() -> string": _strip,
        "string.reverse() -> string": lambda text: text[::-1],
        "list<string>.join() -> string": _join,
        "list<string>.join(string) -> string": _join,
        "strings.quote(string) -> string": _quote,
        "string.format(list<dyn>) -> string": _format,
    }
)
