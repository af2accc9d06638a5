"""Batches of a stream: opened by their key alone, chained, and never another number of messages than they say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.custody import batches
from connector.custody.batches import Acknowledgement
from connector.custody.errors import VaultError

STREAM = bytes(range(32))
MESSAGES = st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), min_size=1, max_size=9)


@given(st.lists(MESSAGES, min_size=1, max_size=5))
def test_what_was_sealed_is_opened(parts):
    head = batches.NO_BATCH
    for number, messages in enumerate(parts, start=1):
        own = batches.key(STREAM, "p", number)
        batch, sealed = batches.seal(own, number, head, messages)
        assert batches.opened(own, batch, sealed) == b"".join(one + b"\n" for one in messages)
        assert batch.previous == head
        head = batch.head


@given(MESSAGES, st.data())
def test_whatever_is_changed_is_seen(messages, data):
    own = batches.key(STREAM, "p", 3)
    batch, sealed = batches.seal(own, 3, bytes(32), messages)
    at = data.draw(st.integers(0, len(sealed) - 1))
    torn = bytearray(sealed)
    torn[at] ^= 1 << data.draw(st.integers(0, 7))
    for other, key, content in (
        (batch, own, bytes(torn)),
        (batch, own, sealed[:-1]),
        (batch, batches.key(STREAM, "p", 4), sealed),
        (batch, batches.key(STREAM, "q", 3), sealed),
        (replace(batch, number=4), own, sealed),
        (replace(batch, previous=bytes(31) + b"\x01"), own, sealed),
        (replace(batch, messages=batch.messages + 1), own, sealed),
        (replace(batch, plain_bytes=batch.plain_bytes + 1), own, sealed),
    ):
        with pytest.raises(VaultError):
            batches.opened(key, other, content)


@given(st.sampled_from(("number", "messages", "plain_bytes")), st.integers(1, 9))
def test_a_head_and_a_word_bind_every_count(name, more):
    batch, _ = batches.seal(batches.key(STREAM, "p", 1), 1, bytes(32), [b"a"])
    assert replace(batch, **{name: getattr(batch, name) + more}).head != batch.head
    word = Acknowledgement("ab" * 32, 1, batch.head.hex(), 5, 50)
    assert replace(word, **{name: getattr(word, name) + more}).digest != word.digest
