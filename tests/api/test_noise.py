"""Answers with noise, asked over HTTP: one budget for buyer and product, however it is asked, cut or begun anew."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from connector.client.acts.queries import answered, budgeted
from connector.custody import bearers
from contracts.summary import summary
from contracts.terms import Terms
from tests.api.refusals import refused
from tests.api.test_computing import LONG, address, agreed, ask, jobs, publish

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOISE = {"subject": "firm", "noise": "4", "budget": "12", "rows": "3", "bounds": "revenue:0:1000"}
BY_DISTRICT = "select district, count(distinct firm) as firms, avg(revenue) as revenue from firms group by district"
COUNT = "select count(*) from firms"


async def test_an_answer_has_margins_and_says_what_is_left(space, tmp_path):
    await publish(space, "firms-noise", tmp_path, gate=NOISE)
    agreement = await agreed(space, "firms-noise")
    [deal] = [row for row in space.rows("buyer", "agreements") if row["digest"] == agreement]
    assert "ε 4.00 each and 12.00 in all" in summary(Terms.from_json(json.loads(deal["terms"])))
    got = await ask(space, "firms-noise", BY_DISTRICT, job="one")
    assert (got["epsilon"], got["left"], got["heldBack"]) == ("4.00", "8.00", True)
    assert [row[0] for row in got["rows"]] == ["A", "B", "C", "D"]
    assert 50 < got["needs"] < 60
    for row, off in zip(got["rows"], got["margins"], strict=True):
        assert (off[0], off[1] > 0) == (None, True)
        assert abs(row[1] - 100) < 20 * off[1]
        assert 0 <= row[2] <= 1_000
    assert await ask(space, "firms-noise", BY_DISTRICT, job="one") == got, "it is answered once"
    url, header = address(space, agreement)
    async with aiohttp.ClientSession(headers=header) as session:
        sent = json.dumps({"id": "one", "statement": BY_DISTRICT})
        async with session.post(url, data=sent) as answer:  # as after a broken line: what is kept is its provider's
            assert answer.status == 200, await answer.text()
            assert (await answer.json())["rows"] == got["rows"]
    text = "\n".join(answered(got))
    assert " ± " in text
    assert "ε 4.00, 8.00 left" in text
    assert [row["epsilon"] for row in jobs(space, agreement)] == [400]
    listed = await space.doors["provider"].call("GET", "computations?product=firms-noise")
    assert [one["epsilon"] for one in listed["computations"]] == ["4.00"]
    budget = {"product": "firms-noise", "peer": space.did("buyer"), "spent": "4.00", "budget": "12.00", "percent": 33}
    assert listed["budgets"] == [budget]
    [line] = budgeted(listed)
    assert (line.count("█"), line.count("░"), "ε 4.00 of 12.00" in line) == (7, 13, True)


async def test_a_budget_is_one_however_often_it_is_agreed_on_and_asked_at_once(space, tmp_path):
    await publish(space, "noise-once", tmp_path, gate=NOISE)
    agreement = await agreed(space, "noise-once")
    asked = (ask(space, "noise-once", "select sum(revenue) from firms", job=f"{at}") for at in range(8))
    found = await asyncio.gather(*asked, return_exceptions=True)
    answers = [one for one in found if isinstance(one, dict)]
    assert sorted(one["left"] for one in answers) == ["0.00", "4.00", "8.00"]
    assert len({one["rows"][0][0] for one in answers}) > 1, "each has noise of its own"
    status, text = await refused(ask(space, "noise-once", COUNT, job="more"))
    assert (status, "12.00" in text) == (403, True)
    # the same buyer agrees once more
    await space.doors["provider"].call("POST", f"agreements/{agreement}/revoke", {"reason": "objected"})
    await space.doors["buyer"].call("POST", "acquisitions", {
        "id": "noise-again", "product": "noise-once",
        "mandate": {"limit": "1000", "bid": None, "purpose": "Research", "deposit": None},
    })  # fmt: skip
    again = (await space.complete("noise-again"))["agreement"]
    assert again != agreement
    assert (await refused(ask(space, again, COUNT, job="anew")))[0] == 403
    # another buyer has one of its own
    await space.doors["other"].call("POST", "acquisitions", {
        "id": "noise-once", "product": "noise-once",
        "mandate": {"limit": "1000", "bid": None, "purpose": "Research", "deposit": None},
    })  # fmt: skip
    await space.complete("noise-once", role="other")
    other = await space.doors["other"].call(
        "POST", "queries", {"what": "noise-once", "statement": COUNT, "purpose": None, "job": None}
    )
    assert other["left"] == "8.00"


async def test_what_a_crash_cut_has_cost_nothing_and_is_answered_once(space, tmp_path):
    await publish(space, "noise-crash", tmp_path, rows=LONG, gate=NOISE)
    agreement = await agreed(space, "noise-crash")
    asking = asyncio.ensure_future(refused(ask(space, "noise-crash", BY_DISTRICT, job="cut")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    [row] = jobs(space, agreement)
    assert row["epsilon"] == 400, "it is held before anything is computed"
    await space.people["provider"].kill()
    assert (await asking)[0] == 503
    await space.people["provider"].start()
    [row] = jobs(space, agreement)
    assert (row["state"], row["epsilon"]) == ("failed", 0)
    got = await ask(space, "noise-crash", BY_DISTRICT, job="cut")
    assert got["left"] == "8.00"


async def test_what_is_refused_before_it_is_computed_costs_nothing(space, tmp_path):
    await publish(space, "noise-not", tmp_path, gate=NOISE)
    agreement = await agreed(space, "noise-not")
    status, text = await refused(ask(space, "noise-not", "select avg(year) from firms"))
    assert (status, "has no bounds" in text) == (400, True)
    assert jobs(space, agreement) == []


async def test_a_group_of_too_few_costs_its_epsilon_and_says_how_many_it_needs(space, tmp_path):
    """Four hundred firms of one each: whoever asks for groups of one learns how large they must be."""
    await publish(space, "noise-few", tmp_path, gate=NOISE, columns=["revenue"])
    agreement = await agreed(space, "noise-few")
    status, text = await refused(ask(space, "noise-few", "select revenue, count(*) from firms group by 1", job="few"))
    assert (status, "needs some" in text) == (403, True)
    assert (await refused(ask(space, "noise-few", "select revenue, count(*) from firms group by 1", job="few"))) == (
        status,
        text,
    )
    [row] = jobs(space, agreement)
    assert (row["state"], row["epsilon"]) == ("withheld", 400)


async def test_a_policy_counts_the_budget(space, tmp_path):
    rules = {"permission": [{"action": "compute", "constraint": [
        {"leftOperand": "privacyBudget", "operator": "lteq", "rightOperand": "8"},
    ]}]}  # fmt: skip
    status, text = await refused(publish(space, "noise-rules", tmp_path, purpose=None, region=None, rules=rules))
    assert (status, "answers have no noise" in text) == (400, True)
    await publish(space, "noise-rules", tmp_path, purpose=None, region=None, rules=rules, gate=NOISE)
    agreement = await agreed(space, "noise-rules")
    await ask(space, "noise-rules", COUNT)
    url, header = address(space, agreement)
    # whatever its caller says of it
    lie = {**header, bearers.USE: "privacyBudget=0"}
    async with aiohttp.ClientSession(headers=lie) as session:
        for at, status in enumerate((200, 403, 403)):
            async with session.post(url, data=json.dumps({"id": f"lie-{at}", "statement": COUNT})) as answer:
                assert answer.status == status, await answer.text()


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"noise": "2"}, "how much one buyer may ask"),
        ({"budget": "2"}, "of answers with noise"),
        ({"noise": "0.01", "budget": "2"}, "ε of an answer"),
        ({"noise": "2", "budget": "1"}, "at least the ε"),
        ({"noise": "2", "budget": "1001"}, "at most 1000"),
        ({"noise": "two", "budget": "4"}, "is a number such as"),
        ({"noise": "2", "budget": "4", "rows": "0"}, "from 1 to 1000"),
        ({"noise": "2", "budget": "4", "rows": "2", "subject": ""}, "each row is about somebody else"),
        ({"noise": "2", "budget": "4", "bounds": "revenue"}, "no bound of a column"),
        ({"noise": "2", "budget": "4", "bounds": "revenue:5:1"}, "a least and a greater"),
        ({"noise": "2", "budget": "4", "bounds": "boss:1:5"}, "is no column of the gate"),
    ],
)
async def test_a_noise_that_is_none_is_refused_as_it_is_published(space, tmp_path, gate, words):
    status, text = await refused(publish(space, "noise-never", tmp_path, gate={"subject": "firm", **gate}))
    assert status == 400
    assert words in text
