"""The same without await: every verb, many threads, interruptions, and nothing left behind."""

from __future__ import annotations

import asyncio
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from scripted import HANG, Answer, Scripted, answer, frame, pod_list, refusal, stream

from listwatch import sync
from listwatch.api.apps_v1 import Deployment
from listwatch.api.core_v1 import ConfigMap, Pod
from listwatch.api.policy_v1 import Eviction
from listwatch.apimachinery.clock import SystemClock
from listwatch.apimachinery.errors import (
    ConfigError,
    ConnectionRefused,
    Expired,
    ListWatchError,
    NotFound,
    Status,
)
from listwatch.apimachinery.http import Request, Response, Transport
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.apimachinery.watch_event import EventType, WatchEvent
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.server import APIServer
from listwatch.client import client as aio_client
from listwatch.client import resource as aio_resource
from listwatch.client import subresource as aio_subresource
from listwatch.client import watch as aio_watch
from listwatch.client.config import Config
from listwatch.client.credentials import StaticToken
from listwatch.reflector import list_watch as aio_list_watch
from listwatch.sync import Client, ListWatch, PatchType

SCRIPT_CONFIG = Config(host="https://api.test")
CONFIG = Config(host="https://api.test", credentials=StaticToken("secret"))
FRAMES = [frame("ADDED", "a", 1), frame("MODIFIED", "b", 2), frame("DELETED", "c", 3)]


class Signalling:
    """A transport in front of another, which says when a request has come for its path."""

    def __init__(self, inner: Transport, part: str) -> None:
        self._inner, self._part = inner, part
        self.came = threading.Event()

    async def __call__(self, request: Request) -> Response:
        """Pass on."""
        if self._part in request.target:
            self.came.set()
        return await self._inner(request)


@pytest.fixture
def server() -> APIServer:
    """An embedded server that nobody has talked to."""
    return APIServer(clock=SystemClock(), tokens={"secret": User("admin", ("system:masters",))})


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """No test leaves a thread behind, whatever happens in it."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


def scripted(*answers: Answer) -> Client:
    """A client of a script."""
    return Client(SCRIPT_CONFIG, transport=Scripted(*answers))


def config_map(name: str, **data: str) -> ConfigMap:
    """A config map."""
    return ConfigMap(metadata=ObjectMeta(name=name, labels={"app": "x"}), data=data)


# Verbs


def test_every_verb(server: APIServer) -> None:
    """Each verb gives what its asynchronous namesake gives, waited for."""
    with Client(CONFIG, transport=server.handle) as client:
        maps = client.resource(ConfigMap, namespace="default")
        assert maps.create(config_map("a", k="1")).uid
        got = maps.get("a")
        got.data["k"] = "2"
        assert maps.replace(got).data == {"k": "2"}
        assert maps.patch("a", {"data": {"l": "3"}}).data == {"k": "2", "l": "3"}
        for name in "bcd":
            maps.create(config_map(name))
        names = ["a", "b", "c", "d"]
        assert [each.name for each in maps.list(label_selector="app=x")] == names
        assert [each.name for each in maps.list_all(label_selector="app=x", page_size=3)] == names
        assert [len(page) for page in maps.pages(label_selector="app=x", page_size=3)] == [3, 1]
        gone = maps.delete("a")
        assert isinstance(gone, Status)
        maps.delete_collection(label_selector="app=x")
        assert list(maps.list(label_selector="app=x")) == []
        with pytest.raises(NotFound):
            maps.get("a")
        assert b'"gitVersion"' in client.get_raw("/version")


def test_subresources(server: APIServer) -> None:
    """Status and scale are clients of their own, as in the asynchronous client."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    with Client(CONFIG, transport=server.handle) as client:
        deployments = client.resource(Deployment, namespace="default")
        deployments.create({"metadata": {"name": "d"}, "spec": spec})
        assert deployments.scale.get("d").spec.replicas == 2
        deployments.scale.patch("d", {"spec": {"replicas": 5}}, patch_type=PatchType.MERGE)
        assert deployments.get("d").spec.replicas == 5
        patched = deployments.status.patch("d", {"status": {"replicas": 4}})
        assert (patched.status.replicas, deployments.scale.resource.plural) == (4, "deployments")


