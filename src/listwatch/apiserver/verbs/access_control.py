"""Access control and the storage together: roles that are stored are roles that count.

In:    every `Change` of a role or binding; requests to allow; roles to be written
Out:   403s; the bootstrap policy and the rules of aggregated roles, in the log
Next:  access/authorizer.py and access/escalation.py decide
Rules: the index follows the storage's changes as they are made, so the next request sees them. What this module writes
       itself, it writes in `seed` and `settle` only, never while it listens.
Source: kube-apiserver's RBAC post-start hook; the clusterrole-aggregation controller
"""

from __future__ import annotations

import dataclasses
import uuid
from datetime import datetime
from typing import Any, Final

from listwatch.apiserver.access.aggregation import aggregated, is_aggregated
from listwatch.apiserver.access.attributes import attributes_of
from listwatch.apiserver.access.authorizer import AuthorizationMode, Authorizer
from listwatch.apiserver.access.bootstrap_policy import bootstrap_objects
from listwatch.apiserver.access.escalation import check_escalation
from listwatch.apiserver.access.identity import MASTERS, User
from listwatch.apiserver.access.rbac import COLLECTIONS, GROUP, RoleIndex
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.revision_log import Change
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import forbidden
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
_UIDS: Final = uuid.UUID("6f1e0c1c-5a35-4c39-9a63-0b7d0f5f6a10")
_CLUSTER_ROLES: Final = f"clusterroles.{GROUP}"


class AccessControl:
    """Who may do what on one server.

    Args:
        storage: Where roles and bindings are; it is listened to from now on.
        registry: Knows their resources.
        mode: How requests are authorized.
    """

    def __init__(self, storage: Storage, registry: ResourceRegistry, mode: AuthorizationMode) -> None:
        self._storage = storage
        self._resources = {
            kind: resource
            for kind in COLLECTIONS.values()
            if (resource := registry.find(GROUP, "v1", kind)) is not None
        }
        self._index = RoleIndex()
        self.authorizer = Authorizer(mode, self._index)
        self._is_unsettled = False
        for collection, kind in COLLECTIONS.items():
            for key, stored in storage.log.state(collection).items():
                self._index.put(kind, key, stored.object)
        storage.listen(self._hear)

    def seed(self, now: datetime) -> None:
        """Make those roles and bindings of the bootstrap policy that are not there.

        Their UIDs follow from their names and the time, so that those of all other objects do not depend on them.
        """
        created = format_timestamp(now)
        for kind, namespace, value in bootstrap_objects():
            resource, metadata = self._resources[kind], value["metadata"]
            if self._storage.get(resource, namespace, metadata["name"]) is None:
                metadata["uid"] = str(uuid.uuid5(_UIDS, f"{kind} {metadata['name']} {created}"))
                metadata["creationTimestamp"] = created
                self._storage.put(resource, namespace, metadata["name"], value)

    def authorize(self, user: User, info: RequestInfo) -> None:
        """Let a request pass.

        Raises:
            APIFailure: 403.
        """
        if self.authorizer.allows_all or MASTERS in user.groups:
            return
        self.authorizer.check(attributes_of(user, info))

    def check_write(self, call: Call, value: JSONObject, old: JSONObject | None) -> None:
        """Refuse a role or binding by which the caller would give more than they have.

        Args:
            call: Who writes, and where; a call on any other resource passes.
            value: As it would be stored.
            old: As it is stored, or None.

        Raises:
            APIFailure: 403, 404.
        """
        if call.resource.group == GROUP:
            check_escalation(
                call.user,
                call.resource.name,
                call.namespace,
                value,
                old,
                requested=call.name,
                authorizer=self.authorizer,
                index=self._index,
            )

    def check_create(self, call: Call) -> None:
        """Refuse that a call which was let pass as something else than `create` makes an object.

        The right may be one for this name alone, as the request names it.

        Raises:
            APIFailure: 403, which tells nothing but what the authorizer adds.
        """
        if call.info.verb == "create" or self.authorizer.allows_all or MASTERS in call.user.groups:
            return
        wanted = dataclasses.replace(attributes_of(call.user, call.info), verb="create")
        decision = self.authorizer.decide(wanted)
        if not decision.is_allowed:
            raise forbidden(wanted.group, wanted.resource, wanted.name, decision.reason)

    def settle(self) -> None:
        """Store the rules of aggregated roles, if roles have changed since."""
        if not self._is_unsettled:
            return
        rounds = len(self._roles()) + 1  # a chain of roles is no longer than all of them
        while self._is_unsettled and rounds:
            self._is_unsettled = False
            rounds -= 1
            for key, role in self._roles().items():
                wanted = aggregated(role, self._roles().values()) if is_aggregated(role) else role
                if wanted.get("rules") != role.get("rules"):
                    changed = {**wanted, "metadata": dict(wanted["metadata"])}
                    self._storage.put(self._resources["clusterroles"], "", key, changed)
        self._is_unsettled = False

    def _roles(self) -> dict[str, JSONObject]:
        return {key: stored.object for key, stored in self._storage.log.state(_CLUSTER_ROLES).items()}

    def _hear(self, change: Change) -> None:
        kind = COLLECTIONS.get(change.resource)
        if kind is None:
            return
        if change.type == "DELETED":
            self._index.remove(kind, change.key)
        else:
            self._index.put(kind, change.key, change.current.object)
        self._is_unsettled = self._is_unsettled or kind == "clusterroles"
