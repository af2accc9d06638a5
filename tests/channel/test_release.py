"""The second half of the payee: what is released once, what is no window of keys, and what an acknowledgement ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import account as accounts
from connector.channel import closing
from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial, Equivocation, RefusalMessage
from connector.channel.release import _late_code, _reasons
from connector.enforcement.counted import Held
from connector.runtime.limits import RECEIPT_LEEWAY_SECONDS
from connector.store.rows.channel import ChannelState
from contracts.voucher import NO_LOCK
from tests.channel.faulty import refused
from tests.channel.rig import CHANNEL_ID, KEPT, LEASED, STRANGER_KEY, Pair
from tests.channel.test_resume import level, signed


def put(pair, **changes):
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))


def acknowledgement(pair, seq):
    """A voucher without a lock for what was released, by the payer, with any seq."""
    account = pair.account("payee")
    voucher = pair.acknowledge().voucher
    return signed(replace(voucher, seq=seq, account_hash=account.account_hash, lock=NO_LOCK, valid_until=0))


def test_an_acknowledgement_sent_as_a_payment_releases_nothing():
    pair = Pair()
    pair.window()
    last = pair.acknowledge()
    pair.close(last)
    refused("wrong-seq", pair.payee_db, lambda: pair.pay(last))


def test_a_window_that_came_back_without_its_preimage_releases_nothing():
    pair = Pair()
    before = pair.payee_db.save()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.take(pair.pay(voucher))
    pair.payee_db.restore(before)
    level(pair)
    assert pair.states("payee") == ["acknowledged"]
    refused("wrong-seq", pair.payee_db, lambda: pair.pay(voucher))


@pytest.mark.parametrize(("ahead", "taken"), [(1, True), (64, True), (65, False)])
def test_an_acknowledgement_follows_the_newest_window_within_the_gap(ahead, taken):
    pair = Pair()
    pair.window()
    message = acknowledgement(pair, 1 + ahead)
    if taken:
        assert pair.close(message) is None
        assert pair.account("payee").seq == 1 + ahead
    else:
        with pytest.raises(ChannelFault):
            pair.close(message)
        assert pair.states("payee") == ["paid"]


def test_an_acknowledgement_of_a_seq_that_was_skipped_before_the_newest_window_is_none():
    pair = Pair()
    request = replace(pair.plan(), after=4)
    pair.take(pair.pay(pair.sign(request, pair.request(request))))
    message = acknowledgement(pair, 3)
    refused("wrong-seq", pair.payee_db, lambda: pair.close(message))


def test_an_acknowledgement_before_any_release_is_of_nothing():
    pair, other = Pair(), Pair()
    other.window()
    last = other.acknowledge()
    refused("wrong-seq", pair.payee_db, lambda: pair.close(last))


@pytest.mark.parametrize("beyond", [0, 1])
def test_an_acknowledgement_gives_back_what_an_offer_held(beyond):
    """Of its own seq, or of one that it passed by."""
    pair = Pair(LEASED)
    pair.judge.held = (Held("permission/0", "count", 1, 3),)
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()))
    pair.request(pair.plan(pair.want(use=1, reader=pair.keyring.fresh())))

    def held():
        return [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses", order="at, state"))]

    assert sorted(held()) == ["committed", "reserved"]
    pair.close(acknowledgement(pair, 2 + beyond))
    assert sorted(held()) == ["committed", "returned"]
    assert pair.states("payee") == ["acknowledged", *(["void"] if beyond else []), "closing"]


def test_an_acknowledgement_is_as_old_as_the_offer_whose_seq_it_took_or_as_itself():
    pair = Pair()
    for rows in ([0], [0, 1]):
        pair.window(pair.want(rows))
        pair.request(pair.plan(pair.want([5])))
        pair.later(30)
        seq = pair.account("payee").seq + (rows == [0, 1])
        pair.close(acknowledgement(pair, seq))
        row = pair.payee_db.act(lambda tx, seq=seq: tx.get("windows", channel=CHANNEL_ID.hex(), seq=seq))
        assert row["created"] == pair.now - timedelta(seconds=30 if rows == [0] else 0)


def test_two_acknowledgements_of_one_seq_are_an_equivocation():
    pair = Pair()
    pair.window()
    last = pair.acknowledge()
    pair.close(last)
    other = signed(replace(last.voucher, cumulative_amount=69))
    found = pair.close(other)
    assert (type(found), found.seq, pair.account("payee").state) == (Equivocation, 2, ChannelState.STOPPED)


@pytest.mark.parametrize(
    ("state", "code"), [(ChannelState.STOPPED, "stopped"), (ChannelState.CLOSED, "channel-closed")]
)
def test_an_acknowledgement_on_a_channel_that_is_over_is_refused(state, code):
    pair = Pair()
    pair.window()
    last = pair.acknowledge()
    put(pair, state=state)
    refused(code, pair.payee_db, lambda: pair.close(last))


def test_an_acknowledgement_keeps_only_the_amount_that_it_is_for():
    pair = Pair()
    pair.window()
    last = pair.acknowledge()
    pair.close(last)
    [_, row] = pair.payee_db.act(lambda tx: tx.find("windows", order="seq"))
    assert (row["amount"], row["cumulative"], row["valid_until"], row["lock"]) == (0, 70, 0, None)
    assert (row["prev"], row["account_hash"]) == (last.voucher.account_hash,) * 2


# ---- a voucher that was answered before


@pytest.fixture
def paid():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    return pair, voucher, pair.pay(voucher)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda v: replace(v, signature=signed(v.voucher, STRANGER_KEY).signature),
        lambda v: replace(v, voucher=replace(v.voucher, cumulative_amount=71)),
        lambda v: signed(replace(v.voucher, channel_id=b"\xc2" * 32)),
        lambda v: signed(replace(v.voucher, cumulative_amount=71), STRANGER_KEY),
    ],
    ids=["the same words by a stranger", "other words", "another channel's", "other words by a stranger"],
)
def test_what_the_signer_did_not_say_of_a_seq_is_no_proof_against_it(paid, wrong):
    pair, voucher, _ = paid
    refused("foreign-signer", pair.payee_db, lambda: pair.pay(wrong(voucher)))
    assert pair.account("payee").state == ChannelState.OPEN


# ---- what a release needs


def test_nothing_is_released_while_the_chain_was_not_seen_lately():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.now += timedelta(seconds=KEPT.stale_max)
    refused("stale-chain", pair.payee_db, lambda: pair.pay(voucher))
    pair.now -= timedelta(seconds=1)
    put(pair, expiry=pair.now + timedelta(seconds=KEPT.claim_margin))
    refused("near-expiry", pair.payee_db, lambda: pair.pay(voucher))
    put(pair, expiry=pair.now + timedelta(seconds=KEPT.claim_margin + 1))
    assert pair.pay(voucher).receipt.released_at == int(pair.now.timestamp())


def test_nothing_is_released_by_a_clock_that_is_behind_the_chain():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.chain.block_time = pair.now + timedelta(seconds=RECEIPT_LEEWAY_SECONDS + 1)
    refused("wrong-clock", pair.payee_db, lambda: pair.pay(voucher))
    pair.chain.block_time -= timedelta(seconds=1)
    assert pair.pay(voucher)


@pytest.mark.parametrize(
    ("state", "code"), [(ChannelState.STOPPED, "stopped"), (ChannelState.CLOSED, "channel-closed")]
)
def test_what_was_offered_before_a_channel_was_over_is_not_released_after(state, code):
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    put(pair, state=state)
    refused(code, pair.payee_db, lambda: pair.pay(voucher))


def test_a_voucher_that_came_too_late_gives_back_what_its_offer_held():
    pair = Pair(LEASED)
    pair.judge.held = (Held("permission/0", "count", 1, 3),)
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    voucher = pair.sign(request, pair.request(request))
    pair.end_agreement()
    assert pair.pay(voucher).code == "agreement-over"
    assert [use["state"] for use in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["returned"]


def test_a_release_takes_the_books_on_and_acknowledges_the_keys_before_it():
    pair = Pair()
    pair.window(pair.want([0]))
    assert (pair.states("payee"), pair.paid("payee")) == (["paid"], ([[0, 1]], 1000, 70))
    pair.window(pair.want([3]))
    assert (pair.states("payee"), pair.paid("payee")) == (["acknowledged", "paid"], ([[0, 1], [3, 1]], 2000, 140))
    account = pair.account("payee")
    assert (account.seq, account.cumulative) == (2, 140)
    assert pair.events("payee")[-2:] == ["keys.acknowledged", "keys.released"]


def test_a_refused_voucher_acknowledges_the_keys_before_it_too():
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([1]))
    voucher = pair.sign(request, pair.request(request))
    pair.request(replace(request, contexts=({"purpose": "else"},)))
    answer = pair.pay(voucher)
    assert (answer.code, answer.reasons) == ("superseded", ())
    assert pair.states("payee") == ["acknowledged", "void", "offered"]
    assert pair.events("payee")[-2:] == ["keys.acknowledged", "keys.refused"]


def test_a_release_counts_a_use_and_says_who_read():
    pair = Pair(LEASED)
    used = []
    pair.holder_books.used = lambda _tx, deal: used.append(deal.digest)
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    voucher = pair.sign(request, pair.request(request))
    assert used == []
    assert pair.pay(voucher) == pair.pay(voucher)
    assert used == [pair.deal]
    assert len(pair.payee_db.act(lambda tx: tx.find("performed"))) == 1


def test_nothing_is_used_up_where_keys_are_kept():
    pair = Pair()
    used = []
    pair.holder_books.used = lambda _tx, deal: used.append(deal.digest)
    pair.window()
    assert used == []


def test_a_voucher_on_a_closing_channel_is_refused_in_writing_with_the_reason():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.payee_db.act(lambda tx: closing.begin(tx, pair.holder, CHANNEL_ID, pair.now))
    answer = pair.pay(voucher)
    assert isinstance(answer, RefusalMessage)
    assert (answer.code, [reason["code"] for reason in answer.reasons]) == (accounts.ENDING, [accounts.ENDING])
    assert pair.pay(voucher) == answer
    assert pair.refuse(answer) == 1


def test_a_voucher_for_what_was_never_offered_is_refused_by_what_the_channel_is():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request)).voucher
    never = signed(replace(voucher, seq=9))
    refused("no-offer", pair.payee_db, lambda: pair.pay(never))
    pair.payee_db.act(lambda tx: closing.begin(tx, pair.holder, CHANNEL_ID, pair.now))
    refused("channel-closing", pair.payee_db, lambda: pair.pay(never))


def test_a_denial_without_reasons_is_refused_by_its_outcome():
    assert _reasons(Denial("deny", ())) == ({"code": "deny", "text": "deny"},)
    assert _reasons(Denial("deny", ({"code": "no"},))) == ({"code": "no"},)


def test_only_an_amount_that_moved_is_a_price_that_moved():
    moved, over = (ChannelFault(code, "") for code in ("wrong-amount", "agreement-over"))
    assert (_late_code(moved), _late_code(over)) == ("repriced", "agreement-over")


def test_a_refusal_says_when_it_was_signed():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.later(30)
    pair.end_agreement()
    answer = pair.pay(voucher)
    assert answer.refusal.time == int(pair.now.timestamp())
    assert (answer.code, answer.reasons) == ("agreement-over", ())
    assert pair.events("payee")[-1] == "keys.refused"
