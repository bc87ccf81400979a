"""The way from one event loop to another."""

from __future__ import annotations

import asyncio

import pytest
from multidict import CIMultiDict

from listwatch.apimachinery.errors import ConnectionLost, ConnectionRefused
from listwatch.apimachinery.http import Request
from listwatch.testing import Cluster, Fault, Reset

MAPS = "/api/v1/namespaces/default/configmaps"


def asked(cluster: Cluster, target: str, method: str = "GET") -> Request:
    """A request of the administrator."""
    return Request(method, target, CIMultiDict({"Authorization": f"Bearer {cluster.admin_token}"}))


async def test_an_answer_and_a_watch() -> None:
    """An ordinary answer comes whole, a watch in pieces; leaving it ends it on the server."""
    with Cluster() as cluster:
        answer = await cluster.handle(asked(cluster, MAPS))
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert b'"items":[]' in await answer.read()
        watch = await cluster.handle(asked(cluster, f"{MAPS}?watch=1"))
        cluster.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
        assert b'"name":"a"' in await anext(watch.chunks)
        assert len(cluster.journal.open) == 1
        await watch.aclose()
        assert cluster.journal.open == []


async def test_cancelling_the_caller_cancels_the_server() -> None:
    """Who stops waiting for an event leaves nothing behind on the server's loop."""
    with Cluster() as cluster:
        watch = await cluster.handle(asked(cluster, f"{MAPS}?watch=1"))
        waiting = asyncio.ensure_future(anext(watch.chunks))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await watch.aclose()
        cluster.wait_for(lambda: not cluster.journal.open)


async def test_errors_cross_over() -> None:
    """An injected cut, and a server that is gone, are errors of the transport for the caller."""
    with Cluster() as cluster:
        cluster.faults.add(Fault(effect=Reset()))
        with pytest.raises(ConnectionLost):
            await cluster.handle(asked(cluster, MAPS))
        handle, request = cluster.handle, asked(cluster, MAPS)
    with pytest.raises(ConnectionRefused, match="closed"):
        await handle(request)
