"""The map of members: one root for one set of pairs, and proofs that show what they claim or are refused."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log.merkle import ProofError
from ledger.space.member_map import NOTHING, PROOF_BYTES_MAX, MemberMap
from tests.fault.extent import tried

VECTOR = Path("docs/specification/members.json")
# keys that begin alike, so that small maps are deep
KEYS = st.binary(min_size=1, max_size=2).map(
    lambda seed: (b"\xaa" * 30 + seed).rjust(32, b"\0") if seed[0] & 1 else sha256(seed).digest()
)
VALUES = st.binary(min_size=32, max_size=32)
PAIRS = st.dictionaries(KEYS, VALUES, max_size=24)


def textbook(pairs, level=0):
    """The law of the map, word by word, as an oracle."""
    if not pairs:
        return bytes(32)
    if len(pairs) == 1:
        [(key, value)] = pairs.items()
        return sha256(b"\x00" + key + value).digest()
    sides = {"0": {}, "1": {}}
    for key, value in pairs.items():
        sides[f"{int.from_bytes(key, 'big'):0256b}"[level]][key] = value
    return sha256(b"\x01" + textbook(sides["0"], level + 1) + textbook(sides["1"], level + 1)).digest()


@given(PAIRS)
def test_the_root_is_that_of_the_law(pairs):
    assert MemberMap.of(pairs).root == textbook(pairs)


@given(PAIRS, st.dictionaries(KEYS, st.none() | VALUES, max_size=12))
@settings(max_examples=tried(60))
def test_a_map_that_is_changed_is_the_map_that_is_built_so_and_a_proof_of_the_keys_shows_it(pairs, changes):
    before = MemberMap.of(pairs)
    after = {key: value for key, value in (pairs | changes).items() if value is not None}
    assert before.changed(changes) == MemberMap.of(after)
    proof = MemberMap.read(before.prove(changes))
    assert proof.root == before.root
    assert proof.changed(changes).root == textbook(after)
    moved = {key for key in pairs.keys() | after.keys() if pairs.get(key) != after.get(key)}
    assert before.differing(MemberMap.of(after)) == moved


@given(PAIRS, st.lists(KEYS, max_size=6))
def test_a_proof_shows_what_is_there_and_what_is_not_and_nothing_else(pairs, keys):
    whole = MemberMap.of(pairs)
    shown = MemberMap.read(whole.prove(keys))
    assert shown.root == whole.root
    assert [shown.get(key) for key in keys] == [pairs.get(key) for key in keys]
    for key in pairs:
        try:
            assert shown.get(key) == pairs[key]
        except ProofError:
            assert key not in keys


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=12), st.data())
@settings(max_examples=tried(60))
def test_no_other_bytes_prove_another_value_under_the_same_root(pairs, data):
    """Whatever byte is changed, taken away or added: it is no proof, or one of another root, or it shows the same."""
    whole, key = MemberMap.of(pairs), data.draw(st.sampled_from(sorted(pairs)))
    proof = bytearray(whole.prove([key]))
    at = data.draw(st.integers(0, len(proof) - 1))
    proof[at] ^= data.draw(st.integers(1, 255))
    for forged in (bytes(proof), bytes(proof[:at]), whole.prove([key]) + b"\0"):
        try:
            read = MemberMap.read(forged)
            assert read.root != whole.root or read.get(key) == pairs[key]
        except ProofError:
            continue


def test_a_proof_of_wrong_length_or_order_is_refused():
    whole = MemberMap.of({sha256(bytes([n])).digest(): bytes(32) for n in range(9)})
    proof = whole.prove([NOTHING])
    for broken in (
        b"",
        proof[:-1],
        proof + b"\0",
        b"\x02" + b"\0\0",
        b"\x02\0" + b"\x01" + bytes(64),
        b"\x04" + bytes(32),
    ):
        with pytest.raises(ProofError):
            MemberMap.read(broken)
    with pytest.raises(ProofError, match="over the limit"):
        MemberMap.read(bytes(PROOF_BYTES_MAX + 1))
    with pytest.raises(ProofError, match="short"):
        MemberMap.read(b"\x02" * 400)
    misplaced = b"\x02\x01" + b"\xff" * 64 + b"\x01" + b"\xff" * 31 + b"\xfe" + bytes(32)
    with pytest.raises(ProofError, match="does not belong"):
        MemberMap.read(misplaced)


def test_what_was_left_out_is_neither_said_nor_changed():
    pairs = {sha256(bytes([n])).digest(): bytes(32) for n in range(40)}
    first, *others = pairs
    shown = MemberMap.read(MemberMap.of(pairs).prove([first]))
    silent = 0
    for key in others:
        try:
            assert shown.get(key) == pairs[key]
        except ProofError:
            silent += 1
            with pytest.raises(ProofError):
                shown.changed({key: NOTHING})
    assert silent > 30


def test_the_examples_of_the_specification():
    for one in json.loads(VECTOR.read_text())["maps"]:
        pairs = {bytes.fromhex(key): bytes.fromhex(value) for key, value in one["pairs"].items()}
        whole = MemberMap.of(pairs)
        assert whole.root.hex() == one["root"] == textbook(pairs).hex()
        assert whole.prove(map(bytes.fromhex, one["asked"])).hex() == one["proof"]
