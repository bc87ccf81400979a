"""How the simulated scheduler and kubelet talk to the API server: requests as themselves, and an endless
watch.

In:    bytes of watches and answers              (from apiserver/server.py, through `handle`)
Out:   calls of a `WatchObserver`; decoded answers
Next:  life/scheduler.py, life/kubelet.py
Rules: nothing of the server is used but `handle`. A watch that ends, for whatever reason, is begun anew from
       the server's present state (sendInitialEvents), so nothing is ever missed for good.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from multidict import CIMultiDict

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Peer, Request, Response, Transport
from listwatch.apiserver.life.objects import Metadata, WatchFrame

STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
MERGE_PATCH = "application/merge-patch+json"

_INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0

_log = logging.getLogger("listwatch.apiserver.life")
_frames = msgspec.json.Decoder(WatchFrame)


class _Marker(msgspec.Struct, gc=False):
    metadata: Metadata


class WatchObserver(Protocol):
    """Told of a watch's frames, in order, without a chance to wait."""

    def began(self) -> None:
        """A watch starts from the present state: everything that exists is told again."""
        ...

    def saw(self, change: str, body: msgspec.Raw) -> None:
        """ADDED, MODIFIED or DELETED, and the object."""
        ...

    def caught_up(self) -> None:
        """All that existed has been told; what was not told since `began` is gone."""
        ...


class LifeClient:
    """One caller's requests.

    Args:
        handle: The API server.
        peer: Who is calling, as a client certificate would say.
        user_agent: The first word becomes the field manager.
        clock: Paces the reconnects of watches.
    """

    def __init__(self, handle: Transport, *, peer: Peer, user_agent: str, clock: Clock) -> None:
        self._handle = handle
        self._peer = peer
        self._user_agent = user_agent
        self._clock = clock

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> tuple[int, dict[str, Any]]:
        """One request, and the status and object of its answer. A refusal is an answer, not an exception."""
        answer = await self._send(method, path, body, content_type, accept)
        decoded = msgspec.json.decode(await answer.read())
        return answer.status, decoded if isinstance(decoded, dict) else {}

    async def follow(self, path: str, *, field_selector: str = "", observer: WatchObserver) -> None:
        """Watch a collection until cancelled."""
        query = (
            "?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        )
        if field_selector:
            query += f"&fieldSelector={quote(field_selector, safe='')}"
        pause = _FIRST_PAUSE
        while True:
            if await self._follow_once(path + query, observer):
                pause = _FIRST_PAUSE
            await self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _follow_once(self, target: str, observer: WatchObserver) -> bool:
        """One watch to its end; whether it got as far as the present state."""
        answer = await self._send("GET", target, None, "")
        if answer.status != 200:
            # A custom kind comes and goes: 429 says that it is only beginning to be kept, 404 that it no longer is.
            _log.log(
                logging.INFO if answer.status in {404, 429} else logging.WARNING,
                "%s: GET %s answered %d",
                self._peer.common_name,
                target,
                answer.status,
            )
            await answer.aclose()
            return False
        observer.began()
        has_caught_up = False
        tail = b""
        try:
            async for chunk in answer.chunks:
                *lines, tail = (tail + chunk).split(b"\n")
                for line in lines:
                    frame = _frames.decode(line)
                    if frame.type == "BOOKMARK":
                        if not has_caught_up and _is_end_of_initial_events(frame.object):
                            has_caught_up = True
                            observer.caught_up()
                    elif frame.type == "ERROR":
                        _log.info("%s: a watch ended: %s", self._peer.common_name, bytes(frame.object))
                        return has_caught_up
                    else:
                        observer.saw(frame.type, frame.object)
        finally:
            await answer.aclose()
        return has_caught_up

    async def _send(
        self, method: str, target: str, body: Any, content_type: str, accept: str = "application/json"
    ) -> Response:
        headers: CIMultiDict[str] = CIMultiDict({"User-Agent": self._user_agent, "Accept": accept})
        content = b""
        if body is not None:
            content = msgspec.json.encode(body)
            headers["Content-Type"] = content_type
        return await self._handle(Request(method, target, headers, content, self._peer))


def _is_end_of_initial_events(body: msgspec.Raw) -> bool:
    annotations = msgspec.json.decode(body, type=_Marker).metadata.annotations or {}
    return annotations.get(_INITIAL_EVENTS_END) == "true"
