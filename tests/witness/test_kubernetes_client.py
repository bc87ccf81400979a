"""The official client, as its users write it: typed and dynamic, Watch, SharedInformer, election by Lease."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.exceptions import (
    ApiException,
    ConflictException,
    NotFoundException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, UnprocessibleEntityError
from kubernetes.informer import SharedInformer
from kubernetes.leaderelection import electionconfig
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
from witness_kit import PATIENCE, SHIRTS, config_map, deployment, event, pod, shirt

from listwatch.testing import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.peers]


@pytest.fixture(scope="module")
def api(lively: Cluster) -> Iterator[client.ApiClient]:
    """The client that a kubeconfig of the cluster gives."""
    with config.new_client_from_config(str(lively.kubeconfig_path)) as made:
        yield made


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    """Of the core group."""
    return client.CoreV1Api(api)


@pytest.fixture
def wire(api: client.ApiClient, tmp_path: Path) -> dynamic.DynamicClient:
    """The dynamic client; what it finds out is kept in the test's folder."""
    return dynamic.DynamicClient(api, cache_file=str(tmp_path / "discovered.json"))


def names(listed: Any) -> list[str]:
    """Of a list's items."""
    return [item.metadata.name for item in listed.items]


def seen(stream: Iterator[Any], count: int) -> list[tuple[str, str]]:
    """The next events: their types and the objects' names."""
    events = [next(stream) for _ in range(count)]
    return [(each["type"], each["object"].metadata.name) for each in events]


def test_a_config_maps_life(core: client.CoreV1Api, namespace: str) -> None:
    """Create, read, patch in each patch's form, replace, delete: each answer is the object as it then is."""
    made = core.create_namespaced_config_map(namespace, config_map("settings", a="1"))
    assert made.metadata.uid
    assert core.patch_namespaced_config_map("settings", namespace, {"data": {"b": "2"}}).data == {
        "a": "1",
        "b": "2",
    }
    steps = [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}]
    patched = core.patch_namespaced_config_map("settings", namespace, steps)
    assert patched.data == {"b": "2"}
    patched.data["c"] = "3"
    replaced = core.replace_namespaced_config_map("settings", namespace, patched)
    assert int(replaced.metadata.resource_version) > int(patched.metadata.resource_version)
    assert core.read_namespaced_config_map("settings", namespace).data == {"b": "2", "c": "3"}
    assert core.delete_namespaced_config_map("settings", namespace)["details"]["name"] == "settings"
    with pytest.raises(NotFoundException):
        core.read_namespaced_config_map("settings", namespace)


def test_errors(core: client.CoreV1Api, namespace: str, lively: Cluster) -> None:
    """404, 409 twice, 422 and 401 become the exceptions that the client has for them, with the Status inside."""
    with pytest.raises(NotFoundException, match='configmaps \\\\"none\\\\" not found'):
        core.read_namespaced_config_map("none", namespace)
    stale = core.create_namespaced_config_map(namespace, config_map("settings", a="1"))
    with pytest.raises(ConflictException, match="AlreadyExists"):
        core.create_namespaced_config_map(namespace, config_map("settings"))
    core.patch_namespaced_config_map("settings", namespace, {"data": {"a": "2"}})
    with pytest.raises(ConflictException, match="the object has been modified"):
        core.replace_namespaced_config_map("settings", namespace, stale)
    with pytest.raises(UnprocessableEntityException, match=r"spec\.containers: Required value"):
        core.create_namespaced_pod(namespace, pod("empty") | {"spec": {"containers": []}})
    stranger = client.Configuration(host=lively.url, api_key={"authorization": "Bearer nobody's"})
    stranger.ssl_ca_cert = core.api_client.configuration.ssl_ca_cert
    with client.ApiClient(stranger) as other, pytest.raises(UnauthorizedException):
        client.CoreV1Api(other).list_namespace()


