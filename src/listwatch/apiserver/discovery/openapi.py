"""The OpenAPI v3 documents, from which clients learn the shapes of all kinds.

In:    the packaged documents, `listwatch/api/openapi/*.json`
Out:   the index with its hashes, and each document as it is packaged
Rules: a document is read when it is first asked for; its hash is of its bytes, so a client may keep what it has
       as long as the index names the same hash.
Source: KEP-2896 (OpenAPI v3)
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

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


@cache
def document(path: str) -> bytes | None:
    """The document of a path such as `apis/apps/v1`, or None."""
    name = _names().get(path)
    if name is None:
        return None
    return resources.files(_PACKAGE).joinpath("openapi", name).read_bytes()


def document_hash(path: str) -> str:
    """Of the document's bytes."""
    return hashlib.sha512(document(path) or b"").hexdigest().upper()


@cache
def index() -> bytes:
    """`/openapi/v3`: where each document is."""
    paths = {
        path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={document_hash(path)}"} for path in _names()
    }
    return encode_json({"paths": paths}) + b"\n"
