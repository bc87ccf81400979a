"""JSONPath: what kubectl reads is read alike, and what is none is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.custom.json_path import JSONPathError, parse_json_path

OBJ: dict[str, Any] = {
    "spec": {"size": 3, "names": ["a", "b", "c"], "map": {"a.b/c": 1, "x": {"deep": 2}}},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "True", "n": 1},
            {"type": "Synced", "status": "False", "n": 5},
        ]
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", [3]),
        ("{.spec.size}", [3]),
        ("$.spec.size", [3]),
        (".spec.missing.deeper", []),
        (".spec.names[0]", ["a"]),
        (".spec.names[-1]", ["c"]),
        (".spec.names[9]", []),
        (".spec.names[0:2]", ["a", "b"]),
        (".spec.names[::2]", ["a", "c"]),
        (".spec.names[*]", ["a", "b", "c"]),
        (".spec.names[0,2]", ["a", "c"]),
        (".spec['size']", [3]),
        (".spec.map['a.b/c']", [1]),
        (r".spec.map.a\.b/c", [1]),
        ("..deep", [2]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Synced')].n", [5]),
        (".status.conditions[?(@.n>1)].type", ["Synced"]),
        (".status.conditions[?(@.n!=1)].type", ["Synced"]),
        (".status.conditions[?(@.none)].type", []),
        (".status.conditions[?(@.n)].type", ["Ready", "Synced"]),
        (".spec.*", [3, ["a", "b", "c"], OBJ["spec"]["map"]]),
        (".", [OBJ]),
    ],
)
def test_a_path_finds_what_kubectl_finds(path: str, found: list[Any]) -> None:
    """Fields, indices, slices, unions, filters, descent; what is missing is no fault."""
    assert parse_json_path(path).find(OBJ) == found


@pytest.mark.parametrize("path", [".a[", ".a[?(", ".a[x]", ".a b", ".a['x]", ".[", ".a)"])
def test_what_is_no_path_is_refused(path: str) -> None:
    """An unclosed bracket, a bare word, a space."""
    with pytest.raises(JSONPathError):
        parse_json_path(path)


@given(st.text(".[]()?@'\"*:,-0ax=<!\\ {}", max_size=12))
def test_every_text_is_a_path_or_a_refusal(text: str) -> None:
    """Nothing else comes of a text, and a path finds a list in anything."""
    try:
        path = parse_json_path(text)
    except JSONPathError:
        return
    assert isinstance(path.find(OBJ), list)
