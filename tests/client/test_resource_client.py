"""The verbs: what each sends, and what it makes of the answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from scripted import Answer, Scripted, answer, pod, pod_list, refusal
from virtual_time import run_virtual

from listwatch.api.apps_v1 import Deployment
from listwatch.api.autoscaling_v1 import Scale
from listwatch.api.core_v1 import Namespace, Pod
from listwatch.api.policy_v1 import Eviction
from listwatch.apimachinery.errors import Conflict, DecodeError, Expired, Status
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object, section
from listwatch.apimachinery.options import ListOptions
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.resource import ALL_NAMESPACES, PatchType

PODS = "/api/v1/namespaces/default/pods"
CRONTABS = Resource("stable.example.com", "v1", "crontabs", "CronTab")
SUCCESS = {"kind": "Status", "apiVersion": "v1", "status": "Success", "code": 200}
Use = Callable[[Client], Awaitable[Any]]


class CronTabSpec(msgspec.Struct, rename="camel"):
    """A user's own model."""

    cron_spec: str = ""


class CronTab(Object, group="stable.example.com", version="v1", plural="crontabs"):
    """A user's own kind."""

    spec: CronTabSpec = section(factory=CronTabSpec)


def used(use: Use, *answers: Answer) -> tuple[Any, Scripted]:
    """What a use of a client gives, and the script with what it sent."""
    script = Scripted(*answers)

    async def main() -> Any:
        return await use(Client(Config(host="https://api.test"), transport=script))

    return run_virtual(main), script


def sent(use: Use, given: Any = None) -> tuple[str, Any, str]:
    """(method and target, body, content type) of the one request that a use of a client sends."""
    _, script = used(use, answer(given or pod("p")))
    request = script.requests[0]
    body = json.loads(request.body) if request.body else None
    return f"{request.method} {request.target}", body, request.headers.get("Content-Type", "")


JSON = "application/json"
OPTIONS = {"apiVersion": "v1", "kind": "DeleteOptions"}
BARE = {"metadata": {"name": "p"}}
FULL = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}


@pytest.mark.parametrize(
    ("use", "line", "body", "content_type"),
    [
        (lambda p: p.get("p"), f"GET {PODS}/p", None, ""),
        (lambda p: p.get("p", resource_version="0"), f"GET {PODS}/p?resourceVersion=0", None, ""),
        (lambda p: p.create(BARE), f"POST {PODS}", FULL, JSON),
        (
            lambda p: p.create(BARE, dry_run=True, field_manager="me & you", field_validation="Strict"),
            f"POST {PODS}?dryRun=All&fieldManager=me%20%26%20you&fieldValidation=Strict",
            FULL,
            JSON,
        ),
        (lambda p: p.create(Pod(metadata=ObjectMeta(name="p"))), f"POST {PODS}", FULL, JSON),
        (lambda p: p.replace(BARE), f"PUT {PODS}/p", FULL, JSON),
        (lambda p: p.replace(BARE, dry_run=True), f"PUT {PODS}/p?dryRun=All", FULL, JSON),
        (lambda p: p.status.replace(BARE), f"PUT {PODS}/p/status", FULL, JSON),
        (lambda p: p.status.replace({"spec": 1}, name="q"), f"PUT {PODS}/q/status",
         {"apiVersion": "v1", "kind": "Pod", "spec": 1}, JSON),
        (
            lambda p: p.patch("p", {"spec": None}),
            f"PATCH {PODS}/p",
            {"spec": None},
            "application/merge-patch+json",
        ),
        (
            lambda p: p.patch("p", [{"op": "remove", "path": "/x"}], patch_type=PatchType.JSON, dry_run=True),
            f"PATCH {PODS}/p?dryRun=All",
            [{"op": "remove", "path": "/x"}],
            "application/json-patch+json",
        ),
        (
            lambda p: p.patch("p", b'{"a":1}', patch_type=PatchType.STRATEGIC),
            f"PATCH {PODS}/p",
            {"a": 1},
            "application/strategic-merge-patch+json",
        ),
        (
            lambda p: p.patch("p", {}, patch_type=PatchType.APPLY, field_manager="me", force=True),
            f"PATCH {PODS}/p?fieldManager=me&force=true",
            {"apiVersion": "v1", "kind": "Pod"},
            "application/apply-patch+yaml",
        ),
        (
            lambda p: p.patch(
                "p", Pod(metadata=ObjectMeta(name="p")), patch_type=PatchType.APPLY, field_manager="me", force=False
            ),
            f"PATCH {PODS}/p?fieldManager=me&force=false",
            FULL,
            "application/apply-patch+yaml",
        ),
        (
            lambda p: p.status.patch("p", {"status": {}}),
            f"PATCH {PODS}/p/status",
            {"status": {}},
            "application/merge-patch+json",
        ),
        (lambda p: p.delete("p"), f"DELETE {PODS}/p", None, ""),
        (lambda p: p.delete("p", dry_run=True), f"DELETE {PODS}/p", OPTIONS | {"dryRun": ["All"]}, JSON),
        (
            lambda p: p.delete(
                "p", grace_period_seconds=0, propagation_policy="Orphan", uid="u", resource_version="7"
            ),
            f"DELETE {PODS}/p",
            OPTIONS
            | {
                "gracePeriodSeconds": 0,
                "propagationPolicy": "Orphan",
                "preconditions": {"uid": "u", "resourceVersion": "7"},
            },
            JSON,
        ),
        (lambda p: p.delete("p", uid="u"), f"DELETE {PODS}/p", OPTIONS | {"preconditions": {"uid": "u"}}, JSON),
    ],
)  # fmt: skip
def test_verbs_on_one_object(
    use: Callable[[Any], Awaitable[Any]], line: str, body: Any, content_type: str
) -> None:
    """Each verb has its method, path, query, body and content type."""
    assert sent(lambda client: use(client.resource(Pod))) == (line, body, content_type)


