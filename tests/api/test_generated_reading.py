"""Reading what servers of other versions send, and giving back what we did not understand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_samples import KINDS, Kind, kind_sample

from listwatch.api.apps_v1 import Deployment
from listwatch.api.core_v1 import ConfigMap, Container, ContainerPort, Event, Pod, Secret
from listwatch.apimachinery.object import Object

# Made anew for each draw: a shared one would sooner or later be put into itself.
SOMETHING_NEW = st.sampled_from(["null", "1", '"x"', "[]", "{}", '{"deep":[null,{"er":true}]}']).map(
    json.loads
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key (or index) below `value`, outermost first."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    for each in waiting:
        keys = each.keys() if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        found += [(each, key) for key in keys]
        waiting += [each[key] for key in keys]
    return found


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    """An object of some kind in which fields were nulled, removed and added anywhere but at its name's spelling."""
    kind = draw(st.sampled_from(KINDS))
    value = kind_sample(kind)
    for _ in range(draw(st.integers(1, 6))):
        all_places = [place for place in places(value) if place[1] not in {"apiVersion", "kind"}]
        if not all_places:
            break
        container, key = draw(st.sampled_from(all_places))
        match draw(st.sampled_from(["null", "remove", "add"])):
            case "null":
                container[key] = None
            case "remove":
                del container[key]
            case "add" if isinstance(container, dict) and not is_map(container):
                container[f"newIn2030{draw(st.integers(0, 9))}"] = draw(SOMETHING_NEW)
    return kind, value


def is_map(container: dict[str, Any]) -> bool:
    """Whether its keys are data, so that a new one must hold what the others hold."""
    return "a.key/with-dash_1" in container or not container


def look_everywhere(read: Object) -> list[Any]:
    return [read.metadata, read.metadata.managed_fields, *(getattr(read, name) for name in read._sections)]


@settings(max_examples=150, deadline=None)
@given(damaged())
def test_damage_never_stops_a_reader(case: tuple[Kind, dict[str, Any]]) -> None:
    """With nulls, gaps and unknown fields anywhere, every section can be looked at and nothing changes by it."""
    kind, value = case
    read = kind.cls.from_dict(value)
    assert read.to_dict() == value
    look_everywhere(read)
    assert read.to_dict() == value


@settings(max_examples=75, deadline=None)
@given(damaged())
def test_a_change_in_metadata_touches_nothing_else(case: tuple[Kind, dict[str, Any]]) -> None:
    """After a label was set, everything but that label is as it came, known or not."""
    kind, value = case
    read = kind.cls.from_dict(value)
    look_everywhere(read)
    read.metadata.labels["touched"] = "yes"
    written = read.to_dict()
    assert written["metadata"]["labels"].pop("touched") == "yes"
    if not written["metadata"]["labels"] and not (value.get("metadata") or {}).get("labels"):
        del written["metadata"]["labels"]
    assert without_null(written) == without_null(value)


def without_null(value: dict[str, Any]) -> dict[str, Any]:
    """The object with its `metadata` and `labels` there, for either may have been null or absent."""
    metadata = dict(value.get("metadata") or {})
    labels = metadata.pop("labels", None)
    return value | {
        "metadata": metadata,
        "labels": {k: v for k, v in (labels or {}).items() if v is not None},
    }


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_nulls_in_every_section(kind: Kind) -> None:
    """An object whose every section is null reads as an empty one."""
    value = {name: None for name in kind_sample(kind) if name not in {"apiVersion", "kind"}}
    read = kind.cls.from_dict(value)
    empty = kind.cls()
    for name in kind.cls._sections:
        assert getattr(read, name) == getattr(empty, name) or getattr(empty, name) is None
    assert json.loads(read.to_json(type_meta=False)) == value


POD = (
    b'{"metadata":{"name":"p","futureMeta":1},"spec":{"containers":[{"name":"a","image":"one","tomorrow":{"x":1.50}},'
    b'{"image":"two","name":"b"}],"volumes":null,"futureSpec":[1e3]},"status":{"phase":"Levitating","a":1.0},"extra":2e0}'
)


def test_untouched_bytes_are_the_bytes_that_came() -> None:
    """Looking changes nothing; number spellings and key order of unknown and known fields alike are kept."""
    pod = Pod.from_json(POD)
    assert pod.status.phase == "Levitating"
    assert [container.image for container in pod.spec.containers] == ["one", "two"]
    assert pod.spec.volumes == []
    assert pod.to_json(type_meta=False) == POD


