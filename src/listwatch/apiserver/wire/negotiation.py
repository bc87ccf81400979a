"""In which form a client wants its answer, and in which it sends its objects.

In:    `Accept` and `Content-Type` headers, bodies
Out:   `Form` (JSON, YAML, protobuf or CBOR; whole objects, metadata only, or a table), decoded bodies, encoded
       answers
Next:  reading.py and writing.py answer in the form
Rules: pure. A client that accepts nothing of what there is gets a 406, one that also accepts JSON gets JSON, as API
       clients must expect: custom resources have no protobuf form, tables neither that nor CBOR.
Source: API concepts, "Alternate representations of resources" and "Receiving resources as Tables";
        apiserver pkg/endpoints/handlers/negotiation
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import yaml

from listwatch.apimachinery.http import Request
from listwatch.apiserver.wire import cbor, go_json
from listwatch.apiserver.wire.statuses import (
    APIFailure,
    bad_request,
    not_acceptable,
    unsupported_body_type,
)

JSONObject = dict[str, Any]
JSON: Final = "application/json"
YAML: Final = "application/yaml"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
CBOR: Final = "application/cbor"
CBOR_SEQUENCE: Final = "application/cbor-seq"
ProtobufOffer = Literal["none", "metadata", "all"]
"""What an endpoint has in protobuf: nothing, objects' metadata alone, or all but tables."""
View = Literal["", "Table", "PartialObjectMetadata"]

_MOST_YAML_VALUES: Final = 4_000_000  # a body of three megabytes cannot have more without aliases
_BEING_COUNTED: Final = -1
MAX_BODY_BYTES: Final = 3 * 1024 * 1024
MOST_LEVELS: Final = 300  # Go's limit is 10,000; our stack is smaller
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_YAML_TYPES: Final = frozenset({YAML, "application/x-yaml", "text/yaml"})
_ANY: Final = frozenset({"*/*", "application/*"})
_META_VERSIONS: Final = frozenset({"v1", "v1beta1"})
_VIEWS: Final[dict[str, View]] = {
    "Table": "Table",
    "PartialObjectMetadata": "PartialObjectMetadata",
    "PartialObjectMetadataList": "PartialObjectMetadata",
}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an answer.

    Attributes:
        media_type: `application/json`, `application/yaml`, that of protobuf, or `application/cbor`.
        view: "" for whole objects.
        meta_version: The version of `meta.k8s.io` in which a view was asked for.
        discovery_version: Of the aggregated discovery form; "" for the old form.
        drops_managed_fields: Whether objects are wanted without `metadata.managedFields`.
    """

    media_type: str = JSON
    view: View = ""
    meta_version: str = "v1"
    discovery_version: str = ""
    drops_managed_fields: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is JSON with nothing left out, the form for which bytes are kept at hand."""
        return self.media_type == JSON and not self.drops_managed_fields

    @property
    def stream_type(self) -> str:
        """The media type of a stream of events in this form."""
        if self.media_type == PROTOBUF:
            return f"{PROTOBUF};stream=watch"
        return CBOR_SEQUENCE if self.media_type == CBOR else self.media_type


def _clauses(header: str) -> list[tuple[str, dict[str, str]]]:
    """Media types with their parameters, best first; of equal quality, in the order given."""
    found: list[tuple[float, int, str, dict[str, str]]] = []
    for index, text in enumerate(header.split(",")):
        media_type, *parameters = (part.strip() for part in text.split(";"))
        if not media_type:
            continue
        values = {
            name.strip().lower(): value.strip().strip('"')
            for name, _, value in (parameter.partition("=") for parameter in parameters)
        }
        try:
            quality = float(values.pop("q", "1"))
        except ValueError:
            quality = 0.0
        if quality > 0:
            found.append((-quality, index, media_type.lower(), values))
    return [(media_type, values) for _, _, media_type, values in sorted(found, key=lambda each: each[:2])]


