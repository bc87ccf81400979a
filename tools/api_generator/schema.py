"""What the OpenAPI documents say, as the classes that are to be written.

In:    the documents, parsed
Out:   `Module`s with `Struct`s and `Kind`s, every name and type decided
Next:  source.py
Rules: pure; what two documents say differently, and names that would clash, are errors, not choices
Source: how Go's types become OpenAPI: a value has a zero default (`""`, `0`, `{}`), a pointer has none, and
        `required` means that Go writes the field also when it is empty
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api_generator.names import camel, module_name, snake

Document = Mapping[str, Any]

REF = "#/components/schemas/"
_PACKAGES = "io.k8s."
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_CRD = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

HAND_WRITTEN = {
    _META + "ListMeta": "listwatch.apimachinery.meta",
    _META + "ManagedFieldsEntry": "listwatch.apimachinery.meta",
    _META + "ObjectMeta": "listwatch.apimachinery.meta",
    _META + "OwnerReference": "listwatch.apimachinery.meta",
    _META + "MicroTime": "listwatch.api.micro_time",
    _META + "Status": "listwatch.apimachinery.errors",
    _META + "StatusCause": "listwatch.apimachinery.errors",
    _META + "StatusDetails": "listwatch.apimachinery.errors",
}
"""Schemas whose classes exist already, by the module that holds them; meta_v1 hands them on."""

_LEFT_OUT = {_META + "WatchEvent"}  # listwatch.apimachinery.watch_event has its own


@dataclass(frozen=True)
class Type:
    """A type as it stands in the source.

    Attributes:
        text: The annotation.
        zero: What makes Go's empty value, where Go has one: a name to call. None for times and free JSON.
        names: The classes that the annotation needs, by schema.
        nullable: Whether None is one of its values already.
    """

    text: str
    zero: str | None = None
    names: frozenset[str] = frozenset()
    nullable: bool = False


_FORMATS = {"byte": Type("bytes", "bytes"), "date-time": Type("datetime")}
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass(frozen=True)
class Field:
    """One property.

    Attributes:
        wire_name: Its name in JSON.
        name: Its name in Python.
        type: Its type, `| None` included where it may be absent.
        factory: Makes its value where it is absent: a name to call, or None for None.
        always_written: Written also when empty, as Go does with a field without `omitempty`.
    """

    wire_name: str
    name: str
    type: Type
    factory: str | None
    always_written: bool

    @property
    def needs_wire_name(self) -> bool:
        """Whether camelCase does not lead back from `name` to `wire_name`."""
        return camel(self.name) != self.wire_name


@dataclass(frozen=True)
class Struct:
    """A class for a part of objects."""

    schema: str
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """The class's name."""
        return _class_name(self.schema)


@dataclass(frozen=True)
class Kind(Struct):
    """A class for whole objects, and where they live.

    Attributes:
        group: Empty for the core group.
        version: `v1`.
        plural: The last part of its collection's path; for a kind without a collection, of the subresource's.
        namespaced: Whether it lives in namespaces.
        path: Where it is served.
    """

    group: str
    version: str
    plural: str
    namespaced: bool
    path: str


@dataclass
class Module:
    """One module to be written.

    Attributes:
        name: `core_v1`.
        documents: The documents that its schemas came from.
        structs: Parts of objects, each after those that its defaults need.
        kinds: Whole objects.
        handed_on: Hand-written classes that the module offers as well, by the module that holds them.
    """

    name: str
    documents: set[str] = field(default_factory=set)
    structs: list[Struct] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    handed_on: dict[str, set[str]] = field(default_factory=dict)


def modules(documents: Mapping[str, Document]) -> list[Module]:
    """The modules for these documents, by name.

    Args:
        documents: Parsed OpenAPI documents by file name; those without schemas of objects add nothing.

    Raises:
        ValueError: Two documents describe one schema differently, or two names become one in Python.
    """
    schemas, origins = _merge(documents)
    places = _places(documents)
    made: dict[str, Module] = {}
    for name, schema in sorted(schemas.items()):
        if name in _LEFT_OUT or _is_list(schema) or not name.startswith(_PACKAGES):
            continue
        home = module_name(name.rpartition(".")[0])
        if name in HAND_WRITTEN:
            module = made.setdefault(home, Module(home))
            module.handed_on.setdefault(HAND_WRITTEN[name], set()).add(_class_name(name))
        elif "properties" in schema:
            module = made.setdefault(home, Module(home))
            module.documents.add(origins[name])
            _add(module, name, schema, schemas, places)
    for module in made.values():
        module.structs = _in_order(module.structs)
    return sorted(made.values(), key=lambda module: module.name)


def _merge(documents: Mapping[str, Document]) -> tuple[dict[str, Any], dict[str, str]]:
    schemas: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for file, document in sorted(documents.items()):
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            # The shared options are listed with each group's own kinds; nothing else may differ.
            same = {key: value for key, value in schema.items() if key != "x-kubernetes-group-version-kind"}
            known = schemas.get(name, schema)
            if same != {k: v for k, v in known.items() if k != "x-kubernetes-group-version-kind"}:
                raise ValueError(f"{name} is not the same in {file} and {origins[name]}")
            schemas.setdefault(name, schema)
            if name not in origins or _home_document(name, file):
                origins[name] = file
    return schemas, origins


def _home_document(name: str, file: str) -> bool:
    """Whether `file` is the document of the group that the schema `name` belongs to."""
    parts = file.removesuffix(".json").split("__")
    return len(parts) > 1 and module_name(_group_version(parts)) == module_name(name.rpartition(".")[0])


