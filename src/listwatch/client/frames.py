"""A stream of bytes, cut into whole lines.

In:    chunks as they arrive
Out:   everything up to the last newline: the line that was waiting, then views of the others; the torn rest waits
Next:  client/watch.py
Rules: pure; a byte is copied only if its line arrived in several chunks, however many other lines came with it
"""

from __future__ import annotations

from listwatch.apimachinery.errors import ProtocolError

Lines = bytes | memoryview
"""Whole lines."""

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

    def feed(self, chunk: bytes) -> list[Lines]:
        """Take a chunk, give all whole lines there are, in order.

        Returns:
            Pieces of one line or several, their newlines included: none, one, or two if the first was waiting for its
            end. They may be views of the chunk, which lives as long as they do.

        Raises:
            ProtocolError: A line is longer than the limit. What was held is dropped.
        """
        cut = chunk.rfind(b"\n") + 1
        if cut == 0:
            self._keep(chunk)
            self._check()
            return []
        pieces: list[Lines] = []
        start = 0
        if self._parts:
            start = chunk.find(b"\n") + 1
            pieces.append(b"".join([*self._parts, chunk[:start]]))
            self._parts.clear()
        self._size = 0
        if start < cut:
            # Joining the waiting line with all others would copy every byte of a stream once more.
            pieces.append(chunk if cut - start == len(chunk) else memoryview(chunk)[start:cut])
        if cut < len(chunk):
            self._keep(chunk[cut:])
        return pieces

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
