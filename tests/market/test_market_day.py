"""The books of a market day agree: what each party keeps, what the audit finds, what lies in the accounts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest

from ledger.audit.severity import ERROR
from tests.market.day import FUNDS
from tests.market.plot import COMPLETE, PLOT

pytestmark = pytest.mark.asyncio(loop_scope="session")

# what the plot itself puts into the logs: wrong keys, and keys that were read off the chain
PLANTED = {"key-faulted", "keys-from-chain"}


async def test_the_day_was_as_the_plot_says(day):
    assert len(day.deals) == sum(max(kind.count // day.scale, 2) for kind in PLOT.values())
    for deal in day.deals:
        assert deal.state in PLOT[deal.kind].ends, f"{deal.key} {deal.good.name}: {json.dumps(deal.view)}"
    counts = day.counts()
    assert counts["cancelled", "failed"], "some pulls were cancelled in the middle"
    assert {deal.said["ruling"]["finding"] for deal in day.of("garbage")} == {"wrong-key"}
    assert all(deal.said["swallowed"] for deal in day.of("withheld"))
    assert all((deal.said["before"], deal.said["after"]) == (True, False) for deal in day.of("revoked"))
    assert all((deal.said["before"], deal.said["after"]) == (True, False) for deal in day.of("expired"))
    for deal in day.of("demanded"):
        demand = deal.said["demand"]
        assert (demand["state"], demand["agreement"]) == ("met", deal.view["agreement"])
        assert deal.said["pursuit"]["product"] in deal.said["pursuit"]["tried"]
    assert len({deal.good.name for deal in day.deals if deal.state == COMPLETE}) >= (12 if day.scale == 1 else 6)


async def test_the_audit_of_each_house_finds_what_was_done_and_nothing_else(day):
    for house in day.houses:
        report = day.reports[house.name]
        assert not [one.text() for one in report.findings if one.severity == ERROR]
        assert report.codes() <= PLANTED, [one.text() for one in report.findings if one.code not in PLANTED]
        found = Counter(one.code for one in report.findings)
        assert found["key-faulted"] == sum(deal.house is house for deal in day.of("garbage"))
        # the holder's newest signed state may come before the chain is read, and brings the receipt with it
        assert found["keys-from-chain"] <= sum(deal.house is house for deal in day.of("withheld"))
        assert report.bytes_paid_twice == 0


async def test_every_account_holds_what_the_books_say(day):
    """Whoever is paid and whoever pays: funds, deposits, what came back and what was earned make the token balance."""
    for house in day.houses:
        report = day.reports[house.name]
        purses = {
            row["party"]: {name: int(row[name]) for name in row if name != "party"} for row in report.figures["purses"]
        }
        paid = 0
        for stand in house.stands.values():
            purse = defaultdict(int, purses.get(stand.did, {}))
            funded = FUNDS if stand.role == "buyer" else 0
            programs, account = stand.connector.programs, stand.connector.identity.keys.address
            assert await programs.credit(account) == 0, "everything was withdrawn"
            balance = funded - purse["deposited"] + purse["refunded"] + purse["earned"]
            assert await programs.balance(account) == balance, stand.name
            assert purse["held"] == 0, "every channel is closed"
            paid += purse["paid"]
            channels = await stand.rows("channels", "role = ?", ("payer",))
            assert sum(row["claimed"] for row in channels) == purse["paid"], stand.name
            assert sum(row["deposit"] for row in channels) == purse["deposited"], stand.name
        earned = sum(purse["earned"] for purse in purses.values())
        assert paid == earned == report.amount_settled > 0
        indicators = {row["key"]: row["value"] for row in (await house.exchange.ask("indicators"))["indicators"]}
        assert int(indicators["turnover"]) == paid
        assert int(indicators["deals"]) == len(
            [deal for deal in day.deals if deal.house is house and deal.view["agreement"]]
        )
