"""A cluster in plain calls."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from listwatch import AlreadyExists, APIStatusError, ListWatchError, NotFound, ObjectMeta
from listwatch.api.core_v1 import ConfigMap, Pod
from listwatch.apiserver import CompactedError
from listwatch.apiserver.admission import deny
from listwatch.apiserver.admission.review import WebhookError
from listwatch.apiserver.admission.webhook_caller import WebhookCall
from listwatch.apiserver.storage.looking_back import UnknownResourceError
from listwatch.testing import Cluster
from listwatch.testing.server_thread import shared

POD = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: nginx}]}}"


@pytest.fixture(scope="module", autouse=True)
def _thread() -> Iterator[None]:
    with shared():
        yield


def settings(name: str = "settings", **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def ask(url: str, token: str, ca: bytes | None = None) -> Any:
    """One request over a socket, by nobody's client."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    context = ssl.create_default_context(cadata=ca.decode()) if ca is not None else None
    with urllib.request.urlopen(request, context=context) as answer:
        return json.load(answer)


def test_words_for_objects() -> None:
    """Make, read, list, change and delete, by keys in any of a resource's names."""
    with Cluster() as cluster:
        cluster.apply([settings(a="1"), settings("other", b="2")])
        assert cluster.get("configmaps/default/settings")["data"] == {"a": "1"}
        assert cluster.get("cm/settings") == cluster.get("ConfigMap/settings", namespace="default")
        assert [each["metadata"]["name"] for each in cluster.list("configmaps/default")] == [
            "other",
            "settings",
        ]
        assert cluster.list("cm", field_selector="metadata.name=other")[0]["kind"] == "ConfigMap"
        cluster.patch("cm/settings", {"data": {"c": "3"}})
        assert cluster.get("cm/settings")["data"] == {"a": "1", "c": "3"}
        cluster.delete("cm/settings")
        with pytest.raises(NotFound):
            cluster.get("cm/settings")
        assert cluster.get("namespace/default")["metadata"]["name"] == "default"


def test_apply_makes_and_changes() -> None:
    """Applied again, a manifest changes what it names; `create` refuses what is there."""
    with Cluster(manifests=settings(a="1")) as cluster:
        cluster.patch("cm/settings", {"metadata": {"labels": {"team": "x"}}})
        (applied,) = cluster.apply(settings(a="2"))
        assert (applied["data"], applied["metadata"]["labels"]) == ({"a": "2"}, {"team": "x"})
        with pytest.raises(AlreadyExists):
            cluster.create(settings())
        cluster.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
        cluster.apply(settings(a="9"), namespace="shop")
        assert cluster.get("cm/shop/settings")["data"] == {"a": "9"}


@pytest.mark.parametrize(
    ("key", "error"),
    [("gadgets/x", UnknownResourceError), ("pods/a/b/c", ValueError), ("nodes/a/b", ValueError)],
)
def test_keys_that_mean_nothing(key: str, error: type[Exception]) -> None:
    """A key of an unknown resource, or with too many parts, is named."""
    with Cluster() as cluster, pytest.raises(error, match=key.partition("/")[0]):
        cluster.get(key)


@pytest.mark.slow
@pytest.mark.parametrize("tls", [False, True])
def test_sockets_and_files(tls: bool) -> None:
    """The kubeconfig leads to the server, is private, and is gone afterwards, as are port and threads."""
    with Cluster(tls=tls, manifests=settings(a="1")) as cluster:
        path = cluster.kubeconfig_path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert cluster.env["KUBECONFIG"] == str(path)
        assert json.loads(path.read_text()) == cluster.kubeconfig
        url = cluster.url + "/api/v1/namespaces/default/configmaps/settings"
        assert url.startswith("https:" if tls else "http:")
        assert ask(url, cluster.admin_token, cluster.ca_pem)["data"] == {"a": "1"}
    assert not path.exists()
    with pytest.raises(urllib.error.URLError):
        ask(url, "any")


