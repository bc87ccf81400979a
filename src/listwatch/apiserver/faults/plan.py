"""The faults of a server, and the one place where they meet requests.

In:    `Fault`s, from a test; requests, as the server's interceptor
Out:   answers, untouched or struck
Rules: faults are tried in the order in which they were added, and all that strike take effect, the first outermost.
       Adding and removing is safe from any thread. Without faults a request passes at the cost of one look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.errors import ConnectionLost
from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.faults.effects import Partition, Proceed, Struck
from listwatch.apiserver.faults.fault import Fault
from listwatch.apiserver.journal.exchange import Trace
from listwatch.apiserver.verbs.call import failure_response
from listwatch.apiserver.wire.statuses import APIFailure

if TYPE_CHECKING:
    from listwatch.apiserver.server import APIServer


class FaultPlan:
    """The faults that are in force.

    Args:
        clock: The server's.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._faults: tuple[Fault, ...] = ()
        self._past: list[Fault] = []
        self._open: set[_Cuttable] = set()
        self._server: APIServer | None = None

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def bind(self, server: APIServer) -> None:
        """Name the server whose requests these faults meet."""
        self._server = server

    def add(self, fault: Fault) -> Fault:
        """Put a fault into force; in a `with` it ends with the block.

        A `Partition` also cuts the open answers of those whom it meets.
        """
        fault.plan = self
        self._faults = (*self._faults, fault)
        if isinstance(fault.effect, Partition):
            for body in list(self._open):
                if fault.fits(body.trace):
                    body.cut()
        return fault

    def remove(self, fault: Fault) -> None:
        """Take a fault out of force. Its counts stay; so does what it has done to open answers."""
        if fault in self._faults:
            self._faults = tuple(each for each in self._faults if each is not fault)
            self._past.append(fault)

    def clear(self) -> None:
        """Take all faults out of force."""
        for fault in self._faults:
            self.remove(fault)

    @property
    def unused(self) -> list[Fault]:
        """The faults, past ones too, that have never struck."""
        return [fault for fault in (*self._past, *self._faults) if not fault.struck]

    def assert_all_struck(self) -> None:
        """Complain of faults that never struck: a test that relies on them has tested something else.

        Raises:
            AssertionError: There are some; they are named.
        """
        unused = self.unused
        told = "".join(f"\n  {fault!r}" for fault in unused)
        assert not unused, f"{len(unused)} faults never struck:{told}"  # noqa: S101 - it is what this is for

    async def intercept(self, trace: Trace, proceed: Proceed) -> Response:
        """Answer a request as the faults have it."""
        struck = [fault for fault in self._faults if fault.strikes(trace)] if self._faults else []
        if not struck:
            answer = await proceed(trace.request)
        else:
            trace.fault = "; ".join(fault.label for fault in struck)
            answer = await self._strike(struck, trace, trace.request, proceed)
        return self._cuttable(trace, answer) if trace.target.verb == "watch" else answer

    async def _strike(
        self, struck: list[Fault], trace: Trace, request: Request, proceed: Proceed
    ) -> Response:
        if not struck:
            return await proceed(request)
        if self._server is None:
            raise RuntimeError("this plan belongs to no server")
        first, *rest = struck

        async def further(changed: Request) -> Response:
            return await self._strike(rest, trace, changed, proceed)

        try:
            return await first.effect.answer(Struck(trace, request, self._server, self._clock, further))
        except APIFailure as refusal:
            return failure_response(refusal)

    def _cuttable(self, trace: Trace, answer: Response) -> Response:
        body = _Cuttable(trace, answer, self._open)
        return Response(answer.status, answer.headers, body, answer.aclose, is_piecewise=answer.is_piecewise)


class _Cuttable:
    """The body of a long answer that can be broken off from outside, even while it waits."""

    def __init__(self, trace: Trace, answer: Response, register: set[_Cuttable]) -> None:
        self.trace = trace
        self._chunks = answer.chunks
        self._register = register
        self._task: asyncio.Task[object] | None = None
        self._loop = asyncio.get_running_loop()
        self._is_cut = False
        register.add(self)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._check()
        self._task = asyncio.current_task()
        try:
            return await self._chunks.__anext__()
        except asyncio.CancelledError:
            if not self._is_cut:
                raise
            if self._task is not None:
                self._task.uncancel()
            raise self._lost() from None
        except StopAsyncIteration:
            self._register.discard(self)
            raise
        finally:
            self._task = None

    def cut(self) -> None:
        """Break off. Safe from any thread."""
        self._loop.call_soon_threadsafe(self._cut)

    async def aclose(self) -> None:
        """Let go of the answer."""
        self._register.discard(self)
        closer = getattr(self._chunks, "aclose", None)
        if closer is not None:
            await closer()

    def _cut(self) -> None:
        self._is_cut = True
        if self._task is not None:
            self._task.cancel()

    def _check(self) -> None:
        if self._is_cut:
            raise self._lost()

    def _lost(self) -> ConnectionLost:
        self._register.discard(self)
        return ConnectionLost(f"{self.trace.request!r}: the test has cut this client off")
