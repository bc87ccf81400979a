"""Kubernetes list & watch for Python: client-go's machinery, typed, async and sync.

Everything here is loaded when it is first named, so that `import listwatch` costs next to nothing.
The kinds live in `listwatch.api` (`from listwatch.api.core_v1 import Pod`), the same client without await in
`listwatch.sync`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from listwatch.version import __version__

if TYPE_CHECKING:
    from listwatch.apimachinery.backoff import Backoff
    from listwatch.apimachinery.errors import (
        AlreadyExists,
        APIStatusError,
        BadRequest,
        CertificateError,
        ConfigError,
        Conflict,
        ConnectionLost,
        ConnectionRefused,
        CredentialError,
        DecodeError,
        Expired,
        Forbidden,
        Gone,
        InternalError,
        Invalid,
        ListWatchError,
        MethodNotAllowed,
        NotAcceptable,
        NotFound,
        ProtocolError,
        RequestEntityTooLarge,
        RequestTimeout,
        ServerTimeout,
        ServiceUnavailable,
        Status,
        TooManyRequests,
        TransportError,
        Unauthorized,
        UnsupportedMediaType,
    )
    from listwatch.apimachinery.key import ObjectKey
    from listwatch.apimachinery.meta import ObjectMeta, ResourceVersion, compare_resource_version
    from listwatch.apimachinery.object import Object, section
    from listwatch.apimachinery.object_list import ObjectList
    from listwatch.apimachinery.options import ListOptions
    from listwatch.apimachinery.partial_object_metadata import PartialObjectMetadata
    from listwatch.apimachinery.resource import GroupVersionKind, Resource
    from listwatch.apimachinery.unstructured import Unstructured
    from listwatch.apimachinery.watch_event import EventType, WatchEvent
    from listwatch.client.client import Client
    from listwatch.client.config import Config
    from listwatch.client.kubeconfig import load_config
    from listwatch.client.resource import ALL_NAMESPACES, PatchType, ResourceClient, SubresourceClient
    from listwatch.client.watch import Watch
    from listwatch.controller.controller import Controller
    from listwatch.controller.keys import own_key, owner_key
    from listwatch.controller.reconcile import Result, TerminalError
    from listwatch.event_recorder.event_recorder import EventRecorder
    from listwatch.leader_election.leader_elector import LeaderElector
    from listwatch.leader_election.leadership import Leadership, LeadershipLost
    from listwatch.reflector.failure import Failure
    from listwatch.reflector.list_watch import Lister, ListerWatcher, ListWatch, Watcher
    from listwatch.reflector.machine import Policy
    from listwatch.reflector.reflector import Reflector
    from listwatch.reflector.states import ReflectorState
    from listwatch.reflector.store import ReflectorStore
    from listwatch.reflector.watch_list_support import WatchListSupport
    from listwatch.shared_informer.delta_fifo import DeltaFIFO
    from listwatch.shared_informer.deltas import DeletedFinalStateUnknown
    from listwatch.shared_informer.field_path import index_by_field
    from listwatch.shared_informer.handlers import EventHandlers, FilteringEventHandler, ResourceEventHandler
    from listwatch.shared_informer.indexer import Indexer
    from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy
    from listwatch.shared_informer.registration import Registration
    from listwatch.shared_informer.shared_informer import SharedInformer
    from listwatch.shared_informer.shared_informer_factory import SharedInformerFactory
    from listwatch.workqueue.work_queue import QueueShutDown, WorkQueue

_HOME = {
    "apimachinery.errors": (
        "APIStatusError", "AlreadyExists", "BadRequest", "CertificateError", "ConfigError", "Conflict",
        "ConnectionLost", "ConnectionRefused", "CredentialError", "DecodeError", "Expired", "Forbidden", "Gone",
        "InternalError", "Invalid", "ListWatchError", "MethodNotAllowed", "NotAcceptable", "NotFound",
        "ProtocolError", "RequestEntityTooLarge", "RequestTimeout", "ServerTimeout", "ServiceUnavailable", "Status",
        "TooManyRequests", "TransportError", "Unauthorized", "UnsupportedMediaType",
    ),
    "apimachinery.key": ("ObjectKey",),
    "apimachinery.meta": ("ObjectMeta", "ResourceVersion", "compare_resource_version"),
    "apimachinery.object": ("Object", "section"),
    "apimachinery.object_list": ("ObjectList",),
    "apimachinery.options": ("ListOptions",),
    "apimachinery.resource": ("GroupVersionKind", "Resource"),
    "apimachinery.unstructured": ("Unstructured",),
    "apimachinery.watch_event": ("EventType", "WatchEvent"),
    "client.client": ("Client",),
    "client.config": ("Config",),
    "client.kubeconfig": ("load_config",),
    "client.resource": ("ALL_NAMESPACES", "PatchType", "ResourceClient", "SubresourceClient"),
    "client.watch": ("Watch",),
    "reflector.list_watch": ("ListWatch", "Lister", "ListerWatcher", "Watcher"),
    "apimachinery.partial_object_metadata": ("PartialObjectMetadata",),
    "apimachinery.backoff": ("Backoff",),
    "controller.controller": ("Controller",),
    "controller.keys": ("owner_key", "own_key",),
    "controller.reconcile": ("Result", "TerminalError",),
    "event_recorder.event_recorder": ("EventRecorder",),
    "leader_election.leader_elector": ("LeaderElector",),
    "leader_election.leadership": ("Leadership", "LeadershipLost",),
    "reflector.failure": ("Failure",),
    "reflector.machine": ("Policy",),
    "reflector.reflector": ("Reflector",),
    "reflector.states": ("ReflectorState",),
    "reflector.store": ("ReflectorStore",),
    "reflector.watch_list_support": ("WatchListSupport",),
    "shared_informer.delta_fifo": ("DeltaFIFO",),
    "shared_informer.deltas": ("DeletedFinalStateUnknown",),
    "shared_informer.field_path": ("index_by_field",),
    "shared_informer.handlers": ("EventHandlers", "FilteringEventHandler", "ResourceEventHandler",),
    "shared_informer.indexer": ("Indexer",),
    "shared_informer.mailbox": ("Mailbox", "MailboxPolicy",),
    "shared_informer.registration": ("Registration",),
    "shared_informer.shared_informer": ("SharedInformer",),
    "shared_informer.shared_informer_factory": ("SharedInformerFactory",),
    "workqueue.work_queue": ("QueueShutDown", "WorkQueue",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "ALL_NAMESPACES",
    "APIStatusError",
    "AlreadyExists",
    "Backoff",
    "BadRequest",
    "CertificateError",
    "Client",
    "Config",
    "ConfigError",
    "Conflict",
    "ConnectionLost",
    "ConnectionRefused",
    "Controller",
    "CredentialError",
    "DecodeError",
    "DeletedFinalStateUnknown",
    "DeltaFIFO",
    "EventHandlers",
    "EventRecorder",
    "EventType",
    "Expired",
    "Failure",
    "FilteringEventHandler",
    "Forbidden",
    "Gone",
    "GroupVersionKind",
    "Indexer",
    "InternalError",
    "Invalid",
    "LeaderElector",
    "Leadership",
    "LeadershipLost",
    "ListOptions",
    "ListWatch",
    "ListWatchError",
    "Lister",
    "ListerWatcher",
    "Mailbox",
    "MailboxPolicy",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "Object",
    "ObjectKey",
    "ObjectList",
    "ObjectMeta",
    "PartialObjectMetadata",
    "PatchType",
    "Policy",
    "ProtocolError",
    "QueueShutDown",
    "Reflector",
    "ReflectorState",
    "ReflectorStore",
    "Registration",
    "RequestEntityTooLarge",
    "RequestTimeout",
    "Resource",
    "ResourceClient",
    "ResourceEventHandler",
    "ResourceVersion",
    "Result",
    "ServerTimeout",
    "ServiceUnavailable",
    "SharedInformer",
    "SharedInformerFactory",
    "Status",
    "SubresourceClient",
    "TerminalError",
    "TooManyRequests",
    "TransportError",
    "Unauthorized",
    "Unstructured",
    "UnsupportedMediaType",
    "Watch",
    "WatchEvent",
    "WatchListSupport",
    "Watcher",
    "WorkQueue",
    "__version__",
    "compare_resource_version",
    "index_by_field",
    "load_config",
    "own_key",
    "owner_key",
    "section",
]


if not TYPE_CHECKING:  # to a type checker it would mean that there is every name

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module 'listwatch' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"listwatch.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