@pytest.mark.slow
def test_other_users() -> None:
    """A token and a kubeconfig make whoever has them somebody else."""
    with Cluster(tls=False) as cluster:
        review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        jane = json.loads(cluster.kubeconfig_for("jane", ["dev"], namespace="shop").read_text())
        assert jane["contexts"][0]["context"]["namespace"] == "shop"
        body = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
        for token in (jane["users"][0]["user"]["token"], cluster.token("jane", ["dev"])):
            request = urllib.request.Request(
                cluster.url + review,
                data=body.encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:
                info = json.load(answer)["status"]["userInfo"]
            assert (info["username"], info["groups"][0]) == ("jane", "dev")


def test_the_plain_client() -> None:
    """The client without await goes straight into the server, watches included."""
    with Cluster(manifests=settings(a="1")) as cluster, cluster.client() as client:
        maps = client.resource(ConfigMap)
        assert maps.get("settings").data == {"a": "1"}
        with maps.watch(resource_version=str(cluster.revision)) as watch:
            cluster.patch("cm/settings", {"data": {"a": "2"}})
            assert next(iter(watch)).object.data == {"a": "2"}


async def test_the_asynchronous_client() -> None:
    """The client with await works on the test's own loop, though the server has another."""
    with Cluster(manifests=settings(a="1")) as cluster:
        async with cluster.async_client(user="jane", groups=["system:masters"]) as client:
            maps = client.resource(ConfigMap)
            async with maps.watch(resource_version=str(cluster.revision)) as watch:
                await maps.patch("settings", {"data": {"a": "2"}})
                async for event in watch:
                    assert event.object.data == {"a": "2"}
                    break
        assert [step.user for step in cluster.history("cm/settings")] == ["kubernetes-admin", "jane"]


def test_a_client_of_a_closed_cluster() -> None:
    """When the cluster is gone, clients are told so in their own terms."""
    cluster = Cluster().start()
    with cluster.client() as client:
        cluster.close()
        cluster.close()
        with pytest.raises(ListWatchError):
            client.resource(ConfigMap).get("settings")


def test_started_once() -> None:
    """A cluster is used between start and close, and started once."""
    cluster = Cluster()
    with pytest.raises(RuntimeError, match="has not been started"):
        cluster.get("cm/settings")
    with cluster, pytest.raises(RuntimeError, match="only once"):
        cluster.start()


def test_bad_manifests_leave_nothing() -> None:
    """A cluster that cannot begin as asked is closed again."""
    before = threading.active_count()
    with pytest.raises(UnknownResourceError):
        Cluster(manifests="{apiVersion: v9, kind: Gadget}").start()
    assert threading.active_count() == before


def test_looking_back() -> None:
    """The life of an object, all objects at a revision, and the difference between two."""
    with Cluster(clock="virtual") as cluster:
        cluster.apply(settings(a="1"))
        first = cluster.revision
        cluster.clock.advance(60)
        cluster.apply([settings(a="2"), settings("new")])
        cluster.delete("cm/settings")
        steps = cluster.history("cm/settings")
        assert [(step.type, step.object["data"]["a"]) for step in steps] == [
            ("ADDED", "1"),
            ("MODIFIED", "2"),
            ("DELETED", "2"),
        ]
        assert steps[0].revision == first
        assert (steps[1].time - steps[0].time).total_seconds() == 60  # type: ignore[operator]  # both are known
        assert cluster.journal.requests(verb="delete")[0].number == steps[2].request
        then = cluster.at(first)
        assert then.get("cm/settings")["data"] == {"a": "1"}  # type: ignore[index]  # it is there
        assert [each["metadata"]["name"] for each in then.list("cm/default")] == ["settings"]
        assert then.get("cm/new") is None
        differences = cluster.diff(first)
        assert [(each.type, each.key) for each in differences] == [
            ("DELETED", "configmaps/default/settings"),
            ("ADDED", "configmaps/default/new"),
        ]
        cluster.compact()
        assert then.get("cm/settings") is not None
        with pytest.raises(CompactedError):
            cluster.at(first)
        with pytest.raises(ValueError, match="yet to come"):
            cluster.at(10_000)


def test_forks_go_their_own_ways() -> None:
    """A fork has all objects, the history and the revision; what either does then the other does not see."""
    with Cluster(manifests=settings(a="1"), clock="virtual") as cluster:
        cluster.clock.advance(10)
        with cluster.fork() as fork, fork.fork() as grandchild:
            assert fork.revision == cluster.revision
            assert fork.clock.now() == cluster.clock.now()
            fork.clock.advance(5)
            fork.apply(settings(a="fork"))
            cluster.apply(settings(a="original"))
            found = [each.get("cm/settings")["data"]["a"] for each in (cluster, fork, grandchild)]
            assert found == ["original", "fork", "1"]
            assert fork.revision == cluster.revision == grandchild.revision + 1
            assert len(fork.history("cm/settings")) == 2
            assert cluster.admin_token != fork.admin_token
            assert (fork.clock.now() - cluster.clock.now()).total_seconds() == 5


def test_waiting() -> None:
    """A wait ends as soon as its condition holds; what is not there yet is waited for, other errors are not."""
    with Cluster() as cluster:
        later = threading.Timer(0.02, lambda: cluster.apply(settings(a="1")))
        later.start()
        assert cluster.wait_for(lambda: cluster.get("cm/settings"))["data"] == {"a": "1"}
        later.join()
        with pytest.raises(TimeoutError, match=r"never did not become true within 0\.01 s"):
            cluster.wait_for(never, timeout=0.01)
        with pytest.raises(UnknownResourceError):
            cluster.wait_for(lambda: cluster.get("gadgets/x"))


def test_a_condition_that_reads_is_not_its_own_reason() -> None:
    """What a condition asks of the cluster does not make it be asked again; the timeout holds."""
    asked = []
    with Cluster() as cluster:

        def missing() -> bool:
            asked.append(cluster.revision)
            return bool(cluster.list("configmaps/default"))

        with pytest.raises(TimeoutError):
            cluster.wait_for(missing, timeout=0.05)
    assert len(asked) == 1


def never() -> bool:
    """A condition that does not hold."""
    return False


async def test_waiting_with_await() -> None:
    """The asynchronous wait lets the test's own loop go on."""
    with Cluster() as cluster:
        async with cluster.async_client() as client:

            async def later() -> None:
                await client.resource(ConfigMap).create(
                    ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1"})
                )

            _, found = await asyncio.gather(
                later(), cluster.async_wait_for(lambda: cluster.get("cm/settings"))
            )
        assert found["data"] == {"a": "1"}


def test_virtual_time_rules_the_simulation() -> None:
    """Pods come up and go as fast as the clock is moved, the same way every time."""
    told = []
    for _ in range(2):
        with Cluster(simulate=True, clock="virtual", seed=7, manifests=POD) as cluster:
            assert cluster.get("pods/web")["status"]["phase"] == "Pending"
            cluster.clock.advance(60)
            assert cluster.get("pods/web")["status"]["phase"] == "Running"
            cluster.delete("pods/web")
            cluster.clock.advance(60)
            assert cluster.list("pods") == []
            told.append([(step.revision, step.object, step.time) for step in cluster.history("pods/web")])
    assert told[0] == told[1]


def test_virtual_time_rules_watches() -> None:
    """A watch ends when the clock has passed its timeout, with its client in real time."""
    with Cluster(clock="virtual") as cluster, cluster.client() as client:
        with client.resource(Pod).watch(timeout_seconds=600, resource_version="0") as watch:
            ended = threading.Thread(target=lambda: list(watch))
            ended.start()
            cluster.wait_for(lambda: cluster.journal.open)
            cluster.clock.advance(600)
            ended.join(5)
            assert not ended.is_alive()
        (entry,) = cluster.journal.requests(verb="watch")
        assert (entry.duration, entry.end) == (600.0, "complete")


def test_real_time_has_no_switch() -> None:
    """Only a virtual clock can be advanced."""
    with Cluster() as cluster, pytest.raises(RuntimeError, match='clock="virtual"'):
        cluster.clock.advance(1)


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


def test_nothing_is_left_behind() -> None:
    """Files and sockets of a cluster are gone with it."""
    with Cluster() as cluster:
        assert cluster.url
    before = open_files()
    for _ in range(3):
        with Cluster() as cluster:
            assert cluster.kubeconfig_path.exists()
    assert open_files() == before


@pytest.mark.slow
def test_this_processes_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the block the environment leads to the cluster, for libraries that looked earlier too; then no longer."""
    kube_config = pytest.importorskip("kubernetes.config.kube_config")
    monkeypatch.setenv("KUBECONFIG", "mine")
    monkeypatch.delenv("NO_PROXY", raising=False)
    before = kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    with Cluster() as cluster:
        with cluster.environment():
            assert os.environ["KUBECONFIG"] == str(cluster.kubeconfig_path)
            assert str(cluster.kubeconfig_path) == kube_config.KUBE_CONFIG_DEFAULT_LOCATION
        assert os.environ["KUBECONFIG"] == "mine"
        assert "NO_PROXY" not in os.environ
        assert before == kube_config.KUBE_CONFIG_DEFAULT_LOCATION


def test_custom_kinds() -> None:
    """Definitions are applied first, and their kinds are served when the manifests come."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "shops.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "shops", "singular": "shop", "kind": "Shop", "listKind": "ShopList"},
            "versions": [version],
        },
    }
    shop = {
        "apiVersion": "example.com/v1",
        "kind": "Shop",
        "metadata": {"name": "corner"},
        "spec": {"size": 1},
    }
    with Cluster(crds=definition, manifests=shop) as cluster:
        cluster.apply({**shop, "spec": {"size": 2}})
        assert cluster.get("shops/corner")["spec"] == {"size": 2}