def test_eviction() -> None:
    """Any other part of an object is a client of its own, too."""
    evicted = {"kind": "Status", "status": "Success"}
    transport = Scripted(answer(evicted, 201))
    with Client(SCRIPT_CONFIG, transport=transport) as client:
        made = client.resource(Pod).subresource("eviction", Eviction).post("p", {"metadata": {"name": "p"}})
    assert isinstance(made, Status)
    assert transport.targets == ["POST /api/v1/namespaces/default/pods/p/eviction"]


def test_kind_by_its_name(server: APIServer) -> None:
    """A collection by its name gives mappings."""
    with Client(CONFIG, transport=server.handle) as client:
        page = client.resource(Resource("", "v1", "namespaces", "Namespace", namespaced=False)).list()
    assert {each.name for each in page} >= {"default", "kube-system"}
    assert isinstance(page.items[0], Unstructured)


@pytest.mark.parametrize(
    ("name", "there", "here"),
    [
        ("Client", aio_client.Client, sync.Client),
        ("ResourceClient", aio_resource.ResourceClient, sync.ResourceClient),
        ("SubresourceClient", aio_subresource.SubresourceClient, sync.SubresourceClient),
        ("Watch", aio_watch.Watch, sync.Watch),
        ("ListWatch", aio_list_watch.ListWatch, sync.ListWatch),
    ],
)
def test_nothing_is_missing(name: str, there: type, here: type) -> None:
    """Every public method of an asynchronous class has its namesake, with the same parameters and documented."""
    aside = {"aclose"}
    for method in {each for each in dir(there) if not each.startswith("_")} - aside:
        ours, theirs = inspect.getattr_static(here, method), inspect.getattr_static(there, method)
        assert getattr(ours, "__doc__", None), f"{name}.{method} has no docstring"
        if inspect.isfunction(ours):
            assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters), (
                method
            )


def test_methods_look_like_methods() -> None:
    """Looking at a verb on the class, as `help` and autocompletion do, works; on an object it has its name."""
    assert "One object by name" in (sync.ResourceClient.get.__doc__ or "")
    with scripted() as client:
        get = client.resource(Pod).get
        assert (get.__name__, "One object by name" in (get.__doc__ or "")) == ("get", True)


# Watches


def test_watch(server: APIServer) -> None:
    """A plain `for` follows a watch until the server ends it."""
    with Client(CONFIG, transport=server.handle) as client:
        maps = client.resource(ConfigMap, namespace="default")
        version = maps.list().resource_version
        maps.create(config_map("a"))
        maps.delete("a")
        told = []
        for event in maps.watch(resource_version=version, label_selector="app=x"):
            told.append((event.type, event.object.name))
            if event.type is EventType.DELETED:
                break
    assert told == [("ADDED", "a"), ("DELETED", "a")]


def test_watch_ends_and_fails_as_there() -> None:
    """A clean end ends the loop; an ERROR event is an event; a refusal is raised where the loop begins."""
    with scripted(
        stream(*FRAMES), refusal(410, "Expired"), stream(b'{"type":"ERROR","object":{"code":410}}')
    ) as c:
        pods = c.resource(Pod)
        assert [event.object.name for event in pods.watch()] == ["a", "b", "c"]
        with pytest.raises(Expired):
            list(pods.watch())
        assert [event.type for event in pods.watch()] == ["ERROR"]


def test_entering_opens() -> None:
    """`with` sends the request: what is refused raises there."""
    with scripted(refusal(410, "Expired")) as client, pytest.raises(Expired), client.resource(Pod).watch():
        pass


def test_batches() -> None:
    """`batches` gives what each read brought."""
    with scripted(stream(FRAMES[0] + FRAMES[1], FRAMES[2])) as client:
        assert [len(batch) for batch in client.resource(Pod).watch().batches()] == [2, 1]


def test_second_loop_goes_on() -> None:
    """Inside `with` a second loop goes on where the first was left, in the middle of a batch, too."""
    with scripted(stream(FRAMES[0] + FRAMES[1], FRAMES[2])) as client, client.resource(Pod).watch() as watch:
        for event in watch:
            seen = [event.object.name]
            break
        assert seen + [event.object.name for event in watch] == ["a", "b", "c"]


def test_second_loop_over_batches_goes_on() -> None:
    """The same for batches."""
    with scripted(stream(*FRAMES)) as client, client.resource(Pod).watch() as watch:
        first = next(watch.batches())
        assert [len(batch) for batch in [first, *watch.batches()]] == [1, 1, 1]


