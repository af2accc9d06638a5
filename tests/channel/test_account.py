"""A channel's row: what a fresh one says, whose it is, and which code refuses one that does not go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import account as accounts
from connector.channel.errors import ChannelFault
from tests.channel.rig import BUYER_DID, CHANNEL_ID, PAYEE, PAYER, PROVIDER_DID, START, TOKEN, Pair

CODES = {"stopped": "stopped", "closing": "channel-closing", "frozen": "channel-closed", "closed": "channel-closed"}


def load(pair, *about):
    return pair.payer_db.act(lambda tx: accounts.load(tx, *about))


def put(pair, **changes):
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))


def test_a_fresh_channel_has_promised_and_used_nothing():
    pair = Pair(deposit=700)
    account = pair.account("payer")
    assert (account.channel_id, account.account_hash, account.id) == (CHANNEL_ID, CHANNEL_ID, CHANNEL_ID.hex())
    assert (account.seq, account.cumulative, account.claimed, account.frozen_for) == (0, 0, 0, 0)
    assert (account.deposit, account.credit, account.state) == (700, 700, "open")
    assert (account.payer, account.payee, account.signer, account.token) == (PAYER, PAYEE, PAYER, TOKEN)
    assert account.expiry > START
    pair.window()
    assert pair.account("payer").credit == 630
    put(pair, frozen_for=5)
    assert pair.account("payer").frozen_for == 5


def test_a_channel_that_the_chain_confirmed_is_told_as_it_is_kept():
    pair, other = Pair(), b"\xc2" * 32
    first = pair.account("payee")
    about = {
        "role": "payee", "peer": BUYER_DID, "agreement": pair.deal.hex(), "payer": PAYER, "payee": PAYEE,
        "signer": PAYER, "token": TOKEN, "split": first.split, "arbitrator": bytes(20), "salt": b"\x05" * 32,
        "deposit": 5, "expiry": first.expiry, "now": START, "open_tx": "0xab", "state": "frozen",
    }  # fmt: skip
    made = pair.payee_db.act(lambda tx: accounts.begin(tx, channel_id=other, **about))
    assert made == replace(
        first, id=other.hex(), account_hash=other, deposit=5, state="frozen", salt=b"\x05" * 32, open_tx="0xab"
    )
    row = pair.payee_db.act(lambda tx: tx.get("channels", id=other.hex()))
    assert (row["salt"], row["open_tx"], row["created"], row["agreement"]) == (
        b"\x05" * 32,
        "0xab",
        START,
        pair.deal.hex(),
    )


@pytest.mark.parametrize(
    "about", [(CHANNEL_ID, "payee"), (CHANNEL_ID, "payer", BUYER_DID), (bytes(32), "payer"), (bytes(32), "payer", None)]
)
def test_a_channel_of_another_role_or_peer_is_as_unknown_as_none(about):
    with pytest.raises(ChannelFault) as refused:
        load(Pair(), *about)
    assert refused.value.code == "unknown-channel"


def test_a_channel_is_found_by_its_peer_or_without_one():
    pair = Pair()
    assert load(pair, CHANNEL_ID, "payer", PROVIDER_DID) == load(pair, CHANNEL_ID, "payer")


@pytest.mark.parametrize("state", CODES)
def test_each_state_that_does_not_go_on_has_its_code(state):
    pair = Pair()
    accounts.require_open(pair.account("payer"))
    put(pair, state=state)
    with pytest.raises(ChannelFault) as refused:
        accounts.require_open(pair.account("payer"))
    assert refused.value.code == CODES[state]


def test_a_stopped_channel_that_is_closed_stays_stopped():
    pair = Pair()
    closed = pair.payee_db.act(lambda tx: accounts.close(tx, accounts.load(tx, CHANNEL_ID, "payee")))
    assert closed.state == pair.account("payee").state == "closing"
    pair.payer_db.act(lambda tx: accounts.stop(tx, accounts.load(tx, CHANNEL_ID, "payer")))
    still = pair.payer_db.act(lambda tx: accounts.close(tx, accounts.load(tx, CHANNEL_ID, "payer")))
    assert still.state == pair.account("payer").state == "stopped"


def test_a_used_seq_leaves_what_was_released():
    pair = Pair()
    pair.payer_db.act(lambda tx: accounts.use_seq(tx, accounts.load(tx, CHANNEL_ID, "payer"), 7))
    account = pair.account("payer")
    assert (account.seq, account.cumulative, account.account_hash) == (7, 0, CHANNEL_ID)
