"""Leader election for threads: the block's thread leads, and the Lease is kept until the block has ended."""

from __future__ import annotations

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sync_kit import CONFIG, PATIENCE, press_ctrl_c

from listwatch.api.coordination_v1 import Lease
from listwatch.api.core_v1 import Namespace
from listwatch.api.events_v1 import Event
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apiserver.server import APIServer
from listwatch.leader_election import leader_elector as aio
from listwatch.leader_election import leadership as aio_leadership
from listwatch.leader_election.leadership import LeadershipLost
from listwatch.sync import Client, EventRecorder, LeaderElector, Leadership


def elector(client: Client, identity: str) -> LeaderElector:
    """One of several that stand for the same Lease, in a hurry."""
    return LeaderElector(
        client,
        name="l",
        namespace="default",
        identity=identity,
        lease_duration=0.6,
        renew_deadline=0.4,
        retry_period=0.02,
    )


def test_block_leads_and_gives_back(client: Client) -> None:
    """Inside the block this process leads; afterwards the Lease is free, and another may have it at once."""
    one, other = elector(client, "one"), elector(client, "other")
    with one.lead() as leadership:
        assert (leadership.is_leader, one.is_leader, one.leader, one.identity) == (True, True, "one", "one")
        assert (leadership.identity, leadership.is_lost) == ("one", False)
        assert 0 < leadership.seconds_left <= 0.6
        assert leadership.renewed_at > 0
        assert one.healthy()
        assert one.metrics().master_status
        assert not leadership.wait_lost(timeout=0.0)
        assert "one" in repr(leadership)
    assert (leadership.is_leader, one.is_leader) == (False, False)
    assert client.resource(Lease, namespace="default").get("l").spec.holder_identity == ""
    assert other.run(lambda later: later.fencing_token > leadership.fencing_token)
    assert "other" in repr(other)


def test_one_at_a_time(client: Client) -> None:
    """Of four threads that stand for one Lease, one at a time does the work, and each gets its turn."""
    leading = threading.Lock()

    def work(leadership: Leadership) -> str:
        assert leading.acquire(blocking=False)
        assert leadership.is_leader
        leading.release()
        return leadership.identity

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(elector(client, str(number)).run, work) for number in range(4)]
        assert [each.result(PATIENCE) for each in done] == ["0", "1", "2", "3"]


def lose(client: Client, leadership: Leadership) -> None:
    """Let somebody write his own name into the Lease."""
    client.resource(Lease, namespace="default").patch("l", {"spec": {"holderIdentity": "thief"}})
    assert leadership.wait_lost(timeout=PATIENCE)
    assert (leadership.is_lost, leadership.is_leader) == (True, False)


def test_loss_is_told_and_raised(client: Client) -> None:
    """When the Lease is another's the block's thread can know, and the block ends with LeadershipLost."""
    with pytest.raises(LeadershipLost, match="its holder is 'thief'"):
        elector(client, "one").run(lambda leadership: lose(client, leadership))


def test_an_error_of_the_block_goes_before_the_loss(client: Client) -> None:
    """What the block itself raises is what comes out of it, whether leadership was lost or not."""

    def fail(leadership: Leadership) -> None:
        lose(client, leadership)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        elector(client, "one").run(fail)


def test_elector_is_in_use_until_the_block_has_ended(client: Client) -> None:
    """While a block goes on after its loss, its elector stands for nothing else; afterwards it can be used again."""
    one = elector(client, "one")

    def go_on(leadership: Leadership) -> None:
        lose(client, leadership)
        with pytest.raises(RuntimeError, match="in use"), one.lead():
            pass

    with pytest.raises(LeadershipLost):
        one.run(go_on)
    client.resource(Lease, namespace="default").delete("l")
    with one.lead():
        assert one.is_leader


