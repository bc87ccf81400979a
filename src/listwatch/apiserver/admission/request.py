"""What a callable that admits is given, and what it gives back.

In:    `AdmissionRequest`
Out:   `Decision`, by `allow` or `deny`
Next:  callables.py
Rules: data only. The objects in a request are copies: changing them changes nothing, `allow(changed=…)` does.
Source: admission.k8s.io/v1, as values instead of JSON
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from listwatch.apiserver.access.identity import User
from listwatch.apiserver.verbs.admitting import Operation

JSONObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """A write that waits to be admitted.

    Attributes:
        operation: CREATE, UPDATE or DELETE.
        user: Who asks.
        group: Of the resource, "" for the core group.
        resource: Its plural name.
        subresource: "" for the object itself.
        namespace: "" for what has none.
        object: As it would be; None for a deletion.
        old_object: As it is; None for a creation.
        dry_run: Whether nothing will be stored, so that nothing else may happen either.
        options: The options of the request's query, such as `fieldManager`.
    """

    operation: Operation
    user: User
    group: str
    version: str
    kind: str
    resource: str
    subresource: str
    namespace: str
    name: str
    object: JSONObject | None
    old_object: JSONObject | None
    dry_run: bool
    options: JSONObject


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer; made by `allow` and `deny`."""

    allowed: bool
    message: str = ""
    code: int = 403
    reason: str = ""
    warnings: tuple[str, ...] = ()
    changed: JSONObject | None = None


def allow(*, changed: JSONObject | None = None, warnings: Sequence[str] = ()) -> Decision:
    """Let the write happen.

    Args:
        changed: The object to write instead of the one that was given. Where only validating is left, it has to be
            the same.
        warnings: Told to whoever asked.
    """
    return Decision(True, warnings=tuple(warnings), changed=changed)


def deny(message: str, *, code: int = 403, reason: str = "", warnings: Sequence[str] = ()) -> Decision:
    """Refuse the write.

    Args:
        message: Why. With code 403 it stands behind "… is forbidden: ", else it is the Status' message.
        code: The HTTP status, at least 400.
        reason: The StatusReason; by default what goes with the code.
        warnings: Told to whoever asked.
    """
    return Decision(False, message, max(code, 400), reason, tuple(warnings))


Callback = Callable[[AdmissionRequest], "Decision | bool | Awaitable[Decision | bool | None] | None"]
