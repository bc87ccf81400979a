"""The text of one generated module.

In:    a `Module`                       (from schema.py)
Out:   Python source, the same for the same input
"""

from __future__ import annotations

from collections.abc import Iterator

from api_generator.names import camel, module_name
from api_generator.schema import HAND_WRITTEN, Field, Kind, Module, Struct

_WIDTH = 110
_ZEROS = {"str": '""', "int": "0", "float": "0.0", "bool": "False", "bytes": 'b""'}
_SECRET = {"token"}  # fields whose value must not be shown when the struct is


def render(module: Module) -> str:
    """The module's source."""
    body = [_struct(struct) for struct in module.structs] + [_kind(kind) for kind in module.kinds]
    return "\n\n\n".join([_head(module), *body]) + "\n"


def _head(module: Module) -> str:
    group_version = module.name.replace("_", "/")
    what = (
        f"The kinds of {group_version} and their parts." if module.kinds else "Parts that all groups share."
    )
    lines = [
        f'"""{what}',
        "",
        "Written by tools/generate_api.py (change that, not this) from, in openapi/:",
        *(f"{file}" for file in sorted(module.documents)),
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *_imports(module),
        "",
        "__all__ = [",
        *(f'    "{name}",' for name in sorted(_offered(module))),
        "]",
    ]
    return "\n".join(lines)


def _offered(module: Module) -> Iterator[str]:
    yield from (each.name for each in [*module.structs, *module.kinds])
    for names in module.handed_on.values():
        yield from names


def _imports(module: Module) -> list[str]:
    everything = [*module.structs, *module.kinds]
    texts = " ".join(each.type.text for struct in everything for each in struct.fields)
    standard = []
    if "datetime" in texts:
        standard.append("from datetime import datetime")
    if any(each.factory is None for kind in module.kinds for each in kind.fields):
        standard.append("from types import NoneType")
    secret = any(each.name in _SECRET for struct in module.structs for each in struct.fields)
    if secret or "Any" in texts:
        standard.append("from typing import Any")
    plain = ["field"] if any("field(" in _struct(struct) for struct in module.structs) else []
    plain = (["Struct"] if module.structs else []) + plain
    foreign = [f"from msgspec import {', '.join(plain)}"] if plain else []
    return [*_block(standard), *_block(foreign), *_own_imports(module)]


def _block(lines: list[str]) -> list[str]:
    return [*lines, ""] if lines else []


def _own_imports(module: Module) -> list[str]:
    wanted: dict[str, set[str]] = {source: set(names) for source, names in module.handed_on.items()}
    if module.kinds:
        wanted.setdefault("listwatch.apimachinery.object", set()).update({"Object", "section"})
    own = {each.name for each in [*module.structs, *module.kinds]}
    for struct in [*module.structs, *module.kinds]:
        for schema in sorted({name for each in struct.fields for name in each.type.names}):
            package, _, name = schema.rpartition(".")
            home = module_name(package)
            if home == module.name and schema not in HAND_WRITTEN:
                continue
            if name in own:
                raise ValueError(f"{module.name}: {name} is defined here and wanted from {home}")
            wanted.setdefault(HAND_WRITTEN.get(schema, f"listwatch.api.{home}"), set()).add(name)
    return [f"from {source} import {_names(names)}" for source, names in sorted(wanted.items())]


def _names(names: set[str]) -> str:
    line = ", ".join(sorted(names))
    if len(line) < 60:
        return line
    return "(\n" + "".join(f"    {name},\n" for name in sorted(names)) + ")"


def _struct(struct: Struct) -> str:
    rename = any(camel(each.name) != each.name and not each.needs_wire_name for each in struct.fields)
    options = ["Struct", "kw_only=True", "omit_defaults=True", "gc=False"]
    lines = [_call(f"class {struct.name}", [*options, 'rename="camel"'] if rename else options, ":")]
    lines += [_assignment(each, *_default(each)) for each in struct.fields]
    if any(each.name in _SECRET for each in struct.fields):
        lines += [
            "",
            "    def __repr__(self) -> str:",
            f'        return "{struct.name}(…)"  # what it holds opens doors',
            "",
            "    def __rich_repr__(self) -> list[tuple[str, Any]]:",
            "        return []",
        ]
    return "\n".join(lines)


def _default(each: Field) -> tuple[str, list[str]]:
    """What stands right of the `=`: a value, or a function and its arguments."""
    name = [f'name="{each.wire_name}"'] if each.needs_wire_name else []
    if each.factory is None:
        zero = "None"
    elif each.factory in _ZEROS and not each.always_written:
        zero = _ZEROS[each.factory]
    else:
        return "field", [f"default_factory={each.factory}", *name]
    return ("field", [f"default={zero}", *name]) if name else (zero, [])


def _kind(kind: Kind) -> str:
    options = ["Object", f'group="{kind.group}"', f'version="{kind.version}"', f'plural="{kind.plural}"']
    if not kind.namespaced:
        options.append("namespaced=False")
    lines = [_call(f"class {kind.name}", options, ":"), f'    """Served at `{kind.path}`."""']
    if kind.fields:
        lines.append("")
    for each in kind.fields:
        name = [f'name="{each.wire_name}"'] if each.needs_wire_name else []
        lines.append(_assignment(each, "section", [f"factory={each.factory or 'NoneType'}", *name]))
    return "\n".join(lines)


def _assignment(each: Field, value: str, arguments: list[str]) -> str:
    start = f"    {each.name}: {each.type.text} = {value}"
    return _call(start, arguments, "") if arguments else start


def _call(start: str, arguments: list[str], end: str) -> str:
    """On one line if it fits, else as the formatter would break it."""
    text = f"{start}({', '.join(arguments)}){end}"
    if len(text) <= _WIDTH:
        return text
    indent = " " * (len(start) - len(start.lstrip()))
    text = f"{indent}    {', '.join(arguments)}"
    if len(text) > _WIDTH:
        text = "\n".join(f"{indent}    {each}," for each in arguments)
    return f"{start}(\n{text}\n{indent}){end}"
