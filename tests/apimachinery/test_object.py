"""Objects of kinds that a user describes: sections, copies, JSON, what is promised and what is not."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.key import ObjectKey
from listwatch.apimachinery.meta import ObjectMeta
from listwatch.apimachinery.object import Object, section


class CronTabSpec(msgspec.Struct, omit_defaults=True, rename="camel"):
    cron_spec: str = ""
    replicas: int = 1


@dataclass
class CronTabStatus:
    phase: str = ""
    seen: list[str] = field(default_factory=list)


class CronTab(Object, group="stable.example.com", version="v1", plural="crontabs"):
    spec: CronTabSpec = section(factory=CronTabSpec)
    status: CronTabStatus = section(factory=CronTabStatus)
    odd: dict[str, Any] = section(factory=dict, name="odd-name")


class BetterCronTab(CronTab, group="stable.example.com", version="v2", plural="crontabs", kind="CronTab"):
    note: str | None = section(factory=lambda: None)


def look_at_everything(tab: CronTab) -> list[Any]:
    return [tab.metadata.annotations, tab.metadata.managed_fields, tab.spec, tab.status, tab.odd]


WIRE = (
    b'{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"c","namespace":"d","uid":"u",'
    b'"resourceVersion":"7","labels":{"a":"b"}},"spec":{"cronSpec":"* *","future":1.0},'
    b'"status":{"phase":"Up","new":[]},"odd-name":{"x":1}}'
)


def test_a_struct_and_a_dataclass_are_kinds_too() -> None:
    """A user's own types are read and written like the generated ones, unknown fields included."""
    tab = CronTab.from_json(WIRE)
    assert (tab.spec.cron_spec, tab.status.phase, tab.odd) == ("* *", "Up", {"x": 1})
    tab.spec.replicas = 3
    tab.status.seen.append("me")
    expected = WIRE.replace(b'"future":1.0', b'"future":1.0,"replicas":3').replace(
        b'"new":[]', b'"new":[],"seen":["me"]'
    )
    assert tab.to_json() == expected


def test_shortcuts_do_not_decode_metadata() -> None:
    """Name, namespace, key, uid, version and labels are there without a decoded copy being made."""
    tab = CronTab.from_json(WIRE)
    assert (tab.name, tab.namespace, tab.uid, tab.resource_version) == ("c", "d", "u", "7")
    assert (tab.key, dict(tab.labels)) == (ObjectKey("d", "c"), {"a": "b"})
    assert tab._own_meta is None


def test_shortcuts_follow_what_was_changed() -> None:
    """After a change in metadata the shortcuts tell the new state."""
    tab = CronTab.from_json(WIRE)
    tab.metadata.name = "other"
    tab.metadata.labels["x"] = "y"
    assert (tab.name, tab.labels["x"]) == ("other", "y")


def test_labels_are_to_read() -> None:
    """Labels cannot be written through the shortcut, where the change would be lost: it is refused."""
    tab = CronTab.from_json(WIRE)
    for _ in range(2):
        with pytest.raises(TypeError):
            tab.labels["a"] = "x"  # type: ignore[index]
        assert tab.metadata.labels == {"a": "b"}


def test_shortcuts_of_an_empty_object_are_empty() -> None:
    """An object without metadata has empty names and no labels."""
    tab = CronTab.from_json(b"{}")
    assert (tab.name, tab.namespace, tab.uid, tab.resource_version, dict(tab.labels)) == ("", "", "", "", {})


def test_kind_and_version_come_from_the_class_where_a_list_left_them_out() -> None:
    """Items of lists lack apiVersion and kind; the object knows them, and writes them unless told not to."""
    tab = CronTab.from_json(b'{"metadata":{"name":"c"}}')
    assert (tab.api_version, tab.kind) == ("stable.example.com/v1", "CronTab")
    assert tab.to_json(type_meta=False) == b'{"metadata":{"name":"c"}}'
    assert tab.to_dict() == {
        "apiVersion": "stable.example.com/v1",
        "kind": "CronTab",
        "metadata": {"name": "c"},
    }


