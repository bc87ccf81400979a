"""Certificates and keys for tests, made once a run and worth nothing."""

from __future__ import annotations

import functools
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_FROM = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as objects and as PEM."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self._key_pem(serialization.NoEncryption())

    @property
    def encrypted_key_pem(self) -> bytes:
        return self._key_pem(serialization.BestAvailableEncryption(b"password"))

    def _key_pem(self, encryption: serialization.KeySerializationEncryption) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )


def authority(name: str = "test CA") -> Pair:
    """A self-signed CA with the extensions that strict verification asks for."""
    return _issue(name, issuer_name=None, dns_name=None)


def leaf(name: str, *, ca: str = "test CA", dns_name: str = "kubernetes.test") -> Pair:
    """A certificate for a server or a client, signed by that CA."""
    return _issue(name, issuer_name=ca, dns_name=dns_name)


@functools.cache
def _issue(name: str, *, issuer_name: str | None, dns_name: str | None) -> Pair:
    issuer = authority(issuer_name) if issuer_name is not None else None
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, signer_name = (issuer.key, issuer.certificate.subject) if issuer else (key, subject)
    is_ca = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_FROM + timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=is_ca,
                crl_sign=is_ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if dns_name is not None:
        names = [x509.DNSName(dns_name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Pair(builder.sign(signer, hashes.SHA256()), key)
