"""Whether a cached object is meant by a field selector.

In:    a `FieldSelector`, and objects       (from lister.py)
Out:   yes or no
Next:  shared_informer/lister.py
Rules: pure; any path may be asked about; where the API server gives a field a meaning of its own, it has that here
Source: Kubernetes concepts, "Field Selectors: list of supported fields"; the server's field label conversions and the
        defaults that it fills in. Differs: the server knows a few fields of each kind, here every path is one
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from listwatch.apimachinery.object import Object
from listwatch.apimachinery.resource import GroupVersionKind
from listwatch.apimachinery.selector import FieldSelector
from listwatch.shared_informer.field_path import FieldPath, index_by_field

_EVENTS: Final = "events.k8s.io"

# (field, group, kind): where to look, first to last, and what it is if nothing is there.
_OF_THE_SERVER: Final[dict[tuple[str, str, str], tuple[tuple[str, ...], str]]] = {
    ("spec.hostNetwork", "", "Pod"): (("spec.hostNetwork",), "false"),
    ("status.podIPs", "", "Pod"): (("status.podIP",), ""),
    ("spec.unschedulable", "", "Node"): (("spec.unschedulable",), "false"),
    ("status.replicas", "", "ReplicationController"): (("status.replicas",), "0"),
    ("status.replicas", "apps", "ReplicaSet"): (("status.replicas",), "0"),
    ("status.successful", "batch", "Job"): (("status.succeeded",), "0"),
    ("source", "", "Event"): (("source.component", "reportingComponent"), ""),
    ("source", _EVENTS, "Event"): (("deprecatedSource.component", "reportingController"), ""),
    ("reportingComponent", _EVENTS, "Event"): (("reportingController",), ""),
}
_SPECIAL: Final = frozenset(field for field, _, _ in _OF_THE_SERVER)


def path_of_field(field: str) -> FieldPath | None:
    """The path at which objects of every kind have `field`; None if that depends on the kind.

    Raises:
        FieldPathError: `field` is no path.
    """
    return None if field in _SPECIAL else index_by_field(field)


def field_matcher(selector: FieldSelector) -> Callable[[Object], bool]:
    """A function that tells whether an object is meant.

    A field with several values (a path with `[*]`) equals a value if one of them does, and differs from it if
    none does.

    Raises:
        FieldPathError: The selector asks about something that is no path.
    """
    wanted = [(_reader(field), value, operator == "=") for field, operator, value in selector.requirements]

    def matches(obj: Object) -> bool:
        return all((value in read(obj)) is equal for read, value, equal in wanted)

    return matches


def _reader(field: str) -> Callable[[Object], tuple[str, ...]]:
    path = path_of_field(field)
    if path is not None:
        return path

    def read(obj: Object) -> tuple[str, ...]:
        group = GroupVersionKind.parse(obj.api_version, obj.kind).group
        paths, absent = _OF_THE_SERVER.get((field, group, obj.kind), ((field,), ""))
        values = (value for path in paths for value in index_by_field(path)(obj) if value)
        return (next(values, absent),)

    return read
