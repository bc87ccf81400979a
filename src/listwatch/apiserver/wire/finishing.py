"""The last touch to an answer: indented for people who read it, compressed for clients that can.

In:    a request and its answer
Out:   the same answer, or one with another body
Next:  whoever sends it
Rules: streams of events pass untouched, and so does every answer whose client asks for nothing; then it costs two
       look-ups. A body is compressed piece by piece, never held as a whole for it.
Source: apiserver pkg/endpoints/handlers/responsewriters (gzip level 1, from 128 KiB on; `pretty`, and the programs
        for which it is implied)
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import msgspec

from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.wire.negotiation import CBOR, JSON, PROTOBUF, YAML
from listwatch.apiserver.wire.request_info import Query

GZIP_THRESHOLD: Final = 128 * 1024
_LEVEL: Final = 1
_GZIP_FORMAT: Final = 31
_DOCUMENTS: Final = frozenset({JSON, YAML, PROTOBUF, CBOR})
_READ_BY_PEOPLE: Final = ("curl", "Wget", "Mozilla/5.0")
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})


async def finished(request: Request, answer: Response) -> Response:
    """The answer as the client likes it. Not for watches, whose events have to leave as they come."""
    if answer.headers.get("Content-Type", "").partition(";")[0] not in _DOCUMENTS:
        return answer
    if answer.headers["Content-Type"].endswith(";stream=watch"):
        return answer
    if _is_pretty(request) and answer.headers["Content-Type"] == JSON:
        answer = await _indented(answer)
    if _takes_gzip(request.headers.get("Accept-Encoding", "")):
        return await _compressed(answer)
    return answer


def _is_pretty(request: Request) -> bool:
    path, _, query = request.target.partition("?")
    if "pretty=" in query:
        return Query(query).get("pretty") in _TRUE
    agent = request.headers.get("User-Agent", "")
    return agent.startswith(_READ_BY_PEOPLE) and not path.startswith("/openapi/")


def _takes_gzip(accepted: str) -> bool:
    return any(each.partition(";")[0].strip().lower() == "gzip" for each in accepted.split(","))


async def _indented(answer: Response) -> Response:
    body = await answer.read()
    with suppress(msgspec.DecodeError):  # an embedding program's answer might be no JSON: it goes as it is
        body = msgspec.json.format(body, indent=2) + b"\n"
    return _with_body(answer, [body])


async def _compressed(answer: Response) -> Response:
    """The answer in gzip, if it turns out to be long enough."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in answer.chunks:
            pieces.append(piece)
            size += len(piece)
            if size > GZIP_THRESHOLD:
                break
    except BaseException:
        await answer.aclose()
        raise
    if size <= GZIP_THRESHOLD:
        return _with_body(answer, pieces)
    headers = answer.headers.copy()
    headers["Content-Encoding"] = "gzip"
    headers.add("Vary", "Accept-Encoding")
    return Response(answer.status, headers, _gzip(pieces, answer.chunks), answer.aclose)


def _with_body(answer: Response, pieces: list[bytes]) -> Response:
    return Response(answer.status, answer.headers, _pieces(pieces), answer.aclose)


async def _pieces(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _gzip(begun: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    for piece in begun:
        if packed := packer.compress(piece):
            yield packed
    begun.clear()
    async for piece in rest:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
