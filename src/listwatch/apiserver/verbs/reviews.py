"""Questions about identity and permission: reviews are answered at once and kept nowhere.

In:    a `Call` that creates a review, and the review, decoded
Out:   the same review with its status filled in
Next:  access/access_reviews.py, access/authorizer.py; service_account_tokens.py knows tokens
Rules: nothing is changed. What an access review answers is what a request of that user would meet.
Source: authentication.k8s.io/v1 and authorization.k8s.io/v1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from listwatch.apiserver.access.access_reviews import (
    access_causes,
    access_status,
    question,
    rules_status,
    subject,
)
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import User, authenticated
from listwatch.apiserver.access.token_claims import TokenError
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.wire.statuses import bad_request, invalid

JSONObject = dict[str, Any]
# Gives whose a token is and for which of the audiences, or raises `TokenError` saying why it is nobody's.
TokenQuestion = Callable[[str, "tuple[str, ...]"], "tuple[User, tuple[str, ...]]"]
_ACCESS_REVIEWS: Final = frozenset(
    {"SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview"}
)


def answer_review(
    call: Call, body: JSONObject, *, authorizer: Authorizer, ask_token: TokenQuestion, created: str
) -> JSONObject | None:
    """The answered review, without `apiVersion` and `kind`; None if the resource is no review.

    Args:
        call: What is created, and by whom.
        body: As sent, decoded.
        authorizer: Whom to ask for permission.
        ask_token: Whom to ask for tokens.
        created: The time, for reviews that tell it.

    Raises:
        APIFailure: 400 or 422, the review is no question.
    """
    kind, spec = call.resource.kind, body.get("spec") or {}
    if kind == "SelfSubjectReview":
        return {"metadata": {"creationTimestamp": created}, "status": {"userInfo": call.user.info()}}
    if kind in _ACCESS_REVIEWS:
        status = _access(call, kind, spec, authorizer)
    elif kind == "SelfSubjectRulesReview":
        namespace = str(spec.get("namespace") or "")
        if not namespace:
            raise bad_request("no namespace on request")
        status = rules_status(call.user, namespace, authorizer)
    elif kind == "TokenReview":
        status = _token(spec, ask_token)
    else:
        return None
    return {"metadata": body.get("metadata") or {}, "spec": spec, "status": status}


def _access(call: Call, kind: str, spec: JSONObject, authorizer: Authorizer) -> JSONObject:
    is_about_caller = kind == "SelfSubjectAccessReview"
    local = call.namespace if kind == "LocalSubjectAccessReview" else None
    causes = access_causes(spec, needs_subject=not is_about_caller, namespace=local)
    if causes:
        raise invalid(call.resource.group, kind, "", causes)
    user = call.user if is_about_caller else subject(spec)
    return access_status(question(spec, user), authorizer)


def _token(spec: JSONObject, ask_token: TokenQuestion) -> JSONObject:
    token = spec.get("token")
    if not token:
        raise bad_request("token is required for TokenReview in authentication")
    try:
        user, audiences = ask_token(str(token), tuple(spec.get("audiences") or ()))
    except TokenError as error:
        return {"user": {}, "error": str(error)}
    status: JSONObject = {"authenticated": True, "user": authenticated(user).info()}
    if audiences:
        status["audiences"] = list(audiences)
    return status
