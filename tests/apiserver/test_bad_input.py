"""Thousands of requests that nobody would send: none is answered with a fault, none does harm.

A failure tells the request that did it. `HYPOTHESIS_PROFILE=fresh` tries others.
"""

from __future__ import annotations

import asyncio
import json
import logging

import msgspec
import pytest
from api_caller import ADMIN, CONFIG_MAPS, Caller, config_map, pod
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict
from odd_requests import OddRequests, Raw
from virtual_time import run_virtual

from listwatch.apimachinery.http import Request

REQUESTS = 50
EXAMPLES = 200
UNTOUCHED = "/api/v1/namespaces/kube-public/configmaps/untouched"
FORMS = (
    "application/json",
    "application/yaml",
    "application/json;as=Table;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
)
# Two groups or versions have them, and each checks or fills in what the other does not.
TWOFOLD = ("events", "horizontalpodautoscalers")
# 500 is kube-apiserver's own answer to these.
GENUINE_FAULTS = (
    "resourceVersion should not be set on objects to be created",
    "resourceVersion: Invalid value",
    "impersonation headers without Impersonate-User",
)


class Fuzzed:
    """A server that gets odd requests, and a look at it after each."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog
        self.caller = Caller()
        self.log = self.caller.server.log

    async def begin(self) -> None:
        """Some objects to aim at, and one to leave alone."""
        caller = self.caller
        await caller.create(UNTOUCHED.rpartition("/")[0], config_map("untouched", data={"a": "b"}))
        await caller.create(CONFIG_MAPS, config_map("a", data={"a": "b"}))
        await caller.create("/api/v1/namespaces/default/pods", pod("a"))
        await caller.create("/api/v1/namespaces/default/pods", pod("b", nodeName="a"))
        await caller.create("/api/v1/nodes", {"metadata": {"name": "a"}})
        template = {"metadata": {"labels": {"app": "x"}}, "spec": pod("x")["spec"]}
        spec = {"selector": {"matchLabels": {"app": "x"}}, "template": template}
        await caller.create(
            "/apis/apps/v1/namespaces/default/deployments", {"metadata": {"name": "a"}, "spec": spec}
        )
        self.untouched = (await caller.get(UNTOUCHED)).body

    async def send(self, raw: Raw) -> None:
        """Send one, and look."""
        method, target, headers, body = raw
        before = self.log.revision
        request = Request(method, target, CIMultiDict(headers), body, ADMIN)
        answer = await self.caller.server.handle(request)
        try:
            async with asyncio.timeout(30):
                whole = await answer.read()
        except TimeoutError:
            assert "watch" in target, f"{method} {target}"
            return
        told = f"{answer.status} {whole[:2000]!r}\n{method} {target[:300]} {headers}\n{body[:3000]!r}"
        faults = [record for record in self.caplog.records if record.levelno >= logging.WARNING]
        assert not faults, f"{faults[0].exc_text or faults[0].getMessage()}\n{told}"
        assert 200 <= answer.status < 600, told
        if answer.status == 500:
            assert any(each in repr(whole) for each in GENUINE_FAULTS), told
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("application/json") and "watch" not in target:
            document = json.loads(whole)
            if answer.status >= 400:
                assert document["kind"] == "Status", told
                assert document["code"] == answer.status, told
        if answer.status >= 400 or method in {"GET", "HEAD"}:
            assert self.log.revision == before or method == "DELETE", told
        for revision in range(before + 1, self.log.revision + 1):
            self.check_change(revision, told)

    def check_change(self, revision: int, told: str) -> None:
        """A change is one that can be kept, and told."""
        change = self.log._whole.changes[revision - self.log.revision - 1]
        assert change.revision == revision, told
        value = change.current.object
        try:
            assert msgspec.json.decode(msgspec.json.encode(value)) == value, told
        except (ValueError, OverflowError, RecursionError) as error:
            raise AssertionError(f"{error!r}: stored, and cannot be encoded\n{told}") from error
        assert value["metadata"]["resourceVersion"] == str(revision)

    async def look_around(self) -> None:
        """In the end: all objects are valid still, and can be shown in every form; one is as it was."""
        assert (await self.caller.get(UNTOUCHED)).body == self.untouched
        for resource in list(self.caller.server._registry.stored()):
            state = self.log.state(resource.storage)
            if not len(state):
                continue
            root = (
                f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
            )
            for form in FORMS:
                answer = await self.caller.get(f"{root}/{resource.name}", accept=form)
                assert answer.status == 200, f"{resource} as {form}: {answer.body[:1000]!r}"
                assert not self.caplog.records, self.caplog.records[0].exc_text
            if resource.name in TWOFOLD:
                continue
            for key, stored in state.items():
                namespace, _, name = key.rpartition("/")
                where = (
                    f"{root}/namespaces/{namespace}/{resource.name}"
                    if namespace
                    else f"{root}/{resource.name}"
                )
                await self.put_back(f"{where}/{name}", stored.revision)

    async def put_back(self, path: str, revision: int) -> None:
        """An object that is read and written again is accepted, and stays as it is."""
        found = await self.caller.get(path)
        again = await self.caller.send("PUT", path, found.body)
        if again.status in {405, 403}:  # 403: a quota has come since
            return
        assert again.status == 200, f"{again.body[:2000]!r}\n{found.body[:3000]!r}"
        assert again.json["metadata"]["resourceVersion"] == str(revision), f"{found.body!r}\n{again.body!r}"


@pytest.mark.slow
@pytest.mark.timeout(180)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
@given(seed=st.integers(0, 2**48))
def test_nobody_can_break_it(caplog: pytest.LogCaptureFixture, seed: int) -> None:
    """Whatever is sent is answered with a Status or with sense; what is stored can be encoded, shown and put back."""
    caplog.clear()
    play(seed, caplog)


def play(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """One server and fifty requests."""

    async def main() -> None:
        fuzzed, odd = Fuzzed(caplog), OddRequests(seed)
        await fuzzed.begin()
        for _ in range(REQUESTS):
            await fuzzed.send(odd.request())
        await fuzzed.look_around()
        await fuzzed.caller.server.aclose()

    run_virtual(main)
