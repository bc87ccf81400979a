"""How an embedded cluster is to be, as one value: what it was made with, and what its forks are made with.

In:    the keywords of `EmbeddedCluster`, which say what each means
Out:   `ClusterOptions`
Next:  embedded.py
Rules: a value; nothing is made or opened by it. What contradicts itself is refused here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.access.authorizer import AuthorizationMode
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.journal.exchange import Observer
from listwatch.apiserver.life import Delays
from listwatch.apiserver.storage.revision_log import RevisionLog

if TYPE_CHECKING:
    from listwatch.apiserver.admission.webhook_caller import WebhookCaller
    from listwatch.apiserver.admission.webhooks import ServiceResolver
    from listwatch.apiserver.life.programs import Program
    from listwatch.apiserver.listener.certificates import CertificateAuthority
    from listwatch.apiserver.storage.durable_log import Synchronous


@dataclass(frozen=True, kw_only=True, repr=False)  # a repr would tell tokens
class ClusterOptions:
    """The arguments of one `EmbeddedCluster`; see there.

    Raises:
        ValueError: There is a log to begin with, and a directory that may hold another.
    """

    listen: bool
    host: str
    port: int
    allow_remote: bool
    tls: bool
    unix_socket: str | os.PathLike[str] | None
    names: Sequence[str]
    token: str | None
    tokens: Mapping[str, User] | None
    authorization_mode: AuthorizationMode
    signing_key: SigningKey | None
    simulate: bool
    nodes: int
    delays: Delays | None
    records_events: bool
    controllers: Iterable[str] | None
    programs: Mapping[str, Program] | None
    clock: Clock | None
    log: RevisionLog | None
    authority: CertificateAuthority | None
    seed: int | None
    keeps_journal: bool
    observers: Sequence[Observer]
    audit_log: str | os.PathLike[str] | None
    data_dir: str | os.PathLike[str] | None
    synchronous: Synchronous
    webhook_caller: WebhookCaller | None
    resolve_service: ServiceResolver | None
    goodbye: float

    def __post_init__(self) -> None:
        if self.data_dir is not None and self.log is not None:
            raise ValueError("a data_dir has its own log: give one of the two")
