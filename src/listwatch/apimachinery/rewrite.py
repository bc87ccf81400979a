"""Writing back what somebody looked at, without losing what nobody understood.

A typed view of an object knows some of its fields. When it is written back, whatever the view did not know
must still be there, and whatever was not changed must be the same bytes. So a write is three-way: the bytes
that were read, what the view saw in them, and what the view holds now.

In:    the raw JSON, the view before, the view after (plain Python values)
Out:   JSON in which only the differences between the two views have changed
Rules: pure; nothing is changed in place
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_raw_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raw_array = msgspec.json.Decoder(list[msgspec.Raw])

# What tells one element of a list from another, in Kubernetes' lists of objects, best first.
_IDENTITIES = ("name", "uid", "key", "type", "ip", "containerPort", "port", "mountPath", "devicePath", "id")


def rewrite(raw: bytes, before: Any, after: Any) -> bytes:
    """`raw` with the change from `before` to `after` made in it, and nothing else.

    Args:
        raw: JSON as it was read.
        before: What a view made of `raw`: plain values, possibly with fields missing or defaults added.
        after: The view as it is now.

    Returns:
        JSON. Parts that the view did not change are the bytes of `raw`; fields that it did not know remain.

    Lists of objects are matched by content first, then by what names their elements, then by place if the
    length did not change and they still have something in common; an element that matches nothing is new.
    """
    if same(before, after):
        return raw
    first = raw.lstrip()[:1]
    if isinstance(before, Mapping) and isinstance(after, Mapping) and first == b"{":
        return _rewrite_object(raw, before, after)
    if _is_list(before) and _is_list(after) and first == b"[":
        return _rewrite_array(raw, before, after)
    return msgspec.json.encode(after)


def same(before: Any, after: Any) -> bool:
    """Whether two plain values are one JSON: unlike `==`, which takes 1, 1.0 and True for the same."""
    if before != after:
        return False
    if isinstance(before, Mapping):
        return all(same(value, after[key]) for key, value in before.items())
    if _is_list(before):
        return all(map(same, before, after))
    return type(before) is type(after) or isinstance(before, str | bytes)


def _rewrite_object(raw: bytes, before: Mapping[str, Any], after: Mapping[str, Any]) -> bytes:
    parts = {}
    for key, value in _raw_object.decode(raw).items():
        if key not in before and key not in after:
            parts[key] = bytes(value)
        elif key in after:
            parts[key] = rewrite(bytes(value), before.get(key), after[key])
    for key, value in after.items():
        if key not in parts and (key not in before or not same(before[key], value)):
            parts[key] = msgspec.json.encode(value)
    return b"{%s}" % b",".join(msgspec.json.encode(key) + b":" + part for key, part in parts.items())


def _rewrite_array(raw: bytes, before: Sequence[Any], after: Sequence[Any]) -> bytes:
    raws = _raw_array.decode(raw)
    if len(raws) != len(before):  # the view dropped elements: places can no longer be trusted
        return msgspec.json.encode(after)
    sources = _match(before, after)
    parts = [
        msgspec.json.encode(value) if source is None else rewrite(bytes(raws[source]), before[source], value)
        for source, value in zip(sources, after, strict=True)
    ]
    return b"[%s]" % b",".join(parts)


def _match(before: Sequence[Any], after: Sequence[Any]) -> list[int | None]:
    """For each element of `after`, the place in `before` that it came from, each place used once."""
    free = dict.fromkeys(range(len(before)))
    found: list[int | None] = [None] * len(after)

    def take(place: int, source: int) -> None:
        found[place] = source
        del free[source]

    for place, value in enumerate(after):
        source = place if place in free and same(before[place], value) else None
        if source is None:
            source = next((i for i in free if same(before[i], value)), None)
        if source is not None:
            take(place, source)
    for place, value in enumerate(after):
        identity = _identity(value)
        if found[place] is None and identity is not None:
            source = next((i for i in free if _identity(before[i]) == identity), None)
            if source is not None:
                take(place, source)
    if len(before) == len(after):
        for place in range(len(after)):
            if found[place] is None and place in free and _alike(before[place], after[place]):
                take(place, place)
    return found


def _identity(value: Any) -> tuple[str, Any] | None:
    if isinstance(value, Mapping):
        for key in _IDENTITIES:
            if key in value:
                return key, value[key]
    return None


def _alike(before: Any, after: Any) -> bool:
    """Whether two elements with different identities are one that was renamed, not one put for another."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return False
    return any(key in after and after[key] == value for key, value in before.items())


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
