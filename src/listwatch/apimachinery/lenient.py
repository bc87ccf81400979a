"""Reading what a real server sends where a strict reader would refuse.

Go's decoder takes a null for "not set" anywhere, and servers do send nulls. A strict decoder is three times
as fast, so it goes first; only what it refuses comes here.

Rules: pure; nothing is guessed: a null becomes what Go makes of it (absent, or the empty value inside a list or
map; a time has no empty value and is left out), a whole number written as 3.0 an integer, a number where text
belongs its text. The rest stays an error.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for bytes that it cannot make anything of: no JSON, no UTF-8, nested too deeply."""


def lenient_decode(raw: bytes, kind: Any) -> Any:
    """Decode `raw` as `kind`, reading nulls as Go does.

    Raises:
        msgspec.DecodeError: Not JSON.
        msgspec.ValidationError: JSON, but not that kind; the message tells the place.
    """
    return msgspec.convert(_fit(msgspec.json.decode(raw), _type_info(kind)), kind, dec_hook=decode_hook)


def decode_hook(kind: type, value: Any) -> Any:
    """Types of ours that msgspec does not know read themselves from text (see meta_v1.MicroTime)."""
    parse = getattr(kind, "from_wire", None)
    if parse is None:
        raise NotImplementedError(f"{kind!r} cannot be read from JSON")
    return parse(value)


def encode_hook(value: Any) -> Any:
    """The counterpart of `decode_hook`."""
    to_wire = getattr(value, "to_wire", None)
    if to_wire is None:
        raise NotImplementedError(f"objects of type {type(value).__name__} have no JSON form")
    return to_wire()


@lru_cache(maxsize=1024)
def _type_info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _fit(value: Any, info: inspect.Type) -> Any:
    match info:
        case inspect.UnionType():
            return _fit_union(value, info)
        case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType():
            return _fit_fields(value, info) if isinstance(value, dict) else {} if value is None else value
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            if isinstance(value, list):
                return [_fit(item, info.item_type) for item in value]
            return [] if value is None else value
        case inspect.DictType():
            return _fit_dict(value, info) if isinstance(value, dict) else {} if value is None else value
        case inspect.StrType() | inspect.BytesType():
            return "" if value is None else str(value) if _is_number(value) else value
        case inspect.IntType():
            whole = isinstance(value, float) and value.is_integer()
            return 0 if value is None else int(value) if whole else value
        case inspect.FloatType():
            return 0.0 if value is None else value
        case inspect.BoolType():
            return False if value is None else value
        case _:
            return value


def _fit_union(value: Any, info: inspect.UnionType) -> Any:
    if value is None and info.includes_none:
        return None
    fits = [each for each in info.types if not isinstance(each, inspect.NoneType)]
    return _fit(value, fits[0]) if len(fits) == 1 else value


def _fit_dict(value: dict[str, Any], info: inspect.DictType) -> dict[str, Any]:
    no_empty_value = isinstance(info.value_type, inspect.DateTimeType)
    return {
        key: _fit(item, info.value_type)
        for key, item in value.items()
        if not (item is None and no_empty_value)
    }


def _fit_fields(
    value: dict[str, Any], info: inspect.StructType | inspect.DataclassType | inspect.TypedDictType
) -> dict[str, Any]:
    fields = {each.encode_name: each.type for each in info.fields}
    return {key: _fit(item, fields[key]) for key, item in value.items() if key in fields and item is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
