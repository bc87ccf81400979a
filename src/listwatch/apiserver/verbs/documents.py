"""Documents that clients keep: with a tag of their content, and nothing sent again that a client has.

In:    a request, the document's bytes
Out:   200 with the document, 304 without it, 301 to where the present one is
Next:  endpoints.py
Rules: the tag is a hash of the bytes, so the same content has the same tag, in every run of the server.
Source: RFC 9110 (conditional requests); KEP-3352 and KEP-2896, whose clients ask with `If-None-Match` and `hash`
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import resources

from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.discovery import openapi, openapi_v2, openapi_v2_protobuf
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.wire.negotiation import JSON, encode_json, json_value
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import not_acceptable

_TEXT = "text/plain; charset=utf-8"
_JSON_OR_ANY = frozenset({JSON, "application/*", "*/*"})
_PROTOBUF_ANSWER = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# The first is what client-go asks for, though `@` is not allowed in the name of a media type.
_PROTOBUF = frozenset({"application/com.github.proto-openapi.spec.v2@v1.0+protobuf", _PROTOBUF_ANSWER})


def content_hash(body: bytes) -> str:
    """The hash that tags, the OpenAPI index and its links name."""
    return hashlib.sha512(body).hexdigest().upper()


def tagged(
    request: Request,
    body: bytes,
    *,
    content_type: str,
    tag: str = "",
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """The document with its tag, or 304 if the client has it already."""
    quoted = f'"{tag or content_hash(body)}"'
    fields = [("ETag", quoted), *headers]
    known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    if quoted in known or "*" in known:
        answer = Response.of(304, b"", content_type=content_type, headers=fields)
        del answer.headers["Content-Type"]
        return answer
    return Response.of(200, body, content_type=content_type, headers=fields)


def openapi_v3_index(request: Request, registry: ResourceRegistry | None = None) -> Response:
    """`/openapi/v3`, with the custom kinds of a registry."""
    return tagged(request, openapi.index(registry), content_type=_TEXT)


def openapi_v3_document(info: RequestInfo, request: Request, body: bytes) -> Response:
    """One document of OpenAPI v3. Asked for by the hash of the index it may be kept for ever.

    An old hash leads to the present document.
    """
    tag = content_hash(body)
    asked = info.query.get("hash")
    if not asked:
        return tagged(request, body, content_type=JSON, tag=tag)
    if asked != tag:
        where = f"{info.path}?hash={tag}"
        return Response.of(301, b"", content_type="text/html; charset=utf-8", headers=[("Location", where)])
    kept = [("Vary", "Accept"), ("Cache-Control", "public, immutable")]
    return tagged(request, body, content_type=JSON, tag=tag, headers=kept)


def openapi_v2_document(request: Request, custom: tuple[bytes, ...] = ()) -> Response:
    """`/openapi/v2`, in JSON or, for client-go, in protobuf: what is accepted first.

    Args:
        request: What is asked.
        custom: OpenAPI v3 documents of custom kinds, which come before the built-in ones.

    Raises:
        APIFailure: 406, neither form is accepted.
    """
    accept = request.headers.get("Accept", "").strip() or JSON
    clauses = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    chosen = next((each for each in clauses if each in _JSON_OR_ANY or each in _PROTOBUF), None)
    if chosen is None:
        raise not_acceptable()
    vary = [("Vary", "Accept")]
    if chosen in _PROTOBUF:
        body, tag = _swagger(custom, as_protobuf=True)
        return tagged(request, body, content_type=_PROTOBUF_ANSWER, tag=tag, headers=vary)
    body, tag = _swagger(custom, as_protobuf=False)
    return tagged(request, body, content_type=JSON, tag=tag, headers=vary)


@cache
def _builtin_swagger(*, as_protobuf: bool) -> tuple[bytes, str]:
    return _made((), as_protobuf=as_protobuf)


def _swagger(custom: tuple[bytes, ...], *, as_protobuf: bool) -> tuple[bytes, str]:
    """Document and tag; the last one with custom kinds is kept, since they change seldom."""
    if not custom:
        return _builtin_swagger(as_protobuf=as_protobuf)
    key = content_hash(b"".join(custom))
    kept = _last.get(as_protobuf)
    if kept is None or kept[0] != key:
        kept = _last[as_protobuf] = (key, _made(custom, as_protobuf=as_protobuf))
    return kept[1]


_last: dict[bool, tuple[str, tuple[bytes, str]]] = {}


def _made(custom: tuple[bytes, ...], *, as_protobuf: bool) -> tuple[bytes, str]:
    texts = [*custom, *(found for path in openapi.paths() if (found := openapi.document(path)) is not None)]
    server = json_value(resources.files("listwatch.apiserver").joinpath("data/version.json").read_bytes())
    swagger = openapi_v2.swagger(map(json_value, texts), version=server["gitVersion"])
    body = openapi_v2_protobuf.document(swagger) if as_protobuf else encode_json(swagger) + b"\n"
    return body, content_hash(body)
