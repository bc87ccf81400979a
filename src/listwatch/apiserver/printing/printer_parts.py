"""What the cells of many kinds are made of.

Rules: pure, total on objects of any shape
Source: kube-apiserver's printers; apimachinery metav1.FormatLabelSelector, labels.FormatLabels
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from listwatch.apimachinery.selector import SelectorError, label_selector_from_object
from listwatch.apiserver.kinds.durations import age
from listwatch.apiserver.kinds.maps import JSONObject, labels, maps, peek, text

NONE: Final = "<none>"
UNSET: Final = "<unset>"
_FIRST: Final = 3


def name_of(obj: JSONObject) -> str:
    """The object's name."""
    return text(obj, "metadata", "name")


def age_of(obj: JSONObject, now: datetime) -> str:
    """How long ago the object was created."""
    return age(peek(obj, "metadata").get("creationTimestamp"), now)


def labels_text(parent: Any, *path: str) -> str:
    """The labels at `path`, sorted, as `a=b,c=d`."""
    found = labels(parent, *path)
    return ",".join(f"{key}={found[key]}" for key in sorted(found)) or NONE


def selector_text(selector: object) -> str:
    """A LabelSelector of an object as text."""
    if selector is None:
        return NONE
    try:
        return str(label_selector_from_object(selector)) or NONE
    except SelectorError:
        return "<error>"


def containers_and_images(template: Any) -> list[str]:
    """The names and the images of a template's containers, each joined by commas."""
    containers = maps(template, "spec", "containers")
    return [
        ",".join(text(each, "name") for each in containers),
        ",".join(text(each, "image") for each in containers),
    ]


def first_three(shown: list[str], *, empty: str) -> str:
    """The first three of a list, and how many more there are."""
    if not shown:
        return empty
    head = ",".join(shown[:_FIRST])
    return head if len(shown) <= _FIRST else f"{head} + {len(shown) - _FIRST} more..."


def joined(values: Iterable[object], *, empty: str = NONE) -> str:
    """The strings among `values`, joined by commas."""
    return ",".join(value for value in values if isinstance(value, str)) or empty


def condition_status(obj: JSONObject, kind: str) -> str | None:
    """The status of the object's condition of that type, or None if it has none."""
    for condition in maps(obj, "status", "conditions"):
        if condition.get("type") == kind:
            return text(condition, "status")
    return None


def go_bool(value: object, *, missing: str = UNSET) -> str:
    """A boolean as the printers write those that can be unset."""
    if value is None:
        return missing
    return "True" if value is True else "False"


def is_being_deleted(obj: JSONObject) -> bool:
    """Whether the object is marked for deletion."""
    return bool(text(obj, "metadata", "deletionTimestamp"))
