"""The kinds of authentication/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
api__v1.json
apis__authentication.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from listwatch.apimachinery.object import Object, section

__all__ = [
    "BoundObjectReference",
    "SelfSubjectReview",
    "SelfSubjectReviewStatus",
    "TokenRequest",
    "TokenRequestSpec",
    "TokenRequestStatus",
    "TokenReview",
    "TokenReviewSpec",
    "TokenReviewStatus",
    "UserInfo",
]


class BoundObjectReference(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    name: str | None = None
    uid: str | None = None


class UserInfo(Struct, kw_only=True, omit_defaults=True, gc=False):
    extra: dict[str, list[str]] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    uid: str | None = None
    username: str | None = None


class SelfSubjectReviewStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    user_info: UserInfo = field(default_factory=UserInfo)


class TokenRequestSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    audiences: list[str] = field(default_factory=list)
    bound_object_ref: BoundObjectReference | None = None
    expiration_seconds: int | None = None


class TokenRequestStatus(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    expiration_timestamp: datetime | None = None
    token: str = ""

    def __repr__(self) -> str:
        return "TokenRequestStatus(…)"  # what it holds opens doors

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class TokenReviewSpec(Struct, kw_only=True, omit_defaults=True, gc=False):
    audiences: list[str] = field(default_factory=list)
    token: str = field(default_factory=str)

    def __repr__(self) -> str:
        return "TokenReviewSpec(…)"  # what it holds opens doors

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class TokenReviewStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    audiences: list[str] = field(default_factory=list)
    authenticated: bool | None = None
    error: str | None = None
    user: UserInfo = field(default_factory=UserInfo)


class SelfSubjectReview(
    Object, group="authentication.k8s.io", version="v1", plural="selfsubjectreviews", namespaced=False
):
    """Served at `/apis/authentication.k8s.io/v1/selfsubjectreviews`."""

    status: SelfSubjectReviewStatus = section(factory=SelfSubjectReviewStatus)


class TokenRequest(Object, group="authentication.k8s.io", version="v1", plural="token"):
    """Served at `/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token`."""

    spec: TokenRequestSpec = section(factory=TokenRequestSpec)
    status: TokenRequestStatus = section(factory=TokenRequestStatus)


class TokenReview(
    Object, group="authentication.k8s.io", version="v1", plural="tokenreviews", namespaced=False
):
    """Served at `/apis/authentication.k8s.io/v1/tokenreviews`."""

    spec: TokenReviewSpec = section(factory=TokenReviewSpec)
    status: TokenReviewStatus = section(factory=TokenReviewStatus)
