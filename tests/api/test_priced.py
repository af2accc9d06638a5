"""Answers priced by what they tell: an ε that the buyer chooses, quoted, held, said, and billed once."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from connector.client.acts.queries import answered
from contracts.summary import summary
from contracts.terms import Terms
from tests.api.command import commanded
from tests.api.refusals import refused
from tests.api.test_computing import LONG, address, agreed, ask, firms, jobs, publish

pytestmark = pytest.mark.asyncio(loop_scope="session")

GATE = {"subject": "firm", "noise": "1", "choose": "0.5:3", "budget": "6", "rows": "3", "bounds": "revenue:0:1000"}
COUNT = "select count(*) from firms"
WHOLE = "select count(*), avg(revenue) from firms"
LONG_ONE = "select district, year, count(*), avg(revenue) from firms group by 1, 2"


async def quoted(space, what, **more):
    """Return what an answer would cost in words, and what is said beside it."""
    body = {"what": what, "statement": COUNT, "purpose": None, "job": None, **more}
    said = await space.doors["buyer"].call("POST", "rehearsals", {"path": "queries", "body": body})
    [step] = said["steps"]
    return step["what"], step["content"]


async def billed(space, agreement):
    """End the line of an agreement; return what both sides have on their bills once the buyer has signed it."""
    await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
    async with asyncio.timeout(40):
        while not [c for c in space.rows("provider", "copies") if c["agreement"] == agreement and c["agreed"]]:
            await asyncio.sleep(0.1)
    bills = [(await space.doors[role].call("GET", f"bills/{agreement}"))["copies"] for role in ("buyer", "provider")]
    for role in ("buyer", "provider"):
        month = await space.doors[role].call("GET", f"bills/{space.now():%Y-%m}")
        [line] = [one for one in month["statement"]["agreements"] if one["agreement"] == agreement]
        bills.append(line)
    return {bill["amount"] for bill in bills}


async def test_an_epsilon_is_chosen_quoted_said_everywhere_and_billed_once(space, tmp_path):
    await publish(space, "priced-epsilon", tmp_path, gate=GATE, unit="epsilon", price=203)
    agreement = await agreed(space, "priced-epsilon")
    [deal] = [row for row in space.rows("buyer", "agreements") if row["digest"] == agreement]
    words = summary(Terms.from_json(json.loads(deal["terms"])))
    assert "ε from 0.50 to 3.00 as the buyer chooses, else 1.00, and 6.00 in all" in words
    assert "price 2.03 CNY per ε" in words
    # 1.5 of 2.03 is 3.045: rounded up once, of the whole that was asked so far
    what, more = await quoted(space, "priced-epsilon", epsilon="1.5")
    assert (what, more["epsilon"], more["left"]) == ("3.05 CNY", "1.50", "6.00")
    got = await ask(space, "priced-epsilon", COUNT, job="one", epsilon="1.5")
    assert (got["epsilon"], got["left"], got["receipt"]["epsilon"]) == ("1.50", "4.50", "1.50")
    assert "ε 1.50, 4.50 left" in "\n".join(answered(got))
    assert await ask(space, "priced-epsilon", COUNT, job="one", epsilon="1.50") == got, "it is answered once"
    for other in (None, "1.4"):
        status, text = await refused(ask(space, "priced-epsilon", COUNT, job="one", epsilon=other))
        assert (status, "another ε" in text) == (409, True)
    # what is left of the coin that was rounded up is not asked for twice
    assert (await quoted(space, "priced-epsilon", epsilon="0.5"))[0] == "1.01 CNY"
    less = await ask(space, "priced-epsilon", COUNT, job="two", epsilon="0.5")
    assert less["margins"][0][0] > 2 * got["margins"][0][0], "less told is less exact"
    usual = await ask(space, "priced-epsilon", COUNT, job="three")
    assert (usual["epsilon"], usual["left"]) == ("1.00", "3.00")
    assert [(row["epsilon"], row["each"]) for row in jobs(space, agreement)] == [(150, 150), (50, 50), (100, 100)]
    url, header = address(space, agreement)
    async with aiohttp.ClientSession(headers=header) as session:
        for more, status in (
            ({"epsilon": "1.50"}, 200),  # the same again, as after a broken line
            ({"epsilon": "1.51"}, 409),
            ({}, 409),
            ({"epsilon": 1.5}, 400),
            ({"epsilon": "x", "id": "odd"}, 400),
            ({"epsilon": "3.01", "id": "odd"}, 400),
            ({"epsilon": "0.49", "id": "odd"}, 400),
        ):
            async with session.post(url, data=json.dumps({"id": "one", "statement": COUNT, **more})) as answer:
                assert answer.status == status, (more, await answer.text())
    mine = (await space.doors["buyer"].call("GET", f"queries?what={agreement}"))["statements"]
    theirs = (await space.doors["provider"].call("GET", "computations?product=priced-epsilon"))["computations"]
    for found in (mine, theirs):
        assert [one["billed"] for one in found] == ["ε 1.00", "ε 0.50", "ε 1.50"]
    assert await billed(space, agreement) == {"609"}, "three ε at 2.03"


async def test_two_at_once_over_the_last_epsilon_and_one_of_them_is_answered(space, tmp_path):
    await publish(space, "priced-last", tmp_path, gate=GATE, unit="epsilon", price=200)
    agreement = await agreed(space, "priced-last")
    await ask(space, "priced-last", COUNT, epsilon="3", job="first")
    asked = (ask(space, "priced-last", COUNT, epsilon=one, job=f"at-{one}") for one in ("2", "1.01"))
    found = await asyncio.gather(*asked, return_exceptions=True)
    [got] = [one for one in found if isinstance(one, dict)]
    assert got["left"] in ("1.00", "1.99")
    assert (await refused(ask(space, "priced-last", COUNT, epsilon="2", job="more")))[0] == 403
    # what is left is still told, by who asks for no more than that
    assert (await ask(space, "priced-last", COUNT, epsilon=got["left"], job="rest"))["left"] == "0.00"
    assert await billed(space, agreement) == {"1200"}


async def test_what_a_crash_cut_is_given_back_as_it_was_chosen_and_charged_once(space, tmp_path):
    await publish(space, "priced-crash", tmp_path, rows=LONG, gate=GATE, unit="epsilon", price=200)
    agreement = await agreed(space, "priced-crash")
    statement = "select district, avg(revenue) from firms group by district"
    asking = asyncio.ensure_future(refused(ask(space, "priced-crash", statement, job="cut", epsilon="3")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    [row] = jobs(space, agreement)
    assert (row["epsilon"], row["each"]) == (300, 300), "it is held before anything is computed"
    await space.people["provider"].kill()
    assert (await asking)[0] == 503
    await space.people["provider"].start()
    [row] = jobs(space, agreement)
    assert (row["state"], row["epsilon"]) == ("failed", 0)
    # a price that its provider asks since is of others: this was agreed
    await space.doors["provider"].call("POST", "products/priced-crash/price", {"amount": "9.00", "floor": None})
    assert (await quoted(space, agreement, statement=statement, epsilon="3", job="cut"))[0] == "6.00 CNY"
    asking = asyncio.ensure_future(refused(ask(space, agreement, statement, job="cut", epsilon="3")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    taken = await space.doors["buyer"].call("POST", "queries/cancel", {"what": agreement, "job": "cut"})
    assert (taken["cancelled"], (await asking)[0]) == (1, 409)
    assert [row["epsilon"] for row in jobs(space, agreement)] == [0], "what its buyer took back, too"
    got = await ask(space, agreement, statement, job="cut", epsilon="3")
    assert got["left"] == "3.00"
    assert await billed(space, agreement) == {"600"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"gate": {"subject": "firm"}, "unit": "epsilon"}, "answers with noise"),
        ({"gate": GATE | {"epsilon": "1"}, "unit": "epsilon"}, "no list"),
        ({"gate": GATE | {"choose": "0.5"}}, "no ε"),
        ({"gate": GATE | {"choose": "0.01:2"}}, "least of 0.05"),
        ({"gate": GATE | {"choose": "2:3"}}, "is between them"),
        ({"gate": GATE | {"choose": "1:7"}}, "that the budget holds"),
        ({"gate": GATE | {"choose": "1:1"}}, "nothing to choose"),
        ({"gate": {"subject": "firm", "choose": "1:2"}}, "of answers with noise"),
        ({"unit": "epsilon", "tier": "kept", "gate": {}, "columns": None}, "is not priced by `epsilon`"),
    ],
)
async def test_a_choice_and_a_price_that_are_none_are_refused_as_they_are_published(space, tmp_path, more, words):
    status, text = await refused(publish(space, "priced-never", tmp_path, **more))
    assert (status, words in text) == (400, True), text


async def test_no_epsilon_is_chosen_where_the_terms_fix_it_or_know_none(space, tmp_path):
    await publish(space, "fixed", tmp_path, gate={name: text for name, text in GATE.items() if name != "choose"})
    agreement = await agreed(space, "fixed")
    status, text = await refused(ask(space, "fixed", COUNT, epsilon="2"))
    assert (status, "an answer with ε 1.00" in text) == (400, True)
    got = await ask(space, "fixed", COUNT, epsilon="1", job="one")
    assert "epsilon" not in got["receipt"], "what the terms fix, receipts of all versions leave out"
    assert jobs(space, agreement)[0]["each"] is None


async def test_rows_that_are_looked_at_are_quoted_exactly_and_billed_each_time(space, tmp_path):
    """Of one table, whose rows stand in the terms: nothing is measured."""
    await publish(space, "priced-rows", tmp_path, unit="krow", price=25)
    agreement = await agreed(space, "priced-rows")
    [deal] = [row for row in space.rows("buyer", "agreements") if row["digest"] == agreement]
    assert "price 0.25 CNY per 1000 rows looked at" in summary(Terms.from_json(json.loads(deal["terms"])))
    # 1,200 rows at 0.25 the thousand, and twice as many
    assert (await quoted(space, "priced-rows"))[0] == "0.30 CNY"
    for job in ("one", "two"):
        await ask(space, "priced-rows", f"{COUNT} where year >= 2024", job=job)
    assert await billed(space, agreement) == {"60"}


async def test_a_price_of_rows_is_of_one_table(space, tmp_path):
    other = firms(tmp_path / "other").rename(tmp_path / "others.csv")
    said = {"tier": "computed", "gate": {"subject": "firm"}, "columns": ["district"], "pieceKiB": None}
    files = [firms(tmp_path), other]
    status, text = await refused(space.publish_files("provider", "rows-never", files, unit="row", **said))
    assert (status, "there are 2 tables" in text) == (400, True), text
    status, text = await refused(
        publish(space, "rows-never", tmp_path, unit="row", gate={"subject": "firm", "lookup": "9"})
    )
    assert (status, "no rows scanned" in text) == (400, True), text


async def test_cpu_seconds_are_measured_within_what_the_buyer_said_and_cost_nothing_beyond(space, tmp_path):
    await publish(space, "priced-cpu", tmp_path, rows=3 * LONG, unit="second", price=1_000)
    agreement = await agreed(space, "priced-cpu")
    for more, words in (({}, "nobody says"), ({"atMost": "0"}, "is no number"), ({"atMost": "121"}, "is no number")):
        status, text = await refused(ask(space, "priced-cpu", COUNT, **more))
        assert (status, words in text) == (400, True), text
    what, more = await quoted(space, "priced-cpu", atMost="6.5")
    assert (what, more["atMost"]) == ("65.00 CNY", "6.5")
    # too little: the process is ended, nothing is paid, and more may be said under the same id
    status, text = await refused(ask(space, "priced-cpu", LONG_ONE, job="one", atMost="0.1"))
    assert (status, "more CPU seconds than its buyer said" in text) == (400, True), text
    assert [(row["state"], row["took"]) for row in jobs(space, agreement)] == [("failed", None)]
    got = await ask(space, "priced-cpu", LONG_ONE, job="one", atMost="20")
    took = got["receipt"]["seconds"]
    assert 0.1 < float(took) < 20, "its rows are so many that a tenth is too little"
    assert await ask(space, "priced-cpu", LONG_ONE, job="one", atMost="20") == got, "it is answered, and measured, once"
    [row] = jobs(space, agreement)
    assert (row["at_most"], f"{row['took'] / 10:.1f}") == (200, took)
    assert await billed(space, agreement) == {f"{row['took'] * 100}"}


async def test_a_statement_that_was_cut_costs_its_epsilon_and_no_money(space, tmp_path):
    """Whether it was cut depends on the data: that it was is told, and taken from the budget."""
    await publish(space, "priced-cut", tmp_path, rows=3 * LONG, unit="second", price=1_000, gate=GATE)
    agreement = await agreed(space, "priced-cut")
    assert (await refused(ask(space, "priced-cut", WHOLE, job="one", atMost="0.1", epsilon="0.5")))[0] == 400
    assert [(row["state"], row["epsilon"]) for row in jobs(space, agreement)] == [("failed", 50)]
    got = await ask(space, "priced-cut", WHOLE, job="one", atMost="20", epsilon="0.5")
    assert (got["epsilon"], got["left"], got["receipt"]["epsilon"]) == ("0.50", "5.00", "0.50")
    assert await billed(space, agreement) == {f"{jobs(space, agreement)[0]['took'] * 100}"}


async def test_a_supervisor_finds_each_bill_to_follow_from_the_logs(space):
    """Of all that was asked above, by the logs of both sides: each ε allowed, each line billed as it was answered."""
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    about = {
        "epsilon-unagreed", "privacy-overspent", "computation-undecided", "computations-miscounted", "answer-differs",
        "answer-unlogged", "copy-differs-from-tariff", "field-malformed", "disclosure-missing", "disclosure-false",
    }  # fmt: skip
    assert found["events"] > 30
    assert [one for one in found["findings"] if one["code"] in about] == []
