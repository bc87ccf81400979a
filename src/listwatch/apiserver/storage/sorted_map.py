"""A sorted map from str to anything whose every version stays as it was.

`set` and `remove` give a new map that shares all but one path of nodes with the old one. So a snapshot is
a reference, a fork is a reference, and nobody needs a lock or a copy to page through a state that others
go on changing.

Rules: pure; nodes never change once they are built; keys in order of code points, which for UTF-8 is the
       order in which etcd keeps its keys.
Source: a B+ tree with path copying (Driscoll et al., "Making data structures persistent", 1989); removal does
not merge neighbours, it only drops empty nodes, which keeps it short and costs depth only in theory.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

V = TypeVar("V")

_WIDTH = 64  # entries in a node; one write copies about this many pointers per level
_FILL = 48  # entries in a node of a map that is built at once: the next writes shall not split them all


class _Leaf:
    __slots__ = ("keys", "size", "values")

    def __init__(self, keys: list[str], values: list[Any]) -> None:
        self.keys = keys
        self.values = values
        self.size = len(keys)


class _Branch:
    """Children in order. `firsts[i]` is not above any key under `nodes[i]`, and above all keys left of it."""

    __slots__ = ("firsts", "nodes", "size")

    def __init__(self, firsts: list[str], nodes: list[_Leaf | _Branch], size: int) -> None:
        self.firsts = firsts
        self.nodes = nodes
        self.size = size

    def child(self, key: str) -> int:
        return max(bisect_right(self.firsts, key) - 1, 0)


_Node = _Leaf | _Branch
_NOTHING: Any = object()


class SortedMap(Generic[V]):
    """One version of the map. Immutable; cheap to keep.

    Cost: `get`, `set`, `remove` and `count` O(log n); `items` O(log n + what is taken from it).
    """

    __slots__ = ("_root",)

    def __init__(self, root: _Node | None = None) -> None:
        self._root: _Node = root if root is not None else _Leaf([], [])

    @classmethod
    def of(cls, entries: Sequence[tuple[str, V]]) -> SortedMap[V]:
        """A map of entries that are sorted by key, each key once. Cost: O(n), a fraction of as many `set`s."""
        nodes: list[_Node] = [
            _Leaf([key for key, _ in part], [value for _, value in part])
            for part in (entries[at : at + _FILL] for at in range(0, len(entries), _FILL))
        ]
        while len(nodes) > 1:
            groups = [nodes[at : at + _FILL] for at in range(0, len(nodes), _FILL)]
            nodes = [
                _Branch([_first(node) for node in group], group, sum(node.size for node in group))
                for group in groups
            ]
        return cls(nodes[0]) if nodes else cls()

    def __len__(self) -> int:
        return self._root.size

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not _NOTHING

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.items())

    def get(self, key: str) -> V | None:
        """The value, or None."""
        found = self._find(key)
        return None if found is _NOTHING else cast("V", found)

    def set(self, key: str, value: V) -> SortedMap[V]:
        """This map with `key` at `value`."""
        node, right = _set(self._root, key, value)
        if right is not None:
            node = _Branch([_first(node), _first(right)], [node, right], node.size + right.size)
        return SortedMap(node)

    def remove(self, key: str) -> SortedMap[V]:
        """This map without `key`; itself if it has no such key."""
        node = _remove(self._root, key)
        if node is self._root:
            return self
        while isinstance(node, _Branch) and len(node.nodes) == 1:
            node = node.nodes[0]
        return SortedMap(node)

    def items(self, start: str = "", stop: str | None = None) -> Iterator[tuple[str, V]]:
        """Keys and values in order, from `start` on (included), up to `stop` (not included)."""
        pending: list[tuple[_Branch, int]] = []
        node = self._root
        while isinstance(node, _Branch):
            index = node.child(start)
            pending.append((node, index + 1))
            node = node.nodes[index]
        position = bisect_left(node.keys, start)
        while True:
            keys, values = node.keys, node.values
            end = len(keys) if stop is None or not keys or keys[-1] < stop else bisect_left(keys, stop)
            yield from zip(keys[position:end], values[position:end], strict=True)
            if end < len(keys):
                return
            while pending and pending[-1][1] >= len(pending[-1][0].nodes):
                pending.pop()
            if not pending:
                return
            branch, index = pending.pop()
            pending.append((branch, index + 1))
            descent = branch.nodes[index]
            while isinstance(descent, _Branch):
                pending.append((descent, 1))
                descent = descent.nodes[0]
            node, position = descent, 0

    def count(self, start: str = "", stop: str | None = None) -> int:
        """How many keys `items(start, stop)` has, without visiting them."""
        below = len(self) if stop is None else _rank(self._root, stop)
        return max(0, below - (_rank(self._root, start) if start else 0))

    def _find(self, key: str) -> Any:
        node = self._root
        while isinstance(node, _Branch):
            node = node.nodes[node.child(key)]
        index = bisect_left(node.keys, key)
        if index < len(node.keys) and node.keys[index] == key:
            return node.values[index]
        return _NOTHING


def _first(node: _Node) -> str:
    return node.keys[0] if isinstance(node, _Leaf) else node.firsts[0]


def _set(node: _Node, key: str, value: Any) -> tuple[_Node, _Node | None]:
    """The node with the entry, and what did not fit into it."""
    if isinstance(node, _Leaf):
        index = bisect_left(node.keys, key)
        keys, values = node.keys.copy(), node.values.copy()
        if index < len(keys) and keys[index] == key:
            values[index] = value
            return _Leaf(keys, values), None
        keys.insert(index, key)
        values.insert(index, value)
        if len(keys) <= _WIDTH:
            return _Leaf(keys, values), None
        # Keys that only ever grow (events, generated names) leave full nodes behind when split at the end.
        half = len(keys) - 1 if index == len(keys) - 1 else len(keys) // 2
        return _Leaf(keys[:half], values[:half]), _Leaf(keys[half:], values[half:])
    index = node.child(key)
    before = node.nodes[index]
    child, right = _set(before, key, value)
    size = node.size - before.size + child.size + (right.size if right is not None else 0)
    firsts, nodes = node.firsts.copy(), node.nodes.copy()
    nodes[index] = child
    firsts[index] = min(firsts[index], key)
    if right is not None:
        firsts.insert(index + 1, _first(right))
        nodes.insert(index + 1, right)
    if len(nodes) <= _WIDTH:
        return _Branch(firsts, nodes, size), None
    half = len(nodes) - 1 if index >= len(nodes) - 2 else len(nodes) // 2
    right_size = sum(each.size for each in nodes[half:])
    left = _Branch(firsts[:half], nodes[:half], size - right_size)
    return left, _Branch(firsts[half:], nodes[half:], right_size)


def _remove(node: _Node, key: str) -> _Node:
    """The node without the key; the same node if it has no such key. May come back empty."""
    if isinstance(node, _Leaf):
        index = bisect_left(node.keys, key)
        if index == len(node.keys) or node.keys[index] != key:
            return node
        return _Leaf(
            node.keys[:index] + node.keys[index + 1 :], node.values[:index] + node.values[index + 1 :]
        )
    index = node.child(key)
    child = _remove(node.nodes[index], key)
    if child is node.nodes[index]:
        return node
    firsts, nodes = node.firsts.copy(), node.nodes.copy()
    if child.size:
        nodes[index] = child
    else:
        del firsts[index], nodes[index]
    return _Branch(firsts, nodes, node.size - 1) if nodes else _Leaf([], [])


def _rank(node: _Node, key: str) -> int:
    """How many keys are below `key`."""
    below = 0
    while isinstance(node, _Branch):
        index = node.child(key)
        below += sum(child.size for child in node.nodes[:index])
        node = node.nodes[index]
    return below + bisect_left(node.keys, key)
