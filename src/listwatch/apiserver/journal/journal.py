"""A journal of requests: what clients asked, and how it went, the newest some thousand of them.

In:    `Trace`s, as an observer of the server
Out:   `Exchange`s, filtered; a report on manners (manners.py)
Rules: bounded; the oldest go first. Reading is safe from any thread, and gives what was over at that moment.
       Credentials and bodies are not kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.journal.exchange import End, Exchange, Trace

if TYPE_CHECKING:
    from listwatch.apiserver.journal.manners import Manners

DEFAULT_LIMIT: Final = 10_000
_SECRET_OPTIONS: Final = frozenset({"continue"})


class _Named(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str = ""


class _Body(msgspec.Struct, gc=False):
    metadata: _Named | None = None


_bodies = msgspec.json.Decoder(_Body)


class Journal:
    """Remembers exchanges that are over, in the order in which they ended, and counts those that go on.

    Args:
        clock: The server's.
        wall: The process's monotonic clock.
        limit: How many are kept.

    Attributes:
        on_end: Called after each exchange has been written down, in the thread of the server's loop, if set.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        wall: Callable[[], float] = monotonic,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self.on_end: Callable[[Exchange], None] | None = None
        self._over: deque[Exchange] = deque(maxlen=limit)
        self._open: dict[int, Trace] = {}
        self._forgotten = 0

    def began(self, trace: Trace) -> None:
        """Take note of a request."""
        self._open[trace.number] = trace

    def answered(self, trace: Trace) -> None:
        """Nothing to note: an answer counts when it is over."""

    def ended(self, trace: Trace, end: End) -> None:
        """Write an exchange down."""
        self._open.pop(trace.number, None)
        if len(self._over) == self._over.maxlen:
            self._forgotten += 1
        exchange = self._exchange(trace, end)
        self._over.append(exchange)
        if self.on_end is not None:
            self.on_end(exchange)

    def __len__(self) -> int:
        return len(self._over)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(list(self._over))

    @property
    def forgotten(self) -> int:
        """How many exchanges are no longer kept."""
        return self._forgotten

    @property
    def open(self) -> list[Exchange]:
        """What is being answered at this moment, open watches above all, as far as it has come."""
        return [self._exchange(trace, "left") for trace in list(self._open.values())]

    def clear(self) -> None:
        """Forget what is over, so that what follows stands alone."""
        self._over.clear()
        self._forgotten = 0

    def requests(
        self,
        *,
        verb: str | None = None,
        resource: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        user: str | None = None,
        user_agent: str | None = None,
        status: int | None = None,
    ) -> list[Exchange]:
        """The exchanges that fit all that is given, in the order in which they ended.

        Args:
            verb: `get`, `list`, `watch`, `create`, …
            resource: `pods`, `deployments.apps` or `pods/status`; without a group, of any.
            namespace: "" means those without.
            name: "" means whole collections.
            user: The user's name.
            user_agent: How the header begins.
            status: The HTTP status.
        """
        return [
            each
            for each in self
            if (verb is None or each.verb == verb)
            and (resource is None or fits_resource(resource, each.group, each.resource, each.subresource))
            and (namespace is None or each.namespace == namespace)
            and (name is None or each.name == name)
            and (user is None or each.user == user)
            and (user_agent is None or each.user_agent.startswith(user_agent))
            and (status is None or each.status == status)
        ]

    def manners(self, *, user_agent: str | None = None) -> Manners:
        """What clients did that they had better not do; empty if nothing. See `manners.py`.

        The simulated scheduler and kubelets, and what a test asks through its own cluster, are left out.

        Args:
            user_agent: Look at clients whose User-Agent begins like this only.
        """
        from listwatch.apiserver.journal.manners import judge  # noqa: PLC0415 (rarely asked for)

        return judge([*self, *self.open], user_agent=user_agent)

    def _exchange(self, trace: Trace, end: End) -> Exchange:
        info, user, headers = trace.target, trace.user, trace.request.headers
        query = tuple(
            (name, "…" if name in _SECRET_OPTIONS else value)
            for name in info.query.names()
            for value in info.query.all(name)
        )
        return Exchange(
            number=trace.number,
            time=trace.time,
            moment=trace.moment,
            wall=trace.wall,
            duration=self._clock.monotonic() - trace.moment,
            waited=self._wall() - trace.wall,
            user=user.name if user is not None else "",
            groups=user.groups if user is not None else (),
            user_agent=headers.get("User-Agent", ""),
            verb=info.verb,
            group=info.group,
            version=info.version,
            resource=info.resource,
            subresource=info.subresource,
            namespace=info.namespace,
            name=info.name,
            path=info.path,
            query=query,
            status=trace.status,
            sent_bytes=trace.sent_bytes,
            events=trace.events,
            bookmarks=trace.bookmarks,
            end=end,
            names_version=_names_version(trace) if info.verb == "update" else None,
            retry_after=trace.retry_after,
            fault=trace.fault,
        )


def fits_resource(wanted: str, group: str, resource: str, subresource: str) -> bool:
    """Whether `pods`, `deployments.apps` or `pods/status` means this resource; "*" means any."""
    named, _, part = wanted.partition("/")
    if part not in {"*", subresource}:
        return False
    plural, _, of_group = named.partition(".")
    return plural == "*" or (plural == resource and of_group in {"", group})


def _names_version(trace: Trace) -> bool | None:
    try:
        found = _bodies.decode(trace.request.body)
    except msgspec.MsgspecError:
        return None  # YAML, or another form
    return bool(found.metadata is not None and found.metadata.resource_version)
