"""Signed notes, checkpoints and cosignatures against the specification's example and independent constructions."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.note import MalformedNoteError, Note, NoteError
from tests.every import every

# C2SP signed-note, "Verifier keys", example
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n"
    "\n"
    "\N{EM DASH} example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "localhost:7001/log"
HEAD = Checkpoint(ORIGIN, 5, hashlib.sha256(b"root").digest())
WITNESS = WitnessKeys("witness.example/w1", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), b"\x42" * 32)
DOMAIN = Domain(1234567890123, b"\x11" * 20, b"\x22" * 32)


def test_the_specifications_example_verifies():
    key = notes.parse_vkey(VKEY)
    assert key.encode() == VKEY
    note = notes.parse(NOTE)
    assert note.encode() == NOTE
    assert notes.verify(note, [key]) == (key,)
    tampered = Note(note.text.replace("example", "exemple"), note.signatures)
    with pytest.raises(NoteError):
        notes.verify(tampered, [key])


def test_a_note_by_nobody_we_trust_is_refused():
    other = notes.log_vkey("example.com/foo", KEY.public_key().public_bytes_raw())
    with pytest.raises(NoteError, match="no signature by a key we trust"):
        notes.verify(notes.parse(NOTE), [other])


def test_unknown_signatures_are_ignored_but_a_false_known_one_is_not():
    note = checkpoints.sign(HEAD, KEY)
    key = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())
    foreign = note.sign_with(notes.Signature("someone.example", b"abcd", b"whatever"))
    assert checkpoints.verify(foreign, key) == HEAD
    false = notes.Signature(ORIGIN, key.key_id, bytes(64))
    with pytest.raises(NoteError):
        notes.verify(Note(note.text, (*note.signatures, false)), [key])


@every(
    "raw",
    [
        "",
        "text only\n",
        "text\n\n",
        "text\n\n\N{EM DASH} name \n",
        "text\n\n- name Uw2QOkn8\n",
        "text\n\n\N{EM DASH} name Uw2QOg==\n",
        "text\n\n\N{EM DASH} na+me Uw2QOkn8\n",
        "text\n\n\N{EM DASH} name Uw2QOkn8",
        "text\n\n\N{EM DASH} name Uw2QOkn9x\n",
        "te\x01xt\n\n\N{EM DASH} name Uw2QOkn8\n",
        "text\n\n\N{EM DASH}  name Uw2QOkn8\n",
        "text\r\n\n\N{EM DASH} name Uw2QOkn8\n",
        "\n\n\N{EM DASH} name Uw2QOkn8\n",
        b"\xff\xfe\n\n\xe2\x80\x94 name Uw2QOkn8\n",
        "x" * 140_000 + "\n\n\N{EM DASH} name Uw2QOkn8\n",
        "text\n\n" + "\N{EM DASH} name Uw2QOkn8\n" * 65,
    ],
)
def test_malformed_notes_are_refused(raw):
    with pytest.raises(MalformedNoteError):
        notes.parse(raw)


SPELLINGS = ["YQ", "YQ=", "YQ==\n", " YQ==", "YQ==YQ==", "YR==", "YQ==x", "Y-==", "YQ=a", "\u0104==="]


@every("spelled", SPELLINGS)
def test_bytes_have_one_spelling(spelled):
    assert notes.unb64("YQ==") == b"a"
    with pytest.raises(MalformedNoteError):
        notes.unb64(spelled)


@given(st.text(max_size=200))
def test_parsing_never_fails_otherwise_and_is_canonical(text):
    for raw in (text, text + "\n\n\N{EM DASH} name Uw2QOkn8\n"):
        try:
            note = notes.parse(raw)
        except MalformedNoteError:
            continue
        assert note.encode() == raw


def test_vkeys_with_a_wrong_hash_are_refused():
    for bad in (VKEY.replace("530d903a", "530d903b"), VKEY[:-4], "noplus", VKEY.upper()):
        with pytest.raises(MalformedNoteError):
            notes.parse_vkey(bad)


@every(
    "text",
    ["o\n5\n", "o\n05\n{r}\n", "o\n-1\n{r}\n", "\n5\n{r}\n", "o\n5\nAAAA\n", "o\n\u0665\n{r}\n", "o\n5\n{r}\n\n"],
)
def test_malformed_checkpoints_are_refused(text):
    with pytest.raises(MalformedNoteError):
        checkpoints.parse_text(text.format(r=base64.b64encode(bytes(32)).decode()))


def test_a_checkpoint_round_trips_with_extension_lines():
    head = Checkpoint(ORIGIN, 7, bytes(32), ("extra",))
    assert checkpoints.parse_text(head.text()) == head


def test_a_checkpoint_under_another_origin_is_refused():
    note = checkpoints.sign(HEAD, KEY)
    with pytest.raises(NoteError, match="is of"):
        checkpoints.verify(note, notes.log_vkey("other.example/log", KEY.public_key().public_bytes_raw()))


def test_a_cosignature_equals_one_built_by_hand():
    line = cosignature.cosign(HEAD.text(), WITNESS, 1_679_315_147)
    public = WITNESS.note_key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(b"witness.example/w1\n\x04" + public).digest()[:4]
    message = b"cosignature/v1\ntime 1679315147\n" + HEAD.text().encode()
    raw = key_id + (1_679_315_147).to_bytes(8, "big") + WITNESS.note_key.sign(message)
    assert line.encode() == f"\N{EM DASH} witness.example/w1 {base64.b64encode(raw).decode()}\n"


def test_cosignatures_verify_and_false_ones_do_not():
    note = checkpoints.sign(HEAD, KEY).sign_with(cosignature.cosign(HEAD.text(), WITNESS, 99))
    assert cosignature.verify(notes.parse(note.encode()), WITNESS.note_vkey()) == 99
    late = notes.Signature(WITNESS.name, WITNESS.note_vkey().key_id, (100).to_bytes(8) + note.signatures[1].blob[8:])
    for bad in (late, notes.Signature(WITNESS.name, WITNESS.note_vkey().key_id, bytes(72))):
        with pytest.raises(NoteError):
            cosignature.verify(note.sign_with(bad), WITNESS.note_vkey())
    assert cosignature.verify(checkpoints.sign(HEAD, KEY), WITNESS.note_vkey()) is None


def test_a_head_signature_is_what_another_library_signs():
    """The `Head` line must be exactly what eth-account makes of the specification's typed data."""
    types = {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
            {"name": "salt", "type": "bytes32"},
        ],
        "Head": [
            {"name": "origin", "type": "bytes32"},
            {"name": "size", "type": "uint64"},
            {"name": "root", "type": "bytes32"},
            {"name": "time", "type": "uint64"},
        ],
    }
    domain = {
        "name": "Penstock",
        "version": "1",
        "chainId": DOMAIN.chain_id,
        "verifyingContract": "0x" + DOMAIN.verifying_contract.hex(),
        "salt": DOMAIN.salt,
    }
    message = {"origin": hashlib.sha256(ORIGIN.encode()).digest(), "size": 5, "root": HEAD.root, "time": 77}
    signable = encode_typed_data(
        full_message={"types": types, "domain": domain, "primaryType": "Head", "message": message}
    )
    signed = Account.sign_message(signable, WITNESS.head_key)
    note = checkpoints.sign(HEAD, KEY).sign_with(cosignature.cosign_head(HEAD, WITNESS, 77, DOMAIN))
    assert cosignature.verify_head(note, WITNESS.head_vkey(), DOMAIN) == [(77, bytes(signed.signature))]
    elsewhere = Domain(DOMAIN.chain_id, DOMAIN.verifying_contract, b"\x23" * 32)
    with pytest.raises(NoteError):
        cosignature.verify_head(note, WITNESS.head_vkey(), elsewhere)


