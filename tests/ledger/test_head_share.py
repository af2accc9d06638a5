"""Shares of one signature: added up, taken apart when the sum is false, and the key as the chain shows it."""

from __future__ import annotations

import pytest

from contracts.typed_data import Domain
from ledger import aggregate, head_aggregate, head_share
from ledger.checkpoint import Checkpoint
from ledger.cosignature import head_of
from ledger.note import Signature

DOMAIN, NOW = Domain(7, b"\x11" * 20, b"\x22" * 32), 1_800_000_000
HEAD = Checkpoint("localhost:7001/log", 5, b"\x05" * 32)
SECRETS = {name: 1_000 + number for number, name in enumerate(("one", "two", "three"))}
KEYS = {name: aggregate.public(secret) for name, secret in SECRETS.items()}


@pytest.fixture(scope="module")
def shares():
    lines = {
        name: head_share.give(HEAD, head_share.share_vkey(name, KEYS[name]), secret, NOW, DOMAIN)
        for name, secret in SECRETS.items()
    }
    found = {
        name: head_share.find(line.encode(), head_share.share_vkey(name, KEYS[name]), NOW)
        for name, line in lines.items()
    }
    assert all(found.values())
    return found


def test_true_shares_are_one_signature(shares):
    total, true = head_share.add_up(head_of(HEAD, NOW), shares, KEYS, DOMAIN)
    assert set(true) == set(KEYS)
    assert head_aggregate.holds(head_of(HEAD, NOW), DOMAIN, list(KEYS.values()), total)
    assert not head_aggregate.holds(head_of(HEAD, NOW + 1), DOMAIN, list(KEYS.values()), total)


@pytest.mark.parametrize("false", [bytes(96), b"\xff" * 96, None])
def test_a_false_share_is_left_out(shares, false):
    told = {**shares, "two": shares["one"] if false is None else false}
    total, true = head_share.add_up(head_of(HEAD, NOW), told, KEYS, DOMAIN)
    assert set(true) == {"one", "three"}
    assert head_aggregate.holds(head_of(HEAD, NOW), DOMAIN, [KEYS["one"], KEYS["three"]], total)


def test_of_false_shares_alone_nothing_is_made():
    assert head_share.add_up(head_of(HEAD, NOW), {"one": b"\x01" * 96}, KEYS, DOMAIN) == (b"", {})


def test_a_share_counts_for_its_own_head_and_witness(shares):
    vkey = head_share.share_vkey("one", KEYS["one"])
    line = Signature("one", vkey.key_id, NOW.to_bytes(8) + shares["one"]).encode()
    assert head_share.find(line, vkey, NOW) == shares["one"]
    assert head_share.find(line, vkey, NOW + 1) is None
    assert head_share.find(line, head_share.share_vkey("one", KEYS["two"]), NOW) is None
    cut = Signature("one", vkey.key_id, NOW.to_bytes(8) + shares["one"][:-1]).encode()
    assert head_share.find(cut, vkey, NOW) is None


def test_a_key_is_read_from_the_words_that_the_chain_shows():
    for secret in range(1, 12):
        key = aggregate.public(secret)
        words = dict(zip(("xHigh", "xLow", "yHigh", "yLow"), head_aggregate.key_point(key), strict=True))
        assert head_share.key_of(words) == key
