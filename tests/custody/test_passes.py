"""Passes: whoever holds the provider's public address can check one, and it names nobody."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.custody import passes, tickets
from connector.runtime.errors import Unproven
from contracts import signature
from tests.every import every

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY, EDITION, HOLDER = b"\x42" * 32, b"\x07" * 32, "did:web:holder.example"
SIGN = partial(signature.sign, private_key=KEY)


def made(**changes):
    told = {"edition": EDITION, "holder": HOLDER, "now": NOW} | changes
    return passes.SCHEME + passes.issue(SIGN, told["edition"], told["holder"], told["now"])


def test_it_says_what_it_opens_and_who_signed():
    found = passes.read(made(), HOLDER, NOW)
    assert (found.edition, found.provider) == (EDITION, signature.address(KEY))
    assert found.expires == NOW + timedelta(seconds=passes.PASS_SECONDS)


def test_two_passes_of_one_buyer_have_only_the_edition_the_holder_and_the_time_in_common():
    first, second = (base64.urlsafe_b64decode(made().removeprefix(passes.SCHEME)) for _ in range(2))
    assert first[:64] == second[:64] == EDITION + passes.holder_digest(HOLDER)
    assert first[64:80] != second[64:80]
    assert first[80:88] == second[80:88]


@every(
    ("header", "words"),
    [
        ("", "no pass"),
        (passes.SCHEME, "no pass"),
        (passes.SCHEME + "a" * 204, "no pass"),
        (made().replace(passes.SCHEME, "Ticket "), "no pass"),
        (tickets.SCHEME + tickets.issue(KEY, EDITION, tickets.NO_SUBJECT, tickets.NO_TRANSFER, NOW), "no pass"),
        (made(holder="did:web:other.example"), "another holder"),
        (made(now=NOW - timedelta(seconds=passes.PASS_SECONDS)), "over"),
        (made(now=NOW + timedelta(days=2)), "over"),  # a long life is nobody's to give
    ],
)
def test_any_other_is_refused(header, words):
    with pytest.raises(Unproven, match=words):
        passes.read(header, HOLDER, NOW)


@given(at=st.integers(0, passes.PASS_BYTES - 1), bit=st.integers(0, 7))
def test_no_bit_may_change(at, bit):
    """Whoever changes one is either refused or turns out to be another signer, who is nobody's provider."""
    raw = bytearray(base64.urlsafe_b64decode(made().removeprefix(passes.SCHEME)))
    raw[at] ^= 1 << bit
    try:
        found = passes.read(passes.SCHEME + base64.urlsafe_b64encode(raw).decode(), HOLDER, NOW)
    except Unproven:
        return
    assert found.provider != signature.address(KEY)
