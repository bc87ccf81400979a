"""Questions about identity and permission: reviews are answered at once and kept nowhere.

In:    a review's body and who sends it
Out:   the same review with its status filled in
Rules: pure. What is answered is what this server does: authenticated users may do everything, anonymous ones may
       not read or write resources. There is no RBAC to consult.
Source: authentication.k8s.io/v1 and authorization.k8s.io/v1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from listwatch.apiserver.access.identity import ANONYMOUS_NAME, MASTERS, User, user_of_token

JSONObject = dict[str, Any]
NO_RBAC: Final = "this server does not evaluate RBAC: whoever is authenticated may do everything"


def answer_review(
    kind: str, body: JSONObject, *, user: User, tokens: Mapping[str, User], created: str
) -> JSONObject | None:
    """The answered review, without `apiVersion` and `kind`; None if `kind` is no review.

    Args:
        kind: Such as `SelfSubjectAccessReview`.
        body: As sent, decoded.
        user: Who asks.
        tokens: Whose tokens are known.
        created: The time, for reviews that tell it.
    """
    if kind == "SelfSubjectReview":
        return {"metadata": {"creationTimestamp": created}, "status": {"userInfo": user.info()}}
    answer = _ANSWERS.get(kind)
    if answer is None:
        return None
    spec = body.get("spec") or {}
    metadata = body.get("metadata") or {}
    return {"metadata": metadata, "spec": spec, "status": answer(spec, user, tokens)}


def _self_access(_spec: JSONObject, user: User, _tokens: Mapping[str, User]) -> JSONObject:
    return _permission(user.name, user.groups)


def _access(spec: JSONObject, _user: User, _tokens: Mapping[str, User]) -> JSONObject:
    return _permission(spec.get("user", ""), tuple(spec.get("groups") or ()))


def _permission(name: str, groups: tuple[str, ...]) -> JSONObject:
    if MASTERS in groups:
        return {"allowed": True}
    if name == ANONYMOUS_NAME or not (name or groups):
        return {"allowed": False}
    return {"allowed": True, "reason": NO_RBAC}


def _self_rules(_spec: JSONObject, user: User, _tokens: Mapping[str, User]) -> JSONObject:
    if user.is_anonymous:
        return {"resourceRules": [], "nonResourceRules": [], "incomplete": False}
    return {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }


def _token(spec: JSONObject, _user: User, tokens: Mapping[str, User]) -> JSONObject:
    found = user_of_token(spec.get("token", ""), tokens)
    if found is None:
        return {"user": {}, "error": "invalid bearer token"}
    return {"authenticated": True, "user": found.info()}


_ANSWERS: Final[dict[str, Callable[[JSONObject, User, Mapping[str, User]], JSONObject]]] = {
    "SelfSubjectAccessReview": _self_access,
    "SubjectAccessReview": _access,
    "LocalSubjectAccessReview": _access,
    "SelfSubjectRulesReview": _self_rules,
    "TokenReview": _token,
}
