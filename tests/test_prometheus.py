"""What Prometheus is told: names, labels and figures, in the text that it reads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from informer_kit import Silent, added, pod, rv, settle
from memory_cluster import memory_cluster
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from listwatch import sync
from listwatch.api.core_v1 import Namespace, Pod
from listwatch.apimachinery.clock import LoopClock
from listwatch.apimachinery.key import ObjectKey
from listwatch.controller.controller import Controller
from listwatch.controller.reconcile import Result, TerminalError
from listwatch.event_recorder.event_recorder import EventRecorder
from listwatch.leader_election.leader_elector import LeaderElector
from listwatch.prometheus import FAMILIES, MAX_PRIORITIES, ListwatchCollector
from listwatch.shared_informer.handlers import EventHandlers
from listwatch.shared_informer.shared_informer import SharedInformer
from listwatch.shared_informer.shared_informer_factory import SharedInformerFactory
from listwatch.workqueue.work_queue import WorkQueue

Virtual = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
SRC = Path(__file__).parents[1] / "src"


def scrape(collector: ListwatchCollector) -> list[str]:
    """The samples' lines; the text must be what Prometheus can read, with no series twice."""
    registry = CollectorRegistry()
    registry.register(collector)
    text = generate_latest(registry).decode()
    parsed = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    series = [(each.name, *sorted(each.labels.items())) for each in parsed]
    assert len(series) == len(set(series))
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_queue(virtual: Virtual) -> None:
    """A queue's figures have client-go's names, and the labels of controller-runtime's."""

    async def main() -> list[str]:
        clock = LoopClock()
        queue: WorkQueue[str] = WorkQueue(clock=clock, name="pods")
        for key, priority in (("a", 0), ("b", 0), ("c", -100)):
            queue.add(key, priority=priority)
        await clock.sleep(2.0)
        async with queue.next():
            await clock.sleep(30.0)
        queue.add_after("d", 1000.0)
        async with queue.next():
            await clock.sleep(5.0)
            return scrape(ListwatchCollector(queue))

    lines = virtual(main)
    labels = 'controller="pods",name="pods"'
    assert {line for line in lines if "duration" not in line} == {
        f'workqueue_depth{{{labels},priority="0"}} 0.0',
        f'workqueue_depth{{{labels},priority="-100"}} 1.0',
        f"workqueue_adds_total{{{labels}}} 3.0",
        f"workqueue_retries_total{{{labels}}} 1.0",
        f"workqueue_unfinished_work_seconds{{{labels}}} 5.0",
        f"workqueue_longest_running_processor_seconds{{{labels}}} 5.0",
        f"listwatch_workqueue_delayed{{{labels}}} 1.0",
        f"listwatch_workqueue_running{{{labels}}} 1.0",
    }
    work = "workqueue_work_duration_seconds"
    assert {
        f'{work}_bucket{{controller="pods",le="1e-08",name="pods"}} 0.0',
        f'{work}_bucket{{controller="pods",le="10.0",name="pods"}} 0.0',
        f'{work}_bucket{{controller="pods",le="100.0",name="pods"}} 1.0',
        f'{work}_bucket{{controller="pods",le="+Inf",name="pods"}} 1.0',
        f"{work}_count{{{labels}}} 1.0",
        f"{work}_sum{{{labels}}} 30.0",
        f"workqueue_queue_duration_seconds_count{{{labels}}} 2.0",
        f"workqueue_queue_duration_seconds_sum{{{labels}}} 34.0",
    } <= set(lines)


def test_depth_by_priority(virtual: Virtual) -> None:
    """A priority that had keys is told as 0 later; there are no more than so many labels, and no key is left out."""

    async def main() -> None:
        queue: WorkQueue[int] = WorkQueue(clock=LoopClock(), name="q")
        collector = ListwatchCollector(queue)

        def depths() -> dict[str, float]:
            found = [
                line.split('priority="')[1].split('"} ') for line in scrape(collector) if "depth" in line
            ]
            return {priority: float(value) for priority, value in found}

        queue.add(1, priority=7)
        assert depths() == {"0": 0.0, "7": 1.0}
        async with queue.next():
            assert depths() == {"0": 0.0, "7": 0.0}
        for number in range(100):
            queue.add(number, priority=number)
        assert (len(depths()), sum(depths().values())) == (MAX_PRIORITIES, 100.0)

    virtual(main)


