"""Steps into decoded JSON that never fail, whatever stands there.

Rules: pure but for `child`, which adds what it steps into; total on any JSON
"""

from __future__ import annotations

from typing import Any

JSONObject = dict[str, Any]


def child(parent: JSONObject, name: str) -> JSONObject:
    """The object at `name`, added if it is not there. What is no object is left, and an unbound one given."""
    value = parent.setdefault(name, {})
    if value is None:
        value = parent[name] = {}
    return value if isinstance(value, dict) else {}


def peek(parent: Any, *path: str) -> JSONObject:
    """The object at `path`, or an empty one that is bound to nothing."""
    for name in path:
        parent = parent.get(name) if isinstance(parent, dict) else None
    return parent if isinstance(parent, dict) else {}


def items(parent: Any, *path: str) -> list[Any]:
    """The list at `path`, or an empty one."""
    value = peek(parent, *path[:-1]).get(path[-1])
    return value if isinstance(value, list) else []


def maps(parent: Any, *path: str) -> list[JSONObject]:
    """The objects in the list at `path`."""
    return [item for item in items(parent, *path) if isinstance(item, dict)]


def text(parent: Any, *path: str) -> str:
    """The string at `path`, or the empty one."""
    value = peek(parent, *path[:-1]).get(path[-1])
    return value if isinstance(value, str) else ""


def number(parent: Any, *path: str) -> int:
    """The integer at `path`, or 0."""
    value = peek(parent, *path[:-1]).get(path[-1])
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def flag(parent: Any, *path: str) -> bool:
    """Whether there is a true at `path`."""
    return peek(parent, *path[:-1]).get(path[-1]) is True


def labels(parent: Any, *path: str) -> dict[str, str]:
    """The strings in the map at `path`."""
    return {key: value for key, value in peek(parent, *path).items() if isinstance(value, str)}


def json_equal(left: object, right: object) -> bool:
    """Whether two JSON values are the same: unlike in Python, `true` is not `1`."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return type(left) is type(right) and left == right if isinstance(left, str) else left == right
