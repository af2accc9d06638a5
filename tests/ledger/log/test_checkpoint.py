"""A tree head as a text: what may stand in it, at its limits, and whose word it is."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.note import MalformedNoteError, NoteError
from tests.every import every

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "localhost:7001/log"
VKEY = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())
ROOT = notes.b64(bytes(32))


def test_a_head_is_origin_size_and_root_in_lines():
    assert Checkpoint(ORIGIN, 5, bytes(32)).text() == f"{ORIGIN}\n5\n{ROOT}\n"
    assert Checkpoint(ORIGIN, 5, bytes(32), ("a", "b")).text() == f"{ORIGIN}\n5\n{ROOT}\na\nb\n"


@pytest.mark.parametrize("size", [0, 9, 10, 2**63 - 1])
def test_every_size_of_a_tree_is_read(size):
    assert checkpoints.parse_text(f"{ORIGIN}\n{size}\n{ROOT}\n") == Checkpoint(ORIGIN, size, bytes(32))


@every(
    "size",
    ["05", "00", "+5", "-1", " 5", "5 ", "1_0", "0x5", "\u0665", "5\u0665", "\u00b2", str(2**63), "1" * 20, "1" * 5000],
)
def test_what_is_no_size_is_refused(size):
    with pytest.raises(MalformedNoteError) as refused:
        checkpoints.parse_text(f"{ORIGIN}\n{size}\n{ROOT}\n")
    assert str(refused.value) == f"`{size[:40]}` is no tree size"


@every(
    "text",
    [
        "",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\n5\n{ROOT}\nmore",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"{ORIGIN}\n5\n{ROOT}\n\nmore\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"{ORIGIN}\n5\n\nmore\n",
    ],
)
def test_a_head_has_three_lines_or_more_and_none_is_empty(text):
    with pytest.raises(MalformedNoteError, match="an origin, a size and a root line, none of them empty"):
        checkpoints.parse_text(text)


def test_a_head_with_lines_of_others_is_read_and_written_with_them():
    head = Checkpoint(ORIGIN, 5, bytes(32), ("one more", "and another"))
    assert checkpoints.parse_text(head.text()) == head


@pytest.mark.parametrize("size", [1, 31, 33])
def test_a_root_has_its_length(size):
    with pytest.raises(MalformedNoteError, match=f"a root has 32 bytes, not `{size}`"):
        checkpoints.parse_text(f"{ORIGIN}\n5\n{notes.b64(bytes(size))}\n")


def test_the_chain_knows_an_origin_and_a_note_by_their_hashes():
    assert checkpoints.origin_id(ORIGIN) == hashlib.sha256(ORIGIN.encode()).digest()
    note = checkpoints.sign(Checkpoint(ORIGIN, 5, bytes(32)), KEY).encode()
    assert checkpoints.note_hash(note) == hashlib.sha256(note.encode()).digest()


def test_an_empty_log_has_the_root_of_an_empty_tree():
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert checkpoints.verify(checkpoints.sign(head, KEY), VKEY) == head
    with pytest.raises(NoteError, match="empty tree"):
        checkpoints.verify(checkpoints.sign(Checkpoint(ORIGIN, 0, bytes(32)), KEY), VKEY)
    one = Checkpoint(ORIGIN, 1, bytes(32))
    assert checkpoints.verify(checkpoints.sign(one, KEY), VKEY) == one


def test_a_head_is_its_owner_s_word():
    other = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    with pytest.raises(NoteError, match="no signature"):
        checkpoints.verify(checkpoints.sign(Checkpoint(ORIGIN, 5, bytes(32)), other), VKEY)
    elsewhere = checkpoints.sign(Checkpoint("other.example/log", 5, bytes(32)), KEY)
    signed = elsewhere.sign_with(notes.sign(elsewhere.text, ORIGIN, KEY))
    with pytest.raises(NoteError, match="is of"):
        checkpoints.verify(signed, VKEY)