def test_controller(virtual: Virtual, caplog: pytest.LogCaptureFixture) -> None:
    """A controller's figures have controller-runtime's names; its queue comes with it."""

    async def reconcile(key: ObjectKey) -> Result | None:
        match key.name:
            case "good":
                return None
            case "later":
                return Result(requeue_after=1000.0)
            case _:
                raise TerminalError("never")

    async def main() -> list[str]:
        controller = Controller(reconcile, name="c", workers=2, clock=LoopClock())
        async with controller:
            for name in ("good", "later", "bad"):
                controller.queue.add(ObjectKey("", name))
            await settle()
            return scrape(ListwatchCollector(controller))

    lines = set(virtual(main))
    assert {line for line in lines if line.startswith("controller") and "time_seconds" not in line} == {
        'controller_runtime_reconcile_total{controller="c",result="success"} 1.0',
        'controller_runtime_reconcile_total{controller="c",result="requeue_after"} 1.0',
        'controller_runtime_reconcile_total{controller="c",result="error"} 1.0',
        'controller_runtime_reconcile_errors_total{controller="c"} 1.0',
        'controller_runtime_terminal_reconcile_errors_total{controller="c"} 1.0',
        'controller_runtime_reconcile_timeouts_total{controller="c"} 0.0',
        'controller_runtime_max_concurrent_reconciles{controller="c"} 2.0',
        'controller_runtime_active_workers{controller="c"} 0.0',
    }
    assert {
        'controller_runtime_reconcile_time_seconds_bucket{controller="c",le="0.005"} 3.0',
        'controller_runtime_reconcile_time_seconds_count{controller="c"} 3.0',
        'workqueue_adds_total{controller="c",name="c"} 3.0',
    } <= lines


def test_informer(virtual: Virtual) -> None:
    """An informer tells how far its cache has come and how old it is, what its reflectors saw, and of each handler."""

    async def main() -> list[str]:
        clock = LoopClock()
        informer: SharedInformer[Pod] = SharedInformer(Silent(), resource=Pod.resource, clock=clock)
        for _ in range(2):
            informer.add_event_handler(EventHandlers(on_add=lambda obj: None, name="h"))
        collector = ListwatchCollector(informer)
        assert (
            'listwatch_informer_staleness_seconds{group="",name="pods",resource="pods",version="v1"} +Inf'
            in (scrape(collector))
        )
        informer.replace([pod("a", 1)], rv("9000000000000000123"))
        informer.apply([added(pod("b", "9000000000000000124"))], rv("9000000000000000124"))
        await clock.sleep(3.0)
        return scrape(collector)

    lines = virtual(main)
    labels = 'group="",name="pods",resource="pods",version="v1"'
    assert {line for line in lines if "informer" in line and "state{" not in line} == {
        f"informer_queued_items{{{labels}}} 4.0",
        f"informer_store_resource_version{{{labels}}} 124.0",
        f"listwatch_informer_objects{{{labels}}} 2.0",
        f"listwatch_informer_staleness_seconds{{{labels}}} 3.0",
        f"listwatch_informer_synced{{{labels}}} 1.0",
        f"listwatch_informer_transform_failures_total{{{labels}}} 0.0",
    }
    state = 'listwatch_informer_state{group="",name="pods",resource="pods",state="'
    assert [line for line in lines if line.startswith(state) and line.endswith("1.0")] == [
        f'{state}Idle",version="v1"}} 1.0'
    ]
    assert {line for line in lines if line.startswith("listwatch_handler_depth")} == {
        'listwatch_handler_depth{handler="h",name="pods"} 2.0',
        'listwatch_handler_depth{handler="h (2)",name="pods"} 2.0',
    }
    assert 'listwatch_handler_age_seconds{handler="h",name="pods"} 3.0' in lines


