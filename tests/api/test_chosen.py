"""Questions that are put together from choices: by command, by the client, and on a page without a script."""

from __future__ import annotations

import json

import pytest

from connector.client.acts.queries import chosen
from tests.api.command import commanded, penstock
from tests.api.refusals import status
from tests.api.test_computing import agreed, jobs, publish
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

MADE = 'select "district", count(*), avg("revenue") from "firms" where "year" >= 2023 and "sector" = \'steel\''
MADE += " group by 1 order by 1"
CHOSEN = ["--count", "--average", "revenue", "--by", "district", "--where", "year >= 2023", "--where", "sector = steel"]


async def ask(space, what, **more):
    return await space.doors["buyer"].call("POST", "queries", {"what": what, "job": None, **more})


async def test_a_question_is_chosen_by_command_looked_at_and_asked(space, tmp_path):
    await publish(space, "firms-chosen", tmp_path)
    agreement = await agreed(space, "firms-chosen")
    looked = await penstock(space, "buyer", "query", "firms-chosen", *CHOSEN, "--dry-run")
    asks, pays = looked["steps"][:2]
    assert (asks["step"], asks["what"], pays["step"]) == ("ask", MADE, "pay")
    assert jobs(space, agreement) == []
    got = await penstock(space, "buyer", "query", "firms-chosen", *CHOSEN, "--id", "chosen-1")
    assert got["made"] == MADE
    assert [row[0] for row in got["rows"]] == ["A", "C"], "steel is in the even ones"
    assert chosen(got)[0] == MADE
    [job] = jobs(space, agreement)
    assert job["state"] == "released"
    typed = await ask(space, "firms-chosen", statement=MADE, job="typed-1")
    assert (typed["rows"], typed["made"]) == (got["rows"], None), "as if it had been typed"
    said = await commanded(
        "query", "firms-chosen", "--subjects", "--id", "chosen-2", "--data", space.people["buyer"].data
    )
    assert 'select count(distinct "firm") from "firms"' in said.out.decode()


async def test_what_cannot_be_chosen_is_refused_before_anything_is_asked(space, tmp_path):
    await publish(space, "firms-unchosen", tmp_path)
    agreement = await agreed(space, "firms-unchosen")
    for choice in (
        {},
        {"statement": MADE, "count": True},
        {"by": ["district"]},
        {"count": True, "by": ["boss"]},
        {"count": True, "by": ["firm"]},
        {"count": True, "by": ["district:month"]},
        {"sum": ["sector"]},
        {"count": True, "where": ["year >= many"]},
        {"count": True, "where": ["boss = x"]},
        {"count": True, "where": ["year contains 2"]},
        {"count": True, "table": "others"},
        {"count": True, "where": ["year = 1"] * 17},
    ):
        assert await status(ask(space, "firms-unchosen", **choice)) == 400, choice
    assert jobs(space, agreement) == []
    hostile = "x' or 1=1; drop table firms; -- \""
    got = await ask(space, "firms-unchosen", count=True, where=[f"sector != {hostile}"])
    assert got["rows"] == [[1200]]
    assert await status(ask(space, "firms-unchosen", count=True, where=[f"sector = {hostile}"])) == 403, (
        "nobody is there"
    )


async def test_a_question_is_put_together_on_the_page_of_a_product(space, tmp_path):
    await publish(space, "firms-page", tmp_path)
    async with await entered(space, "buyer", "chooser") as buyer:
        product = await buyer.open("catalogue/firms-page")
        [there] = [link for link in product.links if link.endswith("/question")]
        look = {"look": "1", "count": "1", "by": "district", "column": "sector", "sign": "=", "value": "steel"}
        before = await buyer.open(there, params=look)
        assert "select &#34;district&#34;, count(*)" in before.text
        assert [link for link in before.links if link.endswith("/quote")], "it is agreed on first"
        agreement = await agreed(space, "firms-page")
        deal = await buyer.open(f"agreements/{agreement}")
        assert [link for link in deal.links if link.endswith("/question")]
        looked = await buyer.open(there, params=look)
        assert ("pay 10.00 CNY" in looked.text, "fewer than 10 different" in looked.text) == (True, True)
        twin = json.loads((await buyer.open(there + ".json", params=look)).text)
        assert twin["made"].endswith("where \"sector\" = 'steel' group by 1 order by 1")
        assert (twin["typed"]["by"][0]["column"], twin["typed"]["where"][0]["value"]) == ("district", "steel")
        assert jobs(space, agreement) == [], "nothing is asked by looking"
        said = await buyer.send(looked, "/acts/query-ask")
        assert said.status == 200, said.text
        assert ("<td>A</td>" in said.text, '<svg class="plot"' in said.text) == (True, True)
        assert (await buyer.send(looked, "/acts/query-ask")).status == 200
        assert len(jobs(space, agreement)) == 1, "as a browser does that loads it again"
        wrong = await buyer.open(there, params=look | {"value": "x", "column": "year"})
        assert wrong.status == 200
        assert "is not a number" in wrong.text
        assert "组合对" in (await buyer.open(there, params={"lang": "zh"})).text


async def test_with_noise_only_what_has_bounds_is_summed_and_the_budget_is_said(space, tmp_path):
    gate = {"subject": "firm", "noise": "1", "choose": "0.5:2", "budget": "12", "rows": "3", "bounds": "revenue:0:1000"}
    await publish(space, "firms-chosen-noise", tmp_path, gate=gate)
    await agreed(space, "firms-chosen-noise")
    assert await status(ask(space, "firms-chosen-noise", sum=["year"])) == 400
    async with await entered(space, "buyer", "chooser") as buyer:
        told = {"look": "1", "average": "revenue", "epsilon": "1.5"}
        looked = await buyer.open("catalogue/firms-chosen-noise/question", params=told)
        assert "takes ε 1.50 of a budget of 12.00" in looked.text
        assert "is left before: ε 12.00" in looked.text
        said = await buyer.send(looked, "/acts/query-ask")
        assert (said.status, "10.50" in said.text) == (200, True), said.text
        beyond = await buyer.open("catalogue/firms-chosen-noise/question", params=told | {"epsilon": "5"})
        assert "not with 5.00" in beyond.text
        assert not [one for one in beyond.forms if "query-ask" in one[1]]