def test_a_kind_in_one_line() -> None:
    """A kind is served when `add_kind` returns; a second of its name is refused as the server refuses it."""
    with Cluster() as cluster:
        cluster.add_kind("shops.example.com", kind="Shop")
        cluster.create({"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "corner"}})
        assert cluster.get("shops/corner")["metadata"]["name"] == "corner"
        with pytest.raises(AlreadyExists):
            cluster.add_kind("shops.example.com", kind="Shop")
        with pytest.raises(ValueError, match="needs a name"):
            cluster.add_kind("shops", kind="Shop")


def test_callables_are_asked_until_they_are_ended() -> None:
    """A callable that refuses is asked about each write of the resource, and about none after its end."""
    with Cluster() as cluster:
        end = cluster.admit(lambda _: deny("not today"), verbs=["create"], resources=["configmaps"])
        with pytest.raises(APIStatusError, match="not today"):
            cluster.create(settings())
        end()
        cluster.create(settings())
        with pytest.raises(ValueError, match="get"):
            cluster.admit(lambda _: None, verbs=["get"])


def test_webhooks_are_called_as_the_test_says() -> None:
    """The caller and the addresses of services are the test's, so a webhook needs no server."""
    asked = []

    async def call(asking: WebhookCall) -> bytes:
        asked.append(asking.url.partition("?")[0])
        raise WebhookError("it is down")

    client = {"service": {"namespace": "ns", "name": "hook", "path": "/check"}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    hook = {"name": "a.b.c", "clientConfig": client, "rules": [rule], "sideEffects": "None"}
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "hooks"},
        "webhooks": [{**hook, "admissionReviewVersions": ["v1"]}],
    }
    with Cluster(webhook_caller=call, resolve_service=lambda *_: "https://there:8443") as cluster:
        cluster.apply(configuration)
        with pytest.raises(APIStatusError, match="it is down"):
            cluster.create(settings())
    assert asked == ["https://there:8443/check"]
