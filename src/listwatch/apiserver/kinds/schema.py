"""The shape of every built-in kind, and decoding by it as a typed API server decodes.

In:    `api/openapi/*.json` (one file per group and version, read when first asked for); decoded JSON
Out:   `Node` trees; objects normalised to what the server would store and give back
Next:  defaults.py, validation.py (enums), apiserver/verbs/strategic_patch.py (merge keys)
Rules: no side effect but reading packaged data once; the result shares nothing with what went in; every fault
       of the input is a `SchemaError`, never a Python error
Source: Kubernetes OpenAPI v3 (`/openapi/v3`), KEP-2885 (field validation), messages of Go's encoding/json
"""

from __future__ import annotations

import base64
import binascii
import copy
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, Protocol

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.kinds.quantity import QuantityError, canonical_quantity
from listwatch.apiserver.kinds.schema_zeros import KEPT_ZEROS, NULL_LISTS, NULL_TIMES
from listwatch.apiserver.wire.go_json import json_kind
from listwatch.apiserver.wire.timestamps import TimestampError, format_timestamp, parse_timestamp

FieldValidation = Literal["Ignore", "Warn", "Strict"]


class SchemaError(ListWatchError):
    """The object cannot be decoded as its kind. The message is the decoder's, without the kind before it."""

    def for_kind(self, version: str, kind: str) -> str:
        """The message of the 400 that a create or replace with such a body gets."""
        return f'{kind} in version "{version}" cannot be handled as a {kind}: {self}'


@dataclass(slots=True, eq=False)
class Node:
    """The shape of one value.

    `kind` is one of struct, map, list, string, bytes, integer, number, boolean, quantity, int-or-string,
    time, micro-time, any. `go_type` is how the decoder's messages name it. `list_type`, `list_map_keys` and
    `map_type` say how apply takes the value: in parts, or as one (`atomic`); "" is what Kubernetes takes for
    granted: lists as one, maps and structs in parts. A struct that `keeps_unknown` holds members
    beside its `fields`, of any shape; only custom kinds have those.
    """

    kind: str
    go_type: str
    name: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    element: Node | None = None
    bits: int = 64
    implied: tuple[str, ...] = ()
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""
    keeps_unknown: bool = False


@dataclass(slots=True, eq=False)
class Field:
    """One member of a struct, with what merging and encoding need to know of it.

    `default` is what stands there when nothing is given (`MISSING`: nothing does); `merge_key` and
    `strategies` are the strategic merge patch's, `list_type` and `list_map_keys` those of apply, as the node has
    them; `map_type` is the field's own word where it goes before its node's.
    """

    node: Node
    required: bool = False
    default: Any = None
    has_default: bool = False
    is_embedded: bool = False
    writes_null: bool = False
    keeps_zero: bool = True
    enum: tuple[str, ...] = ()
    merge_key: str = ""
    strategies: tuple[str, ...] = ()
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""


_ABSENT: Final = object()
_ANY: Final = Node("any", "interface {}")
_SPECIAL: Final = {
    "Quantity": Node("quantity", "resource.Quantity"),
    "IntOrString": Node("int-or-string", "intstr.IntOrString"),
    "Time": Node("time", "string"),
    "MicroTime": Node("micro-time", "string"),
    "RawExtension": _ANY,
    "FieldsV1": _ANY,
    "JSON": _ANY,
    "JSONSchemaPropsOrArray": _ANY,
    "JSONSchemaPropsOrBool": _ANY,
    "JSONSchemaPropsOrStringArray": _ANY,
}
_REFERENCE_PREFIX: Final = "#/components/schemas/"


