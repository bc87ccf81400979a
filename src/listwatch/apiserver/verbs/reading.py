"""Get, list and watch: the verbs that change nothing.

In:    a `Call`
Out:   a `Response`; for a watch one whose body goes on
Next:  revision_log.py for states, views.py for bytes, watch.py for streams
Rules: a list is a page of one state, whatever happens meanwhile; its version is that state's. Work is in
       proportion to the answer: keys outside the page, the namespace or the snapshot are not visited.
Source: API concepts, "Resource versions", "Retrieving large results sets in chunks"; KEP-365, KEP-2340
"""

from __future__ import annotations

import base64
import posixpath
import random
from dataclasses import replace
from typing import Final

from multidict import CIMultiDict

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Response
from listwatch.apimachinery.selector import field_selector
from listwatch.apiserver.storage.revision_log import CompactedError, State, StoredObject
from listwatch.apiserver.storage.storage import Storage, key_range
from listwatch.apiserver.verbs import views
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.list_options import EXACT, ListOptions, parse_list_options, version_of
from listwatch.apiserver.verbs.selection import Selection
from listwatch.apiserver.verbs.watch import FRESHNESS_WAIT_SECONDS, Watch, WatchHub
from listwatch.apiserver.wire.negotiation import encode_json, json_value
from listwatch.apiserver.wire.statuses import (
    CONTINUE_EXPIRED,
    LIST_EXPIRED,
    APIFailure,
    bad_request,
    expired,
    not_found,
    too_large,
)

TOKEN_VERSION: Final = "meta.k8s.io/v1"  # noqa: S105 - the token's form
_INCONSISTENT: Final = -1


class Reader:
    """Answers get, list and watch.

    Args:
        hub: Where to wait for changes; it knows the storage and the clock.
        chance: For the lengths of watches that name none.
        minimum_watch_seconds: Such a watch lasts between this and twice this, so that clients do not all
            come back at once.
        bookmark_interval: Seconds between a watch's bookmarks.
    """

    def __init__(
        self,
        hub: WatchHub,
        *,
        chance: random.Random,
        minimum_watch_seconds: float,
        bookmark_interval: float,
    ) -> None:
        self._hub = hub
        self._storage: Storage = hub.storage
        self._clock: Clock = hub.clock
        self._chance = chance
        self._minimum_watch_seconds = minimum_watch_seconds
        self._bookmark_interval = bookmark_interval

    def get(self, call: Call) -> Response:
        """One object.

        Raises:
            APIFailure: 404.
        """
        stored = self._storage.get(call.resource, call.namespace, call.name)
        if stored is None:
            raise not_found(call.resource.group, call.resource.name, call.name)
        body = views.stored_document(
            call.resource, stored, call.form, now=self._clock.now(), include_object=call.include_object
        )
        return call.respond(200, body)

    async def list_objects(self, call: Call) -> Response:
        """A page of objects.

        Raises:
            APIFailure: 400 or 422 for options, 410 for a version gone, 504 for one yet to come.
        """
        options = parse_list_options(call.info.query, watch=False)
        selection = Selection(call.resource, options)
        revision, state, start = await self._state(call, options)
        # From "any version" kube-apiserver answers out of its cache, which never knew of pages.
        limit = 0 if options.resource_version == "0" else options.limit
        page, remaining = _page(state, call.namespace, start, limit, selection)
        metadata: dict[str, object] = {"resourceVersion": str(revision)}
        if remaining:
            self._storage.log.pin(call.resource.storage, revision, state)
            last = page[-1].object["metadata"]
            place = f"/{last['name']}" if call.namespace else _place(last)
            metadata["continue"] = encode_continue(revision, place + "\0")
            if selection.is_everything:
                metadata["remainingItemCount"] = remaining
        if options.shard is not None:
            metadata["shardInfo"] = {"selector": str(options.shard)}
        body = views.list_document(
            call.resource,
            page,
            call.form,
            metadata,
            now=self._clock.now(),
            include_object=call.include_object,
        )
        return call.respond(200, body)

    def watch(self, call: Call) -> Response:
        """A stream of events. The answer's head is there at once, and so is the watch's place in the log.

        Raises:
            APIFailure: 400, 422 or 500 for options that make no sense. What is wrong with the version itself is
                told in the stream.
        """
        info = call.info
        options = parse_list_options(info.query, watch=True)
        if info.name:
            options = replace(options, field_selector=field_selector({"metadata.name": info.name}))
        selection = Selection(call.resource, options)
        timeout = float(options.timeout_seconds or 0)
        if timeout <= 0:
            timeout = self._minimum_watch_seconds * (1 + self._chance.random())
        watch = Watch(
            self._hub,
            resource=call.resource,
            namespace=call.namespace,
            options=options,
            selection=selection,
            version=version_of(options),
            form=call.form,
            include_object=call.include_object,
            timeout=timeout,
            bookmark_interval=self._bookmark_interval,
        )
        headers: CIMultiDict[str] = CIMultiDict({"Content-Type": call.form.stream_type})
        return Response(200, headers, watch.lines())

    def selected(self, call: Call, options: ListOptions) -> list[StoredObject]:
        """The current objects of the call's collection that the options mean, in order of their keys."""
        selection = Selection(call.resource, options)
        first, _ = key_range(call.namespace)
        page, _ = _page(self._storage.state(call.resource), call.namespace, first, options.limit, selection)
        return page

    async def _state(self, call: Call, options: ListOptions) -> tuple[int, State, str]:
        """The revision that is listed, its state, and the key at which the page begins."""
        log, collection = self._storage.log, call.resource.storage
        first, _ = key_range(call.namespace)
        if options.continue_token:
            version, start = decode_continue(options.continue_token, first)
            if options.resource_version not in {"", "0"}:
                raise bad_request("specifying resource version is not allowed when using continue")
            if version == _INCONSISTENT:
                return log.revision, log.state(collection), start
            try:
                return version, log.at(collection, version), start
            except CompactedError:
                token = encode_continue(_INCONSISTENT, "/" + start.removeprefix(first))
                raise expired(CONTINUE_EXPIRED, continue_token=token) from None
            except ValueError:
                raise too_large(version, log.revision) from None
        version = version_of(options)
        if version > log.revision and not await self._hub.wait_for_version(version, FRESHNESS_WAIT_SECONDS):
            raise too_large(version, log.revision)
        exact = options.match == EXACT or (not options.match and options.limit > 0)
        if exact and version:
            try:
                return version, log.at(collection, version), first
            except CompactedError:
                raise expired(LIST_EXPIRED) from None
        return log.revision, log.state(collection), first


