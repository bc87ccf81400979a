"""Questions about permission: access reviews and rules reviews, answered at once and kept nowhere.

In:    a review's spec and who sends it
Out:   its status, or the causes why it cannot be answered
Next:  verbs/reviews.py makes an answer of it
Rules: pure. A review never changes what may be done; it asks what every request is asked.
Source: authorization.k8s.io/v1; kubernetes pkg/registry/authorization; validation of the same group
"""

from __future__ import annotations

from typing import Any

from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.rbac import aggregate
from listwatch.apiserver.wire.statuses import FieldCause

JSONObject = dict[str, Any]


def access_causes(spec: JSONObject, *, needs_subject: bool, namespace: str | None = None) -> list[FieldCause]:
    """Why an access review's spec is no question.

    Args:
        spec: As sent.
        needs_subject: Whether it must say about whom.
        namespace: That of a local review's path; None for others.
    """
    causes: list[FieldCause] = []
    about_resource, about_path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if about_resource is not None and about_path is not None:
        shown = "cannot be specified in combination with resourceAttributes"
        causes.append(
            FieldCause("FieldValueInvalid", "spec.nonResourceAttributes", f"Invalid value: {shown}")
        )
    elif about_resource is None and about_path is None:
        message = (
            "Required value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        )
        causes.append(FieldCause("FieldValueRequired", "spec.resourceAttributes", message))
    if needs_subject and not spec.get("user") and not spec.get("groups"):
        message = "Invalid value: at least one of user or group must be specified"
        causes.append(FieldCause("FieldValueInvalid", "spec.user", message.replace("value: ", 'value: "": ')))
    if namespace is not None:
        if about_path is not None:
            message = "Invalid value: disallowed on this kind of request"
            causes.append(FieldCause("FieldValueInvalid", "spec.nonResourceAttributes", message))
        asked = str((about_resource or {}).get("namespace", ""))
        if about_resource is not None and asked != namespace:
            message = f'Invalid value: "{asked}": must match metadata.namespace'
            causes.append(FieldCause("FieldValueInvalid", "spec.resourceAttributes.namespace", message))
    return causes


def subject(spec: JSONObject) -> User:
    """About whom a SubjectAccessReview asks: just as it says, no group added."""
    extra = {name: tuple(values or ()) for name, values in (spec.get("extra") or {}).items()}
    return User(
        str(spec.get("user") or ""), tuple(spec.get("groups") or ()), str(spec.get("uid") or ""), extra
    )


def question(spec: JSONObject, user: User) -> Attributes:
    """What an access review asks."""
    path = spec.get("nonResourceAttributes")
    if path is not None:
        return Attributes(user, str(path.get("verb") or ""), path=str(path.get("path") or ""))
    asked = spec.get("resourceAttributes") or {}

    def part(name: str) -> str:
        return str(asked.get(name) or "")

    return Attributes(
        user,
        part("verb"),
        part("group"),
        part("resource"),
        part("subresource"),
        part("name"),
        part("namespace"),
    )


def access_status(wanted: Attributes, authorizer: Authorizer) -> JSONObject:
    """The status of an access review."""
    decision = authorizer.decide(wanted)
    status: JSONObject = {"allowed": decision.is_allowed}
    if decision.reason:
        status["reason"] = decision.reason
    return status


def rules_status(user: User, namespace: str, authorizer: Authorizer) -> JSONObject:
    """The status of a SelfSubjectRulesReview: all rules that apply, as the roles have them."""
    grants = authorizer.grants(user, namespace)
    rules = [rule.document() for rule in grants.rules]
    status: JSONObject = {
        "resourceRules": [rule for rule in rules if "nonResourceURLs" not in rule or "resources" in rule],
        "nonResourceRules": [
            {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
            for rule in rules
            if "nonResourceURLs" in rule
        ],
        "incomplete": bool(grants.errors),
    }
    if grants.errors:
        status["evaluationError"] = aggregate(grants.errors)
    return status