@pytest.mark.parametrize(
    ("use", "line", "body"),
    [
        (lambda p: p.list(), f"GET {PODS}", None),
        (
            lambda p: p.list(label_selector="a=b", field_selector="x!=y", limit=5, continue_="t/+="),
            f"GET {PODS}?continue=t%2F%2B%3D&fieldSelector=x%21%3Dy&labelSelector=a%3Db&limit=5",
            None,
        ),
        (
            lambda p: p.list(resource_version="0", resource_version_match="NotOlderThan"),
            f"GET {PODS}?resourceVersion=0&resourceVersionMatch=NotOlderThan",
            None,
        ),
        (lambda p: p.list(ListOptions(limit=1)), f"GET {PODS}?limit=1", None),
        (lambda p: p.list_all(label_selector="a"), f"GET {PODS}?labelSelector=a&limit=500", None),
        (lambda p: p.list_all(page_size=7), f"GET {PODS}?limit=7", None),
        (lambda p: p.delete_collection(), f"DELETE {PODS}", None),
        (
            lambda p: p.delete_collection(label_selector="a=b", grace_period_seconds=0, dry_run=True),
            f"DELETE {PODS}?labelSelector=a%3Db",
            OPTIONS | {"gracePeriodSeconds": 0, "dryRun": ["All"]},
        ),
        (
            lambda p: p.delete_collection(field_selector="a=b", propagation_policy="Foreground"),
            f"DELETE {PODS}?fieldSelector=a%3Db",
            OPTIONS | {"propagationPolicy": "Foreground"},
        ),
    ],
)
def test_verbs_on_a_collection(use: Callable[[Any], Awaitable[Any]], line: str, body: Any) -> None:
    """The same for verbs on collections; their answers are lists."""
    made, script = used(lambda client: use(client.resource(Pod)), answer(pod_list("ab")))
    request = script.requests[0]
    assert (f"{request.method} {request.target}", json.loads(request.body or b"null")) == (line, body)
    assert ([each.name for each in made], made.resource_version) == (["a", "b"], "10")


def test_pages() -> None:
    """`pages` asks page by page, with the selectors and the size each time."""

    async def use(client: Client) -> list[str]:
        pages = client.resource(Pod).pages(label_selector="a", field_selector="f", page_size=2)
        return [each.name async for page in pages for each in page]

    names, script = used(use, answer(pod_list("ab", token="t")), answer(pod_list("c")))
    assert names == ["a", "b", "c"]
    assert script.targets == [
        f"GET {PODS}?fieldSelector=f&labelSelector=a&limit=2",
        f"GET {PODS}?continue=t&fieldSelector=f&labelSelector=a&limit=2",
    ]


SCALE = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "d"}, "spec": {"replicas": 3}}
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def test_scale() -> None:
    """`scale` reads and writes autoscaling/v1 Scale at its own address, from a plain mapping, too."""
    scale, script = used(lambda c: c.resource(Deployment).scale.get("d"), answer(SCALE))
    assert isinstance(scale, Scale)
    assert (scale.spec.replicas, script.targets) == (3, [f"GET {DEPLOYMENTS}/d/scale"])
    body = {"metadata": {"name": "d"}, "spec": {"replicas": 5}}
    assert sent(lambda c: c.resource(Deployment).scale.replace(body), SCALE) == (
        f"PUT {DEPLOYMENTS}/d/scale",
        {"apiVersion": "autoscaling/v1", "kind": "Scale"} | body,
        JSON,
    )
    line, _, _ = sent(lambda c: c.resource(Deployment).scale.patch("d", {"spec": {"replicas": 1}}), SCALE)
    assert line == f"PATCH {DEPLOYMENTS}/d/scale"


