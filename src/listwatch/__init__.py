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
    from listwatch.apimachinery.resource import GroupVersionKind, Resource
    from listwatch.apimachinery.unstructured import Unstructured
    from listwatch.apimachinery.watch_event import EventType, WatchEvent
    from listwatch.client.client import Client
    from listwatch.client.config import Config
    from listwatch.client.kubeconfig import load_config
    from listwatch.client.resource import ALL_NAMESPACES, PatchType, ResourceClient, SubresourceClient
    from listwatch.client.watch import Watch
    from listwatch.reflector.list_watch import Lister, ListerWatcher, ListWatch, Watcher

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
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "ALL_NAMESPACES",
    "APIStatusError",
    "AlreadyExists",
    "BadRequest",
    "CertificateError",
    "Client",
    "Config",
    "ConfigError",
    "Conflict",
    "ConnectionLost",
    "ConnectionRefused",
    "CredentialError",
    "DecodeError",
    "EventType",
    "Expired",
    "Forbidden",
    "Gone",
    "GroupVersionKind",
    "InternalError",
    "Invalid",
    "ListOptions",
    "ListWatch",
    "ListWatchError",
    "Lister",
    "ListerWatcher",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "Object",
    "ObjectKey",
    "ObjectList",
    "ObjectMeta",
    "PatchType",
    "ProtocolError",
    "RequestEntityTooLarge",
    "RequestTimeout",
    "Resource",
    "ResourceClient",
    "ResourceVersion",
    "ServerTimeout",
    "ServiceUnavailable",
    "Status",
    "SubresourceClient",
    "TooManyRequests",
    "TransportError",
    "Unauthorized",
    "Unstructured",
    "UnsupportedMediaType",
    "Watch",
    "WatchEvent",
    "Watcher",
    "__version__",
    "compare_resource_version",
    "load_config",
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
