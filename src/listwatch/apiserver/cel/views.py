"""JSON values seen as values of expressions, converted where and when somebody looks.

In:    lists and mappings out of JSON, and what becomes of their parts
Out:   sequences and mappings
Next:  schema_types.py makes them, evaluator.py looks
Rules: pure; the JSON is never changed nor copied
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Convert = Callable[[Any], Any]


class ListView(Sequence[Any]):
    """A list whose items are converted one by one."""

    __slots__ = ("_convert", "_items")

    def __init__(self, items: Sequence[Any], convert: Convert) -> None:
        self._items = items
        self._convert = convert

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._convert(item) for item in self._items[index]]
        return self._convert(self._items[index])


class MapView(Mapping[str, Any]):
    """A map whose values are converted one by one."""

    __slots__ = ("_convert", "_items")

    def __init__(self, items: Mapping[str, Any], convert: Convert) -> None:
        self._items = items
        self._convert = convert

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __getitem__(self, key: str) -> Any:
        return self._convert(self._items[key])


class ObjectView(Mapping[str, Any]):
    """An object under its fields' escaped names; fields that have none are not there."""

    __slots__ = ("_converts", "_fields", "_names")

    def __init__(
        self, fields: Mapping[str, Any], names: Mapping[str, str], converts: Mapping[str, Convert]
    ) -> None:
        self._fields = fields
        self._names = names
        self._converts = converts

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        return (escaped for escaped, name in self._names.items() if name in self._fields)

    def __contains__(self, key: object) -> bool:
        name = self._names.get(key) if isinstance(key, str) else None
        return name is not None and name in self._fields

    def __getitem__(self, key: str) -> Any:
        value = self._fields[self._names[key]]
        convert = self._converts.get(key)
        return value if convert is None or value is None else convert(value)
