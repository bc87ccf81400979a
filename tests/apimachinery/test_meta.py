"""Metadata: what is read, what may be changed, and how versions are ordered."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.api.core_v1 import Pod
from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.meta import (
    ListMeta,
    ManagedFieldsEntry,
    ObjectMeta,
    OwnerReference,
    compare_resource_version,
)


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ("1", "2", -1),
        ("10", "9", 1),
        ("7", "7", 0),
        ("99", "100", -1),
        ("18446744073709551616", "18446744073709551615", 1),
        ("9" * 40, "1" + "0" * 40, -1),
    ],
)
def test_versions_are_ordered_as_numbers_of_any_size(a: str, b: str, answer: int) -> None:
    """By length, then by text; nothing overflows."""
    assert compare_resource_version(a, b) == answer


@given(st.integers(1, 2**80), st.integers(1, 2**80))
def test_order_is_that_of_integers(a: int, b: int) -> None:
    """For all decimal numbers the order is theirs, and turning the question turns the answer."""
    assert compare_resource_version(str(a), str(b)) == (a > b) - (a < b)
    assert compare_resource_version(str(b), str(a)) == -compare_resource_version(str(a), str(b))


@pytest.mark.parametrize("bad", ["", "0", "01", "-1", "1.0", "abc", " 1", "1 ", "\u0661", "+1", "1_000"])
def test_versions_without_a_place_in_history_are_refused(bad: str) -> None:
    """Empty, zero, signed, padded, foreign digits: on either side a ValueError that shows the value."""
    with pytest.raises(ValueError, match="cannot be ordered"):
        compare_resource_version(bad, "1")
    with pytest.raises(ValueError, match="cannot be ordered"):
        compare_resource_version("1", bad)


FULL = (
    b'{"metadata":{"name":"n","generateName":"n-","namespace":"ns","selfLink":"/x","uid":"u","resourceVersion":"5",'
    b'"generation":2,"creationTimestamp":"2026-01-02T03:04:05Z","deletionTimestamp":"2026-01-02T03:04:06Z",'
    b'"deletionGracePeriodSeconds":30,"labels":{"a":"b"},"annotations":{"c":"d"},'
    b'"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"ou","controller":true}],"finalizers":["f"],'
    b'"managedFields":[{"manager":"m","operation":"Update","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1",'
    b'"fieldsV1":{"f:spec":{}},"new":1}]}}'
)


def test_every_field_is_read() -> None:
    """Each field of ObjectMeta has its value and its type."""
    meta = Pod.from_json(FULL).metadata
    assert (meta.name, meta.generate_name, meta.namespace, meta.self_link) == ("n", "n-", "ns", "/x")
    assert (meta.uid, meta.resource_version, meta.generation) == ("u", "5", 2)
    assert meta.creation_timestamp == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert meta.deletion_timestamp == datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
    assert meta.deletion_grace_period_seconds == 30
    assert (meta.labels, meta.annotations, meta.finalizers) == ({"a": "b"}, {"c": "d"}, ["f"])
    assert meta.owner_references == [
        OwnerReference(api_version="v1", kind="K", name="o", uid="ou", controller=True)
    ]
    assert meta.managed_fields[0].manager == "m"


def test_a_look_at_all_of_it_changes_no_byte() -> None:
    """Reading every field, managed fields too, leaves the bytes and what nobody knows in them."""
    pod = Pod.from_json(FULL)
    assert pod.metadata.managed_fields[0].fields_v1 == {"f:spec": {}}
    assert pod.to_json(type_meta=False) == FULL


def test_managed_fields_can_be_changed_and_forgotten() -> None:
    """A changed entry keeps its unknown fields; an empty list is written, for it asks the server to forget."""
    pod = Pod.from_json(FULL)
    pod.metadata.managed_fields[0].manager = "me"
    assert pod.to_json(type_meta=False) == FULL.replace(b'"manager":"m"', b'"manager":"me"')
    pod.metadata.managed_fields = []
    assert pod.to_dict()["metadata"]["managedFields"] == []
    made = Pod(metadata=ObjectMeta(name="x"))
    made.metadata.managed_fields = [ManagedFieldsEntry(manager="m")]
    assert made.to_dict()["metadata"]["managedFields"] == [{"manager": "m"}]


def test_managed_fields_of_the_wrong_type_are_told_on_the_look() -> None:
    """Something else than a list raises DecodeError, and only when looked at."""
    meta = Pod.from_json(b'{"metadata":{"name":"p","managedFields":{}}}').metadata
    with pytest.raises(DecodeError, match=r"metadata\.managedFields of 'p'"):
        _ = meta.managed_fields


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (lambda m: m.labels.update(x="y"), b'"labels":{"a":"b"}', b'"labels":{"a":"b","x":"y"}'),
        (lambda m: m.labels.clear(), b'"labels":{"a":"b"},', b""),
        (lambda m: m.finalizers.remove("f"), b'"finalizers":["f"],', b""),
        (lambda m: setattr(m, "deletion_grace_period_seconds", 0), b'Seconds":30', b'Seconds":0'),
        (lambda m: m.owner_references[0].__setattr__("name", "p"), b'"name":"o"', b'"name":"p"'),
        (lambda m: setattr(m, "generate_name", ""), b'"generateName":"n-",', b""),
    ],
)
def test_a_change_touches_its_field_only(change: object, old: bytes, new: bytes) -> None:
    """Whatever is changed in metadata, the other fields stay as they were, in their order."""
    pod = Pod.from_json(FULL)
    change(pod.metadata)  # type: ignore[operator]
    assert pod.to_json(type_meta=False) == FULL.replace(old, new)


def test_readers_do_not_share_lists_and_maps() -> None:
    """Labels, annotations, owners and finalizers of one reader are not those of the next."""
    pod = Pod.from_json(FULL)
    mine, yours = pod.copy().metadata, pod.copy().metadata
    mine.labels["z"] = mine.annotations["z"] = "z"
    mine.finalizers.append("z")
    mine.owner_references[0].name = "z"
    mine.managed_fields.clear()
    assert (yours.labels, yours.annotations, yours.finalizers) == ({"a": "b"}, {"c": "d"}, ["f"])
    assert (yours.owner_references[0].name, len(yours.managed_fields)) == ("o", 1)


def test_an_unset_list_meta_writes_nothing() -> None:
    """A page says only what it was given."""
    assert msgspec.json.encode(ListMeta()) == b"{}"
    meta = msgspec.json.decode(
        b'{"continue":"c","remainingItemCount":3,"resourceVersion":"1"}', type=ListMeta
    )
    assert (meta.continue_, meta.remaining_item_count, meta.resource_version) == ("c", 3, "1")
