"""Discovery: what a server serves, and what a person means by a word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apimachinery.errors import DecodeError, Forbidden, NotFound, Unauthorized
from listwatch.apimachinery.http import Request, Response
from listwatch.apimachinery.resource import Resource
from listwatch.client.api_resource import (
    APIResource,
    is_aggregated,
    parse_aggregated,
    parse_group_versions,
    parse_resource_list,
)
from listwatch.client.client import Client
from listwatch.client.config import Config
from listwatch.client.discovery import (
    AmbiguousResource,
    Discovery,
    UnknownResource,
    discover,
    near_names,
    resolve,
)

RECORDING = Path(__file__).parent.parent / "recordings" / "kube-apiserver-1.36.jsonl"


def recorded(path: str, *, aggregated: bool) -> bytes:
    """The body that the real server answered to a discovery request."""
    with RECORDING.open(encoding="utf-8") as lines:
        for line in lines:
            step = json.loads(line)
            request = step["request"]
            if (
                step["flow"] == "discovery"
                and request["path"] == path
                and ("APIGroupDiscoveryList" in request["headers"]["accept"]) == aggregated
            ):
                return json.dumps(step["response"]["body"]).encode()
    raise LookupError(path)


@pytest.fixture(scope="module")
def real() -> Discovery:
    """What the recorded server serves."""
    core = parse_aggregated(recorded("/api", aggregated=True), path="/api")
    groups = parse_aggregated(recorded("/apis", aggregated=True), path="/apis")
    return Discovery((*core.resources, *groups.resources))


def entry(name: str, **more: Any) -> APIResource:
    """A resource by its qualified name, `plural.version.group`."""
    plural, version, group = (*name.split(".", 2), "")[:3]
    kind = more.pop("kind", plural.rstrip("s").capitalize())
    more.setdefault("singular", kind.lower())
    return APIResource(resource=Resource(group, version, plural, kind), **more)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pods", "v1/pods"),
        ("pod", "v1/pods"),
        ("po", "v1/pods"),
        ("Pod", "v1/pods"),
        ("PODS", "v1/pods"),
        (" pods ", "v1/pods"),
        ("pods.v1", "v1/pods"),
        ("pods.v1.", "v1/pods"),
        ("svc", "v1/services"),
        ("no", "v1/nodes"),
        ("ns", "v1/namespaces"),
        ("endpoints", "v1/endpoints"),
        ("events", "v1/events"),
        ("ev", "v1/events"),
        ("events.events.k8s.io", "events.k8s.io/v1/events"),
        ("events.v1.events.k8s.io", "events.k8s.io/v1/events"),
        ("deploy", "apps/v1/deployments"),
        ("Deployment", "apps/v1/deployments"),
        ("deployments.apps", "apps/v1/deployments"),
        ("deploy.apps", "apps/v1/deployments"),
        ("deployments.v1.apps", "apps/v1/deployments"),
        ("Deployment.v1.apps", "apps/v1/deployments"),
        ("hpa", "autoscaling/v2/horizontalpodautoscalers"),
        ("hpa.v1.autoscaling", "autoscaling/v1/horizontalpodautoscalers"),
        ("crd", "apiextensions.k8s.io/v1/customresourcedefinitions"),
        ("leases.coordination", "coordination.k8s.io/v1/leases"),
        ("ingressclass", "networking.k8s.io/v1/ingressclasses"),
    ],
)
def test_words_that_people_type(real: Discovery, name: str, expected: str) -> None:
    """Plural, singular, short name and kind, alone or with group and version, name the server's resource."""
    found = real.resolve(name).resource
    assert f"{found.api_version}/{found.plural}" == expected


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("podz", "pods"),
        ("pdos", "pods"),
        ("deploymnet", "deployments.apps"),
        ("deployments.app.example.com", "deployments.apps"),
        ("pods.apps", "pods"),
        ("secretes", "secrets"),
    ],
)
def test_a_slip_gets_near_names(real: Discovery, name: str, near: str) -> None:
    """An unknown name is answered with the resource that was probably meant, and the text names it."""
    with pytest.raises(UnknownResource, match="did you mean") as caught:
        real.resolve(name)
    assert near in caught.value.near
    assert near in str(caught.value)


@pytest.mark.parametrize("name", ["", ".", "zzzzzzzzzz", "qq.ww.ee"])
def test_nothing_like_it_gets_no_suggestion(real: Discovery, name: str) -> None:
    """A name like nothing on the server is refused without a guess."""
    with pytest.raises(UnknownResource) as caught:
        real.resolve(name)
    assert caught.value.near == ()


