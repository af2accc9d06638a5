"""A signature under an on-chain head as EIP-2537 writes it; points are those that every BLS12-381 begins with."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak
from py_ecc.bls.ciphersuites import G2ProofOfPossession

from contracts.typed_data import Domain
from ledger.log import aggregate, head_aggregate
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import head_of

DOMAIN, NOW = Domain(7, b"\x11" * 20, b"\x22" * 32), 1_800_000_000
HEAD = head_of(Checkpoint("localhost:7001/log", 5, b"\x05" * 32), NOW)
ACCOUNT = b"\xaa" * 20

# the generators of G1 and G2, a coordinate a line; of G2 the real part comes first
G1 = (
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
)
G2 = (
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e",
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801",
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
)
PADDING = "00" * 16
ONE = aggregate.public(1)
G2_COMPRESSED = bytes.fromhex(f"{0x80 | int(G2[1][:2], 16):02x}{G2[1][2:]}{G2[0]}")


class Possession(G2ProofOfPossession):
    """The suite's own signature, over any message, as one of possession."""

    DST = G2ProofOfPossession.POP_TAG


def test_a_key_is_four_words():
    words = head_aggregate.key_point(ONE)
    assert [len(word) for word in words] == [32] * 4
    assert b"".join(words).hex() == "".join(PADDING + one for one in G1)
    assert head_aggregate.key_digest(ONE) == keccak(b"".join(words))


def test_a_signature_is_256_bytes():
    assert head_aggregate.signature_point(G2_COMPRESSED).hex() == "".join(PADDING + one for one in G2)


@pytest.mark.parametrize("share", [bytes(96), b"\xff" * 96, G2_COMPRESSED[:-1] + b"\x03"])
def test_what_is_no_point_is_not_readable(share):
    assert head_aggregate.readable(share) is False
    assert head_aggregate.readable(G2_COMPRESSED) is True


def test_possession_is_proven_for_one_account():
    proof = head_aggregate.prove_for(3, aggregate.public(3), ACCOUNT)
    message = b"".join(head_aggregate.key_point(aggregate.public(3))) + ACCOUNT
    assert proof == head_aggregate.signature_point(bytes(Possession.Sign(3, message)))
    assert len(proof) == 256


def test_who_signed_is_told_by_the_place_of_its_account():
    witnesses = [bytes([place]) * 20 for place in (3, 1, 4, 2)]
    assert head_aggregate.bitmap(witnesses, []) == 0
    assert head_aggregate.bitmap(witnesses, [b"\x01" * 20]) == 0b0001
    assert head_aggregate.bitmap(witnesses, [b"\x04" * 20, b"\x02" * 20, b"\x09" * 20]) == 0b1010
    assert head_aggregate.bitmap(witnesses, witnesses) == 0b1111


def test_an_aggregate_holds_for_its_head_and_all_its_signers_alone():
    shares = [head_aggregate.sign(secret, HEAD, DOMAIN) for secret in (1, 2)]
    together = head_aggregate.combine(shares)
    assert together == head_aggregate.sign(3, HEAD, DOMAIN)
    keys = [ONE, aggregate.public(2)]
    assert head_aggregate.holds(HEAD, DOMAIN, keys, together) is True
    assert head_aggregate.holds(HEAD, DOMAIN, keys[:1], together) is False