# --- each limit, to the unit

LINE = "\N{EM DASH} name Uw2QOkn8\n"


def test_the_kinds_and_limits_are_those_that_were_published():
    assert (notes.ED25519, notes.COSIGNATURE, notes.EXTENDED) == (1, 4, 255)
    assert (notes.NOTE_LIMIT_BYTES, notes.SIGNATURE_LIMIT_COUNT, notes.KEY_ID_BYTES) == (131_072, 64, 4)


def test_a_note_may_be_as_large_as_its_limit():
    most = "x" * (notes.NOTE_LIMIT_BYTES - len(LINE.encode()) - 2) + "\n\n" + LINE
    assert len(most.encode()) == notes.NOTE_LIMIT_BYTES
    assert notes.parse(most) == notes.parse(most.encode())
    with pytest.raises(MalformedNoteError, match="over the limit"):
        notes.parse("x" + most)
    with pytest.raises(MalformedNoteError, match="over the limit"):
        notes.parse("\u00e9" + most[1:])


def test_a_note_carries_one_to_sixty_four_lines():
    assert len(notes.parse("text\n\n" + LINE * 64).signatures) == 64
    for lines in ("", LINE * 65, LINE.rstrip()):
        with pytest.raises(MalformedNoteError, match="1 to 64 signature lines"):
            notes.parse_lines(lines)