def test_an_unknown_name_tells_of_parts_that_did_not_answer() -> None:
    """What was asked for may live in a group that failed, so the error says which did."""
    discovery = Discovery((entry("pods.v1"),), {"metrics.k8s.io/v1beta1": "503"})
    with pytest.raises(UnknownResource, match=r"metrics\.k8s\.io/v1beta1"):
        discovery.resolve("nodemetrics")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("widgets", "v1/widgets"),
        ("widgets.a.example.com", "a.example.com/v2/widgets"),
        ("widgets.a", "a.example.com/v2/widgets"),
        ("widgets.v1.a.example.com", "a.example.com/v1/widgets"),
        ("gadgets", "a.example.com/v2/gadgets"),
        ("g", "a.example.com/v2/gadgets"),
        ("only", "b.example.com/v1/only"),
        ("onlys.b", "b.example.com/v1/onlys"),
    ],
)
def test_order_decides_between_namesakes(name: str, expected: str) -> None:
    """Core first, then the server's order of groups and versions; a plural beats another resource's short name."""
    resources = [
        entry("widgets.v1"),
        entry("widgets.v2.a.example.com"),
        entry("gadgets.v2.a.example.com", short_names=("g", "only")),
        entry("widgets.v1.a.example.com"),
        entry("gadgets.v1.b.example.com", short_names=("g",)),
        entry("only.v1.b.example.com", kind="Lonely"),
        entry("onlys.v1.b.example.com", kind="Onlys"),
    ]
    found = resolve(name, resources).resource
    assert f"{found.api_version}/{found.plural}" == expected


@pytest.mark.parametrize("name", ["widgets.ex", "widget.ex", "things"])
def test_what_order_cannot_decide_is_ambiguous(name: str) -> None:
    """The beginning of two groups, or two resources of one group under one name, are refused with both names."""
    resources = [
        entry("widgets.v1.ex-a.io"),
        entry("widgets.v1.ex-b.io"),
        entry("boxes.v1.c.io", singular="things"),
        entry("cases.v1.c.io", singular="things"),
    ]
    with pytest.raises(AmbiguousResource) as caught:
        resolve(name, resources)
    assert len(caught.value.candidates) == 2
    assert all(candidate in str(caught.value) for candidate in caught.value.candidates)
    assert [resolve(candidate, resources) for candidate in caught.value.candidates]


@given(st.text(max_size=40))
def test_any_word_is_answered_or_refused(word: str) -> None:
    """No text makes resolution fail in another way than by refusing it."""
    resources = [entry("pods.v1", short_names=("po",)), entry("deployments.v1.apps")]
    try:
        found = resolve(word, resources)
    except (UnknownResource, AmbiguousResource):
        return
    assert found in resources


def test_near_names_are_few_and_different() -> None:
    """At most three names are suggested, each resource once."""
    resources = [entry(f"pods{index}.v1", short_names=(f"pods{index}x",)) for index in range(9)]
    near = near_names("pods", resources)
    assert len(near) == len(set(near)) == 3


def test_category_takes_each_resource_once(real: Discovery) -> None:
    """`all` lists each of its resources in the preferred version only."""
    names = [str(each) for each in real.category("all")]
    assert names[:4] == ["pods", "replicationcontrollers", "services", "daemonsets.apps"]
    assert len(names) == len(set(names))
    assert real.category("nothing") == []


def test_both_forms_of_discovery_say_the_same(real: Discovery) -> None:
    """The aggregated document and the older lists of one server describe the same resources."""
    for group_version in ("v1", "apps/v1", "coordination.k8s.io/v1"):
        path = f"/api/{group_version}" if group_version == "v1" else f"/apis/{group_version}"
        listed = parse_resource_list(recorded(path, aggregated=False), group_version=group_version, path=path)
        aggregated = [each for each in real.resources if each.resource.api_version == group_version]
        assert sorted(listed, key=str) == sorted(aggregated, key=str)


def test_group_versions_begin_with_the_preferred_one() -> None:
    """The index of groups gives a group's preferred version first and keeps the groups' order."""
    document = {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "b.io",
                "versions": [{"groupVersion": "b.io/v2"}, {"groupVersion": "b.io/v1"}, {}],
                "preferredVersion": {"groupVersion": "b.io/v1"},
            },
            {"name": "a.io", "versions": [{"groupVersion": "a.io/v1"}]},
        ],
    }
    body = json.dumps(document).encode()
    assert parse_group_versions(body, path="/apis") == ["b.io/v1", "b.io/v2", "a.io/v1"]
    assert parse_group_versions(recorded("/api", aggregated=False), path="/api") == ["v1"]


def test_stale_versions_are_kept_and_told() -> None:
    """A group version that the server only remembers is used, and reported."""
    resource = {"resource": "nodes", "responseKind": {"kind": "NodeMetrics"}, "scope": "Cluster"}
    version = {"version": "v1beta1", "freshness": "Stale", "resources": [resource]}
    body = {"items": [{"metadata": {"name": "metrics.k8s.io"}, "versions": [version, {}]}]}
    found = parse_aggregated(json.dumps(body).encode(), path="/apis")
    assert [str(each) for each in found.resources] == ["nodes.metrics.k8s.io"]
    assert list(found.failures) == ["metrics.k8s.io/v1beta1"]
    assert found.resources[0].resource.namespaced is False


