"""The bodies on the wire, and the box that carries masked keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from connector.channel import box, resume, wire
from connector.channel.errors import FAULTS, ChannelFault
from connector.channel.messages import (
    Denial,
    KeyRequest,
    OfferMessage,
    ReleaseMessage,
    Resume,
    Step,
    StepMessage,
    VoucherMessage,
)
from connector.channel.window import MAX_BATCH_ROWS
from connector.runtime.limits import ORDERS_MAX, RANGES_MAX
from contracts.errors import ContractError
from tests.channel.rig import CHANNEL_ID, Pair, over_the_wire


@pytest.fixture(scope="module")
def messages():
    pair = Pair()
    request = pair.plan()
    offer = pair.request(request)
    voucher = pair.sign(request, offer)
    released = pair.pay(voucher)
    pair.take(released)
    shown = pair.payee_db.act(lambda tx: resume.show(tx, CHANNEL_ID, "payee"))
    return {type(message).__name__: message for message in (request, offer, voucher, released, shown)}


def test_every_message_survives_the_wire(messages):
    for message in messages.values():
        assert over_the_wire(message) == message
    assert over_the_wire(Denial("deny", ({"code": "x", "facts": ["a"]},))) == Denial(
        "deny", ({"code": "x", "facts": ["a"]},)
    )


def test_a_checkpoint_rides_along_and_answers_are_told_apart(messages):
    body = wire.encode(messages["ReleaseMessage"]) | {"checkpoint": {"any": "thing"}}
    assert wire.decode_one(body, OfferMessage, ReleaseMessage) == messages["ReleaseMessage"]
    with pytest.raises(ChannelFault):
        wire.decode_one(body, OfferMessage, Denial)


@pytest.mark.parametrize("body", [None, [], "offer", ["offer", "signature", "sealedKeys"], {}])
def test_an_answer_that_is_none_of_those_awaited_is_malformed(body):
    with pytest.raises(ChannelFault) as fault:
        wire.decode_one(body, OfferMessage, Denial)
    assert (fault.value.code, fault.value.text) == ("malformed", "the answer is none of OfferMessage, Denial")


def test_a_step_and_its_answer_are_read_as_their_two_messages(messages):
    step = Step(messages["VoucherMessage"], messages["KeyRequest"])
    assert over_the_wire(step) == step
    for offered in (None, messages["OfferMessage"]):
        answer = StepMessage(messages["ReleaseMessage"], offered)
        assert over_the_wire(answer) == answer
        assert (wire.encode(answer)["offered"] is None) is (offered is None)


def order(messages, **changes):
    body = wire.encode(messages["KeyRequest"])
    body["orders"][0] |= changes
    return body


def replaced(messages, kind, **changes):
    return kind, wire.encode(messages[kind.__name__]) | changes


WRONG = {
    "not an object": lambda m: (KeyRequest, []),
    "missing": lambda m: (KeyRequest, {"orders": []}),
    "unknown": lambda m: replaced(m, KeyRequest, extra=1),
    "no orders": lambda m: replaced(m, KeyRequest, orders=[], contexts=[]),
    "too many orders": lambda m: replaced(
        m,
        KeyRequest,
        orders=wire.encode(m["KeyRequest"])["orders"] * (ORDERS_MAX + 1),
        contexts=[{}] * (ORDERS_MAX + 1),
    ),
    "too many ranges": lambda m: (KeyRequest, order(m, ranges=[[2 * n, 1] for n in range(RANGES_MAX + 1)])),
    "contexts missing": lambda m: replaced(m, KeyRequest, contexts=[]),
    "contexts too many": lambda m: replaced(m, KeyRequest, contexts=[{}, {}]),
    "context of numbers": lambda m: replaced(m, KeyRequest, contexts=[{"purpose": 1}]),
    "context too long": lambda m: replaced(m, KeyRequest, contexts=[{"purpose": "x" * 513}]),
    "context too wide": lambda m: replaced(m, KeyRequest, contexts=[{str(n): "" for n in range(17)}]),
    "prev": lambda m: replaced(m, KeyRequest, prev="00"),
    "after a number": lambda m: replaced(m, KeyRequest, after=0),
    "after too large": lambda m: replaced(m, KeyRequest, after=str(1 << 63)),
    "boxes a list": lambda m: replaced(m, OfferMessage, sealedKeys=[]),
    "box not base64": lambda m: replaced(m, OfferMessage, sealedKeys={"00" * 32: "%%%%"}),
    "box not canonical": lambda m: replaced(m, OfferMessage, sealedKeys={"00" * 32: "A" * 63 + "="}),
    "box too short": lambda m: replaced(m, OfferMessage, sealedKeys={"00" * 32: "AAAA"}),
    "box a number": lambda m: replaced(m, OfferMessage, sealedKeys={"00" * 32: 1}),
    "reader not hex": lambda m: replaced(m, OfferMessage, sealedKeys={"zz": "AAAA"}),
    "too many boxes": lambda m: replaced(m, OfferMessage, sealedKeys={f"{n:064x}": "A" * 64 for n in range(9)}),
    "signature short": lambda m: replaced(m, VoucherMessage, signature="00"),
    "voucher": lambda m: replaced(m, VoucherMessage, voucher={}),
    "preimage": lambda m: replaced(m, ReleaseMessage, t="AA" * 32),
    "windows": lambda m: replaced(m, Resume, windows={}),
    "contexts of a window missing": lambda m: replaced(
        m, Resume, windows=[wire.encode(m["Resume"])["windows"][0] | {"contexts": []}]
    ),
    "too many windows": lambda m: replaced(m, Resume, windows=wire.encode(m["Resume"])["windows"] * 17),
    "reasons deep": lambda m: (Denial, {"outcome": "deny", "reasons": [{"a": {"b": 1}}], "duties": []}),
    "code empty": lambda m: (Denial, {"outcome": "", "reasons": [], "duties": []}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_body_that_is_not_one(messages, name):
    kind, body = WRONG[name](messages)
    with pytest.raises(ChannelFault) as refusal:
        wire.decode(kind, body)
    assert refusal.value.code == "malformed"


def test_every_code_has_a_row_and_every_row_says_whose_turn_it_is():
    for code, row in FAULTS.items():
        assert row.whose in ("payer", "payee", "nobody"), code
        assert row.hint, code


# ---- the box -----------------------------------------------------------------------------------------------------

READER = X25519PrivateKey.from_private_bytes(b"\x33" * 32)
READER_KEY = READER.public_key().public_bytes_raw()


def labelled(salt, suite, label, ikm):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def expanded(prk, suite, label, info, n):
    text = n.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, text + b"\x01", "sha256")[:n]


def key_and_nonce(shared_point, enc, public, info):
    """RFC 9180 base mode, from its text: DHKEM(X25519, HKDF-SHA256) then the key schedule of AES-256-GCM."""
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
    shared = expanded(labelled(b"", kem, b"eae_prk", shared_point), kem, b"shared_secret", enc + public, 32)
    context = b"\x00" + labelled(b"", suite, b"psk_id_hash", b"") + labelled(b"", suite, b"info_hash", info)
    secret = labelled(shared, suite, b"secret", b"")
    return expanded(secret, suite, b"key", context, 32), expanded(secret, suite, b"base_nonce", context, 12)


def info_of(channel, seq):
    return b"penstock/window/v1\x00" + channel + seq.to_bytes(8, "big")


@given(st.binary(max_size=200), st.integers(1, 2**63))
def test_a_box_opens_with_an_implementation_written_from_the_rfc(masked, seq):
    sealed = box.seal(masked, READER_KEY, CHANNEL_ID, seq)
    enc, ciphertext = sealed[:32], sealed[32:]
    point = READER.exchange(X25519PublicKey.from_public_bytes(enc))
    key, nonce = key_and_nonce(point, enc, READER_KEY, info_of(CHANNEL_ID, seq))
    assert AESGCM(key).decrypt(nonce, ciphertext, b"") == masked
    assert len(sealed) == len(masked) + box.OVERHEAD_BYTES


@given(st.binary(max_size=200))
def test_a_box_of_that_implementation_opens_here(masked):
    ephemeral = X25519PrivateKey.generate()
    enc = ephemeral.public_key().public_bytes_raw()
    key, nonce = key_and_nonce(ephemeral.exchange(READER.public_key()), enc, READER_KEY, info_of(CHANNEL_ID, 7))
    sealed = enc + AESGCM(key).encrypt(nonce, masked, b"")
    assert box.unseal(sealed, READER, CHANNEL_ID, 7) == masked
    for channel, seq in ((CHANNEL_ID, 8), (bytes(32), 7)):
        with pytest.raises(ChannelFault):
            box.unseal(sealed, READER, channel, seq)


def test_a_reader_key_of_small_order_is_refused():
    with pytest.raises(ChannelFault) as refusal:
        box.seal(b"x", bytes(32), CHANNEL_ID, 1)
    assert refusal.value.code == "bad-reader-key"


def test_the_largest_batch_fits_the_largest_box():
    assert len(box.seal(bytes(32 * MAX_BATCH_ROWS), READER_KEY, CHANNEL_ID, 1)) == wire.MAX_SEALED_BYTES
    assert hashlib.sha256(b"").digest_size == 32


def test_the_largest_box_is_read_and_one_byte_more_is_not():
    largest = base64.b64encode(bytes(wire.MAX_SEALED_BYTES)).decode()
    assert wire._read_box(largest, "boxes") == bytes(wire.MAX_SEALED_BYTES)
    for wrong in (bytes(wire.MAX_SEALED_BYTES + 1), bytes(wire.OVERHEAD_BYTES - 1)):
        with pytest.raises(ContractError, match="boxes of at most"):
            wire._read_box(base64.b64encode(wrong).decode(), "boxes")


# ---- as much as is allowed


def told(**members):
    return (Denial, {"outcome": "deny", "reasons": [members], "duties": []})


MOST = {
    "orders": lambda m: replaced(
        m, KeyRequest, orders=wire.encode(m["KeyRequest"])["orders"] * ORDERS_MAX, contexts=[{}] * ORDERS_MAX
    ),
    "ranges": lambda m: (KeyRequest, order(m, ranges=[[2 * n, 1] for n in range(RANGES_MAX)])),
    "context": lambda m: replaced(m, KeyRequest, contexts=[{"k" * 512: "x" * 512}]),
    "contexts": lambda m: replaced(m, KeyRequest, contexts=[{str(n): "" for n in range(16)}]),
    "after": lambda m: replaced(m, KeyRequest, after=str((1 << 63) - 1)),
    "boxes": lambda m: replaced(m, OfferMessage, sealedKeys={f"{n:064x}": "A" * 64 for n in range(8)}),
    "windows": lambda m: replaced(m, Resume, windows=wire.encode(m["Resume"])["windows"] * 16),
    "reason members": lambda m: told(**{str(n): "" for n in range(8)}),
    "reason list": lambda m: told(facts=["x"] * 8),
    "reason text": lambda m: told(text="x" * 1000),
    "reasons": lambda m: (Denial, {"outcome": "d" * 64, "reasons": [{}] * 64, "duties": [{}] * 64}),
    "seq": lambda m: seq(m, (1 << 63) - 1),
}
OVER = {
    "context key": lambda m: replaced(m, KeyRequest, contexts=[{"k" * 513: ""}]),
    "context a list": lambda m: replaced(m, KeyRequest, contexts=[[]]),
    "reason members": lambda m: told(**{str(n): "" for n in range(9)}),
    "reason list": lambda m: told(facts=["x"] * 9),
    "reason text": lambda m: told(text="x" * 1001),
    "reason a text": lambda m: (Denial, {"outcome": "deny", "reasons": ["no"], "duties": []}),
    "reasons": lambda m: (Denial, {"outcome": "d", "reasons": [{}] * 65, "duties": []}),
    "duties": lambda m: (Denial, {"outcome": "d", "reasons": [], "duties": [{}] * 65}),
    "code": lambda m: (Denial, {"outcome": "d" * 65, "reasons": [], "duties": []}),
    "code a number": lambda m: (Denial, {"outcome": 1, "reasons": [], "duties": []}),
    "code not ascii": lambda m: (Denial, {"outcome": "né", "reasons": [], "duties": []}),
    "seq": lambda m: seq(m, 1 << 63),
}


def seq(messages, number):
    body = wire.encode(messages["VoucherMessage"])
    body["voucher"] = {**body["voucher"], "seq": str(number)}
    return VoucherMessage, body


@pytest.mark.parametrize("name", MOST)
def test_as_much_as_is_allowed_is_read(messages, name):
    kind, body = MOST[name](messages)
    assert wire.encode(wire.decode(kind, body)) == body


@pytest.mark.parametrize("name", OVER)
def test_one_more_is_malformed(messages, name):
    kind, body = OVER[name](messages)
    with pytest.raises(ChannelFault) as refusal:
        wire.decode(kind, body)
    assert refusal.value.code == "malformed"


def test_what_is_not_there_is_written_and_read_as_nothing(messages):
    [shown] = messages["Resume"].windows
    bare = replace(shown, receipt=None, receipt_signature=b"", preimage=None, refused=None, acknowledged=None)
    body = wire.encode(bare)
    assert [body[name] for name in ("receipt", "receiptSignature", "t", "refused", "acknowledged")] == [None] * 5
    assert wire.decode(type(bare), body) == bare
    assert wire.encode(shown)["t"] == shown.preimage.hex()
