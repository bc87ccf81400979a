"""Our server's answers against a real kube-apiserver's, step by step."""

from __future__ import annotations

import pytest
from recording_replay import differences

# The recorded steps that we answer otherwise, each with its reason.
KNOWN: dict[tuple[str, int], str] = {
    ("crud", 3): "the recorder changed the answer's data before it wrote it down",
    ("crud", 5): "the recorder took the version out of the answer before it wrote it down",
    ("tables", 13): "a DaemonSet's row shows the annotation that the real server adds only after printing",
}
FLOWS = {
    "apply": 13,
    "article_demo": 14,
    "crud": 31,
    "custom_resources": 24,
    "delete": 16,
    "discovery": 19,
    "identity": 10,
    "leases_and_events": 6,
    "list": 45,
    "namespaces": 7,
    "patch": 19,
    "pod_fields": 16,
    "tables": 20,
    "watch": 18,
    "watch_errors": 17,
    "watch_list": 9,
}


@pytest.mark.parametrize(("flow", "steps"), FLOWS.items())
def test_a_flow_is_answered_as_the_real_server_answers_it(flow: str, steps: int) -> None:
    """Every step of a recorded flow has the same answer, but for those whose reason is known; those do differ."""
    found = differences(flow)
    assert len(found) == steps
    unknown = {number: told for number, told in found.items() if told and (flow, number) not in KNOWN}
    assert unknown == {}
    assert [number for name, number in KNOWN if name == flow and not found[number]] == []
