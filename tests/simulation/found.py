"""Scenarios that are played by name: those that have failed once, and those that stories are told about."""

from __future__ import annotations

from faults import Fault, FaultKind
from history import Selection
from steps import (
    Advance,
    Compact,
    Delete,
    FollowerSpec,
    Inject,
    Kind,
    Outage,
    Pause,
    Put,
    Recreate,
    Restart,
    Scenario,
    Strike,
)

EVERYTHING = FollowerSpec()
PLAIN = FollowerSpec(is_streaming=False)
PAGES = FollowerSpec(is_streaming=False, always_pages=True)
SELECTED = FollowerSpec(Selection("", True))
THREE = (Put("default", "a", "x"), Put("default", "b", "y"), Put("kube-system", "c", "x"))

FOUND: dict[str, Scenario] = {
    "nothing happens": Scenario((EVERYTHING, PLAIN)),
    "deleted and made anew while nobody looked": Scenario(
        (EVERYTHING, SELECTED, FollowerSpec(kind=Kind.SPLIT)),
        before=THREE,
        steps=(
            Advance(1),
            Outage(True),
            Recreate("default", "a", "x"),
            Delete("default", "b"),
            Compact(),
            Advance(33),
            Outage(False),
            Advance(33),
        ),
    ),
    "the server restarts and has forgotten": Scenario(
        (EVERYTHING, PLAIN),
        before=THREE,
        steps=(Advance(1), Put("default", "a", "y"), Restart(False), Put("default", "a", "x"), Advance(4)),
    ),
    "the continue token expires": Scenario((PAGES,), before=(*THREE, Inject(Fault(FaultKind.GONE_ON_PAGE)))),
    "the end of a streamed list is never marked": Scenario(
        (EVERYTHING,), before=(*THREE, Inject(Fault(FaultKind.NO_MARKER)))
    ),
    "a streamed list is broken twice": Scenario(
        (EVERYTHING,),
        before=(*THREE, Inject(Fault(FaultKind.CUT, 300)), Inject(Fault(FaultKind.CUT, 700))),
    ),
    "a frame is told twice, an old one again": Scenario(
        (EVERYTHING, PLAIN),
        before=THREE,
        steps=(
            Advance(1),
            Strike(FaultKind.DUPLICATE),
            Put("default", "a", "y"),
            Put("default", "a", "x"),
            Strike(FaultKind.STALE),
            Advance(1),
            Delete("default", "a"),
            Advance(1),
        ),
    ),
    "a connection is dead and does not say so": Scenario(
        (EVERYTHING, SELECTED),
        before=THREE,
        steps=(Advance(75), Strike(FaultKind.FREEZE), Delete("default", "a"), Advance(400)),
    ),
    "an object leaves a selection and comes back": Scenario(
        (SELECTED, FollowerSpec(kind=Kind.LABELS)),
        before=THREE,
        steps=(
            Advance(1),
            Put("default", "a", "y"),
            Advance(1),
            Put("default", "a", "x"),
            Put("default", "a", "y"),
            Advance(1),
        ),
    ),
    "stopped, and started much later": Scenario(
        (EVERYTHING,),
        before=THREE,
        steps=(
            Advance(1),
            Pause(0),
            Recreate("default", "a", "x"),
            Delete("default", "b"),
            Compact(),
            Pause(0),
        ),
    ),
}