def _page(
    state: State, namespace: str, start: str, limit: int, selection: Selection
) -> tuple[list[StoredObject], int]:
    """The page, and how many objects lie behind it (counted before selecting)."""
    first, stop = key_range(namespace)
    if selection.name is not None and namespace:
        only = state.get(first + selection.name)
        return ([only] if only is not None and selection.matches(only) else []), 0
    entries = state.items(start, stop)
    if limit <= 0:
        if selection.is_everything:
            return [stored for _, stored in entries], 0
        return [stored for _, stored in entries if selection.matches(stored)], 0
    page: list[StoredObject] = []
    for key, stored in entries:
        if len(page) == limit:
            return page, state.count(key, stop)
        if selection.matches(stored):
            page.append(stored)
    return page, 0


def _place(metadata: dict[str, str]) -> str:
    namespace = metadata.get("namespace")
    return f"/{namespace}/{metadata['name']}" if namespace else f"/{metadata['name']}"


def encode_continue(version: int, start: str) -> str:
    """A continue token: the version that is paged through, and the key at which to go on."""
    document = encode_json({"v": TOKEN_VERSION, "rv": version, "start": start})
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def decode_continue(token: str, prefix: str) -> tuple[int, str]:
    """The version and the key, of which `prefix` is the collection's part.

    Raises:
        APIFailure: 400, the token is none of ours.
    """
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise _bad_token("illegal base64 data") from error
    try:
        fields = json_value(text)
    except ValueError as error:
        raise _bad_token(str(error)) from error
    if not isinstance(fields, dict) or fields.get("v") != TOKEN_VERSION:
        raise _bad_token("server does not recognize this encoded version")
    version, start = fields.get("rv"), fields.get("start")
    if not isinstance(version, int) or version == 0:
        raise _bad_token("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    if not isinstance(start, str) or not start:
        raise _bad_token("encoded start key empty (version meta.k8s.io/v1)")
    key = start if start.startswith("/") else "/" + start
    if posixpath.normpath(key) != key:
        raise _bad_token(f"invalid key {start!r}")
    return version, prefix + key[1:]


def _bad_token(reason: str) -> APIFailure:
    return bad_request(f"invalid continue token: continue key is not valid: {reason}")
