"""The lister: client-go's cases by their numbers, and that indices change the cost of an answer, never the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.core_v1 import Node, Pod
from listwatch.apimachinery.errors import NotFound
from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.selector import (
    NOTHING,
    SelectorError,
    field_selector,
    parse_field_selector,
    parse_label_selector,
)
from listwatch.shared_informer.field_match import field_matcher
from listwatch.shared_informer.field_path import FieldPathError, index_by_field
from listwatch.shared_informer.indexer import Indexer, UnknownIndexError
from listwatch.shared_informer.lister import Lister

LOOKED_AT: list[str] = []


class Widget(Object, group="example.com", plural="widgets"):
    """A kind that notes whose labels are read: what a lister has to look at, and what it is spared."""

    @property
    def labels(self) -> Mapping[str, str]:
        LOOKED_AT.append(self.name)
        return super().labels


def widget(name: str, *, namespace: str = "default", labels: dict[str, str] | None = None) -> Widget:
    return Widget.from_dict({"metadata": {"name": name, "namespace": namespace, "labels": labels or {}}})


def pod(
    name: str,
    *,
    namespace: str = "default",
    node: str = "",
    images: tuple[str, ...] = (),
    labels: dict[str, str] | None = None,
) -> Pod:
    spec = {"nodeName": node, "containers": [{"name": image, "image": image} for image in images]}
    return Pod.from_dict(
        {"metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, "spec": spec}
    )


def lister_of(*pods: Pod, **indices: str) -> Lister[Pod]:
    indexer: Indexer[Pod] = Indexer(indices={name: index_by_field(path) for name, path in indices.items()})
    indexer.replace(pods)
    return Lister(indexer, resource=Pod.resource)


def names(objects: list[Any]) -> list[str]:
    return sorted(each.name for each in objects)


PODS = [
    pod("a", node="n1", images=("nginx", "redis"), labels={"app": "web", "app.kubernetes.io/name": "shop"}),
    pod("b", node="n2", images=("nginx",), labels={"app": "db"}),
    pod("c", namespace="other", node="n1", labels={"app": "web"}),
    pod("d", labels={"app": ""}),
]


# Get


def test_get() -> None:
    """An object is found by name and namespace, directly or in one namespace."""
    lister = lister_of(*PODS)
    assert lister.get("a", namespace="default").spec.node_name == "n1"
    assert lister.namespace("other").get("c").namespace == "other"


@pytest.mark.parametrize(
    ("resource", "namespace", "text"),
    [
        (Pod.resource, "default", 'cache, namespace default: pods "x" not found'),
        (Widget.resource, "default", 'cache, namespace default: widgets.example.com "x" not found'),
        (Node.resource, "", 'cache: nodes "x" not found'),
    ],
)
def test_not_found(resource: Resource, namespace: str, text: str) -> None:
    """What is not cached is the server's NotFound, with the server's status, and says that a cache was asked."""
    lister: Lister[Pod] = Lister(Indexer(), resource=resource)
    with pytest.raises(NotFound) as caught:
        lister.get("x", namespace=namespace)
    assert str(caught.value) == text
    assert (caught.value.code, caught.value.status.reason) == (404, "NotFound")
    details = caught.value.status.details
    assert details is not None
    assert (details.name, details.kind) == ("x", resource.plural)


def test_namespaces_are_said_where_there_are_any() -> None:
    """A missing or needless namespace is a mistake of the caller's, told as such, not an empty answer."""
    with pytest.raises(ValueError, match="pods live in namespaces: to name one, say in which"):
        lister_of(*PODS).get("a")
    with pytest.raises(ValueError, match="no namespace is named"):
        lister_of(*PODS).namespace("")
    nodes: Lister[Node] = Lister(Indexer(), resource=Node.resource)
    for ask in (
        lambda: nodes.get("n1", namespace="default"),
        lambda: nodes.list(namespace="default"),
        lambda: nodes.namespace("default"),
    ):
        with pytest.raises(ValueError, match="nodes are not namespaced: leave namespace='default' out"):
            ask()


