"""Which resources this server serves, and the facts about each that steer its verbs.

In:    data/discovery.json                 (from tools/make_discovery_data.py)
Out:   `Resource`s by group, version and plural name
Next:  discovery.py tells clients of them, server.py finds the one that a path names
Rules: pure apart from reading the packaged data, once. What differs between kinds in how requests on them are
       answered stands in a table here or in `strategy.py`, never in an `if` of a verb.
Source: aggregated discovery (KEP-3352); the registries under kubernetes/pkg/registry for the tables below
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources as package_resources
from typing import Any, Final

from listwatch.apiserver.kinds.custom_kind import CustomKind
from listwatch.apiserver.wire.statuses import qualified

# A PUT of an object that is not there makes it (AllowCreateOnUpdate).
_CREATED_BY_PUT: Final = frozenset(
    {
        "endpoints",
        "events",
        "events.events.k8s.io",
        "limitranges",
        "resourcequotas",
        "services",
        "leases.coordination.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "roles.rbac.authorization.k8s.io",
    }
)
# A PUT must say which version it replaces (AllowUnconditionalUpdate is false).
_CONDITIONAL_ONLY: Final = frozenset(
    {
        "leases.coordination.k8s.io",
        "poddisruptionbudgets.policy",
        "runtimeclasses.node.k8s.io",
        "csinodes.storage.k8s.io",
        "csidrivers.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "apiservices.apiregistration.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    }
)
# A DELETE that is done at once answers with the object, not with a Status (ReturnDeletedObject).
_DELETED_OBJECT_RETURNED: Final = frozenset(
    {
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "storageclasses.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "resourceclaims.resource.k8s.io",
        "resourceclaimtemplates.resource.k8s.io",
        "resourceslices.resource.k8s.io",
        "deviceclasses.resource.k8s.io",
    }
)
# Kept, but without the effect that they have elsewhere: whoever makes one is warned.
_WITHOUT_EFFECT: Final = {
    "apiregistration.k8s.io": "this server forwards no requests to other API servers",
}
_VERSION: Final = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")
_STABILITIES: Final = {"alpha": 0, "beta": 1, None: 2}
# Groups whose objects another group's storage holds: the other group, by resource.
_STORED_ELSEWHERE: Final = {("events.k8s.io", "events"): "events"}
# The storage version where the preferred version is another, for discovery's hash.
_STORAGE_GROUP_VERSION: Final = {
    "events": ("", "v1"),
    "horizontalpodautoscalers.autoscaling": ("autoscaling", "v2"),
}


@dataclass(frozen=True, slots=True)
class Subresource:
    """A part or an action of a resource, such as `status`. `group` and `version` are those of its body's kind."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource in one version.

    Attributes:
        storage: The log's collection that holds its objects; two versions of a resource share one.
        custom: For a kind that is not built in: what stands in tables for those that are.
        announced: The verbs that discovery tells of, if it does not tell of all.
    """

    group: str
    version: str
    name: str
    kind: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    storage: str = ""
    custom: CustomKind | None = None
    announced: tuple[str, ...] = ()

    @property
    def announced_verbs(self) -> tuple[str, ...]:
        """The verbs that discovery tells of."""
        return self.announced or self.verbs

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        """The kind of a page of these, such as `PodList`."""
        return f"{self.kind}List" if self.custom is None else self.custom.list_kind

    @property
    def qualified(self) -> str:
        """`pods`, `deployments.apps`."""
        return qualified(self.group, self.name)

    @property
    def is_stored(self) -> bool:
        """Whether objects of it are kept; the others, such as reviews, are answered and forgotten."""
        return "watch" in self.verbs

    @property
    def storage_group_version(self) -> tuple[str, str]:
        """Group and version in which kube-apiserver stores it, which discovery hashes."""
        if self.custom is not None:
            return self.group, self.custom.storage_version
        return _STORAGE_GROUP_VERSION.get(self.storage, (self.group, self.version))

    @property
    def created_by_put(self) -> bool:
        """Whether a PUT of an object that is not there makes it."""
        return self.qualified in _CREATED_BY_PUT

    @property
    def update_needs_version(self) -> bool:
        """Whether a PUT without `metadata.resourceVersion` is refused."""
        return self.custom is not None or self.qualified in _CONDITIONAL_ONLY

    @property
    def deletes_gracefully(self) -> bool:
        """Whether its objects may be given time to end (RESTGracefulDeleteStrategy)."""
        return self.qualified == "pods"

    @property
    def caveat(self) -> str:
        """What whoever makes one of these should know; "" for nothing."""
        return _WITHOUT_EFFECT.get(self.group, "")

    @property
    def returns_deleted(self) -> bool:
        """Whether a DELETE that is done at once answers with the object."""
        return self.qualified in _DELETED_OBJECT_RETURNED


@dataclass(frozen=True, slots=True)
class Group:
    """An API group; versions in order of preference."""

    name: str
    versions: tuple[str, ...]


def version_rank(version: str) -> tuple[int, int, int, tuple[int, ...]]:
    """The place of a version among others, the most preferred greatest: v2, v1, v1beta2, v1alpha1, then by name.

    Source: apimachinery pkg/version (CompareKubeAwareVersionStrings)
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return -1, 0, 0, tuple(-ord(character) for character in version)
    major, stability, minor = found.groups()
    return _STABILITIES[stability], int(major), int(minor or 0), ()