def test_eviction() -> None:
    """A subresource that is created answers an object, or a Status that says Success."""

    async def evict(client: Client) -> object:
        return await client.resource(Pod).subresource("eviction", Eviction).post("p", BARE, dry_run=True)

    made, script = used(evict, answer(SUCCESS, 201))
    assert isinstance(made, Status)
    assert script.targets == [f"POST {PODS}/p/eviction?dryRun=All"]
    assert json.loads(script.requests[0].body)["kind"] == "Eviction"
    made, _ = used(
        evict, answer({"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}}, 201)
    )
    assert isinstance(made, Eviction)


def test_delete_answers() -> None:
    """`delete` gives the object in its marked state where the server does, else the Status."""
    made, _ = used(lambda c: c.resource(Pod).delete("p"), answer(pod("p", deletionGracePeriodSeconds=30)))
    assert isinstance(made, Pod)
    assert made.metadata.deletion_grace_period_seconds == 30
    made, _ = used(lambda c: c.resource(Pod).delete("p"), answer(SUCCESS))
    assert isinstance(made, Status)
    assert made.status == "Success"
    made, _ = used(lambda c: c.resource(Pod).delete_collection(), answer(SUCCESS))
    assert isinstance(made, Status)


def test_failed_precondition() -> None:
    """A precondition that does not hold is a Conflict."""
    with pytest.raises(Conflict):
        used(lambda c: c.resource(Pod).delete("p", uid="other"), refusal(409, "Conflict"))


# Where


@pytest.mark.parametrize(
    ("namespace", "path"),
    [
        (None, "/api/v1/namespaces/mine/pods"),
        ("x", "/api/v1/namespaces/x/pods"),
        (ALL_NAMESPACES, "/api/v1/pods"),
    ],
)
def test_namespace_of_a_client(namespace: str | None, path: str) -> None:
    """None is the configuration's namespace, "" is all of them."""
    script = Scripted(answer(pod_list("")))

    async def main() -> None:
        client = Client(Config(host="https://api.test", namespace="mine"), transport=script)
        await client.resource(Pod, namespace=namespace).list()

    run_virtual(main)
    assert script.targets == [f"GET {path}"]


@pytest.mark.parametrize("namespace", [None, "x", ALL_NAMESPACES])
def test_cluster_wide_kind(namespace: str | None) -> None:
    """A namespace means nothing to a kind that has none, whoever names it."""
    given = {"kind": "Namespace", "metadata": {"name": "n", "namespace": "y"}}
    resource = "/api/v1/namespaces"
    assert (
        sent(lambda c: c.resource(Namespace, namespace=namespace).get("n"), given)[0] == f"GET {resource}/n"
    )
    assert (
        sent(lambda c: c.resource(Namespace, namespace=namespace).create(given), given)[0]
        == f"POST {resource}"
    )


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p.get("p"),
        lambda p: p.create(BARE),
        lambda p: p.replace(BARE),
        lambda p: p.patch("p", {}),
        lambda p: p.delete("p"),
        lambda p: p.delete_collection(),
        lambda p: p.status.get("p"),
        lambda p: p.subresource("eviction", Eviction).post("p", BARE),
    ],
)
def test_all_namespaces_refuses_what_needs_one(use: Callable[[Any], Awaitable[Any]]) -> None:
    """What touches one object needs one namespace: nothing is sent, the error says what is missing."""
    with pytest.raises(ValueError, match="namespace"):
        used(lambda client: use(client.resource(Pod, namespace=ALL_NAMESPACES)))


def test_all_namespaces_writes_where_the_object_is() -> None:
    """Over all namespaces an object that says where it lives is written there."""
    there = {"metadata": {"name": "p", "namespace": "there"}}
    for use in (lambda p: p.create(there), lambda p: p.replace(there)):
        line, _, _ = sent(lambda c, use=use: use(c.resource(Pod, namespace=ALL_NAMESPACES)))
        assert "/api/v1/namespaces/there/pods" in line


@pytest.mark.parametrize("use", [lambda p, o: p.create(o), lambda p, o: p.replace(o)])
def test_object_of_another_namespace(use: Callable[[Any, Any], Awaitable[Any]]) -> None:
    """A client of one namespace does not write to another because an object came from there."""
    there = {"metadata": {"name": "p", "namespace": "there"}}
    with pytest.raises(ValueError, match=r"'default'.*'there'"):
        used(lambda client: use(client.resource(Pod, namespace="default"), there))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2fb"])
