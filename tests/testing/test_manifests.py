"""Manifests in all their forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from listwatch.testing.manifests import Manifests, objects_of

ONE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
TWO = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}}
TEXT = """
# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
---
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
"""


@pytest.mark.parametrize(
    ("manifests", "objects"),
    [
        (ONE, [ONE]),
        ([ONE, TWO], [ONE, TWO]),
        ([], []),
        ("", []),
        (TEXT, [ONE, TWO]),
        ([TEXT, [ONE]], [ONE, TWO, ONE]),
        ({"apiVersion": "v1", "kind": "List", "items": [ONE, TWO]}, [ONE, TWO]),
        (
            {"apiVersion": "v1", "kind": "ConfigMapList", "items": [{"metadata": {"name": "one"}}]},
            [ONE],
        ),
    ],
)
def test_forms(manifests: Manifests, objects: list[Any]) -> None:
    """Text, mappings, lists of objects and lists of all of these give single objects in order."""
    assert list(objects_of(manifests)) == objects


def test_files_and_folders(tmp_path: Path) -> None:
    """A path, or a one-line text that ends like a file of YAML, is read; a folder in order of its names."""
    (tmp_path / "b.yml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: two}}")
    (tmp_path / "a.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}')
    (tmp_path / "notes.txt").write_text("nothing")
    assert list(objects_of(tmp_path)) == [ONE, TWO]
    assert list(objects_of(str(tmp_path / "b.yml"))) == [TWO]
    with pytest.raises(FileNotFoundError):
        list(objects_of("missing.yaml"))


@pytest.mark.parametrize(
    ("manifests", "complaint"),
    [
        ("just words", "holds str, not an object"),
        ("a: [", "is not YAML"),
        ({"kind": "Pod"}, "apiVersion or kind is missing"),
    ],
)
def test_what_is_no_object_is_named(manifests: Manifests, complaint: str) -> None:
    """A mistake in a manifest says what it is."""
    with pytest.raises(ValueError, match=complaint):
        list(objects_of(manifests))
