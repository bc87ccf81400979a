"""How clients learn what is served: the discovery documents, old form and aggregated form.

In:    a `ResourceRegistry`            (resources.py)
Out:   JSON documents
Next:  the client's RESTMapper, `kubectl api-resources`
Rules: pure; documents are built from the registry alone, so whatever is added to it is announced.
Source: API concepts, "API Discovery"; KEP-3352 (aggregated discovery, v2)
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from listwatch.apiserver.kinds.resources import Group, Resource, ResourceRegistry, Subresource

JSONObject = dict[str, Any]
AGGREGATED_VERSIONS = ("v2", "v2beta1")


def api_versions(server_address: str) -> JSONObject:
    """`/api`."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}],
    }


def group_list(registry: ResourceRegistry) -> JSONObject:
    """`/apis`."""
    groups = [_group(group) for group in registry.groups() if group.name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(group: Group) -> JSONObject:
    """`/apis/<group>`."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}


def resource_list(registry: ResourceRegistry, group: str, version: str) -> JSONObject:
    """`/api/v1`, `/apis/<group>/<version>`: resources and their subresources, sorted by name."""
    entries: list[JSONObject] = []
    custom: list[JSONObject] = []
    for resource in sorted(registry.in_version(group, version), key=lambda each: each.name):
        found = [
            _resource(resource),
            *(_subresource(resource, each) for each in resource.subresources.values()),
        ]
        (entries if resource.custom is None else custom).extend(found)
    head: JSONObject = {"kind": "APIResourceList"}
    if group:
        head["apiVersion"] = "v1"
    group_version = f"{group}/{version}" if group else version
    return {
        **head,
        "groupVersion": group_version,
        "resources": [*sorted(entries, key=lambda entry: str(entry["name"])), *custom],
    }


def aggregated(registry: ResourceRegistry, *, core: bool, version: str) -> JSONObject:
    """`/api` (`core`) and `/apis` in the aggregated form: all groups, versions and resources in one document."""
    items: list[JSONObject] = []
    for group in registry.groups():
        if bool(group.name) == core:
            continue
        versions = [
            {
                "version": each,
                "resources": [_aggregated_resource(r) for r in registry.in_version(group.name, each)],
                "freshness": "Current",
            }
            for each in group.versions
        ]
        items.append({"metadata": {"name": group.name} if group.name else {}, "versions": versions})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def aggregated_content_type(version: str) -> str:
    """What the answer in the aggregated form calls itself."""
    return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def storage_version_hash(group: str, version: str, kind: str) -> str:
    """A short name for the form in which objects are stored, to tell when it has changed."""
    digest = hashlib.sha256(f"{group}/{version}/{kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _group(group: Group) -> JSONObject:
    versions = [{"groupVersion": f"{group.name}/{version}", "version": version} for version in group.versions]
    return {"name": group.name, "versions": versions, "preferredVersion": versions[0]}


def _resource(resource: Resource) -> JSONObject:
    entry: JSONObject = {
        "name": resource.name,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.announced_verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.is_stored:
        group, version = resource.storage_group_version
        entry["storageVersionHash"] = storage_version_hash(group, version, resource.kind)
    return entry


def _subresource(resource: Resource, subresource: Subresource) -> JSONObject:
    entry: JSONObject = {
        "name": f"{resource.name}/{subresource.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": subresource.kind,
        "verbs": list(subresource.verbs),
    }
    if subresource.group:
        entry["group"] = subresource.group
    if subresource.version:
        entry["version"] = subresource.version
    return entry


def _aggregated_resource(resource: Resource) -> JSONObject:
    entry: JSONObject = {
        "resource": resource.name,
        "responseKind": _response_kind(resource, "", "", resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.announced_verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": each.name,
                "responseKind": _response_kind(resource, each.group, each.version, each.kind),
                "verbs": list(each.verbs),
            }
            for each in resource.subresources.values()
        ]
    return entry


def _response_kind(resource: Resource, group: str, version: str, kind: str) -> JSONObject:
    """What is answered with; only for custom resources the server says it in full."""
    if resource.custom is not None and not version:
        group, version = resource.group, resource.version
    return {"group": group, "version": version, "kind": kind}
