"""Objects squeezed: what a cache holds of those that hardly anybody looks at.

In:    objects, on their way into the cache          (from shared_informer/shared_store.py)
Out:   `Packed` objects, a tenth of the size or less; `copy` gives the whole object back
Next:  shared_informer/indexer.py; the squeezing itself is in shared_informer/squeeze.py
Rules: nothing is lost: what comes out is written byte for byte as what went in would have been; key and version are
       known without unpacking; one writer packs, any thread unpacks
Source: none: no client does it

The first objects of a kind teach a dictionary what all of them have in common; after that each object is stored as what
is its own. Objects packed earlier keep the way in which they were packed for as long as they live.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeGuard, cast

import msgspec

from listwatch.apimachinery.binary import from_binary, from_binary_later, to_binary
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.shared_informer.squeeze import Dictionary, Squeezer, Way, require_zstandard, trained

LESSONS: Final = (100, 500)
"""So many objects teach the first dictionary, and so many after them the second. Learning from 500 pods takes 0.015 s,
and learning from more makes the others hardly smaller."""

_LONGEST_VERSION: Final = 127
_PLAIN: Final = 128
"""In the byte of the version's length: nothing is unusual about the object (`Binary.is_plain`)."""
_WINDOW: Final = 2048
"""After so many objects it is judged whether the dictionary still pays."""
_WORSE: Final = 1.5
"""It does not if they take so many times the space that the first ones took."""


class Packed(msgspec.Struct, gc=False, eq=False):
    """An object, squeezed. It stands where an object stands in the cache, and answers what the cache asks.

    Attributes:
        key: Of the object.
        blob: The length of its version and whether it is plain in one byte, the version, and the rest, squeezed.
        way: Gives the rest back.
        values: Its values in each index: it is its own entry in a cache. None before it is put in one; set once.
    """

    key: ObjectKey
    blob: bytes
    way: Way
    values: tuple[tuple[str, ...], ...] | None = None

    @property
    def object(self) -> Any:
        """Itself, as the entry of a whole object names that."""
        return self

    @property
    def resource_version(self) -> ResourceVersion:
        """`metadata.resource_version`, without unpacking."""
        return ResourceVersion(self.blob[1 : self._start].decode())

    @property
    def uid(self) -> str:
        """`metadata.uid`."""
        return self.copy().uid

    @property
    def size_bytes(self) -> int:
        """How many bytes it takes, the key apart."""
        return len(self.blob)

    def copy(self) -> Object:
        """The object, whole and independent; unpacked when somebody looks at more than its key."""
        unpack = from_binary_later if self.blob[0] & _PLAIN else from_binary
        return unpack(self, self.way.dictionary.template)

    def data(self) -> bytes:
        """What of it was squeezed, as it was before (see `Stored`)."""
        return self.way.restore(self.blob[self._start :])

    def under(self, key: ObjectKey) -> Packed:
        """The same, with an equal key that is held already."""
        return self if key is self.key else Packed(key, self.blob, self.way)

    def placed(self, values: tuple[tuple[str, ...], ...]) -> Packed:
        """The same with these values, not to be changed any more."""
        if self.values is None:
            self.values = values
        elif self.values != values:
            return Packed(self.key, self.blob, self.way, values)
        return self

    @property
    def _start(self) -> int:
        return 1 + (self.blob[0] & ~_PLAIN)

    def __repr__(self) -> str:
        return f"<Packed {self.key} resource_version={self.resource_version or None}>"


class Packing(Generic[AnyObject]):
    """Squeezes the objects of one cache.

    Promised: `unpacked(pack(obj))` is `obj`, whatever is in it. Not promised: that it is small before as many
    objects have been seen as teach a dictionary, or if they have nothing in common.

    Args:
        lessons: How many objects teach the first dictionary, the second …

    Attributes:
        trained: How many dictionaries there have been. When it grows, what was packed before may be packed better.

    Raises:
        ConfigError: zstandard is not installed.
    """

    def __init__(self, *, lessons: Sequence[int] = LESSONS) -> None:
        require_zstandard()
        self.trained = 0
        self._wanted, *self._later = lessons
        # Squeezed as they are: learning unpacks them, and until then they take next to nothing.
        self._samples: list[Packed] | None = []
        self._squeezer: Squeezer | None = None
        self._ratio = 0.0
        self._raw = self._squeezed = self._count = 0

    def pack(
        self, obj: AnyObject, key: ObjectKey | None = None, before: AnyObject | None = None
    ) -> AnyObject:
        """What to hold of `obj`: it is not changed, and not needed any more.

        Args:
            obj: What is to be held.
            key: Its key, as it is held already: keys that are equal are to be held once.
            before: What is held of the object's last state.
        """
        if is_packed(obj):
            return cast("AnyObject", obj if key is None else obj.under(key))
        squeezer = self._squeezer
        if squeezer is None:
            squeezer = self._squeezer = Squeezer(Dictionary(obj))
        version = obj.resource_version.encode()
        if len(version) > _LONGEST_VERSION or not obj.key.name:
            return obj  # no server says such a thing
        raw, owners, is_plain = to_binary(obj)
        last = (before.way, before.blob) if is_packed(before) else None
        head = b"%c%b" % (len(version) | (_PLAIN if is_plain else 0), version)
        way, blob = squeezer.squeeze(raw, head=head, family=owners, before=last)
        packed = Packed(obj.key if key is None else key, blob, way)
        self._observe(obj, packed, len(raw))
        return cast("AnyObject", packed)

    def repack(self, obj: AnyObject) -> AnyObject:
        """`obj`, squeezed as one would do it now."""
        squeezer = self._squeezer
        if is_packed(obj) and squeezer is not None and obj.way.dictionary is squeezer.dictionary:
            return cast("AnyObject", obj)
        return self.pack(unpacked(obj))

    def _observe(self, obj: Object, packed: Packed, size: int) -> None:
        if self._samples is not None:
            self._samples.append(packed)
            if len(self._samples) >= self._wanted:
                self._train(obj, [each.data() for each in self._samples])
        elif packed.way is packed.way.dictionary:
            self._raw += size
            self._squeezed += packed.size_bytes
            self._count += 1
            if self._count == _WINDOW:
                self._judge()

    def _judge(self) -> None:
        ratio = self._squeezed / self._raw
        self._raw = self._squeezed = self._count = 0
        self._ratio = self._ratio or ratio
        if ratio > _WORSE * self._ratio:
            # The objects have changed: learn anew from those that come.
            self._samples = []

    def _train(self, obj: Object, samples: list[bytes]) -> None:
        self._samples = [] if self._later else None
        self._wanted = self._later.pop(0) if self._later else self._wanted
        self._raw = self._squeezed = self._count = 0
        self._ratio = 0.0
        dictionary = trained(obj, samples)
        if dictionary is not None:
            self._squeezer = Squeezer(dictionary)
            self.trained += 1


def unpacked(obj: AnyObject) -> AnyObject:
    """The object itself, to look at: unpacked if need be."""
    return cast("AnyObject", obj.copy()) if is_packed(obj) else obj


def is_packed(obj: object) -> TypeGuard[Packed]:
    """Whether it is a stand-in that has to be unpacked."""
    return type(obj) is Packed
