"""What a server's discovery documents say, as one flat, ordered list of collections.

In:    bodies of /api, /apis, /api/v1, /apis/<group>/<version>     (from client/discovery.py)
Out:   `APIResource`s in the server's order of preference, and which parts of the server did not answer
Next:  client/discovery.py
Rules: pure; an entry that makes no sense is left out, the rest of its document is used; subresources are names
       on their resource, never resources of their own
Source: apidiscovery.k8s.io/v2 (KEP-3352) and metav1's APIVersions, APIGroupList, APIResourceList;
        client-go discovery/aggregated_discovery.go. Differs: what a stale group version last said is kept
        (and reported), because its collections very likely still exist
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from listwatch.apimachinery.errors import DecodeError
from listwatch.apimachinery.resource import Resource

AGGREGATED = "APIGroupDiscoveryList"


@dataclass(frozen=True, slots=True, kw_only=True)
class APIResource:
    """One collection that a server serves, and what it may be called.

    Attributes:
        resource: Where it lives.
        singular: `pod`; never empty (the lower-case kind where the server leaves it out).
        short_names: `po`.
        categories: Groups of collections that it belongs to: `all`.
        verbs: What the server does with it: `get`, `list`, `watch`, …
        subresources: `status`, `scale`, `log`, …
    """

    resource: Resource
    singular: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()
    subresources: tuple[str, ...] = ()

    @property
    def qualified_name(self) -> str:
        """`pods`, `deployments.apps`: enough to name it to a person, and to `Discovery.resolve`."""
        return (
            f"{self.resource.plural}.{self.resource.group}" if self.resource.group else self.resource.plural
        )

    def __str__(self) -> str:
        return self.qualified_name


@dataclass(slots=True)
class Found:
    """What one or more documents held.

    Attributes:
        resources: In the server's order: groups as listed, within a group the preferred version first.
        failures: Which group versions (or whole documents) could not be had, and why.
    """

    resources: list[APIResource] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


class _Kind(msgspec.Struct, gc=False):
    group: str | None = None
    version: str | None = None
    kind: str | None = None


class _Subresource(msgspec.Struct, gc=False):
    subresource: str | None = None


class _AggregatedResource(msgspec.Struct, gc=False, rename="camel"):
    resource: str | None = None
    response_kind: _Kind | None = None
    scope: str | None = None
    singular_resource: str | None = None
    short_names: list[str] | None = None
    categories: list[str] | None = None
    verbs: list[str] | None = None
    subresources: list[_Subresource] | None = None


class _AggregatedVersion(msgspec.Struct, gc=False):
    version: str | None = None
    freshness: str | None = None
    resources: list[_AggregatedResource] | None = None


class _Name(msgspec.Struct, gc=False):
    name: str | None = None


class _AggregatedGroup(msgspec.Struct, gc=False):
    metadata: _Name | None = None
    versions: list[_AggregatedVersion] | None = None


class _AggregatedList(msgspec.Struct, gc=False):
    items: list[_AggregatedGroup] | None = None


class _GroupVersion(msgspec.Struct, gc=False, rename="camel"):
    group_version: str | None = None


class _Group(msgspec.Struct, gc=False, rename="camel"):
    versions: list[_GroupVersion] | None = None
    preferred_version: _GroupVersion | None = None


class _Groups(msgspec.Struct, gc=False):
    """APIVersions (core) has `versions`, APIGroupList has `groups`."""

    versions: list[str] | None = None
    groups: list[_Group] | None = None


class _LegacyResource(msgspec.Struct, gc=False, rename="camel"):
    name: str | None = None
    kind: str | None = None
    namespaced: bool | None = None
    singular_name: str | None = None
    short_names: list[str] | None = None
    categories: list[str] | None = None
    verbs: list[str] | None = None


class _ResourceList(msgspec.Struct, gc=False):
    resources: list[_LegacyResource] | None = None


class _TypeMeta(msgspec.Struct, gc=False):
    kind: str | None = None


T = TypeVar("T")


def _decode(body: bytes, into: type[T], *, path: str) -> T:
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.DecodeError as error:
        raise DecodeError(f"GET {path}: not a discovery document: {error}") from None


def is_aggregated(body: bytes, *, path: str) -> bool:
    """Whether the server answered with everything at once, or with the older index of group versions.

    Raises:
        DecodeError: It is neither: no JSON object.
    """
    return _decode(body, _TypeMeta, path=path).kind == AGGREGATED


def parse_aggregated(body: bytes, *, path: str) -> Found:
    """Everything that an aggregated document says.

    Args:
        body: An APIGroupDiscoveryList, v2 or v2beta1 (they are alike).
        path: Where it came from, for messages.

    Raises:
        DecodeError: It is no such document.
    """
    found = Found()
    for group in _decode(body, _AggregatedList, path=path).items or []:
        name = (group.metadata.name if group.metadata else None) or ""
        for version in group.versions or []:
            if not version.version:
                continue
            if version.freshness == "Stale":
                label = f"{name}/{version.version}" if name else version.version
                found.failures[label] = (
                    "the server cannot reach the API behind it and repeats what it last knew"
                )
            for each in version.resources or []:
                made = _of_aggregated(name, version.version, each)
                if made is not None:
                    found.resources.append(made)
    return found


def _of_aggregated(group: str, version: str, entry: _AggregatedResource) -> APIResource | None:
    # An entry without a kind of its own only carries subresources.
    if not entry.resource or entry.response_kind is None or not entry.response_kind.kind:
        return None
    kind = entry.response_kind.kind
    return APIResource(
        resource=Resource(group, version, entry.resource, kind, namespaced=entry.scope == "Namespaced"),
        singular=entry.singular_resource or kind.lower(),
        short_names=tuple(entry.short_names or ()),
        categories=tuple(entry.categories or ()),
        verbs=frozenset(entry.verbs or ()),
        subresources=tuple(sub.subresource for sub in entry.subresources or () if sub.subresource),
    )


def parse_group_versions(body: bytes, *, path: str) -> list[str]:
    """The group versions that an index names (`v1`; `apps/v1`), each group's preferred one first.

    Args:
        body: The APIVersions of /api or the APIGroupList of /apis.
        path: Where it came from, for messages.

    Raises:
        DecodeError: It is no such document.
    """
    index = _decode(body, _Groups, path=path)
    names = [version for version in index.versions or [] if version]
    for group in index.groups or []:
        versions = [each.group_version for each in group.versions or [] if each.group_version]
        preferred = group.preferred_version.group_version if group.preferred_version else None
        names += sorted(versions, key=lambda name: name != preferred)  # stable: the others keep their order
    return names


def parse_resource_list(body: bytes, *, group_version: str, path: str) -> list[APIResource]:
    """The collections of one group version, from its APIResourceList.

    Raises:
        DecodeError: It is no such document.
    """
    group, _, version = group_version.rpartition("/")
    entries = _decode(body, _ResourceList, path=path).resources or []
    return [
        APIResource(
            resource=Resource(group, version, entry.name, entry.kind, namespaced=bool(entry.namespaced)),
            singular=entry.singular_name or entry.kind.lower(),
            short_names=tuple(entry.short_names or ()),
            categories=tuple(entry.categories or ()),
            verbs=frozenset(entry.verbs or ()),
            subresources=tuple(_subresources(entry.name, entries)),
        )
        for entry in entries
        if entry.name and entry.kind and "/" not in entry.name
    ]


def _subresources(plural: str, entries: Iterable[_LegacyResource]) -> Iterable[str]:
    prefix = f"{plural}/"
    return (e.name.removeprefix(prefix) for e in entries if e.name and e.name.startswith(prefix))
