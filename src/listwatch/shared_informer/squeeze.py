"""Bytes of many things that are alike, squeezed.

In:    the bytes of one object, and the name of its family     (from shared_informer/compact.py)
Out:   a frame, and the `Way` that gives the bytes back
Next:  shared_informer/compact.py
Rules: what comes out is what went in; one writer squeezes, any thread restores; a way stays good for as long as
       anybody holds it
Source: none: no client does it. The methods are zstandard's: dictionaries, made for many small things that are alike,
        and content chains, made for versions of one thing

There are two ways. A `Dictionary` knows what all objects of a kind have in common. A `Sibling` is one object that
others of its family are squeezed against: the pods of one ReplicaSet differ in little but their names, addresses and
times, and take half of what the dictionary alone makes of them. It needs nothing but its own frame to restore them.
"""

from __future__ import annotations

import struct
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from listwatch.apimachinery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zstandard import ZstdCompressionDict, ZstdDecompressor

    from listwatch.apimachinery.object import Object

DICTIONARY_BYTES: Final = 48 * 1024
"""Twice as much makes a pod of 11.5 KB hardly smaller, and squeezing slower: it is to stay in a core's own cache."""
_SEGMENTS: Final = {"k": 2000, "d": 8, "f": 18, "accel": 1}
"""Taught in long pieces and with small tables: seven times faster than zstandard does it by itself, in half of the
memory, to nearly the same effect."""
_TABLE_LOG: Final = 13
"""As zstandard's level 3 but for smaller tables: the same result from a third of the memory, once for each cache."""
_WINDOW_LOG: Final = 16
"""64 KB: the dictionary, and most objects."""

_MOST_FAMILIES: Final = 256
"""So many families are remembered by name. A list names siblings one after the other; a change of an object knows its
way from the state before."""
_MOST_OPEN: Final = 2
"""So many siblings stay ready to be squeezed against: 98 KB and 12 µs each."""
_SIBLING_TABLE_LOG: Final = 11
"""At least; enough for an object of 8 KB, and more for a larger one."""

_GROWN: Final = 1.25
"""An object so many times as long as its sibling has much that the other lacks: a status, most often."""
_WORTH: Final = 0.8
"""What a sibling must at least make of a frame, for its being dearer to restore."""
_MOST_MISSES: Final = 4
"""After so many trials in vain, one after the other, a family is taken for one whose members are not alike."""


class Dictionary:
    """What many objects have in common, or nothing.

    Args:
        template: One of them; here for whoever makes objects of bytes again.
        content: From `trained`; None for nothing.
    """

    __slots__ = ("_content", "_local", "squeeze", "template")

    squeeze: Callable[[bytes], bytes]

    def __init__(self, template: Object, content: ZstdCompressionDict | None = None) -> None:
        zstandard = require_zstandard()
        self.template = template
        self._content = content
        parameters = _parameters("STRATEGY_DFAST", _WINDOW_LOG, _TABLE_LOG)
        if content is not None:
            content.precompute_compress(compression_params=parameters)
        self.squeeze = zstandard.ZstdCompressor(dict_data=content, compression_params=parameters).compress
        self._local = threading.local()  # a decompressor serves one thread at a time

    @property
    def dictionary(self) -> Dictionary:
        """Itself, as a `Sibling` names the one behind it."""
        return self

    def restore(self, frame: bytes) -> bytes:
        """What was squeezed."""
        found: ZstdDecompressor | None = getattr(self._local, "decompressor", None)
        if found is None:
            found = require_zstandard().ZstdDecompressor(dict_data=self._content)
            self._local.decompressor = found
        return found.decompress(frame)


class Sibling:
    """One object, for others of its family to be squeezed against.

    Args:
        dictionary: What it was squeezed by itself.
        blob: Its frame, at the end of what is held anyway.
        start: Where the frame begins.
        size: How many bytes it had before.
        misses: How many of its family, one after the other, were not like the one before.

    Attributes:
        has_members: Others have been squeezed against it.
    """

    __slots__ = ("_blob", "_start", "dictionary", "has_members", "misses", "size")

    def __init__(
        self, dictionary: Dictionary, blob: bytes, *, start: int, size: int, misses: int = 0
    ) -> None:
        self.dictionary = dictionary
        self.size = size
        self.misses = misses
        self.has_members = False
        self._blob = blob
        self._start = start

    @property
    def squeezed_size(self) -> int:
        """How many bytes it has now."""
        return len(self._blob) - self._start

    def restore(self, frame: bytes) -> bytes:
        """What was squeezed against it."""
        found: ZstdDecompressor | None = getattr(_chains, "decompressor", None)
        if found is None:
            found = _chains.decompressor = require_zstandard().ZstdDecompressor()
        # The library restores a frame against bytes only as the next of a chain, and a chain begins with a frame.
        return found.decompress_content_dict_chain([_unsqueezed(self.itself()), frame])

    def is_of(self, blob: bytes) -> bool:
        """Whether this very blob is what it holds."""
        return self._blob is blob

    def itself(self) -> bytes:
        """Its own bytes."""
        return self.dictionary.restore(self._blob[self._start :])


