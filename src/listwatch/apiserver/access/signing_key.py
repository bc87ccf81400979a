"""The key with which service account tokens are signed: JSON Web Tokens, and the key set by which others check them.

In:    claims
Out:   signed tokens; the claims of tokens that this key signed; the public key as a JWK
Next:  token_claims.py says what is in a token and what makes it valid
Rules: the key is made when it is first needed, since most clusters never need one, and never told but by `private_pem`.
       Signatures are checked here, what the claims mean is not.
Source: RFC 7515, RFC 7517, RFC 7518 (ES256); kubernetes pkg/serviceaccount/jwt.go for the key's id; differs: P-256
        where kubeadm makes RSA keys, since it costs a thousandth
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

JSONObject = dict[str, Any]
ALGORITHM: Final = "ES256"
_HALF: Final = 32  # bytes of each of the two numbers of a signature on P-256
_LONGEST_TOKEN: Final = 64 * 1024
_REMEMBERED: Final = 256


class SigningKey:
    """A private key on P-256.

    Promised: what `sign` gave, `claims` reads, as long as the key is the same. Not promised: rotation.

    Args:
        private_pem: An earlier key's `private_pem`; by default a new key is made.

    Raises:
        ValueError: `private_pem` is no key of this kind; raised when the key is first used.
    """

    def __init__(self, private_pem: bytes | None = None) -> None:
        self._pem = private_pem
        self._key: EllipticCurvePrivateKey | None = None
        self._id = ""
        self._seen: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "<SigningKey>"

    @property
    def private_pem(self) -> bytes:
        """The key as unencrypted PKCS #8, to go on with after a restart."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only where keys are used

        return self._private().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def key_id(self) -> str:
        """The hash of the public key by which tokens name it."""
        self._private()
        return self._id

    def sign(self, claims: JSONObject) -> str:
        """A token with these claims.

        Raises:
            ImportError: The package `cryptography` (extra `server`) is not installed.
        """
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only where keys are used
        from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415

        header = {"alg": ALGORITHM, "kid": self.key_id}
        signed = b".".join(_encoded(msgspec.json.encode(part)) for part in (header, claims))
        signature = self._private().sign(signed, ec.ECDSA(hashes.SHA256()))
        numbers = b"".join(number.to_bytes(_HALF) for number in utils.decode_dss_signature(signature))
        return (signed + b"." + _encoded(numbers)).decode()

    def claims(self, token: str) -> JSONObject | None:
        """What a token claims, if this key signed it; else None. Never raises for what a token is."""
        payload = self._seen.get(token)
        if payload is None:
            payload = self._verified(token)
            if payload is None:
                return None
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[token] = payload
        claims = msgspec.json.decode(payload)
        return claims if isinstance(claims, dict) else None

    def public_jwk(self) -> JSONObject:
        """The public key, as a key set holds it."""
        numbers = self._private().public_key().public_numbers()
        return {
            "use": "sig",
            "kty": "EC",
            "kid": self.key_id,
            "crv": "P-256",
            "alg": ALGORITHM,
            "x": _encoded(numbers.x.to_bytes(_HALF)).decode(),
            "y": _encoded(numbers.y.to_bytes(_HALF)).decode(),
        }

    def _verified(self, token: str) -> bytes | None:
        """The payload, if the signature is this key's."""
        parts = token.split(".") if len(token) <= _LONGEST_TOKEN else []
        # Without a key nothing was ever signed, and a stranger's token is no reason to make one.
        if len(parts) != 3 or (self._key is None and self._pem is None):
            return None
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only where keys are used
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415

        try:
            head, payload, numbers = (_decoded(part) for part in parts)
            header = msgspec.json.decode(head)
            if header != {"alg": ALGORITHM, "kid": self.key_id} or len(numbers) != 2 * _HALF:
                return None
            r, s = int.from_bytes(numbers[:_HALF]), int.from_bytes(numbers[_HALF:])
            signed = ".".join(parts[:2]).encode()
            self._private().public_key().verify(
                utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256())
            )
        except (ValueError, InvalidSignature, msgspec.DecodeError):
            return None
        return payload

    def _private(self) -> EllipticCurvePrivateKey:
        if self._key is None:
            from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only where keys are used
            from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

            if self._pem is None:
                key = ec.generate_private_key(ec.SECP256R1())
            else:
                loaded = serialization.load_pem_private_key(self._pem, None)
                if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.curve.name != "secp256r1":
                    raise ValueError("a key for service account tokens must be an elliptic one on P-256")
                key = loaded
            public = key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            self._key, self._id = key, _encoded(hashlib.sha256(public).digest()).decode()
        return self._key


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
