"""What clients do that a busy API server would suffer from, with evidence and a way to do better.

In:    `Exchange`s                             (from journal.py)
Out:   `Manners`: remarks, for eyes, for `assert not …`, for programs
Rules: pure. A client is a user with a User-Agent. Distances in time are the longer of what the server's clock and
       the process's clock say, so that neither a clock that a test holds still nor one that jumps makes a hasty client
       out of a patient one. One remark for each rule, client and collection, however often it happened.
Source: Kubernetes docs, "API concepts"; client-go's reflector (backoff, bookmarks, timeouts) is what good looks like
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, overload

from listwatch.apiserver.journal.exchange import Exchange

OWN_USER_AGENT: Final = "listwatch-testing"
"""What a test asks through its own cluster is nobody's manners."""
BIG_LIST_BYTES: Final = 512 * 1024
HASTE_SECONDS: Final = 0.5  # client-go's reflector waits 0.8 s, less a jitter, before it lists again
RETRY_SECONDS: Final = 0.1
CONFLICT_SECONDS: Final = 0.005  # client-go's RetryOnConflict waits 10 ms
MANY_READS: Final = 5
MANY_WATCHES: Final = 4
MANY_RETRIES: Final = 3
_SHOWN: Final = 3
_POLLED_BY_DESIGN: Final = frozenset({"leases", "events"})


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that one client had better not do.

    Attributes:
        rule: Its name, such as `hot-relist`.
        user: Whose requests these were.
        user_agent: And by which program.
        subject: The collection or object.
        evidence: The requests, oldest first.
        hint: What to do instead.
    """

    rule: str
    user: str
    user_agent: str
    subject: str
    evidence: tuple[Exchange, ...]
    hint: str

    def __str__(self) -> str:
        shown = "".join(f"\n    {each}" for each in self.evidence[:_SHOWN])
        more = len(self.evidence) - _SHOWN
        rest = f"\n    … and {more} more" if more > 0 else ""
        who = f"{self.user or 'nobody'} ({self.user_agent or 'no User-Agent'})"
        return f"{self.rule}: {self.subject}, by {who}{shown}{rest}\n    → {self.hint}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule,
            "user": self.user,
            "userAgent": self.user_agent,
            "subject": self.subject,
            "requests": [str(each) for each in self.evidence],
            "hint": self.hint,
        }


class Manners(Sequence[Remark]):
    """All remarks: falsy if there are none, a report as text."""

    def __init__(self, remarks: Iterable[Remark]) -> None:
        self._remarks = tuple(remarks)

    @overload
    def __getitem__(self, index: int) -> Remark: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Remark, ...]: ...
    def __getitem__(self, index: int | slice) -> Remark | tuple[Remark, ...]:
        return self._remarks[index]

    def __len__(self) -> int:
        return len(self._remarks)

    def __str__(self) -> str:
        if not self._remarks:
            return "no remarks: good manners"
        count = len(self._remarks)
        told = "\n".join(str(each) for each in self._remarks)
        return f"{count} remark{'s' if count > 1 else ''} on manners\n{told}"

    __repr__ = __str__  # what a failed `assert not journal.manners()` shows

    @property
    def rules(self) -> list[str]:
        """The names of the rules that were broken, sorted."""
        return sorted({each.rule for each in self._remarks})

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"remarks": [each.to_dict() for each in self._remarks]}


Found = Iterator[tuple[str, Sequence[Exchange]]]
Rule = Callable[[Sequence[Exchange]], Found]


def judge(exchanges: Iterable[Exchange], *, user_agent: str | None = None) -> Manners:
    """The remarks on all clients, or on those whose User-Agent begins with `user_agent`."""
    clients: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for each in sorted(exchanges, key=lambda one: one.number):
        if not _is_exempt(each) and each.user_agent.startswith(user_agent or ""):
            clients[each.user, each.user_agent].append(each)
    return Manners(
        Remark(rule, user, agent, subject, tuple(evidence), hint)
        for (user, agent), asked in clients.items()
        for rule, (find, hint) in RULES.items()
        for subject, evidence in find(asked)
    )


def distance(before: Exchange, after: Exchange) -> float:
    """Seconds from the end of one exchange to the beginning of another, by whichever clock says more."""
    return max(
        after.moment - before.moment - before.duration,
        after.wall - before.wall - before.waited,
    )


def is_system_user(user: str) -> bool:
    """Whether a user is a part of the cluster, such as its scheduler."""
    return user.startswith("system:") and not user.startswith(("system:serviceaccount:", "system:anonymous"))


def _is_exempt(exchange: Exchange) -> bool:
    return is_system_user(exchange.user) or exchange.user_agent.startswith(OWN_USER_AGENT)


def _collection(exchange: Exchange) -> str:
    plural = f"{exchange.resource}.{exchange.group}" if exchange.group else exchange.resource
    return f"{plural} in {exchange.namespace}" if exchange.namespace else plural


def _by_collection(asked: Iterable[Exchange]) -> dict[str, list[Exchange]]:
    groups: dict[str, list[Exchange]] = defaultdict(list)
    for each in asked:
        groups[_collection(each)].append(each)
    return groups


def _each_collection(asked: Sequence[Exchange], fits: Callable[[Exchange], bool], least: int = 1) -> Found:
    for subject, found in _by_collection(each for each in asked if fits(each)).items():
        if len(found) >= least:
            yield subject, found


def _unpaged_lists(asked: Sequence[Exchange]) -> Found:
    def fits(each: Exchange) -> bool:
        is_quorum = each.verb == "list" and not each.option("resourceVersion")
        return is_quorum and not each.option("limit") and each.sent_bytes >= BIG_LIST_BYTES

    return _each_collection(asked, fits)


def _is_open_watch(exchange: Exchange) -> bool:
    return exchange.verb == "watch" and exchange.status == 200


def _watches_without_bookmarks(asked: Sequence[Exchange]) -> Found:
    def fits(each: Exchange) -> bool:
        return _is_open_watch(each) and each.option("allowWatchBookmarks").lower() not in {"true", "1"}

    return _each_collection(asked, fits)


def _watches_without_timeout(asked: Sequence[Exchange]) -> Found:
    return _each_collection(
        asked, lambda each: _is_open_watch(each) and not int_or_zero(each.option("timeoutSeconds"))
    )


def int_or_zero(text: str) -> int:
    """A whole number, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() else 0


