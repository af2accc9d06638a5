"""Keys wrapped for recipients of both kinds: the draft's own answer, lengths, and that neither opens the other's."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from hmac import digest as hmac
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.log import disclosure, wrapping
from ledger.log.disclosure import BoxKey, DisclosureError
from ledger.log.wrapping import HybridKey
from tests.every import every

VECTOR = json.loads((Path(__file__).parent / "xwing.json").read_text())
HYBRID, OTHER = HybridKey(bytes.fromhex(VECTOR["seed"])), HybridKey(b"\x01" * 32)
CLASSICAL = X25519PrivateKey.from_private_bytes(b"\x05" * 32)
KEYS = {"classical": CLASSICAL, "hybrid": HYBRID}
SECRET, INFO, LEAF = bytes(range(32)), b"info", b"\x09" * 32
# HPKE in RFC 9180's words: MLKEM768-X25519, HKDF-SHA256, AES-256-GCM
SUITE = b"HPKE" + b"\x64\x7a" + b"\x00\x01" + b"\x00\x02"


def extract(salt, label, ikm):
    return hmac(salt or bytes(32), b"HPKE-v1" + SUITE + label + ikm, sha256)


def expand(prk, label, info, length):
    return hmac(prk, length.to_bytes(2) + b"HPKE-v1" + SUITE + label + info + b"\x01", sha256)[:length]


def hpke(shared, info, plain):
    """Seal in base mode with a shared secret that a KEM gave, word by word of RFC 9180 (5.1, 6.1)."""
    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = (expand(secret, label, context, size) for label, size in ((b"key", 32), (b"base_nonce", 12)))
    return AESGCM(key).encrypt(nonce, plain, b"")


def test_what_the_draft_s_secret_sealed_opens_with_the_draft_s_key():
    assert base64.b64decode(VECTOR["public"]) == HYBRID.public
    given = base64.b64decode(VECTOR["ciphertext"])
    wrapped = given + hpke(bytes.fromhex(VECTOR["shared"]), INFO, SECRET)
    assert wrapping.unwrap(wrapped, HYBRID, INFO) == SECRET
    assert len(wrapped) == wrapping.wrapped_bytes(HYBRID, len(SECRET)) == 1168


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_opens_what_was_wrapped_for_it_and_nothing_else_does(kind):
    key = KEYS[kind]
    wrapped = wrapping.wrap(SECRET, wrapping.public_of(key), INFO)
    assert len(wrapped) == wrapping.wrapped_bytes(key, len(SECRET)) == {"classical": 80, "hybrid": 1168}[kind]
    assert wrapping.unwrap(wrapped, key, INFO) == SECRET
    for wrong, info in ((OTHER, INFO), (X25519PrivateKey.generate(), INFO), (key, b"other")):
        with pytest.raises((InvalidTag, ValueError)):
            wrapping.unwrap(wrapped, wrong, info)


@every("public", [b"", bytes(31), bytes(33), bytes(1215), bytes(1217), b"\xff" * 1216, HYBRID.public[:-32] + bytes(32)])
def test_what_is_no_public_key_is_refused(public):
    with pytest.raises(ValueError):
        wrapping.wrap(SECRET, public, INFO)


def test_a_secret_is_in_no_repr():
    assert VECTOR["seed"] not in repr(HYBRID)
    assert str(HYBRID.seed) not in repr(HYBRID)


def test_one_box_goes_to_recipients_of_both_kinds():
    box_key = BoxKey([wrapping.public_of(key) for key in KEYS.values()])
    closed = box_key.close(disclosure.conceal({"n": 7}), LEAF)
    for name, key in disclosure.filed_for(KEYS.values()).items():
        box = box_key.wrapped[name] + closed
        assert [one.value for one in disclosure.unseal(box, key, LEAF)] == [7]
        with pytest.raises(DisclosureError):
            disclosure.unseal(box, HYBRID if key is CLASSICAL else CLASSICAL, LEAF)
        with pytest.raises(DisclosureError, match="does not open"):
            disclosure.unseal(box, key, bytes(32))


@every(("owner", "reader"), [(CLASSICAL, HYBRID), (HYBRID, CLASSICAL), (HYBRID, OTHER)])
def test_an_owner_wraps_again_for_a_reader_of_the_other_kind(owner, reader):
    box_key = BoxKey([wrapping.public_of(owner)])
    [wrapped] = box_key.wrapped.values()
    again = disclosure.wrap_again(wrapped, owner, wrapping.public_of(reader))
    box = again + box_key.close(disclosure.conceal({"n": 7}), LEAF)
    assert disclosure.unseal(box, reader, LEAF)[0].name == "n"
    with pytest.raises(DisclosureError, match="does not open"):
        disclosure.wrap_again(wrapped, reader, wrapping.public_of(owner))
