"""Masked keys in their box: for one reader, one channel and one seq, at a fixed cost in bytes."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel import box
from connector.channel.errors import ChannelFault
from tests.channel.rig import CHANNEL_ID, DELIVERY, DELIVERY_KEY

MASKED = b"\x07" * 64


@pytest.mark.parametrize("masked", [b"", MASKED, bytes(32 * 4096)])
def test_a_box_opens_to_what_was_sealed_and_is_48_bytes_longer(masked):
    sealed = box.seal(masked, DELIVERY_KEY, CHANNEL_ID, 7)
    assert len(sealed) == len(masked) + 48 == len(masked) + box.OVERHEAD_BYTES
    assert box.unseal(sealed, DELIVERY, CHANNEL_ID, 7) == masked


@pytest.mark.parametrize(
    "wrong",
    [
        {"reader": X25519PrivateKey.from_private_bytes(b"\x56" * 32)},
        {"channel_id": b"\xc2" * 32},
        {"seq": 8},
        {"sealed": bytes(112)},
        {"sealed": b""},
    ],
    ids=["reader", "channel", "seq", "bytes", "nothing"],
)
def test_a_box_for_another_reader_channel_or_seq_does_not_open(wrong):
    sealed = box.seal(MASKED, DELIVERY_KEY, CHANNEL_ID, 7)
    with pytest.raises(ChannelFault) as fault:
        box.unseal(**({"sealed": sealed, "reader": DELIVERY, "channel_id": CHANNEL_ID, "seq": 7} | wrong))
    assert (fault.value.code, fault.value.text) == ("offer-keys", "the sealed keys do not open with the reader key")


@pytest.mark.parametrize("key", [bytes(32), b"\x01" * 31, b"\x01" + bytes(31)])
def test_a_key_that_nobody_can_read_with_is_refused(key):
    with pytest.raises(ChannelFault) as fault:
        box.seal(MASKED, key, CHANNEL_ID, 7)
    assert fault.value.code == "bad-reader-key"


def test_the_seq_may_have_all_eight_bytes():
    seq = (1 << 64) - 1
    assert box.unseal(box.seal(MASKED, DELIVERY_KEY, CHANNEL_ID, seq), DELIVERY, CHANNEL_ID, seq) == MASKED
