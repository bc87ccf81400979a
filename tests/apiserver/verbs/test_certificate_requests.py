"""Certificate signing requests, from who asks to the certificate."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from api_caller import Caller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from virtual_time import run_virtual

from listwatch.apimachinery.http import Peer
from listwatch.apiserver.admission import AdmissionRequest, Decision, allow
from listwatch.apiserver.listener.certificates import CertificateAuthority

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
AUTHORITY = CertificateAuthority(now=datetime(2026, 1, 1, tzinfo=UTC))
JANE = Peer("jane", ("devs",))
APPROVED = {"type": "Approved", "status": "True", "reason": "KubectlApprove", "message": "by hand"}


def _request(*, organization: str = "devs", **spec: Any) -> dict[str, Any]:
    names = [
        x509.NameAttribute(NameOID.COMMON_NAME, "bob"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
    ]
    key = ec.generate_private_key(ec.SECP256R1())
    pem = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name(names))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    return {
        "metadata": {"name": "bob"},
        "spec": {
            "request": base64.b64encode(pem).decode(),
            "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"],
            "username": "somebody-else",
            **spec,
        },
    }


async def _approve(caller: Caller, *, peer: Peer | None = None) -> Any:
    csr = (await caller.get(REQUESTS + "/bob")).json
    csr["status"] = {"conditions": [APPROVED]}
    return await caller.send(
        "PUT", REQUESTS + "/bob/approval", csr, peer=peer or Peer("a", ("system:masters",))
    )


def test_an_approved_request_gets_its_certificate() -> None:
    """Names are the request's, the time is what was asked for, the authority signs, and conditions have times."""

    async def main() -> None:
        caller = Caller()
        caller.server.adopt_authority(AUTHORITY)
        made = await caller.create(REQUESTS, _request(expirationSeconds=3600))
        assert (made["spec"]["username"], made["spec"]["groups"]) == (
            "admin",
            ["system:masters", "system:authenticated"],
        )
        assert (await _approve(caller)).status == 200
        status = (await caller.get(REQUESTS + "/bob")).json["status"]
        times = {"lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        assert status["conditions"] == [{**APPROVED, **times}]
        certificate = x509.load_pem_x509_certificate(base64.b64decode(status["certificate"]))
        assert certificate.subject.rfc4514_string() == "O=devs,CN=bob"
        assert certificate.not_valid_after_utc == datetime(2026, 1, 1, 1, tzinfo=UTC)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(AUTHORITY.certificate_pem))

    run_virtual(main)


BAD = [
    ({"request": base64.b64encode(b"no request").decode()}, "Unable to load PEM"),
    ({"usages": ["server auth"]}, "usages did not match"),
    ({"organization": "system:masters"}, "no certificate of this kind makes anybody a member"),
]


@pytest.mark.parametrize(("spec", "message"), BAD)
def test_what_cannot_be_signed_fails(spec: dict[str, Any], message: str) -> None:
    """An approved request that is none, or asks for too much, gets a condition and no certificate."""

    async def main() -> None:
        caller = Caller()
        caller.server.adopt_authority(AUTHORITY)
        body = _request(**spec)
        made = await caller.send("POST", REQUESTS, body)
        assert made.status == 201, made.json
        await _approve(caller)
        status = (await caller.get(REQUESTS + "/bob")).json["status"]
        assert "certificate" not in status
        assert [each["type"] for each in status["conditions"]] == ["Approved", "Failed"]
        assert message in status["conditions"][1]["message"]

    run_virtual(main)


def test_other_signers_and_clusters_without_an_authority_sign_nothing() -> None:
    """An approved request then stays as it is."""

    async def main() -> None:
        for signer, authority in (
            ("example.com/other", AUTHORITY),
            ("kubernetes.io/kube-apiserver-client", None),
        ):
            caller = Caller()
            if authority is not None:
                caller.server.adopt_authority(authority)
            await caller.create(REQUESTS, _request(signerName=signer))
            await _approve(caller)
            status = (await caller.get(REQUESTS + "/bob")).json["status"]
            assert [each["type"] for each in status["conditions"]] == ["Approved"]
            assert "certificate" not in status

    run_virtual(main)


def test_only_who_may_approve_for_a_signer_approves() -> None:
    """Writing the approval is not enough: the signer must be allowed too, by its name or its domain."""

    async def main() -> None:
        caller = Caller()
        await caller.create(REQUESTS, _request())
        group = "certificates.k8s.io"
        write = {
            "verbs": ["update"],
            "apiGroups": [group],
            "resources": ["certificatesigningrequests/approval"],
        }
        await caller.create(RBAC + "/clusterroles", {"metadata": {"name": "w"}, "rules": [write]})

        async def bind(role: str) -> None:
            subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "jane"}
            reference = {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": role}
            body = {"metadata": {"name": role}, "roleRef": reference, "subjects": [subject]}
            await caller.create(RBAC + "/clusterrolebindings", body)

        await bind("w")
        refused = await _approve(caller, peer=JANE)
        assert (refused.status, refused.json["message"]) == (
            403,
            'certificatesigningrequests.certificates.k8s.io "bob" is forbidden: user not permitted to approve '
            'requests with signerName "kubernetes.io/kube-apiserver-client"',
        )
        approve = {
            "verbs": ["approve"],
            "apiGroups": [group],
            "resources": ["signers"],
            "resourceNames": ["kubernetes.io/*"],
        }
        await caller.create(RBAC + "/clusterroles", {"metadata": {"name": "a"}, "rules": [approve]})
        await bind("a")
        assert (await _approve(caller, peer=JANE)).status == 200

    run_virtual(main)


def test_the_requester_is_written_after_admission() -> None:
    """What an admission callable says about who asks counts as little as what the request says."""

    async def main() -> None:
        caller = Caller()

        def pretend(request: AdmissionRequest) -> Decision:
            value = request.object or {}
            return allow(changed={**value, "spec": {**value["spec"], "username": "root", "uid": "0"}})

        caller.server.admit(pretend, resources=["certificatesigningrequests"])
        made = await caller.create(REQUESTS, _request())
        assert made["spec"]["username"] == "admin"
        assert "uid" not in made["spec"]

    run_virtual(main)