def test_read_modify_write_changes_only_what_was_modified() -> None:
    """One image changed: the other container, unknown fields at every level and other sections stay byte for byte."""
    pod = Pod.from_json(POD)
    pod.spec.containers[0].image = "three"
    assert pod.to_json(type_meta=False) == POD.replace(b'"one"', b'"three"')


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (lambda pod: pod.spec.containers.reverse(), None, None),
        (lambda pod: pod.spec.containers.pop(0), b'{"name":"a","image":"one","tomorrow":{"x":1.50}},', b""),
        (
            lambda pod: pod.spec.containers[1].ports.append(ContainerPort(container_port=80)),
            b'{"image":"two","name":"b"}',
            b'{"image":"two","name":"b","ports":[{"containerPort":80}]}',
        ),
        (lambda pod: setattr(pod.spec, "node_name", "n"), b"[1e3]}", b'[1e3],"nodeName":"n"}'),
        (lambda pod: setattr(pod.status, "phase", None), b'"phase":"Levitating",', b""),
        (lambda pod: setattr(pod.metadata, "name", "q"), b'"name":"p"', b'"name":"q"'),
    ],
)  # fmt: skip
def test_each_kind_of_change_keeps_the_rest(change: Any, old: bytes | None, new: bytes | None) -> None:
    """Elements may move, go and come, fields may be set and cleared: what nobody touched keeps its bytes."""
    pod = Pod.from_json(POD)
    change(pod)
    if old is None or new is None:
        a = b'{"name":"a","image":"one","tomorrow":{"x":1.50}}'
        b = b'{"image":"two","name":"b"}'
        old, new = a + b"," + b, b + b"," + a
    assert old in POD
    assert pod.to_json(type_meta=False) == POD.replace(old, new)


def test_a_section_can_be_replaced_and_removed() -> None:
    """A whole section assigned anew keeps unknown fields of the old one; None takes the section away."""
    config = ConfigMap.from_json(b'{"data":{"a":"1"},"immutable":true,"other":0}')
    config.data = {"b": "2"}
    config.immutable = None
    assert config.to_json(type_meta=False) == b'{"data":{"b":"2"},"other":0}'


def test_bytes_travel_as_base64() -> None:
    """Binary values are bytes on our side."""
    secret = Secret.from_json(b'{"data":{"a":"aHVzaA==","b":"","c":null}}')
    assert secret.data == {"a": b"hush", "b": b"", "c": b""}
    secret.data["a"] = b"\xff\x00"
    assert secret.to_dict()["data"] == {"a": "/wA=", "b": "", "c": None}


def test_a_null_time_is_none() -> None:
    """Events come with `eventTime: null`, pod templates with `creationTimestamp: null`."""
    event = Event.from_json(
        b'{"eventTime":null,"firstTimestamp":"2026-01-02T03:04:05Z","lastTimestamp":null}'
    )
    deployment = Deployment.from_json(b'{"spec":{"template":{"metadata":{"creationTimestamp":null}}}}')
    assert event.event_time is None
    assert event.first_timestamp is not None
    assert deployment.spec.template.metadata.creation_timestamp is None


def test_what_one_reader_does_no_other_sees() -> None:
    """Copies are independent of each other and of the original, before and after either was looked at."""
    original = Pod.from_json(POD)
    first = original.copy()
    first.spec.containers[0].image = "changed"
    first.metadata.labels["a"] = "b"
    second, third = original.copy(), first.copy()
    third.spec.containers.clear()
    third.metadata.annotations["x"] = "y"
    assert original.to_json(type_meta=False) == POD
    assert second.spec.containers[0].image == "one"
    assert first.spec.containers[0].image == "changed"
    assert dict(second.labels) == {}
    assert first.metadata.annotations == {}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_copies_of_any_kind_are_independent(kind: Kind, data: st.DataObject) -> None:
    """Whatever a reader does to the containers that it finds in its copy, the original stays as it was."""
    value = kind_sample(kind)
    original = kind.cls.from_dict(value)
    if data.draw(st.booleans()):
        look_everywhere(original)
    copy = original.copy()
    for part in look_everywhere(copy):
        ruin(part)
    assert original.to_dict() == value
    assert original.copy().to_dict() == value


def ruin(part: Any) -> None:
    """Empty every container and clear every field that can be reached."""
    if isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            ruin(each)
        part.clear()
    elif hasattr(part, "__struct_fields__"):
        for name in part.__struct_fields__:
            ruin(getattr(part, name))
            setattr(part, name, None)


def test_making_objects_shares_nothing_between_them() -> None:
    """Defaults are made anew for each object."""
    one, two = Container(name="a"), Container(name="b")
    one.args.append("x")
    one.resources.limits["cpu"] = "1"
    assert two.args == []
    assert two.resources.limits == {}
