"""A member's proof by the key of its log: for one holder, for two minutes, by that key alone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from connector.identity import readers
from connector.runtime.errors import Unproven
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS, TOKEN_SECONDS

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
READER, HOLDER = "did:web:reader.example", "did:web:holder.example"


def public(key):
    return key.public_key().public_bytes_raw()


def made(key=KEY, reader=READER, holder=HOLDER, now=NOW):
    return readers.header(key, reader, holder, now)["Authorization"]


def test_a_proof_is_the_readers_for_two_minutes():
    proof = readers.read(made(), HOLDER)
    assert proof.reader == READER
    for seconds in (-CLOCK_LEEWAY_SECONDS, 0, TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS - 1):
        proof.check(public(KEY), NOW + timedelta(seconds=seconds))
    for seconds in (-CLOCK_LEEWAY_SECONDS - 1, TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS):
        with pytest.raises(Unproven, match="is over"):
            proof.check(public(KEY), NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (made(), OTHER),
        (made(key=OTHER), KEY),
        (made(holder="did:web:another.example"), KEY),
        (readers.SCHEME + base64.urlsafe_b64encode(bytes(8) + base64.urlsafe_b64decode(made()[4:])[8:]).decode(), KEY),
    ],
)
def test_what_another_signed_or_for_another_proves_nobody(value, key):
    with pytest.raises(Unproven):
        readers.read(value, HOLDER).check(public(key), NOW)


@given(
    st.text(max_size=200)
    | st.binary(max_size=200).map(lambda raw: readers.SCHEME + base64.urlsafe_b64encode(raw).decode())
)
def test_noise_is_unproven_and_nothing_else(value):
    with pytest.raises(Unproven):
        readers.read(value, HOLDER).check(public(KEY), NOW)
