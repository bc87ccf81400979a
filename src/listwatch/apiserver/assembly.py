"""The parts of a server, put together in stages: each stage needs those before it.

In:    what an `APIServer` is made with
Out:   readers, writers, deleters, admission, access, definitions, namespaces, over one storage
Next:  server.py, which asks them
Rules: nothing is answered here. Where two parts need each other, the later one is set on the earlier: admission on the
       writer, conversions on the hub.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.access.authorizer import AuthorizationMode
from listwatch.apiserver.access.bootstrap_policy import bootstrap_count
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.admission.authorizing import authorize_by
from listwatch.apiserver.admission.callables import Callables
from listwatch.apiserver.admission.conversion_caller import conversion_caller
from listwatch.apiserver.admission.plugins import admission_chain
from listwatch.apiserver.admission.request import Callback
from listwatch.apiserver.custom.definition import DEFINITIONS
from listwatch.apiserver.custom.definition_validation import DefinitionRules
from listwatch.apiserver.journal.origins import OriginWriter
from listwatch.apiserver.kinds.resources import Resource, ResourceRegistry, builtin_resources
from listwatch.apiserver.kinds.schema import Schemas
from listwatch.apiserver.storage.revision_log import RevisionLog
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.addresses import ServiceAddresses
from listwatch.apiserver.verbs.definitions import Definitions
from listwatch.apiserver.verbs.deletion import DeleteOptions, Deleter
from listwatch.apiserver.verbs.gate import Gate
from listwatch.apiserver.verbs.namespaces import NamespaceAdmission, NamespaceEnds
from listwatch.apiserver.verbs.patching import Patcher
from listwatch.apiserver.verbs.reading import Reader
from listwatch.apiserver.verbs.seeding import seed
from listwatch.apiserver.verbs.subresource_verbs import SubresourceVerbs
from listwatch.apiserver.verbs.watch import WatchHub
from listwatch.apiserver.verbs.webhook_conversion import WebhookConversions
from listwatch.apiserver.verbs.writing import Writer

if TYPE_CHECKING:
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver
    from listwatch.apiserver.storage.group_commit import GroupCommit

# A cluster that has just been set up has some two hundred changes behind it. None of them is told of, but a
# version as low as that of the first change can be asked for.
FIRST_REVISION: Final = 198
FLOOR: Final = 1


class Assembly:
    """The parts of one server; call the `add_` methods in their order, then `begin`.

    Args:
        clock, new_uid, chance: As for `APIServer`.
        log: The state to begin with; None for a new cluster.
        history_limit: Of a new log.
        commits: Keeps the log on disk.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        new_uid: Callable[[], str],
        chance: random.Random,
        log: RevisionLog | None,
        history_limit: int,
        commits: GroupCommit | None,
    ) -> None:
        self._clock = clock
        self._new_uid = new_uid
        self._chance = chance
        self._is_new = log is None
        self.registry: ResourceRegistry = builtin_resources()
        self._schemas = Schemas()
        self.storage = _open_storage(log, history_limit, clock, commits)

    def add_gate(self, mode: AuthorizationMode, key: SigningKey | None, tokens: Mapping[str, User]) -> None:
        """Who comes in, and what for."""
        self.gate = Gate(
            self.storage,
            self.registry,
            clock=self._clock,
            new_uid=self._new_uid,
            mode=mode,
            key=key,
            tokens=tokens,
        )

    def add_conversions(
        self, webhook_caller: WebhookCaller | None, resolve_service: ServiceResolver | None
    ) -> None:
        """Who converts custom resources between their versions."""
        self.conversions = WebhookConversions(
            ask=conversion_caller(webhook_caller, resolve_service), new_uid=self._new_uid
        )
        self.hub.fulfil = self.conversions.fulfil

    def add_reading(self, *, minimum_watch_seconds: float, bookmark_interval: float) -> None:
        """What reads and watches."""
        self.hub = WatchHub(self.storage, self._clock)
        self.reader = Reader(
            self.hub,
            chance=self._chance,
            minimum_watch_seconds=minimum_watch_seconds,
            bookmark_interval=bookmark_interval,
        )

    def add_writing(self) -> None:
        """What makes and changes objects."""
        self.writer = Writer(
            self.storage,
            registry=self.registry,
            clock=self._clock,
            new_uid=self._new_uid,
            chance=self._chance,
            admission=NamespaceAdmission(self.storage),
            addresses=ServiceAddresses(self.storage),
            schemas=self._schemas,
            rules={DEFINITIONS: DefinitionRules()},
            access=self.gate,
        )
        self.patcher = Patcher(self.storage, self.writer)

    def add_admission(
        self,
        admission: Sequence[Callback],
        webhook_caller: WebhookCaller | None,
        resolve_service: ServiceResolver | None,
    ) -> None:
        """Who may change or refuse writes."""
        self.callables = Callables()
        for callback in admission:
            self.callables.add(callback)
        self.admission = admission_chain(
            self.storage,
            self.registry,
            self.callables,
            redecode=self.writer.redecoded,
            shape=self.writer.shape,
            chance=self._chance,
            new_uid=self._new_uid,
            call_webhook=webhook_caller,
            resolve_service=resolve_service,
            authorize=authorize_by(self.gate.authorizer),
        )
        self.writer.admission = self.deleter.admission = self.admission

    def add_deletion(self, namespace_delay: float) -> None:
        """What deletes, and what deletes through it."""
        self.definitions = Definitions(
            self.hub,
            self.registry,
            self._schemas,
            resource=self.registry.preferred("apiextensions.k8s.io", "customresourcedefinitions"),
            clock=self._clock,
            delete=self._delete_content,
            converters=self.conversions.converter,
            fields=self.writer.fields,
        )
        self.ends = NamespaceEnds(
            self.hub,
            self.registry,
            delete=self._delete_content,
            finish=self._finish_namespace,
            delay=namespace_delay,
        )
        self.storage.after_undo = self.ends.resume
        self.deleter = Deleter(
            self.storage, clock=self._clock, reader=self.reader, on_namespace=self.ends.begin
        )
        self.subresources = SubresourceVerbs(
            self.storage,
            pods=self.registry.preferred("", "pods"),
            writer=self.writer,
            patcher=self.patcher,
            reader=self.reader,
            deleter=self.deleter,
            clock=self._clock,
            tokens=self.gate.service_accounts,
        )

    def begin(self) -> None:
        """Make what a new cluster has; or take up what another server has left."""
        if self._is_new:
            seed(self.writer, self.registry)
        else:
            self.definitions.resume()
            self.ends.resume()

    def _delete_content(self, resource: Resource, namespace: str, name: str) -> None:
        stored = self.storage.get(resource, namespace, name)
        if stored is not None:
            as_stored = self.definitions.as_stored(resource)
            self.deleter.remove(as_stored, namespace, stored, DeleteOptions())

    def _finish_namespace(self, name: str) -> None:
        self.deleter.finish_namespace(self.registry.preferred("", "namespaces"), name)


def _open_storage(
    log: RevisionLog | None, history_limit: int, clock: Clock, commits: GroupCommit | None
) -> Storage:
    """The storage over a log, by default a new cluster's; its changes are signed."""
    before = FIRST_REVISION - bootstrap_count()
    log = log or RevisionLog(revision=before, floor=FLOOR, history_limit=history_limit)
    storage = Storage(log, commits)
    storage.listen(OriginWriter(clock))
    return storage
