"""What can be done with one object by its name: read it, replace it, patch it; or with a part of it.

In:    `get`, `replace`, `patch`, with names and objects
Out:   requests                                   (to client/rest.py)
Next:  client/rest.py
Source: client-go's typed and dynamic clients in one; differs: a subresource is a client of its own
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple

import msgspec

from listwatch.apimachinery.codec import Codec, decode_status
from listwatch.apimachinery.errors import Status
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.options import encode_query
from listwatch.apimachinery.resource import Resource
from listwatch.apimachinery.unstructured import Unstructured
from listwatch.client.rest import JSON, Call, RESTClient

ALL_NAMESPACES = ""
"""As a namespace: all of them."""


class PatchType(StrEnum):
    """How a patch is meant; the values are the wire's content types."""

    JSON = "application/json-patch+json"
    """A list of operations (RFC 6902)."""
    MERGE = "application/merge-patch+json"
    """A piece of the object, null removes, lists are replaced (RFC 7386)."""
    STRATEGIC = "application/strategic-merge-patch+json"
    """A piece of the object, lists are merged by key; built-in kinds only."""
    APPLY = "application/apply-patch+yaml"
    """All fields that `field_manager` wants to own (server-side apply); creates the object if need be."""


class Accept(NamedTuple):
    """In which form the server shall answer.

    Attributes:
        one: With one object, also in the frames of a watch.
        many: With a list.
    """

    one: str = JSON
    many: str = JSON


METADATA_ONLY = Accept(
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
)
"""Without spec, status and the rest. No other form is named: a server that cannot do it says so (406)."""