@pytest.mark.parametrize("read", [iter, sync.Watch.batches], ids=["events", "batches"])
def test_leaving_a_bare_loop_closes(read: Callable[[Any], Iterator[Any]]) -> None:
    """Without `with`, leaving the loop lets the connection go before the next call is answered."""
    left = stream(*FRAMES, HANG)
    with scripted(left, answer(pod_list(""))) as client:
        for _ in read(client.resource(Pod).watch()):
            break
        client.resource(Pod).list()
        assert left.is_closed


def test_leaving_the_block_closes() -> None:
    """Leaving `with` closes the connection, also when the loop's body raises."""
    left = stream(*FRAMES, HANG)
    with scripted(left) as client:
        with pytest.raises(ZeroDivisionError), client.resource(Pod).watch() as watch:
            _ = [1 / 0 for _ in watch]
        assert left.is_closed


def test_stop_in_the_loop() -> None:
    """`stop` in the loop's own body makes the event at hand the last; stopping again does nothing."""
    with scripted(stream(b"".join(FRAMES), HANG)) as client:
        watch, seen = client.resource(Pod).watch(), []
        for event in watch:
            seen.append(event.object.name)
            watch.stop()
        watch.stop()
    watch.stop()
    assert seen == ["a"]


def test_stop_from_another_thread() -> None:
    """`stop` in another thread ends a loop that waits."""
    with scripted(stream(FRAMES[0], HANG)) as client, ThreadPoolExecutor(1) as others:
        watch, came = client.resource(Pod).watch(), threading.Event()

        def follow() -> list[str]:
            names = []
            for event in watch:
                names.append(event.object.name)
                came.set()
            return names

        told = others.submit(follow)
        assert came.wait(5)
        watch.stop()
        assert told.result(5) == ["a"]


# Threads, loops, interruptions


async def press_ctrl_c() -> None:
    """The signal goes to the main thread, as a terminal's does, once it waits for an answer."""
    ident = threading.main_thread().ident
    assert ident is not None
    while sys._current_frames()[ident].f_code is not threading.Condition.wait.__code__:  # noqa: ASYNC110
        await asyncio.sleep(0)
    signal.pthread_kill(ident, signal.SIGINT)


def test_eight_threads(server: APIServer) -> None:
    """Eight threads use one client at once, and each gets its own answers."""
    with Client(CONFIG, transport=server.handle) as client, ThreadPoolExecutor(8) as threads:
        maps = client.resource(ConfigMap, namespace="default")
        version = maps.list().resource_version
        start = threading.Barrier(8)

        def work(number: int) -> list[str]:
            start.wait(5)
            for turn in range(10):
                name = f"m-{number}-{turn}"
                maps.create(ConfigMap(metadata=ObjectMeta(name=name, labels={"n": str(number)})))
                assert maps.get(name).name == name
            names = []
            for event in maps.watch(resource_version=version, label_selector=f"n={number}"):
                names.append(event.object.name)
                if len(names) == 10:
                    break
            return names

        told = list(threads.map(work, range(8)))
    assert told == [[f"m-{number}-{turn}" for turn in range(10)] for number in range(8)]


def test_inside_a_running_loop(server: APIServer) -> None:
    """Where an event loop already runs, as in a notebook, the client works, too."""

    async def main() -> int:
        with Client(CONFIG, transport=server.handle) as client:
            return len(client.resource(ConfigMap, namespace="kube-system").list())

    assert asyncio.run(main()) >= 0


def test_interrupted_call_is_cancelled() -> None:
    """Ctrl-C in the waiting thread ends the wait, and cancels what was waited for."""
    cancelled = threading.Event()

    async def silent(request: Request) -> Response:
        await press_ctrl_c()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    with Client(SCRIPT_CONFIG, transport=silent) as client:
        with pytest.raises(KeyboardInterrupt):
            client.resource(Pod).get("p")
        assert cancelled.wait(5)


def test_interrupted_loop_closes_its_watch() -> None:
    """Ctrl-C in a loop that waits for events closes the watch's connection."""
    waiting = stream(FRAMES[0], HANG)
    with scripted(waiting, answer(pod_list(""))) as client:
        seen = []

        def follow() -> None:
            for event in client.resource(Pod).watch():
                seen.append(event.object.name)
                client._thread.begin(press_ctrl_c())

        with pytest.raises(KeyboardInterrupt):
            follow()
        client.resource(Pod).list()
        assert (seen, waiting.is_closed) == (["a"], True)


