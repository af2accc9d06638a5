"""What the chain paid against what was released: amounts, claims, shares, and what a log says of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts.split import Split
from ledger.audit import settlement
from ledger.audit.facts import ChainFacts, ChannelFacts, Claim, Divided
from ledger.audit.keys import Ends, Window
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import book, event, found, shelf

CHANNEL, ACCOUNT = b"\xc1" * 32, b"\xaa" * 32
PAYEE, FEE, PAYER, STRANGER = (bytes([one]) * 20 for one in (1, 2, 3, 4))
SPLIT = Split(((PAYEE, 9000), (FEE, 1000)))
ROW = {"agreement": "a1", "edition": "", "transfer": "t", "use": 0, "ranges": [], "amount": 1, "readerKey": ""}
HOLDER = "did:web:holder"


def windows(*released, rows=()):
    """A window for each cumulative amount."""
    told = event("keys.released", CHANNEL.hex(), rows=list(rows))
    return {seq: Window(told, seq, ACCOUNT.hex(), 0, amount) for seq, amount in enumerate(released, 1)}


def claims(*amounts, block=5, account=ACCOUNT):
    return [Claim(amount, account, block) for amount in amounts]


def chain(claimed=(), **more):
    """A channel with claims, by default of a deposit that covers everything."""
    opened = {"splitHash": SPLIT.hash, "payer": PAYER, "payee": PAYEE}
    return ChannelFacts(opened, claimed if isinstance(claimed, list) else claims(*claimed), deposit=1000, **more)


def settled(opened, *released, holder=None, books=(), deals=None, rows=()):
    report = Report()
    ends = Ends(CHANNEL.hex(), holder, None, windows(*released, rows=rows), {}, frozenset())
    settlement.check(shelf(*books), ends, ChainFacts(channels={CHANNEL: opened}), deals or {}, report)
    return report


RULED = Divided(0, 0, bytes(32), 9)


@every(
    ("opened", "released", "codes"),
    [
        (chain(), [], []),
        (chain((70,)), [30, 70], []),
        (chain((30, 70), closed=True), [30, 70], []),
        (chain(), [1], ["release-not-settled"]),
        (chain((30,)), [30, 70], ["release-not-settled"]),
        (chain((30,), closed=True), [30, 70], ["settlement-differs"]),
        (chain((30,), closed=True, divided=RULED), [30, 70], []),
        (chain((30,), divided=RULED), [30, 70], []),
        (chain((71,)), [30, 70], ["settlement-differs", "claim-unknown"]),
        (chain((71,), closed=True, divided=RULED), [70], ["settlement-differs", "claim-unknown"]),
        (chain((1,)), [], ["settlement-differs", "claim-unknown"]),
        (chain((30, 70)), [70], ["claim-unknown"]),
        (chain(claims(70, account=b"\xbb" * 32)), [70], ["claim-unknown"]),
        (chain(claims(70, account=b"")), [70], []),
        (chain((1000,)), [1000], []),
        (chain((1000,)), [1000, 1001], ["release-not-settled", "released-over-deposit"]),
    ],
)
def test_what_was_paid_is_what_was_released(opened, released, codes):
    report = settled(opened, *released)
    assert found(report) == [(code, "chain", None) for code in codes]
    assert report.amount_settled == opened.claimed


def test_a_finding_names_both_amounts_and_the_holder():
    [finding] = settled(chain((30,), closed=True), 30, 70, holder=book(HOLDER)).findings
    assert (finding.subject, finding.facts) == (HOLDER, {"channel": CHANNEL.hex(), "mine": "30", "theirs": "70"})
    [finding] = settled(chain((30, 70)), 70, holder=book(HOLDER)).findings
    assert (finding.subject, finding.facts) == (HOLDER, {"channel": CHANNEL.hex(), "mine": "30"})


@pytest.mark.parametrize(("block", "behind"), [(8, True), (9, False)])
def test_a_log_that_was_not_read_to_the_newest_claim_lacks_nothing_yet(block, behind):
    opened = chain([*claims(70, block=3), *claims(90, block=9)])
    report = settled(opened, 70, holder=book(HOLDER, block=block))
    assert [one.code for one in report.findings] == ([] if behind else ["settlement-differs", "claim-unknown"])
    assert report.stale[HOLDER] == (2 if behind else 0)


def test_a_channel_that_the_chain_does_not_know_is_another_check_s():
    report = Report()
    ends = Ends(CHANNEL.hex(), None, None, windows(70), {}, frozenset())
    settlement.check({}, ends, ChainFacts(), {}, report)
    assert report == Report()


@every(
    ("kind", "amount", "code"),
    [
        ("channel.claimed", "30", None),
        ("channel.claimed", "70", None),
        ("channel.claimed", "71", "settlement-log-differs"),
        ("channel.closed", "70", None),
        ("channel.closed", "30", "settlement-log-differs"),
        ("channel.closed", None, "field-malformed"),
    ],
)
def test_what_a_log_says_of_a_payment_is_what_the_chain_did(kind, amount, code):
    told = book(HOLDER, event(kind, "c2" * 32, cumulative="5"), event(kind, CHANNEL.hex(), cumulative=amount))
    assert found(settled(chain((30, 70)), 30, 70, books=[told])) == ([(code, HOLDER, 1)] if code else [])


def deal(split=SPLIT):
    return SimpleNamespace(provider="did:web:provider", terms=SimpleNamespace(split=split))


SHARES = {PAYEE: 63, FEE: 7}


@every(
    ("credits_of", "closed", "differs"),
    [
        (SHARES, True, False),
        ({**SHARES, PAYER: 930}, True, False),
        ({**SHARES, STRANGER: 0}, True, True),
        ({PAYEE: 70}, True, True),
        ({PAYEE: 64, FEE: 6}, True, True),
        ({}, False, False),
    ],
)
def test_a_closed_channel_gave_each_payee_its_share_and_no_stranger_any(credits_of, closed, differs):
    opened = chain((70,), closed=closed, credits=credits_of)
    report = settled(opened, 70, deals={"a1": deal()}, rows=[ROW])
    assert found(report) == ([("split-differs", "did:web:provider", None)] if differs else [])


def test_who_has_a_share_of_nothing_needs_no_credit():
    opened = chain((1,), closed=True, credits={PAYEE: 1})
    assert not settled(opened, 1, deals={"a1": deal()}, rows=[ROW]).findings
    opened = chain((10,), closed=True, credits={PAYEE: 9})
    report = settled(opened, 10, deals={"a1": deal()}, rows=[ROW])
    assert found(report) == [("split-differs", "did:web:provider", None)]


@pytest.mark.parametrize("closed", [True, False])
def test_a_channel_carries_the_split_that_was_agreed(closed):
    opened = chain((70,), closed=closed, credits=SHARES)
    other = deal(Split(((PAYEE, 9000), (STRANGER, 1000))))
    report = settled(opened, 70, deals={"a1": other}, rows=[ROW])
    assert found(report) == [("split-differs", "did:web:provider", None)]
    opened.opened["splitHash"] = bytes(32)
    report = settled(opened, 70, deals={"a1": deal()}, rows=[ROW])
    assert found(report) == [("split-differs", "did:web:provider", None)], "by whatever hash it paid"
    assert not settled(opened, 70, deals={"a2": other}, rows=[ROW]).findings, "nothing under it was released here"


def test_orders_that_cannot_be_read_say_nothing_of_a_split():
    report = settled(chain((70,)), 70, deals={"a1": deal()}, rows=[{"agreement": "a1"}])
    assert report.codes() == {"field-malformed"}
