"""What a pod and its containers ask of the kernel: their security contexts.

In:    the SecurityContext of a container or a pod, decoded
Out:   causes
Next:  validation_pods.py
Rules: pure, total on objects of any shape
Source: order and wording of pkg/apis/core/validation. Who may ask for what is admission's: pod_security.py
"""

from __future__ import annotations

from typing import Final

from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.maps import JSONObject, items, peek

_HIGHEST_ID: Final = 2**31 - 1
_IDS: Final = ("runAsUser", "runAsGroup", "fsGroup")


def validate_pod_security_context(causes: Causes, context: JSONObject, path: str) -> None:
    """The rules of a pod's."""
    _ids(causes, context, path)
    for index, group in enumerate(items(context, "supplementalGroups")):
        _id(causes, group, f"{path}.supplementalGroups[{index}]")


def validate_security_context(causes: Causes, context: JSONObject, path: str) -> None:
    """The rules of a container's: who it runs as, and no privilege that it says it shall not get."""
    _ids(causes, context, path)
    if context.get("allowPrivilegeEscalation") is not False:
        return
    if context.get("privileged") is True:
        causes.invalid(
            path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        )
    if "CAP_SYS_ADMIN" in items(peek(context, "capabilities"), "add"):
        causes.invalid(
            path,
            context,
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        )


def _ids(causes: Causes, context: JSONObject, path: str) -> None:
    for name in _IDS:
        _id(causes, context.get(name), f"{path}.{name}")


def _id(causes: Causes, value: object, path: str) -> None:
    if isinstance(value, int) and not 0 <= value <= _HIGHEST_ID:
        causes.invalid(path, value, f"must be between 0 and {_HIGHEST_ID}, inclusive")
