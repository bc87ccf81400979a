"""What a server writes into `managedFields` about the fields that one manager has set.

In:    the part of an object that a manager has sent, as plain Python values
Out:   FieldsV1: a tree of `f:<field>` and `k:<key of a list item>`, sorted
Next:  pods.py
Rules: pure; lists are followed item by item only where Kubernetes merges them by key, else they are one leaf
Source: structured-merge-diff's FieldsV1; the list keys are the x-kubernetes-list-map-keys of a Pod's OpenAPI
"""

from __future__ import annotations

import json
from typing import Any

_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_WHOLE_ITEMS = {"ownerReferences"}  # who owns the item owns all of it
_WHOLE_MAPS = {"nodeSelector"}  # atomic: replaced, never merged


def fields_v1(value: dict[str, Any]) -> dict[str, Any]:
    """The FieldsV1 of `value`, without the mark of its own root."""
    return dict(sorted((f"f:{name}", _field(name, item)) for name, item in value.items()))


def _field(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and value and name not in _WHOLE_MAPS:
        inner = fields_v1(value)
        return inner if name in {"metadata", "spec", "status", "template"} else {".": {}} | inner
    if isinstance(value, list) and value and name in _LIST_KEYS:
        keys = _LIST_KEYS[name]
        items = ((_item_key(item, keys), _item(name, item)) for item in value)
        return {".": {}} | dict(sorted(items))
    return {}


def _item(name: str, item: dict[str, Any]) -> dict[str, Any]:
    return {} if name in _WHOLE_ITEMS else {".": {}} | fields_v1(item)


def _item_key(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    chosen = {key: item[key] for key in keys if key in item}
    return "k:" + json.dumps(chosen, separators=(",", ":"))