def test_a_subclass_adds_to_what_its_base_describes() -> None:
    """Sections are inherited; the place is the subclass's own."""
    tab = BetterCronTab.from_json(b'{"spec":{"cronSpec":"x"},"note":"n"}')
    assert (tab.spec.cron_spec, tab.note) == ("x", "n")
    assert str(BetterCronTab.resource) == "crontabs.v2.stable.example.com"
    assert BetterCronTab.resource.kind == "CronTab"


def test_a_kind_needs_a_plural() -> None:
    """A class that says where it lives must say under which name."""
    with pytest.raises(TypeError, match="Nameless: say plural="):

        class Nameless(Object, group="x"):
            pass


def test_unknown_sections_are_refused_when_an_object_is_made() -> None:
    """A misspelt keyword is an error, not a lost value."""
    with pytest.raises(TypeError, match="CronTab has no sepc"):
        CronTab(sepc=CronTabSpec())  # type: ignore[call-arg]


def test_an_object_made_here_is_written_in_order() -> None:
    """What it is, who it is, what it holds."""
    made = CronTab(spec=CronTabSpec(cron_spec="@daily"), metadata=ObjectMeta(name="n"))
    assert made.to_json() == (
        b'{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"n"},"spec":{"cronSpec":"@daily"}}'
    )


def test_each_look_at_a_section_is_the_same_copy() -> None:
    """A reader's copy of a section is made once, so that changes to it add up."""
    tab = CronTab.from_json(WIRE)
    assert tab.spec is tab.spec
    assert tab.metadata is tab.metadata


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize(
    "how", [CronTab.copy, copy.copy, copy.deepcopy, lambda tab: pickle.loads(pickle.dumps(tab))]
)
def test_copies_are_equal_and_apart(how: Any, look: bool) -> None:
    """Every way of copying gives an equal object that shares nothing which can change."""
    tab = CronTab.from_json(WIRE)
    if look:
        assert tab.metadata.labels == {"a": "b"}
        assert tab.spec.replicas == 1
    made = how(tab)
    assert made == tab
    made.metadata.labels["a"] = "changed"
    made.spec.cron_spec = "changed"
    made.status.seen.append("changed")
    assert tab.to_json() == WIRE
    assert made != tab


def test_objects_of_different_kinds_are_not_equal() -> None:
    """Equality is of one kind; and objects, being changeable, do not hash."""
    assert CronTab.from_json(b"{}") != BetterCronTab.from_json(b"{}")
    assert CronTab.from_json(b"{}") != {}
    with pytest.raises(TypeError, match="unhashable"):
        hash(CronTab())


@pytest.mark.parametrize(
    "wire",
    [
        b'{"metadata":null}',
        b'{"metadata":{"labels":null,"annotations":null,"ownerReferences":null,"managedFields":null}}',
        b'{"metadata":{"annotations":{"a":null,"b":"c"},"labels":{"a":null},"finalizers":[null]}}',
        b'{"metadata":{"ownerReferences":[{"name":null,"controller":null}],"managedFields":[null,{"time":null}]}}',
        b'{"metadata":{"creationTimestamp":null,"generation":2.0,"name":7,"future":{"x":[]}}}',
        b'{"metadata":{"name":"a"},"apiVersion":null,"kind":null}',
        b'{"metadata":{"name":"a"},"spec":null,"status":null,"odd-name":null,"else":null}',
    ],
)
def test_unusual_objects_are_read_and_kept(wire: bytes) -> None:
    """Nulls and unknown fields anywhere are read; after looking at everything the bytes are those that came."""
    tab = CronTab.from_json(wire)
    assert tab.to_json(type_meta=False) == wire
    look_at_everything(tab)
    assert tab.to_json(type_meta=False) == wire


def test_a_null_kind_is_replaced_not_repeated() -> None:
    """Written with its kind, an object that came with a null one has the field once."""
    written = CronTab.from_json(b'{"kind":null,"apiVersion":null}').to_json()
    assert written == b'{"apiVersion":"stable.example.com/v1","kind":"CronTab"}'


