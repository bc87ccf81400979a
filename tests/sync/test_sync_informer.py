"""Informers without await: the cache from any thread, handlers in threads of their own, and a clean end."""

from __future__ import annotations

import inspect
import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sync_kit import CONFIG, PATIENCE, Told, config_map

from listwatch import sync
from listwatch.api.core_v1 import ConfigMap, Namespace, Pod
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apiserver.server import APIServer
from listwatch.reflector.states import ReflectorState, Stopped, Watching
from listwatch.shared_informer import registration as aio_registration
from listwatch.shared_informer import shared_informer as aio_informer
from listwatch.shared_informer import shared_informer_factory as aio_factory
from listwatch.shared_informer.field_path import index_by_field
from listwatch.shared_informer.handlers import EventHandlers
from listwatch.shared_informer.registration import HandlerFailure
from listwatch.sync import Client, SharedInformer, SharedInformerFactory


def following(client: Client) -> SharedInformer[ConfigMap]:
    """An informer of the config maps of namespace default."""
    return SharedInformer.from_client(client, ConfigMap, namespace="default", label_selector="app=x")


def test_cache_and_handler(client: Client) -> None:
    """The cache is in step once it has synced; a handler is told of each change in order, in a thread of its own."""
    maps = client.resource(ConfigMap, namespace="default")
    maps.create(config_map("a", k="1"))
    informer, told = following(client), Told()
    registration = informer.add_event_handler(told)
    with informer:
        informer.wait_synced(timeout=PATIENCE)
        registration.wait_synced(timeout=PATIENCE)
        assert informer.lister.get("a", namespace="default").data == {"k": "1"}
        written = maps.create(config_map("b"))
        informer.caught_up(written.resource_version, timeout=PATIENCE)
        assert {each.name for each in informer.lister.list()} == {"a", "b"}
        maps.patch("b", {"data": {"k": "2"}})
        maps.delete("a")
        assert [told.next() for _ in range(4)] == ["add a initial", "add b", "update b", "delete a"]
        (thread,) = told.threads
        assert (thread is threading.main_thread(), thread is client._thread._thread) == (False, False)
        assert thread.name.startswith("handler told")
        assert isinstance(informer.state, Watching)
        assert 0 <= informer.staleness < PATIENCE
    assert isinstance(informer.state, Stopped)
    assert informer.is_stopped


def test_reading_does_not_cross_threads(client: Client) -> None:
    """The cache and every figure can be read while the loop's thread is held up."""
    client.resource(ConfigMap, namespace="default").create(config_map("a"))
    informer = following(client)
    registration = informer.add_event_handler(Told())
    with informer, ThreadPoolExecutor(1) as others:
        informer.wait_synced(timeout=PATIENCE)
        registration.wait_synced(timeout=PATIENCE)
        held, let_go = threading.Event(), threading.Event()

        def hold() -> None:
            held.set()
            let_go.wait(PATIENCE)

        holding = others.submit(client._thread.call, hold)
        assert held.wait(PATIENCE)
        assert [each.name for each in informer.lister.list(field_selector="metadata.name=a")] == ["a"]
        assert len(informer.indexer) == 1
        assert (informer.has_synced, informer.has_started, informer.is_stopped) == (True, True, False)
        assert informer.resource_version
        assert informer.staleness < PATIENCE
        assert [type(each) for each in (informer.state, *informer.source_states)] == [Watching, Watching]
        assert (informer.stale_events, informer.transform_failures) == (0, 0)
        assert (registration.depth, registration.calls, registration.failures) == (0, 1, 0)
        assert (registration.merged, registration.dropped_resyncs, registration.age) == (0, 0, 0.0)
        assert (registration.has_synced, registration.is_active) == (True, True)
        assert informer.name in repr(informer)
        assert "told" in repr(registration)
        let_go.set()
        holding.result(PATIENCE)