def accepted_form(
    accept: str,
    *,
    views: bool = True,
    discovery: tuple[str, ...] = (),
    streaming: bool = False,
    protobuf: ProtobufOffer = "none",
    has_cbor: bool = False,
) -> Form:
    """The first form among those accepted that the server has.

    Args:
        accept: The header; "" accepts anything.
        views: Whether the endpoint has tables and metadata-only objects.
        discovery: The versions of the aggregated discovery form that the endpoint has.
        streaming: Whether the answer is a stream, for which there is no YAML.
        protobuf: What the endpoint has in protobuf.
        has_cbor: Whether the endpoint has CBOR.

    Raises:
        APIFailure: 406.
    """
    if not accept.strip():
        return Form()
    for media_type, values in _clauses(accept):
        chosen = _offered(media_type, streaming=streaming, has_cbor=has_cbor)
        wanted = values.get("as", "")
        if not chosen or (chosen == PROTOBUF and not _in_protobuf(wanted, protobuf)):
            continue
        drops = values.get("drop", "") == _DROPPED
        if not wanted:
            return Form(chosen, drops_managed_fields=drops)
        group, version = values.get("g", ""), values.get("v", "")
        if views and wanted in _VIEWS and group == "meta.k8s.io" and version in _META_VERSIONS:
            if wanted != "Table" or chosen in {JSON, YAML}:
                return Form(chosen, view=_VIEWS[wanted], meta_version=version, drops_managed_fields=drops)
        elif wanted == "APIGroupDiscoveryList" and group == "apidiscovery.k8s.io" and version in discovery:
            return Form(chosen, discovery_version=version)
    raise not_acceptable()


_DROPPED: Final = "metadata.managedFields"


def _offered(media_type: str, *, streaming: bool, has_cbor: bool) -> str:
    """The media type that a clause of `Accept` names or covers; "" for none."""
    if media_type in _ANY or media_type == JSON:
        return JSON
    if media_type in _YAML_TYPES:
        return "" if streaming else YAML
    if media_type == PROTOBUF:
        return PROTOBUF
    if media_type == CBOR or (streaming and media_type == CBOR_SEQUENCE):
        return CBOR if has_cbor and cbor.is_available() else ""
    return ""


def _in_protobuf(wanted: str, offer: ProtobufOffer) -> bool:
    if wanted.startswith("PartialObjectMetadata"):
        return offer != "none"
    return offer == "all" and not wanted


def encode_json(value: Any) -> bytes:
    """Compact JSON."""
    return _encode(value)


def encode(value: Any, form: Form) -> bytes:
    """A whole document; text is ended by a newline.

    Raises:
        APIFailure: 406, its kind has no protobuf form.
    """
    if form.media_type == YAML:
        return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=2**31).encode()
    if form.media_type == PROTOBUF:
        return _protobuf_document(value)
    if form.media_type == CBOR:
        return cbor.encode(value)
    return _encode(value) + b"\n"


def _protobuf_document(value: JSONObject) -> bytes:
    from listwatch.apiserver.wire import protobuf  # noqa: PLC0415 - rare, and its table is read with it

    try:
        return protobuf.encode_envelope(value)
    except LookupError:
        raise not_acceptable() from None