def test_unusual_metadata_can_be_changed() -> None:
    """A change in metadata that the strict decoder refused keeps the rest of it, also what nobody knows."""
    tab = CronTab.from_json(b'{"metadata":{"future":1,"labels":null,"name":"a"}}')
    tab.metadata.labels["x"] = "y"
    assert tab.to_json(type_meta=False) == b'{"metadata":{"future":1,"labels":{"x":"y"},"name":"a"}}'
    from_null = CronTab.from_json(b'{"metadata":null}')
    from_null.metadata.name = "n"
    assert from_null.to_json(type_meta=False) == b'{"metadata":{"name":"n"}}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nope",
        b"[]",
        b"null",
        b'"x"',
        b'{"metadata":',
        b'{"metadata":[]}',
        b'{"metadata":{"generation":"x"}}',
        b'{"metadata":{"name":"\xff"}}',
        b'{"spec":' + b"[" * 100_000,
    ],
)
def test_what_is_no_object_is_a_decode_error(data: bytes) -> None:
    """Anything that is not an object with usable metadata raises DecodeError that names the kind, and nothing else."""
    with pytest.raises(DecodeError, match=r"^CronTab: "):
        CronTab.from_json(data)


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b'{"metadata":{"name":"c"},"spec":"text"}', r"^<CronTab c .*>: spec: Expected `object`, got `str`$"),
        (b'{"spec":{"replicas":"many"}}', r"spec: Expected `int`, got `str` - at `\$\.replicas`$"),
    ],
)
def test_a_wrong_section_is_told_on_the_look(wire: bytes, message: str) -> None:
    """A section of the wrong type raises when looked at, with object and place, and can still be passed on."""
    tab = CronTab.from_json(wire)
    with pytest.raises(DecodeError, match=message):
        _ = tab.spec
    assert tab.to_json(type_meta=False) == wire


def test_a_wrong_section_does_not_show_its_content() -> None:
    """The error of a section tells types and places, not values."""
    tab = CronTab.from_json(b'{"spec":{"replicas":"hunter2"}}')
    with pytest.raises(DecodeError) as caught:
        _ = tab.spec
    assert "hunter2" not in str(caught.value)


def test_metadata_that_cannot_be_read_is_told_on_the_look() -> None:
    """An impossible timestamp leaves the shortcuts usable; `metadata` raises DecodeError with the object's name."""
    tab = CronTab.from_json(b'{"metadata":{"name":"c","creationTimestamp":"noon"}}')
    assert tab.name == "c"
    with pytest.raises(DecodeError, match=r"^<CronTab c .*metadata: "):
        _ = tab.metadata


def test_looking_at_missing_parts_does_not_create_them() -> None:
    """After a look at everything an empty object is still empty."""
    tab = CronTab.from_json(b"{}")
    look_at_everything(tab)
    assert tab.to_json(type_meta=False) == b"{}"


def test_sections_are_descriptions_on_the_class() -> None:
    """On the class a section tells its wire name; instances hold values."""
    assert CronTab.__dict__["odd"].wire_name == "odd-name"
    assert CronTab.spec is CronTab.__dict__["spec"]


def test_labels_that_are_none_are_told_on_the_look() -> None:
    """Something else than a map of labels raises DecodeError with the object's name, from shortcut and metadata."""
    tab = CronTab.from_json(b'{"metadata":{"name":"c","labels":["a"]}}')
    assert tab.name == "c"
    with pytest.raises(DecodeError, match=r"^<CronTab c .*metadata\.labels: Expected `object`, got `array`"):
        _ = tab.labels
    with pytest.raises(DecodeError, match=r"^<CronTab c .*metadata: "):
        _ = tab.metadata


def test_a_section_of_something_just_read_can_be_set_unseen() -> None:
    """Assigning without looking replaces the section, unknown fields kept."""
    tab = CronTab.from_json(WIRE)
    tab.spec = CronTabSpec(cron_spec="@hourly")
    assert tab.to_json() == WIRE.replace(b'"* *"', b'"@hourly"')
    assert (tab.spec.cron_spec, tab.odd) == ("@hourly", {"x": 1})
