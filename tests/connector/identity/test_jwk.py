"""Keys as JSON: read back as they were written, of one form alone, and refused in words."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from connector.identity import jwk
from connector.runtime.errors import VerificationFailed
from contracts import signature
from tests.every import every

SECRET = bytes(31) + b"\x05"
POINTS = {"P-256": ec.SECP256R1(), "secp256k1": ec.SECP256K1()}


def point(curve, secret=5):
    return ec.derive_private_key(secret, POINTS[curve]).public_key()


@given(st.binary(max_size=70))
def test_bytes_are_read_back_from_base64url_without_padding(data):
    text = jwk.encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert jwk.decode(text) == data


@every(
    ("text", "words"),
    [
        (None, "not base64url"),
        (7, "not base64url"),
        (b"AAAA", "not base64url"),
        ("AA==", "not base64url"),
        ("AA+A", "not base64url"),
        ("AAAA\n", "not base64url"),
        ("AB", "not canonical base64url"),
        ("AAB", "not canonical base64url"),
    ],
)
def test_no_other_text_is_base64url(text, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        jwk.decode(text)


@pytest.mark.parametrize("curve", POINTS)
def test_a_point_is_read_back(curve):
    key = jwk.of_point(point(curve), curve)
    numbers = point(curve).public_numbers()
    assert key == {
        "kty": "EC",
        "crv": curve,
        "x": jwk.encode(numbers.x.to_bytes(32)),
        "y": jwk.encode(numbers.y.to_bytes(32)),
    }
    assert jwk.read(key, curve) == (numbers.x.to_bytes(32), numbers.y.to_bytes(32))
    assert jwk.read_point(key, curve) == point(curve)


@pytest.mark.parametrize("curve", ["Ed25519", "X25519"])
def test_raw_bytes_are_read_back(curve):
    key = jwk.of_bytes(bytes(range(32)), curve)
    assert key == {"kty": "OKP", "crv": curve, "x": jwk.encode(bytes(range(32)))}
    assert jwk.read(key, curve) == (bytes(range(32)),)
    assert jwk.read(key | {"y": "whatever", "kid": "1"}, curve) == (bytes(range(32)),)


def test_the_bytes_of_an_algorithm_are_read_back():
    public = bytes(range(256)) * 5 + bytes(32)
    key = jwk.of_algorithm(public, "ML-DSA-44")
    assert key == {"kty": "AKP", "alg": "ML-DSA-44", "pub": jwk.encode(public)}
    assert jwk.read_algorithm(key | {"kid": "1"}, "ML-DSA-44") == public
    for bad in (None, key | {"kty": "OKP"}, key | {"alg": "ML-DSA-65"}, key | {"priv": "AA"}, key | {"pub": "AA"}):
        with pytest.raises(VerificationFailed):
            jwk.read_algorithm(bad, "ML-DSA-44")


KEY = jwk.of_point(point("P-256"), "P-256")
NO_JWK = "a public key is not a JWK on P-256"


@every(
    ("key", "words"),
    [
        (None, NO_JWK),
        ([], NO_JWK),
        (KEY | {"crv": "secp256k1"}, NO_JWK),
        (KEY | {"kty": "OKP"}, NO_JWK),
        (KEY | {"d": jwk.encode(SECRET)}, NO_JWK),
        ({}, NO_JWK),
        (KEY | {"x": None}, "a coordinate of a P-256 key is not base64url"),
        (KEY | {"y": "AB"}, "a coordinate of a P-256 key is not canonical base64url"),
        (KEY | {"x": jwk.encode(bytes(31))}, "a coordinate of a P-256 key has not 32 bytes"),
        (KEY | {"y": jwk.encode(bytes(33))}, "a coordinate of a P-256 key has not 32 bytes"),
        (KEY | {"y": jwk.encode(bytes(32))}, "a P-256 key is not a point of the curve"),
    ],
)
def test_what_is_no_public_key_is_refused(key, words):
    with pytest.raises(VerificationFailed) as caught:
        jwk.read_point(key, "P-256")
    assert str(caught.value) == words


def test_the_address_of_a_point_is_the_one_that_its_secret_signs_for():
    assert jwk.address_of(point("secp256k1")) == signature.address(SECRET)
    assert len(jwk.address_of(point("secp256k1", 7))) == 20
