"""What of an object is kept: a function of the program's, or a list of fields, applied once on the way into the cache.

In:    objects as the server sent them              (from shared_informer/shared_store.py)
Out:   objects as they are cached and told
Next:  shared_informer/notifications.py
Rules: pure, but for the program's function; an object stays the object it is: name, namespace, uid and version cannot
       change; whatever goes wrong concerns one object
Source: client-go tools/cache, TransformFunc and SetTransform; differs: applied once, so it need not be idempotent; an
        error neither loses the object's last good state nor goes unseen
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from listwatch.apimachinery.lenient import UNREADABLE
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.shared_informer.field_path import FieldPath

Transform = Callable[[AnyObject], AnyObject]
"""Gives the object as it shall be kept. It may change the one it is given and give that back."""

IDENTITY = ("metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion")
"""Kept whatever the list of fields says: without them it is no object."""

_EACH = "[*]"
_WHOLE: Mapping[str, Any] = {}
"""Marks the end of a path: everything below it is kept."""

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])


def shaping(
    transform: Transform[AnyObject] | None = None, fields: Iterable[str] | None = None
) -> Transform[AnyObject] | None:
    """Both in one: the function first, which may read every field, then the fields. None if there is neither.

    What the result raises:
        ValueError, TypeError: The transform gave something else than the object it was given.
        Exception: Whatever the transform raised.
    """
    if transform is None and fields is None:
        return None
    project = None if fields is None else projection(fields)

    def shape(obj: AnyObject) -> AnyObject:
        if transform is not None:
            obj = _transformed(transform, obj)
        return obj if project is None else project(obj)

    return shape


def projection(fields: Iterable[str]) -> Transform[Any]:
    """A function that leaves of an object only these fields, and what makes it an object.

    The fields' bytes stay as the server wrote them, everything else is gone: reading a typed section finds its
    defaults there. An object that has been cut must not be written back as a whole (`replace`); use a patch.

    Args:
        fields: Paths as `FieldPath` reads them: `metadata`, `spec.nodeName`, `metadata.labels['app']`,
            `spec.containers[*].image`. Apart from them `metadata.name`, `.namespace`, `.uid` and
            `.resourceVersion` are always kept.

    Raises:
        FieldPathError: One of them is no path.
        TypeError: `fields` is a single text.

    Cost: one pass over the object's bytes.
    """
    if isinstance(fields, str):
        raise TypeError(f"fields is a list of paths, not one text: [{fields!r}]")
    tree: dict[str, Any] = {}
    for field in (*fields, *IDENTITY):
        _plant(tree, [str(step) for step in _steps(field)])

    def project(obj: Object) -> Object:
        # A kind without a model knows its name only from these two.
        whole = obj.to_json(type_meta=isinstance(obj, Unstructured))
        kept = _cut(whole, tree | {"apiVersion": _WHOLE, "kind": _WHOLE})
        return type(obj).from_json(kept or b"{}")

    return project


def _transformed(transform: Transform[AnyObject], obj: AnyObject) -> AnyObject:
    before = (obj.key, obj.uid, obj.resource_version)
    result: Any = transform(obj)
    if not isinstance(result, Object):
        raise TypeError(f"the transform gave {type(result).__name__} for {obj!r}, not an object")
    if (result.key, result.uid, result.resource_version) != before:
        raise ValueError(f"the transform made {result!r} of {before[0]}: it must stay the same object")
    # Bytes again, and out of the reach of whoever has kept the one that was handed out.
    copied: AnyObject = result.copy()  # type: ignore[assignment]
    return copied


def _steps(field: str) -> Iterable[Any]:
    return (_EACH if not isinstance(step, str) else step for step in FieldPath(field)._steps)  # noqa: SLF001


def _plant(tree: dict[str, Any], steps: list[str]) -> None:
    *way, last = steps
    for step in way:
        below = tree.setdefault(step, {})
        if below is _WHOLE:
            return
        tree = below
    tree[last] = _WHOLE


def _cut(raw: bytes | msgspec.Raw, tree: Mapping[str, Any]) -> bytes | None:
    """What the tree keeps of a JSON value; None if it keeps nothing."""
    if tree is _WHOLE:
        return bytes(raw)
    try:
        if _EACH in tree and bytes(memoryview(raw)[:1]) == b"[":
            cut = [_cut(each, tree[_EACH]) or b"{}" for each in _elements.decode(raw)]
            return b"[%s]" % b",".join(cut)
        found = _fields.decode(raw)
    except UNREADABLE:
        return None  # no such fields in there
    parts = []
    for name, value in found.items():
        below = tree.get(name)
        if below is not None and (kept := _cut(value, below)) is not None:
            parts.append(msgspec.json.encode(name) + b":" + kept)
    return b"{%s}" % b",".join(parts)
