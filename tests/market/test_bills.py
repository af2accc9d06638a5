"""Bills of a market day: both parties write the same one, and it holds by chain and log alone, or says why not."""

from __future__ import annotations

import copy
import json

import pytest

from connector.net.outbound import Outbound
from connector.provider.billing import printed
from connector.provider.billing.evidence import Keepers
from contracts.errors import ContractError
from ledger.agreement import bill as bills
from ledger.agreement import bill_check
from ledger.agreement.bill_check import FAILS, HOLDS, Evidence
from tests.market.plot import COMPLETE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNT = ("lines", "quantity", "amount", "currency", "shares", "terms", "agreement", "header", "channels")


async def written(stand, agreement):
    return await stand.ask(f"bills/{agreement}")


async def test_both_parties_write_the_same_bill_of_every_deal_and_the_bills_are_the_books(day):
    for house in day.houses:
        spent, earned = {}, {}
        for deal in day.deals:
            if deal.house is not house or not deal.view["channel"]:
                continue
            mine, theirs = [await written(one, deal.view["agreement"]) for one in (deal.buyer, deal.provider)]
            for name in ACCOUNT:
                assert mine["bill"][name] == theirs["bill"][name], (deal.key, name)
            assert bill_check.difference(bills.parse(mine).bill, bills.parse(theirs).bill) == []
            # what an arbitrator took back was billed before, and only that
            given_back = int(mine["bill"]["amount"]) - sum(int(one["claimed"]) for one in mine["bill"]["channels"])
            assert (given_back > 0) == (deal.kind == "garbage"), deal.key
            claimed = int(mine["bill"]["amount"]) - given_back
            spent[deal.buyer.did] = spent.get(deal.buyer.did, 0) + claimed
            for payee, share in mine["bill"]["shares"].items():
                earned[payee] = earned.get(payee, 0) + int(share)
        purses = {row["party"]: row for row in day.reports[house.name].figures["purses"]}
        assert spent == {did: int(row["paid"]) for did, row in purses.items() if int(row["channels"])}
        assert sum(spent.values()) == day.reports[house.name].amount_settled


async def test_a_bill_holds_by_chain_and_log_alone(day):
    checked = 0
    async with Outbound(development=True) as outbound:
        keepers = Keepers(outbound, development=True)
        for kind in ("whole", "haggled", "withheld", "poor", "garbage"):
            deal = next(one for one in day.of(kind) if one.view["channel"])
            for party in (deal.buyer, deal.provider):
                issued = bills.parse(await written(party, deal.view["agreement"]))
                rpc = deal.house.exchange.connector.url + "/rpc"
                found = bill_check.check(issued, await keepers.evidence(issued.bill, rpc, "", None))
                assert [one for one in found if one.state != HOLDS] == [], (deal.key, found)
                checked += len(issued.bill.windows)
    assert checked > 20


async def test_what_is_altered_fails_the_check_that_is_about_it(day):
    deal = next(one for one in day.of("whole") if one.good.name == "new-york-weather" and one.state == COMPLETE)
    document = await written(deal.provider, deal.view["agreement"])
    other = next(one for one in day.of("whole") if one.provider is not deal.provider and one.view["channel"])
    foreign = await written(other.buyer, other.view["agreement"])

    def dearer(bill):
        bill["lines"][-1]["amount"] = str(int(bill["lines"][-1]["amount"]) + 1)
        bill["amount"] = str(int(bill["amount"]) + 1)
        return bill

    def cut(bill):
        bill["windows"] = bill["windows"][:-1]
        return bill

    def strange(bill):
        bill["windows"][0]["voucherSignature"] = foreign["bill"]["windows"][0]["voucherSignature"]
        return bill

    def unlogged(bill):
        bill["windows"][0]["receipt"]["logLeaf"] = "00" * 32
        return bill

    cases = [
        (dearer, "each line follows from tariff and orders"),
        (cut, "each line follows from tariff and orders"),
        (strange, "each batch is paid by its voucher"),
        (unlogged, "the provider's receipts"),
    ]
    for change, check in cases:
        changed = change(copy.deepcopy(document["bill"]))
        shares = bills.parse({**document, "bill": _summed(changed)})
        found = {one.check: one for one in bill_check.check(shares, Evidence())}
        assert found[check].state == FAILS, (change.__name__, found)
        assert found["the issuer signed the bill"].state == FAILS
    with pytest.raises(ContractError, match="sums"):
        bills.parse({**document, "bill": {**document["bill"], "amount": "1"}})


def _summed(bill):
    """Return a bill whose shares fit its lines again, as a forger would write it."""
    amount = int(bill["amount"])
    parts = [(row["payee"], row["bps"]) for row in bill["terms"]["split"]]
    rest = amount - sum(amount * bps // 10_000 for _, bps in parts)
    first = parts[0][0]
    bill["shares"] = {payee: str(amount * bps // 10_000 + (rest if payee == first else 0)) for payee, bps in parts}
    return bill


async def test_orders_and_the_months_statement(day):
    house = day.houses[0]
    for buyer in house.buyers[:3]:
        orders = (await buyer.ask("bills?first=0"))["orders"]
        own = {deal.view["agreement"]: deal for deal in day.deals if deal.buyer is buyer and deal.view["agreement"]}
        assert {row["agreement"] for row in orders} == set(own)
        for row in orders:
            assert row["state"] == "settled", row
            assert row["product"] == own[row["agreement"]].good.name
        month = own[orders[0]["agreement"]].view["created"][:7] if "created" in own[orders[0]["agreement"]].view else ""
        statement = (await buyer.ask(f"bills/{month or orders[0]['agreed'][:7]}"))["statement"]
        assert statement["spent"] == str(sum(int(row["amount"]) for row in orders))
        assert statement["earned"] == "0"
        page, table = printed.page({"statement": statement}), printed.table({"statement": statement})
        assert all(row["title"] in page for row in statement["agreements"])
        assert len(table.splitlines()) == 1 + len(statement["agreements"])
        assert json.dumps(statement)
