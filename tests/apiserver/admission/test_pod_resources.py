"""Sums over a pod."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from listwatch.apiserver.admission.pod_resources import amount_text, every_container, pod_resources


def _asks(cpu: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}, **more}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [_asks("100m"), _asks("200m")]}, "300m"),
        ({"containers": [_asks("100m")], "initContainers": [_asks("1"), _asks("2")]}, "2"),
        ({"containers": [_asks("1")], "initContainers": [_asks("1", restartPolicy="Always")]}, "2"),
        (
            {"containers": [_asks("1")], "initContainers": [_asks("1", restartPolicy="Always"), _asks("3")]},
            "4",
        ),
        ({"containers": [_asks("1")], "overhead": {"cpu": "500m"}}, "1500m"),
    ],
)
def test_what_runs_together_is_summed(spec: dict[str, Any], cpu: str) -> None:
    """Init containers count if one of them, with those that stay, needs more than the rest together."""
    assert pod_resources(spec) == {"requests": {"cpu": cpu}, "limits": {}}


def test_amounts_are_written_in_the_unit_of_the_limit() -> None:
    """A binary unit is used where the limit has one and the amount fits it."""
    assert [amount_text(Decimal(2**30), like) for like in ("1Gi", "1G")] == ["1Gi", "1073741824"]


def test_containers_are_named_by_kind() -> None:
    """Init containers are told from others."""
    spec = {"containers": [{"name": "a"}], "initContainers": [{"name": "b"}]}
    assert [(kind, each["name"]) for kind, each in every_container(spec)] == [
        ("container", "a"),
        ("init container", "b"),
    ]
