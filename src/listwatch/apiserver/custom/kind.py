"""A custom kind in one version: keeps what `CustomKind` promises, out of its definition.

In:    objects in this version, or as stored
Out:   objects pruned, defaulted, converted, found good or bad, printed
Next:  kinds/kind_rules.py and verbs/ use it through `Resource.custom`
Rules: pure; changes nothing that it is given. An object is stored with its `apiVersion`, so that a later change of the
       storage version finds out in which it was written.
Source: apiextensions-apiserver pkg/registry/customresource (strategy.go, validator.go)
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from listwatch.apiserver.custom.columns import custom_table
from listwatch.apiserver.custom.defaulting import default, drop_nulls
from listwatch.apiserver.custom.embedded import check_embedded
from listwatch.apiserver.custom.list_types import check_lists
from listwatch.apiserver.custom.pruning import coerce, prune
from listwatch.apiserver.custom.scale import check_scale
from listwatch.apiserver.custom.structural import MISSING, root_node
from listwatch.apiserver.custom.value_validation import validate_value
from listwatch.apiserver.custom.version import Version
from listwatch.apiserver.kinds.causes import Cause, Causes
from listwatch.apiserver.kinds.maps import JSONObject
from listwatch.apiserver.kinds.schema import Node

if TYPE_CHECKING:
    from listwatch.apiserver.custom.definition import Definition


class DefinedKind:
    """One kind in one version of its definition."""

    def __init__(self, definition: Definition, version: Version) -> None:
        self._definition = definition
        self.version = version
        self.api_version = f"{definition.group}/{version.name}"

    def __repr__(self) -> str:
        return f"<DefinedKind {self.api_version} {self._definition.kind}>"

    @property
    def definition(self) -> Definition:
        """Where it is from."""
        return self._definition

    @property
    def form(self) -> str:
        """Names how its objects look: the version, in this state of the definition."""
        return f"{self.api_version}#{self._definition.form}"

    @cached_property
    def node(self) -> Node:
        """Its shape."""
        return root_node(self.version.schema, self._definition.kind)

    @property
    def list_kind(self) -> str:
        """The kind of a page of these."""
        names = self._definition.names
        return str(names.get("listKind") or f"{self._definition.kind}List")

    @property
    def storage_version(self) -> str:
        """The version in which objects are stored from now on."""
        return self._definition.storage_version

    @property
    def has_status(self) -> bool:
        """Whether `status` is a part of its own."""
        return self.version.has_status

    @property
    def scale(self) -> Mapping[str, str] | None:
        """The paths of its scale."""
        return self.version.scale

    @property
    def selectable(self) -> frozenset[str]:
        """The fields by which its objects can be selected."""
        return self.version.selectable

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """That this version is deprecated, if it is."""
        told = self._definition.deprecation(self.version)
        return (told,) if told else ()

    def decode(self, obj: JSONObject) -> tuple[JSONObject, list[str]]:
        """A body, pruned and with its defaults; and the paths of the fields that were dropped."""
        value = copy.deepcopy(obj)
        unknown = coerce(value, self.version.schema, keeps_unknown=self._definition.keeps_unknown)
        self._fill(value, self.version)
        return value, unknown

    def from_storage(self, value: JSONObject) -> JSONObject:
        """A stored object in this version: with the defaults of the version in which it was written, then converted."""
        written = str(value.get("apiVersion") or f"{self._definition.group}/{self.storage_version}")
        version = self._definition.versions.get(written.rpartition("/")[2], self.version)
        whole = {**copy.deepcopy(value), "apiVersion": written, "kind": self._definition.kind}
        self._prune(whole, version)
        self._fill(whole, version)
        if written != self.api_version:
            whole = copy.deepcopy(self._definition.convert(whole, self.api_version))
            self._prune(whole, self.version)
        return {name: field for name, field in whole.items() if name not in {"apiVersion", "kind"}}

    def to_storage(self, value: JSONObject) -> JSONObject:
        """An object of this version in the storage version."""
        wanted = f"{self._definition.group}/{self.storage_version}"
        if wanted == self.api_version:
            return {**value, "apiVersion": wanted}
        whole = {**value, "apiVersion": self.api_version, "kind": self._definition.kind}
        converted = copy.deepcopy(self._definition.convert(whole, wanted))
        self._prune(converted, self._definition.versions[self.storage_version])
        del converted["kind"]
        return converted

    def validate_create(self, obj: JSONObject) -> list[Cause]:
        """Every reason against a new object."""
        schema = self.version.schema
        causes = Causes(validate_value(obj, schema.raw))
        check_scale(causes, obj, self.scale)
        check_embedded(causes, obj, schema)
        check_lists(causes, obj, schema)
        self._ask_rules(causes, obj, MISSING)
        return causes

    def validate_update(self, new: JSONObject, old: JSONObject, *, subresource: str) -> list[Cause]:
        """Every reason against a changed object, but for what was so before."""
        schema = self.version.schema
        causes = Causes(validate_value(new, schema.raw, old=old))
        check_scale(causes, new, self.scale)
        check_embedded(causes, new, schema)
        before = Causes()
        check_lists(before, old, schema)
        if not before:
            check_lists(causes, new, schema)
        self._ask_rules(causes, new, old)
        return causes

    def _ask_rules(self, causes: Causes, obj: JSONObject, old: Any) -> None:
        if (tree := self.version.rules) is None:
            return
        from listwatch.apiserver.custom.rules import NOT_CHECKED, ask_rules, is_blocking  # noqa: PLC0415

        if is_blocking(causes):
            causes.append(NOT_CHECKED)
        else:
            ask_rules(causes, tree, obj, old=old)

    def table(
        self, objects: list[JSONObject], *, now: datetime
    ) -> tuple[list[JSONObject], list[list[object]]]:
        """The columns of its Tables and the cells of each object."""
        return custom_table(self.version.raw, objects, now=now)

    def _fill(self, value: JSONObject, version: Version) -> None:
        drop_nulls(value, version.schema)
        default(value, version.schema)

    def _prune(self, value: JSONObject, version: Version) -> None:
        if not self._definition.keeps_unknown:
            prune(value, version.schema)
