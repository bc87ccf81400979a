"""One request on its way through the server: what it asks for, of whom, and in which form.

In:    a `Request`, taken apart
Out:   `Call`, which every verb takes; `Response`s from bodies
Rules: no decisions here; a `Call` is made by server.py and only read by the verbs, but for its warnings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from listwatch.apimachinery.http import Request, Response
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.wire.negotiation import JSON, Form, encode, encode_json
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import APIFailure

JSONObject = dict[str, Any]


@dataclass(slots=True)
class Call:
    """A request on a known resource.

    Attributes:
        warnings: Texts for `Warning` headers of the answer, in order.
    """

    request: Request
    info: RequestInfo
    user: User
    resource: Resource
    form: Form
    warnings: list[str] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """The namespace of the path, "" for none."""
        return self.info.namespace

    @property
    def name(self) -> str:
        """The name in the path, "" for a collection."""
        return self.info.name

    @property
    def content_type(self) -> str:
        """The header, "" if absent."""
        return self.request.headers.get("Content-Type", "")

    @property
    def include_object(self) -> str:
        """What the rows of a table carry besides their cells."""
        return self.info.query.get("includeObject")

    def respond(self, status: int, body: bytes) -> Response:
        """An answer in the form that was asked for."""
        return Response.of(
            status, body, content_type=self.form.media_type, headers=warning_headers(self.warnings)
        )

    def respond_status(self, status: int, document: JSONObject) -> Response:
        """An answer that is a Status or another small document."""
        return self.respond(status, encode(document, self.form))


def warning_headers(texts: Iterable[str]) -> list[tuple[str, str]]:
    """One `Warning` header per distinct text (RFC 7234, code 299)."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in dict.fromkeys(texts))
    return [("Warning", f'299 - "{text}"') for text in quoted]


def text_response(status: int, text: str) -> Response:
    """Plain text, as health checks and unknown paths are answered."""
    return Response.of(status, text.encode(), content_type="text/plain; charset=utf-8")


def json_response(status: int, document: Any, *, content_type: str = JSON) -> Response:
    """A JSON document."""
    return Response.of(status, encode_json(document) + b"\n", content_type=content_type)


def failure_response(refusal: APIFailure, form: Form | None = None) -> Response:
    """A refusal as an answer."""
    chosen = form or Form()
    return Response.of(
        refusal.code,
        encode(refusal.status, chosen),
        content_type=chosen.media_type,
        headers=refusal.headers,
    )
