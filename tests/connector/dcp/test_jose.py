"""Signed JWTs of others: every algorithm that we take, and nothing by any other key or algorithm."""

from __future__ import annotations

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from connector.identity import jwk
from connector.identity.keys import Signer
from connector.operation.dcp import access, jose
from connector.runtime.errors import TokenError, VerificationFailed
from contracts.credential.scopes import Scope
from tests.connector.identity.test_tokens import BUYER, KEYS, NOW, PROVIDER
from tests.every import every

KID = "did:web:issuer.example#key"
SIGNERS = {
    "ES256": (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "ES384": (ec.generate_private_key(ec.SECP384R1()), ECAlgorithm),
    "ES256K": (ec.generate_private_key(ec.SECP256K1()), ECAlgorithm),
    "EdDSA": (Ed25519PrivateKey.generate(), OKPAlgorithm),
    "RS256": (rsa.generate_private_key(65537, 2048), RSAAlgorithm),
}


def published(algorithm):
    """Return the public key of a signer as its document has it."""
    key, kind = SIGNERS[algorithm]
    return kind.to_jwk(key.public_key(), as_dict=True)


def signed(algorithm, payload, **header):
    return jwt.encode(payload, SIGNERS[algorithm][0], algorithm, headers={"kid": KID, **header})


@every("algorithm", SIGNERS)
def test_another_s_signature_is_verified(algorithm):
    found = jose.take_apart(signed(algorithm, {"iss": "did:web:issuer.example"}))
    assert (found.signer, found.payload) == ("did:web:issuer.example", {"iss": "did:web:issuer.example"})
    jose.verify(found, {KID: published(algorithm)})
    for another in SIGNERS:
        if another != algorithm:
            with pytest.raises(VerificationFailed):
                jose.verify(found, {KID: published(another)})


def test_ours_is_verified_by_a_library():
    raw = jose.sign(Signer(KEYS[BUYER].token, f"{BUYER}#token"), "vp+jwt", {"vp": {}})
    assert jwt.get_unverified_header(raw) == {"alg": "ES256", "typ": "vp+jwt", "kid": f"{BUYER}#token"}
    assert jwt.decode(raw, KEYS[BUYER].token.public_key(), ["ES256"]) == {"vp": {}}


def test_a_key_is_known_by_its_name_alone():
    found = jose.take_apart(signed("ES256", {}))
    with pytest.raises(VerificationFailed, match="is no key that its owner publishes for this"):
        jose.verify(found, {KID + "2": published("ES256")})


def test_a_changed_payload_is_not_what_was_signed():
    head, body, signature = signed("ES256", {"sub": "a"}).split(".")
    other = jwk.encode(json.dumps({"sub": "b"}).encode())
    with pytest.raises(VerificationFailed, match="the signature of a JWT does not fit"):
        jose.verify(jose.take_apart(f"{head}.{other}.{signature}"), {KID: published("ES256")})
    assert body != other


def forged(header, payload=b"{}"):
    return ".".join((jwk.encode(json.dumps(header).encode()), jwk.encode(payload), "AAAA"))


@every(
    "header",
    [
        {"alg": "none", "kid": KID},
        {"alg": "HS256", "kid": KID},
        {"alg": "RS256", "kid": KID},
        {"alg": "ES256", "kid": KID, "jwk": {"kty": "oct", "k": "AAAA"}},
    ],
)
def test_a_header_chooses_neither_algorithm_nor_key(header):
    with pytest.raises(VerificationFailed):
        jose.verify(jose.take_apart(forged(header)), {KID: published("ES256")})


@every(
    "raw",
    [
        "a.b",
        "a.b.c.d",
        forged({"alg": "ES256"}),
        forged({"alg": "ES256", "kid": "did:web:no-fragment.example"}),
        forged({"alg": "ES256", "kid": KID, "crit": ["x"]}),
        forged({"alg": 7, "kid": KID}),
        forged([]),
        forged({"alg": "ES256", "kid": KID}, b"[]"),
        forged({"alg": "ES256", "kid": KID}, b"{"),
        "a" * 300_000,
    ],
)
def test_what_can_never_be_valid_is_not_looked_up(raw):
    with pytest.raises(VerificationFailed):
        jose.take_apart(raw)


def test_a_private_key_in_a_document_verifies_nothing():
    key = SIGNERS["ES256"]
    with pytest.raises(VerificationFailed):
        jose.verify(jose.take_apart(signed("ES256", {})), {KID: ECAlgorithm.to_jwk(key[0], as_dict=True)})


# --- access tokens

KEY, GRANTED = KEYS[BUYER].access, (Scope("type", "MembershipCredential"), Scope("id", "urn:uuid:1"))


def test_an_access_token_opens_what_was_granted_to_whom_it_is_for():
    token = access.issue(KEY, PROVIDER, GRANTED, NOW)
    found = access.read(KEY, token, PROVIDER, NOW)
    assert found.scopes == GRANTED
    assert access.issue(KEY, PROVIDER, GRANTED, NOW) != token
    for key, who, when in (
        (KEY, BUYER, NOW),
        (KEYS[PROVIDER].access, PROVIDER, NOW),
        (KEY, PROVIDER, found.expires),
    ):
        with pytest.raises(TokenError):
            access.read(key, token, who, when)


@every("token", ["", ".", "x.y", "AAAA.AAAA", "\u00fc.x", access.issue(KEY, PROVIDER, GRANTED, NOW)[:-1]])
def test_what_was_not_given_out_opens_nothing(token):
    with pytest.raises(TokenError):
        access.read(KEY, token, PROVIDER, NOW)


def test_drawn_keys_are_keys_of_their_own():
    keys = KEYS[BUYER]
    numbers = {key.private_numbers().private_value for key in (keys.token, keys.credential)}
    assert len({*numbers, int.from_bytes(keys.access, "big")}) == 3
    assert keys.credential.private_numbers() == KEYS[BUYER].credential.private_numbers()
