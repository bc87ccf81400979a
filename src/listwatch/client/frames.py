"""A stream of bytes, cut into whole lines.

In:    chunks as they arrive
Out:   everything up to the last newline, in one piece; the torn rest waits
Next:  client/watch.py
Rules: pure; a byte is looked at once, and copied only if its line arrived in several chunks
"""

from __future__ import annotations

from listwatch.apimachinery.errors import ProtocolError

MAX_FRAME_BYTES = 64 << 20
"""The longest line that is put up with; no object that a server stores comes near."""


class LineBuffer:
    """Holds the line that is still arriving.

    Args:
        limit: The most bytes that one line may have.
    """

    __slots__ = ("_limit", "_parts", "_size")

    def __init__(self, *, limit: int = MAX_FRAME_BYTES) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._limit = limit

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk, give all whole lines there are, the last newline included; `b""` for none.

        Raises:
            ProtocolError: A line is longer than the limit. What was held is dropped.
        """
        cut = chunk.rfind(b"\n") + 1
        if cut == 0:
            self._keep(chunk)
            self._check()
            return b""
        whole = chunk[:cut] if cut < len(chunk) else chunk
        if self._parts:
            whole = b"".join([*self._parts, whole])
            self._parts.clear()
        self._size = 0
        if cut < len(chunk):
            self._keep(chunk[cut:])
        return whole

    def rest(self) -> bytes:
        """What is held of an unfinished line, given away."""
        rest = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return rest

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        self._parts.append(part)

    def _check(self) -> None:
        # Not when whole lines came along with the beginning of a long one: they are good.
        if self._size > self._limit:
            size, self._size = self._size, 0
            self._parts.clear()
            raise ProtocolError(f"a line of the stream is longer than {self._limit} bytes ({size} so far)")
