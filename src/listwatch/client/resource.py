"""What can be done with one kind of object on one server.

In:    `get`, `list`, `watch`, `create`, `replace`, `patch`, `delete` …, with objects
Out:   requests                                   (to client/rest.py, client/watch.py)
       and the objects, lists and watches that answer them
Next:  client/rest.py, client/watch.py
Source: client-go's typed and dynamic clients in one; differs: one keyword-only form of each verb
"""

from __future__ import annotations

import importlib
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from listwatch.apimachinery.codec import Codec, decode_status
from listwatch.apimachinery.errors import Status
from listwatch.apimachinery.object import AnyObject, Object
from listwatch.apimachinery.object_list import ObjectList
from listwatch.apimachinery.options import ListOptions
from listwatch.client.pager import PAGE_SIZE, iterate_pages, list_all
from listwatch.client.rest import Call
from listwatch.client.subresource import (
    ALL_NAMESPACES,
    PatchType,
    SubresourceClient,
    identity,
    write_options,
)
from listwatch.client.watch import Watch

if TYPE_CHECKING:
    from listwatch.api.autoscaling_v1 import Scale

Part = TypeVar("Part", bound=Object)

__all__ = ["ALL_NAMESPACES", "MIN_WATCH_SECONDS", "PatchType", "ResourceClient", "SubresourceClient"]

MIN_WATCH_SECONDS = 300
"""A watch that names no timeout gets a random one between this and its double, as client-go's do: servers are
spared the moment in which all watches of a fleet end together."""


