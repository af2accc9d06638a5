"""Shares of one signature: added up, taken apart when the sum is false, and the key as the chain shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from py_ecc.fields import optimized_bls12_381_FQ

from contracts.typed_data import Domain
from ledger.log import aggregate, head_aggregate, head_share
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import head_of
from ledger.log.note import MalformedNoteError, Signature
from tests.every import every

DOMAIN, NOW = Domain(7, b"\x11" * 20, b"\x22" * 32), 1_800_000_000
HEAD = Checkpoint("localhost:7001/log", 5, b"\x05" * 32)
PRIME = optimized_bls12_381_FQ.field_modulus
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


@pytest.fixture
def pairings(monkeypatch):
    """How many keys each check of a signature was about, in turn."""
    asked, holds = [], head_aggregate.holds

    def counted(head, domain, keys, signature):
        asked.append(len(keys))
        return holds(head, domain, keys, signature)

    monkeypatch.setattr(head_aggregate, "holds", counted)
    return asked


def test_true_shares_are_one_signature_checked_at_once(shares, pairings):
    total, true = head_share.add_up(head_of(HEAD, NOW), shares, KEYS, DOMAIN)
    assert true == shares
    assert total == head_aggregate.combine(list(shares.values()))
    assert pairings == [3]


def test_a_share_that_is_no_point_is_left_out(shares, pairings):
    told = {"one": shares["one"], "two": bytes(96), "three": b"\xff" * 96}
    assert head_share.add_up(head_of(HEAD, NOW), told, KEYS, DOMAIN) == (shares["one"], {"one": shares["one"]})
    assert pairings == [1]


def test_a_false_share_is_found_and_left_out(shares, pairings):
    told = {"one": shares["one"], "two": shares["one"]}
    assert head_share.add_up(head_of(HEAD, NOW), told, KEYS, DOMAIN) == (shares["one"], {"one": shares["one"]})
    assert pairings == [2, 1, 1]


def test_of_false_shares_alone_nothing_is_made():
    assert head_share.add_up(head_of(HEAD, NOW), {"one": b"\x01" * 96}, KEYS, DOMAIN) == (b"", {})


def line_of(vkey, blob):
    return Signature(vkey.name, vkey.key_id, blob).encode()


def test_a_share_counts_for_its_own_head_and_witness(shares):
    vkey, stamp = head_share.share_vkey("one", KEYS["one"]), NOW.to_bytes(8)
    line = line_of(vkey, stamp + shares["one"])
    assert head_share.find(line, vkey, NOW) == shares["one"]
    assert head_share.find(line, vkey, NOW + 1) is None
    assert head_share.find(line, head_share.share_vkey("one", KEYS["two"]), NOW) is None
    for blob in (stamp + shares["one"][:-1], stamp + shares["one"] + b"\0", stamp, shares["one"]):
        assert head_share.find(line_of(vkey, blob), vkey, NOW) is None


def test_a_share_is_found_among_the_other_lines_of_an_answer(shares):
    vkey, stamp = head_share.share_vkey("one", KEYS["one"]), NOW.to_bytes(8)
    others = line_of(head_share.share_vkey("one", KEYS["two"]), stamp + shares["two"]), line_of(vkey, bytes(104))
    answer = "".join((*others, line_of(vkey, stamp + shares["one"])))
    assert head_share.find(answer, vkey, NOW) == shares["one"]
    assert head_share.find("".join(others), vkey, NOW) is None
    with pytest.raises(MalformedNoteError):
        head_share.find("no signature line\n", vkey, NOW)


def test_the_key_of_a_line_is_named_by_its_kind():
    vkey = head_share.share_vkey("one", b"\x07" * 48)
    assert (vkey.name, vkey.kind, vkey.material) == ("one", 0xFF, b"penstock/head-share/v1\0" + b"\x07" * 48)


def words_of(point):
    """The four words of a point: two coordinates of 64 bytes."""
    return {name: point[at * 32 : at * 32 + 32] for at, name in enumerate(("xHigh", "xLow", "yHigh", "yLow"))}


def test_a_key_is_read_from_the_words_that_the_chain_shows():
    for secret in range(1, 12):
        key = aggregate.public(secret)
        assert head_share.key_of(words_of(b"".join(head_aggregate.key_point(key)))) == key


@every(("y", "flags"), [(0, 0x80), ((PRIME - 1) // 2, 0x80), ((PRIME + 1) // 2, 0xA0)])
@every("first", [0x00, 0x1A])
def test_a_key_is_marked_as_compressed_and_by_the_larger_of_two_y(first, y, flags):
    x = bytes([first]) + b"\x05" * 47
    assert head_share.key_of(words_of(bytes(16) + x + y.to_bytes(64))) == bytes([first | flags]) + x[1:]


def test_the_turn_to_one_signature_is_the_one_that_was_measured():
    told = (Path(__file__).parents[3] / "docs" / "programs.md").read_text()
    assert f"| signers from which one aggregate costs less | {head_share.AGGREGATE_FROM_SIGNERS} |" in told
