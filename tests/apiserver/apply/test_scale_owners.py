"""Who owns the replicas, told of the workload and of its scale."""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.apply.scale_owners import REPLICAS, owners_of_scale, owners_of_workload, path_of

PATHS = {"apps/v1": REPLICAS, "apps/v2": None}


def entry(
    manager: str, fields: dict[str, Any], operation: str = "Apply", version: str = "apps/v1", **more: str
) -> dict[str, Any]:
    """An entry of managed fields."""
    plain = {"manager": manager, "operation": operation, "apiVersion": version}
    return {**plain, "fieldsType": "FieldsV1", "fieldsV1": fields, **more}


SPEC = {"f:spec": {"f:replicas": {}, "f:selector": {}}}
SCALE = {"f:spec": {"f:replicas": {}}}
REST = {"f:spec": {"f:selector": {}}}


def test_a_scale_has_the_owners_of_the_replicas() -> None:
    """Only who owns the replicas owns something of the scale, in a version that has one."""
    entries = [
        entry("a", SPEC),
        entry("b", REST),
        entry("c", SPEC, version="apps/v2"),
        entry("d", SPEC, version="apps/v3"),
    ]
    assert owners_of_scale(entries, PATHS) == [entry("a", SCALE, version="autoscaling/v1")]
    assert owners_of_scale(None, PATHS) == []


def test_replicas_change_hands_with_the_scale() -> None:
    """Who no longer owns the scale loses the replicas, who has written it owns them as its part; the rest stays."""
    workload = [entry("a", SPEC), entry("b", REST), entry("c", SCALE), entry("d", SPEC, version="apps/v3")]
    scale = [
        entry("hpa", SCALE, "Update", "autoscaling/v1", time="2026-01-01T00:00:00Z", subresource="scale")
    ]
    assert owners_of_workload(workload, scale, PATHS, "apps/v1") == [
        entry("a", REST),
        entry("b", REST),
        entry("hpa", SCALE, "Update", subresource="scale"),
    ]


def test_who_keeps_the_scale_keeps_its_entry() -> None:
    """A scale whose owner is still the same changes nothing in the workload's managed fields."""
    workload = [entry("a", SPEC), entry("b", SPEC, "Update")]
    scale = owners_of_scale(workload, PATHS)
    assert owners_of_workload(workload, scale, PATHS, "apps/v1") == workload


def test_paths_are_read_from_definitions() -> None:
    """A definition writes paths with dots."""
    assert path_of(".spec.replicas") == REPLICAS
    assert path_of("") == ()
