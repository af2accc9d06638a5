"""Decisions on a request: the licences above it, what is promised at an offer, and what a denial gives back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from connector.channel import batch, judgement, openings, payee
from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial
from connector.enforcement import uses
from connector.enforcement.counted import Counted, Held
from connector.enforcement.ruling import Ruling
from connector.enforcement.use import OFFER
from connector.enforcement.uses import Draw
from contracts.canonical import sha
from contracts.labels import H
from tests.channel.faulty import refused
from tests.channel.rig import BUYER_DID, CHANNEL_ID, KEPT, LEASED, Pair
from tests.channel.test_resume import level


def chain(length, **last):
    """A sub-licence with as many licences above it, and the holder that has them."""
    deals = {}
    for number in range(length + 1):
        deals[number] = SimpleNamespace(digest=number, parent=number + 1 if number < length else None, live=True)
    for name, value in last.items():
        setattr(deals[length], name, value)

    def deal(_tx, digest):
        assert digest is not None, "what stands under nothing has no licence above it"
        return deals.get(digest)

    return SimpleNamespace(books=SimpleNamespace(deal=deal)), deals[0]


@pytest.mark.parametrize("length", [0, 1, 2, 16])
def test_every_licence_above_is_asked_nearest_first(length):
    assert [deal.digest for deal in judgement._above(None, *chain(length))] == list(range(1, length + 1))


@pytest.mark.parametrize(("length", "last"), [(17, {}), (1, {"live": False}), (3, {"live": False}), (2, {"parent": 9})])
def test_a_chain_without_an_end_or_with_a_dead_link_is_over(length, last):
    with pytest.raises(ChannelFault) as over:
        judgement._above(None, *chain(length, **last))
    assert over.value.code == "agreement-over"


def test_a_parent_that_is_not_here_is_over():
    holder = SimpleNamespace(books=SimpleNamespace(deal=lambda *_: None))
    with pytest.raises(ChannelFault):
        judgement._above(None, holder, SimpleNamespace(parent=5, live=True))


def test_what_happened_is_counted_on_dead_licences_too():
    holder, deal = chain(2, live=False)
    assert [above.digest for above in judgement._lineage(None, holder, deal)] == [1, 2]


def test_an_order_is_a_use_of_what_it_does_and_is_measured_here_whatever_the_peer_says():
    pair, asked = Pair(), []
    order = pair.plan().orders[0]
    pair.judge.request = lambda *about: asked.append(about[:-1]) or about[-2]
    for use in (0, 1, 2, 3):
        line = SimpleNamespace(order=replace(order, use=use), deal=pair.holder_books.deals[pair.deal], plain_bytes=123)
        request = judgement.Request(bytes(32), [line], [{"absoluteSize": "1", "purpose": "x"}])
        assert isinstance(pair.payee_db.act(partial(judgement.judge, holder=pair.holder, request=request, stage=OFFER,
                                                    now=pair.now)), judgement.Judgement)  # fmt: skip
    measured = {"absoluteSize": "123", "unit": "byte", "purpose": "x"}
    actions = ("reproduce", "read", "reproduce", "use")
    assert asked == [(BUYER_DID, KEPT.product, action, measured) for action in actions]


def test_a_denied_order_gives_back_what_the_one_before_it_held():
    pair = Pair(replace(LEASED, max_exposure=500))
    pair.judge.held = (Held("permission/0", "count", 1, 1),)
    wants = [pair.want(use=1, reader=pair.keyring.fresh()) for _ in range(2)]
    orders = [pair.plan(want) for want in wants]
    request = replace(
        orders[0], orders=(orders[0].orders[0], orders[1].orders[0]), contexts=orders[0].contexts + orders[1].contexts
    )
    answer = pair.request(request)
    assert isinstance(answer, Denial)
    assert [use["state"] for use in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["returned"]
    assert isinstance(pair.request(orders[1]), Denial) is False


# ---- real uses, under one agreement and those above it


def put_under_a_parent(pair, **parent):
    """Make the pair's agreement a sub-licence of another one, and return that one's digest."""
    above = pair.agree(replace(pair.terms, salt=b"\x0b" * 32))
    deals = pair.holder_books.deals
    deals[above] = replace(deals[above], **parent)
    deals[pair.deal] = replace(deals[pair.deal], parent=above)
    return above


def leased(limit=3):
    pair = Pair(LEASED)
    pair.judge.held = (Held("permission/0", "count", 1, limit),)
    return pair


def opening(pair):
    return pair.want(use=1, reader=pair.keyring.fresh())


def uses_of(pair):
    rows = pair.payee_db.act(lambda tx: tx.find("uses"))
    return sorted((row["agreement"], row["state"]) for row in rows)


def decisions_of(pair):
    rows = pair.payee_db.act(lambda tx: tx.find("decisions"))
    return {row["id"]: row["agreement"] for row in rows}


def test_an_opening_of_a_sub_licence_draws_on_the_licence_above_too():
    pair = leased()
    above = put_under_a_parent(pair)
    request = pair.plan(opening(pair))
    voucher = pair.sign(request, pair.request(request))
    assert uses_of(pair) == sorted([(above.hex(), "reserved"), (pair.deal.hex(), "reserved")])
    own = request.account_hash
    upper = H("decision-above", own, above)
    asked = {f"{own.hex()}/0/offer": pair.deal.hex(), f"{upper.hex()}/0/offer": above.hex()}
    assert decisions_of(pair) == asked
    pair.pay(voucher)
    assert uses_of(pair) == sorted([(above.hex(), "committed"), (pair.deal.hex(), "committed")])
    asked |= {f"{own.hex()}/0/release": pair.deal.hex(), f"{upper.hex()}/0/release": above.hex()}
    assert decisions_of(pair) == asked


def test_a_licence_above_that_has_nothing_left_denies_what_stands_under_it():
    """Its own share would still be free; none of either is held."""
    pair = leased(limit=1)
    pair.window(opening(pair))
    deal, other = pair.deal, pair.agree(replace(LEASED, salt=b"\x0c" * 32))
    deals = pair.holder_books.deals
    deals[other] = replace(deals[other], parent=deal)
    answer = pair.request(pair.plan(replace(opening(pair), agreement=other)))
    assert isinstance(answer, Denial)
    assert uses_of(pair) == [(deal.hex(), "committed")]


def test_a_sub_licence_under_a_dead_licence_is_over():
    pair = leased()
    put_under_a_parent(pair, live=False)
    request = pair.plan(opening(pair))
    refused("agreement-over", pair.payee_db, lambda: pair.request(request))


def test_each_order_of_a_batch_is_decided_at_its_place_and_all_rulings_are_signed_for():
    pair = Pair(replace(LEASED, max_exposure=500))
    pair.judge.held = (Held("permission/0", "count", 1, 2),)
    first, second = (pair.plan(opening(pair)) for _ in range(2))
    both = {"orders": first.orders + second.orders, "contexts": first.contexts + second.contexts}
    request = replace(first, **both)
    offer = pair.request(request).offer
    name = request.account_hash.hex()
    assert set(decisions_of(pair)) == {f"{name}/0/offer", f"{name}/1/offer"}
    digests = pair.payee_db.act(lambda tx: [row["digest"].hex() for row in tx.find("decisions", order="id")])
    assert offer.decision_digest == sha(digests)
    assert uses_of(pair) == [(pair.deal.hex(), "reserved")] * 2


def test_at_the_release_a_decision_does_not_count_the_share_that_it_holds_itself():
    pair = leased(limit=1)
    assert pair.window(opening(pair)).keys
    assert pair.judge.asked == [("offer", {}), ("release", {})]
    assert isinstance(pair.request(pair.plan(opening(pair))), Denial)
    assert pair.judge.asked[-1] == ("offer", {("permission/0", "count"): 1})


def by_purpose(pair):
    pair.judge.counted = lambda context: {"permission/0": Counted(unit=context["purpose"])}
    return pair


def units(pair):
    return sorted(row["unit"] for row in pair.payee_db.act(lambda tx: tx.find("uses")))


def test_what_is_held_is_counted_for_whom_the_policy_counts():
    pair = by_purpose(leased(limit=1))
    for purpose in ("study", "teaching"):
        assert pair.window(replace(opening(pair), context={"purpose": purpose})).keys
    assert isinstance(pair.request(pair.plan(replace(opening(pair), context={"purpose": "study"}))), Denial)
    assert units(pair) == ["study", "teaching"]


# ---- what a back-up forgot


def forgotten(pair, act):
    before = pair.payee_db.save()
    act()
    pair.payee_db.restore(before)


def test_what_happened_is_counted_again_on_every_licence_and_beyond_any_limit():
    pair = leased(limit=1)
    above = put_under_a_parent(pair)
    second = b"\xc2" * 32
    pair.open_channel(second, 5000)
    forgotten(pair, lambda: pair.window(opening(pair)))
    pair.window(opening(pair), second)
    once = [(above.hex(), "committed"), (pair.deal.hex(), "committed")]
    assert uses_of(pair) == sorted(once)
    level(pair)
    assert uses_of(pair) == sorted(once * 2)


def test_what_is_counted_again_is_counted_for_the_same():
    pair = by_purpose(leased())
    forgotten(pair, lambda: pair.window(opening(pair)))
    level(pair)
    assert units(pair) == ["research"]


def test_keys_that_are_kept_are_not_counted_again():
    pair = Pair()
    pair.judge.held = (Held("permission/0", "count", 1, 1),)
    forgotten(pair, pair.window)
    level(pair)
    assert pair.states("payee") == ["acknowledged"]
    assert uses_of(pair) == []


def test_only_openings_hold_what_their_batch_commits_or_gives_back():
    pair = Pair()
    pair.judge.held = (Held("permission/0", "count", 1, 1),)
    request = pair.plan()
    pair.request(request)
    assert uses_of(pair) == []
    [order] = request.orders
    draw = Draw(pair.deal.hex(), pair.judge.held)

    def hold(tx):
        uses.reserve(tx, [draw], openings.identity("payee", order), pair.now)
        judgement.give_back(tx, [order])

    pair.payee_db.act(hold)
    assert uses_of(pair) == [(pair.deal.hex(), "reserved")]
    assert pair.window().keys
    assert uses_of(pair) == [(pair.deal.hex(), "reserved")]


def test_a_share_that_its_decision_did_not_see_taken_is_no_share():
    pair = leased(limit=1)
    pair.window(opening(pair))
    pair.judge.ruling = lambda *_, **__: Ruling("allow", {"outcome": "allow"}, held=pair.judge.held)
    refused("exhausted", pair.payee_db, lambda: pair.request(pair.plan(opening(pair))))


def test_an_order_that_nothing_is_said_of_is_not_passed_over():
    """The wire brings a context for each order; should one ever be missing, nothing is offered or counted."""
    pair = leased()
    request = replace(pair.plan(opening(pair)), contexts=())
    with pytest.raises(ValueError, match="shorter"):
        pair.payee_db.act(lambda tx: payee.on_key_request(tx, pair.holder, BUYER_DID, CHANNEL_ID, request, pair.now))
    account = pair.account("payee")
    lines = pair.payee_db.act(lambda tx: batch.bill(tx, pair.holder, account, request.orders))
    for bare in (judgement.Request(bytes(32), lines, ()), judgement.Request(bytes(32), (), ({},))):
        with pytest.raises(ValueError, match="than"):
            pair.payee_db.act(lambda tx, bare=bare: judgement.recount(tx, pair.holder, bare, pair.now))
    assert uses_of(pair) == []
