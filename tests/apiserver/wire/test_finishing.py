"""Indenting and compressing answers."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict
from virtual_time import run_virtual

from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.wire.finishing import GZIP_THRESHOLD, finished

JSON = "application/json"


def asked(target: str = "/api/v1/pods", **headers: str) -> Request:
    """A GET; underscores in header names become dashes."""
    return Request(
        "GET", target, CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    )


class Pieces:
    """An answer that comes in pieces and remembers that it was closed."""

    def __init__(self, *pieces: bytes, content_type: str = JSON) -> None:
        self.is_closed = False
        self.answer = Response(
            200, CIMultiDict({"Content-Type": content_type}), self._give(pieces), self._close
        )

    async def _give(self, pieces: tuple[bytes, ...]) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def _close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("size", "accepted", "content_type", "encoding"),
    [
        (GZIP_THRESHOLD + 1, "gzip", JSON, "gzip"),
        (GZIP_THRESHOLD + 1, "deflate, GZIP;q=0.5", JSON, "gzip"),
        (GZIP_THRESHOLD + 1, "gzip", "application/vnd.kubernetes.protobuf", "gzip"),
        (GZIP_THRESHOLD, "gzip", JSON, None),
        (GZIP_THRESHOLD + 1, "", JSON, None),
        (GZIP_THRESHOLD + 1, "br", JSON, None),
        (GZIP_THRESHOLD + 1, "gzip", "text/plain", None),
        (GZIP_THRESHOLD + 1, "gzip", "application/vnd.kubernetes.protobuf;stream=watch", None),
    ],
)
def test_long_documents_are_compressed_for_who_takes_it(
    size: int, accepted: str, content_type: str, encoding: str | None
) -> None:
    """From 128 KiB on, in pieces; shorter ones, other types and streams go as they are."""

    async def main() -> None:
        source = Pieces(b"x" * (size - 9), b"y" * 9, content_type=content_type)
        answer = await finished(asked(accept_encoding=accepted), source.answer)
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers.get("Vary") == (encoding and "Accept-Encoding")
        body = await answer.read()
        assert (gzip.decompress(body) if encoding else body) == b"x" * (size - 9) + b"y" * 9
        assert source.is_closed

    run_virtual(main)


@pytest.mark.parametrize(
    ("target", "agent", "is_indented"),
    [
        ("/api?pretty=true", "", True),
        ("/api?pretty=1", "", True),
        ("/api?pretty=false", "curl/8", False),
        ("/api", "curl/8.1", True),
        ("/api", "Mozilla/5.0 (X11)", True),
        ("/api", "kubectl/v1.36", False),
        ("/openapi/v3", "curl/8.1", False),
    ],
)
def test_people_get_indented_documents(target: str, agent: str, is_indented: bool) -> None:
    """By `pretty`, else by the program that asks; the content stays the same."""

    async def main() -> None:
        answer = await finished(asked(target, user_agent=agent), Pieces(b'{"a":{"b":[]}}').answer)
        body = await answer.read()
        assert json.loads(body) == {"a": {"b": []}}
        assert (b'{\n  "a": {\n    "b": []\n  }\n}' in body) is is_indented

    run_virtual(main)
