"""Metrics under kube-apiserver's names."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api_caller import CONFIG_MAPS, PODS, Caller, config_map
from prometheus_client.parser import text_string_to_metric_families

from listwatch.apiserver.journal.metrics import Subject, subject_of
from listwatch.apiserver.wire.request_info import parse_request


async def scraped(caller: Caller) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All samples, by name and labels, as Prometheus' own parser reads them."""
    answer = await caller.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def labels(**known: str) -> frozenset[tuple[str, str]]:
    """The labels of requests on ConfigMaps, changed as told."""
    whole = {
        "component": "apiserver",
        "group": "",
        "version": "v1",
        "resource": "configmaps",
        "subresource": "",
        "scope": "resource",
        **known,
    }
    return frozenset(whole.items())


def test_requests_are_counted(virtual: Any) -> None:
    """By verb, resource, scope, dry run and code, with durations and sizes."""

    async def main() -> None:
        caller = Caller()
        await caller.create(CONFIG_MAPS, config_map("a"))
        await caller.send("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("b"))
        await caller.get(f"{CONFIG_MAPS}/none")
        await caller.get(CONFIG_MAPS)
        found = await scraped(caller)
        total = "apiserver_request_total"
        assert found[total, labels(verb="POST", dry_run="", code="201")] == 1
        assert found[total, labels(verb="POST", dry_run="All", code="201")] == 1
        assert found[total, labels(verb="GET", dry_run="", code="404")] == 1
        assert found[total, labels(verb="LIST", dry_run="", code="200", scope="namespace")] == 1
        durations = "apiserver_request_duration_seconds"
        assert found[f"{durations}_bucket", labels(verb="POST", dry_run="", le="0.005")] == 1
        assert found[f"{durations}_bucket", labels(verb="POST", dry_run="", le="+Inf")] == 1
        assert found[f"{durations}_count", labels(verb="POST", dry_run="")] == 1
        assert (
            found["apiserver_response_sizes_bucket", labels(verb="LIST", le="1000", scope="namespace")] == 1
        )

    virtual(main)


def test_watches_and_requests_in_flight(virtual: Any) -> None:
    """Open watches are long-running; their events count; the scrape itself is in flight."""

    async def main() -> None:
        caller = Caller()
        watch = await caller.watch(f"{CONFIG_MAPS}?watch=1&timeoutSeconds=10")
        await caller.create(CONFIG_MAPS, config_map("a"))
        found = await scraped(caller)
        running = ("apiserver_longrunning_requests", labels(verb="WATCH", scope="namespace"))
        assert found[running] == 1
        assert found["apiserver_current_inflight_requests", frozenset({("request_kind", "readOnly")})] == 1
        assert found["apiserver_current_inflight_requests", frozenset({("request_kind", "mutating")})] == 0
        await asyncio.sleep(11)
        found = await scraped(caller)
        assert found[running] == 0
        events = {("group", ""), ("version", "v1"), ("resource", "configmaps")}
        assert found["apiserver_watch_events_total", frozenset(events)] == 1
        await watch.close()

    virtual(main)


def test_stored_objects(virtual: Any) -> None:
    """How many objects there are of each resource, under the older and the newer name."""

    async def main() -> None:
        found = await scraped(Caller())
        assert found["apiserver_storage_objects", frozenset({("resource", "namespaces")})] == 4
        newer = frozenset({("group", "apps"), ("resource", "deployments")})
        assert found["apiserver_resource_objects", newer] == 0

    virtual(main)


def test_who_is_not_known_may_not_see_them(virtual: Any) -> None:
    """Metrics are for authenticated users; whatever is asked, the number of names stays bounded."""

    async def main() -> None:
        caller = Caller()
        assert (await caller.send("GET", "/metrics", peer=None)).status == 403
        assert (await caller.send("POST", "/metrics")).status == 405
        for number in range(20):
            await caller.get(f"/nonsense/{number}")
        assert not [key for key in await scraped(caller) if "nonsense" in str(key)]

    virtual(main)


@pytest.mark.parametrize(
    ("method", "target", "subject"),
    [
        ("GET", PODS, Subject("LIST", "", "v1", "pods", "", "namespace")),
        ("GET", "/api/v1/pods?watch=1", Subject("WATCH", "", "v1", "pods", "", "cluster")),
        ("POST", PODS, Subject("POST", "", "v1", "pods", "", "resource")),
        ("PUT", f"{PODS}/a/status", Subject("PUT", "", "v1", "pods", "status", "resource")),
        ("DELETE", PODS, Subject("DELETECOLLECTION", "", "v1", "pods", "", "namespace")),
        ("GET", "/readyz", Subject("GET", "", "", "", "/readyz", "")),
    ],
)
def test_what_a_request_counts_under(method: str, target: str, subject: Subject) -> None:
    """Verb and scope are told as kube-apiserver tells them."""
    assert subject_of(parse_request(method, target)) == subject