class SubresourceClient(Generic[AnyObject]):
    """A part of each object that has an address of its own: `status`, `scale`, `eviction`.

    Made by `ResourceClient.status`, `.scale` and `.subresource`.
    """

    def __init__(
        self,
        rest: RESTClient,
        resource: Resource,
        codec: Codec[AnyObject],
        *,
        namespace: str,
        subresource: str = "",
        accept: Accept = Accept(),  # noqa: B008 (immutable)
    ) -> None:
        self._rest = rest
        self.resource = resource
        self.codec = codec
        self.namespace = namespace if resource.namespaced else ALL_NAMESPACES
        self._subresource = subresource
        self._accept = accept

    async def get(self, name: str, *, resource_version: str | None = None) -> AnyObject:
        """One object by name.

        Args:
            name: Its name.
            resource_version: "0" takes any state that the server has at hand; None the newest.

        Raises:
            NotFound: There is none.
            APIStatusError: The server refused for another reason.
            TransportError: No answer, after safe retries.
            ValueError: This client is for all namespaces, or the name can be none.
        """
        target = self._target(name, [("resourceVersion", resource_version)])
        return self.codec.object(await self._rest.fetch(Call(target=target, accept=self._accept.one)))

    async def replace(
        self,
        obj: AnyObject | Mapping[str, Any],
        *,
        name: str | None = None,
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> AnyObject:
        """Put `obj` in the place of what the server has (PUT).

        With a resource version in its metadata, only if nobody has changed it since.

        Args:
            obj: The whole object; fields that the client does not know are kept as they were read.
            name: Whose part this is, if `obj` does not say (subresources).
            dry_run: Let the server do all but keep the result.
            field_manager: Who is writing, for managed fields.
            field_validation: What the server does with unknown fields: Ignore, Warn or Strict.

        Returns:
            The object as the server has it now. `obj` itself is not changed.

        Raises:
            Conflict: It has been changed since it was read: read it again.
            Invalid: It breaks a rule; `status.details.causes` says which fields.
            ValueError: It is of another namespace than this client, or neither says which.
            APIStatusError, TransportError: as `get`. After a TransportError the write may have happened.
        """
        own_name, namespace = identity(obj)
        target = self._target(
            name or own_name, write_options(dry_run, field_manager, field_validation), namespace=namespace
        )
        call = Call(method="PUT", target=target, body=self._body(obj), accept=self._accept.one)
        return self.codec.object(await self._rest.fetch(call))

    async def patch(
        self,
        name: str,
        patch: Object | Mapping[str, Any] | Sequence[Mapping[str, Any]] | bytes,
        *,
        patch_type: PatchType = PatchType.MERGE,
        dry_run: bool = False,
        field_manager: str = "",
        force: bool | None = None,
        field_validation: str = "",
    ) -> AnyObject:
        """Change some of an object's fields (PATCH).

        Args:
            name: Its name.
            patch: The change: for JSON a list of operations, else a piece of the object, or JSON (APPLY: also
                YAML) as bytes.
            patch_type: How it is meant.
            dry_run, field_manager, field_validation: as `replace`; APPLY needs a field manager.
            force: With APPLY: take fields over from other managers.

        Raises:
            ValueError: APPLY without a field manager, or `force` without APPLY.
            UnsupportedMediaType: The server does not do this kind of patch here (STRATEGIC on a CRD).
            NotFound, Conflict, Invalid, APIStatusError, TransportError: as `replace`.
        """
        if patch_type is PatchType.APPLY and not field_manager:
            raise ValueError("an apply patch needs a field_manager: who owns the fields it sets")
        if force is not None and patch_type is not PatchType.APPLY:
            raise ValueError("force belongs to apply patches")
        options = write_options(dry_run, field_manager, field_validation)
        if force is not None:
            options.append(("force", "true" if force else "false"))
        if isinstance(patch, Object) or (patch_type is PatchType.APPLY and isinstance(patch, Mapping)):
            body = self._body(patch)
        else:
            body = patch if isinstance(patch, bytes) else msgspec.json.encode(patch)
        call = Call(
            method="PATCH",
            target=self._target(name, options),
            body=body,
            content_type=patch_type.value,
            accept=self._accept.one,
        )
        return self.codec.object(await self._rest.fetch(call))

    async def post(
        self, name: str, obj: AnyObject | Mapping[str, Any], *, dry_run: bool = False
    ) -> AnyObject | Status:
        """Create the part, where that is its verb: `eviction`, `binding`, `token`.

        Returns:
            What the server answered: an object, or a Status that says Success.

        Raises: as `replace`.
        """
        target = self._target(name, write_options(dry_run, "", ""))
        body = await self._rest.fetch(Call(method="POST", target=target, body=self._body(obj)))
        return decode_status(body) or self.codec.object(body)

    def _target(self, name: str | None, options: list[tuple[str, str | None]], *, namespace: str = "") -> str:
        where = self.namespace
        if self.resource.namespaced and namespace != where:
            if namespace and where:
                raise ValueError(
                    f"this client is for {self.resource.plural} in namespace {where!r}, and the object is in "
                    f"{namespace!r}: make one for that namespace, or for ALL_NAMESPACES"
                )
            where = where or namespace
        if self.resource.namespaced and not where:
            raise ValueError(f"this client is for {self.resource.plural} in all namespaces: say in which one")
        path = self.resource.path(namespace=where or None, name=name, subresource=self._subresource)
        query = encode_query([(key, value) for key, value in options if value])
        return f"{path}?{query}" if query else path

    def _body(self, obj: Object | Mapping[str, Any]) -> bytes:
        """The object as JSON, told of its kind if it does not know."""
        named = {"apiVersion": self.codec.resource.api_version, "kind": self.codec.resource.kind}
        named = {key: value for key, value in named.items() if value}
        if isinstance(obj, Unstructured):
            missing = {key: value for key, value in named.items() if key not in obj}
            if missing:
                obj = obj.copy()
                for key, value in missing.items():
                    obj[key] = value
        if isinstance(obj, Object):
            return obj.to_json()
        return msgspec.json.encode(named | dict(obj))


def identity(obj: Object | Mapping[str, Any]) -> tuple[str, str]:
    """Name and namespace of an object, whatever its form; empty where it does not say."""
    if isinstance(obj, Object):
        return obj.name, obj.namespace
    metadata = obj.get("metadata") or {}
    return str(metadata.get("name") or ""), str(metadata.get("namespace") or "")


def write_options(dry_run: bool, field_manager: str, field_validation: str) -> list[tuple[str, str | None]]:
    """The query parameters that all writes share."""
    return [
        ("dryRun", "All" if dry_run else None),
        ("fieldManager", field_manager),
        ("fieldValidation", field_validation),
    ]
