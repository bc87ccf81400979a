"""An audit log: one JSON line for each stage of each request, as kube-apiserver's log backend writes them.

In:    `Trace`s, as an observer of the server
Out:   `audit.k8s.io/v1` Events at the level Metadata
Rules: no bodies, no credentials. A log that cannot be written is complained of once and does not hold up requests.
Source: apiserver pkg/apis/audit/v1, pkg/audit; Kubernetes docs, "Auditing". Differs: no policy (everything is told at
        Metadata), no source addresses
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import msgspec

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.journal.exchange import End, Trace
from listwatch.apiserver.wire.timestamps import format_timestamp

Stage = Literal["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]
_log = logging.getLogger("listwatch.apiserver")
_LEVEL: Final = "Metadata"
_USUALLY_OMITTED: Final[tuple[Stage, ...]] = ("RequestReceived",)


class AuditLog:
    """An observer that writes Events.

    Args:
        write: Takes one line, its end included.
        clock: The server's.
        new_id: Gives the `auditID` of a request that names none in its `Audit-ID` header.
        omit_stages: Which stages are not told.
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        *,
        clock: Clock,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        omit_stages: Collection[Stage] = _USUALLY_OMITTED,
    ) -> None:
        self._write = write
        self._clock = clock
        self._new_id = new_id
        self._omitted = frozenset(omit_stages)
        self._ids: dict[int, str] = {}
        self._is_failing = False

    def began(self, trace: Trace) -> None:
        """RequestReceived."""
        self._ids[trace.number] = trace.request.headers.get("Audit-ID", "") or self._new_id()
        self._tell(trace, "RequestReceived")

    def answered(self, trace: Trace) -> None:
        """ResponseStarted, of long-running requests only."""
        if trace.target.verb == "watch":
            self._tell(trace, "ResponseStarted")

    def ended(self, trace: Trace, end: End) -> None:
        """ResponseComplete; without an answer Panic, which is what kube-apiserver calls it."""
        self._tell(trace, "ResponseComplete" if trace.status else "Panic")
        self._ids.pop(trace.number, None)

    def _tell(self, trace: Trace, stage: Stage) -> None:
        if stage in self._omitted:
            return
        line = msgspec.json.encode(self._event(trace, stage)) + b"\n"
        try:
            self._write(line)
        except (OSError, ValueError) as error:  # ValueError: the file is closed
            if not self._is_failing:
                _log.error("the audit log cannot be written: %s", error)
            self._is_failing = True

    def _event(self, trace: Trace, stage: Stage) -> dict[str, Any]:
        info, request, user = trace.target, trace.request, trace.user
        event: dict[str, Any] = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": _LEVEL,
            "auditID": self._ids.get(trace.number, ""),
            "stage": stage,
            "requestURI": request.target,
            "verb": info.verb,
            "user": user.info() if user is not None else {},
        }
        if agent := request.headers.get("User-Agent", ""):
            event["userAgent"] = agent
        if info.resource:
            reference = {
                "resource": info.resource,
                "namespace": info.namespace,
                "name": info.name,
                "apiGroup": info.group,
                "apiVersion": info.version,
                "subresource": info.subresource,
            }
            event["objectRef"] = {name: value for name, value in reference.items() if value}
        if stage in {"ResponseStarted", "ResponseComplete"}:
            event["responseStatus"] = {"metadata": {}, "code": trace.status}
        event["requestReceivedTimestamp"] = format_timestamp(trace.time, micro=True)
        event["stageTimestamp"] = format_timestamp(self._clock.now(), micro=True)
        return event


def open_log(path: str | os.PathLike[str]) -> BinaryIO:
    """A file to append lines to, readable by its owner only; each line leaves at once.

    Raises:
        OSError: It cannot be opened.
    """
    descriptor = os.open(Path(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "wb", buffering=0)
