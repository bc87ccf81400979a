"""Run the end-to-end suites of other people's clients against an embedded cluster.

    python tools/run_peer_suites.py FOLDER [NAME ...]

FOLDER holds checkouts of the clients' repositories: `python` (kubernetes-client), `kubernetes_asyncio`, `lightkube`,
`kr8s`, `kopf`. Nothing in them is changed, and the clients that are tested are the installed ones, of whatever version.
Needs `--group dev` and, of the suites' own tools: anyio, trio, pytest-rerunfailures, pytest-mock, astpath, lxml,
looptime, pykube-ng. What is left out, and why, stands below; docs/api-server.md holds the last results.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from listwatch.apiserver.embedded import EmbeddedCluster
from listwatch.apiserver.listener.kubeconfig_file import kubeconfig

STREAMS = "exec, attach or port-forward"
IMAGES = "what an image prints: no image is run"
OLD = "asks for an API that Kubernetes 1.36 has not"
PEER = "fails wherever it is run"


@dataclass(frozen=True)
class Suite:
    """Where the tests are, which are left out for what reason, and pytest's further words."""

    checkout: str
    paths: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()


SUITES = {
    "kubernetes": Suite(
        "python",
        (
            "kubernetes/e2e_test",
            "kubernetes/base/dynamic/test_client.py",
            "kubernetes/base/dynamic/test_discovery.py",
            "kubernetes/base/dynamic/client_test.py",
            "kubernetes/aio/e2e_test",
            "kubernetes/aio/dynamic/client_test.py",
            "kubernetes/aio/dynamic/discovery_test.py",
        ),
        {
            "test_exit_code": STREAMS,
            "e2e_test/test_client.py::TestClient::test_pod_apis": STREAMS,
            "test_pod_exec_close_channel": STREAMS,
            "test_portforward_http": STREAMS,
            "test_portforward_raw": STREAMS,
            "base/dynamic/test_client.py::TestDynamicClient::test_async_namespaced_custom_resources": OLD,
            "base/dynamic/test_client.py::TestDynamicClient::test_cluster_custom_resources": OLD,
            "base/dynamic/test_client.py::TestDynamicClient::test_namespaced_custom_resources": OLD,
            "test_cache_decoder_resource_and_subresource": PEER,
            "aio/dynamic/client_test.py::TestDynamicClient::test_server_side_apply_api": PEER,
        },
    ),
    "kubernetes_asyncio": Suite(
        "kubernetes_asyncio",
        (
            "kubernetes_asyncio/e2e_test",
            "kubernetes_asyncio/dynamic/client_test.py",
            "kubernetes_asyncio/dynamic/discovery_test.py",
        ),
        {"e2e_test/test_client.py::TestClient::test_pod_apis": STREAMS, "test_server_side_apply_api": PEER},
    ),
    "lightkube": Suite(
        "lightkube",
        ("e2e-tests",),
        {
            "test_exec_integration": STREAMS,
            "test_pod_apis": IMAGES,
            "test_load_in_cluster_generic_resources": "sets a field that models of lightkube 1.0 have not",
        },
    ),
    "kr8s": Suite(
        "kr8s",
        ("kr8s/tests",),
        {
            "pod_exec": STREAMS,
            "service_exec": STREAMS,
            "port_forward": STREAMS,
            "test_adoption": STREAMS,
            "test_api_timeout": "the answer is there before its ten microseconds are looked at",
            "(test_cast_to_from_kubernetes and not kubernetes_asyncio)": "asks for a module that kubernetes 37 has not",
        },
        ("-o", "addopts=", "-p", "pytest_kind.cluster"),
    ),
    "kopf": Suite(
        "kopf",
        ("tests/e2e",),
        {"17-admission": "needs an oscrypto that reads the version of OpenSSL 3"},
        ("--only-e2e", "-o", "addopts="),
    ),
}

PLUGIN = '''
"""The tests of a checkout are parts of the installed package."""

import importlib
from pathlib import Path

for name in ("kubernetes", "kubernetes.aio", "kubernetes_asyncio"):
    folder = Path(*name.split("."))
    if folder.is_dir():
        importlib.import_module(name).__path__.append(str(folder.resolve()))
'''

