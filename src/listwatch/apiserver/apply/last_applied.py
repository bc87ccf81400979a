"""From client-side to server-side apply: what the annotation of `kubectl apply` means to `--server-side`.

In:    the live object and the applied one, both before and after
Out:   the fields that a first server-side apply may take without force; the annotation brought up to date
Next:  field_manager.py, for the manager `kubectl` alone
Rules: pure. What was last applied from the client, and is still so, belongs to who applied it, whoever is listed as its
       owner.
Source: apimachinery pkg/util/managedfields (lastappliedmanager.go, lastappliedupdater.go)
"""

from __future__ import annotations

import json
from typing import Any, Final

from listwatch.apiserver.apply.comparison import compare
from listwatch.apiserver.apply.field_sets import FieldSet, difference
from listwatch.apiserver.apply.path_elements import FieldSetError
from listwatch.apiserver.apply.shapes import Shape
from listwatch.apiserver.apply.type_check import faults_of
from listwatch.apiserver.apply.typed_fields import claimed
from listwatch.apiserver.kinds.maps import labels, peek

JSONObject = dict[str, Any]
MIGRATING_MANAGER: Final = "kubectl"
ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"
_LONGEST_ANNOTATIONS: Final = 256 * 1024


def last_applied_fields(shape: Shape, live: JSONObject) -> FieldSet:
    """The fields that were last applied from the client and have still the same value; none if none were."""
    try:
        config = json.loads(labels(live, "metadata", "annotations").get(ANNOTATION, ""))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(config, dict) or config.get("apiVersion") != live.get("apiVersion"):
        return {}
    if faults_of(shape, config):
        return {}
    try:
        found = compare(shape, config, live)
        fields = claimed(shape, config)
    except FieldSetError:
        return {}
    for changed in (found.modified, found.added, found.removed):
        fields = difference(fields, changed)
    return fields


def with_last_applied(value: JSONObject, config: JSONObject) -> JSONObject:
    """`value` with its annotation saying what is applied now; `value` itself if it has no such annotation."""
    annotations = peek(value, "metadata", "annotations")
    if not annotations.get(ANNOTATION):
        return value
    told = {**annotations, ANNOTATION: _configuration(config)}
    if (
        sum(len(name.encode()) + len(str(text).encode()) for name, text in told.items())
        > _LONGEST_ANNOTATIONS
    ):
        del told[ANNOTATION]
    return {**value, "metadata": {**value["metadata"], "annotations": told}}


def _configuration(config: JSONObject) -> str:
    metadata = peek(config, "metadata")
    annotations = peek(metadata, "annotations")
    if annotations:
        kept = {name: text for name, text in annotations.items() if name != ANNOTATION}
        config = {**config, "metadata": {**metadata, "annotations": kept}}
    return json.dumps(config, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