def test_what_runs_on_a_client(virtual: Virtual) -> None:
    """Reflectors, electors and recorders are told of; a factory brings the informers that it has when it is asked."""

    async def main() -> list[str]:
        async with memory_cluster() as cluster:
            client, _ = cluster.connect()
            clock = cluster.clock
            elector = LeaderElector(client, name="l", namespace="default", clock=clock)
            recorder = EventRecorder(client, reporting_controller="example.com/c", clock=clock)
            factory = SharedInformerFactory(client, namespace="default", clock=clock)
            alone = SharedInformer.from_client(client, Namespace, clock=clock, name="pods in default")
            collector = ListwatchCollector(elector, recorder, factory, alone)
            pods = factory.informer_for(Pod)
            collector.add(pods, name="mine")
            async with elector.lead(), recorder, factory, alone:
                recorder.event(Namespace(), reason="R", action="A", note="n")
                await factory.wait_for_sync(timeout=10.0)
                await alone.wait_synced()
                return scrape(collector)

    lines = set(virtual(main))
    assert {
        'leader_election_master_status{name="default/l"} 1.0',
        'leader_election_slowpath_total{name="default/l"} 0.0',
        'listwatch_events_told_total{name="example.com/c"} 1.0',
        'reflector_lists_total{name="mine"} 1.0',
        'reflector_watches_total{name="mine"} 1.0',
        'reflector_lists_total{name="pods in default"} 1.0',
    } <= lines
    assert len([line for line in lines if line.startswith("reflector_lists_total")]) == 2


def test_factories_whose_informers_have_the_same_names(virtual: Virtual) -> None:
    """Informers of two factories are told apart."""

    async def main() -> list[str]:
        async with memory_cluster() as cluster:
            factories = [SharedInformerFactory(cluster.connect()[0], clock=cluster.clock) for _ in range(2)]
            collector = ListwatchCollector(factories[0]).add(factories[1], name="other")
            third = SharedInformerFactory(cluster.connect()[0], clock=cluster.clock)
            for each in (*factories, third):
                each.informer_for(Pod)
            with pytest.raises(ValueError, match="another factory is called ''"):
                collector.add(third)
            pods: SharedInformer[Pod] = SharedInformer(
                Silent(), resource=Pod.resource, clock=cluster.clock, name="pods in default"
            )
            return scrape(collector.add(pods))

    lines = [line for line in virtual(main) if line.startswith("listwatch_informer_synced")]
    assert [line.split('name="')[1].split('"')[0] for line in lines] == [
        "pods in default",
        "pods in default (2)",
        "other pods in default",
    ]


def test_adding_and_removing() -> None:
    """The same thing twice is once; another of the same name, or none, is refused; what is removed is not told."""
    with sync.WorkQueue[str](name="q") as queue, sync.WorkQueue[str]() as nameless:
        collector = ListwatchCollector(queue).add(queue)
        with pytest.raises(ValueError, match="another work queue is called 'q'"):
            collector.add(nameless, name="q")
        with pytest.raises(ValueError, match="a work queue needs a name"):
            collector.add(nameless)
        with pytest.raises(TypeError, match="str has no figures: add a SharedInformer"):
            collector.add("queue")
        collector.add(nameless, name="r")
        assert 'workqueue_adds_total{controller="r",name="r"} 0.0' in scrape(collector)
        collector.remove(nameless)
        collector.remove(nameless)
        assert not [line for line in scrape(collector) if '"r"' in line]


def test_silent_by_default() -> None:
    """A collector without parts tells nothing, and a second one cannot be registered beside it."""
    registry = CollectorRegistry()
    registry.register(ListwatchCollector())
    assert generate_latest(registry) == b""
    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(ListwatchCollector())
    assert len({each.name for each in FAMILIES}) == len(FAMILIES)


@pytest.mark.slow
def test_without_prometheus_client() -> None:
    """Importing it without prometheus_client says which extra is missing; nothing else of ours needs it."""
    program = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "import listwatch.sync, listwatch.sync.controller, listwatch.sync.leader_election, listwatch.cli.main\n"
        "import listwatch.prometheus"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr.strip().splitlines()[-1] == (
        "ImportError: listwatch.prometheus needs prometheus_client, which is not installed: "
        "pip install 'listwatch[metrics]'"
    )
