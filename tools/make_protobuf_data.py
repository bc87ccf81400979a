"""Write `src/listwatch/apiserver/data/protobuf.json`: the field numbers of the built-in kinds.

    python tools/make_protobuf_data.py FOLDER

`FOLDER` holds the `generated.proto` files of k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator,
in any depth. Kept are the messages that the served kinds reach: of each field its number, its name in JSON, its type,
and whether a zero in it says something. JSON names and what is inlined come from the packaged OpenAPI documents, the
zeros from `kinds/schema_zeros.py`; comments and whatever else is in the files is left behind.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from listwatch.apiserver.kinds.schema_zeros import KEPT_ZEROS

ROOT = Path(__file__).parent.parent / "src/listwatch"
TARGET = ROOT / "apiserver/data/protobuf.json"
SCALARS = frozenset({"string", "bytes", "bool", "double", "int32", "int64"})
# Messages whose JSON is not an object with the message's fields; the codec has its own ways with these.
SPECIAL = frozenset({"Time", "MicroTime", "IntOrString"})
UNIONS = frozenset({"JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"})
# Messages whose JSON is that of their one field.
TRANSPARENT = {"Quantity": "string", "RawExtension": "json", "FieldsV1": "json", "JSON": "json"}
# Served, but of no resource's kind.
IN_EVERY_GROUP = ("APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "DeleteOptions", "Status")
_MESSAGE = re.compile(r"^message (\w+) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(
    r"^\s*(optional|repeated|map<string, ([\w.]+)>)\s*([\w.]*)\s+(\w+) = (\d+);$", re.MULTILINE
)


@dataclass
class Member:
    """One field as a `.proto` file has it."""

    number: int
    name: str
    type: str
    prefix: str


@dataclass
class Message:
    """One message, under the last two parts of its package."""

    key: str
    members: list[Member] = field(default_factory=list)


def short(package: str) -> str:
    """`core.v1` for `k8s.io.api.core.v1`."""
    return ".".join(package.split(".")[-2:])


def messages(folder: Path) -> dict[str, Message]:
    """All messages in the folder's files."""
    found: dict[str, Message] = {}
    for path in sorted(folder.rglob("*.proto")):
        text = re.sub(r"//[^\n]*", "", path.read_text())
        text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
        package = short(re.search(r"^package (.*);$", text, re.MULTILINE)[1])
        for name, body in _MESSAGE.findall(text):
            message = Message(f"{package}.{name}")
            for label, value, plain, member, number in _FIELD.findall(body):
                prefix = "[]" if label == "repeated" else "{}" if value else ""
                message.members.append(Member(int(number), member, resolve(package, value or plain), prefix))
            found[message.key] = message
    return found


def resolve(package: str, name: str) -> str:
    """A type as the messages' keys have it."""
    if name in SCALARS:
        return name
    if "." not in name:
        return f"{package}.{name}"
    owner, _, own = name.strip(".").rpartition(".")
    return f"{short(owner)}.{own}"


def schemas() -> dict[str, dict[str, Any]]:
    """The OpenAPI schemas by the same keys."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "api/openapi").glob("*.json")):
        document = json.loads(path.read_text())
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            found[".".join(name.split(".")[-3:])] = schema
    return found


def plain(name: str) -> str:
    """What is common to a name in JSON and in a `.proto` file."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def json_name(member: Member, schema: dict[str, Any]) -> str:
    """How the field is called in JSON; "" if its own fields stand in its place."""
    properties = schema.get("properties")
    if properties is None or member.name in properties:
        return member.name
    for name in properties:
        if plain(name) == plain(member.name):
            return name
    if member.type in SCALARS or member.prefix:
        print("not in OpenAPI:", member)
        return member.name
    return ""


class Table:
    """The messages that are reached, in the form of the data file."""

    def __init__(self, found: dict[str, Message], described: dict[str, dict[str, Any]]) -> None:
        self._found = found
        self._described = described
        self.rows: dict[str, Any] = {}

    def reach(self, key: str, owners: tuple[str, ...] = ()) -> None:
        """Take in a message and what it holds; `owners` are the types in whose place it stands."""
        name = key.rpartition(".")[2]
        if key in self.rows or key in SCALARS or name in SPECIAL:
            return
        rows = self.rows[key] = []
        if name in UNIONS:
            return
        message = self._found[key]
        if name in TRANSPARENT:
            rows.append([message.members[0].number, "*", TRANSPARENT[name]])
            return
        if [member.name for member in message.members] == ["items"] and message.members[0].type in SCALARS:
            rows.append([1, "*", f"[]{message.members[0].type}"])
            return
        schema = self._described.get(key, {})
        for member in sorted(message.members, key=lambda each: each.number):
            called = json_name(member, schema)
            row = [member.number, called, member.prefix + written(member.type)]
            if keeps_zero((name, *owners), called, member, schema):
                row.append(1)
            rows.append(row)
            self.reach(member.type, () if called else (name, *owners))


def written(type_: str) -> str:
    """A type as the data file has it: the codec's own types without a package."""
    own = type_.rpartition(".")[2]
    return own if own in SPECIAL | UNIONS else type_


def keeps_zero(names: tuple[str, ...], called: str, member: Member, schema: dict[str, Any]) -> bool:
    """Whether an empty value is one that somebody has set."""
    if member.type not in SCALARS or member.prefix:
        return False
    if any(called in KEPT_ZEROS.get(name, ()) for name in names):
        return True
    default = schema.get("properties", {}).get(called, {}).get("default")
    declared = default is not None and member.type != "string" and default != 0
    return called in schema.get("required", ()) or declared


def served(discovery: dict[str, Any], found: dict[str, Message]) -> dict[str, dict[str, str]]:
    """The message of each kind, by API version: those of resources, of their lists, and of their parts' bodies."""
    kinds: dict[str, dict[str, str]] = {}

    def add(group: str, version: str, kind: str) -> None:
        # The package of `rbac.authorization.k8s.io` is called `rbac`.
        key = f"{group.split('.', maxsplit=1)[0] or 'core'}.{version}.{kind}"
        if key in found:
            kinds.setdefault(f"{group}/{version}".strip("/"), {})[kind] = key

    for group in discovery["groups"]:
        for version in group["versions"]:
            home = (group["name"], version["version"])
            for resource in version["resources"]:
                add(*home, resource["kind"])
                add(*home, resource["kind"] + "List")
                for part in resource.get("subresources", ()):
                    other = (part["group"], part["version"]) if "version" in part else home
                    add(*other, part["kind"])
    return kinds


def main() -> None:
    """Read the folder named on the command line and write the data file."""
    found = messages(Path(sys.argv[1]))
    kinds = served(json.loads((ROOT / "apiserver/data/discovery.json").read_text()), found)
    for kind in IN_EVERY_GROUP:
        kinds["v1"][kind] = f"meta.v1.{kind}"
    for version in ("v1", "v1beta1"):
        names = ("PartialObjectMetadata", "PartialObjectMetadataList")
        kinds[f"meta.k8s.io/{version}"] = {kind: f"meta.v1.{kind}" for kind in names}
    table = Table(found, schemas())
    for by_kind in kinds.values():
        for key in by_kind.values():
            table.reach(key)
    lines = [f'"{key}":{json.dumps(rows, separators=(",", ":"))}' for key, rows in sorted(table.rows.items())]
    shown = json.dumps(kinds, separators=(",", ":"), sort_keys=True)
    TARGET.write_text('{"kinds":' + shown + ',\n"messages":{\n' + ",\n".join(lines) + "\n}}\n")
    print(f"{len(table.rows)} messages, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