def test_slow_handler_holds_up_nobody(client: Client) -> None:
    """While one handler's function runs, the client answers, the cache goes on, and another handler is told."""
    maps = client.resource(ConfigMap, namespace="default")
    informer, told, let_go = following(client), Told(), threading.Event()
    slow = informer.add_event_handler(EventHandlers(on_add=lambda obj: let_go.wait(PATIENCE), name="slow"))
    informer.add_event_handler(told)
    with informer:
        informer.wait_synced(timeout=PATIENCE)
        for name in "abc":
            maps.create(config_map(name))
        assert [told.next() for _ in range(3)] == ["add a", "add b", "add c"]
        assert slow.depth == 2
        let_go.set()
    assert slow.failures == 0


def test_handler_uses_the_client(client: Client) -> None:
    """A handler may call the client, which waits for the loop: it does not run there."""
    maps = client.resource(ConfigMap, namespace="default")
    informer, told = following(client), Told()

    def answer(obj: ConfigMap) -> None:
        if obj.name == "question":
            maps.create(config_map("answer"))

    informer.add_event_handler(EventHandlers(on_add=answer))
    informer.add_event_handler(told)
    with informer:
        maps.create(config_map("question"))
        assert [told.next().split()[1] for _ in range(2)] == ["question", "answer"]


