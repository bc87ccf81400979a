"""The OpenAPI v3 documents, from which clients learn the shapes of all kinds.

In:    the packaged documents, `listwatch/api/openapi/*.json`, and data/openapi_paths.json for paths that hold no kinds
Out:   the index with its hashes, and each document as it is packaged
Rules: a document is read when it is first asked for; its hash is of its bytes, so a client may keep what it has
       as long as the index names the same hash.
Source: KEP-2896 (OpenAPI v3)
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from weakref import WeakKeyDictionary

import msgspec

from listwatch.apiserver.discovery.custom_openapi import custom_document, custom_paths
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.wire.negotiation import encode_json

_PACKAGE = "listwatch.api"


@cache
def _names() -> dict[str, str]:
    """Document paths, such as `apis/apps/v1`, and the names of their files."""
    folder = resources.files(_PACKAGE).joinpath("openapi")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return {name.removesuffix(".json").replace("__", "/"): name for name in names}


def paths() -> list[str]:
    """The paths of all documents, such as `apis/apps/v1`, sorted."""
    return list(_names())


def document(path: str, registry: ResourceRegistry | None = None) -> bytes | None:
    """The document of a path such as `apis/apps/v1`, or None; with a registry, those of its custom kinds too."""
    found = _packaged(path)
    return found if found is not None or registry is None else _custom(registry).get(path)


@cache
def _others() -> dict[str, msgspec.Raw]:
    """The documents of paths such as `version`."""
    content = resources.files("listwatch.apiserver").joinpath("data/openapi_paths.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, msgspec.Raw])


@cache
def _packaged(path: str) -> bytes | None:
    name = _names().get(path)
    if name is None:
        other = _others().get(path)
        return None if other is None else bytes(other)
    return resources.files(_PACKAGE).joinpath("openapi", name).read_bytes()


@cache
def document_hash(path: str) -> str:
    """Of a packaged document's bytes."""
    return _hash(_packaged(path) or b"")


def index(registry: ResourceRegistry | None = None) -> bytes:
    """`/openapi/v3`: where each document is; with a registry, those of its custom kinds too."""
    hashes = {path: document_hash(path) for path in (*_names(), *_others())}
    if registry is not None:
        hashes |= {path: _hash(body) for path, body in _custom(registry).items()}
    paths = {
        path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={hashes[path]}"} for path in sorted(hashes)
    }
    return encode_json({"paths": paths}) + b"\n"


def _hash(body: bytes) -> str:
    return hashlib.sha512(body).hexdigest().upper()


def custom_documents(registry: ResourceRegistry) -> tuple[bytes, ...]:
    """The documents of a registry's custom kinds, for those who make one of all."""
    return tuple(_custom(registry).values())


_documents: WeakKeyDictionary[ResourceRegistry, tuple[int, dict[str, bytes]]] = WeakKeyDictionary()


def _custom(registry: ResourceRegistry) -> dict[str, bytes]:
    """The documents of custom kinds by path, made anew when the registry has changed."""
    found = _documents.get(registry)
    if found is None or found[0] != registry.generation:
        made = {path: custom_document(registry, path) for path in custom_paths(registry)}
        documents = {path: encode_json(each) + b"\n" for path, each in made.items() if each is not None}
        found = _documents[registry] = (registry.generation, documents)
    return found[1]