# List


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, "abcd"),
        ({"namespace": "default"}, "abd"),
        ({"namespace": "never"}, ""),
        ({"label_selector": "app=web"}, "ac"),
        ({"label_selector": "app=web", "namespace": "other"}, "c"),
        ({"label_selector": "app in (web,db)"}, "abc"),
        ({"label_selector": "app!=web"}, "bd"),
        ({"label_selector": "app="}, "d"),
        ({"label_selector": "never="}, ""),
        ({"label_selector": "app.kubernetes.io/name"}, "a"),
        ({"label_selector": "!app"}, ""),
        ({"label_selector": {"app": "web", "app.kubernetes.io/name": "shop"}}, "a"),
        ({"label_selector": {}}, "abcd"),
        ({"label_selector": parse_label_selector("app=db")}, "b"),
        ({"label_selector": NOTHING}, ""),
        ({"label_selector": "app=web,app=db"}, ""),
        ({"field_selector": "spec.nodeName=n1"}, "ac"),
        ({"field_selector": "spec.nodeName!=n1"}, "bd"),
        ({"field_selector": "spec.nodeName="}, "d"),
        ({"field_selector": {"spec.nodeName": "n1", "metadata.namespace": "default"}}, "a"),
        ({"field_selector": field_selector({"metadata.namespace": "other"})}, "c"),
        ({"field_selector": "metadata.name=a"}, "a"),
        ({"field_selector": "metadata.name=a", "namespace": "default"}, "a"),
        ({"field_selector": "metadata.name=a", "namespace": "other"}, ""),
        ({"field_selector": "metadata.name=a,spec.nodeName=n2", "namespace": "default"}, ""),
        ({"field_selector": "metadata.name=a", "namespace": "default", "label_selector": "app=db"}, ""),
        ({"field_selector": "metadata.namespace=default", "namespace": "other"}, ""),
        ({"field_selector": "spec.nodeName=n1,spec.nodeName=n2"}, ""),
        ({"field_selector": "spec.containers[*].image=nginx"}, "ab"),
        ({"field_selector": "spec.containers[*].image=nginx,spec.containers[*].image=redis"}, "a"),
        ({"field_selector": "spec.containers[*].image!=nginx"}, "cd"),
        ({"field_selector": "metadata.labels['app.kubernetes.io/name']=shop"}, "a"),
        ({"field_selector": "spec.hostNetwork=false", "label_selector": "app=web"}, "ac"),
    ],
)
def test_questions(question: dict[str, Any], found: str) -> None:
    """Each way to ask gives the objects that are meant, without an index and with one for each field asked about."""
    indices = {
        "node": "spec.nodeName",
        "namespace": "metadata.namespace",
        "image": "spec.containers[*].image",
        "app": "metadata.labels['app']",
        "name": "metadata.name",
    }
    for lister in (lister_of(*PODS), lister_of(*PODS, **indices)):
        assert names(lister.list(**question)) == list(found)


def test_everything_something_nothing() -> None:
    """Behaviour 113: all, some, or no objects; a selector that cannot match looks at none, whatever is cached."""
    indexer: Indexer[Widget] = Indexer()
    indexer.replace([widget("a", labels={"app": "web"}), widget("b")])
    lister = Lister(indexer, resource=Widget.resource)
    assert names(lister.list()) == ["a", "b"]
    LOOKED_AT.clear()
    assert names(lister.list(label_selector="app=web")) == ["a"]
    assert sorted(LOOKED_AT) == ["a", "b"]
    LOOKED_AT.clear()
    for question in (
        {"label_selector": NOTHING},
        {"label_selector": "app=web,app in (db,shop)"},
        {"label_selector": "app", "field_selector": "metadata.name=a,metadata.name=b"},
        {"label_selector": "app", "field_selector": "metadata.namespace=x", "namespace": "y"},
    ):
        assert lister.list(**question) == []
    assert LOOKED_AT == []


@pytest.mark.parametrize(
    ("question", "looked_at"),
    [
        ({"label_selector": "app"}, "abcd"),
        ({"label_selector": "app", "namespace": "other"}, "cd"),
        ({"label_selector": "app=web"}, "ac"),
        ({"label_selector": "app in (web,shop)"}, "ac"),
        ({"label_selector": "app=web", "namespace": "other"}, "c"),
        ({"label_selector": "app", "field_selector": "metadata.namespace=other"}, "cd"),
        ({"label_selector": "app", "index": {"app": "db"}}, "b"),
        ({"label_selector": "app", "field_selector": "metadata.name=b", "namespace": "default"}, "b"),
    ],
)
def test_a_fitting_index_is_used(question: dict[str, Any], looked_at: str) -> None:
    """Only what the indices leave is looked at; name and namespace together are a lookup by key."""
    indexer: Indexer[Widget] = Indexer(
        indices={
            "namespace": index_by_field("metadata.namespace"),
            "app": index_by_field("metadata.labels.app"),
            "own": lambda obj: [obj.uid],
        }
    )
    indexer.replace(
        [
            widget("a", labels={"app": "web"}),
            widget("b", labels={"app": "db"}),
            widget("c", namespace="other", labels={"app": "web"}),
            widget("d", namespace="other"),
        ]
    )
    LOOKED_AT.clear()
    Lister(indexer, resource=Widget.resource).list(**question)
    assert "".join(sorted(set(LOOKED_AT))) == looked_at


