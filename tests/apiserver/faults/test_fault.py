"""Which requests a fault strikes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from multidict import CIMultiDict

from listwatch.apimachinery.http import Request
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.faults import Delay, Fault, Reset
from listwatch.apiserver.journal.exchange import Trace

EFFECT = Delay(seconds=1)
POD = "/api/v1/namespaces/shop/pods/web"


def asked(method: str = "GET", target: str = POD, *, user: str = "jane", agent: str = "tool/1") -> Trace:
    """A request of somebody."""
    request = Request(method, target, CIMultiDict({"User-Agent": agent}))
    trace = Trace(1, request, datetime(2026, 1, 1, tzinfo=UTC), 0.0, 0.0)
    trace.user = User(user)
    return trace


@pytest.mark.parametrize(
    ("selectors", "fits"),
    [
        ({}, True),
        ({"verb": "get"}, True),
        ({"verb": ("list", "get")}, True),
        ({"verb": "list"}, False),
        ({"resource": "pods"}, True),
        ({"resource": "*"}, True),
        ({"resource": "pods.apps"}, False),
        ({"resource": "pods/status"}, False),
        ({"namespace": "shop", "name": "web"}, True),
        ({"namespace": "default"}, False),
        ({"name": "db"}, False),
        ({"user": "jane"}, True),
        ({"user": "joe"}, False),
        ({"user_agent": "tool"}, True),
        ({"user_agent": "kubectl"}, False),
    ],
)
def test_selectors(selectors: dict[str, Any], fits: bool) -> None:
    """Each selector narrows, and all that are given must fit."""
    assert Fault(effect=EFFECT, **selectors).fits(asked()) is fits


def test_any_resource_is_no_other_path() -> None:
    """`*` means requests on resources; without a resource, discovery and health checks are meant too."""
    version = asked(target="/version")
    assert not Fault(effect=EFFECT, resource="*").fits(version)
    assert Fault(effect=EFFECT).fits(version)


def test_the_clusters_own_parts_are_left_alone() -> None:
    """The simulation meets a fault only if its user is named; a test's own words never do."""
    kubelet = asked(user="system:node:n1")
    assert not Fault(effect=EFFECT).fits(kubelet)
    assert Fault(effect=EFFECT, user="system:node:n1").fits(kubelet)
    assert Fault(effect=EFFECT).fits(asked(user="system:serviceaccount:shop:builder"))
    assert not Fault(effect=EFFECT, user="jane").fits(asked(agent="listwatch-testing"))


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"every": 3}, [3, 6]),
        ({"first": 2}, [1, 2]),
        ({"every": 2, "first": 4}, [2, 4]),
        ({"probability": 0.0}, []),
        ({"probability": 1.0}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_turns(when: dict[str, Any], struck: list[int]) -> None:
    """Counting goes over the requests that fit; each fault tells how many it was meant for and has struck."""
    fault = Fault(effect=EFFECT, verb="get", **when)
    found = []
    for number in range(1, 7):
        assert not fault.strikes(asked("POST", "/api/v1/pods"))
        if fault.strikes(asked()):
            found.append(number)
    assert found == struck
    assert (fault.matched, fault.struck) == (6, len(struck))


def test_a_seeded_chance_repeats() -> None:
    """The same seed strikes the same requests."""
    runs = [
        [fault.strikes(asked()) for _ in range(50)]
        for fault in (Fault(effect=EFFECT, probability=0.5, seed=seed) for seed in (1, 1, 2))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert 10 < sum(runs[0]) < 40


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"verb": "wach"}, r"no request has the verb 'wach'; did you mean 'watch'\?"),
        ({"verb": ["get", "PUT"]}, "no request has the verb 'PUT'"),
        ({"nth": 0}, "nth counts from 1"),
        ({"every": -1}, "every counts from 1"),
        ({"probability": 1.5}, "between 0 and 1"),
    ],
)
def test_what_can_never_strike_is_refused(wrong: dict[str, Any], complaint: str) -> None:
    """An unknown verb or a number without sense is an error where the fault is made."""
    with pytest.raises(ValueError, match=complaint):
        Fault(effect=EFFECT, **wrong)


def test_it_says_what_it_is() -> None:
    """Its name tells effect and selectors, unless it was given one."""
    fault = Fault(effect=Reset(at_byte=10), verb="watch", resource="pods", nth=2)
    assert repr(fault) == "<Fault Reset(at_byte=10) on verb=watch resource=pods nth=2: struck 0 of 0>"
    assert repr(Fault(effect=EFFECT)) == "<Fault Delay(seconds=1) on every request: struck 0 of 0>"
    assert Fault(effect=EFFECT, label="slow").label == "slow"