def test_pages(core: client.CoreV1Api, namespace: str, lively: Cluster) -> None:
    """A list in pages is one snapshot: what comes later is not on the next page; a forgotten token is a 410."""
    for number in range(5):
        core.create_namespaced_config_map(namespace, config_map(f"c{number}"))
    first = core.list_namespaced_config_map(namespace, limit=2)
    assert first.metadata.remaining_item_count == 4  # kube-root-ca.crt is there, too
    core.create_namespaced_config_map(namespace, config_map("c2-later"))
    rest = core.list_namespaced_config_map(namespace, limit=10, _continue=first.metadata._continue)
    assert names(first) + names(rest) == ["c0", "c1", "c2", "c3", "c4", "kube-root-ca.crt"]
    assert rest.metadata.resource_version == first.metadata.resource_version
    lively.compact()
    with pytest.raises(ApiException, match="Expired") as error:
        core.list_namespaced_config_map(namespace, limit=10, _continue=first.metadata._continue)
    assert error.value.status == 410


def test_a_watch_goes_on_from_a_version(core: client.CoreV1Api, namespace: str) -> None:
    """A watch from a list's version gives exactly what came after it, in order, and ends at its time-out."""
    core.create_namespaced_config_map(namespace, config_map("before"))
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("after", labels={"app": "web"}))
    core.patch_namespaced_config_map("after", namespace, {"metadata": {"labels": {"app": "db"}}})
    core.delete_namespaced_config_map("before", namespace)
    watched = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=PATIENCE
    )
    assert seen(watched, 3) == [("ADDED", "after"), ("MODIFIED", "after"), ("DELETED", "before")]
    watched.close()
    selecting = watch.Watch()
    selected = selecting.stream(
        core.list_namespaced_config_map,
        namespace,
        resource_version=version,
        label_selector="app=web",
        timeout_seconds=1,
    )
    assert seen(selected, 2) == [("ADDED", "after"), ("DELETED", "after")]
    assert list(selected) == []


def test_an_expired_watch(core: client.CoreV1Api, namespace: str, lively: Cluster) -> None:
    """A watch from a version that is forgotten ends with 410 to the caller, after the client's one more try."""
    version = core.create_namespaced_config_map(namespace, config_map("old")).metadata.resource_version
    core.delete_namespaced_config_map("old", namespace)
    lively.compact()
    watched = watch.Watch().stream(core.list_namespaced_config_map, namespace, resource_version=version)
    with pytest.raises(ApiException, match="too old resource version") as error:
        next(watched)
    assert error.value.status == 410


def test_an_informer(core: client.CoreV1Api, namespace: str, lively: Cluster) -> None:
    """SharedInformer fills its cache, follows, and lists again when its version is forgotten while it is away."""
    core.create_namespaced_config_map(namespace, config_map("first", labels={"app": "web"}))
    told: queue.Queue[tuple[str, str]] = queue.Queue()
    informer = SharedInformer(core.list_namespaced_config_map, namespace, label_selector="app=web")
    for kind in ("ADDED", "MODIFIED", "DELETED"):
        informer.add_event_handler(kind, lambda obj, kind=kind: told.put((kind, obj.metadata.name)))
    informer.start()
    try:
        assert told.get(timeout=PATIENCE) == ("ADDED", "first")
        core.create_namespaced_config_map(namespace, config_map("second", labels={"app": "web"}))
        assert told.get(timeout=PATIENCE) == ("ADDED", "second")
        core.patch_namespaced_config_map("first", namespace, {"data": {"a": "1"}})
        assert told.get(timeout=PATIENCE) == ("MODIFIED", "first")
        assert informer.cache.get_by_key(f"{namespace}/first").data == {"a": "1"}
        core.delete_namespaced_config_map("second", namespace)
        assert told.get(timeout=PATIENCE) == ("DELETED", "second")
        assert sorted(informer.cache.list_keys()) == [f"{namespace}/first"]
    finally:
        ending = threading.Thread(target=informer.stop)
        ending.start()  # stop() waits for one more event
        core.patch_namespaced_config_map("first", namespace, {"data": {"a": "2"}})
        ending.join(timeout=PATIENCE)
    assert not ending.is_alive()


