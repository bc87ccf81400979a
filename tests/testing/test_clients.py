"""Other people's clients reach a test's cluster by its kubeconfig, with nothing else set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from listwatch.testing import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore"),
]  # what they warn of is theirs


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster with one object."""
    with Cluster(manifests="{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}") as started:
        yield started


def test_kubernetes(cluster: Cluster) -> None:
    """The official client reads an object with the file alone."""
    kubernetes = pytest.importorskip("kubernetes")
    with kubernetes.config.new_client_from_config(str(cluster.kubeconfig_path)) as api:
        found = kubernetes.client.CoreV1Api(api).read_namespaced_config_map("a", "default")
    assert found.data == {"k": "v"}


async def test_kubernetes_asyncio(cluster: Cluster) -> None:
    """Its asynchronous sibling reads an object on the test's own loop."""
    library = pytest.importorskip("kubernetes_asyncio")
    await library.config.load_kube_config(config_file=str(cluster.kubeconfig_path))
    async with library.client.ApiClient() as api:
        found = await library.client.CoreV1Api(api).read_namespaced_config_map("a", "default")
    assert found.data == {"k": "v"}


def test_lightkube(cluster: Cluster) -> None:
    """The library lightkube reads an object with the file alone."""
    lightkube = pytest.importorskip("lightkube")
    resources = pytest.importorskip("lightkube.resources.core_v1")
    client = lightkube.Client(lightkube.KubeConfig.from_file(cluster.kubeconfig_path))
    assert client.get(resources.ConfigMap, "a").data == {"k": "v"}


def test_kr8s(cluster: Cluster) -> None:
    """The library kr8s lists objects with the file alone."""
    kr8s = pytest.importorskip("kr8s")
    found = kr8s.api(kubeconfig=str(cluster.kubeconfig_path)).get("configmaps", "a", namespace="default")
    assert [each.name for each in found] == ["a"]


def test_kubectl(cluster: Cluster) -> None:
    """kubectl, which sends its token over HTTPS only, reads an object."""
    kubectl = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if kubectl is None:
        pytest.skip("needs kubectl")
    done = subprocess.run(
        [kubectl, "get", "configmap", "a", "-o", "jsonpath={.data.k}"],
        env={**os.environ, **cluster.env},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "v"
