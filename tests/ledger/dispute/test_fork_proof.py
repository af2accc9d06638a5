"""Two signed heads that cannot be of one history: proven for any two sizes, and never against an honest log."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractError
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle, mirror
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from tests.every import every

ORIGIN, KEY = "localhost:7001/log", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
VKEY = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())
SIZES = st.integers(1, 40)


def tree(count, changed=None):
    return mirror.build(b"%d" % (number if number != changed else number + 1000) for number in range(count))


def head(log, size, key=KEY):
    return checkpoints.sign(Checkpoint(ORIGIN, size, log.root(size)), key).encode()


def shown(log, old, size):
    return merkle.prefix_proof(log.span, old, size)


@given(sizes=st.tuples(SIZES, SIZES).map(sorted), data=st.data())
def test_a_changed_entry_is_proven_from_the_larger_tree(sizes, data):
    old, size = sizes
    changed = data.draw(st.integers(0, old - 1))
    first, second = tree(size), tree(size, changed)
    proof = shown(second, old, size) if old < size else ()
    document = fork_proof.document(head(first, old), head(second, size), proof)
    found = fork_proof.judge(document, VKEY)
    assert (found.old.size, found.new.size, found.other_root) == (old, size, second.root(old))


@given(sizes=st.tuples(SIZES, SIZES).map(sorted))
def test_heads_of_one_history_prove_nothing(sizes):
    old, size = sizes
    log = tree(size)
    document = fork_proof.document(head(log, old), head(log, size), shown(log, old, size) if old < size else ())
    with pytest.raises(ContractError, match="one history"):
        fork_proof.judge(document, VKEY)


@given(
    sizes=st.tuples(SIZES, SIZES).map(sorted).filter(lambda pair: pair[0] < pair[1]),
    at=st.integers(0, 6),
    flip=st.integers(0, 255),
)
def test_a_proof_that_was_made_up_proves_nothing(sizes, at, flip):
    """Whoever changes a hash of an honest proof, to accuse an honest log, does not reach the head that it signed."""
    old, size = sizes
    log = tree(size)
    proof = shown(log, old, size)
    forged = bytearray(proof[at % len(proof)])
    forged[0] ^= flip or 1
    proof[at % len(proof)] = bytes(forged)
    with pytest.raises(ContractError):
        fork_proof.judge(fork_proof.document(head(log, old), head(log, size), proof), VKEY)


def test_what_another_key_signed_is_not_the_log_s():
    other = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    document = fork_proof.document(head(tree(4), 4), head(tree(4, 1), 4, other))
    with pytest.raises(ContractError):
        fork_proof.judge(document, VKEY)


def test_an_empty_log_forks_with_none():
    """Every log began empty."""
    for size in (0, 4):
        document = fork_proof.document(head(tree(4), 0), head(tree(4), size))
        with pytest.raises(ContractError, match=r"no proof of a fork|no part of a tree"):
            fork_proof.judge(document, VKEY)


def test_a_proof_is_written_with_the_smaller_head_first():
    log, other = tree(7), tree(7, 1)
    proof = shown(log, 3, 7)
    document = fork_proof.document(head(log, 7), head(other, 3), proof)
    assert document == {
        "v": 1,
        "origin": ORIGIN,
        "heads": [head(other, 3), head(log, 7)],
        "proof": [notes.b64(one) for one in proof],
    }
    assert fork_proof.read(document) == (Checkpoint(ORIGIN, 3, other.root(3)), Checkpoint(ORIGIN, 7, log.root(7)))


ONE, OTHER = head(tree(4), 4), head(tree(4, 1), 4)


@every(
    ("change", "told"),
    [
        ({"v": 2}, "a proof of version 1 is about two heads"),
        ({"heads": []}, "a proof of version 1 is about two heads"),
        ({"heads": [ONE]}, "a proof of version 1 is about two heads"),
        ({"heads": [ONE, OTHER, OTHER]}, "at most 2"),
        ({"heads": [1, OTHER]}, "a signed note is a text"),
        ({"heads": [ONE, "no note"]}, ""),
        ({"proof": ["!"]}, "base64"),
        ({"proof": [1]}, "a signed note is a text"),
        ({"proof": ["AA=="]}, "a hash has 32 bytes"),
        ({"proof": [notes.b64(bytes(33))]}, "a hash has 32 bytes"),
        ({"proof": [notes.b64(bytes(32))] * 64}, "at most 63"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_document_is_refused(change, told):
    document = fork_proof.document(ONE, OTHER)
    assert fork_proof.judge(document, VKEY)
    for judged in (fork_proof.read, lambda found: fork_proof.judge(found, VKEY)):
        with pytest.raises(ContractError, match=told or None):
            judged({**document, **change})


def test_heads_of_another_log_than_the_one_named_prove_nothing():
    document = fork_proof.document(ONE, OTHER)
    with pytest.raises(ContractError, match="this is no proof of a fork: the heads are of another log"):
        fork_proof.judge({**document, "origin": "else/log"}, VKEY)