def test_pods_come_to_life(core: client.CoreV1Api, namespace: str) -> None:
    """A pod is bound and runs; field selectors see it where it is; its log can be read; it is gone once deleted."""
    core.create_namespaced_pod(namespace, pod("web", app="web"))
    for change in watch.Watch().stream(core.list_namespaced_pod, namespace, timeout_seconds=PATIENCE):
        if change["object"].status.phase == "Running":
            break
    node = core.list_node().items[0].metadata.name
    assert names(core.list_namespaced_pod(namespace, field_selector="status.phase=Running")) == ["web"]
    assert names(core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}")) == ["web"]
    assert names(core.list_namespaced_pod(namespace, label_selector="app in (db),!tier")) == []
    version = core.list_namespaced_pod(namespace).metadata.resource_version
    core.delete_namespaced_pod("web", namespace)
    stream = watch.Watch().stream(
        core.list_namespaced_pod, namespace, resource_version=version, timeout_seconds=PATIENCE
    )
    assert next(change for change in stream if change["type"] == "DELETED")["object"].metadata.name == "web"
    stream.close()


def test_a_deployment_is_scaled(api: client.ApiClient, core: client.CoreV1Api, namespace: str) -> None:
    """A Deployment becomes available, follows its scale, and takes its pods with it when it goes."""
    apps = client.AppsV1Api(api)
    apps.create_namespaced_deployment(namespace, deployment("web", replicas=2))

    def until(replicas: int) -> None:
        stream = watch.Watch().stream(apps.list_namespaced_deployment, namespace, timeout_seconds=PATIENCE)
        assert any(change["object"].status.available_replicas == replicas for change in stream)

    until(2)
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    until(3)
    scale = apps.read_namespaced_deployment_scale("web", namespace)
    assert (scale.spec.replicas, scale.status.selector) == (3, "app=web")
    version = core.list_namespaced_pod(namespace).metadata.resource_version
    apps.delete_namespaced_deployment("web", namespace, propagation_policy="Foreground")
    stream = watch.Watch().stream(
        core.list_namespaced_pod, namespace, resource_version=version, timeout_seconds=PATIENCE
    )
    gone: set[str] = set()
    while len(gone) < 3:
        change = next(stream)
        gone |= {change["object"].metadata.name} if change["type"] == "DELETED" else set()
    assert core.list_namespaced_pod(namespace).items == []


def test_events(core: client.CoreV1Api, api: client.ApiClient, namespace: str) -> None:
    """An Event is found by what it is about, and in both groups that have Events."""
    core.create_namespaced_event(namespace, event("e1", about="web", namespace=namespace))
    core.create_namespaced_event(namespace, event("e2", about="db", namespace=namespace))
    about = "involvedObject.kind=Pod,involvedObject.name=web"
    assert names(core.list_namespaced_event(namespace, field_selector=about)) == ["e1"]
    newer = client.EventsV1Api(api).read_namespaced_event("e2", namespace)
    assert (newer.regarding.name, newer.note) == ("db", "seen by a peer")


