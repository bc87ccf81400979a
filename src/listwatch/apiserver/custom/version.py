"""One version of a custom kind: its schema, its columns, what of it is a part of its own.

In:    `spec.versions[]` of a stored definition
Out:   `Version`
Next:  definition.py, kind.py
Rules: pure; the schema is compiled when it is first asked for
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from listwatch.apiserver.custom.structural import Structural, structural
from listwatch.apiserver.kinds.maps import JSONObject, flag, maps, peek, text

if TYPE_CHECKING:
    from listwatch.apiserver.custom.rules import RuleTree


@dataclass(eq=False)
class Version:
    """One version. `raw` is where it was read from."""

    raw: JSONObject
    name: str
    is_served: bool
    is_storage: bool
    has_status: bool
    scale: Mapping[str, str] | None
    is_deprecated: bool
    deprecation_warning: str

    @property
    def json_schema(self) -> JSONObject:
        """The schema as it was given."""
        return peek(self.raw, "schema", "openAPIV3Schema")

    @cached_property
    def schema(self) -> Structural:
        """The schema, compiled."""
        return structural(self.json_schema)

    @cached_property
    def rules(self) -> RuleTree | None:
        """The rules of the schema, compiled; None if it has none."""
        if not has_rules(self.json_schema):
            return None
        from listwatch.apiserver.custom.rules import compile_rules  # noqa: PLC0415 - CEL, for who has rules

        return compile_rules(self.schema)

    @cached_property
    def selectable(self) -> frozenset[str]:
        """The fields by which objects can be selected, without the dot in front."""
        return frozenset(
            text(each, "jsonPath").removeprefix(".") for each in maps(self.raw, "selectableFields")
        )


def has_rules(value: object) -> bool:
    """Whether a schema has rules in CEL somewhere."""
    if isinstance(value, dict):
        return "x-kubernetes-validations" in value or any(has_rules(each) for each in value.values())
    return isinstance(value, list) and any(has_rules(each) for each in value)


def read_version(raw: JSONObject) -> Version:
    """Read one entry of `spec.versions`."""
    subresources = peek(raw, "subresources")
    scale = subresources.get("scale")
    return Version(
        raw,
        name=text(raw, "name"),
        is_served=flag(raw, "served"),
        is_storage=flag(raw, "storage"),
        has_status=isinstance(subresources.get("status"), dict),
        scale=scale if isinstance(scale, dict) else None,
        is_deprecated=flag(raw, "deprecated"),
        deprecation_warning=text(raw, "deprecationWarning"),
    )