class _Compiler:
    """Turns the schemas of one OpenAPI file into nodes, each once; recursion closes on the finished node."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._nodes: dict[str, Node] = {}

    def reference(self, name: str) -> Node:
        short = name.rpartition(".")[2]
        if (special := _SPECIAL.get(short)) is not None:
            return special
        node = self._nodes.get(name)
        if node is None:
            package = name.rsplit(".", 2)[-2]
            schema = self._schemas[name]
            node = self._nodes[name] = Node("struct", f"{package}.{short}", short)
            node.map_type = schema.get("x-kubernetes-map-type", "")
            self._fill(node, schema)
        return node

    def _fill(self, node: Node, schema: dict[str, Any]) -> None:
        required = frozenset(schema.get("required", ()))
        kept = KEPT_ZEROS.get(node.name, frozenset())
        null_times = NULL_TIMES.get(node.name, frozenset())
        null_lists = NULL_LISTS.get(node.name, frozenset())
        for name, part in schema.get("properties", {}).items():
            child = self._node(part)
            member = Field(child, required=name in required)
            default = part.get("default")
            if default == {} and child.kind == "struct":
                member.is_embedded = True
            elif default is not None and not _is_silent_default(node.name, name, default, name in required):
                member.default, member.has_default = default, True
            member.writes_null = name in null_times or name in null_lists
            if child.kind == "list" and name in required:
                member.writes_null = True
            member.keeps_zero = name in kept or member.has_default or name in required
            member.enum = tuple(part.get("enum", ()))
            member.merge_key = part.get("x-kubernetes-patch-merge-key", "")
            strategy = part.get("x-kubernetes-patch-strategy", "")
            member.strategies = tuple(strategy.split(",")) if strategy else ()
            member.list_type = part.get("x-kubernetes-list-type", "")
            member.list_map_keys = tuple(part.get("x-kubernetes-list-map-keys", ()))
            member.map_type = part.get("x-kubernetes-map-type", "")
            node.fields[name] = member
        node.implied = tuple(
            name
            for name, member in node.fields.items()
            if member.has_default or member.is_embedded or member.writes_null
        )

    def _node(self, schema: dict[str, Any]) -> Node:
        reference = schema.get("$ref")
        if reference is None and len(schema.get("allOf", ())) == 1:
            reference = schema["allOf"][0].get("$ref")
        if reference is not None:
            return self.reference(reference.removeprefix(_REFERENCE_PREFIX))
        match schema.get("type"):
            case "array":
                element = self._node(schema.get("items", {}))
                return Node(
                    "list",
                    f"[]{element.go_type}",
                    element=element,
                    list_type=schema.get("x-kubernetes-list-type", ""),
                    list_map_keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
                )
            case "object" if "additionalProperties" in schema:
                element = self._node(schema["additionalProperties"])
                map_type = schema.get("x-kubernetes-map-type", "")
                return Node("map", f"map[string]{element.go_type}", element=element, map_type=map_type)
            case "string" if schema.get("format") == "byte":
                return Node("bytes", "[]uint8")
            case "string":
                return Node("string", "string")
            case "integer":
                bits = 32 if schema.get("format") == "int32" else 64
                return Node("integer", f"int{bits}", bits=bits)
            case "number":
                return Node("number", "float64")
            case "boolean":
                return Node("boolean", "bool")
            case _:
                return _ANY


def _is_silent_default(owner: str, name: str, default: object, required: bool) -> bool:
    """Whether a declared zero default stands for a field that is left out when zero all the same."""
    if required:
        return False
    if name == "name":
        return default == "" and owner != "NodeRuntimeHandler"
    return (owner, name) in {("ScaleSpec", "replicas"), ("ReplicationControllerSpec", "minReadySeconds")}


@cache
def _file(group: str, version: str) -> tuple[_Compiler, dict[str, str]] | None:
    """The schemas of one group and version, and which kinds they hold; None if there is no such file."""
    if not re.fullmatch(r"[a-z0-9.-]{0,100}", group + version):
        return None
    name = f"apis__{group}__{version}.json" if group else f"api__{version}.json"
    path = resources.files("listwatch.api") / "openapi" / name
    if not path.is_file():
        return None
    schemas = json.loads(path.read_bytes())["components"]["schemas"]
    kinds: dict[str, str] = {}
    for schema_name, schema in schemas.items():
        for entry in schema.get("x-kubernetes-group-version-kind", ()):
            if entry.get("group") == group and entry.get("version") == version:
                kinds[entry["kind"]] = schema_name
    return _Compiler(schemas), kinds


class CustomShape(Protocol):
    """What decoding needs of a kind that is not built in; `custom_kind.py` has the rest."""

    @property
    def node(self) -> Node:
        """Its shape."""
        ...

    def decode(self, obj: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """A body as it is understood, and the paths of the fields that were dropped."""
        ...


class Schemas:
    """The kinds of one server: the built-in ones, which all share, and those that were added to this one.

    Files are read and compiled when first asked for, once for all instances; an instance of its own costs nothing.
    """

    def __init__(self) -> None:
        self._custom: dict[tuple[str, str, str], CustomShape] = {}

    @classmethod
    @cache
    def load(cls) -> Schemas:
        """The instance of those who need built-in kinds only. Nothing is ever added to it."""
        return cls()

    def add(self, group: str, version: str, kind: str, shape: CustomShape) -> None:
        """Know one more kind, or another shape of it. A built-in kind stays what it is."""
        self._custom[group, version, kind] = shape

    def remove(self, group: str, version: str, kind: str) -> None:
        """Forget a kind that was added; repeating it does nothing."""
        self._custom.pop((group, version, kind), None)

    def node(self, group: str, version: str, kind: str) -> Node | None:
        """The shape of a kind, or None for one that is unknown."""
        found = _file(group, version)
        if found is None and (custom := self._custom.get((group, version, kind))) is not None:
            return custom.node
        if found is None or kind not in found[1]:
            return None
        return found[0].reference(found[1][kind])

    def field(self, group: str, version: str, kind: str, path: Sequence[str]) -> Field | None:
        """The field at `path`; members of lists and maps need no step for maps' keys, none for lists' indices.

        Returns:
            None if the kind or the path is unknown.
        """
        node = self.node(group, version, kind)
        found: Field | None = None
        for name in path:
            while node is not None and node.kind == "list":
                node = node.element
            if node is None:
                return None
            if node.kind == "map":
                node = node.element
                continue
            found = node.fields.get(name)
            node = None if found is None else found.node
        return found

    def decode(
        self,
        group: str,
        version: str,
        kind: str,
        obj: object,
        *,
        validation: FieldValidation = "Ignore",
    ) -> tuple[dict[str, Any], list[str]]:
        """`obj` as the server understands it: typed, without what it does not know, with what is implied.

        Unknown fields, nulls and the empty values of optional fields go; structures that are always written
        come; times, quantities and base64 get their canonical form. A kind that was added decodes itself; one that
        is unknown keeps all but its metadata as given. `apiVersion` and `kind` are set.

        Args:
            group: Of the resource that is addressed, `""` for the core group.
            version: Likewise.
            kind: Likewise.
            obj: The decoded body. It is not changed, and the result shares nothing with it.
            validation: What happens to unknown fields.

        Returns:
            The object and the warnings for it: one text per unknown field, for `Warn` only.

        Raises:
            SchemaError: A value has a wrong type, or with `Strict` a field is unknown.

        Source: KEP-2885; differs: duplicate keys are not seen here, as `obj` is decoded already.
        """
        api_version = f"{group}/{version}" if group else version
        if not isinstance(obj, dict):
            raise SchemaError(
                f"json: cannot unmarshal {json_kind(obj)} into Go value of type {version}.{kind}"
            )
        decoder = _Decoder()
        if (custom := self._custom.get((group, version, kind))) is not None:
            decoded, decoder.unknown = custom.decode(obj)
        elif (node := self.node(group, version, kind)) is None:
            decoded = decoder.custom(obj)
        else:
            decoded = decoder.struct(node, obj, "", ())
        # First, because people read objects from the top.
        decoded = {"apiVersion": api_version, "kind": kind, **decoded}
        decoded["apiVersion"], decoded["kind"] = api_version, kind
        warnings = [f"unknown field {go_quote(path)}" for path in decoder.unknown]
        if validation == "Strict" and warnings:
            raise SchemaError(f"strict decoding error: {', '.join(warnings)}")
        return decoded, warnings if validation == "Warn" else []


def metadata_node() -> Node:
    """The shape of every object's `metadata`.

    Raises:
        LookupError: The packaged OpenAPI data of the core group is missing.
    """
    holder = Schemas.load().node("", "v1", "ConfigMap")
    if holder is None:
        raise LookupError("the packaged OpenAPI data of the core group is missing")
    return holder.fields["metadata"].node


def decode_metadata(value: object, path: str) -> tuple[dict[str, Any], list[str]]:
    """`value` as an object's metadata that stands at `path`, and the paths of its unknown fields.

    Raises:
        SchemaError: Something in it has a wrong type.
    """
    decoder = _Decoder()
    decoded = decoder.value(metadata_node(), value, path, (path.rpartition(".")[2],), "ObjectMeta")
    return decoded, decoder.unknown


class _Decoder:
    """One decoding: remembers the unknown fields it passes."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def custom(self, obj: dict[str, Any]) -> dict[str, Any]:
        """An object of a kind without a schema: its metadata is typed, the rest is copied."""
        decoded = copy.deepcopy(obj)
        given = decoded.pop("metadata", None)
        part = self.value(metadata_node(), given or {}, "metadata", ("metadata",), "ObjectMeta")
        return {"metadata": part, **decoded}

    def struct(self, node: Node, value: dict[str, Any], path: str, stack: tuple[str, ...]) -> dict[str, Any]:
        """The members of `value` that `node` knows, in the order given, then those that are implied."""
        fields = node.fields
        decoded: dict[str, Any] = {}
        for name, given in value.items():
            member = fields.get(name)
            if member is None:
                self.unknown.append(f"{path}.{name}" if path else str(name))
                continue
            if given is None:
                continue
            inner = f"{path}.{name}" if path else name
            result = self.value(member.node, given, inner, (*stack, name), node.name)
            if result or _survives_empty(member):
                decoded[name] = result
        for name in node.implied:
            if name not in decoded:
                member = fields[name]
                if member.is_embedded:
                    decoded[name] = self.struct(member.node, {}, path, stack)
                else:
                    decoded[name] = copy.deepcopy(member.default) if member.has_default else None
        return decoded

    def value(self, node: Node, value: Any, path: str, stack: tuple[str, ...], owner: str) -> Any:
        """`value`, which is not None, as `node` has it."""
        kind = node.kind
        if kind == "struct":
            if type(value) is dict:
                return self.struct(node, value, path, stack)
        elif kind == "map":
            if type(value) is dict:
                return self._map(node, value, path, stack, owner)
        elif kind == "list":
            if type(value) is list:
                return self._list(node, value, path, stack, owner)
        elif kind == "any":
            return copy.deepcopy(value)
        else:
            result = _SCALARS[kind](node, value)
            if result is not _ABSENT:
                return result
        raise SchemaError(
            f"json: cannot unmarshal {_literal(node, value)} into Go struct field "
            f"{owner}.{'.'.join(stack)} of type {node.go_type}"
        )

    def _map(
        self, node: Node, value: dict[str, Any], path: str, stack: tuple[str, ...], owner: str
    ) -> dict[str, Any]:
        element = _element(node)
        return {
            key: self._zero(element)
            if given is None
            else self.value(element, given, f"{path}.{key}", stack, owner)
            for key, given in value.items()
        }

    def _list(self, node: Node, value: list[Any], path: str, stack: tuple[str, ...], owner: str) -> list[Any]:
        element = _element(node)
        return [
            self._zero(element)
            if given is None
            else self.value(element, given, f"{path}[{index}]", stack, owner)
            for index, given in enumerate(value)
        ]

    def _zero(self, node: Node) -> Any:
        if node.kind == "struct":
            return self.struct(node, {}, "", ())
        zeros: dict[str, Any] = {"string": "", "bytes": "", "integer": 0, "number": 0, "boolean": False}
        return zeros.get(node.kind, "0" if node.kind == "quantity" else None)


