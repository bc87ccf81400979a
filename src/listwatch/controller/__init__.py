"""WHERE a program acts: changes become keys, and each key is made to be as it should.

SharedInformer ─▶ watch (keys) ─▶ WorkQueue ─▶ workers ─▶ reconcile ─┐
▲                              │ again: later, or because it failed
└──────────────────────────────┘
"""

from __future__ import annotations

from listwatch.controller.controller import Controller
from listwatch.controller.keys import Change, generation_changed, own_key, owner_key
from listwatch.controller.reconcile import (
    RECONCILE_TIME_BUCKETS,
    ControllerMetrics,
    Reconcile,
    ReconcileTime,
    Result,
    TerminalError,
)

__all__ = [
    "RECONCILE_TIME_BUCKETS",
    "Change",
    "Controller",
    "ControllerMetrics",
    "Reconcile",
    "ReconcileTime",
    "Result",
    "TerminalError",
    "generation_changed",
    "own_key",
    "owner_key",
]