def test_interrupted_wait(client: Client) -> None:
    """Ctrl-C while waiting for leadership ends the wait, and the elector is free."""
    with elector(client, "one").lead():
        waiting = elector(client, "two")
        client._thread.begin(press_ctrl_c())
        with pytest.raises(KeyboardInterrupt), waiting.lead():
            pass
    with waiting.lead():
        assert waiting.is_leader


def test_client_closed_while_leading(server: APIServer) -> None:
    """A block whose client is closed meanwhile no longer leads; the Lease is not given back, but expires."""
    client = Client(CONFIG, transport=server.handle)

    def close(leadership: Leadership) -> None:
        client.close()
        assert leadership.wait_lost()
        assert not leadership.is_leader

    with pytest.raises(LeadershipLost, match="closed"):
        elector(client, "one").run(close)
    with pytest.raises(ListWatchError, match="closed"), elector(client, "one").lead():
        pass
    with Client(CONFIG, transport=server.handle) as another:
        assert another.resource(Lease, namespace="default").get("l").spec.holder_identity == "one"


def test_client_closed_while_waiting(server: APIServer) -> None:
    """Whoever waits for leadership when the client is closed is told so."""
    client = Client(CONFIG, transport=server.handle)
    with Client(CONFIG, transport=server.handle) as first, elector(first, "one").lead():
        waiting = elector(client, "two")
        with ThreadPoolExecutor(1) as others:
            entering = others.submit(waiting.lead().__enter__)
            while not waiting.leader:
                client.get_raw("/version")
            client.close()
            with pytest.raises(ListWatchError, match="closed while leadership was waited for"):
                entering.result(PATIENCE)


def test_recorder(client: Client) -> None:
    """Events are sent from plain code; leaving the block sends what waits; an elector may tell of itself."""
    namespace = client.resource(Namespace).get("default")
    with EventRecorder(client, reporting_controller="example.com/test") as recorder:
        recorder.event(namespace, reason="Seen", action="Looking", note="it is there")
        assert recorder.flush(timeout=PATIENCE) == 0
        recorder.event(namespace, reason="Seen", action="Looking", note="it is there")
        with pytest.raises(ValueError, match="Normal or Warning"):
            recorder.event(namespace, reason="R", action="A", note="", type="Other")  # type: ignore[arg-type]
        assert "example.com/test" in repr(recorder)
        told = LeaderElector(client, name="l", namespace="default", identity="one", recorder=recorder)
        told.run(lambda leadership: None)
    (event,) = [
        each
        for each in client.resource(Event, namespace="default").list()
        if each.regarding.kind == "Namespace"
    ]
    assert (event.note, event.series.count if event.series else 1) == ("it is there", 2)
    figures = recorder.metrics()
    assert (figures.told, figures.dropped, figures.waiting) == (4, 0, 0)
    assert recorder.close() == 0


def test_closing_the_client_sends_what_waits(server: APIServer) -> None:
    """A recorder that nobody closed sends what waits when its client is closed, and takes nothing afterwards."""
    client = Client(CONFIG, transport=server.handle)
    namespace = client.resource(Namespace).get("default")
    recorder = EventRecorder(client, reporting_controller="example.com/test")
    recorder.event(namespace, reason="Seen", action="Looking", note="it is there")
    client.close()
    recorder.event(namespace, reason="Seen", action="Looking", note="too late")
    assert recorder.metrics().created == 1


@pytest.mark.parametrize(
    ("there", "here", "instead"),
    [
        (aio.LeaderElector, LeaderElector, set[str]()),
        (aio_leadership.Leadership, Leadership, {"lost"}),
    ],
    ids=["LeaderElector", "Leadership"],
)
def test_nothing_is_missing(there: type, here: type, instead: set[str]) -> None:
    """Every public method has its documented namesake, but those that only the elector uses."""
    by_the_elector = {"renew", "lose", "end", "error"} if there is aio_leadership.Leadership else set()
    for method in {each for each in dir(there) if not each.startswith("_")} - by_the_elector - instead:
        assert getattr(inspect.getattr_static(here, method), "__doc__", None), method
