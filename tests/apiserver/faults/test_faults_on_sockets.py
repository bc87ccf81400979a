"""The same faults as clients meet them over a socket, and nothing of them in the server's log."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from listwatch.testing import Cluster, Fault, Freeze, Partition, Refuse, Reset, SlowBody, TearFrame

pytestmark = pytest.mark.slow
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def cluster(caplog: pytest.LogCaptureFixture) -> Iterator[Cluster]:
    """A cluster with one object; its server has nothing to complain of."""
    with Cluster(tls=False, manifests="{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}") as started:
        yield started
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def ask(cluster: Cluster, target: str) -> http.client.HTTPResponse:
    """One request on a connection of its own, its body still to be read."""
    where = urlsplit(cluster.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
    headers = {"Authorization": f"Bearer {cluster.admin_token}", "Connection": "close"}
    connection.request("GET", target, headers=headers)
    return connection.getresponse()


def test_a_reset_before_the_answer(cluster: Cluster) -> None:
    """The connection ends without a word."""
    cluster.faults.add(Fault(effect=Reset()))
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        ask(cluster, MAPS)


def test_a_reset_in_the_body(cluster: Cluster) -> None:
    """Head and first bytes arrive, then the connection breaks: a reader cannot take it for the whole."""
    cluster.faults.add(Fault(effect=Reset(at_byte=20)))
    answer = ask(cluster, MAPS)
    assert answer.status == 200
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        answer.read()


def test_a_torn_frame(cluster: Cluster) -> None:
    """The watch ends properly in the midst of its first line."""
    cluster.faults.add(Fault(verb="watch", effect=TearFrame()))
    body = ask(cluster, f"{MAPS}?watch=1").read()
    assert body.startswith(b'{"type":"ADDED"')
    assert not body.endswith(b"\n")


def test_a_refusal_and_a_slow_body(cluster: Cluster) -> None:
    """Statuses and pauses look as from a real server."""
    with cluster.faults.add(Fault(effect=Refuse(code=429, retry_after=1))):
        answer = ask(cluster, MAPS)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    cluster.faults.add(Fault(effect=SlowBody(piece_bytes=200, pause=0.001)))
    assert b'"name":"a"' in ask(cluster, MAPS).read()


def test_a_partition_cuts_what_is_open(cluster: Cluster) -> None:
    """An open watch breaks when the partition begins, and new requests get nowhere until it ends."""
    answer = ask(cluster, f"{MAPS}?watch=1")
    assert answer.readline()
    with cluster.faults.add(Fault(effect=Partition())):
        with pytest.raises((ConnectionError, http.client.IncompleteRead)):
            answer.read()
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            ask(cluster, MAPS)
    assert ask(cluster, MAPS).status == 200


def test_a_frozen_watch_does_not_hold_up_the_end(cluster: Cluster) -> None:
    """A cluster with a silent watch closes at once."""
    cluster.faults.add(Fault(verb="watch", effect=Freeze(after_events=1)))
    answer = ask(cluster, f"{MAPS}?watch=1")
    assert answer.readline()
    cluster.close()
    answer.close()
