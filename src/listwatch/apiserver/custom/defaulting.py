"""Defaults of custom kinds, and what a null means.

In:    an object that is pruned, changed in place; its `Structural`
Out:   the same object with what its schema says of fields that were left out
Next:  validation; reading from the storage does this too, so that a default added later is seen in older objects
Rules: pure but for the object it is given, which must not be shared. Idempotent.
Source: apiextensions-apiserver pkg/apiserver/schema/defaulting
"""

from __future__ import annotations

import copy
from typing import Any

from listwatch.apiserver.custom.structural import MISSING, Structural


def default(value: Any, schema: Structural) -> None:
    """Put defaults where nothing stands, or a null that may not be."""
    if not schema.has_defaults:
        return
    if isinstance(value, dict):
        for name, member in schema.properties.items():
            if member.default is not MISSING and (name not in value or _is_no_value(value[name], member)):
                value[name] = copy.deepcopy(member.default)
        for name in value:
            inner = schema.member(name)
            if inner is not None:
                default(value[name], inner)
    elif isinstance(value, list) and schema.items is not None:
        for each in value:
            default(each, schema.items)


def drop_nulls(value: Any, schema: Structural) -> None:
    """Drop the members that are null where null may not be and no default stands in: they are as good as nothing."""
    if isinstance(value, dict):
        for name in list(value):
            member = schema.member(name)
            if member is None:
                continue
            if _is_no_value(value[name], member) and member.default is MISSING:
                del value[name]
            else:
                drop_nulls(value[name], member)
    elif isinstance(value, list) and schema.items is not None:
        for each in value:
            drop_nulls(each, schema.items)


def _is_no_value(value: Any, schema: Structural) -> bool:
    return value is None and not schema.is_nullable
