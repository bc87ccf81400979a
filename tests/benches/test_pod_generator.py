"""The benchmarks' pods are what the benchmarks say they are."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.codec import Codec

BENCHES = Path(__file__).parents[2] / "benches"
COUNT = 100


@pytest.fixture(scope="module")
def generator() -> Any:
    """`benches/pods.py`, imported as the benchmarks do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHES))
        yield importlib.import_module("pods")
        for name in ("pods", "managed_fields"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def made(generator: ModuleType) -> list[dict[str, Any]]:
    """Some pods."""
    return list(generator.pods(COUNT))


def size(value: Any) -> int:
    """Bytes as compact JSON."""
    return len(msgspec.json.encode(value))


def test_the_same_seed_gives_the_same_bytes(generator: ModuleType) -> None:
    """Two runs of a benchmark decode the same body, byte for byte."""
    assert generator.list_body(20, seed=7) == generator.list_body(20, seed=7)


def test_another_seed_gives_other_pods(generator: ModuleType) -> None:
    """The seed is what pods depend on."""
    assert generator.pod(3, seed=7) != generator.pod(3, seed=8)


def test_a_pod_does_not_depend_on_how_many_there_are(
    generator: ModuleType, made: list[dict[str, Any]]
) -> None:
    """Pod number 50 is the same alone as among others."""
    assert generator.pod(50) == made[50]


def test_pods_have_the_size_that_the_figures_are_about(made: list[dict[str, Any]]) -> None:
    """A pod has 11.0 to 12.0 KB on average, about half of it managedFields."""
    average = sum(map(size, made)) / COUNT
    managed = sum(size(pod["metadata"]["managedFields"]) for pod in made) / COUNT

    assert 11_000 < average < 12_000
    assert 0.45 < managed / average < 0.55


def test_no_two_pods_share_what_is_unique_in_a_cluster(made: list[dict[str, Any]]) -> None:
    """Names within a namespace, uids and resource versions are each pod's own."""
    keys = {(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in made}

    assert len(keys) == COUNT
    assert len({pod["metadata"]["uid"] for pod in made}) == COUNT
    assert len({pod["metadata"]["resourceVersion"] for pod in made}) == COUNT


def test_replicas_share_their_template(generator: ModuleType, made: list[dict[str, Any]]) -> None:
    """Pods of one workload differ in name and address, not in labels, owner and images."""
    one, other = made[0], made[generator.REPLICAS - 1]

    assert one["metadata"]["labels"] == other["metadata"]["labels"]
    assert one["metadata"]["ownerReferences"] == other["metadata"]["ownerReferences"]
    assert one["spec"]["containers"][0]["image"] == other["spec"]["containers"][0]["image"]
    assert one["metadata"]["name"] != other["metadata"]["name"]
    assert one["status"]["podIP"] != other["status"]["podIP"]


def test_pods_have_what_a_cluster_writes(made: list[dict[str, Any]]) -> None:
    """Each has two containers with a status each, conditions, an owner and three managers."""
    for pod in made:
        names = {container["name"] for container in pod["spec"]["containers"]}
        assert len(names) == 2
        assert {status["name"] for status in pod["status"]["containerStatuses"]} == names
        assert {c["type"] for c in pod["status"]["conditions"]} >= {"Ready", "PodScheduled", "Initialized"}
        assert pod["metadata"]["ownerReferences"][0]["controller"] is True
        managers = [entry["manager"] for entry in pod["metadata"]["managedFields"]]
        assert managers == ["kube-controller-manager", "calico", "kubelet"]


def test_managed_fields_name_what_the_managers_set(made: list[dict[str, Any]]) -> None:
    """Containers are named by key, labels one by one, and what admission added has no owner."""
    pod = made[0]
    fields = pod["metadata"]["managedFields"][0]["fieldsV1"]
    containers = {f'k:{{"name":"{container["name"]}"}}' for container in pod["spec"]["containers"]}

    assert fields["f:spec"]["f:containers"].keys() == {".", *containers}
    assert fields["f:metadata"]["f:labels"].keys() == {".", *(f"f:{k}" for k in pod["metadata"]["labels"])}
    assert "f:tolerations" not in fields["f:spec"]
    assert "f:nodeName" not in fields["f:spec"]


def test_a_list_of_them_decodes_the_fast_way(generator: ModuleType, made: list[dict[str, Any]]) -> None:
    """The strict decoder takes the body, and what it made encodes to the same pods."""
    codec = Codec(Pod)
    body = generator.list_body(COUNT)

    assert len(codec._pages.decode(body).items) == COUNT
    page = codec.page(body)
    assert [msgspec.json.decode(pod.to_json(type_meta=False)) for pod in page] == made
    assert [pod.spec.containers[0].image for pod in page] == [
        p["spec"]["containers"][0]["image"] for p in made
    ]
