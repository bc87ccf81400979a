"""Objects of any built-in kind for Hypothesis, drawn by the kind's shape."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

from listwatch.apiserver.kinds.schema import Node, Schemas

KINDS = [
    ("", "v1", "Pod"),
    ("", "v1", "Secret"),
    ("", "v1", "Event"),
    ("", "v1", "PersistentVolume"),
    ("apps", "v1", "Deployment"),
    ("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ("coordination.k8s.io", "v1", "Lease"),
    ("resource.k8s.io", "v1", "ResourceSlice"),
    ("certificates.k8s.io", "v1", "CertificateSigningRequest"),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
    ("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy"),
]
"""Kinds that between them have every sort of field."""
_DEPTH = 7
_TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "bytes": st.binary(max_size=6).map(lambda raw: base64.b64encode(raw).decode()),
    "number": st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-9, 9),
    "boolean": st.booleans(),
    "quantity": st.sampled_from(["0", "100m", "1500Mi", "3", "2e3"]),
    "int-or-string": st.integers(-(2**31), 2**31 - 1) | _TEXT,
    "time": st.sampled_from(["2026-01-02T03:04:05Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"]),
    "micro-time": st.sampled_from(["2026-01-02T03:04:05.000006Z", "1969-12-31T23:59:59.999999Z"]),
    "any": st.dictionaries(st.text("abc", min_size=1, max_size=2), _JSON, max_size=2),
}

_SCHEMA = st.fixed_dictionaries({"type": _TEXT.filter(bool)})
_SCHEMA_UNIONS: dict[str, st.SearchStrategy[Any]] = {
    "items": _SCHEMA | st.lists(_SCHEMA, min_size=1, max_size=2),
    "additionalItems": _SCHEMA | st.booleans(),
    "additionalProperties": _SCHEMA | st.booleans(),
    "dependencies": st.dictionaries(_TEXT, _SCHEMA | st.lists(_TEXT, min_size=1, max_size=2), max_size=2),
}


def objects(group: str, version: str, kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a kind as the server stores them: decoded, with what is implied."""
    schemas = Schemas.load()
    node = schemas.node(group, version, kind)
    assert node is not None
    return _values(node, 0).map(lambda value: schemas.decode(group, version, kind, value)[0])


def _values(node: Node, depth: int) -> st.SearchStrategy[Any]:
    if node.kind == "struct":
        members = {
            name: _defaulted(member.node.kind)
            if member.has_default and member.node.kind in _SCALARS
            else st.deferred(lambda node=member.node: _values(node, depth + 1))
            for name, member in node.fields.items()
            # Where an object stands inside another, its kind is not told in every form.
            if name not in {"apiVersion", "kind"}
        }
        if depth > _DEPTH:
            return st.just({})
        if node.name == "JSONSchemaProps":
            members |= _SCHEMA_UNIONS
        names = (
            st.lists(st.sampled_from(sorted(members)), max_size=3, unique=True) if members else st.just([])
        )
        return names.flatmap(lambda chosen: st.fixed_dictionaries({name: members[name] for name in chosen}))
    if node.kind == "map":
        return st.dictionaries(_TEXT, _values(_element(node), depth + 1), max_size=2)
    if node.kind == "list":
        return st.lists(_values(_element(node), depth + 1), max_size=2)
    if node.kind == "integer":
        bound = 2 ** (node.bits - 1)
        return st.integers(-bound, bound - 1) | st.sampled_from([0, 1, -1])
    return _SCALARS[node.kind]


def _defaulted(kind: str) -> st.SearchStrategy[Any]:
    """Values for a field with a default: empty text means the default in some forms and nothing in others."""
    return _SCALARS[kind].filter(lambda value: value != "")


def _element(node: Node) -> Node:
    assert node.element is not None
    return node.element
