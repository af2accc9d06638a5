"""Supervision figures of the small space, and the page that shows an audit."""

from __future__ import annotations

from datetime import timedelta

from ledger.audit.page import page


async def test_figures_say_what_moved_from_where_to_where_and_in_how_few_hands(world):
    figures = (await world.audit()).figures
    kept, leased = figures["volume"]
    assert (kept["tier"], kept["orders"], leased["tier"], leased["orders"]) == ("kept", "3", "leased", "2")
    assert kept["bytes"] == str(world.kept["table"].plain_bytes())
    assert leased["amount"] == "500"
    [flow] = figures["flows"]
    assert (flow["from"], flow["to"]) == ("US", "US")
    assert int(flow["amount"]) == int(kept["amount"]) + 500
    assert figures["concentration"]["providers"] == {
        "parties": 1,
        "largest": world["provider"].did,
        "share": "100.0",
        "herfindahl": "10000",
    }


async def test_findings_are_shown_of_a_time(world):
    buyer = world["buyer"]
    buyer.entries()
    buyer.alter(buyer.find("keys.received", 2), amount="1")
    report = await world.audit()
    when = next(one.at for one in report.findings if one.code == "cumulative-broken")
    assert "cumulative-broken" in report.within(when, when).codes()
    assert "cumulative-broken" not in report.within(when + timedelta(seconds=1), None).codes()
    assert "log-forked-from-anchor" in report.within(None, when - timedelta(days=1)).codes(), "it is about no entry"


async def test_the_page_shows_every_finding_and_escapes_what_others_wrote(world):
    world["provider"].records[-1].fields["peers"] = "<script>"
    found = {"audit": "findings", **(await world.audit()).json()}
    shown = page(found)
    assert all(row["code"] in shown for row in found["findings"])
    assert "<script" not in shown
    assert "http://" not in shown.replace("did:web", "")
