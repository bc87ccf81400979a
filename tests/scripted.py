"""A `Transport` that answers from a script, byte for byte.

A script is a list of `Answer`s, used up in order. Chunks are the body as the network would hand it over; between
them may stand a failure, a wait on the loop's (virtual) clock, or a silence that never ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from multidict import CIMultiDict

from listwatch.apimachinery.http import Request, Response


@dataclass(frozen=True)
class Wait:
    """Nothing comes for so many seconds of the loop's time."""

    seconds: float


class Hang:
    """Nothing comes any more."""


HANG = Hang()
Piece = bytes | Wait | Hang | BaseException


@dataclass
class Answer:
    """One answer.

    Attributes:
        pieces: The body; an exception is raised in its place.
        status, content_type, headers: The head.
        before: What happens before the head: a wait, a silence, a failure.
    """

    pieces: list[Piece] = field(default_factory=list)
    status: int = 200
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    before: Piece = b""
    is_closed: bool = field(default=False, init=False)
    is_drained: bool = field(default=False, init=False)


def answer(body: Any = b"", status: int = 200, *headers: tuple[str, str], **more: Any) -> Answer:
    """An answer with this body: bytes, or something to be JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer([content], status, headers=list(headers), **more)


def refusal(code: int, reason: str = "", *headers: tuple[str, str], **fields: Any) -> Answer:
    """A Status that says no."""
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return answer(status | {"message": f"said {reason or code}"} | fields, code, *headers)


def stream(*pieces: Piece) -> Answer:
    """The answer to a watch."""
    return Answer(list(pieces))


class Scripted:
    """The transport. `requests` are those that it got.

    A request beyond the script's end fails the test. `last` answers all further ones, if given.
    """

    def __init__(self, *answers: Answer | BaseException, last: Answer | None = None) -> None:
        self.answers = [a if isinstance(a, Answer) else Answer(before=a) for a in answers]
        self.requests: list[Request] = []
        self.times: list[float] = []
        self._left = list(self.answers)
        self._last = last

    async def __call__(self, request: Request) -> Response:
        """Answer as the script says."""
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        if not self._left and self._last is None:
            raise AssertionError(f"the script has no answer to {request!r}")
        now = self._left.pop(0) if self._left else self._last
        assert now is not None
        await _play(now.before)
        headers = CIMultiDict(now.headers)
        if now.content_type:
            headers["Content-Type"] = now.content_type

        async def close() -> None:
            now.is_closed = True

        return Response(now.status, headers, _body(now), close)

    @property
    def targets(self) -> list[str]:
        """What was asked, in order."""
        return [f"{request.method} {request.target}" for request in self.requests]

    def assert_nothing_left(self) -> None:
        """Every answer was asked for, and each was closed or read to its end."""
        assert self._left == []
        assert [a.is_closed or a.is_drained or a.before != b"" for a in self.answers] == [True] * len(
            self.answers
        )


async def _body(now: Answer) -> AsyncIterator[bytes]:
    for piece in now.pieces:
        await _play(piece)
        if isinstance(piece, bytes) and piece:
            yield piece
    now.is_drained = True


async def _play(piece: Piece) -> None:
    if isinstance(piece, BaseException):
        raise piece
    if isinstance(piece, Wait):
        await asyncio.sleep(piece.seconds)
    elif isinstance(piece, Hang):
        await asyncio.Event().wait()


def frame(kind: str, name: str, version: int, **more: Any) -> bytes:
    """One line of a watch of pods."""
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": str(version)}
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata} | more
    return json.dumps({"type": kind, "object": pod}).encode() + b"\n"


def pod(name: str, version: int = 1, **metadata: Any) -> dict[str, Any]:
    """A pod as the server sends it."""
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": meta | metadata}


def pod_list(
    names: Iterable[str], version: int = 10, *, token: str = "", remaining: int = 0
) -> dict[str, Any]:
    """A page of pods."""
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if token:
        metadata |= {"continue": token, "remainingItemCount": remaining}
    return {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": metadata,
        "items": [{"metadata": pod(name)["metadata"]} for name in names],
    }
