"""Selectors inside objects: labels of pods, and labels and fields of nodes.

In:    a LabelSelector or an Affinity, decoded
Out:   causes
Next:  validation_pods.py, validation_workloads.py, validation_policies.py
Rules: pure, total on objects of any shape
Source: order and wording of apimachinery metav1/validation and of pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Final

from listwatch.apimachinery import names
from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.maps import JSONObject, items, labels, maps, peek, text

_OF_PODS: Final = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})
_WITH_VALUES: Final = frozenset({"In", "NotIn"})
_COMPARING: Final = frozenset({"Gt", "Lt"})
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_HEAVIEST: Final = 100


def validate_label_selector(causes: Causes, selector: JSONObject, path: str) -> None:
    """The rules of a LabelSelector at `path`."""
    for key, value in labels(selector, "matchLabels").items():
        causes.all_invalid(f"{path}.matchLabels", key, names.qualified_name_problems(key))
        causes.all_invalid(f"{path}.matchLabels", value, names.label_value_problems(value))
    for index, expression in enumerate(maps(selector, "matchExpressions")):
        here = f"{path}.matchExpressions[{index}]"
        operator, values = text(expression, "operator"), items(expression, "values")
        _values(causes, here, operator, len(values))
        if operator not in _OF_PODS:
            causes.invalid(f"{here}.operator", operator, "not a valid selector operator")
        key = text(expression, "key")
        causes.all_invalid(f"{here}.key", key, names.qualified_name_problems(key))
        for number, value in enumerate(values):
            if isinstance(value, str):
                causes.all_invalid(f"{here}.values[{number}]", value, names.label_value_problems(value))


def _values(causes: Causes, path: str, operator: str, count: int) -> None:
    """How many values an operator goes with."""
    if operator in _WITH_VALUES and not count:
        causes.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in _OF_PODS - _WITH_VALUES and count:
        causes.forbidden(
            f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        )
    elif operator in _COMPARING and count != 1:
        causes.required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")


def validate_affinity(causes: Causes, affinity: JSONObject, path: str) -> None:
    """The rules of a pod's Affinity at `path`."""
    nodes, here = peek(affinity, "nodeAffinity"), f"{path}.nodeAffinity"
    if isinstance(nodes.get(_REQUIRED), dict):
        terms = maps(nodes, _REQUIRED, "nodeSelectorTerms")
        if not terms:
            causes.required(
                f"{here}.{_REQUIRED}.nodeSelectorTerms", "must have at least one node selector term"
            )
        for index, term in enumerate(terms):
            _node_term(causes, term, f"{here}.{_REQUIRED}.nodeSelectorTerms[{index}]")
    for index, term in enumerate(maps(nodes, _PREFERRED)):
        _weight(causes, term, f"{here}.{_PREFERRED}[{index}]")
        _node_term(causes, peek(term, "preference"), f"{here}.{_PREFERRED}[{index}].preference")
    for kind in ("podAffinity", "podAntiAffinity"):
        pods, here = peek(affinity, kind), f"{path}.{kind}"
        for index, term in enumerate(maps(pods, _REQUIRED)):
            _pod_term(causes, term, f"{here}.{_REQUIRED}[{index}]")
        for index, term in enumerate(maps(pods, _PREFERRED)):
            _weight(causes, term, f"{here}.{_PREFERRED}[{index}]")
            _pod_term(causes, peek(term, "podAffinityTerm"), f"{here}.{_PREFERRED}[{index}].podAffinityTerm")


def _weight(causes: Causes, term: JSONObject, path: str) -> None:
    weight = term.get("weight")
    if isinstance(weight, int) and not 1 <= weight <= _HEAVIEST:
        causes.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _node_term(causes: Causes, term: JSONObject, path: str) -> None:
    for index, expression in enumerate(maps(term, "matchExpressions")):
        here = f"{path}.matchExpressions[{index}]"
        operator, key = text(expression, "operator"), text(expression, "key")
        _values(causes, here, operator, len(items(expression, "values")))
        if operator not in _OF_PODS | _COMPARING:
            causes.invalid(f"{here}.operator", operator, "not a valid selector operator")
        causes.all_invalid(f"{here}.key", key, names.qualified_name_problems(key))


def _pod_term(causes: Causes, term: JSONObject, path: str) -> None:
    validate_label_selector(causes, peek(term, "labelSelector"), f"{path}.labelSelector")
    key = text(term, "topologyKey")
    if not key:
        causes.required(f"{path}.topologyKey", "can not be empty")
    causes.all_invalid(f"{path}.topologyKey", key, names.qualified_name_problems(key))
