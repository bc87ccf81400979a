"""Everything that is answered without looking at an object: discovery, OpenAPI, version, health.

In:    a `RequestInfo` whose path is no resource path
Out:   a `Response`
Rules: no state but the registry; unknown paths are answered as kube-apiserver's router does, in plain text.
Source: API concepts, "API Discovery"; Kubernetes docs, "Kubernetes API health endpoints"
"""

from __future__ import annotations

from functools import cache
from importlib import resources as package_resources
from typing import Any, Final

from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.discovery import discovery, openapi
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.verbs import documents
from listwatch.apiserver.verbs.call import json_response, text_response
from listwatch.apiserver.verbs.service_account_tokens import ServiceAccountTokens
from listwatch.apiserver.wire.negotiation import JSON, PROTOBUF, Form, accepted_form, encode, encode_json
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import method_not_allowed, no_such_resource, not_implemented

_HEALTH: Final = frozenset({"healthz", "livez", "readyz"})
_CHECKS: Final = ("ping", "log", "etcd")
_KEYS: Final = "openid/v1/jwks"
_OPENID: Final = frozenset({".well-known/openid-configuration", _KEYS})
_REFUSED: Final = {
    "logs": "serve logs",
    "debug": "serve profiles",
}


def answer_path(
    info: RequestInfo, request: Request, registry: ResourceRegistry, tokens: ServiceAccountTokens
) -> Response:
    """Answer a path that names no resource.

    Raises:
        APIFailure: 404, 405, 406, 501.
    """
    path = info.path.strip("/")
    if info.method not in {"GET", "HEAD"}:
        raise method_not_allowed()
    for refused, what in _REFUSED.items():
        if path == refused or path.startswith(refused + "/"):
            raise not_implemented(what)
    first, _, rest = path.partition("/")
    if first in _HEALTH:
        return _health(first, rest, verbose="verbose" in info.query)
    if path == "version":
        return Response.of(200, _version(), content_type=JSON)
    if first == "openapi":
        return _openapi(path, info, request, registry)
    if first in {"api", "apis"}:
        return _discovery(info, path, request, registry)
    if path in _OPENID:
        return _openid(path, request, tokens)
    if not path:
        return json_response(200, {"paths": _paths(registry)})
    return _unknown_path()


def _openid(path: str, request: Request, tokens: ServiceAccountTokens) -> Response:
    """Where the keys are by which others check service account tokens, or the keys."""
    if path == _KEYS:
        answer = json_response(200, tokens.key_set(), content_type="application/jwk-set+json")
    else:
        answer = json_response(200, tokens.openid_configuration(request.headers.get("Host", "")))
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _unknown_path() -> Response:
    return text_response(404, "404 page not found\n")


def _discovery(info: RequestInfo, path: str, request: Request, registry: ResourceRegistry) -> Response:
    accept = request.headers.get("Accept", "")
    if path in {"api", "apis"}:
        form = accepted_form(accept, views=False, discovery=discovery.AGGREGATED_VERSIONS, protobuf="all")
        version = form.discovery_version
        if version:
            document = discovery.aggregated(registry, core=path == "api", version=version)
            return documents.tagged(
                request,
                encode_json(document) + b"\n",
                content_type=discovery.aggregated_content_type(version),
                headers=[("Vary", "Accept"), ("Cache-Control", "public")],
            )
        if path == "api":
            return _told(discovery.api_versions(request.headers.get("Host", "")), form)
        return _told(discovery.group_list(registry), form)
    form = accepted_form(accept, views=False, protobuf="all")
    if path.startswith("apis/") and not info.version:
        group = registry.group(path.removeprefix("apis/"))
        return _told(discovery.api_group(group), form) if group is not None else _unknown_path()
    known = registry.group(info.group)
    if known is None:
        return _unknown_path()
    if info.version not in known.versions:
        raise no_such_resource()
    return _told(discovery.resource_list(registry, info.group, info.version), form)


def _told(document: dict[str, Any], form: Form) -> Response:
    """A discovery document in JSON or protobuf, as it always was: YAML is asked for in vain."""
    if form.media_type != PROTOBUF:
        return json_response(200, document)
    body = encode({"apiVersion": "v1", **document}, form)
    return Response.of(200, body, content_type=PROTOBUF)


def _openapi(path: str, info: RequestInfo, request: Request, registry: ResourceRegistry) -> Response:
    if path == "openapi/v3":
        return documents.openapi_v3_index(request, registry)
    if path == "openapi/v2":
        return documents.openapi_v2_document(request, openapi.custom_documents(registry))
    document = openapi.document(path.removeprefix("openapi/v3/"), registry)
    if document is None:
        return _unknown_path()
    return documents.openapi_v3_document(info, request, document)


def _health(endpoint: str, check: str, *, verbose: bool) -> Response:
    if check:
        return text_response(200, "ok") if check in _CHECKS else _unknown_path()
    if not verbose:
        return text_response(200, "ok")
    lines = "".join(f"[+]{each} ok\n" for each in _CHECKS)
    return text_response(200, f"{lines}{endpoint} check passed\n")


def _paths(registry: ResourceRegistry) -> list[str]:
    others = ("api", "api/v1", "apis", "openapi/v2", "openapi/v3", "version")
    paths = [f"/{path}" for path in (*_OPENID, *_HEALTH, *others)]
    for group in registry.groups():
        if group.name:
            paths.append(f"/apis/{group.name}")
            paths.extend(f"/apis/{group.name}/{version}" for version in group.versions)
    return sorted(paths)


@cache
def _version() -> bytes:
    return package_resources.files("listwatch.apiserver").joinpath("data/version.json").read_bytes()
