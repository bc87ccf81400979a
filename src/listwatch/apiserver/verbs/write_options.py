"""What a create, update or patch may be asked for, read and checked as kube-apiserver does.

In:    a `Call`
Out:   `WriteOptions`
Next:  writing.py, patching.py
Rules: pure. What is wrong is a 422 with all causes. A writer that names no field manager is called after its program,
       as the User-Agent has it.
Source: apimachinery pkg/apis/meta/v1/validation; apiserver pkg/endpoints/handlers/create.go (managerOrUserAgent)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from listwatch.apimachinery.quote import go_quote
from listwatch.apiserver.kinds.schema import FieldValidation
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.list_options import FIELD_VALIDATIONS, dry_run_faults, field_validation_faults
from listwatch.apiserver.wire.statuses import FieldCause, invalid

_LONGEST_MANAGER: Final = 128


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """The options of one write.

    Attributes:
        manager: Who writes, for managed fields; "" if nothing tells.
        force: For an apply: take what others own.
    """

    manager: str
    dry_run: bool
    validation: FieldValidation
    force: bool = False


def write_options(call: Call, kind: str, *, is_apply: bool = False) -> WriteOptions:
    """Read and check the options.

    Args:
        call: The write.
        kind: The options' kind, such as `CreateOptions`, for the message.
        is_apply: Whether the write is a server-side apply.

    Raises:
        APIFailure: 422.
    """
    query = call.info.query
    causes: list[FieldCause] = []
    manager = query.get("fieldManager")
    if is_apply and not manager:
        message = "Required value: is required for apply patch"
        causes.append(FieldCause("FieldValueRequired", "fieldManager", message))
    if kind == "PatchOptions" and not is_apply and "force" in query:
        message = "Forbidden: may not be specified for non-apply patch"
        causes.append(FieldCause("FieldValueForbidden", "force", message))
    causes.extend(_manager_faults(manager))
    causes.extend(dry_run_faults(query.all("dryRun")))
    causes.extend(field_validation_faults(query))
    if causes:
        raise invalid("meta.k8s.io", kind, "", causes)
    return WriteOptions(
        manager or manager_of_agent(call.request.headers.get("User-Agent", "")),
        dry_run=bool(query.all("dryRun")),
        validation=FIELD_VALIDATIONS[query.get("fieldValidation")],
        force=query.flag("force"),
    )


def _manager_faults(manager: str) -> list[FieldCause]:
    found: list[FieldCause] = []
    if len(manager.encode("utf-8", "surrogatepass")) > _LONGEST_MANAGER:
        message = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
        found.append(FieldCause("FieldValueTooLong", "fieldManager", message))
    position = 0
    for character in manager:
        if not character.isprintable():
            message = (
                f"Invalid value: {go_quote(manager)}: "
                f"invalid character U+{ord(character):04X} (at position {position})"
            )
            found.append(FieldCause("FieldValueInvalid", "fieldManager", message))
        position += len(character.encode("utf-8", "surrogatepass"))
    return found


def manager_of_agent(user_agent: str) -> str:
    """The manager that a User-Agent stands for: what comes before the first slash, as far as it is printable."""
    name = ""
    length = 0
    for character in user_agent.partition("/")[0]:
        if not character.isprintable():
            continue
        length += len(character.encode("utf-8", "surrogatepass"))
        if length > _LONGEST_MANAGER:
            break
        name += character
    return name