@pytest.mark.parametrize(
    "document",
    [
        {"items": None},
        {"items": [{"metadata": None, "versions": None}]},
        {"items": [{"versions": [{"version": "v1", "resources": [{"resource": "x"}]}]}]},
        {"items": [{"versions": [{"version": "v1", "resources": [{"responseKind": {"kind": "X"}}]}]}]},
        {"items": [{"versions": [{"version": "v1", "resources": [{"resource": "x", "responseKind": {}}]}]}]},
    ],
)
def test_senseless_entries_are_left_out(document: dict[str, Any]) -> None:
    """Entries without a name or a kind are skipped instead of failing their document."""
    assert parse_aggregated(json.dumps(document).encode(), path="/apis").resources == []


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b"<html>", b'{"kind": 3}'])
def test_other_bodies_are_no_discovery(body: bytes) -> None:
    """What is not a JSON object of the right shape is refused, with the path."""
    with pytest.raises(DecodeError, match="/apis"):
        is_aggregated(body, path="/apis")


Answer = Callable[[Request], tuple[int, bytes] | None]


def client_of(answer: Answer) -> tuple[Client, list[str]]:
    """A client of a server that answers by `answer` (None: 404), and the paths it was asked for."""
    asked: list[str] = []

    async def transport(request: Request) -> Response:
        asked.append(request.target)
        status, body = answer(request) or (404, b"404 page not found\n")
        kind = "application/json" if body.startswith(b"{") else "text/plain"
        return Response.of(status, body, content_type=kind)

    return Client(Config.of(host="http://in-memory"), transport=transport), asked


@pytest.fixture
async def clients() -> AsyncIterator[Callable[[Answer], tuple[Client, list[str]]]]:
    """Makes clients, and closes them."""
    made: list[Client] = []

    def make(answer: Answer) -> tuple[Client, list[str]]:
        client, asked = client_of(answer)
        made.append(client)
        return client, asked

    yield make
    for client in made:
        async with client:
            pass


MakeClient = Callable[[Answer], tuple[Client, list[str]]]


async def test_two_requests_suffice(clients: MakeClient) -> None:
    """A server with aggregated discovery is asked twice."""

    def answer(request: Request) -> tuple[int, bytes]:
        assert "as=APIGroupDiscoveryList" in request.headers["Accept"]
        return 200, recorded(request.target, aggregated=True)

    client, asked = clients(answer)
    found = await discover(client)
    assert sorted(asked) == ["/api", "/apis"]
    assert found.failures == {}
    assert found.resolve("deploy").resource == Resource("apps", "v1", "deployments", "Deployment")


async def test_older_servers_are_asked_group_by_group(clients: MakeClient) -> None:
    """Without the aggregated form each group version is asked for, and those that fail are only reported."""
    known = {"/api", "/api/v1", "/apis", "/apis/apps/v1", "/apis/coordination.k8s.io/v1"}

    def answer(request: Request) -> tuple[int, bytes] | None:
        return (200, recorded(request.target, aggregated=False)) if request.target in known else None

    client, asked = clients(answer)
    found = await discover(client)
    assert known < set(asked)
    assert str(found.resolve("po")) == "pods"
    assert str(found.resolve("lease")) == "leases.coordination.k8s.io"
    assert "batch/v1" in found.failures
    assert "404" in found.failures["batch/v1"]
    with pytest.raises(UnknownResource, match="batch/v1"):
        found.resolve("cronjobs")


@pytest.mark.parametrize("refused", ["/api", "/apis"])
@pytest.mark.parametrize("status", [403, 404])
async def test_one_root_may_be_missing(clients: MakeClient, refused: str, status: int) -> None:
    """A server that lacks, or refuses, one of /api and /apis is used with the other."""

    def answer(request: Request) -> tuple[int, bytes]:
        if request.target == refused:
            return status, b"{}"
        return 200, recorded(request.target, aggregated=True)

    client, _ = clients(answer)
    found = await discover(client)
    assert found.resources
    assert list(found.failures) == [refused]


@pytest.mark.parametrize(("status", "kind"), [(403, Forbidden), (404, NotFound), (401, Unauthorized)])
async def test_a_server_that_refuses_both_roots_is_an_error(
    clients: MakeClient, status: int, kind: type[Exception]
) -> None:
    """Where nothing may be read the server's own refusal is raised."""
    client, _ = clients(lambda request: (status, b"{}"))
    with pytest.raises(kind):
        await discover(client)


async def test_a_login_page_is_no_server(clients: MakeClient) -> None:
    """JSON that is no discovery document is refused."""
    client, _ = clients(lambda request: (200, b'{"kind": 7}'))
    with pytest.raises(DecodeError):
        await discover(client)
