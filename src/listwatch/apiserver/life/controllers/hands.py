"""Doing what controllers decide: requests as the right user, Events about them, and answers into the caches.

In:    `Action`s                          (from life/controllers/)
Out:   requests to the API server; `Refused` for what it did not do
Next:  the caches, which take every answer as news
Rules: actions are done in their order; the first refusal ends the list. That something is gone already is no refusal
       of its deletion. Events are best effort.
"""

from __future__ import annotations

import logging
from typing import Any

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Peer, Transport
from listwatch.apiserver.life.client import MERGE_PATCH, LifeClient
from listwatch.apiserver.life.controllers.actions import Action, Note, Verb
from listwatch.apiserver.life.controllers.caches import Caches
from listwatch.apiserver.life.controllers.collections import Collection
from listwatch.apiserver.life.controllers.owners import JSONObject
from listwatch.apiserver.life.records import controller_event, rfc3339

EVENTS = Collection("v1", "events", "Event")
MANAGER = "kube-controller-manager"
_REMEMBERED_EVENTS = 1000
_EVENT_NAMES_TRIED = 5

_log = logging.getLogger("listwatch.apiserver.life")


class Refused(Exception):
    """The server did not do it. `reason` and `message` are its own."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message

    @property
    def is_futile(self) -> bool:
        """Whether trying again cannot help: the namespace ends, or the object is gone."""
        return self.status == 404 or (self.status == 403 and "being terminated" in self.message)


class Hands:
    """The requests of one controller.

    Args:
        handle: The API server.
        name: The controller's name, such as "replicaset-controller": its service account's.
        component: The name in its Events.
        caches: Take the answers.
        clock: For Events.
        records_events: Whether to write Events.
    """

    def __init__(
        self,
        handle: Transport,
        *,
        name: str,
        component: str,
        caches: Caches,
        clock: Clock,
        records_events: bool,
    ) -> None:
        self._client = LifeClient(handle, peer=controller_peer(name), user_agent=MANAGER, clock=clock)
        self._component = component
        self._caches = caches
        self._clock = clock
        self._records_events = records_events
        self._serial = 0
        self._told: dict[tuple[str, ...], tuple[str, str, int]] = {}

    async def perform(self, actions: list[Action]) -> list[JSONObject]:
        """Do all of them; gives the answers.

        Raises:
            Refused: One was not done, and none after it.
        """
        return [await self.do(each) for each in actions]

    async def do(self, action: Action) -> JSONObject:
        """Do one of them; gives the answer, which for a deletion may be a Status.

        Raises:
            Refused: It was not done.
        """
        if action.verb is Verb.TELL:
            if action.note is not None:
                await self.tell(action.note)
            return {}
        status, answer = await self._send(action)
        if status >= 400 and not (action.verb is Verb.DELETE and status in {404, 409}):
            refusal = Refused(status, str(answer.get("reason", "")), str(answer.get("message", "")))
            if action.failure is not None and not refusal.is_futile:
                shown = action.failure
                await self.tell(Note(shown.about, shown.reason, shown.message + refusal.message, shown.kind))
            raise refusal
        self._take(action, status, answer)
        if action.note is not None and status < 400:
            await self.tell(action.note, name=answer.get("metadata", {}).get("name") or action.name)
        return answer

    async def get(self, path: str, *, accept: str = "application/json") -> tuple[int, JSONObject]:
        """Read something that no cache holds."""
        return await self._client.call("GET", path, accept=accept)

    async def tell(self, note: Note, *, name: str = "") -> None:
        """Write an Event, or count one more of the same."""
        if not self._records_events:
            return
        meta = note.about["metadata"]
        message = note.message.replace("{name}", name)
        namespace = meta.get("namespace") or "default"
        key = (meta.get("uid", ""), note.kind, note.reason, message)
        now = self._clock.now()
        seen = self._told.pop(key, None)
        if seen is not None:
            path, count = EVENTS.of(seen[0], seen[1]), seen[2] + 1
            status, answer = await self._client.call(
                "PATCH", path, {"count": count, "lastTimestamp": rfc3339(now)}, content_type=MERGE_PATCH
            )
            if status == 200:
                self._told[key] = (seen[0], seen[1], count)
                return
        status, answer = 0, {}
        for _ in range(_EVENT_NAMES_TRIED):  # another controller may have taken the name in the same moment
            self._serial += 1
            event = controller_event(
                note.about,
                kind=note.kind,
                reason=note.reason,
                message=message,
                component=self._component,
                now=now,
                serial=self._serial,
            )
            status, answer = await self._client.call("POST", EVENTS.in_namespace(namespace), event)
            if status != 409:
                break
        if status != 201:
            _log.debug("no event %s for %s: %s", note.reason, meta["name"], answer.get("message"))
            return
        self._told[key] = (namespace, answer["metadata"]["name"], 1)
        if len(self._told) > _REMEMBERED_EVENTS:
            del self._told[next(iter(self._told))]

    async def _send(self, action: Action) -> tuple[int, JSONObject]:
        collection, call = action.collection, self._client.call
        path = collection.of(action.namespace, action.name)
        match action.verb:
            case Verb.CREATE:
                return await call("POST", collection.in_namespace(action.namespace), action.value)
            case Verb.REPLACE:
                return await call("PUT", path, action.value)
            case Verb.STATUS:
                return await call("PUT", f"{path}/status", action.value)
            case Verb.PATCH:
                return await call("PATCH", path, action.value, content_type=MERGE_PATCH)
            case _:
                options: dict[str, Any] = {
                    "apiVersion": "v1",
                    "kind": "DeleteOptions",
                    "preconditions": {"uid": action.uid},
                }
                if action.policy:
                    options["propagationPolicy"] = action.policy
                return await call("DELETE", path, options)

    def _take(self, action: Action, status: int, answer: JSONObject) -> None:
        cache = self._caches.existing(action.collection)
        if cache is None:
            return
        meta = answer.get("metadata") or {}
        if action.verb is Verb.DELETE:
            if status == 404 or answer.get("kind") == "Status":
                if status != 409:
                    cache.removed(action.uid)
            elif meta.get("deletionTimestamp") and (
                meta.get("finalizers") or meta.get("deletionGracePeriodSeconds")
            ):
                cache.wrote(answer)
            else:
                cache.removed(action.uid)
        elif meta.get("uid"):
            if (
                meta.get("deletionTimestamp")
                and action.verb is not Verb.STATUS
                and not meta.get("finalizers")
            ):
                return  # perhaps its last finalizer is gone and so is the object: the watch will tell
            cache.wrote(answer)


def controller_peer(name: str) -> Peer:
    """Who a controller is: its service account in kube-system, with the rights of an administrator."""
    return Peer(
        f"system:serviceaccount:kube-system:{name}",
        ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:masters"),
    )