def test_election(api: client.ApiClient, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two candidates for a Lease one leads, and renews what it holds; the other sees whose it is."""
    monkeypatch.setattr(
        client.Configuration, "_default", api.configuration
    )  # a lock makes a client of its own

    def candidate(name: str) -> LeaderElection:
        lock = LeaseLock("the-one", namespace, name)
        return LeaderElection(electionconfig.Config(lock, 17, 15, 5, lambda: None, lambda: None))

    first, second = candidate("first"), candidate("second")
    assert [each.try_acquire_or_renew() for each in (first, second, first)] == [True, False, True]
    lease = client.CoordinationV1Api(api).read_namespaced_lease("the-one", namespace)
    assert lease.spec.holder_identity == second.observed_record.holder_identity == "first"
    assert lease.spec.renew_time > lease.spec.acquire_time


def test_yaml_is_applied(api: client.ApiClient, core: client.CoreV1Api, namespace: str) -> None:
    """utils.create_from_dict applies on the server: who owns the field is told, and a second time changes it."""
    utils.create_from_dict(api, config_map("settings", a="1"), namespace=namespace, apply=True)
    utils.create_from_dict(api, config_map("settings", a="2"), namespace=namespace, apply=True)
    applied = core.read_namespaced_config_map("settings", namespace)
    assert applied.data == {"a": "2"}
    assert {entry.operation for entry in applied.metadata.managed_fields} == {"Apply"}


def test_dynamic(wire: dynamic.DynamicClient, namespace: str) -> None:
    """The dynamic client finds kinds by discovery, applies, watches, and has its own exceptions."""
    maps = wire.resources.get(api_version="v1", kind="ConfigMap")
    assert "cm" in maps.short_names
    maps.create(body=config_map("settings", a="1"), namespace=namespace)
    with pytest.raises(ConflictError):
        maps.create(body=config_map("settings"), namespace=namespace)
    with pytest.raises(NotFoundError):
        maps.get(name="none", namespace=namespace)
    with pytest.raises(ConflictError):
        maps.server_side_apply(body=config_map("settings", a="2"), namespace=namespace, field_manager="other")
    forced = maps.server_side_apply(
        body=config_map("settings", a="2"), namespace=namespace, field_manager="other", force_conflicts=True
    )
    assert forced.data.a == "2"
    stream = maps.watch(namespace=namespace, name="settings", timeout=PATIENCE)
    assert next(stream)["object"].metadata.name == "settings"
    stream.close()
    assert maps.delete(name="settings", namespace=namespace).status == "Success"


def test_custom_resources(wire: dynamic.DynamicClient, api: client.ApiClient, namespace: str) -> None:
    """A definition's kind is found, validated, defaulted, selected by a field, scaled, watched; its status is apart."""
    definitions = wire.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body=SHIRTS)
    for change in definitions.watch(name=SHIRTS["metadata"]["name"], timeout=PATIENCE):
        conditions = {each.type: each.status for each in change["object"].status.conditions or []}
        if conditions.get("Established") == "True":
            break
    shirts = wire.resources.get(api_version="stable.example.com/v1", kind="Shirt")
    version = shirts.get(namespace=namespace).metadata.resourceVersion
    made = shirts.create(body=shirt("s1", "blue"), namespace=namespace)
    assert made.spec.stock == 1
    shirts.create(body=shirt("s2", "red"), namespace=namespace)
    with pytest.raises(UnprocessibleEntityError, match="Unsupported value"):
        shirts.create(body=shirt("s3", "mauve"), namespace=namespace)
    assert names(shirts.get(namespace=namespace, field_selector="spec.color=red")) == ["s2"]
    changed = shirts.status.patch(
        name="s1",
        namespace=namespace,
        body={"spec": {"color": "green"}, "status": {"stock": 7}},
        content_type="application/merge-patch+json",
    )
    assert (changed.spec.color, changed.status.stock) == ("blue", 7)
    objects = client.CustomObjectsApi(api)
    place = ("stable.example.com", "v1", namespace, "shirts")
    objects.patch_namespaced_custom_object_scale(*place, "s1", {"spec": {"replicas": 5}})
    assert objects.get_namespaced_custom_object(*place, "s1")["spec"] == {"color": "blue", "stock": 5}
    shirts.delete(name="s2", namespace=namespace)
    stream = shirts.watch(namespace=namespace, resource_version=version, timeout=PATIENCE)
    assert [next(stream)["type"] for _ in range(5)] == ["ADDED", "ADDED", "MODIFIED", "MODIFIED", "DELETED"]
    stream.close()
