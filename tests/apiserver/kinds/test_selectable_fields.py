"""Which fields select, what an object has there, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apimachinery.selector import parse_field_selector
from listwatch.apiserver.kinds.selectable_fields import check_field_selector, field_values, supported_fields
from listwatch.apiserver.wire.statuses import APIFailure


@pytest.mark.parametrize(
    ("group", "resource", "field", "message"),
    [
        (
            "",
            "configmaps",
            "data.k",
            '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        ("", "pods", "spec.nope", "field label not supported: spec.nope"),
        ("batch", "jobs", "x", 'field label "x" not supported for batchv1.Job'),
    ],
)
def test_an_unknown_field_is_refused(group: str, resource: str, field: str, message: str) -> None:
    """A 400 in the words that the resource has for it."""
    with pytest.raises(APIFailure) as caught:
        check_field_selector(group, resource, parse_field_selector(f"metadata.name=a,{field}=1"))
    assert caught.value.status["message"] == message
    assert caught.value.code == 400


def test_a_custom_resource_has_the_fields_that_its_definition_declares() -> None:
    """Declared paths select; all others get the sentence for custom resources."""
    declared = frozenset({"spec.size"})
    check_field_selector("x.io", "widgets", parse_field_selector("spec.size=1"), selectable=declared)
    assert field_values("x.io", "widgets", {"spec": {"size": 3}}, selectable=declared)["spec.size"] == "3"
    with pytest.raises(APIFailure, match=r"field label not supported: spec\.color"):
        check_field_selector("x.io", "widgets", parse_field_selector("spec.color=red"), selectable=declared)


@pytest.mark.parametrize(
    ("group", "resource", "obj", "field", "value"),
    [
        ("", "pods", {"metadata": {"name": "a", "namespace": "n"}}, "metadata.namespace", "n"),
        ("", "pods", {"spec": {"nodeName": "x"}}, "spec.nodeName", "x"),
        ("", "pods", {}, "spec.nodeName", ""),
        ("", "pods", {}, "spec.hostNetwork", "false"),
        ("", "pods", {"spec": {"hostNetwork": True}}, "spec.hostNetwork", "true"),
        ("", "pods", {"status": {"podIP": "1", "podIPs": [{"ip": "2"}]}}, "status.podIP", "2"),
        ("", "pods", {"status": {"podIP": "1"}}, "status.podIPs", "1"),
        ("", "nodes", {}, "spec.unschedulable", "false"),
        ("", "secrets", {"type": "Opaque"}, "type", "Opaque"),
        ("", "namespaces", {"status": {"phase": "Active"}}, "status.phase", "Active"),
        ("", "events", {"involvedObject": {"name": "x"}}, "involvedObject.name", "x"),
        ("", "events", {"reportingComponent": "c"}, "source", "c"),
        ("", "events", {"source": {"component": "s"}, "reportingComponent": "c"}, "source", "s"),
        ("events.k8s.io", "events", {"regarding": {"kind": "Pod"}}, "regarding.kind", "Pod"),
        ("events.k8s.io", "events", {"reportingController": "c"}, "reportingController", "c"),
        ("apps", "replicasets", {"status": {"replicas": 3}}, "status.replicas", "3"),
        ("batch", "jobs", {}, "status.successful", "0"),
        ("", "pods", {"spec": 3, "status": [], "metadata": "x"}, "spec.nodeName", ""),
    ],
)
def test_an_object_has_text_at_every_field(
    group: str, resource: str, obj: dict[str, Any], field: str, value: str
) -> None:
    """Values are text, missing ones empty or what their zero reads as; every supported field has one."""
    values = field_values(group, resource, obj)
    assert values[field] == value
    assert supported_fields(group, resource) <= values.keys()
