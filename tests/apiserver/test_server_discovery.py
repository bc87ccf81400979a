"""Discovery documents against those that a kube-apiserver was recorded giving."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from listwatch.apiserver.discovery import discovery, openapi
from listwatch.apiserver.kinds.resources import builtin_resources

RECORDING = Path(__file__).parent.parent / "recordings" / "kube-apiserver-1.36.jsonl"


def _recorded(number: int) -> Any:
    for line in RECORDING.read_text().splitlines():
        step = json.loads(line)
        if (step["flow"], step["n"]) == ("discovery", number):
            return step["response"]["body"]
    raise LookupError(number)


def test_aggregated_documents_are_the_recorded_ones() -> None:
    """Both aggregated documents come out of the registry as they went into its data."""
    registry = builtin_resources()
    assert discovery.aggregated(registry, core=True, version="v2") == _recorded(8)
    assert discovery.aggregated(registry, core=False, version="v2") == _recorded(9)


@pytest.mark.parametrize(
    ("number", "group", "version"),
    [(2, "", "v1"), (5, "apps", "v1"), (6, "coordination.k8s.io", "v1")],
)
def test_resource_lists_are_the_recorded_ones(number: int, group: str, version: str) -> None:
    """The old form, hashes of storage versions included, follows from the same registry."""
    assert discovery.resource_list(builtin_resources(), group, version) == _recorded(number)


def test_the_group_documents_are_the_recorded_ones() -> None:
    """Groups and their preferred versions come in the recorded order."""
    registry = builtin_resources()
    apps = registry.group("apps")
    assert apps is not None
    assert discovery.group_list(registry) == _recorded(3)
    assert discovery.api_group(apps) == _recorded(4)


def test_two_versions_of_a_resource_share_their_storage() -> None:
    """An object made through one group or version is the same object in the other."""
    registry = builtin_resources()
    pairs = [(("", "v1", "events"), ("events.k8s.io", "v1", "events"))]
    autoscalers = [("autoscaling", version, "horizontalpodautoscalers") for version in ("v1", "v2")]
    for one, other in [*pairs, (autoscalers[0], autoscalers[1])]:
        first, second = registry.find(*one), registry.find(*other)
        assert first is not None
        assert second is not None
        assert first.storage == second.storage
    names = [resource.storage for resource in registry.stored()]
    assert len(names) == len(set(names))


def test_every_document_that_the_openapi_index_names_is_there() -> None:
    """Each path of the index has an OpenAPI 3 document, and the hash is that of its bytes."""
    for path, entry in json.loads(openapi.index())["paths"].items():
        content = openapi.document(path)
        assert content is not None, path
        assert json.loads(content)["openapi"].startswith("3."), path
        digest = hashlib.sha512(content).hexdigest().upper()
        assert entry["serverRelativeURL"] == f"/openapi/v3/{path}?hash={digest}"
    version = json.loads(openapi.document("version") or b"")
    properties = version["components"]["schemas"]["io.k8s.apimachinery.pkg.version.Info"]["properties"]
    assert properties.keys() == _recorded(7).keys()
