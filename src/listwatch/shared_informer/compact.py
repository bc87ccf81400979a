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

LESSONS: Final = (100, 1000)
"""So many objects teach the first dictionary, and so many the second, once there are as many. Until they have, their
bytes are held; learning from a thousand pods takes 0.1 s."""

DICTIONARY_BYTES: Final = 112 * 1024
_LEVEL: Final = 3
_LENGTH: Final = 4
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

    def restore(self, blob: bytes) -> Object:
        """The object again, nobody's but the caller's."""
        decompressor: ZstdDecompressor | None = getattr(self._local, "decompressor", None)
        if decompressor is None:
            decompressor = self._local.decompressor = self._module.ZstdDecompressor(
                dict_data=self._dictionary
            )
        return from_binary(decompressor.decompress(blob), self._template)


class Packed(msgspec.Struct, gc=False, frozen=True, eq=False):
    """An object, squeezed. It stands where an object stands in the cache, and answers what the cache asks.

    Attributes:
        key: Of the object.
        blob: The length of its version, the version, and the rest of it, squeezed.
        generation: Unpacks it.
    """

    key: ObjectKey
    blob: bytes
    generation: _Generation

    @property
    def resource_version(self) -> ResourceVersion:
        """`metadata.resource_version`, without unpacking."""
        return ResourceVersion(self.blob[_LENGTH : self._start].decode())

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
        return self.generation.restore(self.blob[self._start :])

    @property
    def _start(self) -> int:
        return _LENGTH + int.from_bytes(self.blob[:_LENGTH], "big")

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
        self._samples: list[bytes] | None = []
        self._seen = 0
        self._generation: _Generation | None = None
        self._ratio = 0.0
        self._raw = self._squeezed = self._count = 0

    def pack(self, obj: AnyObject) -> AnyObject:
        """What to hold of `obj`: it is not changed, and not needed any more."""
        if is_packed(obj):
            return obj
        generation = self._generation
        if generation is None:
            generation = self._generation = _Generation(obj, None)
        raw = to_binary(obj)
        version = obj.resource_version.encode()
        blob = len(version).to_bytes(_LENGTH, "big") + version + generation.compress(raw)
        self._observe(obj, raw, len(blob))
        return cast("AnyObject", Packed(obj.key, blob, generation))

    def repack(self, obj: AnyObject) -> AnyObject:
        """`obj`, squeezed as one would do it now."""
        is_outdated = getattr(obj, "generation", self._generation) is not self._generation
        return self.pack(unpacked(obj) if is_outdated else obj)

    def _observe(self, obj: Object, raw: bytes, size: int) -> None:
        self._seen += 1
        if self._samples is not None:
            self._samples.append(raw)
            if len(self._samples) >= self._wanted:
                self._train(obj, self._samples)
            return
        if self._later and self._seen >= self._later[0]:
            self._wanted = self._later.pop(0)
            self._samples = []
            return
        self._raw += len(raw)
        self._squeezed += size
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
        self._samples = None
        self._raw = self._squeezed = self._count = 0
        self._ratio = 0.0
        try:
            dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples)
        except zstandard.ZstdError:
            return  # too small, or nothing in common: without one, then
        self._generation = _Generation(obj, dictionary)
        self.trained += 1


def unpacked(obj: AnyObject) -> AnyObject:
    """The object itself, to look at: unpacked if need be."""
    return obj.copy() if is_packed(obj) else obj


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
