"""Two signed words with one seq: both are kept whole, the channel stops for good, and who listens is told at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import equivocation
from connector.channel.messages import Equivocation
from connector.store.rows.channel import ChannelState
from contracts.canonical import sha
from contracts.typed_data import Voucher
from ledger.dispute import equivocation as proofs
from tests.channel.faulty import refused, signed
from tests.channel.rig import CHANNEL_ID, Pair

ONE = Voucher(CHANNEL_ID, 7, 100, b"\x01" * 32, b"\x02" * 32, 9)
OTHER = replace(ONE, cumulative_amount=101)


def both(first=ONE, second=OTHER):
    return (first, signed(first)), (second, signed(second))


def keep(pair, first, second):
    heard = []
    desk = replace(pair.holder, contradicted=lambda _tx, account, bundle, now: heard.append((account.id, bundle, now)))
    account = pair.account("payee")
    found = pair.payee_db.act(lambda tx: equivocation.keep(tx, desk, account, first, second, pair.now))
    return found, heard


def test_both_are_kept_under_their_digest_and_the_channel_stops():
    pair = Pair()
    first, second = both()
    found, heard = keep(pair, first, second)
    proof = proofs.document(CHANNEL_ID, first, second)
    assert found == Equivocation(7, sha(proof).hex())
    assert heard == [(CHANNEL_ID.hex(), found.bundle, pair.now)]
    [row] = pair.payee_db.act(lambda tx: tx.find("bundles"))
    assert row == {
        "id": found.bundle, "channel": CHANNEL_ID.hex(), "seq": 7, "code": "equivocation", "bundle": proof,
        "created": pair.now,
    }  # fmt: skip
    assert pair.account("payee").state == ChannelState.STOPPED
    refused("stopped", pair.payee_db, lambda: pair.request(pair.plan()))


def test_the_same_proof_again_is_one_proof():
    pair = Pair()
    assert keep(pair, *both())[0] == keep(pair, *both())[0]
    assert len(pair.payee_db.act(lambda tx: tx.find("bundles"))) == 1


def test_words_with_two_seqs_contradict_nothing():
    with pytest.raises(AssertionError):
        keep(Pair(), *both(second=replace(OTHER, seq=8)))
