"""Controllers of plain functions: in worker threads, one key at one of them, and a clean end."""

from __future__ import annotations

import inspect
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sync_kit import CONFIG, PATIENCE, config_map, press_ctrl_c

from listwatch.api.core_v1 import ConfigMap
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apiserver.server import APIServer
from listwatch.controller import controller as aio
from listwatch.controller.reconcile import Result
from listwatch.sync import Client, Controller, SharedInformer, WorkQueue


def following(client: Client) -> SharedInformer[ConfigMap]:
    """An informer of the config maps of namespace default."""
    return SharedInformer.from_client(client, ConfigMap, namespace="default", label_selector="app=x")


def test_it_reconciles(client: Client) -> None:
    """A plain function is called in a worker thread with each key, may use the client, and is called again if it
    fails or asks for it.
    """
    maps = client.resource(ConfigMap, namespace="default")
    informer, done, tries = following(client), threading.Event(), []
    reported: list[str] = []

    def reconcile(key: ObjectKey) -> Result | None:
        tries.append(threading.current_thread().name)
        assert informer.lister.get(key.name, namespace=key.namespace).name == "a"
        if len(tries) == 1:
            raise ZeroDivisionError
        if len(tries) == 2:
            return Result(requeue_after=0.001)
        maps.patch(key.name, {"data": {"seen": "yes"}})
        done.set()
        return None

    controller = Controller(
        client,
        reconcile,
        workers=2,
        on_error=lambda key, error: reported.append(f"{key}: {type(error).__name__}"),
    )
    controller.watch(informer)
    maps.create(config_map("a"))
    with informer, controller:
        assert done.wait(PATIENCE)
        assert informer.registrations[0].name.startswith("controller")
        with pytest.raises(RuntimeError, match="only once"):
            controller.start()
    assert maps.get("a").data == {"seen": "yes"}
    assert all(name.startswith("controller") for name in tries)
    assert reported == ["default/a: ZeroDivisionError"]
    figures = controller.metrics()
    assert (figures.reconcile_errors_total, figures.reconcile_total["requeue_after"]) == (1, 1)
    assert (controller.is_stopping, controller.queue.is_shutting_down) == (True, True)
    assert controller.name in repr(controller)


def test_a_function_that_takes_too_long(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Its time over, a function is waited for all the same, and its key is at no other worker meanwhile."""
    informer, again, running = following(client), threading.Event(), threading.Lock()
    calls: list[str] = []

    def slow(key: ObjectKey) -> None:
        assert running.acquire(blocking=False), "one key at two workers"
        calls.append(key.name)
        if len(calls) == 1:
            while not expired():
                pass
        running.release()
        if len(calls) == 2:
            again.set()

    def expired() -> bool:
        """Whether the worker has been told that the time is over."""
        return any(task.cancelling() for task in controller._inner._workers)

    client.resource(ConfigMap, namespace="default").create(config_map("a"))
    controller = Controller(client, slow, workers=4, timeout=0.01)
    controller.watch(informer)
    with caplog.at_level(logging.CRITICAL), informer, controller:
        assert again.wait(PATIENCE)
    assert controller.metrics().reconcile_timeouts_total >= 1


def test_stop_waits_for_what_runs(client: Client) -> None:
    """Leaving the block waits for the function that runs, also beyond the grace period; no key is begun after that."""
    informer, began, let_go, ended = following(client), threading.Event(), threading.Event(), []

    def reconcile(key: ObjectKey) -> None:
        began.set()
        let_go.wait(PATIENCE)
        ended.append(key.name)

    maps = client.resource(ConfigMap, namespace="default")
    for name in "ab":
        maps.create(config_map(name))
    controller = Controller(client, reconcile, grace=0.0)
    controller.watch(informer)
    with informer, ThreadPoolExecutor(1) as others:
        controller.start()
        assert began.wait(PATIENCE)
        stopping = others.submit(controller.stop)
        while not controller.is_stopping:
            pass
        let_go.set()
        stopping.result(PATIENCE)
    assert len(ended) == 1
    controller.stop()


def test_stop_from_within(client: Client) -> None:
    """A reconcile that stops its own controller, or closes its client, is told that it would wait for itself."""
    told: list[str] = []
    done = threading.Event()

    def reconcile(key: ObjectKey) -> None:
        for end in (controller.stop, client.close):
            try:
                end()
            except RuntimeError as error:
                told.append(str(error))
        done.set()

    controller = Controller(client, reconcile, name="c")
    with controller:
        controller.queue.add(ObjectKey("", "any"))
        assert done.wait(PATIENCE)
    assert told[0] == "controller c: stop was called from its own reconcile"
    assert "closed from within a reconcile" in told[1]


def test_run_until_interrupted(client: Client) -> None:
    """Ctrl-C in `run` stops the controller; it does not run again."""
    controller = Controller(client, lambda key: None)
    client._thread.begin(press_ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        controller.run()
    assert controller.is_stopping
    with pytest.raises(RuntimeError, match="only once"):
        controller.run()


def test_informers_that_do_not_sync(client: Client) -> None:
    """`run` says which informer was never started; so does leaving the block."""
    first, second = (Controller(client, lambda key: None, sync_timeout=0.01) for _ in range(2))
    told = r"did not sync within 0\.01 s: configmaps"
    first.watch(following(client))
    with pytest.raises(ListWatchError, match=told):
        first.run()
    second.watch(following(client))
    second.start()
    client._thread.run(second._inner._ended())
    with pytest.raises(ListWatchError, match=told):
        second.__exit__(None, None, None)


def test_closing_the_client_stops_its_controllers(server: APIServer) -> None:
    """A controller that nobody stopped ends with its client, after the function that runs."""
    client = Client(CONFIG, transport=server.handle)
    began, ended = threading.Event(), threading.Event()

    def reconcile(key: ObjectKey) -> None:
        began.set()
        client.get_raw("/version")
        ended.set()

    controller = Controller(client, reconcile)
    controller.start()
    controller.queue.add(ObjectKey("", "any"))
    assert began.wait(PATIENCE)
    client.close()
    assert (ended.is_set(), controller.is_stopping) == (True, True)


def test_queue_of_ones_own(client: Client) -> None:
    """A queue on the client's loop may be given; one that lives elsewhere is refused."""
    queue = WorkQueue[ObjectKey](client, name="mine")
    assert Controller(client, lambda key: None, queue=queue).queue is queue
    with WorkQueue[ObjectKey]() as other, pytest.raises(ValueError, match="another loop"):
        Controller(client, lambda key: None, queue=other)


def test_nothing_is_missing() -> None:
    """Every public method has its documented namesake with the same parameters."""
    for method in {each for each in dir(aio.Controller) if not each.startswith("_")}:
        ours = inspect.getattr_static(Controller, method)
        assert getattr(ours, "__doc__", None), method
        if inspect.isfunction(ours):
            theirs = inspect.getattr_static(aio.Controller, method)
            assert [*inspect.signature(ours).parameters] == [*inspect.signature(theirs).parameters], method
