"""What the exchange says of its market: prices, complaints and reputations, each worked out again by the audit."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from urllib.parse import quote

import pytest

from catalog.trades import BUYERS_LEAST, NAMES, TRADES_LEAST
from connector.exchange.trades import KIND
from connector.runtime.errors import PeerRefused, explain_failure
from connector.settlement import reporting
from contracts.quartiles import quartiles
from contracts.terms import Terms
from contracts.unit_price import unit_price

pytestmark = pytest.mark.asyncio(loop_scope="session")


def settled(day, house):
    """Return the deals that were paid and closed by a claim."""
    return [
        deal
        for deal in day.deals
        if deal.house is house and deal.view["channel"] and deal.kind not in {"garbage", "forbidden"}
    ]


async def test_published_prices_are_those_of_the_trades_in_the_log(day):
    shown = 0
    for house in day.houses:
        told = await house.buyers[0].ask("prices")
        entries = {row["entry"]: row for row in await house.exchange.rows("trades")}
        logged = await house.exchange.rows("log_entries", "kind = ?", (KIND,))
        assert {row["idx"] for row in logged} == set(entries)
        for row in told["prices"]:
            trades = [entries[int(number)] for number in row["entries"]]
            assert len(trades) == int(row["n"]) >= TRADES_LEAST
            assert int(row["n"]) % TRADES_LEAST == 0
            assert len({one["buyer"] for one in trades}) >= BUYERS_LEAST
            assert all(str(one[name]) == row[name] for one in trades for name in NAMES)
            figures = [str(figure) for figure in quartiles(Fraction(one["price"]) for one in trades)]
            assert figures == [row["q1"], row["median"], row["q3"]]
            shown += 1
        every = {tuple(row[name] for name in NAMES) for row in entries.values()}
        assert int(told["suppressed"]) == len(every) - len(told["prices"])
        # the supervisor sees all, from the entries of the exchange's log alone
        seen = {tuple(row[name] for name in NAMES): int(row["n"]) for row in day.reports[house.name].figures["market"]}
        assert set(seen) == every
        assert sum(seen.values()) == len(entries)
    assert shown or day.scale > 1


async def test_every_paid_trade_is_recorded_at_its_price_once(day):
    for house in day.houses:
        recorded = {row["agreement"]: row for row in await house.exchange.rows("trades")}
        paid = 0
        for deal in settled(day, house):
            channels = await deal.provider.rows("channels", "agreement = ?", (deal.view["agreement"],))
            claimed = [channel["claimed"] for channel in channels if channel["claimed"]]
            assert len(channels) == 1 or deal.kind == "withheld", "only who was settled in the middle has another"
            assert (deal.view["agreement"] in recorded) == bool(claimed), deal.key
            if claimed:
                [agreement] = await deal.buyer.rows("agreements", "digest = ?", (deal.view["agreement"],))
                row, paid = recorded[deal.view["agreement"]], paid + 1
                assert Fraction(row["price"]) == unit_price(Terms.from_json(agreement["terms"]).tariff)
                assert (row["product"], row["buyer"]) == (deal.good.name, deal.buyer.did)
                assert row["amount"] in claimed
        assert paid == len(recorded) > 10
        again = await house.providers[0].tell("settlements", {"agreement": None})
        assert again["shown"] == "0"


async def test_a_trade_is_shown_by_its_provider_alone_and_only_as_the_chain_settled_it(day):
    house = day.houses[0]
    recorded = {row["agreement"] for row in await house.exchange.rows("trades")}
    trades = [one for one in settled(day, house) if one.view["agreement"] in recorded]
    deal, other = trades[0], next(one for one in trades if one.provider is not trades[0].provider)
    trade = await shown_trade(deal)
    foreign = await shown_trade(other)
    provider, buyer = deal.provider.connector, deal.buyer.connector
    first = await provider.exchange.ask("POST", "/exchange/trades", trade)
    assert (await provider.exchange.ask("POST", "/exchange/trades", trade)) == first
    with pytest.raises(PeerRefused) as refusal:
        await buyer.exchange.ask("POST", "/exchange/trades", trade)
    assert refusal.value.status == 403
    for change in ({"channel": foreign["channel"]}, {"batch": foreign["batch"]}, {"v": 2}, {"terms": foreign["terms"]}):
        with pytest.raises(PeerRefused) as refusal:
            await provider.exchange.ask("POST", "/exchange/trades", trade | change)
        assert 400 <= refusal.value.status < 500, change


async def shown_trade(deal):
    """Return what the provider showed the exchange of a deal."""
    return (await deal.provider.connector.store.read(lambda tx: reporting.trade_of(tx, deal.view["channel"]))).json()


async def test_reputations_are_those_that_the_audit_counts(day):
    for house in day.houses:
        counted = {row["party"]: row for row in day.reports[house.name].figures["reputation"]}
        scores = defaultdict(float)
        for stand in house.stands.values():
            told = await house.buyers[0].ask("reputation/" + quote(stand.did, safe=""))
            assert {name: told[name] for name in ("deals", "rulings", "upheld", "late", "unpaid", "score")} == {
                name: value for name, value in counted[stand.did].items() if name != "party"
            }
            scores[stand.name] = float(told["score"])
        cheated = len([deal for deal in day.of("garbage") if deal.house is house])
        liar = counted[house.stands["liar"].did]
        assert int(liar["rulings"]) == cheated
        assert int(liar["upheld"]) == list(house.complaints.values()).count("upheld")
        assert int(liar["late"]) == list(house.complaints.values()).count("dismissed")
        assert scores["liar"] == min(scores.values()) < 50 < scores["provider-0"]


async def test_complaints_ended_as_they_went_and_the_indicators_count_them(day):
    for house in day.houses:
        states = list(house.complaints.values())
        assert states
        told = {row["key"]: row["value"] for row in (await house.exchange.ask("indicators"))["indicators"]}
        assert told["complaints-closed"] == "100.0"
        late = 100 * states.count("dismissed") / len(states)
        assert told["complaints-late"] == f"{late:.1f}"
        assert float(told["complaints"]) > 0
        everything = (await house.exchange.ask("complaints?first=0"))["complaints"]
        assert {row["id"]: row["state"] for row in everything} == house.complaints
        stranger = next(one for one in house.buyers if all(one.did != row["complainant"] for row in everything))
        with pytest.raises(Exception) as absent:
            await stranger.ask(f"complaints/{everything[0]['id']}")
        assert explain_failure(absent.value).status == 404
        about = next(deal for deal in settled(day, house) if deal.buyer is not stranger)
        body = {"id": "none", "agreement": about.view["agreement"], "words": "it is not mine"}
        with pytest.raises(Exception) as refused:
            await stranger.tell("complaints", body)
        assert explain_failure(refused.value).status == 409
