"""The audit log."""

from __future__ import annotations

import json
import logging
import stat
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from api_caller import PODS, Caller, pod

from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.errors import ConfigError
from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.journal.audit import AuditLog


def audited(**options: Any) -> tuple[list[Any], Caller]:
    """The Events, and a caller of the server that writes them."""
    clock, numbers, events = LoopClock(), count(1), []

    def write(line: bytes) -> None:
        assert line.endswith(b"\n")
        events.append(json.loads(line))

    log = AuditLog(write, clock=clock, new_id=lambda: f"id-{next(numbers)}", **options)
    return events, Caller(clock=clock, observers=[log])


def test_an_event(virtual: Any) -> None:
    """Who asked for what, when, and how it went: and no body."""

    async def main() -> None:
        events, caller = audited()
        await caller.send("POST", PODS, pod("web"), user_agent="tool/1")
        (event,) = events
        assert event == {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": "id-1",
            "stage": "ResponseComplete",
            "requestURI": PODS,
            "verb": "create",
            "user": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
            "userAgent": "tool/1",
            "objectRef": {"resource": "pods", "namespace": "default", "apiVersion": "v1"},
            "responseStatus": {"metadata": {}, "code": 201},
            "requestReceivedTimestamp": "2026-01-01T00:00:00.000000Z",
            "stageTimestamp": "2026-01-01T00:00:00.000000Z",
        }

    virtual(main)


def test_stages(virtual: Any) -> None:
    """A watch is told when it starts and when it is over, under one id; reception only if it is wanted."""

    async def main() -> None:
        events, caller = audited(omit_stages=())
        await caller.get(f"{PODS}?watch=1&timeoutSeconds=5", audit_id="mine")
        await caller.get("/version")
        assert [(event["auditID"], event["stage"]) for event in events] == [
            ("mine", "RequestReceived"),
            ("mine", "ResponseStarted"),
            ("mine", "ResponseComplete"),
            ("id-1", "RequestReceived"),
            ("id-1", "ResponseComplete"),
        ]
        assert events[2]["stageTimestamp"] == "2026-01-01T00:00:05.000000Z"
        assert "responseStatus" not in events[0]

    virtual(main)


def test_a_log_that_cannot_be_written(virtual: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is complained of once, and requests are answered."""

    def write(line: bytes) -> None:
        raise OSError(28, "No space left on device")

    async def main() -> None:
        clock = LoopClock()
        caller = Caller(clock=clock, observers=[AuditLog(write, clock=clock)])
        for _ in range(2):
            assert (await caller.get(PODS)).status == 200

    with caplog.at_level(logging.ERROR):
        virtual(main)
    (record,) = caplog.records
    assert "No space left" in record.getMessage()


async def test_a_file(tmp_path: Path) -> None:
    """A cluster appends to a file that only its owner can read; one that cannot be opened is named."""
    path = tmp_path / "audit.log"
    for _ in range(2):
        async with EmbeddedCluster(listen=False, simulate=True, audit_log=path):
            pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert {event["stage"] for event in events} >= {"ResponseComplete"}
    with pytest.raises(ConfigError, match="cannot write the audit log"):
        await EmbeddedCluster(listen=False, audit_log=tmp_path / "none" / "audit.log").start()
