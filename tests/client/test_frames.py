"""Lines out of chunks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.errors import ProtocolError
from listwatch.client.frames import LineBuffer


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    """The same bytes in pieces."""
    borders = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(borders)]


@given(st.lists(st.binary(max_size=20)), st.lists(st.integers(min_value=0), max_size=30))
def test_any_chunking_gives_the_same_lines(lines: list[bytes], cuts: list[int]) -> None:
    """However the bytes are cut, what comes out is everything up to the last newline, and the rest is the rest."""
    data = b"\n".join(lines)
    whole, _, rest = data.rpartition(b"\n")
    buffer = LineBuffer()
    out = [bytes(piece) for chunk in chunked(data, cuts) for piece in buffer.feed(chunk)]
    assert b"".join(out) == (whole + b"\n" if b"\n" in data else b"")
    assert all(piece.endswith(b"\n") for piece in out)
    assert buffer.rest() == rest
    assert buffer.rest() == b""


@pytest.mark.parametrize("cut", range(len(b"first\nsecond\n") + 1))
def test_every_cut_in_two(cut: int) -> None:
    """Two lines cut in two at any place come out whole."""
    data, buffer = b"first\nsecond\n", LineBuffer()
    assert b"".join(buffer.feed(data[:cut]) + buffer.feed(data[cut:])) == data


def test_whole_chunk_is_not_copied() -> None:
    """A chunk that ends with a newline while nothing is held is given on as it is."""
    chunk = b"one\ntwo\n"
    (piece,) = LineBuffer().feed(chunk)
    assert piece is chunk


def test_only_the_torn_line_is_copied() -> None:
    """Of a chunk that ends a waiting line and begins another, the lines between are a view of the chunk."""
    buffer = LineBuffer()
    buffer.feed(b"beg")
    chunk = b"un\nsecond\nthird\nfour"
    waiting, others = buffer.feed(chunk)
    assert waiting == b"begun\n"
    assert isinstance(others, memoryview)
    assert others.obj is chunk
    assert bytes(others) == b"second\nthird\n"
    assert buffer.rest() == b"four"


class CountingBytes(bytes):
    """Counts how many bytes are searched for newlines."""

    searched = 0

    def rfind(self, *args: object) -> int:
        """As `bytes.rfind`."""
        CountingBytes.searched += len(self)
        return super().rfind(*args)  # type: ignore[arg-type]


def test_long_line_in_small_chunks_is_linear() -> None:
    """Of a line of 8 MB in chunks of 1 KB each byte is searched once, and nothing is joined before its end."""
    chunk, buffer = CountingBytes(b"x" * 1024), LineBuffer()
    CountingBytes.searched = 0
    for _ in range(8192):
        assert buffer.feed(chunk) == []
        assert buffer._parts[-1] is chunk
    (line,) = buffer.feed(CountingBytes(b"\n"))
    assert len(line) == 8192 * 1024 + 1
    assert CountingBytes.searched == len(line)


def test_line_over_the_limit_is_refused() -> None:
    """A line longer than the limit raises once it is known to be, and the buffer can be used again."""
    buffer = LineBuffer(limit=10)
    assert buffer.feed(b"12345") == []
    with pytest.raises(ProtocolError, match=r"longer than 10 bytes \(11 so far\)"):
        buffer.feed(b"678901")
    assert buffer.feed(b"good\n") == [b"good\n"]


def test_good_lines_before_a_long_one_are_given() -> None:
    """Whole lines that arrive with the beginning of one that is too long are not lost with it."""
    buffer = LineBuffer(limit=10)
    assert buffer.feed(b"good\n" + b"x" * 20) == [b"good\n"]
    with pytest.raises(ProtocolError):
        buffer.feed(b"x")
