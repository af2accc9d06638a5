"""An agreement under a contract of the national interfaces: only what the contract says, in force, one at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given

from connector.negotiation.agreement import Cause
from connector.negotiation.doors import DeclinedError, Peer
from connector.negotiation.ndi import offers, sealed
from connector.negotiation.protocol.errors import UnacceptableError
from connector.operation.ndi.sealing import Sealing
from connector.operation.ndi.white_lists import NotListed, WhiteLists
from connector.runtime.errors import PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.protocol import TransferRow
from contracts.namespace import CONTRACT, OFFER_TERMS
from contracts.ndi import strategy
from contracts.tariff import Tariff
from ledger.audit import sealed_contracts
from ledger.audit.report import Report
from tests.contracts.test_ndi_strategy import policies
from tests.negotiation.test_rounds import ABOUT, AT, NAMED
from tests.settlement.ground import Shelf

PRODUCT, PEER = "tides", NAMED["assignee"]
DIGEST = "ab" * 32
PRICE = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": "5.00", "unit": "CNY"}
POLICY = {
    "@type": "Agreement",
    **NAMED,
    "permission": [{"action": "read"}],
    "obligation": [{"action": "compensate", "constraint": [PRICE]}],
}
ABOUT_SEALED = {**ABOUT, offers.SEALED: True}
TERMS = {
    "product": PRODUCT,
    "tier": "kept",
    "tariff": {"unit": "byte", "minor": "400", "per": "1048576", "currency": "CNY"},
    "maxExposure": "1001",
    "notAfter": "2029-12-31T23:59:59Z",
}
CONTRACT_AGREED = AgreementRow(
    digest=DIGEST, role="provider", negotiation="n", peer=PEER, product=PRODUCT, state="signed", created=AT,
    odrl={CONTRACT: {**ABOUT_SEALED, "strategy": strategy.written(POLICY, sealed=True)}}, not_after=AT + timedelta(9),
)  # fmt: skip
HELD = ContractRow(
    code="c", role="provider", peer=PEER, negotiation="n", request="r", name="Tides", document={}, created=AT,
    instruction=DIGEST[:32],
)  # fmt: skip
UNDER = replace(
    CONTRACT_AGREED, digest="cd" * 32, negotiation="m", odrl={}, terms={**TERMS, "contract": DIGEST}, agreement={}
)
GOODS = ProductRow(
    id=PRODUCT, title="Tides", tier="kept", brief={}, policy={}, limits={"ask": "400", "floor": "400", "units": 3},
    state=ProductState.SUBMITTED, terms=TERMS, created=AT, updated=AT,
)  # fmt: skip


@pytest.fixture
def disk():
    made = Shelf()
    for row in (CONTRACT_AGREED, HELD, GOODS):
        made.act(lambda tx, row=row: tx.insert(row))
    return made


def begun(disk, *, digest=DIGEST, peer=PEER, address=b"\x01" * 20, now=AT, listed=True):
    def require(*_about):
        if not listed:
            raise NotListed("not on the list", "ask")

    doors, space = SimpleNamespace(), SimpleNamespace(known_currency=lambda: "CNY")
    Sealing(doors, space, SimpleNamespace(require=require))
    offer = {OFFER_TERMS: {"contract": digest}}
    return disk.act(lambda tx: doors.contracted(tx, offer, Peer(peer, address), now))


def test_the_table_has_price_rules_and_end_of_the_contract_and_all_else_of_the_product(disk):
    table = begun(disk)
    assert (table.product, table.own_price, table.their_price) == (PRODUCT, 500, 500)
    assert {name: table.terms[name] for name in ("contract", "notAfter", "maxExposure")} == {
        "contract": DIGEST, "notAfter": "2027-12-31T23:59:59Z", "maxExposure": "1252",
    }  # fmt: skip
    assert table.terms["tariff"] == {**TERMS["tariff"], "minor": "500"}
    assert table.terms["policy"] == {"permission": [{"action": "read"}]}
    assert (table.mandate["ask"], table.mandate["floor"], table.mandate["units"]) == ("500", "500", 3)
    # who buys makes the same one of the strategy that both have signed, whatever it calls the product
    theirs = replace(CONTRACT_AGREED, role="consumer", product="a code")
    assert sealed.table(theirs, TERMS, "CNY") == (table.terms, 500)


@given(policies())
def test_whatever_the_rules_are_the_audit_finds_those_of_the_contract(policy):
    written = strategy.written(policy, sealed=True)
    held = SimpleNamespace(odrl={CONTRACT: {**ABOUT_SEALED, "strategy": written}}, digest=DIGEST)
    terms, price = sealed.table(held, TERMS, "CNY")
    agreed = SimpleNamespace(contract=bytes.fromhex(DIGEST), tariff=Tariff.from_json(terms["tariff"]),
                             policy=terms["policy"])  # fmt: skip
    told = {"strategy": written, "provider": "did:web:p", "consumer": "did:web:b"}
    report = Report()
    deal = SimpleNamespace(terms=agreed, provider="did:web:p", buyer="did:web:b")
    sealed_contracts.check({DIGEST: SimpleNamespace(fields=told, part=DIGEST)}, {}, {"cd" * 32: deal}, report)
    assert (report.findings, price) == ([], agreed.tariff.minor)


@pytest.mark.parametrize(
    ("about", "match"),
    [
        ({"digest": "00" * 32}, "is no contract between the two of us"),
        ({"peer": "did:web:other"}, "is no contract between the two of us"),
        ({"address": None}, "signatures of both sides"),
        ({"now": AT + timedelta(10)}, "has ended"),
        ({"listed": False}, "not on the list"),
    ],
)
def test_who_has_no_such_contract_in_force_gets_nothing(disk, about, match):
    with pytest.raises(UnacceptableError, match=match):
        begun(disk, **about)


@pytest.mark.parametrize(
    ("table", "key", "changes", "match"),
    [
        ("agreements", {"digest": DIGEST}, {"state": "ended"}, "`ended`"),
        ("agreements", {"digest": DIGEST}, {"odrl": {CONTRACT: ABOUT}}, "is no contract between the two of us"),
        ("agreements", {"digest": DIGEST}, {"role": "consumer"}, "is no contract between the two of us"),
        ("contracts", {"code": "c"}, {"feedback": "denied"}, "is denied"),
        ("products", {"id": PRODUCT}, {"state": ProductState.WITHDRAWN}, "not on offer any more"),
        ("products", {"id": PRODUCT}, {"tier": "plain"}, "not on offer any more"),
    ],
)
def test_nor_when_it_is_over_denied_or_of_what_is_not_sold_any_more(disk, table, key, changes, match):
    disk.act(lambda tx: tx.update(table, key, **changes))
    with pytest.raises(UnacceptableError, match=match):
        begun(disk)


def test_one_agreement_stands_under_a_contract_at_a_time(disk):
    disk.act(lambda tx: tx.insert(UNDER))
    with pytest.raises(UnacceptableError, match="stands under this contract already"):
        begun(disk)
    disk.act(lambda tx: tx.update("agreements", {"digest": UNDER.digest}, state="ended"))
    assert begun(disk).product == PRODUCT


def test_who_asks_before_the_instruction_is_here_asks_again(disk):
    disk.act(lambda tx: tx.update("contracts", {"code": "c"}, instruction=""))
    with pytest.raises(PeerUnreachable, match="not instructed"):
        begun(disk)


def test_nothing_flows_under_what_its_contract_has_left(disk):
    look = lambda terms: disk.act(lambda tx: sealed.why_ended(tx, terms, AT))  # noqa: E731
    assert (look(UNDER.terms), look(TERMS), look(None)) == ("", "", "")
    assert look({**TERMS, "contract": "00" * 32}) == sealed.OVER
    disk.act(lambda tx: tx.update("agreements", {"digest": DIGEST}, state="ended"))
    assert look(UNDER.terms) == sealed.OVER


def test_what_stands_under_a_contract_is_ended_by_who_ends_agreements(disk):
    told = []
    doors = SimpleNamespace(under_over=lambda _tx, row, cause, _now: told.append((row.digest, cause.reason)))
    sealing = Sealing(doors, SimpleNamespace(), SimpleNamespace())
    disk.act(lambda tx: sealing.end(tx, CONTRACT_AGREED, Cause("gone", PEER), AT))
    assert told == [(DIGEST, "gone")]


def test_a_list_does_not_say_under_which_contract_we_ask():
    sealed.require_meant(TERMS, {})
    sealed.require_meant(UNDER.terms, {"contract": DIGEST})
    for terms, mandate in ((UNDER.terms, {}), (TERMS, {"contract": DIGEST}), (None, {"contract": DIGEST})):
        with pytest.raises(DeclinedError):
            sealed.require_meant(terms, mandate)


@pytest.mark.parametrize(
    ("tier", "is_ndi", "said"), [("kept", True, True), ("plain", True, False), ("kept", False, False)]
)
def test_a_contract_says_that_it_is_delivered_sealed_of_what_can_be_and_of_nothing_else(tier, is_ndi, said):
    product, peer = replace(GOODS, tier=tier), Peer(PEER, None, is_ndi)
    assert sealed.is_said({CONTRACT: {**ABOUT, offers.SEALED: said}}, product, peer) is said
    with pytest.raises(UnacceptableError, match="how it is delivered"):
        sealed.is_said({CONTRACT: {**ABOUT, offers.SEALED: not said}}, product, peer)


def test_nobody_serves_in_what_is_delivered_sealed():
    about = {**ABOUT_SEALED, offers.SERVICES: [{"entityId": "did:web:host", "role": "host", "share": "5"}]}
    with pytest.raises(UnacceptableError, match="serve"):
        sealed.is_said({CONTRACT: about}, GOODS, Peer(PEER, None, is_ndi=True))


@pytest.mark.parametrize(("listed", "cut"), [(PEER, []), ("did:web:other", ["t"])])
def test_who_is_not_on_the_list_any_more_is_cut_off(disk, listed, cut):
    about = {"turn": "consumer", "reason": "", "pending": "", "callback": "", "created": AT, "updated": AT}
    about |= {"peer": PEER, "agreement": UNDER.digest, "format": "f", "state": "STARTED"}
    transfer = TransferRow(id="t", role="provider", **about)
    for row in (UNDER, transfer):
        disk.act(lambda tx, row=row: tx.insert(row))
    ended = []
    transfers = SimpleNamespace(terminate=lambda _tx, pid, _why, _now: ended.append(pid))
    core = SimpleNamespace(
        store=SimpleNamespace(write=partial(written, disk)), clock=SimpleNamespace(now=lambda: AT),
        evidence=SimpleNamespace(record=lambda *_told, **_more: None),
    )  # fmt: skip
    asyncio.run(WhiteLists(core, SimpleNamespace(transfers=transfers)).add(PRODUCT, listed))
    assert ended == cut


async def written(disk, act):
    return disk.act(act)
