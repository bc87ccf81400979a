"""A controller on real informers and a server in memory: what is reconciled, when, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from memory_cluster import MemoryCluster, memory_cluster
from virtual_time import run_virtual

from listwatch.api.core_v1 import ConfigMap, Secret
from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.object import Object
from listwatch.controller import Change, Controller, Result, TerminalError, owner_key
from listwatch.shared_informer.shared_informer import SharedInformer
from listwatch.workqueue import ItemExponentialFailureRateLimiter, WorkQueue

Body = Callable[[ObjectKey], Awaitable[Result | None]]


class Bench:
    """A server, informers on it, and a reconcile function that notes its calls."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.clock = cluster.clock
        self.client, self.wire = cluster.connect()
        self.writer, _ = cluster.connect()
        self.config_maps: SharedInformer[ConfigMap] = self.informer(ConfigMap)
        self.calls: list[tuple[float, str]] = []
        self.body: Body = self.nothing

    def informer(self, kind: Any) -> SharedInformer[Any]:
        """Of one kind, in the namespace default."""
        return SharedInformer.from_client(
            self.client, kind, namespace="default", clock=self.clock, random=lambda: 0.0
        )

    async def nothing(self, key: ObjectKey) -> Result | None:
        """All is well at once."""
        return None

    async def reconcile(self, key: ObjectKey) -> Result | None:
        """Note it, and do as told."""
        self.calls.append((round(self.clock.monotonic(), 3), key.name))
        return await self.body(key)

    def controller(self, *, watch: bool = True, base: float = 1.0, **settings: Any) -> Controller:
        """A controller whose failures wait `base` seconds, then twice as long each time."""
        queue: WorkQueue[ObjectKey] = WorkQueue(
            clock=self.clock, rate_limiter=ItemExponentialFailureRateLimiter(base_delay=base), name="tests"
        )
        controller = Controller(
            self.reconcile, **({"name": "tests", "clock": self.clock, "queue": queue} | settings)
        )
        if watch:
            controller.watch(self.config_maps)
        return controller

    @property
    def names(self) -> list[str]:
        """Whom it was called with."""
        return [name for _, name in self.calls]

    async def write(self, name: str, value: str = "", **metadata: Any) -> None:
        """Make a ConfigMap so."""
        maps = self.writer.resource(ConfigMap, namespace="default")
        body = {"metadata": {"name": name} | metadata, "data": {"value": value}}
        try:
            await maps.patch(name, body)
        except ListWatchError:
            await maps.create(body)

    async def delete(self, name: str) -> None:
        """Delete a ConfigMap."""
        await self.writer.resource(ConfigMap, namespace="default").delete(name)

    async def settle(self, seconds: float = 1.0) -> None:
        """Let what was begun come to its end."""
        await asyncio.sleep(seconds)


def on_bench(test: Callable[[Bench], Awaitable[None]]) -> None:
    """Run a test in virtual time; no task may be left."""

    async def main() -> None:
        async with memory_cluster() as cluster:
            await test(Bench(cluster))

    run_virtual(main)


def test_level_triggered() -> None:
    """Each object is reconciled when it is there, when it changes and when it is gone, with a cache that shows it."""

    async def test(bench: Bench) -> None:
        seen: list[tuple[str, str | None]] = []

        async def body(key: ObjectKey) -> None:
            found = bench.config_maps.indexer.get(key)
            seen.append((str(key), None if found is None else (found.data or {}).get("value")))

        bench.body = body  # type: ignore[assignment]
        await bench.write("a", "1")
        async with bench.config_maps, bench.controller():
            await bench.settle()
            await bench.write("a", "2")
            await bench.settle()
            await bench.delete("a")
            await bench.settle()
        mine = [each for each in seen if each[0] == "default/a"]
        assert mine == [("default/a", "1"), ("default/a", "2"), ("default/a", None)]

    on_bench(test)


def test_owners() -> None:
    """A change of an owned object reconciles its owner; one that is taken away reconciles old and new owner."""

    def owned_by(name: str) -> list[dict[str, Any]]:
        return [{"apiVersion": "v1", "kind": "Secret", "name": name, "uid": name, "controller": True}]

    async def test(bench: Bench) -> None:
        controller = bench.controller(watch=False)
        controller.watch(bench.config_maps, keys=owner_key("Secret", api_version="v1"))
        async with bench.config_maps, controller:
            await bench.write("orphan")
            await bench.write("a", ownerReferences=owned_by("one"))
            await bench.settle()
            assert bench.names == ["one"]
            await bench.write("a", ownerReferences=owned_by("two"))
            await bench.settle()
            assert bench.names == ["one", "one", "two"]

    on_bench(test)


