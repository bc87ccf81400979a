"""Security contexts."""

from __future__ import annotations

from listwatch.apiserver.kinds.causes import Causes
from listwatch.apiserver.kinds.validation_security import (
    validate_pod_security_context,
    validate_security_context,
)


def told(causes: Causes) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in causes]


def test_ids_have_bounds() -> None:
    """Users and groups are numbers that Linux knows."""
    causes = Causes()
    validate_pod_security_context(
        causes, {"runAsUser": -1, "fsGroup": 2**31, "supplementalGroups": [1, -2]}, "s"
    )
    detail = "must be between 0 and 2147483647, inclusive"
    assert told(causes) == [
        f"s.runAsUser: Invalid value: -1: {detail}",
        f"s.fsGroup: Invalid value: 2147483648: {detail}",
        f"s.supplementalGroups[1]: Invalid value: -2: {detail}",
    ]


def test_no_privilege_against_its_own_word() -> None:
    """Who may not gain privileges cannot begin with all of them."""
    causes = Causes()
    validate_security_context(causes, {"privileged": True}, "s")
    validate_security_context(causes, {"privileged": True, "allowPrivilegeEscalation": True}, "s")
    assert not causes
    validate_security_context(causes, {"privileged": True, "allowPrivilegeEscalation": False}, "s")
    admin = {"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}
    validate_security_context(causes, admin, "s")
    assert [cause.message.partition("}: ")[2] for cause in causes] == [
        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
    ]