def test_a_text_may_hold_empty_lines():
    assert notes.parse("a\n\nb\n\n" + LINE).text == "a\n\nb\n"


@every(
    "raw", ["text\n\n", "text\n" + LINE, "\n\n" + LINE, "te\x1fxt\n\n" + LINE, "te\txt\n\n" + LINE, "t\n\n" + LINE[:-1]]
)
def test_a_note_is_a_text_an_empty_line_and_lines(raw):
    with pytest.raises(MalformedNoteError, match="a note is text"):
        notes.parse(raw)


@every(
    ("line", "match"),
    [
        ("\N{EM DASH} name", "no signature line"),
        ("\N{EM DASH} name Uw2QOkn8 more", "no signature line"),
        ("- name Uw2QOkn8", "no signature line"),
        ("\N{EM DASH} name Uw2QOg==", "is empty"),
        ("\N{EM DASH}  Uw2QOkn8", "no key name"),
        ("\N{EM DASH} a+b Uw2QOkn8", "no key name"),
    ],
)
def test_a_line_is_a_dash_a_name_and_bytes(line, match):
    with pytest.raises(MalformedNoteError, match=match):
        notes.parse_lines(line + "\n")


def test_one_byte_behind_the_key_id_is_a_signature():
    [line] = notes.parse_lines("\N{EM DASH} name " + notes.b64(b"abcde") + "\n")
    assert line == notes.Signature("name", b"abcd", b"e")


@every("name", ["", "a+b", "a b", "a\u00a0b", "a\tb", "a\x01b", "a\nb"])
def test_what_is_no_key_name_is_refused(name):
    with pytest.raises(MalformedNoteError, match="no key name"):
        notes.check_name(name)
    with pytest.raises(MalformedNoteError, match="no key name"):
        notes.log_vkey(name, bytes(32))
    assert notes.check_name("a.example/\u00e9") == "a.example/\u00e9"


def test_a_later_signature_by_a_key_replaces_its_earlier_one_only():
    one, two = (notes.Signature("n", b"abcd", blob) for blob in (b"1", b"2"))
    named, keyed = notes.Signature("m", b"abcd", b"1"), notes.Signature("n", b"abce", b"1")
    assert Note("t\n", (one, named, keyed)).sign_with(two).signatures == (named, keyed, two)


def test_a_line_is_by_a_key_of_its_name_and_its_id():
    key = notes.log_vkey("n", bytes(32))
    mine = notes.Signature("n", key.key_id, b"x")
    others = notes.Signature("m", key.key_id, b"x"), notes.Signature("n", b"abcd", b"x")
    assert Note("t\n", (others[0], mine, others[1])).of(key) == (mine,)


def test_whoever_of_the_trusted_signed_is_told():
    other = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    first = notes.log_vkey("one", KEY.public_key().public_bytes_raw())
    second = notes.log_vkey("two", other.public_key().public_bytes_raw())
    signed = Note("t\n", (notes.sign("t\n", "one", KEY),))
    assert notes.verify(signed, [second, first]) == (first,)
    assert notes.verify(signed.sign_with(notes.sign("t\n", "two", other)), [second, first]) == (second, first)


def test_a_key_of_another_kind_signs_no_note():
    vkey = WITNESS.note_vkey()
    with pytest.raises(NoteError, match="of kind `0x4`"):
        notes.verify(Note("t\n", (notes.Signature(vkey.name, vkey.key_id, KEY.sign(b"t\n")),)), [vkey])


def test_a_key_that_is_none_verifies_nothing():
    with pytest.raises(NoteError, match="does not verify"):
        notes.check_ed25519(bytes(31), KEY.sign(b"t"), b"t", "name")
    notes.check_ed25519(KEY.public_key().public_bytes_raw(), KEY.sign(b"t"), b"t", "name")
