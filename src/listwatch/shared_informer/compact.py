"""Objects squeezed: what a cache holds of those that hardly anybody looks at.

In:    objects, on their way into the cache          (from shared_informer/shared_store.py)
Out:   `Packed` objects, a tenth of the size; `copy` gives the whole object back
Next:  shared_informer/indexer.py
Rules: nothing is lost: what comes out is written byte for byte as what went in would have been; key and version are
       known without unpacking; one writer packs, any thread unpacks
Source: none: no client does it. The method is zstandard's dictionaries, made for many small things that are alike

The first objects of a kind teach a dictionary what all of them have in common; after that each object is stored as what
is its own. Objects packed earlier keep the dictionary that they were packed with for as long as they live.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, cast

import msgspec

from listwatch.apimachinery.binary import from_binary, to_binary
from listwatch.apimachinery.errors import ConfigError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ResourceVersion
from listwatch.apimachinery.object import AnyObject, Object

if TYPE_CHECKING:
    from zstandard import ZstdCompressionDict, ZstdDecompressor

LESSONS: Final = (100, 500)
"""So many objects teach the first dictionary, and so many after them the second. Learning from 500 pods takes 0.03 s,
and learning from more makes the others hardly smaller."""

DICTIONARY_BYTES: Final = 48 * 1024
"""Twice as much makes a pod of 11.5 KB hardly smaller, and squeezing slower: it is to stay in a core's own cache."""
_SEGMENTS: Final = {"k": 2000, "d": 8}
"""Taught in long pieces: five times faster than zstandard does it by itself, to the same effect."""
_LEVEL: Final = 3
_LONGEST_VERSION: Final = 255
_WINDOW: Final = 2048
"""After so many objects it is judged whether the dictionary still pays."""
_WORSE: Final = 1.5
"""It does not if they take so many times the space that the first ones took."""


class _Generation:
    """One way to squeeze: a dictionary, or none. Shared by all objects that were packed with it."""

    def __init__(self, template: Object, dictionary: ZstdCompressionDict | None) -> None:
        zstandard = _zstandard()
        self._template = template
        self._dictionary = dictionary
        self._module = zstandard
        options: dict[str, Any] = {"level": _LEVEL, "write_checksum": False, "write_dict_id": False}
        if dictionary is not None:
            dictionary.precompute_compress(level=_LEVEL)
            options["dict_data"] = dictionary
        self.compress = zstandard.ZstdCompressor(**options).compress
        self._local = threading.local()  # a decompressor serves one thread at a time

    def restore(self, blob: bytes, *, key: ObjectKey, resource_version: str) -> Object:
        """The object again, nobody's but the caller's."""
        return from_binary(self.raw(blob), self._template, key=key, resource_version=resource_version)

    def raw(self, blob: bytes) -> bytes:
        """What was squeezed."""
        decompressor: ZstdDecompressor | None = getattr(self._local, "decompressor", None)
        if decompressor is None:
            decompressor = self._local.decompressor = self._module.ZstdDecompressor(
                dict_data=self._dictionary
            )
        return decompressor.decompress(blob)


class Packed(msgspec.Struct, gc=False, frozen=True, eq=False):
    """An object, squeezed. It stands where an object stands in the cache, and answers what the cache asks.

    Attributes:
        key: Of the object.
        blob: The length of its version in one byte, the version, and the rest of it, squeezed.
        generation: Unpacks it.
    """

    key: ObjectKey
    blob: bytes
    generation: _Generation

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
        """The object, whole and independent."""
        start = self._start
        return self.generation.restore(
            self.blob[start:], key=self.key, resource_version=self.blob[1:start].decode()
        )

    def raw(self) -> bytes:
        """The part of it that was squeezed, as it was before."""
        return self.generation.raw(self.blob[self._start :])

    @property
    def _start(self) -> int:
        return 1 + self.blob[0]

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
        _zstandard()
        self.trained = 0
        self._wanted, *self._later = lessons
        # Squeezed as they are: learning unpacks them, and until then they take next to nothing.
        self._samples: list[Packed] | None = []
        self._generation: _Generation | None = None
        self._ratio = 0.0
        self._raw = self._squeezed = self._count = 0

    def pack(self, obj: AnyObject, key: ObjectKey | None = None) -> AnyObject:
        """What to hold of `obj`: it is not changed, and not needed any more.

        Args:
            obj: What is to be held.
            key: Its key, as it is held already: keys that are equal are to be held once.
        """
        if is_packed(obj):
            return obj if key is None or obj.key is key else cast("AnyObject", _under(key, obj))
        generation = self._generation
        if generation is None:
            generation = self._generation = _Generation(obj, None)
        version = obj.resource_version.encode()
        if len(version) > _LONGEST_VERSION or not obj.key.name:
            return obj  # no server says such a thing
        raw = to_binary(obj)
        blob = b"%c%b%b" % (len(version), version, generation.compress(raw))
        packed = Packed(obj.key if key is None else key, blob, generation)
        self._observe(obj, packed, len(raw))
        return cast("AnyObject", packed)

    def repack(self, obj: AnyObject) -> AnyObject:
        """`obj`, squeezed as one would do it now."""
        is_outdated = getattr(obj, "generation", self._generation) is not self._generation
        return self.pack(unpacked(obj) if is_outdated else obj)

    def _observe(self, obj: Object, packed: Packed, size: int) -> None:
        if self._samples is not None:
            self._samples.append(packed)
            if len(self._samples) >= self._wanted:
                self._train(obj, [each.raw() for each in self._samples])
            return
        self._raw += size
        self._squeezed += packed.size_bytes
        self._count += 1
        if self._count == _WINDOW:
            ratio = self._squeezed / self._raw
            self._raw = self._squeezed = self._count = 0
            self._ratio = self._ratio or ratio
            if ratio > _WORSE * self._ratio:
                # The objects have changed: learn anew from those that come.
                self._samples = []

    def _train(self, obj: Object, samples: list[bytes]) -> None:
        zstandard = _zstandard()
        self._samples = [] if self._later else None
        self._wanted = self._later.pop(0) if self._later else self._wanted
        self._raw = self._squeezed = self._count = 0
        self._ratio = 0.0
        try:
            dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples, **_SEGMENTS)
        except zstandard.ZstdError:
            return  # too small, or nothing in common: without one, then
        self._generation = _Generation(obj, dictionary)
        self.trained += 1


def unpacked(obj: AnyObject) -> AnyObject:
    """The object itself, to look at: unpacked if need be."""
    return obj.copy() if is_packed(obj) else obj


def _under(key: ObjectKey, packed: Any) -> Packed:
    return Packed(key, packed.blob, packed.generation)


def is_packed(obj: object) -> bool:
    """Whether it is a stand-in that has to be unpacked."""
    return type(obj) is Packed


@cache
def _zstandard() -> Any:
    try:
        import zstandard  # noqa: PLC0415 (optional, and slow to load)
    except ImportError:
        raise ConfigError("a compact cache needs zstandard: pip install 'listwatch[compact]'") from None
    return zstandard
