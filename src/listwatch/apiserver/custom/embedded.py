"""Whole objects inside a custom one: each has to say what it is, and have good metadata.

In:    an object and its `Structural`
Out:   causes
Rules: pure; total on any JSON
Source: apiextensions-apiserver pkg/apiserver/schema/objectmeta
"""

from __future__ import annotations

from typing import Any

from listwatch.apimachinery import names
from listwatch.apiserver.custom.structural import Structural
from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.maps import JSONObject, labels, peek, text


def check_embedded(causes: Causes, value: Any, schema: Structural, path: str = "") -> None:
    """Look at every embedded object under `value`."""
    if not schema.has_embedded:
        return
    if isinstance(value, dict):
        if path and schema.is_embedded:
            _check(causes, value, path)
        for name in sorted(value):
            member = schema.member(name)
            if member is not None and not (not path and name in {"apiVersion", "kind", "metadata"}):
                named = name in schema.properties
                inner = (f"{path}.{name}" if path else name) if named else f"{path}[{name}]"
                check_embedded(causes, value[name], member, inner)
    elif isinstance(value, list) and schema.items is not None:
        for index, each in enumerate(value):
            check_embedded(causes, each, schema.items, f"{path}[{index}]")


def _check(causes: Causes, obj: JSONObject, path: str) -> None:
    api_version, kind = text(obj, "apiVersion"), text(obj, "kind")
    if not api_version:
        causes.required(f"{path}.apiVersion", "must not be empty")
    elif api_version.count("/") > 1:
        causes.invalid(f"{path}.apiVersion", api_version, f"unexpected GroupVersion string: {api_version}")
    if not kind:
        causes.required(f"{path}.kind", "must not be empty")
    else:
        problems = names.dns_1035_label_problems(kind.lower())
        if problems:
            detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            causes.invalid(f"{path}.kind", kind, detail)
    metadata, at = peek(obj, "metadata"), f"{path}.metadata"
    for key, label in labels(metadata, "labels").items():
        causes.all_invalid(f"{at}.labels", key, names.qualified_name_problems(key))
        causes.all_invalid(f"{at}.labels", label, names.label_value_problems(label))
    for key in labels(metadata, "annotations"):
        causes.all_invalid(f"{at}.annotations", key, names.qualified_name_problems(key.lower()))
    if name := text(metadata, "name"):
        causes.all_invalid(f"{at}.name", name, names.path_segment_problems(name))
    if namespace := text(metadata, "namespace"):
        causes.all_invalid(f"{at}.namespace", namespace, names.dns_label_problems(namespace))