def _group_version(parts: list[str]) -> str:
    return f"{parts[1]}/{parts[2]}" if parts[0] == "apis" and len(parts) > 2 else f"/{parts[-1]}"


def _places(documents: Mapping[str, Document]) -> dict[tuple[str, str, str], str]:
    """Where each kind is served: its collection, in a namespace if it has one there, else a subresource."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for document in documents.values():
        for path, operations in document.get("paths", {}).items():
            for operation in operations.values():
                kind = isinstance(operation, dict) and operation.get("x-kubernetes-group-version-kind")
                if kind and "/watch/" not in path:
                    found.setdefault((kind["group"], kind["version"], kind["kind"]), []).append(path)
    return {kind: min(set(paths), key=_rank) for kind, paths in found.items()}


def _rank(path: str) -> tuple[bool, bool, int, str]:
    return "{name}" in path, "{namespace}" not in path, len(path), path


def _add(
    module: Module,
    name: str,
    schema: Document,
    schemas: Mapping[str, Document],
    places: Mapping[tuple[str, str, str], str],
) -> None:
    kind = next(iter(schema.get("x-kubernetes-group-version-kind", [])), None)
    properties = schema["properties"]
    required = set(schema.get("required", []))
    whole = kind is not None and _reference(properties.get("metadata", {})) == _META + "ObjectMeta"
    fields = tuple(
        _field(wire_name, each, wire_name in required, schemas)
        for wire_name, each in properties.items()
        if not (whole and wire_name in {"apiVersion", "kind", "metadata"})
    )
    _refuse_clashes(name, fields)
    if kind is None or not whole:
        module.structs.append(Struct(name, fields))
        return
    path = places.get((kind["group"], kind["version"], kind["kind"]))
    if path is None:
        raise ValueError(f"{name} has metadata, but no path serves it")
    module.kinds.append(
        Kind(
            name,
            fields,
            group=kind["group"],
            version=kind["version"],
            plural=path.rsplit("/", 1)[1],
            namespaced="{namespace}" in path,
            path=path,
        )
    )


def _refuse_clashes(name: str, fields: Iterable[Field]) -> None:
    seen: dict[str, str] = {}
    for each in fields:
        if each.name in seen or not each.name:
            raise ValueError(f"{name}: {each.wire_name} and {seen.get(each.name)} are both {each.name!r}")
        seen[each.name] = each.wire_name


def _field(wire_name: str, schema: Document, required: bool, schemas: Mapping[str, Document]) -> Field:
    kind = _type(schema, schemas)
    absent = kind.zero is None or not (required or _has_zero_default(schema) or kind.zero in {"list", "dict"})
    if absent and not kind.nullable:
        kind = Type(f"{kind.text} | None", None, kind.names, nullable=True)
    return Field(
        wire_name,
        snake(wire_name),
        kind,
        factory=None if absent else kind.zero,
        always_written=required,
    )


def _has_zero_default(schema: Document) -> bool:
    return "default" in schema and not schema["default"]


def _type(schema: Document, schemas: Mapping[str, Document]) -> Type:
    name = _reference(schema)
    if name is not None:
        return _named(name, schemas)
    match schema:
        case {"type": "array", "items": items}:
            element = _type(items, schemas)
            return Type(f"list[{element.text}]", "list", element.names)
        case {"type": "object", "additionalProperties": dict() as values}:
            element = _type(values, schemas)
            return Type(f"dict[str, {element.text}]", "dict", element.names)
        case {"type": "object"}:  # being there is what it says, also with nothing in it
            return Type("dict[str, Any]")
        case {"format": "int-or-string"}:
            return Type("int | str", "int")
        case {"oneOf": [{"type": "string"}, {"type": "number"}]}:  # a quantity; servers answer with text
            return Type("str", "str")
        case {"type": "string", "format": str(form)} if form in _FORMATS:
            return _FORMATS[form]
        case {"type": str(plain)} if plain in _PLAIN:
            return Type(_PLAIN[plain], _PLAIN[plain])
    return Type("Any", nullable=True)


def _named(name: str, schemas: Mapping[str, Document]) -> Type:
    class_name = _class_name(name)
    if name == _META + "MicroTime":
        return Type(class_name, names=frozenset({name}))
    if name == "io.k8s.apimachinery.pkg.runtime.RawExtension":
        return Type("Any", nullable=True)
    if name in HAND_WRITTEN or "properties" in schemas[name]:
        return Type(class_name, class_name, frozenset({name}))
    return _type(schemas[name], schemas)


def _reference(schema: Document) -> str | None:
    found = schema.get("$ref") or next((each["$ref"] for each in schema.get("allOf", [])), None)
    return None if found is None else str(found).removeprefix(REF)


def _is_list(schema: Document) -> bool:
    return "x-kubernetes-group-version-kind" in schema and "items" in schema.get("properties", {})


def _class_name(schema: str) -> str:
    return schema.rpartition(".")[2]


def _in_order(structs: list[Struct]) -> list[Struct]:
    """By name, but each after the classes that its defaults call."""
    waiting = {struct.name: struct for struct in sorted(structs, key=lambda struct: struct.name)}
    done: list[Struct] = []

    def place(struct: Struct) -> None:
        for each in struct.fields:
            if each.factory in waiting:
                place(waiting.pop(each.factory))
        done.append(struct)

    while waiting:
        place(waiting.pop(next(iter(waiting))))
    return done
