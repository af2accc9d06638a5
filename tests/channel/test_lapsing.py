"""What a payee loses and when, and that it claims before by the chain's clock rather than by its own (spec 3.5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.channel import claims, lapsing
from ledger.chain.errors import ChainUnreachable
from tests.channel.rig import BUYER_DID, CHANNEL_ID, LEASED, START, Pair

DAY, HOUR = 86_400, 3600
DUE = DAY - HOUR  # a voucher of the rig lives for a day, its claim margin is an hour


@pytest.fixture
def pair():
    made = Pair(LEASED)
    made.window(made.want(use=1, reader=made.keyring.fresh()))
    return made


def urgent(pair):
    return [claim for _, claim in pair.payee_db.act(lambda tx: claims.urgent(tx, pair.holder, pair.now))]


def lapses(pair):
    return pair.payee_db.act(lambda tx: lapsing.lapses(tx, pair.holder))


def test_a_leased_opening_is_claimed_a_margin_before_its_voucher_lapses(pair):
    pair.later(DUE - 1)
    assert urgent(pair) == []
    pair.later(1)
    [claim] = urgent(pair)
    assert claim.voucher.cumulative_amount == 250


def test_the_chains_clock_runs_on_while_nobody_looks(pair):
    """A chain ten minutes ahead, seen an hour ago: the claim is due ten minutes before our own clock says so."""
    pair.now = START + timedelta(seconds=DUE - 600)
    pair.chain.seen_at = pair.now - timedelta(hours=1)
    pair.chain.block_time = pair.chain.seen_at + timedelta(seconds=599)
    assert urgent(pair) == []
    pair.chain.block_time += timedelta(seconds=1)
    assert len(urgent(pair)) == 1


def test_a_chain_that_was_never_seen_holds_up_no_claim(pair):
    def away(_tx):
        raise ChainUnreachable("nobody looked yet")

    pair.now += timedelta(seconds=DUE)
    pair.chain.sight = away
    assert len(urgent(pair)) == 1
    assert not lapses(pair)[0].lost


def test_only_a_block_says_that_it_is_too_late(pair):
    pair.now += timedelta(days=30)  # our own clock may be wrong
    assert len(urgent(pair)) == 1
    pair.chain.block_time = START + timedelta(seconds=DAY + 1)
    assert urgent(pair) == []


def test_what_lapses_is_told_with_its_times_until_it_is_acknowledged(pair):
    [lapse] = lapses(pair)
    assert (lapse.amount, lapse.peer, lapse.lost) == (250, BUYER_DID, False)
    assert (lapse.at, lapse.claimed_from) == (START + timedelta(seconds=DAY), START + timedelta(seconds=DUE))
    pair.close(pair.acknowledge())
    assert lapses(pair) == []
    pair.later(60)
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()))
    [lapse] = lapses(pair)
    assert (lapse.amount, lapse.at) == (250, START + timedelta(seconds=DAY + 60))


def test_what_is_claimed_lapses_no_more(pair):
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=250))
    assert lapses(pair) == []


def test_what_the_chain_paid_beyond_what_is_known_here_is_nothing_to_lose(pair):
    """A payee that was restored from a back-up: it has forgotten what it claimed."""
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=251))
    assert lapses(pair) == []


def test_what_was_lost_is_told_until_its_buyer_has_spoken(pair):
    pair.later(DAY + 1)
    [lapse] = lapses(pair)
    assert (lapse.amount, lapse.lost) == (250, True)
    pair.close(pair.acknowledge())
    assert lapses(pair) == []
    found = pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))
    assert found.voucher.cumulative_amount == 250


# ---- a part of it


def two(pair, apart):
    """A second opening, `apart` seconds after the first."""
    pair.later(apart)
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()))
    return pair


def test_what_the_chain_paid_of_it_is_not_at_risk(pair):
    two(pair, 60)
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=250))
    [lapse] = lapses(pair)
    assert (lapse.amount, lapse.lost) == (250, False)


def test_what_was_acknowledged_of_it_is_not_at_risk(pair):
    pair.close(pair.acknowledge())
    two(pair, 60)
    pair.later(DAY + 1)
    [lapse] = lapses(pair)
    assert (lapse.amount, lapse.lost, lapse.at) == (250, True, START + timedelta(seconds=DAY + 60))


def test_all_of_it_is_at_risk_while_the_newest_voucher_lives(pair):
    two(pair, 60)
    pair.later(DAY - 30)
    [lapse] = lapses(pair)
    assert (lapse.amount, lapse.lost) == (500, False)


def test_a_freeze_that_ended_gives_the_lapse_its_time_back(pair):
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, frozen_for=100))
    [lapse] = lapses(pair)
    assert lapse.at == START + timedelta(seconds=DAY + 100)
    assert lapse.claimed_from == START + timedelta(seconds=DUE + 100)
    assert (lapse.channel, lapse.agreement) == (CHANNEL_ID.hex(), pair.deal.hex())


def test_a_closed_channel_tells_of_no_lapse(pair):
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state="closed"))
    assert lapses(pair) == []
    assert pair.payer_db.act(lambda tx: lapsing.lapses(tx, pair.buyer)) == []


def test_what_lapses_first_stands_first(pair):
    second = b"\xc0" * 32
    pair.open_channel(second, 5000)
    pair.later(60)
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()), second)
    assert [lapse.channel for lapse in lapses(pair)] == [CHANNEL_ID.hex(), second.hex()]
    pair.close(pair.acknowledge())
    pair.later(60)
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()))
    assert [lapse.channel for lapse in lapses(pair)] == [second.hex(), CHANNEL_ID.hex()]
