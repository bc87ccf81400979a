"""Tokens are what the key signed, and nothing else."""

from __future__ import annotations

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from listwatch.apiserver.access.signing_key import SigningKey

KEY = SigningKey()
CLAIMS = {"iss": "somebody", "exp": 4102444800, "nested": {"a": ["b"]}}
TOKEN = KEY.sign(CLAIMS)


def test_others_accept_a_token_by_the_published_key() -> None:
    """A library that knows nothing of us verifies a token with the key of the key set."""
    header = jwt.get_unverified_header(TOKEN)
    assert header == {"alg": "ES256", "kid": KEY.key_id}
    public = jwt.PyJWK(KEY.public_jwk())
    assert jwt.decode(TOKEN, public, algorithms=["ES256"]) == CLAIMS


def test_we_accept_what_others_sign_with_the_key() -> None:
    """A token that a library signed with the same key is read as ours."""
    token = jwt.encode(CLAIMS, KEY.private_pem, "ES256", {"kid": KEY.key_id, "typ": None})
    assert KEY.claims(token) == CLAIMS


def _altered(part: int, text: str) -> str:
    parts = TOKEN.split(".")
    parts[part] = text
    return ".".join(parts)


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


FORGED = [
    "",
    "secret",
    "..",
    TOKEN + ".",
    TOKEN[:-4],
    _altered(0, _encoded({"alg": "none", "kid": KEY.key_id})),
    _altered(0, _encoded({"alg": "HS256", "kid": KEY.key_id})),
    _altered(0, _encoded({"alg": "ES256", "kid": "other"})),
    _altered(0, _encoded([])),
    _altered(1, _encoded({**CLAIMS, "iss": "somebody-else"})),
    _altered(2, ""),
    _altered(2, "A" * 86),
    _altered(2, "\u00e4" * 86),
    "a" * 100_000,
    SigningKey().sign(CLAIMS),
]


@pytest.mark.parametrize("token", FORGED)
def test_nothing_else_is_a_token(token: str) -> None:
    """Other algorithms, keys, contents and signatures, and any text, claim nothing and raise nothing."""
    assert KEY.claims(token) is None


@settings(max_examples=50)
@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_no_character_of_a_token_can_be_changed(place: int, character: str) -> None:
    """A token with another character in any place claims nothing, or still exactly what was signed."""
    claims = KEY.claims(TOKEN[:place] + character + TOKEN[place + 1 :])
    assert claims is None or claims == CLAIMS


def test_a_key_goes_on_after_a_restart_and_is_not_shown() -> None:
    """The same private key reads the old tokens; neither `repr` nor a stranger's token makes or shows a key."""
    again = SigningKey(KEY.private_pem)
    assert again.claims(TOKEN) == CLAIMS
    assert (again.key_id, again.public_jwk()) == (KEY.key_id, KEY.public_jwk())
    assert repr(again) == "<SigningKey>"
    fresh = SigningKey()
    assert fresh.claims(TOKEN) is None
    assert fresh._key is None


def test_other_kinds_of_keys_are_refused() -> None:
    """Only a key on P-256 will do."""
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="P-256"):
        SigningKey(pem).sign({})
