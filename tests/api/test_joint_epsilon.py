"""Four providers leave the ε of a total to its buyer: one for all, held by each to its terms, billed and told by it."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from connector.client.acts.joints import modelled
from tests.api.command import commanded
from tests.api.refusals import refused
from tests.api.test_joint import COUNT, NAMES, OVER, ask, grid, jobs, publish, say

__all__ = ["grid"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def choices(grid, tmp_path_factory):
    """One product of each that leaves its ε to its buyer, and has it for a price; b leaves less, and has less."""
    folder, made = tmp_path_factory.mktemp("choice"), [f"choice-{name}" for name in NAMES]
    for at, (name, product) in enumerate(zip(NAMES, made, strict=True)):
        most, budget = ("3", "4.5") if name == "b" else ("5", "8")
        gate = {"noise": "1", "choose": f"0.05:{most}", "budget": budget, "quorum": "3"}
        await publish(grid, name, at, product, folder, unit="epsilon", price=203, **gate)
        await grid.get(product)
        await grid.complete(product)
    return made


def epsilons(grid, products, job):
    """Return what each provider holds for a question, and has said of its ε."""
    rows = [[row for row in jobs(grid, *of) if row["job"] == job] for of in zip(NAMES, products, strict=True)]
    return [(row["state"], row["epsilon"], row["each"]) for of in rows for row in of]


async def test_an_epsilon_is_chosen_of_all_quoted_held_drawn_with_and_told_in_each_receipt(grid, choices):
    body = {"what": choices, "statement": COUNT, "over": OVER, "purpose": None, "job": None, "epsilon": "1.5"}
    said = await grid.doors["buyer"].call("POST", "rehearsals", {"path": "joints", "body": body})
    quoted = [(step["what"], step["content"]["epsilon"], step["content"]["left"]) for step in said["steps"]]
    assert sorted(quoted) == [("3.05 CNY", "1.50", "4.50"), *[("3.05 CNY", "1.50", "8.00")] * 3]
    got = await ask(grid, choices, job="fine", epsilon="1.5")
    assert {(one["epsilon"], one["left"]) for one in got["members"]} == {("1.50", "6.50"), ("1.50", "3.00")}
    assert [one["epsilon"] for one in got["receipts"]] == ["1.50"] * 4
    assert epsilons(grid, choices, "fine") == [("released", 150, 150)] * 4
    assert await ask(grid, choices, job="fine", epsilon="1.50") == got, "it is answered once"
    for other in (None, "1.4"):
        status, text = await refused(ask(grid, choices, job="fine", epsilon=other))
        assert (status, "another ε" in text) == (409, True), text
    rough = await ask(grid, choices, job="rough", epsilon="0.5")
    assert rough["margins"][0][1] == pytest.approx(3 * got["margins"][0][1], rel=0.01), "a third told, thrice as far"
    usual = await ask(grid, choices, job="usual")
    assert {(one["epsilon"], one["left"]) for one in usual["members"]} == {("1.00", "5.00"), ("1.00", "1.50")}
    assert await ask(grid, choices, job="usual", epsilon="1") == usual, "who says the usual one has said nothing"
    # and it is what the noise is drawn with: of cells that nobody is in, half tell some forty, not two
    nobody = {"district": ",".join(f"none-{at}" for at in range(40))}
    statement = "select district, count(*) as firms from firms group by district"
    noise = await ask(grid, choices, statement, nobody, job="noise", epsilon="0.05")
    assert sum(row[1] for row in noise["rows"]) > 200


async def test_what_one_does_not_leave_is_refused_before_anybody_is_asked(grid, choices):
    before = [jobs(grid, name, product) for name, product in zip(NAMES, choices, strict=True)]
    for epsilon, words in (("4", f"`{grid.did('b')}`: the terms tell"), ("0.04", "from 0.05 to"), ("x", "is no ε")):
        status, text = await refused(ask(grid, choices, job="odd", epsilon=epsilon))
        assert (status, words in text) == (400, True), text
    assert [jobs(grid, name, product) for name, product in zip(NAMES, choices, strict=True)] == before
    # a provider holds whoever asks it by hand to its own terms
    statement, over = "select count(*) as firms from firms", {}
    for epsilon, wanted in (("3.01", 400), (3, 400), ("0.04", 400)):
        body = {"id": "hand", "statement": statement, "over": over, "epsilon": epsilon}
        assert (await say(grid, choices[1], body))[0] == wanted
    body = {"id": "hand", "statement": statement, "over": over}
    assert (await say(grid, choices[1], body | {"epsilon": "0.50"}))[0] == 200
    assert (await say(grid, choices[1], body | {"epsilon": "0.51"}))[0] == 409, "one ε under one id"
    assert (await say(grid, choices[1], body))[0] == 409
    assert epsilons(grid, choices, "hand") == [("masked", 50, 50)]


async def test_a_model_is_made_with_a_chosen_epsilon_and_the_budget_ends_it(grid, choices):
    body = {"what": choices, "table": "firms", "label": "late", "features": ["revenue"], "file": None}
    said = {"purpose": None, "job": "model-chosen", "epsilon": "0.75"}
    got = await grid.doors["buyer"].call("POST", "models", body | said)
    assert {(one["epsilon"], one["left"]) for one in got["members"]} == {("0.75", "4.20"), ("0.75", "0.20")}
    [feature] = got["features"]
    # a seventh of the usual ε, so seven times its noise: one run in some hundreds was off by more than 0.001
    assert feature["weight"] == pytest.approx(0.003, abs=0.0025)
    assert [line for line in modelled(got) if "rank" in line] == [], "nothing of one's own was said to judge it by"
    assert epsilons(grid, choices, "model-chosen") == [("released", 75, 75)] * 4
    # with b it was told, and so without b it is told no more: what the others hold for it comes back after a day
    status, text = await refused(ask(grid, choices, job="spent", epsilon="0.5"))
    assert (status, f"it is opened with `{grid.did('b')}`" in text, "an answer tells 0.50 more" in text) == (
        409, True, True
    )  # fmt: skip
    assert epsilons(grid, choices, "spent") == [("masked", 50, 50)] * 3


async def test_what_was_chosen_is_billed_once_and_given_back_where_nobody_opened_it(grid, choices):
    [deal] = [row for row in grid.rows("buyer", "agreements") if row["product"] == choices[1]]
    theirs = (await grid.doors["b"].call("GET", f"computations?product={choices[1]}"))["computations"]
    released = {one["id"]: one["billed"] for one in theirs if one["state"] == "released"}
    assert released == {
        "fine": "ε 1.50",
        "rough": "ε 0.50",
        "usual": "ε 1.00",
        "noise": "ε 0.05",
        "model-chosen": "ε 0.75",
    }
    mine = (await grid.doors["buyer"].call("GET", f"queries?what={deal['digest']}"))["statements"]
    assert {one["id"]: one["billed"] for one in mine if one["answered"]} == released
    grid.write("b", "UPDATE computations SET created = created - 90000000000 WHERE job = ?", ("hand",))
    await grid.doors["buyer"].call("POST", f"agreements/{deal['digest']}/calls/end", {})
    async with asyncio.timeout(40):
        while not [one for one in grid.rows("b", "copies") if one["agreement"] == deal["digest"] and one["agreed"]]:
            await asyncio.sleep(0.1)
    bills = [(await grid.doors[who].call("GET", f"bills/{deal['digest']}"))["copies"] for who in ("buyer", "b")]
    assert {bill["amount"] for bill in bills} == {"772"}, "3.80 ε at 2.03, rounded up once"


async def test_a_supervisor_finds_nothing_in_what_was_chosen(grid, choices):
    """Of all that was asked above, by the logs of all: each ε allowed, within each budget, and each line billed so."""
    assert epsilons(grid, choices, "fine") == [("released", 150, 150)] * 4
    asked = ("--exchange", grid.url("exchange"), "--development", "--data", grid.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    about = {
        "epsilon-unagreed", "privacy-overspent", "computation-undecided", "computations-miscounted", "answer-differs",
        "answer-unlogged", "copy-differs-from-tariff", "joint-split", "joint-unsigned", "field-malformed",
    }  # fmt: skip
    assert found["events"] > 30
    assert [one for one in found["findings"] if one["code"] in about] == []
