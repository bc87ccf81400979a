"""What a list, watch or collection deletion may be asked for, read and checked as kube-apiserver does.

In:    the query parameters                 (from request_info.py)
Out:   `ListOptions`
Next:  reading.py, watch.py
Rules: pure. Values that cannot be read are a 400, combinations that make no sense a 422 with all causes.
Source: API concepts, "Resource versions"; apimachinery pkg/apis/meta/internalversion (validation, defaults)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from listwatch.apimachinery.selector import (
    FieldSelector,
    LabelSelector,
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)
from listwatch.apiserver.kinds.schema import FieldValidation
from listwatch.apiserver.verbs.shard_selector import (
    ShardSelector,
    ShardSelectorError,
    parse_shard_selector,
)
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import FieldCause, bad_request, failure, invalid

EXACT: Final = "Exact"
NOT_OLDER_THAN: Final = "NotOlderThan"
_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MOST_DIGITS: Final = 200  # a number with more is out of range, and Python would not read it
_MATCH: Final = "resourceVersionMatch"
FIELD_VALIDATIONS: Final[dict[str, FieldValidation]] = {
    "": "Warn",
    "Warn": "Warn",
    "Strict": "Strict",
    "Ignore": "Ignore",
}


@dataclass(frozen=True, slots=True)
class ListOptions:
    """The options of one list or watch.

    Attributes:
        resource_version: As given; "" if unset. `version` is its number.
        match: `resourceVersionMatch`, "" if unset.
        limit: Zero or less for no limit.
        timeout_seconds: None if unset.
        send_initial_events: None if unset; a watch from "" or "0" without a match has it set to True, which
            is what such a watch has always done.
        initial_events_asked: Whether the client itself asked for initial events, and so for their end mark.
        shard: The part of the collection that is meant; None for all.
    """

    watch: bool
    label_selector: LabelSelector
    field_selector: FieldSelector
    resource_version: str = ""
    match: str = ""
    limit: int = 0
    continue_token: str = ""
    timeout_seconds: int | None = None
    allow_bookmarks: bool = False
    send_initial_events: bool | None = None
    initial_events_asked: bool = False
    shard: ShardSelector | None = None

    @property
    def selects_all(self) -> bool:
        """Whether no selector narrows the collection."""
        return self.label_selector.is_empty and not self.field_selector.requirements and self.shard is None


def _integer(query: Query, name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if _INTEGER.fullmatch(text) is None:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    value = int(text[:_MOST_DIGITS])
    if not -(2**63) <= value < 2**63:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": value out of range')
    return value


def parse_version(text: str) -> int:
    """The number of a resource version; 0 for "".

    Raises:
        ValueError: It is no number, said as Go says it.
    """
    if not text:
        return 0
    if re.fullmatch(r"[0-9]+", text, re.ASCII) is None:
        problem = f'strconv.ParseUint: parsing "{text}": invalid syntax'
    elif int(text[:_MOST_DIGITS]) >= 2**64:
        problem = f'strconv.ParseUint: parsing "{text}": value out of range'
    else:
        return int(text[:_MOST_DIGITS])
    raise ValueError(f'resourceVersion: Invalid value: "{text}": {problem}')


def version_of(options: ListOptions) -> int:
    """The number of the version asked for.

    Raises:
        APIFailure: It is no number. A watch answers that with a bare 500, as kube-apiserver does.
    """
    try:
        return parse_version(options.resource_version)
    except ValueError as error:
        if options.watch:
            raise failure(500, str(error)) from error
        raise bad_request(f"invalid resource version: {error}") from error


def parse_list_options(query: Query, *, watch: bool) -> ListOptions:
    """Read and check the options.

    Raises:
        APIFailure: 400 for what cannot be read, 500 for a shard selector that cannot, 422 for what does not go
            together.
    """
    try:
        options = ListOptions(
            watch=watch,
            label_selector=parse_label_selector(query.get("labelSelector")),
            field_selector=parse_field_selector(query.get("fieldSelector")),
            resource_version=query.get("resourceVersion"),
            match=query.get(_MATCH),
            limit=_integer(query, "limit") or 0,
            continue_token=query.get("continue"),
            timeout_seconds=_integer(query, "timeoutSeconds"),
            allow_bookmarks=query.flag("allowWatchBookmarks"),
            send_initial_events=query.flag("sendInitialEvents") if "sendInitialEvents" in query else None,
            shard=parse_shard_selector(query.get("shardSelector")) if query.get("shardSelector") else None,
        )
    except SelectorError as error:
        raise bad_request(str(error)) from error
    except ShardSelectorError as error:
        # kube-apiserver finds this fault so late that it is no longer the request's.
        raise failure(500, f"invalid shard selector: {error}") from error
    options = replace(options, initial_events_asked=bool(options.send_initial_events))
    if watch and options.send_initial_events is None and not options.match and is_legacy_start(options):
        options = replace(options, send_initial_events=True, match=NOT_OLDER_THAN)
    causes = _watch_faults(options) if watch else _list_faults(options)
    if causes:
        raise invalid("meta.k8s.io", "ListOptions", "", causes)
    return options


def is_legacy_start(options: ListOptions) -> bool:
    """Whether a watch names no version of its own, and so begins with the state."""
    return options.resource_version in {"", "0"}


def _forbidden(field: str, message: str) -> FieldCause:
    return FieldCause("FieldValueForbidden", field, f"Forbidden: {message}")


def _list_faults(options: ListOptions) -> list[FieldCause]:
    causes: list[FieldCause] = []
    match = options.match
    if match:
        if not options.resource_version:
            causes.append(
                _forbidden(_MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided")
            )
        if options.continue_token:
            causes.append(_forbidden(_MATCH, "resourceVersionMatch is forbidden when continue is provided"))
        if match not in {EXACT, NOT_OLDER_THAN}:
            message = f'Unsupported value: "{match}": supported values: "{EXACT}", "{NOT_OLDER_THAN}", ""'
            causes.append(FieldCause("FieldValueNotSupported", _MATCH, message))
        if match == EXACT and options.resource_version == "0":
            message = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.append(_forbidden(_MATCH, message))
    if options.send_initial_events is not None:
        causes.append(_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return causes


def _watch_faults(options: ListOptions) -> list[FieldCause]:
    causes: list[FieldCause] = []
    match = options.match
    if options.send_initial_events is not None and match != NOT_OLDER_THAN:
        message = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"
        causes.append(_forbidden(_MATCH, message))
    if match:
        if options.send_initial_events is None:
            message = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            causes.append(_forbidden(_MATCH, message))
        if match != NOT_OLDER_THAN:
            message = f'Unsupported value: "{match}": supported values: "{NOT_OLDER_THAN}"'
            causes.append(FieldCause("FieldValueNotSupported", _MATCH, message))
        if options.continue_token:
            causes.append(_forbidden(_MATCH, "resourceVersionMatch is forbidden when continue is provided"))
    return causes


def check_dry_run(query: Query, kind: str, given: list[str] | None = None) -> bool:
    """Whether the request is to be answered but not acted upon.

    Args:
        query: Where `dryRun` may stand.
        kind: The options' kind, such as `CreateOptions`, for the message.
        given: The values, if they stand in a body instead.

    Raises:
        APIFailure: 422 for any value but `All`.
    """
    values = query.all("dryRun") if given is None else given
    causes = dry_run_faults(values)
    if causes:
        raise invalid("meta.k8s.io", kind, "", causes)
    return bool(values)


def dry_run_faults(values: list[str]) -> list[FieldCause]:
    """What is wrong with the values of `dryRun`: there is only `All`."""
    if set(values) <= {"All"}:
        return []
    shown = "[" + ",".join(f'"{value}"' for value in values) + "]"
    message = f'Unsupported value: {shown}: supported values: "All"'
    return [FieldCause("FieldValueNotSupported", "dryRun", message)]


def field_validation(query: Query, kind: str) -> FieldValidation:
    """How to treat unknown fields: `Strict`, `Warn` (the default) or `Ignore`.

    Raises:
        APIFailure: 422 for any other value.
    """
    causes = field_validation_faults(query)
    if causes:
        raise invalid("meta.k8s.io", kind, "", causes)
    return FIELD_VALIDATIONS[query.get("fieldValidation")]


def field_validation_faults(query: Query) -> list[FieldCause]:
    """What is wrong with `fieldValidation`."""
    value = query.get("fieldValidation")
    if value in FIELD_VALIDATIONS:
        return []
    message = f'Unsupported value: "{value}": supported values: "Ignore", "Strict", "Warn"'
    return [FieldCause("FieldValueNotSupported", "fieldValidation", message)]
