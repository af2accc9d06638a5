"""A proof as a text: each of its limits, to the byte, and each spelling that is not its own."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log import checkpoint as checkpoints
from ledger.log import merkle, proof
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.checkpoint import Checkpoint
from ledger.log.mirror import build
from ledger.log.note import MalformedNoteError, NoteError
from ledger.log.proof import EXTRA_LIMIT_BYTES, PROOF_LIMIT_BYTES, LogProof
from tests.every import every

KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
LOG = build([b"one", b"two", b"three"])
NOTE = checkpoints.sign(Checkpoint("example.com/log", 3, LOG.root()), KEY)
PATH = tuple(LOG.inclusion(1))
BARE = LogProof(1, PATH, NOTE).encode()
POLICY = log_policy.parse(
    f"log {notes.log_vkey('example.com/log', KEY.public_key().public_bytes_raw()).encode()}\nquorum none\n"
)


@pytest.mark.parametrize(
    "given",
    [
        LogProof(1, PATH, NOTE),
        LogProof(0, (), NOTE, b""),
        LogProof(10**18, (bytes(32),) * merkle.PROOF_LIMIT_HASHES, NOTE, b"hint"),
        LogProof(1, PATH, NOTE, bytes(EXTRA_LIMIT_BYTES)),
    ],
)
def test_what_was_written_is_read(given):
    assert proof.parse(given.encode()) == given


def test_the_limits_are_those_that_were_published():
    assert (EXTRA_LIMIT_BYTES, PROOF_LIMIT_BYTES) == (1 << 16, 4 << 16)


def test_a_proof_is_written_as_specified():
    hashes = "".join(notes.b64(one) + "\n" for one in PATH)
    assert f"c2sp.org/tlog-proof@v1\nindex 1\n{hashes}\n{NOTE.encode()}" == BARE
    assert LogProof(1, (), NOTE, b"a").encode().startswith("c2sp.org/tlog-proof@v1\nextra YQ==\nindex 1\n\n")


@every(
    ("text", "match"),
    [
        (LogProof(1, (bytes(32),) * (merkle.PROOF_LIMIT_HASHES + 1), NOTE).encode(), "canonically"),
        (LogProof(1, PATH, NOTE, bytes(EXTRA_LIMIT_BYTES + 1)).encode(), "extra data"),
        ("x" * PROOF_LIMIT_BYTES, "starts with"),
        ("x" * (PROOF_LIMIT_BYTES + 1), "limit"),
        (BARE.replace("index 1", "index " + "1" * 20), "no index line"),
        (BARE.replace("index 1", "index " + "0" * 19), "canonically"),
        (BARE.replace("index 1", "index \u0661"), "no index line"),
        (BARE.replace("index 1", "index \u00b2"), "no index line"),
        (BARE.replace("index 1", "index "), "no index line"),
        (BARE.replace("index 1", "index 1 "), "no index line"),
        (BARE.replace("index 1", "Index 1"), "no index line"),
        ("c2sp.org/tlog-proof@v1\n\n" + NOTE.encode(), "starts with"),
        ("c2sp.org/tlog-proof@v1\nextra YQ==\n\n" + NOTE.encode(), "no index line"),
        ("c2sp.org/tlog-proof@v1\nindex 1\n", "starts with"),
    ],
)
def test_what_is_no_proof_is_refused(text, match):
    with pytest.raises(merkle.ProofError, match=match):
        proof.parse(text)


@pytest.mark.parametrize("size", [1, 31, 33])
def test_a_hash_has_its_length(size):
    with pytest.raises(MalformedNoteError, match="a hash has 32 bytes"):
        proof.parse(LogProof(1, (PATH[0], bytes(size)), NOTE).encode())


def test_an_entry_is_shown_under_the_head_that_its_log_signed():
    """The extra data helps to find the entry; it shows nothing, whatever it says."""
    for given in (LogProof(1, PATH, NOTE), LogProof(1, PATH, NOTE, b"another entry")):
        assert given.verify(b"two", POLICY) == Checkpoint("example.com/log", 3, LOG.root())


@pytest.mark.parametrize(("index", "path", "entry"), [(1, PATH, b"one"), (0, PATH, b"two"), (1, PATH[:1], b"two")])
def test_another_entry_index_or_path_shows_nothing(index, path, entry):
    with pytest.raises(merkle.ProofError, match=f"entry `{index}` is not in the tree of `3` leaves"):
        LogProof(index, path, NOTE).verify(entry, POLICY)


def test_a_head_that_its_log_did_not_sign_shows_nothing():
    other = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
    with pytest.raises(NoteError, match="no signature by a key we trust"):
        LogProof(1, PATH, checkpoints.sign(Checkpoint("example.com/log", 3, LOG.root()), other)).verify(b"two", POLICY)


def test_a_proof_without_a_checkpoint_is_refused():
    with pytest.raises(NoteError):
        proof.parse("c2sp.org/tlog-proof@v1\nindex 1\n\nno note")
