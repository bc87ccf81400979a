"""Conflicts: fields that somebody applies while another owns them with another value.

In:    conflicting field sets by manager
Out:   `ConflictError`, which knows its Status's message and causes
Rules: pure
Source: apimachinery pkg/util/managedfields/internal/conflict.go; recordings of kube-apiserver 1.36
"""

from __future__ import annotations

from collections.abc import Mapping

from listwatch.apimachinery.errors import ListWatchError
from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.apply.field_sets import FieldSet, path_text, paths
from listwatch.apiserver.apply.managed_fields import UPDATE, Manager


class ConflictError(ListWatchError):
    """What is applied would change fields that others own.

    Attributes:
        fields: The fields, by who owns them.
    """

    def __init__(self, fields: Mapping[Manager, FieldSet]) -> None:
        self.fields = dict(sorted(fields.items(), key=lambda each: each[0].sort_key))
        super().__init__(self._message())

    @property
    def causes(self) -> list[tuple[str, str]]:
        """The path of each field, and with whom it conflicts."""
        return [
            (path_text(path), f"conflict with {_shown(manager)}")
            for manager, fields in self.fields.items()
            for path in paths(fields)
        ]

    def _message(self) -> str:
        causes = self.causes
        if len(causes) == 1:
            field, told = causes[0]
            return f"Apply failed with 1 conflict: {told}: {field}"
        lines: list[str] = []
        for manager, fields in self.fields.items():
            lines.append(f"conflicts with {_shown(manager)}:")
            lines.extend(f"- {path_text(path)}" for path in paths(fields))
        return f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)


def _shown(manager: Manager) -> str:
    name = go_quote(manager.name)
    if manager.subresource:
        name = f"{name} with subresource {go_quote(manager.subresource)}"
    return f"{name} using {manager.api_version}" if manager.operation == UPDATE else name