def test_an_index_of_ones_own() -> None:
    """A named index narrows, together with everything else that is asked."""
    lister = lister_of(*PODS, node="spec.nodeName", image="spec.containers[*].image")
    assert names(lister.list(index={"node": "n1"})) == ["a", "c"]
    assert names(lister.namespace("default").list(index={"node": "n1"})) == ["a"]
    assert names(lister.list(index={"node": "n1", "image": "redis"})) == ["a"]
    assert names(lister.list(index={"image": "nginx"}, field_selector="spec.containers[*].image=redis")) == [
        "a"
    ]
    assert lister.list(index={"node": "n1"}, field_selector="spec.nodeName=n2") == []
    assert (
        lister.namespace("default").list(
            index={"node": "n1"}, field_selector="metadata.name=b", label_selector=""
        )
        == []
    )


def test_results_are_the_callers_own() -> None:
    """Whatever is done to a result, the next one to ask gets what the server said."""
    lister = lister_of(*PODS)
    for read in (
        lambda: lister.get("a", namespace="default"),
        lambda: lister.list(label_selector="app=web", namespace="default")[0],
        lambda: lister.list(field_selector="metadata.name=a", namespace="default")[0],
    ):
        mine = read()
        assert mine.spec.node_name == "n1"
        mine.spec.node_name = "corrupt"
        mine.metadata.labels.clear()


@pytest.mark.parametrize(
    ("question", "error", "text"),
    [
        ({"label_selector": "a=b=c"}, SelectorError, "found '='"),
        ({"label_selector": {"a b": "c"}}, SelectorError, "Invalid value"),
        ({"field_selector": "spec.nodeName"}, SelectorError, "invalid selector"),
        ({"field_selector": "spec..x=1"}, FieldPathError, r"'spec\.\.x' is no field path"),
        ({"index": {"nod": "n1"}}, UnknownIndexError, "no index 'nod'; there are: node"),
    ],
)
def test_bad_questions(question: dict[str, Any], error: type[Exception], text: str) -> None:
    """A question that makes no sense is refused, not answered with nothing."""
    with pytest.raises(error, match=text):
        lister_of(*PODS, node="spec.nodeName").list(**question)


LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["", "x", "y"]))
ANY_PODS = st.lists(
    st.builds(
        lambda name, namespace, node, images, labels: pod(
            name, namespace=namespace, node=node, images=tuple(images), labels=labels
        ),
        st.sampled_from("abcdef"),
        st.sampled_from(["default", "other"]),
        st.sampled_from(["", "x", "y"]),
        st.lists(st.sampled_from("xyz"), max_size=2),
        LABELS,
    ),
    max_size=8,
)
LABEL_TERMS = st.sampled_from(
    ["app=x", "app=", "app!=x", "app in (x,y)", "app notin (x,)", "app", "!app", "tier=y", "tier in (y,)"]
)
FIELD_TERMS = st.sampled_from(
    [
        "metadata.name=a", "metadata.name!=a", "metadata.namespace=other", "spec.nodeName=x", "spec.nodeName=",
        "spec.nodeName!=x", "spec.containers[*].image=x", "spec.containers[*].image=y",
        "spec.containers[*].image!=z", "metadata.labels.app=", "metadata.labels['tier']=y", "spec.hostNetwork=false",
    ]
)  # fmt: skip
PATHS = ["metadata.name", "metadata.namespace", "spec.nodeName", "spec.containers[*].image", "metadata.labels.app",
         "metadata.labels['tier']"]  # fmt: skip


@given(
    ANY_PODS,
    st.sampled_from(["", "default", "other"]),
    st.lists(LABEL_TERMS, max_size=2).map(",".join),
    st.lists(FIELD_TERMS, max_size=3).map(",".join),
    st.sets(st.sampled_from(PATHS)),
)
def test_indices_never_change_an_answer(
    pods: list[Pod], namespace: str, labels: str, fields: str, paths: set[str]
) -> None:
    """Whatever is asked and whichever indices there are, the answer is what a walk over all objects gives."""
    indexer: Indexer[Pod] = Indexer(indices={path: index_by_field(path) for path in paths})
    indexer.replace(pods)
    by_label, by_field = parse_label_selector(labels), field_matcher(parse_field_selector(fields))
    expected = {
        obj.key
        for obj in indexer.list()
        if namespace in {"", obj.namespace} and by_label.matches(obj.labels) and by_field(obj)
    }
    found = Lister(indexer, resource=Pod.resource).list(
        namespace=namespace, label_selector=labels, field_selector=fields
    )
    assert {obj.key for obj in found} == expected
    assert len(found) == len(expected)
