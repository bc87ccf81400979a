"""Reading one field out of objects of any kind, decoding no more than lies on the way to it.

In:    a path such as `spec.nodeName`, and objects   (from indexer.py and field_match.py)
Out:   what stands there, as text
Next:  shared_informer/indexer.py
Rules: pure; names are the wire's; what is not there is the empty string; an object is read, never changed by it
Source: Kubernetes concepts, "Field Selectors"; the paths of CustomResourceDefinitions' selectableFields
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from listwatch.apimachinery.errors import DecodeError, ListWatchError
from listwatch.apimachinery.lenient import UNREADABLE
from listwatch.apimachinery.meta import WireMeta
from listwatch.apimachinery.object import Object


class FieldPathError(ListWatchError, ValueError):
    """The text is no field path. The message says where it stops being one."""


class _Step(Enum):
    EACH = "[*]"


_EACH: Final = _Step.EACH
_Steps = tuple[str | Literal[_Step.EACH], ...]

_STEP: Final = re.compile(
    r"""(?P<dot>\.?)(?P<name>[^.\[\]'"\\\x00-\x20=!,]+)        # .name, the first one without its dot
      | \[(?:\*|(?P<quote>['"])(?P<key>[^'"\\\x00-\x1f]+)(?P=quote))\]  # [*] or ['a key with dots']
    """,
    re.VERBOSE,
)
_META_FIELDS: Final = dict(zip(WireMeta.__struct_encode_fields__, WireMeta.__struct_fields__, strict=True))


class FieldPath:
    """Where a field stands, in the wire's names. As a function of an object it is an index function.

    Three kinds of step:

    * `spec.nodeName`, `metadata.name`, `type`: a field of a field
    * `metadata.labels['app.kubernetes.io/name']`: a key that is no plain name, in quotes of either kind
    * `spec.containers[*].image`: the field in each element of a list

    Paths that lead to the same place are equal. They never change and may be shared between threads.

    Args:
        text: The path, without a leading dot.

    Raises:
        FieldPathError: `text` is no path.

    Cost: a path is compiled into a decoder that skips whatever is not on it. Reading `spec.nodeName` takes a
    fifth of the time of decoding `spec`; making a path takes longer than using it, so keep it, or take it from
    `index_by_field`, which does.
    """

    __slots__ = ("_decode", "_meta_field", "_steps", "_within", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = _parse(text)
        self._within = self._steps[1:]
        self._meta_field = ""
        if self._steps[0] == "metadata" and self._within and self._within[0] in _META_FIELDS:
            # Metadata is decoded already, one level deep.
            self._meta_field = _META_FIELDS[str(self._within[0])]
            self._within = self._within[1:]
        self._decode = msgspec.json.Decoder(_shape(self._within)).decode

    @property
    def is_single(self) -> bool:
        """Whether every object has just one value there: no step goes to each element of a list."""
        return _EACH not in self._steps

    @property
    def label_key(self) -> str:
        """The key, if this is the path of a label; else empty."""
        match self._steps:
            case ("metadata", "labels", str(key)):
                return key
        return ""

    def __call__(self, obj: Object) -> tuple[str, ...]:
        """What `obj` has there, each value once: text as it is, numbers and booleans as in JSON.

        What is absent, null, or neither text, number nor boolean is `""`, as it is for the API server's field
        selectors. A path with `[*]` has the values of each element; none, if there are no elements.

        Raises:
            DecodeError: What arrived there is no JSON. Its shape never matters: a field inside something that
                has no fields is absent.
        """
        found = _found(obj, str(self._steps[0]), self._meta_field)
        if isinstance(found, bytes):
            try:
                found = self._read(found)
            except UNREADABLE as error:
                raise DecodeError(f"{obj!r}: {self.text}: {error}") from None
        values = tuple(_texts(found, self._within))
        return values if len(values) < 2 else tuple(dict.fromkeys(values))

    def _read(self, raw: bytes) -> Any:
        try:
            return self._decode(raw)
        except msgspec.ValidationError:
            return msgspec.json.decode(raw)  # not of the shape that the path expects

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldPath) and self._steps == other._steps

    def __hash__(self) -> int:
        return hash(self._steps)

    def __repr__(self) -> str:
        return f"FieldPath({self.text!r})"


@lru_cache(maxsize=512)
def index_by_field(path: str) -> FieldPath:
    """The index function that sorts objects by what they have at a field.

        indexer = Indexer(indices={"node": index_by_field("spec.nodeName")})
        indexer.by_index("node", "node-1")     # the pods on that node
        indexer.by_index("node", "")           # the pods without one

    Args:
        path: As `FieldPath` reads it.

    Raises:
        FieldPathError: `path` is no path.
    """
    return FieldPath(path)


def _parse(text: str) -> _Steps:
    steps: list[str | Literal[_Step.EACH]] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        # A dot stands between names: before each but the first, and before nothing else.
        if match is None or (match["name"] is not None and bool(match["dot"]) is not bool(steps)):
            break
        if not steps and match["name"] is None:
            break
        steps.append(match["name"] or match["key"] or _EACH)
        position = match.end()
    if not steps or position < len(text):
        raise FieldPathError(
            f"{text!r} is no field path, from {text[position:]!r} on; "
            "want for example spec.nodeName, spec.containers[*].image or metadata.labels['app.example/name']"
        )
    return tuple(steps)


def _shape(steps: _Steps) -> Any:
    """A type whose decoder keeps what is on the way and skips the rest."""
    if not steps:
        return Any
    step, *rest = steps
    inner = _shape(tuple(rest))
    if isinstance(step, _Step):
        return list[inner] | None  # type: ignore[valid-type]
    field = [("at", inner if inner is Any else inner | UnsetType, UNSET)]
    return msgspec.defstruct("OnTheWay", field, rename={"at": step}, gc=False) | None


@lru_cache(maxsize=1024)
def _section_name(kind: type[Object], wire_name: str) -> str | None:
    return next((n for n, section in kind._sections.items() if section.wire_name == wire_name), None)  # noqa: SLF001


def _found(obj: Object, root: str, meta_field: str) -> Any:
    """Where the path begins: bytes to decode, or a value that is decoded already.

    Reaches into the object, because what is public decodes whole sections, and keeps them.
    """
    if obj._own_meta is not None or obj._looked:  # noqa: SLF001
        obj = obj.copy()  # what somebody has looked at may have changed; a copy is all bytes again
    wire, extra = obj._wire, obj._extra or {}  # noqa: SLF001
    if meta_field:
        return None if wire.metadata is UNSET else getattr(wire.metadata, meta_field)
    if root in {"apiVersion", "kind"}:
        return obj.kind if root == "kind" else obj.api_version
    section = _section_name(type(obj), root)  # type: ignore[arg-type]  # classes can be hashed, their objects not
    return extra.get(root) if section is None else getattr(wire, section)


def _texts(value: Any, steps: _Steps) -> Iterator[str]:
    for depth, step in enumerate(steps):
        if isinstance(step, _Step):
            for each in value if isinstance(value, list) else ():
                yield from _texts(each, steps[depth + 1 :])
            return
        # Of a struct made by `_shape`, or else of plain values.
        value = value.get(step) if isinstance(value, dict) else getattr(value, "at", None)
    match value:
        case str():
            yield value
        case bool():
            yield "true" if value else "false"
        case int() | float():
            yield str(value)
        case _:
            yield ""