KIND = '''
"""In the place of pytest-kind: the cluster is there, and stays."""

import os
import subprocess
from pathlib import Path


def pytest_addoption(parser):
    parser.addoption("--keep-cluster", action="store_true", default=True)


class KindCluster:
    kubectl_path = Path("kubectl")
    kubeconfig_path = Path(os.environ["KUBECONFIG"])

    def __init__(self, name, image=None):
        pass

    def create(self):
        pass

    def kubectl(self, *words, **options):
        return subprocess.check_output(["kubectl", *words], encoding="utf-8", **options)
'''

SEED = """{apiVersion: v1, kind: Pod, metadata: {namespace: kube-system, name: metrics-server-0},
spec: {containers: [{name: metrics-server, image: metrics-server}]}}"""


def selection(suite: Suite) -> list[str]:
    """What pytest is told to leave out: names by `-k`, tests of one file by `--deselect`."""
    names = [each for each in suite.left_out if "::" not in each]
    of_files = [each for each in suite.left_out if "::" in each]
    deselected = [f"--deselect={path}/{each}" for path in ("kubernetes", suite.checkout) for each in of_files]
    return [*deselected, "-k", " and ".join(f"not {name}" for name in names)] if names else deselected


def run(suite: Suite, folder: Path, environment: Mapping[str, str]) -> int:
    """Run one suite, in its checkout; pytest's exit code."""
    words = ["-q", "--tb=short", "--import-mode=importlib", "-p", "no:cacheprovider", "-p", "peer_paths"]
    limits = ["--timeout=120", "-W", "ignore"]
    command = [sys.executable, "-P", "-m", "pytest", *words, *limits, *suite.words, *selection(suite)]
    done = subprocess.run(  # noqa: S603 - pytest, on paths of the caller
        [*command, *suite.paths], cwd=folder / suite.checkout, env=dict(environment), check=False
    )
    return done.returncode


def serve(cluster: EmbeddedCluster, folder: Path) -> dict[str, str]:
    """Write a kubeconfig with a client's certificate, as kind does, and the modules; the environment to run in."""
    pair = cluster.issue_client_certificate(user="kubernetes-admin", groups=["system:masters"])
    config = kubeconfig(server=cluster.url, ca_pem=cluster.ca_pem, token="")
    encoded = [base64.b64encode(pem).decode() for pem in (pair.certificate_pem, pair.key_pem)]
    keys = ("client-certificate-data", "client-key-data")
    config["users"][0]["user"] = dict(zip(keys, encoded, strict=True))
    path = folder / "kubeconfig"
    path.write_bytes(msgspec.json.encode(config))
    (folder / "peer_paths.py").write_text(PLUGIN)
    (folder / "pytest_kind").mkdir()
    (folder / "pytest_kind" / "cluster.py").write_text(KIND)
    tools = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "KUBECONFIG": str(path),
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
        "PATH": os.pathsep.join([tools, os.environ["PATH"]]),
        "HOME": str(folder),
    }


async def against_a_cluster(suite: Suite, folder: Path) -> int:
    """Run one suite against a cluster of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        async with EmbeddedCluster() as cluster:
            environment = serve(cluster, Path(temporary))
            await asyncio.to_thread(seed, environment)
            return await asyncio.to_thread(run, suite, folder, environment)


def seed(environment: Mapping[str, str]) -> None:
    """Make what the suites expect of a cluster beside what every cluster has."""
    kubectl = [str(Path(sys.executable).with_name("kubectl")), "apply", "-f", "-"]
    subprocess.run(kubectl, input=SEED, text=True, env=dict(environment), check=True)  # noqa: S603 (our own words)


def main() -> int:
    """Run the suites; 1 if a test failed that is not known to."""
    parser = argparse.ArgumentParser(
        description="Run other clients' end-to-end suites against a cluster of ours."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUITES)}; all by default")
    options = parser.parse_args()
    codes = {}
    for name in options.names or SUITES:
        print(f"== {name}", flush=True)
        codes[name] = asyncio.run(against_a_cluster(SUITES[name], options.folder.resolve()))
    print(codes)
    return int(any(codes.values()))


if __name__ == "__main__":
    sys.exit(main())
