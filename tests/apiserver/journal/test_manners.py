"""Remarks on clients: each rule by what breaks it, and by what is just within it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from listwatch.apiserver.journal.exchange import Exchange
from listwatch.apiserver.journal.manners import RULES, Manners, distance, judge

START = datetime(2026, 1, 1, tzinfo=UTC)
GOOD_WATCH = (("watch", "1"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", "300"))


def asked(number: int, at: float, **known: Any) -> Exchange:
    """A request at a second of both clocks; a listing of pods unless told otherwise."""
    whole: dict[str, Any] = {
        "duration": 0.0,
        "waited": 0.0,
        "user": "jane",
        "groups": (),
        "user_agent": "tool/1",
        "verb": "list",
        "group": "",
        "version": "v1",
        "resource": "pods",
        "subresource": "",
        "namespace": "default",
        "name": "",
        "path": "/api/v1/namespaces/default/pods",
        "query": (),
        "status": 200,
        "sent_bytes": 100,
        "events": 0,
        "bookmarks": 0,
        "end": "complete",
        "names_version": None,
        "retry_after": None,
        "fault": "",
        "moment": at,
        "wall": at,
    }
    return Exchange(number=number, time=START, **{**whole, **known})


def many(times: list[float], **known: Any) -> list[Exchange]:
    """The same request at several seconds."""
    return [asked(number, at, **known) for number, at in enumerate(times, 1)]


def watch(number: int, at: float, **known: Any) -> Exchange:
    """A watch of pods as it should be."""
    return asked(number, at, **{"verb": "watch", "query": GOOD_WATCH, **known})


BAD: list[tuple[str, list[Exchange]]] = [
    ("unpaged-list", [asked(1, 0, sent_bytes=600_000)]),
    ("watch-without-bookmarks", [watch(1, 0, query=(("watch", "1"), ("timeoutSeconds", "300")))]),
    ("watch-without-timeout", [watch(1, 0, query=(("watch", "1"), ("allowWatchBookmarks", "true")))]),
    ("hot-relist", [*many([0, 0.1, 0.2]), watch(9, 0.3)]),
    ("polling", many([0, 10, 20, 30, 40])),
    ("polling", many([0, 10, 20, 30, 40], verb="get", name="a", path="/api/v1/namespaces/default/pods/a")),
    (
        "watch-per-object",
        [
            watch(n, n, query=(*GOOD_WATCH, ("fieldSelector", f"metadata.name={name}")))
            for n, name in enumerate("abcd")
        ],
    ),
    ("no-backoff", many([0, 0.01, 0.02], verb="create", status=503)),
    ("no-backoff", many([0, 0.001, 0.002], verb="update", status=409)),
    ("retry-after-ignored", many([0, 1], verb="create", status=429, retry_after=5.0)),
    ("blind-update", [asked(1, 0, verb="update", names_version=False)]),
]
GOOD: list[list[Exchange]] = [
    [],
    [asked(1, 0), watch(2, 0.1), asked(3, 1.0), watch(4, 1.1), asked(5, 3.0)],
    [asked(1, 0, sent_bytes=600_000, query=(("limit", "500"),))],
    [asked(1, 0, sent_bytes=600_000, query=(("resourceVersion", "0"),))],
    [watch(1, 0, status=403, query=())],
    [*many([0, 0.1, 0.2, 0.3, 0.4, 0.5], query=(("limit", "500"), ("continue", "…"))), watch(9, 1)],
    many([0, 2, 4, 6, 8], resource="leases", verb="get", name="leader"),
    many([0, 10, 20, 30]),
    [
        watch(n, n, query=(*GOOD_WATCH, ("fieldSelector", f"metadata.name={name}")))
        for n, name in enumerate("abc")
    ],
    many([0, 0.2, 0.6], verb="create", status=503),
    many([0, 0.01, 0.02], verb="update", status=409, names_version=True),
    many([0, 0.001, 0.002], verb="create", status=409),
    many([0, 5], verb="create", status=429, retry_after=5.0),
    [asked(1, 0, verb="update", names_version=True), asked(2, 1, verb="update", names_version=None)],
    [asked(1, 0, verb="update", names_version=False, status=409)],
    many([0, 10, 20, 30, 40], user="system:kube-scheduler"),
    many([0, 10, 20, 30, 40], user_agent="listwatch-testing"),
]


@pytest.mark.parametrize(("rule", "exchanges"), BAD)
def test_what_is_remarked_on(rule: str, exchanges: list[Exchange]) -> None:
    """Each rule finds what breaks it, tells of the client, and shows the requests."""
    (remark,) = judge(exchanges)
    assert (remark.rule, remark.user, remark.user_agent) == (rule, "jane", "tool/1")
    assert set(remark.evidence) <= set(exchanges)
    assert remark.evidence
    assert remark.hint in str(remark)


@pytest.mark.parametrize("exchanges", GOOD)
def test_what_is_in_order(exchanges: list[Exchange]) -> None:
    """What stays within the bounds, and what the cluster's own parts do, is not remarked on."""
    assert not judge(exchanges), judge(exchanges)


def test_every_rule_is_tried() -> None:
    """No rule is without an example that breaks it."""
    assert {rule for rule, _ in BAD} == set(RULES)


def test_clients_are_told_apart() -> None:
    """Two programs that each ask a little are not one that asks much."""
    ours = many([0, 20, 40])
    theirs = many([10, 30, 50], user_agent="other")
    assert not judge([*ours, *theirs])
    assert judge([*many([0, 1, 2, 3, 4]), *theirs], user_agent="tool").rules == ["polling"]
    assert not judge([*many([0, 1, 2, 3, 4]), *theirs], user_agent="other")


def test_the_longer_of_two_clocks_counts() -> None:
    """A server's clock that is held still, or a process that runs virtual hours in no time, makes nobody hasty."""
    before = asked(1, 0, wall=0.0, duration=1.0, waited=0.0)
    assert distance(before, asked(2, 0, moment=5.0, wall=0.1)) == 4.0
    assert distance(before, asked(2, 0, moment=1.0, wall=3.0)) == 3.0


def test_a_report_for_eyes_and_for_programs() -> None:
    """As text the report lists rule, subject, client, some of the requests and the hint; as JSON all of them."""
    report = judge(many([0, 10, 20, 30, 40]))
    text = str(report)
    assert text.startswith("1 remark on manners\npolling: /api/v1/namespaces/default/pods, by jane (tool/1)")
    assert "… and 2 more" in text
    assert "→ watch instead" in text
    assert repr(report) == text
    (told,) = json.loads(json.dumps(report.to_dict()))["remarks"]
    assert (told["rule"], len(told["requests"])) == ("polling", 5)
    assert report[:1] == (report[0],)
    assert str(Manners([])) == "no remarks: good manners"