def json_value(text: bytes) -> Any:
    """A JSON value.

    Raises:
        ValueError: It is none; the message is Go's.
    """
    try:
        value = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        fault = go_json.fault(text)
        if fault:
            raise ValueError(fault) from error
        # What Go reads and our decoder does not: lone surrogates, invalid UTF-8.
        value = json.loads(text.decode("utf-8", errors="replace"), parse_float=_float)
        value = json.loads(_SURROGATES.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    if text.count(b"[") + text.count(b"{") > MOST_LEVELS and is_too_deep(value):
        raise ValueError("exceeded max depth")
    return value


def is_too_deep(value: Any) -> bool:
    """Whether a value has more levels than everybody who takes it apart has stack for."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = (
            [
                part
                for each in level
                for part in (each.values() if isinstance(each, dict) else each)
                if isinstance(part, dict | list)
            ]
            if isinstance(level[0], dict | list)
            else []
        )
        if not level:
            return False
    return True


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return number


def is_protobuf(request: Request) -> bool:
    """Whether the body is said to be protobuf."""
    return _media_type(request.headers.get("Content-Type", "")) == PROTOBUF


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def decode_body(body: bytes, content_type: str, kind: str) -> JSONObject:
    """The object in a request's body.

    Args:
        body: As sent.
        content_type: The header; "" means JSON.
        kind: What it should be, for the message.

    Raises:
        APIFailure: 415 for a form that is not read, 400 for a body that is no object.
    """
    media_type = _media_type(content_type)
    if media_type in {"", JSON}:
        text = body
    elif media_type in _YAML_TYPES:
        text = _yaml_to_json(body, kind)
    elif media_type == PROTOBUF:
        return _from_protobuf(body, kind)
    elif media_type == CBOR and cbor.is_available():
        return _from_cbor(body, kind)
    else:
        raise unsupported_body_type()
    try:
        value = json_value(text)
    except ValueError as error:
        shown = body.decode("utf-8", errors="replace") or "<empty>"
        raise _unrecognized(kind, f"json parse error: {error} ({_shortened(shown)})") from error
    if not isinstance(value, dict):
        target = "struct { APIVersion string; Kind string }"
        problem = f"json: cannot unmarshal {_go_type(value)} into Go value of type {target}"
        raise _unrecognized(kind, f"json parse error: {problem}")
    return value


def _from_protobuf(body: bytes, kind: str) -> JSONObject:
    from listwatch.apiserver.wire import protobuf  # noqa: PLC0415 - rare, and its table is read with it
    from listwatch.apiserver.wire.protobuf_primitives import ProtobufError  # noqa: PLC0415 - likewise

    try:
        return protobuf.decode_envelope(body)
    except ProtobufError as error:
        raise _unreadable(kind, str(error), body) from error


def _from_cbor(body: bytes, kind: str) -> JSONObject:
    try:
        value = cbor.decode(body)
    except cbor.CBORError as error:
        raise _unreadable(kind, str(error), body) from error
    if not isinstance(value, dict):
        raise _unreadable(kind, f"cannot unmarshal {_go_type(value)} into an object", body)
    return value


def _unreadable(kind: str, problem: str, body: bytes) -> APIFailure:
    shown = body[:30].hex() + (" ..." if len(body) > 30 else "") if body else "<empty>"
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {problem} ({shown})")


def _go_type(value: object) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "bool"
    return "array" if isinstance(value, list) else "number"


def _shortened(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:64]}..."


def _unrecognized(kind: str, problem: str) -> APIFailure:
    return bad_request(
        f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; {problem}"
    )


class YAMLLoader(yaml.SafeLoader):
    """Reads YAML as the API does: dates stay text, since JSON has none; not to any depth, which costs its square."""

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803 - the library's name
        """Begin a list or a map in brackets, unless there are too many around it already."""
        if self.flow_level > MOST_LEVELS:
            raise yaml.YAMLError("exceeded max depth")
        super().fetch_flow_collection_start(TokenClass)


YAMLLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Writes YAML as Go's library does: double quotes where quotes are needed, no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def choose_scalar_style(self) -> str:
        style = super().choose_scalar_style()
        return '"' if style == "'" else style


def check_yaml_size(value: object) -> None:
    """Refuse a document whose aliases make far more of it than was sent.

    Raises:
        YAMLError: It is one.
    """
    if _expanded(value, {}) > _MOST_YAML_VALUES:
        raise yaml.YAMLError("document contains excessive aliasing")


def _expanded(value: object, sizes: dict[int, int]) -> int:
    """How many values a document has when its aliases are written out: few bytes can mean billions.

    Raises:
        YAMLError: A value contains itself.
    """
    if not isinstance(value, dict | list):
        return 1
    found = sizes.get(id(value))
    if found is None:
        sizes[id(value)] = _BEING_COUNTED
        parts = value.values() if isinstance(value, dict) else value
        found = sizes[id(value)] = 1 + sum(_expanded(part, sizes) for part in parts)
    if found == _BEING_COUNTED:
        raise yaml.YAMLError("anchor value contains itself")
    return found


def _yaml_to_json(body: bytes, kind: str) -> bytes:
    try:
        value = yaml.load(body, Loader=YAMLLoader)  # noqa: S506 - a SafeLoader with fewer types
        check_yaml_size(value)
        return _encode(value)
    except RecursionError as error:
        raise _unrecognized(kind, "yaml parse error: exceeded max depth") from error
    except (yaml.YAMLError, TypeError, ValueError, OverflowError) as error:
        problem = str(error).replace("\n", " ")
        raise _unrecognized(kind, f"yaml parse error: {problem}") from error
