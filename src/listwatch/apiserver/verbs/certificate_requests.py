"""Certificate signing requests: who asked, who may approve, and the certificate.

In:    CertificateSigningRequests as they are written; approved ones
Out:   the requester in their spec; 403s; signed certificates in their status
Next:  the authority that the cluster's listener shows, listener/certificates.py
Rules: only `kubernetes.io/kube-apiserver-client` is signed here, and only if there is an authority; requests for other
       signers wait for theirs, as on a real cluster. What cannot be signed fails with a condition.
Source: Kubernetes docs, "Certificates and Certificate Signing Requests"; the admission plugins CertificateApproval and
        CertificateSubjectRestriction; the CSR signing controller
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.access.attributes import Attributes
from listwatch.apiserver.access.authorizer import Authorizer
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.revision_log import Change
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.wire.statuses import forbidden
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
GROUP: Final = "certificates.k8s.io"
NAME: Final = "certificatesigningrequests"
CLIENT_SIGNER: Final = "kubernetes.io/kube-apiserver-client"
_COLLECTION: Final = f"{NAME}.{GROUP}"
_USAGES: Final = frozenset({"client auth", "digital signature", "key encipherment"})
_REQUESTER: Final = ("username", "uid", "groups", "extra")


class Authority(Protocol):
    """Signs certificates of clients."""

    @property
    def certificate_pem(self) -> bytes:
        """Its own certificate."""
        ...

    def sign_client(self, request_pem: bytes, *, now: datetime, lifetime: timedelta | None) -> bytes:
        """A certificate, as PEM, with the subject and key of a PKCS #10 request.

        Raises:
            ValueError: The request cannot be read, or its signature is not its key's.
        """
        ...


class CertificateRequests:
    """What a server does about certificate signing requests.

    Args:
        storage: Where they are; it is listened to from now on.
        registry: Knows their resource.
        clock: For the validity of certificates and the times of conditions.
        authorizer: Knows who may approve.
    """

    def __init__(
        self, storage: Storage, registry: ResourceRegistry, *, clock: Clock, authorizer: Authorizer
    ) -> None:
        self._storage = storage
        self._resource = registry.find(GROUP, "v1", NAME)
        self._clock = clock
        self._authorizer = authorizer
        self._waiting: dict[str, None] = {}
        self.authority: Authority | None = None
        """Who signs; None if nobody does."""
        storage.listen(self._hear)

    def check_write(self, call: Call, value: JSONObject, old: JSONObject | None) -> None:
        """Write the requester into a new request; let nobody approve who may not. Other resources pass.

        Args:
            call: Who writes.
            value: As it would be stored; a new one is changed.
            old: As it is stored, or None.

        Raises:
            APIFailure: 403.
        """
        if call.resource.storage != _COLLECTION:
            return
        if old is None:
            spec = value.setdefault("spec", {})
            for field in _REQUESTER:
                spec.pop(field, None)
            told = call.user.info()
            spec.update({field: told[field] for field in _REQUESTER if field in told})
            value["status"] = {}
        elif call.info.subresource == "approval":
            signer = str(old.get("spec", {}).get("signerName", ""))
            if not self._may_approve(call.user, signer):
                why = f'user not permitted to approve requests with signerName "{signer}"'
                raise forbidden(GROUP, NAME, call.name, why)
        if old is not None and call.info.subresource:
            _stamp(value, old, format_timestamp(self._clock.now()))

    def settle(self) -> None:
        """Sign what has been approved since."""
        while self._waiting and self._resource is not None:
            key = next(iter(self._waiting))
            del self._waiting[key]
            stored = self._storage.log.get(_COLLECTION, key)
            if self.authority is not None and stored is not None and is_to_be_signed(stored.object):
                signed = self._signed(stored.object, self.authority)
                self._storage.put(self._resource, "", key, signed)

    def _may_approve(self, user: User, signer: str) -> bool:
        domain = signer.partition("/")[0]
        return any(
            self._authorizer.decide(Attributes(user, "approve", GROUP, "signers", name=name)).is_allowed
            for name in (signer, f"{domain}/*")
        )

    def _signed(self, request: JSONObject, authority: Authority) -> JSONObject:
        """The request with its certificate, or with the condition that there will be none."""
        spec, now = request["spec"], self._clock.now()
        seconds = spec.get("expirationSeconds")
        lifetime = timedelta(seconds=seconds) if seconds else None
        status = dict(request.get("status") or {})
        try:
            _check_usages(spec.get("usages") or ())
            encoded = base64.b64decode(spec.get("request") or "", validate=True)
            certificate = authority.sign_client(encoded, now=now, lifetime=lifetime)
            status["certificate"] = base64.b64encode(certificate).decode()
        except (ValueError, binascii.Error) as error:
            time = format_timestamp(now)
            failed = {
                "type": "Failed",
                "status": "True",
                "reason": "SignerValidationFailure",
                "message": str(error),
                "lastUpdateTime": time,
                "lastTransitionTime": time,
            }
            status["conditions"] = [*(status.get("conditions") or ()), failed]
        return {**request, "metadata": dict(request["metadata"]), "status": status}

    def _hear(self, change: Change) -> None:
        if change.resource == _COLLECTION and change.type != "DELETED":
            self._waiting[change.key] = None


def _stamp(value: JSONObject, old: JSONObject, now: str) -> None:
    """Give conditions the times that they do not say; one whose status is unchanged keeps its transition's."""
    before = {
        (each.get("type"), each.get("status")): each.get("lastTransitionTime")
        for each in (old.get("status") or {}).get("conditions") or ()
    }
    for each in (value.get("status") or {}).get("conditions") or ():
        each["lastUpdateTime"] = each.get("lastUpdateTime") or now
        known = before.get((each.get("type"), each.get("status")))
        each["lastTransitionTime"] = each.get("lastTransitionTime") or known or now


def is_to_be_signed(request: JSONObject) -> bool:
    """Whether a request is ours to sign: approved, neither denied nor failed, and without a certificate."""
    status = request.get("status") or {}
    types = {each.get("type") for each in status.get("conditions") or ()}
    return (
        request.get("spec", {}).get("signerName") == CLIENT_SIGNER
        and "Approved" in types
        and not types & {"Denied", "Failed"}
        and not status.get("certificate")
    )


def _check_usages(usages: object) -> None:
    """Refuse keys for anything but showing who a client is.

    Raises:
        ValueError: Told as the condition's message.
    """
    asked = {str(each) for each in usages} if isinstance(usages, list) else set()
    if "client auth" not in asked or not asked <= _USAGES:
        raise ValueError(f"usages did not match {sorted(_USAGES)}")
