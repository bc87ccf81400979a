"""What the writing verbs ask of a kind, whether it is built in or custom.

In:    a `Resource` and its objects
Out:   objects decoded, prepared and found good or bad
Next:  verbs/writing.py, in this order: `decode`, `prepare_for_…`, `validate_…`
Rules: the one place that tells custom kinds from built-in ones on the way of a write. Metadata is looked at alike.
Source: apiextensions-apiserver pkg/registry/customresource/strategy.go for what custom resources do otherwise
"""

from __future__ import annotations

from datetime import datetime

from listwatch.apiserver.kinds import strategy, validation
from listwatch.apiserver.kinds.causes import Cause
from listwatch.apiserver.kinds.defaults import apply_defaults
from listwatch.apiserver.kinds.maps import JSONObject
from listwatch.apiserver.kinds.resources import Resource
from listwatch.apiserver.kinds.schema import FieldValidation, Schemas


def decode(
    schemas: Schemas, resource: Resource, body: object, *, validation: FieldValidation = "Ignore"
) -> tuple[JSONObject, list[str]]:
    """A body as an object of `resource` with its defaults, and the warnings for it.

    Raises:
        SchemaError: It is no such object, or with `Strict` has fields that are unknown.
    """
    group, version, kind = resource.group, resource.version, resource.kind
    value, warnings = schemas.decode(group, version, kind, body, validation=validation)
    if resource.custom is None:
        apply_defaults(group, version, kind, value)
    return value, warnings


def prepare_for_create(resource: Resource, value: JSONObject, *, now: datetime) -> None:
    """Turn a decoded object into the one that a create stores. `value` is changed."""
    custom = resource.custom
    strategy.prepare_for_create(
        resource.group,
        resource.name,
        value,
        now=now,
        has_status=custom is None or custom.has_status,
        is_custom=custom is not None,
    )


def prepare_for_update(resource: Resource, new: JSONObject, old: JSONObject, *, subresource: str) -> None:
    """Turn a decoded object into the one that an update stores. `new` is changed, `old` is not."""
    custom = resource.custom
    strategy.prepare_for_update(
        resource.group,
        resource.name,
        new,
        old,
        subresource=subresource,
        has_status=custom is None or custom.has_status,
        is_custom=custom is not None,
    )


def validate_create(resource: Resource, value: JSONObject) -> list[Cause]:
    """Every reason against creating `value`."""
    causes = validation.validate_create(
        resource.group, resource.version, resource.kind, value, namespaced=resource.namespaced
    )
    if resource.custom is not None:
        causes.extend(resource.custom.validate_create(value))
    return causes


def validate_update(
    resource: Resource, new: JSONObject, old: JSONObject, *, subresource: str = ""
) -> list[Cause]:
    """Every reason against replacing `old` by `new`."""
    causes = validation.validate_update(
        resource.group, resource.version, resource.kind, new, old, subresource=subresource
    )
    if resource.custom is not None:
        causes.extend(resource.custom.validate_update(new, old, subresource=subresource))
    return causes