def test_names_that_no_path_can_hold(name: str) -> None:
    """A name that would change the path is refused before anything is sent."""
    with pytest.raises(ValueError, match="cannot stand in a URL"):
        used(lambda client: client.resource(Pod).get(name))
    if name:
        with pytest.raises(ValueError, match="cannot stand in a URL"):
            used(lambda client: client.resource(Pod, namespace=name).list())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"patch_type": PatchType.APPLY}, "field_manager"),
        ({"force": True}, "apply"),
        ({"patch_type": PatchType.JSON, "force": False}, "apply"),
    ],
)
def test_patch_arguments(arguments: dict[str, Any], text: str) -> None:
    """Arguments of a patch that contradict each other are refused before anything is sent."""
    with pytest.raises(ValueError, match=text):
        used(lambda client: client.resource(Pod).patch("p", {}, **arguments))


def test_options_and_keywords() -> None:
    """A list that is given options and keywords at once is refused: none is silently dropped."""
    with pytest.raises(ValueError, match="not both"):
        used(lambda client: client.resource(Pod).list(ListOptions(limit=1), label_selector="a=b"))


# Kinds without a model, and the user's own

TAB = {
    "apiVersion": "stable.example.com/v1",
    "kind": "CronTab",
    "metadata": {"name": "t"},
    "spec": {"cronSpec": "@"},
}
TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs"


def test_kind_by_its_name() -> None:
    """A `Resource` gives mappings, which are told their kind if the list left it out."""
    page = {
        "kind": "CronTabList",
        "metadata": {"resourceVersion": "5"},
        "items": [{"metadata": {"name": "t"}}],
    }
    made, script = used(lambda c: c.resource(CRONTABS).list(), answer(page))
    assert isinstance(made.items[0], Unstructured)
    assert (made.items[0]["kind"], made.items[0].name, script.targets) == ("CronTab", "t", [f"GET {TABS}"])


@pytest.mark.parametrize(
    "obj",
    [
        {"metadata": {"name": "t"}, "spec": {"cronSpec": "@"}},
        TAB,
        Unstructured({"spec": {"cronSpec": "@"}}, metadata=ObjectMeta(name="t")),
        Unstructured(TAB),
    ],
    ids=["mapping", "full mapping", "unstructured", "full unstructured"],
)
def test_creating_without_a_model(obj: Any) -> None:
    """A mapping or `Unstructured` that does not say its kind is sent with the collection's; it is not changed."""
    before = dict(obj) if isinstance(obj, dict) else obj.to_json()
    line, body, _ = sent(lambda c: c.resource(CRONTABS).create(obj), TAB)
    assert (line, body) == (f"POST {TABS}", TAB)
    assert (dict(obj) if isinstance(obj, dict) else obj.to_json()) == before


def test_own_kind() -> None:
    """A user's own subclass of `Object` is read and written like a built-in one."""

    async def use(client: Client) -> CronTab:
        tabs = client.resource(CronTab)
        tab = await tabs.get("t")
        assert tab.spec.cron_spec == "@"
        tab.spec.cron_spec = "* * *"
        return await tabs.replace(tab)

    _, script = used(use, answer(TAB), answer(TAB))
    assert script.targets == [f"GET {TABS}/t", f"PUT {TABS}/t"]
    assert json.loads(script.requests[1].body) == TAB | {"spec": {"cronSpec": "* * *"}}


def test_unknown_fields_survive() -> None:
    """What the model does not know is sent back as it came."""
    odd = pod("p") | {"spec": {"nodeName": "n", "fromTheFuture": {"a": [1, None]}}, "extra": True}

    async def use(client: Client) -> None:
        pods = client.resource(Pod)
        got = await pods.get("p")
        got.spec.node_name = "m"
        await pods.replace(got)

    _, script = used(use, answer(odd), answer(odd))
    assert json.loads(script.requests[1].body) == odd | {"spec": odd["spec"] | {"nodeName": "m"}}


def test_answer_of_another_kind() -> None:
    """An answer that is another kind's is an error, not an object with nothing in it."""
    with pytest.raises(DecodeError, match="wanted a Pod, got a Secret"):
        used(lambda c: c.resource(Pod).get("p"), answer({"kind": "Secret", "metadata": {"name": "p"}}))
    with pytest.raises(DecodeError, match="list of Pod"):
        used(lambda c: c.resource(Pod).list(), answer(pod("p")))
    with pytest.raises(DecodeError, match="not JSON"):
        used(lambda c: c.resource(Pod).get("p"), answer(b"{"))


def test_class_without_a_collection() -> None:
    """A class that stands for no collection is refused with a hint."""

    class Piece(Object):
        """No class keywords, so it lives nowhere."""

    with pytest.raises(ValueError, match=r"Piece stands for no collection.*Resource"):
        Client(Config(host="https://api.test"), transport=Scripted()).resource(Piece)


def test_expired_list() -> None:
    """A version that is no longer kept is Expired."""
    with pytest.raises(Expired):
        used(lambda c: c.resource(Pod).list(resource_version="1"), refusal(410, "Expired"))