class ResourceClient(SubresourceClient[AnyObject]):
    """One kind of object in one namespace, or in all.

    Made by `Client.resource`. Methods that take objects take plain mappings, too. Objects that come back are
    yours. Any number of calls may be under way at once; all belong to the client's event loop.
    """

    @property
    def status(self) -> SubresourceClient[AnyObject]:
        """The `status` of each object, written apart from its spec."""
        return SubresourceClient(
            self._rest,
            self.resource,
            self.codec,
            namespace=self.namespace,
            subresource="status",
            accept=self._accept,
        )

    @property
    def scale(self) -> SubresourceClient[Scale]:
        """How many replicas each object has and shall have, in the one shape of autoscaling/v1 Scale."""
        # Loaded when named: no other part of the client needs a model.
        model: type[Scale] = importlib.import_module("listwatch.api.autoscaling_v1").Scale
        return self.subresource("scale", model)

    def subresource(self, name: str, kind: type[Part]) -> SubresourceClient[Part]:
        """Another part of each object, of another kind: `pods.subresource("eviction", Eviction)`."""
        return SubresourceClient(
            self._rest, self.resource, Codec(kind), namespace=self.namespace, subresource=name
        )

    async def list(
        self,
        options: ListOptions | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int | None = None,
        continue_: str | None = None,
        resource_version: str | None = None,
        resource_version_match: str | None = None,
    ) -> ObjectList[AnyObject]:
        """One page of the collection; without a limit, all of it.

        Args:
            options: All options in one, instead of the keywords.
            label_selector, field_selector, limit, continue_, resource_version, resource_version_match: see
                `ListOptions`.

        Raises:
            Expired: The version or continue token is no longer kept.
            ValueError: Both `options` and keywords are given.
            APIStatusError, TransportError: as `get`.
        """
        asked = one_of(
            options,
            ListOptions(
                label_selector=label_selector,
                field_selector=field_selector,
                limit=limit,
                continue_=continue_,
                resource_version=resource_version,
                resource_version_match=resource_version_match,
            ),
        )
        call = Call(target=self._collection(asked.to_query()), accept=self._accept.many)
        return self.codec.page(await self._rest.fetch(call))

    def pages(
        self, *, label_selector: str = "", field_selector: str = "", page_size: int = PAGE_SIZE
    ) -> AsyncIterator[ObjectList[AnyObject]]:
        """The collection page by page, each fetched when the one before has been used.

        A continue token that expires on the way does not end it: see `client.pager.iterate_pages`.

        Raises: as `list`.
        """
        options = ListOptions(label_selector=label_selector, field_selector=field_selector, limit=page_size)
        return iterate_pages(self.list, options)

    async def list_all(
        self, *, label_selector: str = "", field_selector: str = "", page_size: int = PAGE_SIZE
    ) -> ObjectList[AnyObject]:
        """The whole collection as of one moment, fetched in pages; watch from its `resource_version`.

        Raises: as `list`.
        """
        options = ListOptions(label_selector=label_selector, field_selector=field_selector, limit=page_size)
        return await list_all(self.list, options)

    def watch(
        self,
        options: ListOptions | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str | None = None,
        timeout_seconds: int | None = None,
        allow_watch_bookmarks: bool = False,
    ) -> Watch[AnyObject]:
        """Changes of the collection from now on, or from a version on. See `Watch`.

        Nothing is sent until the watch is entered or read.

        Args:
            options: All options in one, instead of the keywords.
            label_selector, field_selector, allow_watch_bookmarks: see `ListOptions`.
            resource_version: Exactly after this version, as a list named it: nothing is missed. None or "0":
                begins with the present objects as ADDED events in no particular order.
            timeout_seconds: When the server shall end it; None for a random time of 5 to 10 minutes.

        Raises:
            ValueError: Both `options` and keywords are given.
        """
        asked = one_of(
            options,
            ListOptions(
                label_selector=label_selector,
                field_selector=field_selector,
                resource_version=resource_version,
                timeout_seconds=timeout_seconds,
                allow_watch_bookmarks=allow_watch_bookmarks,
            ),
        )
        if not asked.timeout_seconds:  # to a server 0 means what None means
            seconds = int(MIN_WATCH_SECONDS * (1 + random.random()))  # noqa: S311 (spreads load, guards nothing)
            asked = replace(asked, timeout_seconds=seconds)
        call = Call(target=self._collection(asked.to_query(watch=True)), accept=self._accept.one)
        return Watch(self._rest, call, self.codec, timeout_seconds=asked.timeout_seconds or 0)

    async def create(
        self,
        obj: AnyObject | Mapping[str, Any],
        *,
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> AnyObject:
        """Create `obj` (POST).

        Returns:
            The object as the server has it now. `obj` itself is not changed.

        Raises:
            AlreadyExists: There is one of that name.
            Invalid, APIStatusError, TransportError: as `replace`. After a TransportError it may exist.
        """
        _, namespace = identity(obj)
        target = self._target(
            None, write_options(dry_run, field_manager, field_validation), namespace=namespace
        )
        call = Call(method="POST", target=target, body=self._body(obj), accept=self._accept.one)
        return self.codec.object(await self._rest.fetch(call))

    async def delete(
        self,
        name: str,
        *,
        grace_period_seconds: int | None = None,
        propagation_policy: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
        dry_run: bool = False,
    ) -> AnyObject | Status:
        """Delete one object, or mark it for deletion if it has finalizers or a grace period.

        Args:
            name: Its name.
            grace_period_seconds: How long its containers may take to stop; 0 at once; None as it says itself.
            propagation_policy: What becomes of its dependents: Background, Foreground or Orphan.
            uid, resource_version: Only if this is still so.
            dry_run: Only say whether it could be done.

        Returns:
            The object in its last or marked state, or a Status that says Success, as the server does for a kind.

        Raises:
            NotFound: There is none.
            Conflict: `uid` or `resource_version` does not fit.
            APIStatusError, TransportError: as `get`.
        """
        body = _delete_options(grace_period_seconds, propagation_policy, uid, resource_version, dry_run)
        call = Call(method="DELETE", target=self._target(name, []), body=body, accept=self._accept.one)
        answer = await self._rest.fetch(call)
        return decode_status(answer) or self.codec.object(answer)

    async def delete_collection(
        self,
        *,
        label_selector: str = "",
        field_selector: str = "",
        grace_period_seconds: int | None = None,
        propagation_policy: str | None = None,
        dry_run: bool = False,
    ) -> ObjectList[AnyObject] | Status:
        """Delete all objects that match, in this namespace.

        Returns:
            What was deleted, or a Status that says Success.

        Raises:
            ValueError: This client is for all namespaces: a collection is deleted namespace by namespace.
            APIStatusError, TransportError: as `get`.
        """
        if self.resource.namespaced and not self.namespace:
            raise ValueError(f"delete_collection of {self.resource.plural} needs one namespace")
        query = ListOptions(label_selector=label_selector, field_selector=field_selector).to_query()
        body = _delete_options(grace_period_seconds, propagation_policy, None, None, dry_run)
        call = Call(method="DELETE", target=self._collection(query), body=body, accept=self._accept.many)
        answer = await self._rest.fetch(call)
        return decode_status(answer) or self.codec.page(answer)

    def _collection(self, query: str) -> str:
        path = self.resource.path(namespace=self.namespace or None)
        return f"{path}?{query}" if query else path


def one_of(options: ListOptions | None, keywords: ListOptions) -> ListOptions:
    """The one of the two that says anything: a selector that is silently left out would show too much."""
    if options is None:
        return keywords
    if keywords != ListOptions():
        raise ValueError(
            "give either options or keywords, not both: dataclasses.replace(options, …) joins them"
        )
    return options


def _delete_options(
    grace_period_seconds: int | None,
    propagation_policy: str | None,
    uid: str | None,
    resource_version: str | None,
    dry_run: bool,
) -> bytes:
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    options: dict[str, Any] = {
        "gracePeriodSeconds": grace_period_seconds,
        "propagationPolicy": propagation_policy,
        "preconditions": {key: value for key, value in preconditions.items() if value is not None} or None,
        "dryRun": ["All"] if dry_run else None,
    }
    given = {key: value for key, value in options.items() if value is not None}
    if not given:
        return b""
    return msgspec.json.encode({"apiVersion": "v1", "kind": "DeleteOptions"} | given)
