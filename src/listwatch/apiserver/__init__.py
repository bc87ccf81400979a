"""An API server to embed: where events are born on a laptop and in tests.

`APIServer` answers what kube-apiserver answers, in memory: its `handle` takes a `Request` and gives a `Response`,
without sockets, files or threads. `EmbeddedCluster` puts it behind a port, with simulated nodes beside it.

    request ─▶ server ─▶ verbs/reading, verbs/watch ─────────────▶ storage/revision_log
                  └────▶ verbs/writing, verbs/deletion ─▶ admission/ ─▶ kinds/ ─▶ storage/ ─▶ verbs/watch

Rules: sees `listwatch.apimachinery` and the data of `listwatch.api` only, never the client: two independent
readings of the wire format check each other. Nothing here does I/O except the modules of the listening side
(`listener/`, `embedded`). What the server does not do it refuses with a
Status that says so. Names are imported when they are first used, so that a part costs no more than itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from listwatch.apiserver.access.identity import User
    from listwatch.apiserver.embedded import EmbeddedCluster
    from listwatch.apiserver.server import APIServer
    from listwatch.apiserver.storage.revision_log import Change, CompactedError, RevisionLog
    from listwatch.apiserver.wire.statuses import APIFailure

__all__ = ["APIFailure", "APIServer", "Change", "CompactedError", "EmbeddedCluster", "RevisionLog", "User"]

_HOMES = {
    "APIFailure": "wire.statuses",
    "APIServer": "server",
    "Change": "storage.revision_log",
    "CompactedError": "storage.revision_log",
    "EmbeddedCluster": "embedded",
    "RevisionLog": "storage.revision_log",
    "User": "access.identity",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