def test_several_kinds() -> None:
    """Any number of informers feed one controller, each with its own keys; workers wait for all of them."""

    async def test(bench: Bench) -> None:
        secrets: SharedInformer[Secret] = bench.informer(Secret)

        def everybody(secret: Object) -> list[ObjectKey]:
            return [ObjectKey("default", f"{secret.name}-{number}") for number in range(2)]

        controller = bench.controller()
        controller.watch(secrets, keys=everybody)
        await bench.write("a")
        async with bench.config_maps, controller:
            await bench.settle(60)
            assert bench.calls == []
            async with secrets:
                await bench.settle()
                assert "a" in bench.names
                await bench.writer.resource(Secret, namespace="default").create({"metadata": {"name": "s"}})
                await bench.settle()
                assert bench.names[-2:] == ["s-0", "s-1"]

    on_bench(test)


def test_failures_are_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """A key that fails is reconciled again after a rising wait; success lets the next failure be the first."""

    async def test(bench: Bench) -> None:
        failures: list[tuple[ObjectKey, Exception]] = []

        async def body(key: ObjectKey) -> Result | None:
            if len(bench.calls) in {1, 2, 3, 5}:
                raise KeyError("not yet")
            return None

        bench.body = body
        controller = bench.controller(watch=False, on_error=lambda key, error: failures.append((key, error)))
        async with controller:
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(20)
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(20)
        times = [time for time, _ in bench.calls]
        assert times == [0, 1, 3, 7, 20, 21]
        metrics = controller.metrics()
        assert metrics.reconcile_total == {"success": 2, "requeue_after": 0, "error": 4}
        assert metrics.reconcile_errors_total == 4
        assert [str(key) for key, _ in failures] == ["default/a"] * 4

    on_bench(test)
    assert "default/a failed, failure 3" in caplog.text
    assert "not yet" in caplog.text


def test_terminal_errors() -> None:
    """A key that is said to be past help waits for the next change."""

    async def test(bench: Bench) -> None:
        async def body(key: ObjectKey) -> Result | None:
            raise TerminalError("never")

        bench.body = body
        controller = bench.controller(watch=False)
        async with controller:
            for _ in range(2):
                controller.queue.add(ObjectKey("default", "a"))
                await bench.settle(100)
        assert bench.names == ["a", "a"]
        metrics = controller.metrics()
        assert (metrics.terminal_reconcile_errors_total, metrics.reconcile_errors_total) == (2, 2)

    on_bench(test)


def test_timeout() -> None:
    """A reconcile that takes too long is cancelled, counted, and tried again; a TimeoutError of its own is an error."""

    async def test(bench: Bench) -> None:
        ended: list[float] = []

        async def body(key: ObjectKey) -> Result | None:
            if len(bench.calls) == 1:
                try:
                    await asyncio.sleep(100)
                finally:
                    ended.append(bench.clock.monotonic())
            if len(bench.calls) == 2:
                raise TimeoutError("its own")
            return None

        bench.body = body
        controller = bench.controller(watch=False, timeout=5.0)
        async with controller:
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(30)
        assert ended == [5.0]
        assert [time for time, _ in bench.calls] == [0, 6, 8]
        metrics = controller.metrics()
        assert (metrics.reconcile_timeouts_total, metrics.reconcile_errors_total) == (1, 2)
        assert metrics.reconcile_time.total_seconds == pytest.approx(5.0)

    on_bench(test)


def test_cancelled_from_within() -> None:
    """If something that a reconcile waits for is cancelled, that is a failure of the key, not the worker's end."""

    async def test(bench: Bench) -> None:
        async def body(key: ObjectKey) -> Result | None:
            if len(bench.calls) == 1:
                gone = asyncio.get_running_loop().create_future()
                gone.cancel()
                await gone
            return None

        bench.body = body
        controller = bench.controller(watch=False)
        async with controller:
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(10)
        assert controller.metrics().reconcile_total == {"success": 1, "requeue_after": 0, "error": 1}

    on_bench(test)


def test_requeue_after() -> None:
    """A key is reconciled again after the time that it asked for, and that is no failure."""

    async def test(bench: Bench) -> None:
        async def body(key: ObjectKey) -> Result | None:
            return Result(requeue_after=30) if len(bench.calls) < 3 else Result()

        bench.body = body
        controller = bench.controller(watch=False)
        async with controller:
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(100)
        assert [time for time, _ in bench.calls] == [0, 30, 60]
        assert controller.metrics().reconcile_total == {"success": 1, "requeue_after": 2, "error": 0}

    on_bench(test)


