"""Documents with tags: OpenAPI in both versions, aggregated discovery."""

from __future__ import annotations

import asyncio

import pytest
from api_caller import Caller
from custom_widgets import DEFINITIONS, WIDGETS, definition
from virtual_time import run_virtual

from listwatch.apiserver.wire.protobuf import decode_envelope

PROTOBUF = "application/vnd.kubernetes.protobuf"
V2 = "/openapi/v2"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.mark.parametrize(
    ("target", "accept"),
    [(V2, ""), ("/openapi/v3", ""), ("/openapi/v3/apis/apps/v1", ""), ("/apis", DISCOVERY)],
)
def test_what_a_client_has_is_not_sent_again(target: str, accept: str) -> None:
    """With the tag in `If-None-Match` the answer is 304 without a body; with another tag it is whole."""

    async def main() -> None:
        caller = Caller()
        first = await caller.get(target, accept=accept)
        tag = first.headers["ETag"]
        assert first.status == 200
        again = await caller.get(target, accept=accept, if_none_match=f'"other", W/{tag}')
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert (await caller.get(target, accept=accept, if_none_match='"other"')).body == first.body

    run_virtual(main)


def test_a_v3_document_under_its_hash_may_be_kept_for_ever() -> None:
    """The index's link is immutable; an old hash leads to the present one."""

    async def main() -> None:
        caller = Caller()
        link = (await caller.get("/openapi/v3")).json["paths"]["apis/apps/v1"]["serverRelativeURL"]
        kept = await caller.get(link)
        assert kept.headers["Cache-Control"] == "public, immutable"
        assert "Cache-Control" not in (await caller.get("/openapi/v3/apis/apps/v1")).headers
        moved = await caller.get("/openapi/v3/apis/apps/v1?hash=OLD")
        assert (moved.status, moved.headers["Location"]) == (301, link)

    run_virtual(main)


V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        (f"application/json, {V2_PROTOBUF}", 200, "application/json"),
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf, application/json", 200, V2_PROTOBUF),
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", 200, V2_PROTOBUF),
        ("text/csv", 406, "application/json"),
    ],
)
def test_openapi_v2_comes_in_two_forms(accept: str, status: int, content_type: str) -> None:
    """What is accepted first is what comes; kubectl asks for protobuf only, before it says that a kind is unknown."""

    async def main() -> None:
        answer = await Caller().get(V2, accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (status, content_type)

    run_virtual(main)


@pytest.mark.parametrize("target", ["/api", "/apis", "/apis/apps", "/api/v1", "/apis/apps/v1"])
def test_discovery_in_protobuf_says_what_it_says_in_json(target: str) -> None:
    """Groups, versions and resources come in protobuf to who prefers it."""

    async def main() -> None:
        caller = Caller()
        plain = (await caller.get(target, host="h")).json
        answer = await caller.get(target, host="h", accept=f"{PROTOBUF},application/json")
        assert answer.headers["Content-Type"] == PROTOBUF
        assert decode_envelope(answer.body) == {"apiVersion": "v1", **plain}

    run_virtual(main)


def test_aggregated_discovery_has_no_protobuf_form() -> None:
    """Who prefers it gets the next form that it accepts."""

    async def main() -> None:
        accept = f"{PROTOBUF};{DISCOVERY.partition(';')[2]},{DISCOVERY}"
        answer = await Caller().get("/apis", accept=accept)
        assert answer.headers["Content-Type"].startswith("application/json;g=apidiscovery.k8s.io")

    run_virtual(main)


def test_openapi_v2_has_custom_kinds_as_soon_as_they_are_served() -> None:
    """A definition changes the document and its tag."""

    async def main() -> None:
        caller = Caller()
        before = await caller.get(V2)
        await caller.create(DEFINITIONS, definition())
        await asyncio.sleep(10)  # virtual seconds, until the kind is served
        after = await caller.get(V2, if_none_match=before.headers["ETag"])
        assert after.status == 200
        kinds = [
            each["kind"]
            for schema in after.json["definitions"].values()
            for each in schema.get("x-kubernetes-group-version-kind", ())
            if each["group"] == "example.com"
        ]
        assert "Widget" in kinds
        assert WIDGETS.replace("default", "{namespace}") in after.json["paths"]
        assert b"example.com" not in before.body

    run_virtual(main)