def _element(node: Node) -> Node:
    return node.element if node.element is not None else _ANY


def _literal(node: Node, value: object) -> str:
    """How the decoder names what it met: a number that does not fit is shown, anything else is not."""
    if node.kind == "integer" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"number {json.dumps(value)}"
    return json_kind(value)


_OMITTED_WHEN_ZERO: Final = frozenset({"string", "bytes", "integer", "number", "boolean"})


def _survives_empty(member: Field) -> bool:
    """Whether an empty value of a field is still there after storing: empty lists and maps never are."""
    kind = member.node.kind
    if kind in {"map", "list"}:
        return False
    return member.keeps_zero or kind not in _OMITTED_WHEN_ZERO


def _string(_: Node, value: Any) -> Any:
    return value if type(value) is str else _ABSENT


def _boolean(_: Node, value: Any) -> Any:
    return value if type(value) is bool else _ABSENT


def _integer(node: Node, value: Any) -> Any:
    if type(value) is not int:
        return _ABSENT
    bound = 1 << (node.bits - 1)
    return value if -bound <= value < bound else _ABSENT


def _number(_: Node, value: Any) -> Any:
    return value if type(value) in {int, float} else _ABSENT


def _bytes(_: Node, value: Any) -> Any:
    if type(value) is not str:
        return _ABSENT
    text = value.replace("\r", "").replace("\n", "")
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SchemaError(f"illegal base64 data at input byte {_bad_base64(value)}") from None
    return text


_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _bad_base64(text: str) -> int:
    """Where Go's decoder stops: the first foreign byte, or the end of text that is too short."""
    for index, character in enumerate(text):
        if character not in _BASE64 and character not in "\r\n":
            return index
    return len(text) - len(text) % 4 if len(text) % 4 else len(text)


def _quantity(_: Node, value: Any) -> Any:
    if type(value) not in {str, int, float}:
        return _ABSENT
    try:
        return canonical_quantity(value)
    except QuantityError as error:
        raise SchemaError(str(error)) from None


def _int_or_string(_: Node, value: Any) -> Any:
    if type(value) is int:
        return _integer(Node("integer", "int32", bits=32), value)
    return _string(_, value)


def _time(node: Node, value: Any) -> Any:
    if type(value) is not str:
        return _ABSENT
    micro = node.kind == "micro-time"
    try:
        return format_timestamp(parse_timestamp(value, micro=micro), micro=micro)
    except TimestampError as error:
        raise SchemaError(str(error)) from None


_SCALARS: Final[dict[str, Callable[[Node, Any], Any]]] = {
    "string": _string,
    "bytes": _bytes,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "time": _time,
    "micro-time": _time,
}