def test_live_changes_go_first() -> None:
    """Keys of the initial list wait behind those of changes."""

    async def test(bench: Bench) -> None:
        async def body(key: ObjectKey) -> Result | None:
            await asyncio.sleep(10)
            return None

        bench.body = body
        for name in ("a", "b", "c", "d"):
            await bench.write(name)
        async with bench.config_maps, bench.controller():
            await bench.settle(5)
            await bench.write("d", "changed")
            await bench.write("new")
            await bench.settle(100)
        first = bench.names[0]
        others = [name for name in ("a", "b", "c", "kube-root-ca.crt") if name in bench.names]
        assert bench.names[1:3] == ["d", "new"]
        assert first in others
        assert sorted(bench.names[3:]) == sorted(set(others) - {first})

    on_bench(test)


def test_one_worker_for_a_key() -> None:
    """Keys are reconciled side by side, one key never; changes meanwhile make one more run."""

    async def test(bench: Bench) -> None:
        running: list[str] = []
        most: list[int] = []

        async def body(key: ObjectKey) -> Result | None:
            assert key.name not in running
            running.append(key.name)
            most.append(len(running))
            await asyncio.sleep(5)
            running.remove(key.name)
            return None

        bench.body = body
        controller = bench.controller(watch=False, workers=3)
        async with controller:
            for moment in range(4):
                for name in ("a", "b", "c", "d"):
                    controller.queue.add(ObjectKey("default", name))
                await bench.settle()
                if moment == 0:
                    assert controller.metrics().active_workers == 3
                    assert "3 of 3 workers busy" in repr(controller)
            await bench.settle(30)
        assert max(most) == 3
        assert sorted(bench.names) == ["a", "a", "b", "b", "c", "c", "d"]
        assert controller.metrics().active_workers == 0

    on_bench(test)


def test_predicate() -> None:
    """Changes that a predicate refuses are not reconciled."""

    def is_new(change: Change[ConfigMap]) -> bool:
        return change.old is None

    async def test(bench: Bench) -> None:
        controller = bench.controller(watch=False)
        controller.watch(bench.config_maps, predicate=is_new)
        async with bench.config_maps, controller:
            await bench.settle()
            await bench.write("a")
            await bench.settle()
            await bench.write("a", "changed")
            await bench.settle()
            await bench.delete("a")
            await bench.settle()
            assert bench.names.count("a") == 1

    on_bench(test)


