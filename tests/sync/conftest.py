"""What the tests of the sync facade share: a server in memory, a client of it, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sync_kit import CONFIG

from listwatch.apimachinery.clock import SystemClock
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.server import APIServer
from listwatch.sync import Client


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """No test leaves a thread behind, whatever happens in it."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


@pytest.fixture
def server() -> APIServer:
    """An embedded server that nobody has talked to."""
    return APIServer(clock=SystemClock(), tokens={"secret": User("admin", ("system:masters",))})


@pytest.fixture
def client(server: APIServer, no_thread_left: None) -> Iterator[Client]:
    """A client of that server, closed afterwards."""
    with Client(CONFIG, transport=server.handle) as client:
        yield client
