"""Priority classes and the pods that name them."""

from __future__ import annotations

from tests.api_caller import PODS, Caller, pod

_CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"


async def test_a_pod_gets_the_number_of_its_class() -> None:
    """A named class, the default class, and those that every cluster has."""
    caller = Caller()
    assert (await caller.create(PODS, pod("none")))["spec"]["priority"] == 0
    for name, value, default in (("high", 1000, False), ("usual", 10, True)):
        body = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        await caller.create(_CLASSES, {**body, "value": value, "globalDefault": default})
    made = [
        (await caller.create(PODS, pod("a", priorityClassName="high")))["spec"],
        (await caller.create(PODS, pod("b")))["spec"],
        (await caller.create(PODS, pod("c", priorityClassName="system-node-critical")))["spec"],
    ]
    assert [(spec["priorityClassName"], spec["priority"], spec["preemptionPolicy"]) for spec in made] == [
        ("high", 1000, "PreemptLowerPriority"),
        ("usual", 10, "PreemptLowerPriority"),
        ("system-node-critical", 2_000_001_000, "PreemptLowerPriority"),
    ]
    await caller.server.aclose()


async def test_unknown_classes_and_other_numbers_are_refused() -> None:
    """A pod cannot name a class that is not there, nor a number that is not its class's."""
    caller = Caller()
    answer = await caller.send("POST", PODS, pod("p", priorityClassName="nope"))
    assert answer.json["message"] == 'pods "p" is forbidden: no PriorityClass with name nope was found'
    answer = await caller.send("POST", PODS, pod("p", priorityClassName="system-node-critical", priority=1))
    assert "the integer value of priority (1) must not be provided in pod spec" in answer.json["message"]
    await caller.server.aclose()
