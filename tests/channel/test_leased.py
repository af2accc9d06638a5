"""Leased openings under a real policy: counted once each, bounded, revocable, and priced per opening (spec 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.channel import openings
from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial, RefusalMessage
from connector.enforcement.judge import Judge
from connector.runtime.clock import PolicyClock
from contracts.tariff import Tariff
from tests.channel.rig import KEPT, LEASED, Pair

RESEARCH = "https://w3id.org/penstock/purpose#Research"
POLICY = {
    "permission": [
        {
            "action": "use",
            "constraint": [
                {"leftOperand": "purpose", "operator": "isA", "rightOperand": RESEARCH},
                {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"},
            ],
        }
    ],
}


def judged(pair):
    """Let the pair be judged by the real policy, in a space without members."""
    clock = PolicyClock(SimpleNamespace(now=lambda: pair.now))
    space = SimpleNamespace(members={})
    judge = Judge(lambda: space, clock, lambda: None)
    pair.holder = replace(pair.holder, enforcement=replace(pair.holder.enforcement, judge=judge))
    return pair


@pytest.fixture
def pair():
    return judged(Pair(replace(LEASED, policy=POLICY)))


def opened(pair, purpose=RESEARCH, rows=None, reader=None):
    return pair.want(rows, use=1, reader=reader or pair.keyring.fresh(), purpose=purpose)


def counter(pair):
    """How many uses are committed and reserved."""
    states = [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))]
    return states.count("committed"), states.count("reserved")


def test_three_openings_are_charged_and_the_fourth_is_denied(pair):
    for number in range(1, 4):
        assert len(pair.window(opened(pair)).keys) == 12
        assert pair.paid("payer")[1:] == pair.paid("payee")[1:] == (number, 250 * number)
        assert counter(pair) == (number, 0)
    answer = pair.request(pair.plan(opened(pair)))
    assert isinstance(answer, Denial)
    assert answer.outcome == "deny"
    assert "count" in str(answer.reasons)
    assert counter(pair) == (3, 0)
    assert pair.keyring.kept == {}  # leased secrets are never stored


def test_an_unlawful_purpose_is_denied_with_its_reason_and_counts_nothing(pair):
    answer = pair.request(pair.plan(opened(pair, "https://w3id.org/penstock/purpose#DirectMarketing")))
    assert isinstance(answer, Denial)
    assert "purpose" in str(answer.reasons)
    assert isinstance(pair.request(pair.plan(replace(opened(pair), context={}))), Denial)
    assert counter(pair) == (0, 0)
    assert pair.paid("payee") == ([], 0, 0)


def test_an_offer_holds_its_place_and_a_replaced_one_gives_it_back(pair):
    pair.request(pair.plan(opened(pair)))
    assert counter(pair) == (0, 1)
    pair.request(pair.plan(opened(pair)))
    assert counter(pair) == (0, 1)
    pair.window(opened(pair))
    assert counter(pair) == (1, 0)


def test_one_reader_key_is_one_opening_however_often_its_messages_come(pair):
    want = opened(pair)
    request = pair.plan(want)
    offer = pair.request(request)
    assert pair.request(request) == offer
    voucher = pair.sign(request, offer)
    first = pair.pay(voucher)
    assert pair.pay(voucher) == first
    pair.take(first)
    pair.take(first)
    assert counter(pair) == (1, 0)
    assert pair.paid("payee")[1:] == (1, 250)
    assert pair.plan(want) is None


def test_more_rows_of_a_running_opening_cost_nothing_until_the_lease_ends(pair):
    reader = pair.keyring.fresh()
    assert len(pair.window(opened(pair, rows=[0, 1], reader=reader)).keys) == 2
    got = pair.window(opened(pair, rows=[0, 1, 5], reader=reader))
    assert [key.row for key in got.keys] == [5]
    assert counter(pair) == (1, 0)
    assert pair.paid("payer")[1:] == pair.paid("payee")[1:] == (1, 250)
    pair.later(899)
    assert pair.window(opened(pair, rows=[6], reader=reader)).keys
    pair.later(1)
    with pytest.raises(ChannelFault) as refusal:
        pair.request(pair.plan(opened(pair, rows=[7], reader=reader)))
    assert refusal.value.code == "lease-ended"
    assert pair.window(opened(pair, rows=[7])).keys
    assert counter(pair) == (2, 0)


def test_an_opening_that_was_ended_early_gives_no_more_rows(pair):
    """Closed by its reader or revoked: the lease would still run."""
    reader = pair.keyring.fresh()
    pair.window(opened(pair, rows=[0], reader=reader))
    request = pair.plan(opened(pair, rows=[1], reader=reader))
    voucher = pair.sign(request, pair.request(request))
    [row] = pair.payee_db.act(lambda tx: tx.find("openings"))
    assert pair.payee_db.act(lambda tx: openings.end(tx, pair.holder.evidence, row["id"], "revoked", pair.now))
    assert pair.pay(voucher).code == "lease-ended"
    with pytest.raises(ChannelFault) as refusal:
        pair.request(request)
    assert refusal.value.code == "lease-ended"
    assert counter(pair) == (1, 0)


def test_a_lease_that_ends_between_offer_and_voucher_refuses_in_writing(pair):
    reader = pair.keyring.fresh()
    pair.window(opened(pair, rows=[0], reader=reader))
    request = pair.plan(opened(pair, rows=[1], reader=reader))
    voucher = pair.sign(request, pair.request(request))
    pair.later(900)
    answer = pair.pay(voucher)
    assert isinstance(answer, RefusalMessage)
    assert answer.code == "lease-ended"
    assert counter(pair) == (1, 0)


def test_rows_of_an_earlier_opening_are_not_paid_in_the_next(pair):
    for _ in range(2):
        assert len(pair.window(opened(pair)).keys) == 12
    assert pair.paid("payee")[1:] == (2, 500)


def test_openings_start_and_end_in_both_logs(pair):
    pair.window(opened(pair, reader=(reader := pair.keyring.fresh())))
    assert pair.events("payer").count("opening.started") == pair.events("payee").count("opening.started") == 1
    row = pair.payee_db.act(lambda tx: tx.find("openings"))[0]
    assert (row["number"], row["reader_key"], row["purpose"], row["state"]) == (1, reader, RESEARCH, "open")
    assert row["lease_until"] - row["created"] == timedelta(seconds=900)

    def end(tx):
        return openings.end_lapsed(tx, pair.holder.evidence, pair.now)

    assert pair.payee_db.act(end) == 0
    pair.later(900)
    assert pair.payee_db.act(end) == 1
    assert pair.payee_db.act(end) == 0
    assert pair.events("payee")[-1] == "opening.ended"


def test_a_lease_priced_by_bytes_pays_each_row_once_but_gives_it_to_every_opening():
    pair = Pair(replace(LEASED, tariff=Tariff("byte", 7, 100, "CNY"), max_exposure=300))
    first = opened(pair)
    sizes = pair.pull(first)
    assert sizes[0] == 1
    assert sum(sizes) == 12
    price = pair.paid("payee")[2]
    assert pair.pull(opened(pair)) == [12]
    assert pair.paid("payer") == pair.paid("payee")
    assert pair.paid("payee")[2] == price


def test_the_payment_duty_is_open_at_the_offer_and_done_at_the_release():
    duty = {"action": "compensate", "constraint": [
        {"leftOperand": "payAmount", "operator": "eq", "rightOperand": "250", "unit": "CNY"}
    ]}  # fmt: skip
    permission = POLICY["permission"][0] | {"duty": [duty]}
    pair = judged(Pair(replace(LEASED, policy={"permission": [permission]})))
    assert pair.window(opened(pair)).keys
    rows = pair.payee_db.act(lambda tx: tx.find("decisions", order="id"))
    assert [row["outcome"] for row in rows] == ["conditional", "allow"]


def test_keys_kept_draw_on_no_counter_and_again_costs_nothing():
    pair = judged(Pair(replace(KEPT, policy=POLICY)))
    want = pair.want(purpose=RESEARCH)
    assert len(pair.pull(want)) > 3
    assert counter(pair) == (0, 0)
    paid, account = pair.paid("payee"), pair.account("payee")
    pair.keyring.kept.clear()
    got = pair.window(replace(want, use=2))
    assert pair.account("payee").seq == account.seq + 1
    assert pair.account("payer").cumulative == pair.account("payee").cumulative == account.cumulative
    assert len(got.keys) == len(pair.keyring.kept) == 12
    assert pair.paid("payer") == pair.paid("payee") == paid