def _hot_relists(asked: Sequence[Exchange]) -> Found:
    watched = {_collection(each) for each in asked if each.verb == "watch"}
    for subject, reads in _by_collection(each for each in asked if each.verb in {"list", "watch"}).items():
        if subject not in watched:
            continue
        hasty: list[Exchange] = []
        last: Exchange | None = None
        for each in reads:
            is_first_page = each.verb == "list" and not each.option("continue")
            if is_first_page and last is not None and distance(last, each) < HASTE_SECONDS:
                hasty.append(each)
            if is_first_page:
                last = each
        if len(hasty) >= MANY_RETRIES - 1:
            yield subject, hasty


def _polling(asked: Sequence[Exchange]) -> Found:
    watched = {_collection(each) for each in asked if each.verb == "watch"}
    targets: dict[tuple[object, ...], list[Exchange]] = defaultdict(list)
    for each in asked:
        is_read = each.verb in {"get", "list"} and each.is_resource and not each.subresource
        if is_read and each.resource not in _POLLED_BY_DESIGN and not each.option("continue"):
            targets[each.path, each.query].append(each)
    for found in targets.values():
        if len(found) >= MANY_READS and _collection(found[0]) not in watched:
            yield found[0].path, found


def _watched_name(exchange: Exchange) -> str:
    if exchange.verb != "watch":
        return ""
    field, _, name = exchange.option("fieldSelector").partition("=")
    return exchange.name or (name.lstrip("=") if field == "metadata.name" and "," not in name else "")


def _watches_per_object(asked: Sequence[Exchange]) -> Found:
    for subject, found in _by_collection(each for each in asked if _watched_name(each)).items():
        if len({_watched_name(each) for each in found}) >= MANY_WATCHES:
            yield subject, found


def _is_told_to_wait(exchange: Exchange) -> bool:
    return exchange.status == 429 or exchange.status >= 500


def _pause_due(exchange: Exchange) -> float:
    """Seconds that a client should at least wait before it tries the same again."""
    if _is_told_to_wait(exchange):
        return RETRY_SECONDS
    is_conflict = exchange.status == 409 and exchange.verb in {"update", "patch"}
    return CONFLICT_SECONDS if is_conflict else 0.0


def _repetitions(asked: Sequence[Exchange]) -> Iterator[tuple[str, list[Exchange]]]:
    """Requests with the same verb on the same path, in order."""
    groups: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for each in asked:
        groups[each.verb, each.path].append(each)
    for (verb, path), found in groups.items():
        yield f"{verb.upper()} {path}", found


def _retries_without_backoff(asked: Sequence[Exchange]) -> Found:
    for subject, found in _repetitions(asked):
        hasty = [after for before, after in pairwise(found) if distance(before, after) < _pause_due(before)]
        if len(hasty) >= MANY_RETRIES - 1:
            yield subject, hasty


def _ignored_retry_after(asked: Sequence[Exchange]) -> Found:
    for subject, found in _repetitions(asked):
        hasty = [
            after
            for before, after in pairwise(found)
            if before.retry_after and distance(before, after) < before.retry_after * 0.95
        ]
        if hasty:
            yield subject, hasty


def _blind_updates(asked: Sequence[Exchange]) -> Found:
    return _each_collection(asked, lambda each: each.names_version is False and each.status < 300)


RULES: Final[dict[str, tuple[Rule, str]]] = {
    "unpaged-list": (
        _unpaged_lists,
        "large collections: ask in pages (limit=500 and continue), or from the server's cache (resourceVersion=0)",
    ),
    "watch-without-bookmarks": (
        _watches_without_bookmarks,
        "set allowWatchBookmarks=true: a watch of a quiet collection can then go on where it was, without a new list",
    ),
    "watch-without-timeout": (
        _watches_without_timeout,
        "set timeoutSeconds (five to ten minutes, a little different each time): a dead connection is noticed then",
    ),
    "hot-relist": (
        _hot_relists,
        "wait between lists, longer each time (client-go: from 0.8 s to 30 s), and go on from the last version if "
        "the watch ended without 410",
    ),
    "polling": (_polling, "watch instead: one list, then a watch from its resourceVersion"),
    "watch-per-object": (
        _watches_per_object,
        "one watch of the collection, with a label selector if need be, tells of all of them",
    ),
    "no-backoff": (
        _retries_without_backoff,
        "wait before a retry, longer each time; after a conflict read the object again first",
    ),
    "retry-after-ignored": (_ignored_retry_after, "wait as many seconds as the Retry-After header says"),
    "blind-update": (
        _blind_updates,
        "put metadata.resourceVersion into the body, or patch: without it others' changes are overwritten",
    ),
}