def test_a_key_function_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A failing key function is reported and counted at its registration; other changes are reconciled."""

    def keys(obj: Object) -> list[ObjectKey]:
        if obj.name == "bad":
            raise KeyError("bad object")
        return [obj.key]

    async def test(bench: Bench) -> None:
        controller = bench.controller(watch=False)
        registration = controller.watch(bench.config_maps, keys=keys)
        async with bench.config_maps, controller:
            await bench.settle()
            await bench.write("bad")
            await bench.write("good")
            await bench.settle()
            assert bench.names[-1] == "good"
            assert registration.failures == 1

    on_bench(test)
    assert "controller tests" in caplog.text


def test_a_report_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """What `on_error` raises is logged, and the key is tried again all the same."""

    def on_error(key: ObjectKey, error: Exception) -> None:
        raise RuntimeError("report")

    async def test(bench: Bench) -> None:
        async def body(key: ObjectKey) -> Result | None:
            if len(bench.calls) == 1:
                raise KeyError
            return None

        bench.body = body
        controller = bench.controller(watch=False, on_error=on_error)
        async with controller:
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(10)
        assert bench.names == ["a", "a"]

    on_bench(test)
    assert "on_error failed" in caplog.text


def test_stop_lets_running_reconciles_end() -> None:
    """At the end running reconciles end by themselves, within the grace period; keys that wait are not begun."""

    async def test(bench: Bench) -> None:
        ended: list[float] = []

        async def body(key: ObjectKey) -> Result | None:
            await asyncio.sleep(20)
            ended.append(bench.clock.monotonic())
            return Result(requeue_after=1)

        bench.body = body
        controller = bench.controller(watch=False, workers=2)
        async with controller:
            for name in ("a", "b", "c"):
                controller.queue.add(ObjectKey("default", name))
            await bench.settle(5)
        assert bench.names == ["a", "b"]
        assert ended == [20.0, 20.0]
        await controller.stop()

    on_bench(test)


def test_stop_cancels_after_the_grace_period() -> None:
    """A reconcile that takes longer than the grace period is cancelled, and its clean-up is waited for."""

    async def test(bench: Bench) -> None:
        ended: list[float] = []

        async def body(key: ObjectKey) -> Result | None:
            try:
                await asyncio.sleep(1000)
            finally:
                await asyncio.sleep(2)
                ended.append(bench.clock.monotonic())
            return None

        bench.body = body
        controller = bench.controller(watch=False, grace=10)
        async with controller:
            controller.queue.add(ObjectKey("default", "a"))
            await bench.settle(5)
        assert ended == [17.0]
        assert controller.metrics().reconcile_total == {"success": 0, "requeue_after": 0, "error": 0}

    on_bench(test)


def test_cancellation_of_run() -> None:
    """`run` ends when it is cancelled, with grace; a second cancellation ends the grace."""

    async def test(bench: Bench) -> None:
        ended: list[float] = []

        async def body(key: ObjectKey) -> Result | None:
            try:
                await asyncio.sleep(1000)
            finally:
                ended.append(bench.clock.monotonic())
            return None

        bench.body = body
        controller = bench.controller()
        await bench.write("a")
        async with bench.config_maps:
            run = asyncio.create_task(controller.run())
            await bench.settle(5)
            run.cancel()
            await bench.settle(5)
            assert not run.done()
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert len(ended) == 1
            assert ended[0] < 11
            assert bench.config_maps.registrations == []

    on_bench(test)


def test_stopped_while_waiting_for_informers() -> None:
    """A controller whose informers never sync can be stopped at any time."""

    async def test(bench: Bench) -> None:
        controller = bench.controller()
        run = asyncio.create_task(controller.run())
        await bench.settle(5)
        await controller.stop()
        await run
        assert bench.calls == []
        with pytest.raises(RuntimeError, match="only once"):
            await controller.start()
        with pytest.raises(ListWatchError, match="has stopped"):
            controller.watch(bench.config_maps)

    on_bench(test)


def test_sync_timeout() -> None:
    """Informers that do not sync in time are named."""

    async def test(bench: Bench) -> None:
        secrets: SharedInformer[Secret] = bench.informer(Secret)
        controller = bench.controller(sync_timeout=60)
        controller.watch(secrets)
        async with bench.config_maps:
            with pytest.raises(ListWatchError, match=r"within 60 s: secrets;"):
                await controller.run()

    on_bench(test)


def test_an_informer_that_ends() -> None:
    """If a watched informer stops before it has synced, the controller ends with that as its error."""

    async def test(bench: Bench) -> None:
        bench.wire.cut()
        controller = bench.controller()
        async with bench.config_maps:
            run = asyncio.create_task(controller.run())
            await bench.settle(5)
        with pytest.raises(ListWatchError, match="stopped"):
            await run

    on_bench(test)


def test_fault_at_the_end_of_a_block() -> None:
    """As a block, too, a controller that could not begin says so, unless the block has an error of its own."""

    async def block(bench: Bench, *, fails: bool) -> None:
        async with bench.controller(sync_timeout=5):
            await bench.settle(10)
            if fails:
                raise KeyError("its own")

    async def test(bench: Bench) -> None:
        with pytest.raises(ListWatchError, match="did not sync"):
            await block(bench, fails=False)
        with pytest.raises(KeyError):
            await block(bench, fails=True)

    on_bench(test)


def test_queue_ends() -> None:
    """A queue that its owner shuts down ends the controller when its keys are reconciled."""

    async def test(bench: Bench) -> None:
        controller = bench.controller(watch=False)
        run = asyncio.create_task(controller.run())
        await bench.settle()
        controller.queue.add(ObjectKey("default", "a"))
        controller.queue.shut_down()
        await run
        assert bench.names == ["a"]

    on_bench(test)


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"workers": 0}, "worker"), ({"timeout": 0}, "timeout"), ({"grace": -1}, "grace")],
)
def test_settings_that_are_refused(settings: dict[str, Any], told: str) -> None:
    """Settings that make no sense are refused where they are given."""

    async def test(bench: Bench) -> None:
        with pytest.raises(ValueError, match=told):
            Controller(bench.reconcile, **settings)

    on_bench(test)


def test_defaults() -> None:
    """A controller needs no more than a function: its name is the function's, its queue an ordinary one."""

    async def test(bench: Bench) -> None:
        controller = Controller(bench.reconcile)
        assert controller.name == "Bench.reconcile"
        assert controller.queue.name == "Bench.reconcile"

    on_bench(test)


def test_stopped_before_it_began() -> None:
    """A controller that was never started can be stopped, and lets go of its informers."""

    async def test(bench: Bench) -> None:
        controller = bench.controller()
        assert len(bench.config_maps.registrations) == 1
        await controller.stop()
        assert bench.config_maps.registrations == []
        assert "0 of 1 workers busy" in repr(controller)

    on_bench(test)