class ResourceRegistry:
    """All served resources: those it was made of, and custom ones that come and go.

    Ordering: groups, versions and resources in the order in which they were given, which is discovery's; custom
    groups after them by name, their versions by preference.

    Attributes:
        generation: Grows with every change, for those who keep what they have made of the registry.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._groups: dict[str, Group] = {}
        self._resources: dict[tuple[str, str], dict[str, Resource]] = {}
        self._fixed: frozenset[tuple[str, str]] = frozenset()
        self._custom: dict[str, tuple[Resource, ...]] = {}

    def fork(self) -> ResourceRegistry:
        """A registry that begins with what this one has; its changes are its own. What is there now is fixed."""
        fork = ResourceRegistry()
        fork._groups = dict(self._groups)
        fork._resources = dict(
            self._resources
        )  # those of a fixed version are never changed, so they are shared
        fork._fixed = frozenset(self._resources)
        return fork

    def add(self, resource: Resource) -> None:
        """Serve one more resource; its group and version come into being with their first resource."""
        group = self._groups.get(resource.group, Group(resource.group, ()))
        if resource.version not in group.versions:
            group = Group(group.name, (*group.versions, resource.version))
        self._groups[group.name] = group
        self._resources.setdefault((resource.group, resource.version), {})[resource.name] = resource
        self.generation += 1

    def serve(self, owner: str, resources: Iterable[Resource]) -> None:
        """Serve these custom resources in the place of what `owner` had before; none takes them all away.

        What is fixed is never shadowed: a resource in a built-in version of a group is not served.
        """
        self.serve_all({owner: resources})

    def serve_all(self, resources: Mapping[str, Iterable[Resource]]) -> None:
        """Do so for many owners at once."""
        touched: set[str] = set()
        for owner, given in resources.items():
            before = self._custom.pop(owner, ())
            after = tuple(each for each in given if (each.group, each.version) not in self._fixed)
            for resource in before:
                members = self._resources[resource.group, resource.version]
                del members[resource.name]
                if not members:
                    del self._resources[resource.group, resource.version]
            for resource in after:
                self._resources.setdefault((resource.group, resource.version), {})[resource.name] = resource
            if after:
                self._custom[owner] = after
            touched.update(resource.group for resource in (*before, *after))
        for name in touched:
            self._arrange(name)
        self.generation += 1

    def _arrange(self, name: str) -> None:
        """Put a group whose versions have changed where it belongs, or take it away."""
        fixed = [version for group, version in self._fixed if group == name]
        known = self._groups.get(name, Group(name, ())).versions
        served = [version for group, version in self._resources if group == name and version not in fixed]
        ordered = sorted(served, key=version_rank, reverse=True)
        versions = (*(version for version in known if version in fixed), *ordered)
        self._groups.pop(name, None) if not versions else self._groups.update({name: Group(name, versions)})
        builtin = {group for group, _ in self._fixed}
        custom = sorted(group for group in self._groups if group not in builtin)
        self._groups = {
            group: self._groups[group] for group in (*(g for g in self._groups if g in builtin), *custom)
        }

    def find(self, group: str, version: str, name: str) -> Resource | None:
        """The resource, or None."""
        return self._resources.get((group, version), {}).get(name)

    def preferred(self, group: str, name: str) -> Resource:
        """The resource in its group's preferred version, of one that every server has.

        Raises:
            LookupError: It is not served.
        """
        found = self._groups.get(group)
        resource = self.find(group, found.versions[0], name) if found is not None else None
        if resource is None:
            raise LookupError(f"{group}/{name} is not served")
        return resource

    def group(self, name: str) -> Group | None:
        """The group, or None."""
        return self._groups.get(name)

    def groups(self) -> Iterator[Group]:
        """All groups, the core group (named "") first."""
        return iter(self._groups.values())

    def in_version(self, group: str, version: str) -> Iterator[Resource]:
        """All resources of a group/version."""
        return iter(self._resources.get((group, version), {}).values())

    def stored(self) -> Iterator[Resource]:
        """One resource for each collection of the log, in its most preferred version."""
        seen: set[str] = set()
        for group in self._groups.values():
            for version in group.versions:
                for resource in self.in_version(group.name, version):
                    if resource.is_stored and resource.storage not in seen:
                        seen.add(resource.storage)
                        yield resource


def _subresource(entry: Mapping[str, Any]) -> Subresource:
    return Subresource(
        name=entry["name"],
        kind=entry["kind"],
        verbs=tuple(entry["verbs"]),
        group=entry.get("group", ""),
        version=entry.get("version", ""),
    )


def _resource(group: str, version: str, entry: Mapping[str, Any]) -> Resource:
    name = entry["name"]
    return Resource(
        group=group,
        version=version,
        name=name,
        kind=entry["kind"],
        singular=entry["singular"],
        namespaced=entry["namespaced"],
        verbs=tuple(entry["verbs"]),
        short_names=tuple(entry.get("shortNames", ())),
        categories=tuple(entry.get("categories", ())),
        subresources={each["name"]: _subresource(each) for each in entry.get("subresources", ())},
        storage=_STORED_ELSEWHERE.get((group, name), qualified(group, name)),
    )


@cache
def _builtin() -> tuple[Resource, ...]:
    text = package_resources.files("listwatch.apiserver").joinpath("data/discovery.json").read_text()
    return tuple(
        _resource(group["name"], version["version"], entry)
        for group in json.loads(text)["groups"]
        for version in group["versions"]
        for entry in version["resources"]
    )


@cache
def _builtin_registry() -> ResourceRegistry:
    registry = ResourceRegistry()
    for resource in _builtin():
        registry.add(resource)
    return registry


def builtin_resources() -> ResourceRegistry:
    """A registry of its own of all resources that kube-apiserver 1.36 serves by default."""
    return _builtin_registry().fork()
