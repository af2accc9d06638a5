"""ML-DSA-44 cosignatures: known answers, the layout byte by byte, and that each stands for one name, log and tree."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, subtree, witness
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.mirror import build
from ledger.log.note import COSIGNATURE, SUBTREE, Note, NoteError, Signature, VerifierKey
from ledger.log.policy import LogPolicyError
from tests.every import every

VECTOR = json.loads((Path(__file__).parent / "mldsa_44.json").read_text())
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LATTICE = MLDSA44PrivateKey.from_seed_bytes(bytes.fromhex(VECTOR["seed"]))
WITNESS = WitnessKeys("witness.example/w1", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), b"\x42" * 32, LATTICE)
PUBLIC = LATTICE.public_key().public_bytes_raw()
VKEY = cosignature.lattice_vkey(WITNESS.name, PUBLIC)
TREE = build([b"one", b"two", b"three"])
ORIGIN = "localhost:7001/log"
LOG = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())
HEAD = Checkpoint(ORIGIN, TREE.size, TREE.root())
NOTE = checkpoints.sign(HEAD, KEY)
NOW = 1_800_000_000
DOMAIN = Domain(7, b"\x11" * 20, b"\x22" * 32)


def cosigned(head=HEAD, name=WITNESS.name, time=NOW):
    return NOTE.sign_with(cosignature.cosign_lattice(head, name, LATTICE, time))


def by_vkey(blob, vkey=VKEY):
    return Note(NOTE.text, (*NOTE.signatures, Signature(vkey.name, vkey.key_id, blob)))


def test_a_known_answer():
    assert base64.b64decode(VECTOR["public"]) == PUBLIC
    signature = base64.b64decode(VECTOR["signature"])
    assert (len(PUBLIC), len(signature)) == (subtree.PUBLIC_BYTES, subtree.SIGNATURE_BYTES)
    subtree.check(PUBLIC, signature, bytes.fromhex(VECTOR["message"]), "w")
    for false in (signature[:-1], signature[:-1] + b"\1"):
        with pytest.raises(NoteError, match="does not verify"):
            subtree.check(PUBLIC, false, bytes.fromhex(VECTOR["message"]), "w")


def test_the_message_byte_by_byte():
    signed = subtree.message("a", 0x0102030405060708, Checkpoint("b", 0x1718191A1B1C1D1E, b"\x42" * 32))
    assert signed.hex() == (
        "737562747265652f76310a0001610102030405060708016200000000000000001718191a1b1c1d1e" + "42" * 32
    )


def test_the_key_id_is_of_name_kind_and_key():
    assert sha256(b"witness.example/w1\n\x06" + PUBLIC).digest()[:4] == VKEY.key_id
    assert notes.parse_vkey(VKEY.encode()) == VKEY


@pytest.mark.parametrize("time", [1, NOW, 2**63 - 1])
def test_it_is_read_back(time):
    note = notes.parse(cosigned(time=time).encode())
    assert cosignature.verify(note, VKEY) == time
    assert len(note.signatures[-1].blob) == 8 + 2420


@every(
    "other",
    [
        cosigned(Checkpoint("localhost:7002/log", HEAD.size, HEAD.root)),
        cosigned(Checkpoint(ORIGIN, HEAD.size + 1, HEAD.root)),
        cosigned(Checkpoint(ORIGIN, HEAD.size, bytes(32))),
        by_vkey(cosignature.cosign_lattice(HEAD, "witness.example/w2", LATTICE, NOW).blob),
        by_vkey((NOW + 1).to_bytes(8) + cosigned().signatures[-1].blob[8:]),
    ],
)
def test_it_stands_for_one_cosigner_time_log_and_tree(other):
    with pytest.raises(NoteError, match="does not verify"):
        cosignature.verify(other, VKEY)


@every("blob", [b"\0" * 7, cosigned().signatures[-1].blob[:-1], cosigned().signatures[-1].blob + b"\0", bytes(72)])
def test_it_has_its_length(blob):
    with pytest.raises(NoteError, match="wrong form"):
        cosignature.verify(by_vkey(blob), VKEY)


def test_without_a_time_it_is_not_taken():
    blob = bytes(8) + LATTICE.sign(subtree.message(WITNESS.name, 0, HEAD))
    with pytest.raises(NoteError, match="impossible time"):
        cosignature.verify(by_vkey(blob), VKEY)


def test_a_key_of_another_length_verifies_nothing():
    short = VerifierKey(WITNESS.name, SUBTREE, PUBLIC[:-1])
    with pytest.raises(NoteError, match="does not verify"):
        cosignature.verify(by_vkey(cosigned().signatures[-1].blob, short), short)


@pytest.mark.parametrize(("name", "fits"), [("w" * 255, True), ("w" * 256, False), ("é" * 128, False)])
def test_a_name_is_one_that_the_form_can_hold(name, fits):
    assert subtree.fits(name, ORIGIN) is subtree.fits(ORIGIN, name) is fits
    if not fits:
        with pytest.raises(NoteError, match="1 to 255 bytes"):
            subtree.message(name, NOW, HEAD)


def test_the_root_is_signed_and_extension_lines_are_not():
    longer = Checkpoint(ORIGIN, HEAD.size, HEAD.root, ("more",))
    note = checkpoints.sign(longer, KEY).sign_with(*cosigned().of(VKEY))
    assert cosignature.verify(note, VKEY) == NOW


def ruled():
    request = witness.Request(0, (), NOTE)
    ruling = witness.rule(request.encode(), None, {ORIGIN: LOG}, witness.Seen(), NOW)
    assert ruling.status == witness.ACCEPTED
    return ruling


def test_a_witness_adds_it_beside_the_others():
    answer = witness.lines(ruled(), WITNESS, DOMAIN, NOW)
    kinds = [len(line.blob) for line in notes.parse_lines(answer)]
    assert kinds == [72, 2428, 73]
    old = witness.merge(NOTE, answer, [WITNESS.note_vkey()])
    assert [line.name for line in old.signatures] == [ORIGIN, WITNESS.name]
    new = witness.merge(NOTE, answer, [WITNESS.note_vkey(), VKEY])
    assert (cosignature.verify(new, WITNESS.note_vkey()), cosignature.verify(new, VKEY)) == (NOW, NOW)


def test_as_many_long_signatures_are_taken_as_signed_note_asks_for():
    lines = tuple(Signature(f"w{at}", b"abcd", bytes(4 + 4627)) for at in range(16))
    assert len(notes.parse(Note(NOTE.text, NOTE.signatures + lines).encode()).signatures) == 17


def test_one_whose_name_the_form_cannot_hold_adds_none():
    named = WitnessKeys("w" * 256, WITNESS.note_key, WITNESS.head_key, LATTICE)
    assert len(witness.lines(ruled(), named, None, NOW).splitlines()) == 1


def test_a_false_line_by_a_key_that_is_known_is_refused():
    false = Signature(VKEY.name, VKEY.key_id, NOW.to_bytes(8) + bytes(2420)).encode()
    with pytest.raises(NoteError, match="does not verify"):
        witness.merge(NOTE, false, [VKEY])
    assert witness.merge(NOTE, false, [WITNESS.note_vkey()]) == NOTE


@pytest.mark.parametrize("kind", [COSIGNATURE, SUBTREE])
def test_a_policy_counts_the_key_that_it_names(kind):
    key = {COSIGNATURE: WITNESS.note_vkey(), SUBTREE: VKEY}[kind]
    policy = log_policy.parse(f"log {LOG.encode()}\nwitness w {key.encode()}\nquorum w\n")
    assert log_policy.parse(policy.encode()) == policy
    both = cosigned().sign_with(cosignature.cosign(NOTE.text, WITNESS, NOW))
    assert policy.check(both) == HEAD
    other = {COSIGNATURE: cosigned(), SUBTREE: NOTE.sign_with(cosignature.cosign(NOTE.text, WITNESS, NOW))}[kind]
    with pytest.raises(NoteError, match="quorum"):
        policy.check(other)


def test_a_policy_takes_no_other_kinds_of_key():
    with pytest.raises(LogPolicyError, match="wrong kind"):
        log_policy.parse(f"log {VKEY.encode()}\nquorum none\n")
    for kind in (notes.ED25519, notes.EXTENDED):
        with pytest.raises(LogPolicyError, match="wrong kind"):
            log_policy.parse(f"witness w {VerifierKey('w', kind, PUBLIC).encode()}\nquorum w\n")