def test_close_ends_a_loop_in_another_thread(server: APIServer) -> None:
    """Closing the client while another thread waits for events ends that thread's loop, without an error."""
    transport = Signalling(server.handle, "watch=true")
    with ThreadPoolExecutor(1) as others:
        with Client(CONFIG, transport=transport) as client:
            told = others.submit(lambda: list(client.resource(ConfigMap).watch(resource_version=None)))
            assert transport.came.wait(5)
        assert isinstance(told.result(5), list)


def test_close_in_the_middle_of_a_loop() -> None:
    """Closing the client while a loop's body runs ends the loop after the events that have arrived."""
    with scripted(stream(FRAMES[0], FRAMES[1], HANG)) as client:
        seen = []
        for event in client.resource(Pod).watch():
            seen.append(event.object.name)
            client.close()
    assert seen == ["a"]


def test_close_while_a_call_waits() -> None:
    """A call that waits when the client is closed says that it was closed."""
    transport = Signalling(Scripted(Answer(before=HANG)), "pods")
    with ThreadPoolExecutor(1) as others:
        with Client(SCRIPT_CONFIG, transport=transport) as client:
            waiting = others.submit(client.resource(Pod).get, "p")
            assert transport.came.wait(5)
        with pytest.raises(ListWatchError, match="closed while a call was waiting"):
            waiting.result(5)


def test_use_after_close() -> None:
    """A closed client says so, whatever is asked of it; closing again does nothing."""
    with scripted(stream(HANG)) as client:
        pods = client.resource(Pod)
        entered = pods.watch().__enter__()
    client.close()
    uses: list[Callable[[], object]] = [
        lambda: pods.get("p"),
        lambda: list(pods.watch()),
        lambda: list(pods.pages()),
        lambda: client.get_raw("/"),
        lambda: pods.watch().__enter__(),
    ]
    for use in uses:
        with pytest.raises(ListWatchError, match=r"closed.*`with` block"):
            use()
    entered.__exit__(None, None, None)
    entered.stop()


def test_call_from_the_loop_itself() -> None:
    """A call from inside the client's own loop would wait for itself for ever, so it is refused."""
    errors: list[BaseException] = []

    async def recursive(request: Request) -> Response:
        try:
            client.resource(Pod).get("other")
        except RuntimeError as error:
            errors.append(error)
        return Response.of(404, b"", content_type="text/plain")

    with Client(SCRIPT_CONFIG, transport=recursive) as client, pytest.raises(NotFound):
        client.resource(Pod).get("p")
    assert "its own event loop" in str(errors[0])


def test_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that cannot be used is told before a thread is started."""
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/kubeconfig")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigError):
        Client()


def test_names_are_looked_up_without_a_trace() -> None:
    """A name that has to be looked up leaves no thread of the lookup behind."""
    with Client(Config(host="http://nowhere.invalid")) as client, pytest.raises(ConnectionRefused):
        client.resource(Pod).get("p")


# ListWatch


def test_list_watch_of_plain_functions() -> None:
    """Two plain functions, a generator function among them, make a ListWatch."""
    with scripted(answer(pod_list("ab"))) as client:
        page = client.resource(Pod).list()

    def list_func(options: ListOptions) -> ObjectList[Pod]:
        assert options.limit is None
        return page

    def watch_func(options: ListOptions) -> Iterator[WatchEvent[Pod]]:
        for pod in page:
            yield WatchEvent(EventType.ADDED, pod)

    pods = ListWatch(list_func=list_func, watch_func=watch_func, disable_chunking=True)
    assert [pod.name for pod in pods.list(ListOptions(limit=1))] == ["a", "b"]
    assert [event.object.name for event in pods.watch()] == ["a", "b"]


def test_list_watch_of_a_client() -> None:
    """A ListWatch of a client sends its selectors with both."""
    transport = Scripted(answer(pod_list("a")), stream(FRAMES[0]))
    with Client(SCRIPT_CONFIG, transport=transport) as client:
        pods = ListWatch.from_client(client, Pod, namespace="x", field_selector="f=1", label_selector="l=2")
        names = [pod.name for pod in pods.list(ListOptions(limit=3))]
        names += [
            event.object.name for event in pods.watch(ListOptions(resource_version="1", timeout_seconds=9))
        ]
    assert names == ["a", "a"]
    assert transport.targets == [
        "GET /api/v1/namespaces/x/pods?fieldSelector=f%3D1&labelSelector=l%3D2&limit=3",
        "GET /api/v1/namespaces/x/pods?watch=true&fieldSelector=f%3D1&labelSelector=l%3D2&resourceVersion=1"
        "&timeoutSeconds=9",
    ]
