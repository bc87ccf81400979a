"""Forms of answers and of bodies."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.wire.negotiation import (
    Form,
    ProtobufOffer,
    accepted_form,
    decode_body,
    encode,
    json_value,
)
from listwatch.apiserver.wire.statuses import APIFailure

JSON, YAML = "application/json", "application/yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
ACCEPTED = [
    ("", Form()),
    ("*/*", Form()),
    ("application/*", Form()),
    (YAML, Form(YAML)),
    ("application/yaml;q=0.5, application/json;q=0.4", Form(YAML)),
    ("application/yaml;q=0.5, application/json", Form()),
    ("application/json;q=0, application/yaml", Form(YAML)),
    (TABLE, Form(view="Table")),
    ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", Form(view="Table", meta_version="v1beta1")),
    (f"application/vnd.kubernetes.protobuf, {TABLE}, {JSON}", Form(view="Table")),
    (
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        Form(view="PartialObjectMetadata"),
    ),
    ("application/json;as=Table;v=v9;g=meta.k8s.io, application/json", Form()),
    (f"{DISCOVERY},application/json", Form()),
    ("application/json;stream=watch", Form()),
]


@pytest.mark.parametrize(("accept", "form"), ACCEPTED)
def test_the_best_accepted_form_is_chosen(accept: str, form: Form) -> None:
    """By quality first, then by order; what the server has not is passed over."""
    assert accepted_form(accept) == form


@pytest.mark.parametrize(
    "accept", ["text/html", "application/vnd.kubernetes.protobuf", "application/json;as=X"]
)
def test_without_any_form_in_common_there_is_a_406(accept: str) -> None:
    """A client that accepts nothing that the server has is told so."""
    with pytest.raises(APIFailure) as refusal:
        accepted_form(accept)
    assert refusal.value.code == 406


def test_views_and_discovery_are_only_where_they_exist() -> None:
    """A form that an endpoint has not is passed over there, and taken where it is."""
    assert accepted_form(f"{TABLE},{JSON}", views=False) == Form()
    assert accepted_form(f"{DISCOVERY},{JSON}", discovery=("v2",)) == Form(discovery_version="v2")


PROTOBUF = "application/vnd.kubernetes.protobuf"
PARTIAL = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
BINARY: list[tuple[str, ProtobufOffer, Form]] = [
    (f"{PROTOBUF},{JSON}", "all", Form(PROTOBUF)),
    (f"{PROTOBUF},{JSON}", "metadata", Form()),
    (f"{PROTOBUF},{JSON}", "none", Form()),
    (f"{PROTOBUF};{PARTIAL},{JSON}", "metadata", Form(PROTOBUF, view="PartialObjectMetadata")),
    (f"{PROTOBUF};as=Table;g=meta.k8s.io;v=v1,{TABLE}", "all", Form(view="Table")),
    (f"application/cbor,{PROTOBUF}", "all", Form("application/cbor")),
    (f"application/cbor;as=Table;g=meta.k8s.io;v=v1,{JSON}", "all", Form()),
    (f"{JSON};drop=metadata.managedFields", "all", Form(drops_managed_fields=True)),
    (f"{JSON};drop=metadata.labels", "all", Form()),
]


@pytest.mark.parametrize(("accept", "offer", "form"), BINARY)
def test_binary_forms_are_chosen_where_they_exist(accept: str, offer: ProtobufOffer, form: Form) -> None:
    """Tables are text only, custom resources have only their metadata in protobuf."""
    assert accepted_form(accept, protobuf=offer, has_cbor=True) == form


BODIES = [
    (b'{"a": 1}', JSON, {"a": 1}),
    (b'{"a": 1}', "", {"a": 1}),
    (b"a: 1\nb: 2026-01-01\nc: yes\n", YAML, {"a": 1, "b": "2026-01-01", "c": True}),
    (b'{"a": "\xff"}', "application/json; charset=utf-8", {"a": "\ufffd"}),
    (b'{"a": "\\ud800"}', JSON, {"a": "\ufffd"}),
]


@pytest.mark.parametrize(("body", "content_type", "value"), BODIES)
def test_bodies_are_read_as_json_or_yaml(body: bytes, content_type: str, value: Any) -> None:
    """Both forms give the same object; a date in YAML stays text."""
    assert decode_body(body, content_type, "ConfigMap") == value


REFUSED = [
    (b"x", "text/plain", 415, "the body of the request was in an unknown format"),
    (
        b"k8s\0",
        "application/vnd.kubernetes.protobuf",
        400,
        "Object 'Kind' is missing in the protobuf envelope",
    ),
    (b"", JSON, 400, "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"),
    (b"{not json", JSON, 400, "invalid character 'n' looking for beginning of object key string ({not json)"),
    (b"[1]", JSON, 400, "json: cannot unmarshal array into Go value"),
    (b"a: [", YAML, 400, "yaml parse error"),
    (b"- 1", YAML, 400, "json: cannot unmarshal array into Go value"),
    (b"? [1]\n: 2", YAML, 400, "yaml parse error"),
]


@pytest.mark.parametrize(("body", "content_type", "code", "message"), REFUSED)
def test_bodies_that_are_no_object_are_refused(
    body: bytes, content_type: str, code: int, message: str
) -> None:
    """The refusal says of what kind the object should have been, and what is wrong."""
    with pytest.raises(APIFailure) as refusal:
        decode_body(body, content_type, "ConfigMap")
    assert refusal.value.code == code
    assert message in refusal.value.status["message"]


def test_yaml_quotes_as_go_does() -> None:
    """Text that would be read as something else is quoted twice, never once; repeated parts are not aliased."""
    part = {"k": "2"}
    text = encode({"a": part, "b": part, "c": ["x"], "d": "true"}, Form(YAML))
    assert text == b'a:\n  k: "2"\nb:\n  k: "2"\nc:\n- x\nd: "true"\n'


def test_nesting_beyond_reason_is_refused_not_followed() -> None:
    """A body of nothing but brackets is a fault of the body, not of the server."""
    with pytest.raises(ValueError, match="exceeded max depth"):
        json_value(b"[" * 100_000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'{"a":"\ud800"}', {"a": "\ufffd"}),
        (rb'{"\udc00x":["\ud83d\ude00"],"b":"\ud83d"}', {"\ufffdx": ["\U0001f600"], "b": "\ufffd"}),
        (b'["\xff"]', ["\ufffd"]),
    ],
)
def test_half_a_character_is_replaced(text: bytes, value: Any) -> None:
    """What no encoding can write becomes U+FFFD, as in Go, before anybody stores it."""
    assert json_value(text) == value


@pytest.mark.parametrize(
    "text", [b"[" * 301 + b"]" * 301, b'{"a":' * 600 + b"1" + b"}" * 600, b"[" * 100_000]
)
def test_too_deep_a_value_is_refused(text: bytes) -> None:
    """A value with more levels than the stack could take later is refused at the door."""
    with pytest.raises(ValueError, match=r"max depth|unexpected end"):
        json_value(text)


def test_many_brackets_are_not_deep() -> None:
    """Depth is what counts, not how many lists and objects there are."""
    assert json_value(b"[" + b"[[]]," * 1000 + b"1]")[-1] == 1
    assert json_value(b"[" * 300 + b"]" * 300)


@pytest.mark.parametrize("text", [b"[1e400]", b'{"a":-1e999}'])
def test_a_number_beyond_all_numbers_is_refused(text: bytes) -> None:
    """What would become infinite, which JSON cannot say again, is refused as Go refuses it."""
    with pytest.raises(ValueError, match=r"json: cannot unmarshal number -?1e"):
        json_value(text)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"a: &a [*a]", "contains itself"),
        (b"[" * 3_000_000, "max depth"),
        (
            b"\n".join(
                [b"a: &a [x]", *(b"%c: &%c [%b]" % (n, n, b"*%c," % (n - 1) * 9) for n in b"bcdefghij")]
            ),
            "excessive aliasing",
        ),
    ],
)
def test_a_yaml_bomb_does_not_go_off(body: bytes, problem: str) -> None:
    """YAML whose aliases stand for more than memory holds, or for themselves, is refused without being written out."""
    with pytest.raises(APIFailure, match=problem) as caught:
        decode_body(body, YAML, "Pod")
    assert caught.value.code == 400
