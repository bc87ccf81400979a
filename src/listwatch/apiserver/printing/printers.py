"""Tables: what `kubectl get` shows of each kind.

In:    a resource and its objects
Out:   column definitions and rows of cells, for the server's Table form
Next:  apiserver/verbs/views.py
Rules: pure (the moment is a parameter); total on objects of any shape; a kind without a printer shows its name
       and when it was created
Source: Kubernetes API concepts, "Receiving resources as Tables"; columns as recorded, cells by what the printers
        of kube-apiserver 1.36 show
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib import resources as package_resources
from typing import Any, Final

from listwatch.apiserver.kinds.maps import text
from listwatch.apiserver.printing import printers_cluster, printers_policies, printers_workloads
from listwatch.apiserver.printing.printers_pods import pod_cells, pod_conditions

JSONObject = dict[str, Any]
Printer = Callable[[JSONObject, datetime], list[Any]]


def _default_cells(obj: JSONObject, _: datetime) -> list[Any]:
    created = text(obj, "metadata", "creationTimestamp")
    return [text(obj, "metadata", "name"), created or None]


_PRINTERS: Final[dict[tuple[str, str], Printer]] = {
    ("", "pods"): pod_cells,
    **printers_workloads.PRINTERS,
    **printers_cluster.PRINTERS,
    **printers_policies.PRINTERS,
}


@cache
def _data() -> tuple[list[JSONObject], dict[tuple[str, str], list[JSONObject]]]:
    path = package_resources.files("listwatch.apiserver") / "data" / "columns.json"
    data = json.loads(path.read_bytes())
    shared: dict[str, str] = data["shared"]

    def definition(column: list[Any]) -> JSONObject:
        name, type_, format_, priority, description = column
        return {
            "name": name,
            "type": type_,
            "format": format_,
            "description": shared.get(description, description),
            "priority": priority,
        }

    tables = {
        (group, resource): [definition(column) for column in columns]
        for group, of_group in data["resources"].items()
        for resource, columns in of_group.items()
    }
    return [definition(column) for column in data["default"]], tables


def columns(group: str, resource: str) -> list[JSONObject]:
    """The column definitions of a resource's Table; the caller may change the list, not its members."""
    default, tables = _data()
    if (group, resource) not in _PRINTERS:
        return list(default)
    return list(tables[group, resource])


def row_cells(group: str, resource: str, obj: JSONObject, *, now: datetime) -> list[Any]:
    """The cells of one object, one for each column.

    Args:
        group: Of the resource.
        resource: Its plural name.
        obj: The object, in the version in which the resource is served.
        now: Aware; ages are counted back from here.
    """
    return _PRINTERS.get((group, resource), _default_cells)(obj, now)


def row_conditions(group: str, resource: str, obj: JSONObject) -> list[JSONObject]:
    """The row's conditions: a finished pod is marked `Completed`, so that clients can leave it out."""
    return pod_conditions(obj) if (group, resource) == ("", "pods") else []


def table(
    group: str, resource: str, objects: Iterable[Mapping[str, Any]], *, now: datetime
) -> tuple[list[JSONObject], list[list[Any]]]:
    """The columns of a resource and the cells of each object, in their order."""
    printer = _PRINTERS.get((group, resource), _default_cells)
    return columns(group, resource), [printer(dict(obj), now) for obj in objects]
