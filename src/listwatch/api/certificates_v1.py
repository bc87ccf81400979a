"""The kinds of certificates/v1 and their parts.

Written by tools/generate_api.py (change that, not this) from, in openapi/:
apis__certificates.k8s.io__v1.json
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from listwatch.apimachinery.object import Object, section

__all__ = [
    "CertificateSigningRequest",
    "CertificateSigningRequestCondition",
    "CertificateSigningRequestSpec",
    "CertificateSigningRequestStatus",
]


class CertificateSigningRequestCondition(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None
    message: str | None = None
    reason: str | None = None
    status: str = field(default_factory=str)
    type: str = field(default_factory=str)


class CertificateSigningRequestSpec(Struct, kw_only=True, omit_defaults=True, gc=False, rename="camel"):
    expiration_seconds: int | None = None
    extra: dict[str, list[str]] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    request: bytes = field(default_factory=bytes)
    signer_name: str = field(default_factory=str)
    uid: str | None = None
    usages: list[str] = field(default_factory=list)
    username: str | None = None


class CertificateSigningRequestStatus(Struct, kw_only=True, omit_defaults=True, gc=False):
    certificate: bytes | None = None
    conditions: list[CertificateSigningRequestCondition] = field(default_factory=list)


class CertificateSigningRequest(
    Object, group="certificates.k8s.io", version="v1", plural="certificatesigningrequests", namespaced=False
):
    """Served at `/apis/certificates.k8s.io/v1/certificatesigningrequests`."""

    spec: CertificateSigningRequestSpec = section(factory=CertificateSigningRequestSpec)
    status: CertificateSigningRequestStatus = section(factory=CertificateSigningRequestStatus)
