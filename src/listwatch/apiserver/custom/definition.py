"""A CustomResourceDefinition as the server reads it: which resources it makes, in which versions.

In:    the stored definition
Out:   `Definition`, and the `Resource`s that it makes
Next:  kind.py (what their objects look like), verbs/definitions.py (serves them)
Rules: pure; reading is cheap, schemas are compiled when the first object comes. What is stored has been validated.
Source: apiextensions-apiserver pkg/apiserver (crdHandler, DiscoveryController)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from listwatch.apiserver.custom.converter import Converter, same_shape
from listwatch.apiserver.custom.kind import DefinedKind
from listwatch.apiserver.custom.version import Version, read_version
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, maps, number, peek, text
from listwatch.apiserver.kinds.resources import Resource, Subresource, version_rank

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"
_VERBS: Final = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_LAST_VERBS: Final = ("delete", "deletecollection", "get", "list", "watch")
_PART_VERBS: Final = ("get", "patch", "update")


def condition_of(definition: JSONObject, type_: str) -> JSONObject:
    """A condition of a definition, or an empty one."""
    for condition in maps(definition, "status", "conditions"):
        if condition.get("type") == type_:
            return condition
    return {}


def is_true(definition: JSONObject, type_: str) -> bool:
    """Whether a condition of a definition is there and true."""
    return condition_of(definition, type_).get("status") == "True"


def is_terminating(definition: JSONObject) -> bool:
    """Whether the definition is being deleted and its objects with it."""
    return is_true(definition, "Terminating")


@dataclass(eq=False)
class Definition:
    """One definition, established.

    Attributes:
        form: Names this state of it; objects encoded under another are encoded anew.
        convert: Turns objects of one version into another's.
    """

    stored: JSONObject
    form: str
    convert: Converter = field(default=same_shape)

    @property
    def group(self) -> str:
        """The API group."""
        return text(self.stored, "spec", "group")

    @property
    def plural(self) -> str:
        """The name of its resources."""
        return text(self.stored, "spec", "names", "plural")

    @property
    def names(self) -> JSONObject:
        """The names that were accepted, under which it is served."""
        return peek(self.stored, "status", "acceptedNames")

    @property
    def kind(self) -> str:
        """The kind of its objects."""
        return text(self.names, "kind")

    @property
    def is_namespaced(self) -> bool:
        """Whether its objects live in namespaces."""
        return text(self.stored, "spec", "scope") == "Namespaced"

    @property
    def collection(self) -> str:
        """The log's collection of its objects."""
        return f"{self.plural}.{self.group}"

    @property
    def keeps_unknown(self) -> bool:
        """`preserveUnknownFields`, which only definitions of another age have."""
        return flag(self.stored, "spec", "preserveUnknownFields")

    @cached_property
    def versions(self) -> dict[str, Version]:
        """All versions by name, served or not."""
        read = (read_version(each) for each in maps(self.stored, "spec", "versions"))
        return {version.name: version for version in read}

    @property
    def storage_version(self) -> str:
        """The version in which objects are stored from now on."""
        return next((version.name for version in self.versions.values() if version.is_storage), "")

    def deprecation(self, version: Version) -> str:
        """What users of a deprecated version are told, "" for one that is not."""
        if not version.is_deprecated:
            return ""
        if version.deprecation_warning:
            return version.deprecation_warning
        told = f"{self.group}/{version.name} {self.kind} is deprecated"
        rank = version_rank(version.name)
        better = [
            each.name
            for each in self.versions.values()
            if each.is_served
            and not each.is_deprecated
            and version_rank(each.name)[0] >= rank[0]
            and version_rank(each.name) > rank
        ]
        if better:
            told += f"; use {self.group}/{max(better, key=version_rank)} {self.kind}"
        return told

    def resources(self) -> list[Resource]:
        """What is served, one for each version that is."""
        return [self._resource(version) for version in self.versions.values() if version.is_served]

    def resource(self, version: str) -> Resource:
        """One version, served or not; the storage version is how the server itself looks at the objects."""
        return self._resource(self.versions[version])

    def _resource(self, version: Version) -> Resource:
        return Resource(
            group=self.group,
            version=version.name,
            name=self.plural,
            kind=self.kind,
            singular=text(self.names, "singular"),
            namespaced=self.is_namespaced,
            verbs=_VERBS,
            announced=_LAST_VERBS if is_terminating(self.stored) else (),
            short_names=_texts(self.names, "shortNames"),
            categories=_texts(self.names, "categories"),
            subresources=_subresources(version, self.kind),
            storage=self.collection,
            custom=DefinedKind(self, version),
        )


def definition_form(stored: JSONObject) -> str:
    """A name for the state of a definition, as far as its objects depend on it."""
    metadata = peek(stored, "metadata")
    return f"{text(metadata, 'uid')}.{number(metadata, 'generation')}"


def _subresources(version: Version, kind: str) -> dict[str, Subresource]:
    found = {}
    if version.has_status:
        found["status"] = Subresource("status", kind, _PART_VERBS)
    if version.scale is not None:
        found["scale"] = Subresource("scale", "Scale", _PART_VERBS, group="autoscaling", version="v1")
    return found


def _texts(names: JSONObject, name: str) -> tuple[str, ...]:
    return tuple(each for each in items(names, name) if isinstance(each, str))
