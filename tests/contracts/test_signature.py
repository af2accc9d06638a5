"""Signatures: one byte string of each, and no other passes for it."""

from __future__ import annotations

import pytest
from eth_keys import keys
from hypothesis import given
from hypothesis import strategies as st

from contracts import address, signature
from tests.contracts.refusal import refused
from tests.every import every

KEY = b"\x42" * 32
SIGNER = address.read("0x17c5185167401eD00cF5F5b2fc97D9BBfDb7D025")
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF = CURVE_ORDER // 2
DIGEST = b"\x07" * 32


def with_s(good, s):
    return good[:32] + s.to_bytes(32, "big") + good[64:]


@given(st.binary(min_size=32, max_size=32))
def test_another_library_signs_the_same_and_reads_the_same_signer(message):
    ours = signature.sign(message, KEY)
    theirs = keys.PrivateKey(KEY).sign_msg_hash(message)
    assert ours == theirs.to_bytes()[:64] + bytes((27 + theirs.v,))
    assert len(ours) == 65
    assert signature.recover(message, ours) == SIGNER == signature.address(KEY)


@given(st.binary(min_size=32, max_size=32))
def test_high_s_twin_is_refused_though_another_library_accepts_it(message):
    good = signature.sign(message, KEY)
    s = int.from_bytes(good[32:64], "big")
    twin = good[:32] + (CURVE_ORDER - s).to_bytes(32, "big") + bytes((27 + (28 - good[64]),))
    lenient = keys.Signature(vrs=(twin[64] - 27, int.from_bytes(twin[:32], "big"), CURVE_ORDER - s))
    assert lenient.recover_public_key_from_msg_hash(message).to_canonical_address() == signature.address(KEY)
    with refused("high-s", "sign with low s"):
        signature.recover(message, twin)


def test_the_upper_half_begins_just_above_half_the_order():
    good = signature.sign(DIGEST, KEY)
    assert signature.recover(DIGEST, with_s(good, HALF)) != SIGNER
    with refused("high-s"):
        signature.recover(DIGEST, with_s(good, HALF + 1))


GOOD = signature.sign(DIGEST, KEY)


@every(
    "bad", [b"", bytes(65), GOOD[:64], GOOD + b"\0", GOOD + b"\x1b", GOOD[:64] + b"\x1a", GOOD[:64] + b"\x1d", GOOD[1:]]
)
def test_a_signature_is_65_bytes_of_which_the_last_is_27_or_28(bad):
    with refused("bad-signature", "a signature is 65 bytes and its last is 27 or 28"):
        signature.recover(DIGEST, bad)
    assert not signature.is_by(SIGNER, DIGEST, bad)


def test_the_last_byte_says_which_of_two_keys_it_was():
    """Read with the other one, it is a stranger's."""
    other = GOOD[:64] + bytes((27 + 28 - GOOD[64],))
    assert signature.recover(DIGEST, other) not in (SIGNER, b"")


@pytest.mark.parametrize("bad", [bytes(64) + b"\x1b", b"\xff" * 32 + b"\x01" * 32 + b"\x1c"])
def test_what_no_key_can_have_made_is_refused(bad):
    with refused("bad-signature", "no key can have made this signature"):
        signature.recover(DIGEST, bad)
    assert not signature.is_by(SIGNER, DIGEST, bad)


def test_a_signature_is_by_its_signer_on_its_digest_and_by_nobody_else():
    assert signature.is_by(SIGNER, DIGEST, GOOD)
    assert not signature.is_by(SIGNER, b"\x08" * 32, GOOD)
    assert not signature.is_by(b"\x01" * 20, DIGEST, GOOD)
    assert signature.address(b"\x43" * 32) != SIGNER
