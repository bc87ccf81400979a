"""Events without await.

In:    `event(…)` calls, from any thread
Out:   events of events.k8s.io/v1
Rules: the asynchronous recorder decides and sends, on the client's loop; closing the client flushes first
"""

from __future__ import annotations

import contextlib
import random as _random
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from listwatch.api.core_v1 import ObjectReference
from listwatch.apimachinery.backoff import Backoff
from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.object import Object
from listwatch.event_recorder import event_recorder as aio
from listwatch.event_recorder.event_recorder import MAX_TRIES, QUEUE_LIMIT, EventRecorderMetrics
from listwatch.sync.client import Client
from listwatch.sync.loop_thread import Blocking, ClosedError


class EventRecorder:
    """As `listwatch.EventRecorder`, without await.

        with EventRecorder(client, reporting_controller="example.com/my-controller") as recorder:
            recorder.event(pod, reason="Restarted", action="Restarting", note="its configuration has changed")

    Threads: safe to use from several. Takes the arguments of its namesake.
    """

    def __init__(
        self,
        client: Client,
        *,
        reporting_controller: str,
        reporting_instance: str | None = None,
        queue_limit: int = QUEUE_LIMIT,
        max_tries: int = MAX_TRIES,
        backoff: Backoff = Backoff(base=1.0, cap=20.0),  # noqa: B008 (immutable)
        burst: int = 25,
        refill_seconds: float = 300.0,
        clock: Clock | None = None,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self._thread = client._thread
        self._inner = aio.EventRecorder(
            client._inner,
            reporting_controller=reporting_controller,
            reporting_instance=reporting_instance,
            queue_limit=queue_limit,
            max_tries=max_tries,
            backoff=backoff,
            burst=burst,
            refill_seconds=refill_seconds,
            clock=clock,
            random=random,
        )
        self._thread.keep(self)

    def event(
        self,
        regarding: Object | ObjectReference,
        *,
        reason: str,
        action: str,
        note: str,
        type: Literal["Normal", "Warning"] = "Normal",  # noqa: A002 (the field's name)
        related: Object | ObjectReference | None = None,
    ) -> None:
        """It happened; see `listwatch.EventRecorder.event`. Waits for nothing but the loop's turn.

        Does nothing once the client is closed.

        Raises:
            ValueError: No server would take it.
        """
        with contextlib.suppress(ClosedError):
            self._thread.call(
                self._inner.event,
                regarding,
                reason=reason,
                action=action,
                note=note,
                type=type,
                related=related,
            )

    def metrics(self) -> EventRecorderMetrics:
        """The figures of this moment."""
        return self._inner.metrics()

    flush = Blocking(aio.EventRecorder.flush)

    def close(self, *, flush_timeout: float = 5.0) -> int:
        """Take nothing more, `flush`, and end; how many events were not sent. Safe to call twice."""
        left = 0
        with contextlib.suppress(ClosedError):  # then this has been done
            left = self._thread.run(self._inner.aclose(flush_timeout=flush_timeout))
        self._thread.let_go(self)
        return left

    def stop(self) -> None:
        """As `close`."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._inner)
