"""Requests and answers as values: what is shown of them, and when an answer lets go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict

from listwatch.apimachinery.http import Peer, Request, Response


def test_repr_of_a_request_shows_no_secret() -> None:
    """Method and target; never headers, body or who is calling."""
    request = Request("POST", "/x", CIMultiDict(Authorization="Bearer hush"), b"hush", Peer("hush"))
    assert repr(request) == "<Request POST /x>"


def test_headers_know_no_case() -> None:
    """Header names are found in any spelling, and may repeat."""
    response = Response.of(
        200, b"{}", content_type="application/json", headers=[("Warning", "a"), ("warning", "b")]
    )
    assert response.headers["content-type"] == "application/json"
    assert response.headers.getall("WARNING") == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b"whole"])
async def test_a_known_body_is_read_whole(body: bytes) -> None:
    """An answer made from bytes gives these bytes."""
    assert await Response.of(200, body, content_type="text/plain").read() == body


class Connection:
    """A body in pieces over something that must be let go."""

    def __init__(self, pieces: list[bytes | Exception]) -> None:
        self.pieces = pieces
        self.closed = 0
        self.generator_closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.generator_closed = True

    async def close(self) -> None:
        self.closed += 1

    def response(self) -> Response:
        return Response(200, CIMultiDict(), self.chunks(), self.close)


async def test_reading_to_the_end_lets_go() -> None:
    """The pieces are joined, whatever their borders, and the connection is returned."""
    connection = Connection([b"a", b"", b"bc"])
    assert await connection.response().read() == b"abc"
    assert connection.closed == 1


async def test_a_failed_read_lets_go_too() -> None:
    """When the body breaks off, the error passes and nothing is left open."""
    connection = Connection([b"a", OSError("cut")])
    with pytest.raises(OSError, match="cut"):
        await connection.response().read()
    assert (connection.closed, connection.generator_closed) == (1, True)


async def test_closing_in_the_middle() -> None:
    """An answer that nobody reads on is closed, its generator with it; closing twice is no error."""
    connection = Connection([b"a", b"b"])
    response = connection.response()
    assert await anext(response.chunks) == b"a"
    await response.aclose()
    assert connection.generator_closed
    await response.aclose()


class Pieces:
    """An iterator that has nothing to close."""

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration


async def test_any_iterator_will_do() -> None:
    """A body that is no generator is closed by its connection alone."""
    assert await Response(200, CIMultiDict(), Pieces()).read() == b""
