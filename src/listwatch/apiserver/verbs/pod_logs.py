"""What containers have printed, and how it is asked for: `GET …/pods/NAME/log`.

In:    lines of simulated containers (from life/); a `Call` on the subresource `log`
Out:   plain text, going on while it is followed
Next:  subresource_verbs.py hands the call on
Rules: a log is kept while its pod is there, one for each run of a container, the present one and the one before. A
       container that nobody gave words to prints nothing: its log is empty.
Source: Kubernetes API reference, "read log of the specified Pod"; kubelet's and pod strategy's messages
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from multidict import CIMultiDict

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Response
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import FieldCause, bad_request, invalid
from listwatch.apiserver.wire.timestamps import parse_timestamp

JSONObject = dict[str, Any]


class ContainerLog:
    """What one run of a container has printed."""

    def __init__(self, clock: Clock) -> None:
        self.lines: list[tuple[datetime, str]] = []
        self.is_over = False
        self._clock = clock
        self._changed = asyncio.Event()

    def write(self, text: str) -> None:
        """One line, or several."""
        now = self._clock.now()
        self.lines.extend((now, line) for line in text.split("\n"))
        self._wake()

    def end(self) -> None:
        """Nothing comes after this."""
        self.is_over = True
        self._wake()

    async def changed(self) -> None:
        """Wait for another line, or the end."""
        await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class PodLogs:
    """All logs: by the pod's uid, the container's name, and the number of its restarts."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, str], dict[int, ContainerLog]] = {}

    def begin(self, uid: str, container: str, restarts: int, *, clock: Clock) -> ContainerLog:
        """The log of one run; the same one if it has begun already. Of earlier runs only the last is kept."""
        runs = self._logs.setdefault((uid, container), {})
        if restarts not in runs:
            for each in runs.values():
                each.end()
            for old in [number for number in runs if number < restarts - 1]:
                del runs[old]
            runs[restarts] = ContainerLog(clock)
        return runs[restarts]

    def find(self, uid: str, container: str, restarts: int) -> ContainerLog | None:
        """The log of one run, if it has begun."""
        return self._logs.get((uid, container), {}).get(restarts)

    def end(self, uid: str) -> None:
        """The pod's containers have stopped."""
        for (owner, _), runs in self._logs.items():
            if owner == uid:
                for each in runs.values():
                    each.end()

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self.end(uid)
        for key in [each for each in self._logs if each[0] == uid]:
            del self._logs[key]


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What of a log is asked for (core/v1 PodLogOptions)."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    since: datetime | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None


def parse_log_options(query: Query, now: datetime) -> LogOptions:
    """The options of a request.

    Raises:
        APIFailure: 422.
    """
    causes: list[FieldCause] = []

    def number(name: str, least: int) -> int | None:
        given = query.get(name)
        if not given:
            return None
        value = int(given) if given.lstrip("-").isdecimal() else None
        if value is None or value < least:
            rule = "must be greater than 0" if least else "must be greater than or equal to 0"
            causes.append(FieldCause("FieldValueInvalid", name, f"Invalid value: {given}: {rule}"))
        return value

    tail, limit, seconds = number("tailLines", 0), number("limitBytes", 1), number("sinceSeconds", 1)
    since_time = query.get("sinceTime")
    if seconds is not None and since_time:
        message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(FieldCause("FieldValueForbidden", "", message))
    if causes:
        raise invalid("", "PodLogOptions", "", causes)
    since = parse_timestamp(since_time) if since_time else None
    if seconds is not None:
        since = now - timedelta(seconds=seconds)
    return LogOptions(
        container=query.get("container"),
        follow=query.flag("follow"),
        previous=query.flag("previous"),
        timestamps=query.flag("timestamps"),
        since=since,
        tail_lines=tail,
        limit_bytes=limit,
    )


def log_status(pod: JSONObject, options: LogOptions) -> tuple[str, JSONObject]:
    """The container that is meant, and its status.

    Raises:
        APIFailure: 400, it is not clear which, there is none of that name, or it has not started.
    """
    spec, name = pod.get("spec", {}), pod["metadata"]["name"]
    inits = [each["name"] for each in spec.get("initContainers") or ()]
    names = [each["name"] for each in spec.get("containers") or ()]
    container = options.container
    if not container:
        if len(names) != 1:
            found = f"[{' '.join(names)}]" + (
                f" or one of the init containers: [{' '.join(inits)}]" if inits else ""
            )
            raise bad_request(f"a container name must be specified for pod {name}, choose one of: {found}")
        container = names[0]
    if container not in {*names, *inits}:
        raise bad_request(f"container {container} is not valid for pod {name}")
    status = pod.get("status", {})
    for each in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        if each["name"] == container:
            return container, each
    if not spec.get("nodeName"):
        raise bad_request(f"pod {name} does not have a host assigned")
    raise bad_request(f'container "{container}" in pod "{name}" is not available')


def shown(lines: list[tuple[datetime, str]], options: LogOptions) -> list[str]:
    """The lines that are asked for, as they are sent."""
    kept = [each for each in lines if options.since is None or each[0] >= options.since]
    if options.tail_lines is not None:
        kept = kept[len(kept) - options.tail_lines :] if options.tail_lines < len(kept) else kept
    if not options.timestamps:
        return [f"{line}\n" for _, line in kept]
    return [f"{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z {line}\n" for moment, line in kept]


def answer_log(call: Call, pod: JSONObject, logs: PodLogs, now: datetime) -> Response:
    """Answer a request for a container's log.

    Raises:
        APIFailure: 400, 422.
    """
    options = parse_log_options(call.info.query, now)
    container, status = log_status(pod, options)
    name, state = pod["metadata"]["name"], status.get("state") or {}
    restarts = int(status.get("restartCount") or 0)
    if options.previous:
        if not (status.get("lastState") or {}).get("terminated"):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        restarts -= "waiting" not in state
    elif "waiting" in state and not (status.get("lastState") or {}).get("terminated"):
        reason = state["waiting"].get("reason", "")
        what = "waiting to start" if reason in {"ContainerCreating", "PodInitializing"} else reason
        told = f"{what}: {reason}" if what != reason else "waiting to start: trying and failing to pull image"
        raise bad_request(f'container "{container}" in pod "{name}" is {told}')
    log = logs.find(pod["metadata"]["uid"], container, restarts)
    headers: CIMultiDict[str] = CIMultiDict({"Content-Type": "text/plain"})
    return Response(200, headers, _limited(_text(log, options), options.limit_bytes))


async def _text(log: ContainerLog | None, options: LogOptions) -> AsyncIterator[bytes]:
    if log is None:
        return
    told = len(log.lines)
    first = shown(log.lines, options)
    if first:
        yield "".join(first).encode()
    later = LogOptions(timestamps=options.timestamps)
    while options.follow and not (log.is_over and told == len(log.lines)):
        if told == len(log.lines):
            await log.changed()
        fresh = log.lines[told:]
        told += len(fresh)
        if fresh:
            yield "".join(shown(fresh, later)).encode()


async def _limited(chunks: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    async for chunk in chunks:
        if left is None:
            yield chunk
            continue
        if left > 0:
            yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
