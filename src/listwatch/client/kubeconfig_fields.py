"""The maps of a kubeconfig, read field by field: the right type, or a problem that says where.

In:    what YAML made of a file (from client/kubeconfig.py)
Out:   strings, booleans, bytes, lists (to client/kubeconfig_entries.py), and a list of problems
Next:  client/kubeconfig_entries.py
Rules: pure; absent and null are the same; a problem names file, entry and field and never quotes a value
Source: client-go clientcmd/api/v1; differs: all problems are told, where its decoder stops at the first
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from listwatch.client.exec_credential import decode_base64


class Fields:
    """One map and where it stands.

    Args:
        value: The map. Keys that nobody asks for are ignored, as clientcmd does.
        where: File and entry: `/home/me/.kube/config: users["dev"]`.
        problems: Where to add what is wrong. A reading that fails gives the same as an absent field.
    """

    __slots__ = ("_problems", "_separator", "_value", "where")

    def __init__(
        self, value: Mapping[Any, Any], *, where: str, problems: list[str], separator: str = "."
    ) -> None:
        self._value = value
        self._problems = problems
        self._separator = separator
        self.where = where

    def at(self, name: str) -> str:
        """Where the field stands, for a message."""
        return f"{self.where}{self._separator}{name}"

    def add(self, name: str, problem: str) -> None:
        """Tell that something is wrong with a field."""
        self._problems.append(f"{self.at(name)}: {problem}")

    def raw(self, name: str) -> Any:
        """The field's value, whatever it is."""
        return self._value.get(name)

    def text(self, name: str) -> str:
        """A string, "" if absent."""
        return self._as_text(self._value.get(name), name)

    def flag(self, name: str) -> bool:
        """A boolean, False if absent."""
        value = self._value.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.add(name, f"is {kind_of(value)} where true or false belongs")
        return False

    def data(self, name: str) -> bytes | None:
        """Bytes in base64, None if absent or empty."""
        try:
            return decode_base64(self.text(name)) or None
        except ValueError as error:
            self.add(name, str(error))
            return None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, () if absent."""
        return tuple(self._as_text(each, f"{name}[{index}]") for index, each in enumerate(self._list(name)))

    def text_lists(self, name: str) -> dict[str, tuple[str, ...]]:
        """A map from strings to lists of strings, {} if absent."""
        inner = self.inner(name)
        return {} if inner is None else {key: inner.texts(key) for key in inner.names()}

    def names(self) -> Iterator[str]:
        """The names of the fields that are there; one that is no string is a problem."""
        for key in self._value:
            if isinstance(key, str):
                yield key
            else:
                self._problems.append(
                    f"{self.where}: a key is {kind_of(key)} where a string belongs; put it in quotes"
                )

    def inner(self, name: str) -> Fields | None:
        """A map inside this one, None if absent."""
        value = self._value.get(name)
        return None if value is None else self._as_map(value, name)

    def entries(self, name: str) -> list[Fields]:
        """A list of maps, [] if absent."""
        found = [self._as_map(each, f"{name}[{index}]") for index, each in enumerate(self._list(name))]
        return [each for each in found if each is not None]

    def _list(self, name: str) -> list[Any]:
        value = self._value.get(name)
        if value is None or isinstance(value, list):
            return value or []
        self.add(name, f"is {kind_of(value)} where a list belongs")
        return []

    def _as_map(self, value: Any, name: str) -> Fields | None:
        if isinstance(value, dict):
            return Fields(value, where=self.at(name), problems=self._problems)
        self.add(name, f"is {kind_of(value)} where a map belongs")
        return None

    def _as_text(self, value: Any, name: str) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        quotes = "; put it in quotes" if isinstance(value, (bool, int, float)) else ""
        self.add(name, f"is {kind_of(value)} where a string belongs{quotes}")
        return ""


def kind_of(value: object) -> str:
    """What a value is, in the words of the file's author."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    names = (
        (str, "text"),
        ((int, float), "a number"),
        (dict, "a map"),
        (list, "a list"),
        (bytes, "binary data"),
    )
    return next((name for types, name in names if isinstance(value, types)), "something else")
