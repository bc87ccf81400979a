"""What a request asks for: its path and query taken apart, nothing looked up yet.

In:    the request line's target
Out:   `RequestInfo`
Next:  server.py
Rules: pure; never fails. A path that is no resource path has an empty `version`.
Source: apiserver pkg/endpoints/request/requestinfo.go; API concepts, "Resource URIs"
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


class Query:
    """Query parameters; a repeated name keeps all its values. Names are case-sensitive."""

    __slots__ = ("_values",)

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def get(self, name: str) -> str:
        """The first value, or ""."""
        values = self._values.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """All values in order."""
        return list(self._values.get(name, ()))

    def names(self) -> list[str]:
        """The parameters' names, in order."""
        return list(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def flag(self, name: str) -> bool:
        """Whether the parameter is given and not `0` or `false`, which is how the API reads booleans."""
        return name in self._values and self.get(name).lower() not in {"0", "false"}


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A request's target.

    Attributes:
        method: The HTTP method.
        path: As given, decoded, without the query.
        query: The query parameters.
        group: "" for the core group.
        version: "" if the path is no resource path.
        namespace: "" for all namespaces and for what has none.
        resource: The plural name; "" if the path ends with the version.
        name: "" for a collection.
        subresource: Such as `status`; for proxies and the like all that follows is in `rest`.
        rest: What comes after the subresource, with slashes.
        watch_prefix: Whether the deprecated `/watch/` prefix stood before the resource.
    """

    method: str
    path: str
    query: Query
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    watch_prefix: bool = False

    @property
    def is_resource(self) -> bool:
        """Whether the path names a resource, known or not."""
        return bool(self.resource)

    @property
    def verb(self) -> str:
        """The API verb, such as `deletecollection`; the lower-case method for what is no resource."""
        if not self.is_resource:
            return self.method.lower()
        if self.method in {"GET", "HEAD"}:
            if self.watch_prefix or (not self.name and self.query.flag("watch")):
                return "watch"
            return "get" if self.name else "list"
        if self.method == "DELETE" and not self.name:
            return "deletecollection"
        return _VERBS.get(self.method, self.method.lower())


def parse_request(method: str, target: str) -> RequestInfo:
    """Take a request line's target apart."""
    raw_path, _, raw_query = target.partition("?")
    query = Query(raw_query)
    parts = [unquote(part) for part in raw_path.split("/") if part]
    plain = RequestInfo(method=method, path=unquote(raw_path), query=query)
    if parts[:1] == ["api"]:
        group, rest = "", parts[1:]
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group, rest = parts[1], parts[2:]
    else:
        return plain
    if not rest:
        return plain
    version, *rest = rest
    watch_prefix = rest[:1] == ["watch"] and len(rest) > 1
    if watch_prefix:
        rest = rest[1:]
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 1:
        inside = len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES
        if inside:
            namespace, rest = rest[1], rest[2:]
    rest = [*rest, "", "", ""][: max(len(rest), 3)]
    return RequestInfo(
        method=method,
        path=plain.path,
        query=query,
        group=group,
        version=version,
        namespace=namespace,
        resource=rest[0],
        name=rest[1],
        subresource=rest[2],
        rest="/".join(rest[3:]),
        watch_prefix=watch_prefix,
    )