def test_failures(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """What a handler raises, StopIteration and SystemExit included, is counted and reported in its own thread; the
    next notification comes.
    """
    maps = client.resource(ConfigMap, namespace="default")
    reported: list[tuple[str, type[BaseException], str]] = []

    def fail(obj: ConfigMap) -> None:
        raise {"a": ValueError, "b": StopIteration, "c": SystemExit}[obj.name](obj.name)

    def report(failure: HandlerFailure[ConfigMap]) -> None:
        reported.append((failure.key.name, type(failure.error), threading.current_thread().name))
        raise ZeroDivisionError

    informer, told = following(client), Told()
    for name in "abc":
        maps.create(config_map(name))
    with informer, caplog.at_level(logging.CRITICAL):
        registration = informer.add_event_handler(EventHandlers(on_add=fail, name="bad"), on_error=report)
        registration.wait_synced(timeout=PATIENCE)
        informer.add_event_handler(told)
        assert told.next() == "add a initial"
    assert [each[:2] for each in reported] == [("a", ValueError), ("b", RuntimeError), ("c", RuntimeError)]
    assert all(each[2].startswith("handler bad") for each in reported)
    assert registration.failures == 3


def test_no_hop_for_nothing(client: Client) -> None:
    """A handler that does not want updates costs no thread for them."""
    maps = client.resource(ConfigMap, namespace="default")
    informer = following(client)
    registration = informer.add_event_handler(EventHandlers(on_delete=print))
    with informer:
        written = maps.create(config_map("a"))
        informer.caught_up(written.resource_version, timeout=PATIENCE)
        registration.wait_synced(timeout=PATIENCE)
        assert registration._threads._executor is None


def test_asynchronous_handlers_are_refused(client: Client) -> None:
    """A handler whose methods are asynchronous is refused where it is added, with the way out."""

    async def on_add(obj: ConfigMap) -> None:
        raise AssertionError(obj)

    with pytest.raises(TypeError, match=r"on_add is asynchronous.*use a plain function"):
        following(client).add_event_handler(EventHandlers(on_add=on_add))
    with pytest.raises(TypeError, match="no event handler"):
        following(client).add_event_handler(object())


def test_remove_waits(client: Client) -> None:
    """Removing a handler returns when its call has ended, and its thread with it; it is told nothing more."""
    maps = client.resource(ConfigMap, namespace="default")
    began, let_go, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(obj: ConfigMap) -> None:
        began.set()
        assert let_go.wait(PATIENCE)
        ended.set()

    informer = following(client)
    with informer, ThreadPoolExecutor(1) as others:
        registration = informer.add_event_handler(EventHandlers(on_add=slow, name="slow"))
        maps.create(config_map("a"))
        maps.create(config_map("b"))
        assert began.wait(PATIENCE)
        removing = others.submit(informer.remove_event_handler, registration)
        assert not removing.done()
        let_go.set()
        removing.result(PATIENCE)
        assert ended.is_set()
        assert (registration.calls, registration.is_active, informer.registrations) == (1, False, [])
        assert not [each for each in threading.enumerate() if each.name.startswith("handler")]
        informer.remove_event_handler(registration)


def test_handler_removes_itself_and_stops_its_informer(client: Client) -> None:
    """A handler may remove itself and stop its own informer: its own call is not waited for."""
    maps = client.resource(ConfigMap, namespace="default")
    informer, done = following(client), threading.Event()

    def once(obj: ConfigMap) -> None:
        informer.remove_event_handler(removed)
        informer.stop()
        done.set()

    removed = informer.add_event_handler(EventHandlers(on_add=lambda obj: None))
    informer.add_event_handler(EventHandlers(on_add=once))
    informer.start()
    maps.create(config_map("a"))
    assert done.wait(PATIENCE)
    assert informer.is_stopped


def test_stop_and_start_again(client: Client) -> None:
    """A stopped informer can be started again and tells what happened in between; nobody can join it while stopped."""
    maps = client.resource(ConfigMap, namespace="default")
    informer, told = following(client), Told()
    informer.add_event_handler(told)
    with informer:
        maps.create(config_map("a"))
        assert told.next().startswith("add a")
    informer.stop()
    with pytest.raises(ListWatchError, match="stopped already"):
        informer.add_event_handler(Told())
    maps.delete("a")
    with informer:
        informer.start()
        assert told.next() == "delete a"


def test_closing_the_client_stops_its_informers(server: APIServer) -> None:
    """An informer that nobody stopped ends with its client, after the call that runs; using it then says why."""
    client = Client(CONFIG, transport=server.handle)
    client.resource(ConfigMap, namespace="default").create(config_map("a"))
    began, ended = threading.Event(), threading.Event()

    def slow(obj: ConfigMap) -> None:
        began.set()
        client.resource(ConfigMap, namespace="default").get("a")  # the client is still there for it
        ended.set()

    informer = following(client)
    informer.add_event_handler(EventHandlers(on_add=slow))
    informer.start()
    assert began.wait(PATIENCE)
    client.close()
    assert (ended.is_set(), informer.is_stopped) == (True, True)
    assert [each.name for each in informer.lister.list()] == ["a"]
    informer.stop()
    with pytest.raises(ListWatchError, match="closed"):
        informer.start()


def test_eight_threads(client: Client) -> None:
    """Eight threads start and stop one informer, add and remove handlers and read, without a hang or a leak."""
    informer = following(client)
    client.resource(ConfigMap, namespace="default").create(config_map("a"))
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait(PATIENCE)
        for _ in range(5):
            informer.start()
            try:
                registration = informer.add_event_handler(Told())
            except ListWatchError:  # another thread has stopped it
                continue
            informer.lister.list()
            informer.remove_event_handler(registration)
            if number % 4 == 0:
                informer.stop()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    with informer:
        informer.wait_synced(timeout=PATIENCE)
        assert (len(informer.indexer), informer.registrations) == (1, [])


def test_timeouts_say_what_was_waited_for(client: Client) -> None:
    """Waiting in vain ends in time, and says for whom."""
    informer = following(client)
    registration = informer.add_event_handler(Told())
    with pytest.raises(TimeoutError, match=r"informer configmaps has not synced within 0.0 s: Idle"):
        informer.wait_synced(timeout=0.0)
    with pytest.raises(
        TimeoutError, match=r"handler told has not been told of everything within 0.0 s: 0 not"
    ):
        registration.wait_synced(timeout=0.0)


def test_states(client: Client) -> None:
    """`states` is a plain iterator, over when the informer stops."""
    informer = following(client)
    informer.start()
    seen: list[ReflectorState] = []
    for state in informer.states():
        seen.append(state)
        if isinstance(state, Watching):
            informer.stop()
    assert [type(each) for each in seen[-2:]] == [Watching, Stopped]


def test_run(client: Client) -> None:
    """`run` goes on until another thread stops it."""
    informer = following(client)
    with ThreadPoolExecutor(1) as others:
        running = others.submit(informer.run)
        informer.wait_synced(timeout=PATIENCE)
        assert not running.done()
        informer.stop()
        running.result(PATIENCE)


def test_interrupted_run_stops(client: Client) -> None:
    """Ctrl-C in `run` stops the informer and its handlers' threads."""
    main = threading.main_thread().ident
    assert main is not None

    def interrupt(state: ReflectorState) -> None:
        if isinstance(state, Watching):
            signal.pthread_kill(main, signal.SIGINT)

    informer = SharedInformer.from_client(client, ConfigMap, namespace="default", on_state=interrupt)
    informer.add_event_handler(Told())
    with pytest.raises(KeyboardInterrupt):
        informer.run()
    assert informer.is_stopped


def test_other_kinds(client: Client) -> None:
    """Kinds by name give mappings, and `metadata_only` gives metadata."""
    by_name = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
    mappings = SharedInformer.from_client(client, by_name)
    metadata = SharedInformer.from_client(client, Namespace, metadata_only=True)
    with mappings, metadata:
        mappings.wait_synced(timeout=PATIENCE)
        metadata.wait_synced(timeout=PATIENCE)
        assert isinstance(mappings.lister.get("default"), Unstructured)
        assert isinstance(metadata.lister.get("default"), PartialObjectMetadata)
    assert mappings.resource == by_name


def test_index_while_running(client: Client) -> None:
    """An index that is added while objects come and go finds them all."""
    maps = client.resource(ConfigMap, namespace="default")
    informer = following(client)
    with informer:
        informer.wait_synced(timeout=PATIENCE)
        maps.create(config_map("a"))
        informer.add_index("name", index_by_field("metadata.name"))
        informer.caught_up(maps.create(config_map("b")).resource_version, timeout=PATIENCE)
        assert sorted(informer.indexer.index_values("name")) == ["a", "b"]


def test_factory(client: Client) -> None:
    """Who asks for the same collection gets the same informer; all are started, awaited and stopped together."""
    told = Told()
    client.resource(ConfigMap, namespace="default").create(config_map("a"))
    with SharedInformerFactory(client, namespace="default") as factory:
        maps = factory.informer_for(ConfigMap, label_selector="app=x")
        assert factory.informer_for(ConfigMap, label_selector="app=x") is maps
        pods = factory.informer_for(Pod)
        assert factory.wait_for_sync(timeout=0.0).missing.keys() == {maps.name, pods.name}
        maps.add_event_handler(told)
        factory.start()
        factory.wait_for_sync(timeout=PATIENCE).raise_if_missing()
        assert (told.next(), len(pods.indexer)) == ("add a initial", 0)
        assert factory.informers == [maps, pods]
    assert (maps.is_stopped, pods.is_stopped) == (True, True)


def test_closing_the_client_stops_its_factories(server: APIServer) -> None:
    """A factory that nobody stopped ends with its client."""
    client = Client(CONFIG, transport=server.handle)
    factory = SharedInformerFactory(client, namespace="default")
    maps, told = factory.informer_for(ConfigMap), Told()
    client.resource(ConfigMap, namespace="default").create(config_map("a"))
    maps.add_event_handler(told)
    factory.start()
    told.next()
    client.close()
    assert maps.is_stopped


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (aio_informer.SharedInformer, sync.SharedInformer),
        (aio_registration.Registration, sync.Registration),
        (aio_factory.SharedInformerFactory, sync.SharedInformerFactory),
    ],
    ids=["SharedInformer", "Registration", "SharedInformerFactory"],
)
def test_nothing_is_missing(there: type, here: type) -> None:
    """Every public method has its documented namesake with the same parameters, but those that only the inside uses."""
    as_a_store = {"replace", "apply", "bookmark", "ready"}
    by_the_processor = {
        "push",
        "push_resync",
        "push_synced",
        "is_full",
        "close",
        "give_up",
        "hope",
        "drain",
        "wake",
    }
    own_timeout = {"wait_synced"}
    for method in {each for each in dir(there) if not each.startswith("_")} - as_a_store - by_the_processor:
        ours, theirs = inspect.getattr_static(here, method), inspect.getattr_static(there, method)
        assert getattr(ours, "__doc__", None), f"{here.__name__}.{method} has no docstring"
        if inspect.isfunction(ours) and method not in own_timeout:
            assert [*inspect.signature(ours).parameters] == [*inspect.signature(theirs).parameters], method
