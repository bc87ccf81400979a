"""Who owns the number of replicas, told of a workload and of its scale.

In:    the managed fields of the one
Out:   those of the other
Next:  verbs/scale_verbs.py
Rules: pure. A scale has one field that is the workload's too. Who writes it through the scale owns the workload's field
       under the name of the subresource; as kube-apiserver does it, such an entry has no time at first.
Source: apimachinery pkg/util/managedfields/scalehandler.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listwatch.apiserver.apply.field_sets import Path, difference, has, of_path
from listwatch.apiserver.apply.managed_fields import Manager, Owned, encode_owners, stored_owners

JSONObject = dict[str, Any]
Entries = list[JSONObject] | None
REPLICAS: Final[Path] = ("f:spec", "f:replicas")
SCALE_VERSION: Final = "autoscaling/v1"
ReplicasPaths = Mapping[str, Path | None]


def path_of(text: str) -> Path:
    """The path that a definition writes as `.spec.replicas`."""
    return tuple("f:" + part for part in text.split(".") if part)


def owners_of_scale(entries: Entries, paths: ReplicasPaths) -> list[JSONObject]:
    """The managed fields of a workload's scale.

    Args:
        entries: The workload's.
        paths: Where each version of the workload keeps its replicas; None for one that has no scale.
    """
    found: dict[Manager, Owned] = {}
    for manager, owned in stored_owners(entries).items():
        path = paths.get(owned.api_version)
        if path is not None and has(owned.fields, path):
            found[manager] = Owned(of_path(REPLICAS), SCALE_VERSION, owned.time)
    return encode_owners(found)


def owners_of_workload(
    entries: Entries, of_scale: Entries, paths: ReplicasPaths, api_version: str
) -> list[JSONObject]:
    """The managed fields of a workload after its scale has been written.

    Args:
        entries: The workload's before.
        of_scale: The scale's after.
        paths: As for `owners_of_scale`; what is owned in terms of other versions is forgotten.
        api_version: The version in which the scale was written.
    """
    before = stored_owners(entries)
    scaling = dict(stored_owners(of_scale))
    found: dict[Manager, Owned] = {}
    for manager, owned in before.items():
        if owned.api_version not in paths:
            continue
        path = paths[owned.api_version]
        if path is None or not has(owned.fields, path) or _taken(scaling, manager):
            found[manager] = owned
        else:
            fields = difference(owned.fields, of_path(path))
            if fields:
                found[manager] = Owned(fields, owned.api_version, owned.time)
    own_path = paths.get(api_version)
    for manager, owned in scaling.items():
        if own_path is not None and has(owned.fields, REPLICAS):
            known = before.get(manager)
            time = known.time if known is not None else None
            found[manager] = Owned(of_path(own_path), api_version, time)
    return encode_owners(found)


def _taken(scaling: dict[Manager, Owned], manager: Manager) -> bool:
    """Whether the manager of a workload still owns its scale, which counts it once."""
    for each in scaling:
        is_same_version = each.api_version in {manager.api_version, SCALE_VERSION}
        if each._replace(api_version="") == manager._replace(api_version="") and is_same_version:
            del scaling[each]
            return True
    return False
