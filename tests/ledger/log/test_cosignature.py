"""A witness's two lines: their form, their time, and that each stands for its own key only."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts import signature as signatures
from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.note import Note, NoteError, Signature, VerifierKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = Checkpoint("localhost:7001/log", 5, b"\x05" * 32)
NOTE = checkpoints.sign(HEAD, KEY)
WITNESS = WitnessKeys("witness.example/w1", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), b"\x42" * 32)
DOMAIN = Domain(7, b"\x11" * 20, b"\x22" * 32)
NOTE_KEY, HEAD_KEY = WITNESS.note_vkey(), WITNESS.head_vkey()


def signed(time, text=NOTE.text):
    """The bytes of a cosignature that is true, whatever its time."""
    return time.to_bytes(8) + WITNESS.note_key.sign(cosignature.message(text, time))


def line(blob, key=NOTE_KEY):
    return Note(NOTE.text, (*NOTE.signatures, Signature(key.name, key.key_id, blob)))


def test_a_witness_has_two_keys_under_one_name():
    assert VerifierKey(WITNESS.name, 4, WITNESS.note_key.public_key().public_bytes_raw()) == NOTE_KEY
    address = signatures.address(WITNESS.head_key)
    assert VerifierKey(WITNESS.name, 255, b"penstock/head-cosignature/v1\0" + address) == HEAD_KEY
    assert cosignature.head_address(HEAD_KEY) == address


@pytest.mark.parametrize(
    "key",
    [
        NOTE_KEY,
        VerifierKey("w", 4, HEAD_KEY.material),
        VerifierKey("w", 255, cosignature.HEAD_KIND + bytes(19)),
        VerifierKey("w", 255, cosignature.HEAD_KIND + bytes(21)),
    ],
)
def test_other_keys_sign_no_heads(key):
    with pytest.raises(NoteError, match="no head cosigner"):
        cosignature.head_address(key)


@pytest.mark.parametrize("time", [1, 2**63 - 1])
def test_every_possible_time_is_signed_and_read(time):
    assert cosignature.verify(NOTE.sign_with(cosignature.cosign(NOTE.text, WITNESS, time)), NOTE_KEY) == time
    given = cosignature.cosign_head(HEAD, WITNESS, time, DOMAIN)
    assert cosignature.verify_head(NOTE.sign_with(given), HEAD_KEY, DOMAIN) == [(time, given.blob[8:])]


@pytest.mark.parametrize("time", [0, 2**63])
def test_no_other_time_is(time):
    for sign in (
        lambda: cosignature.cosign(NOTE.text, WITNESS, time),
        lambda: cosignature.cosign_head(HEAD, WITNESS, time, DOMAIN),
    ):
        with pytest.raises(AssertionError):
            sign()
    with pytest.raises(NoteError, match="impossible time"):
        cosignature.verify(line(signed(time)), NOTE_KEY)
    with pytest.raises(NoteError, match="impossible time"):
        cosignature.verify_head(line(time.to_bytes(8) + bytes(65), HEAD_KEY), HEAD_KEY, DOMAIN)


def test_of_several_cosignatures_the_newest_counts_and_each_must_hold():
    assert cosignature.verify(NOTE, NOTE_KEY) is None
    both = Note(NOTE.text, tuple(Signature(NOTE_KEY.name, NOTE_KEY.key_id, signed(time)) for time in (9, 12, 10)))
    assert cosignature.verify(both, NOTE_KEY) == 12
    false = Signature(NOTE_KEY.name, NOTE_KEY.key_id, signed(8, "another text\n"))
    with pytest.raises(NoteError, match="does not verify"):
        cosignature.verify(Note(NOTE.text, (*both.signatures, false)), NOTE_KEY)


@pytest.mark.parametrize("blob", [signed(9)[:-1], signed(9) + b"\0", signed(9)[:8]])
def test_a_cosignature_has_its_length(blob):
    with pytest.raises(NoteError, match="wrong form"):
        cosignature.verify(line(blob), NOTE_KEY)


def test_a_log_s_key_cosigns_nothing():
    other = notes.log_vkey(WITNESS.name, NOTE_KEY.material)
    with pytest.raises(NoteError, match="wrong form"):
        cosignature.verify(line(signed(9), other), other)


def test_a_head_line_has_its_length_its_form_and_its_signer():
    true = cosignature.cosign_head(HEAD, WITNESS, 9, DOMAIN).blob
    for blob in (true[:-1], true + b"\0"):
        with pytest.raises(NoteError, match="wrong length"):
            cosignature.verify_head(line(blob, HEAD_KEY), HEAD_KEY, DOMAIN)
    with pytest.raises(NoteError, match="malformed"):
        cosignature.verify_head(line(true[:8] + b"\xff" * 65, HEAD_KEY), HEAD_KEY, DOMAIN)
    with pytest.raises(NoteError, match="does not verify"):
        cosignature.verify_head(line((10).to_bytes(8) + true[8:], HEAD_KEY), HEAD_KEY, DOMAIN)
    assert cosignature.verify_head(NOTE, HEAD_KEY, DOMAIN) == []