_chains = threading.local()
_MAGIC: Final = 0xFD2FB528
_ONE_SEGMENT_AND_SIZE: Final = 0xA0
_BLOCK_BYTES: Final = 128 * 1024


def _unsqueezed(raw: bytes) -> bytes:
    """A frame that holds bytes as they are (RFC 8878: a header with their size, then raw blocks)."""
    parts = [struct.pack("<IBI", _MAGIC, _ONE_SEGMENT_AND_SIZE, len(raw))]
    for start in range(0, len(raw), _BLOCK_BYTES):
        block = raw[start : start + _BLOCK_BYTES]
        is_last = start + _BLOCK_BYTES >= len(raw)
        parts += ((len(block) << 3 | is_last).to_bytes(3, "little"), block)
    return b"".join(parts)


Way = Dictionary | Sibling
"""How a frame becomes what it was."""


class Squeezer:
    """Finds for each object the way that makes it smallest, in reasonable time.

    Args:
        dictionary: For those without a sibling.

    zstandard gives bytes that take the space which they might have taken; `head` and frame are copied into one.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        # None for a family whose members are not alike: a node owns its etcd and its scheduler.
        self._families: dict[bytes, Sibling | None] = {}
        self._open: dict[Sibling, Callable[[bytes], bytes]] = {}

    def squeeze(
        self, raw: bytes, *, head: bytes, family: bytes, before: tuple[Way, bytes] | None = None
    ) -> tuple[Way, bytes]:
        """`head` with the frame of `raw` after it, and the frame's way back.

        Args:
            raw: Of one object.
            head: What else is to be held of it.
            family: What it has in common with its siblings and with nobody else; empty if it has none.
            before: What this gave for the same object's last state.
        """
        dictionary = self.dictionary
        if not family:
            return dictionary, head + dictionary.squeeze(raw)
        sibling = self._sibling(family, before)
        misses = 0
        if sibling is not None and len(raw) <= _GROWN * sibling.size:
            frame = self._opened(sibling)(raw)
            if len(frame) <= _WORTH * sibling.squeezed_size:
                sibling.misses = 0
                sibling.has_members = True
                return sibling, head + frame
            misses = sibling.misses + 1
        blob = head + dictionary.squeeze(raw)
        if misses >= _MOST_MISSES:
            self._remember(family, None)
        elif self._families.get(family, dictionary) is not None:
            # Unless they are known not to be alike, the newest leads: it has what its family has by now.
            leader = Sibling(dictionary, blob, start=len(head), size=len(raw), misses=misses)
            self._remember(family, leader)
        return dictionary, blob

    def _sibling(self, family: bytes, before: tuple[Way, bytes] | None) -> Sibling | None:
        way, blob = before or (None, b"")
        if isinstance(way, Sibling) and way.dictionary is self.dictionary:
            return way
        sibling = self._families.get(family)
        if sibling is not None and sibling.is_of(blob) and not sibling.has_members:
            return None  # to be held for an only child's sake, its own past is dearer than what it saves
        return sibling

    def _remember(self, family: bytes, sibling: Sibling | None) -> None:
        self._families.pop(family, None)
        if len(self._families) >= _MOST_FAMILIES:
            del self._families[next(iter(self._families))]
        self._families[family] = sibling

    def _opened(self, sibling: Sibling) -> Callable[[bytes], bytes]:
        found = self._open.pop(sibling, None)
        if found is None:
            if len(self._open) >= _MOST_OPEN:
                del self._open[next(iter(self._open))]
            found = _against(sibling.itself())
        self._open[sibling] = found
        return found


def trained(template: Object, samples: Sequence[bytes]) -> Dictionary | None:
    """A dictionary of what the samples have in common; None if they are too small or too few for one."""
    zstandard = require_zstandard()
    try:
        return Dictionary(template, zstandard.train_dictionary(DICTIONARY_BYTES, samples, **_SEGMENTS))
    except zstandard.ZstdError:
        return None


def _against(raw: bytes) -> Callable[[bytes], bytes]:
    """Squeezes against `raw`. The tables are small: to make them is most of its time."""
    zstandard = require_zstandard()
    content = zstandard.ZstdCompressionDict(raw, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    size_log = len(raw).bit_length()
    window_log, table_log = max(14, size_log + 1), max(_SIBLING_TABLE_LOG, size_log - 2)
    parameters = _parameters("STRATEGY_FAST", window_log, table_log)
    squeeze: Callable[[bytes], bytes] = zstandard.ZstdCompressor(
        dict_data=content, compression_params=parameters
    ).compress
    return squeeze


@cache
def _parameters(strategy: str, window_log: int, table_log: int) -> Any:
    zstandard = require_zstandard()
    return zstandard.ZstdCompressionParameters(
        strategy=getattr(zstandard, strategy),
        window_log=window_log,
        hash_log=table_log,
        chain_log=table_log,
        min_match=6,
        write_checksum=False,
        write_dict_id=False,
    )


@cache
def require_zstandard() -> Any:
    """The library.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import zstandard  # noqa: PLC0415 (optional, and slow to load)
    except ImportError:
        raise ConfigError("a compact cache needs zstandard: pip install 'listwatch[compact]'") from None
    return zstandard
