"""How a kind of object is named: in a manifest, in a URL, on a command line.

Source: apimachinery's GroupVersionKind and GroupVersionResource, and the RESTMapping that joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class GroupVersionKind:
    """What stands in a manifest's `apiVersion` and `kind`. The core group is the empty string."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """`v1` for the core group, `apps/v1` for others."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def parse(cls, api_version: str, kind: str) -> GroupVersionKind:
        """From a manifest's two fields. A string without a slash is a version of the core group."""
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection that an API server serves, and the kind of its objects.

    Attributes:
        group: Empty for the core group.
        version: `v1`, `v1beta1`, …
        plural: The collection's name in URLs: `pods`.
        kind: The objects' kind: `Pod`. Empty if not known; objects then keep whatever kind they come with.
        namespaced: Whether objects live in namespaces.
    """

    group: str
    version: str
    plural: str
    kind: str = ""
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`v1` for the core group, `apps/v1` for others."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_version_kind(self) -> GroupVersionKind:
        """The name that manifests use."""
        return GroupVersionKind(self.group, self.version, self.kind)

    def path(self, *, namespace: str | None = None, name: str | None = None, subresource: str = "") -> str:
        """The URL path of the collection, of one object, or of a part of it, percent-encoded.

        Args:
            namespace: None or empty for the collection over all namespaces. Must be None for a kind that is
                not namespaced.
            name: None for the collection.
            subresource: `status`, `scale`, …; needs a name.

        Raises:
            ValueError: A name or namespace that no URL can carry ("", ".", "..", with "/" or "%"), a
                namespace for a cluster-wide kind, or a named object of a namespaced kind without one.

        Source: client-go's rest.Request refuses the same segments before it sends anything.
        """
        if namespace and not self.namespaced:
            raise ValueError(f"{self.plural} are not namespaced: leave namespace={namespace!r} out")
        if name is not None and self.namespaced and not namespace:
            raise ValueError(f"{self.plural} live in namespaces: to name one, say in which")
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if namespace:
            parts += ["namespaces", _segment("namespace", namespace)]
        parts.append(self.plural)
        if name is not None:
            parts.append(_segment("name", name))
            if subresource:
                parts.append(_segment("subresource", subresource))
        elif subresource:
            raise ValueError(f"subresource {subresource!r} needs the name of an object")
        return "/".join(parts)

    def __str__(self) -> str:
        return f"{self.plural}.{self.version}.{self.group}" if self.group else self.plural


def _segment(what: str, value: str) -> str:
    if value in {"", ".", ".."} or "/" in value or "%" in value:
        raise ValueError(f"{what} {value!r} cannot stand in a URL path")
    return quote(value, safe="~:@!$&'()*+,;=")
