"""One step of a field's path, as managed fields write it: `f:spec`, `k:{"name":"a"}`, `v:"x"`, `i:0`.

In:    names of fields, keys and values of list items; elements that clients sent
Out:   elements in the one spelling that is compared; their order; how messages show them
Next:  field_sets.py
Rules: pure. Two elements are the same step exactly if they are the same text.
Source: structured-merge-diff pkg fieldpath (elements and their serialisation); FieldsV1 in the API reference
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.quote import go_quote

# What Go's JSON encoder escapes so that the text may stand in HTML.
_ESCAPED: Final = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)
_KINDS: Final = "fkvi"
_FIELD, _KEY, _VALUE, _INDEX = range(4)


class FieldSetError(ListWatchError):
    """A field set, or an object that should have one, is malformed. The message is the server's."""


def key_element(pairs: Sequence[tuple[str, Any]]) -> str:
    """The item of a list that has these fields; `pairs` in order of their names."""
    return "k:{" + ",".join(f"{_json(name)}:{_json(value)}" for name, value in pairs) + "}"


def value_element(value: Any) -> str:
    """The member of a set."""
    return "v:" + _json(value)


def canonical_element(text: str) -> str | None:
    """An element as a client wrote it, in our spelling; None for a kind that is not known, which is ignored.

    Raises:
        FieldSetError: It is no element.
    """
    if len(text) < 2:
        raise FieldSetError("key must be 2 characters long:")
    if text[1] != ":":
        raise FieldSetError(f"missing colon: {text}")
    kind, content = text[0], text[2:]
    if kind not in _KINDS:
        return None
    if kind == "f":
        return text
    try:
        value = int(content) if kind == "i" else json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FieldSetError(f"parsing key as path element: {text}") from error
    if kind == "i":
        return f"i:{value}"
    if kind == "v":
        return value_element(value)
    if not isinstance(value, dict):
        raise FieldSetError(f"parsing key as path element: {text}")
    return key_element(sorted(value.items()))


@lru_cache(maxsize=4096)
def element_order(element: str) -> tuple[Any, ...]:
    """What to sort elements by: fields by name, items by their keys, members by value, indices by number."""
    kind, content = element[0], element[2:]
    if kind == "f":
        return (_FIELD, content)
    if kind == "k":
        return (_KEY, tuple((name, *_value_order(value)) for name, value in json.loads(content).items()))
    if kind == "v":
        return (_VALUE, *_value_order(json.loads(content)))
    if kind == "i":
        return (_INDEX, int(content))
    return (-1, element)


@lru_cache(maxsize=4096)
def element_text(element: str) -> str:
    """How messages show the step: `.spec`, `[name="a"]`, `[="x"]`, `[0]`."""
    kind, content = element[0], element[2:]
    if kind == "f":
        return "." + content
    if kind == "k":
        return "[" + ",".join(f"{name}={_shown(value)}" for name, value in json.loads(content).items()) + "]"
    return f"[={_shown(json.loads(content))}]" if kind == "v" else f"[{content}]"


def _json(value: Any) -> str:
    if type(value) is str:
        text = encode_basestring(value)
    else:
        plain = int(value) if type(value) is float and value.is_integer() else value
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _ESCAPED:
        if character in text:
            text = text.replace(character, escape)
    return text


def _value_order(value: Any) -> tuple[int, Any]:
    match value:
        case bool():
            return (2, value)
        case int() | float():
            return (0, value)
        case str():
            return (1, value)
        case _:
            return (3, json.dumps(value, sort_keys=True))


def _shown(value: Any) -> str:
    match value:
        case str():
            return go_quote(value)
        case list():
            return "[" + ",".join(_shown(each) for each in value) + "]"
        case dict():
            return "".join(f"{name}={_shown(each)}" for name, each in value.items())
        case _:
            return json.dumps(value)
