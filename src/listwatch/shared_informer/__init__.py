"""HOW the stream becomes a cache, and a cache's changes become notifications.

    reflector ─▶ shared_store ─▶ notifications (pure: what is to be told) ─▶ processor ─▶ registration ─▶ handlers
                     └▶ indexer ─▶ lister                                                    └ mailbox (pure)

`delta_fifo` is the best-known way to hand changes over and usable alone; the informer hands them over in batches.
"""

from __future__ import annotations

from listwatch.shared_informer.delta_fifo import DeltaFIFO
from listwatch.shared_informer.deltas import DeletedFinalStateUnknown, Delta, Deltas, DeltaType
from listwatch.shared_informer.field_path import FieldPath, index_by_field
from listwatch.shared_informer.handlers import EventHandlers, FilteringEventHandler, ResourceEventHandler
from listwatch.shared_informer.indexer import Indexer
from listwatch.shared_informer.lister import Lister
from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
from listwatch.shared_informer.notifications import Added, Deleted, Updated
from listwatch.shared_informer.registration import HandlerFailure, Registration
from listwatch.shared_informer.shared_informer import SharedInformer
from listwatch.shared_informer.shared_informer_factory import SharedInformerFactory, SyncResult

__all__ = [
    "Added",
    "Deleted",
    "DeletedFinalStateUnknown",
    "Delta",
    "DeltaFIFO",
    "DeltaType",
    "Deltas",
    "EventHandlers",
    "FieldPath",
    "FilteringEventHandler",
    "HandlerFailure",
    "Indexer",
    "Lister",
    "Mailbox",
    "MailboxPolicy",
    "Registration",
    "ResourceEventHandler",
    "SharedInformer",
    "SharedInformerFactory",
    "SyncResult",
    "Updated",
    "index_by_field",
]
