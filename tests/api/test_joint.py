"""Four providers answer together over HTTP: a total is read, of no provider anything; who is gone is left out."""

from __future__ import annotations

import asyncio
import base64
import csv
import json
from typing import ClassVar

import aiohttp
import pytest
import pytest_asyncio

from connector.cli.answers import ANSWERS
from connector.client.acts.joints import modelled, totalled
from connector.compute import aggregation
from connector.custody import bearers
from connector.runtime.clock import Clock
from tests.api.answers.shapes import unlike
from tests.api.command import commanded
from tests.api.refusals import refused
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = ("a", "b", "c", "d")
COUNT = "select district, count(*) as firms, sum(revenue) as revenue, avg(revenue) as mean from firms group by district"
NOISE = {"subject": "firm", "noise": "5", "budget": "20", "rows": "1", "bounds": "revenue:0:1000,late:0:1"}
OVER = {"district": "N,S,none"}


class Grid(Space):
    """Four providers, each with firms of its own, and one who asks them."""

    kinds: ClassVar = {
        "exchange": "exchange",
        "regulator": "regulator",
        "buyer": "buyer",
        **dict.fromkeys(NAMES, "provider"),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grid(tmp_path_factory):
    made = Grid(tmp_path_factory.mktemp("grid"), Clock().now)
    made.prepare(tuple(Grid.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def products(grid, tmp_path_factory):
    """One product of each, of which three answer at least."""
    return await agreed(grid, "three", tmp_path_factory.mktemp("three"), quorum="3", budget="500")


def firms(folder, at, subjects=2_000):
    """Write a table of a provider: its firms in N have a revenue of 100 times its number, those in S of 50."""
    path = folder / "firms.csv"
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["firm", "district", "revenue", "late"])
        for one in range(subjects):
            revenue = 100 * (at + 1) if one % 2 == 0 else 50
            out.writerow([f"{at}-{one}", "NS"[one % 2], revenue, int(revenue > 250)])
    return path


async def publish(grid, name, at, product, folder, unit="query", price=None, **more):
    others = ",".join(grid.did(one) for one in NAMES if one != name)
    gate = {**NOISE, "with": others, **more}
    said = {
        "tier": "computed",
        "unit": unit,
        "gate": gate,
        "columns": ["district", "revenue", "late"],
        "pieceKiB": None,
    } | ({} if price is None else {"price": price})
    await grid.publish_files(name, product, [firms(folder / product, at)], **said)


async def agreed(grid, kind, folder, **more):
    """Publish and agree on one product of each; returns their names."""
    products = [f"{kind}-{name}" for name in NAMES]
    for at, (name, product) in enumerate(zip(NAMES, products, strict=True)):
        await publish(grid, name, at, product, folder, **more)
        await grid.get(product)
        await grid.complete(product)
    return products


async def ask(grid, what, statement=COUNT, over=OVER, **more):
    body = {"what": what, "statement": statement, "over": over, "purpose": None, "job": None, **more}
    return await grid.doors["buyer"].call("POST", "joints", body)


def jobs(grid, name, product):
    return [row for row in grid.rows(name, "computations") if row["product"] == product]


def address(grid, product):
    [deal] = [row for row in grid.rows("buyer", "agreements") if row["product"] == product]
    found = [row for row in grid.rows("buyer", "transfers") if row["agreement"] == deal["digest"] and row["address"]]
    line = json.loads(found[-1]["address"])
    return line["endpoint"], {"Authorization": bearers.of_address(line), "Content-Type": "application/json"}


async def say(grid, product, body):
    url, headers = address(grid, product)
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=body) as answer:
        return answer.status, await answer.json()


async def test_a_total_is_told_of_all_and_nothing_of_one(grid, products):
    got = await ask(grid, products, job="one")
    assert got["columns"] == ["district", "firms", "revenue", "mean"]
    assert [row[0] for row in got["rows"]] == ["N", "S", "none"]
    exact = [(4_000, 1_000_000, 250), (4_000, 200_000, 50), (0, 0, None)]
    for row, off, true in zip(got["rows"], got["margins"], exact, strict=True):
        for value, by, right in zip(row[1:3], off[1:3], true[:2], strict=True):
            assert abs(value - right) < 3 * by, (row, off)
    assert (got["rows"][0][3], got["rows"][1][3]) == (pytest.approx(250, abs=20), pytest.approx(50, abs=20))
    assert (len(got["members"]), got["missing"], len(got["receipts"])) == (4, [], 4)
    assert {one["left"] for one in got["members"]} == {"495.00"}
    assert unlike(ANSWERS["joint"], got) == ""
    assert await ask(grid, products, job="one") == got, "it is answered once"
    text = "\n".join(totalled(got))
    assert ("±" in text, "ε 5.00, 495.00 left" in text) == (True, True)
    for name, product in zip(NAMES, products, strict=True):
        [row] = jobs(grid, name, product)
        assert (row["state"], row["epsilon"]) == ("released", 500)
        [copy] = [one for one in grid.rows(name, "copies") if one["agreement"] == row["agreement"]]
        assert copy["calls"] == 1


async def test_a_model_is_made_of_totals_and_judged_at_home(grid, products, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(
        "revenue,late,note\n" + "".join(f"{one},{int(one > 250)},x\n" for one in range(0, 500, 7)) + ",1,x\n"
    )
    body = {"what": products, "table": "firms", "label": "late", "features": ["revenue"], "file": str(own)}
    said = {"purpose": None, "job": "model"}
    got = await grid.doors["buyer"].call("POST", "models", body | said)
    assert unlike(ANSWERS["model"], got) == ""
    [feature] = got["features"]
    assert feature["weight"] == pytest.approx(0.003, abs=0.0005)
    assert (got["own"], got["ranked"], abs(got["rows"] - 8_000) < 100) == (72, 1.0, True)
    text = "\n".join(modelled(got))
    assert ("█" in text, "ranks 100.0 of 100 pairs of your 72 rows" in text) == (True, True)
    assert await grid.doors["buyer"].call("POST", "models", body | said) == got, "of the same totals"
    for odd in (
        {"label": "district"}, {"features": []}, {"features": ["late"]}, {"features": ["none"]},
        {"file": str(tmp_path / "none.csv")}, {"table": "none"},
    ):  # fmt: skip
        status, text = await refused(grid.doors["buyer"].call("POST", "models", body | said | {"job": None} | odd))
        assert status in (400, 404), (odd, text)
    own.write_text("revenue,late\n1,1\n2,1\n")
    assert (await refused(grid.doors["buyer"].call("POST", "models", body | said)))[0] == 400
    own.write_text("revenue,late\n1,1\nmuch,0\n")
    assert (await refused(grid.doors["buyer"].call("POST", "models", body | said)))[0] == 400


async def test_what_is_told_together_is_asked_in_no_other_way(grid, tmp_path):
    products = await agreed(grid, "four", tmp_path)
    body = {"what": products[0], "statement": "select count(*) from firms", "purpose": None, "job": None}
    status, text = await refused(grid.doors["buyer"].call("POST", "queries", body))
    assert (status, "nothing of one alone" in text) == (400, True)
    status, text = await refused(ask(grid, products[:3]))
    assert (status, "4 answer at least" in text) == (400, True)
    for over, word in (({}, "district"), ({"sector": "A"}, "district"), ({"district": "N,N"}, "once")):
        status, text = await refused(ask(grid, products, over=over))
        assert (status, word in text) == (400, True), text
    assert not any(jobs(grid, name, product) for name, product in zip(NAMES, products, strict=True))
    for gate in ({"quorum": "2"}, {"quorum": "5"}, {"with": ""}, {"with": grid.did("b")}, {"with": "b,c,d"},
                 {"with": ",".join(map(grid.did, NAMES))}):  # fmt: skip
        status, text = await refused(publish(grid, "a", 0, "alone-odd", tmp_path, **gate))
        assert status == 400, (gate, text)


async def test_who_is_gone_is_left_out_and_no_difference_tells_of_it(grid, tmp_path):
    products = await agreed(grid, "gone", tmp_path, quorum="3")
    await asyncio.gather(*(running(grid, product) for product in products))
    statement = "select count(*) as firms from firms"
    await grid.people["c"].kill()
    await grid.people["d"].kill()
    status, text = await refused(ask(grid, products, statement, {}, job="two"))
    assert (status, "2 of 4 answer, and 3 are needed" in text) == (403, True)
    asked = (await grid.doors["buyer"].call("GET", "queries"))["statements"]
    assert [(one["id"], one["answered"]) for one in asked if one["id"] == "two"] == [("two", None)]
    await grid.people["c"].start()
    got = await ask(grid, products, statement, {}, job="two")
    assert got["missing"] == [grid.did("d")]
    assert abs(got["rows"][0][0] - 6_000) < 30
    await grid.people["d"].start()
    # who was left out stays left out, and who was there is waited for
    again = await ask(grid, products, statement, {}, job="again")
    assert ([one["did"] for one in again["members"]], jobs(grid, "d", products[3])) == (
        [one["did"] for one in got["members"]], []
    )  # fmt: skip
    assert {row["state"] for row in jobs(grid, "a", products[0])} == {"released"}
    await grid.people["c"].kill()
    status, text = await refused(ask(grid, products, statement, {}, job="less"))
    assert (status, "who does not answer" in text) == (409, True)
    await grid.people["c"].start()
    assert (await ask(grid, products, statement, {}, job="less"))["missing"] == [grid.did("d")]
    # by hand: three were told, and nobody signs four, or three others
    hand = Hand(grid, products, "four")
    assert {status for status, _ in [await hand.mask(name) for name in NAMES]} == {200}
    for members in ("abcd", "abd"):
        assert (await hand.sign("a", members))[0] == 403, members
    assert (await hand.sign("a", "abc"))[0] == 200
    assert await ask(grid, products, statement, {}, job="two") == got


async def test_a_budget_holds_and_what_nobody_opened_is_given_back(grid, tmp_path):
    products = await agreed(grid, "spent", tmp_path, budget="20")
    statement = "select count(*) as firms from firms"
    await ask(grid, products, statement, {}, job="begun")
    for at in range(3):
        status, told = await say(grid, products[0], {"id": f"{at}", "statement": statement, "over": {}})
        assert status == 200, told
    status, text = await refused(ask(grid, products, statement, {}, job="late"))
    assert (status, "ε of 20.00 was told of 20.00" in text) == (409, True)
    [first] = [row for row in jobs(grid, "a", products[0]) if row["job"] == "0"]
    assert (first["state"], first["epsilon"]) == ("masked", 500)
    grid.write("a", "UPDATE computations SET created = ? WHERE job = ?", (first["created"] - 90_000_000_000, "0"))
    got = await ask(grid, products, statement, {}, job="late")
    assert sorted(one["left"] for one in got["members"]) == ["0.00", "10.00", "10.00", "10.00"]
    [first] = [row for row in jobs(grid, "a", products[0]) if row["job"] == "0"]
    assert (first["state"], first["epsilon"]) == ("failed", 0)
    members = sorted(map(grid.did, NAMES))
    assert (await say(grid, products[0], {"id": "0", "members": members}))[0] == 409, "it is told no more"
    # what was signed and lapsed is never signed anew
    assert (await say(grid, products[1], {"id": "1", "statement": statement, "over": {}}))[0] == 200
    assert (await say(grid, products[1], {"id": "1", "members": members}))[0] == 200
    grid.write("b", "UPDATE computations SET created = created - 90000000000 WHERE job = ?", ("1",))
    assert (await say(grid, products[1], {"id": "2", "statement": statement, "over": {}}))[0] == 200
    status, told = await say(grid, products[1], {"id": "1", "statement": statement, "over": {}})
    assert (status, "has lapsed" in told["text"]) == (409, True)


async def running(grid, product):
    """Have a transfer of statements run, by a statement that is refused before anything is counted."""
    body = {"what": product, "statement": "select count(*) from firms", "purpose": None, "job": None}
    await refused(grid.doors["buyer"].call("POST", "queries", body))


class Hand:
    """One who asks step by step, as it likes."""

    def __init__(self, grid, products, job):
        self.grid, self.products, self.job = grid, dict(zip(NAMES, products, strict=True)), job

    async def mask(self, name):
        body = {"id": self.job, "statement": "select count(*) as firms from firms", "over": {}}
        return await say(self.grid, self.products[name], body)

    async def sign(self, name, members):
        dids = sorted(map(self.grid.did, members))
        status, told = await say(self.grid, self.products[name], {"id": self.job, "members": dids})
        return status, told.get("signature")

    async def open(self, name, members, signatures):
        signed = {self.grid.did(one): signature for one, signature in signatures.items()}
        body = {"id": self.job, "members": sorted(map(self.grid.did, members)), "signatures": signed}
        return await say(self.grid, self.products[name], body)


async def test_nobody_opens_two_sets_or_one_that_is_not_signed_by_all(grid, tmp_path):
    products = await agreed(grid, "hand", tmp_path, quorum="3")
    await asyncio.gather(*(running(grid, product) for product in products))
    hand = Hand(grid, products, "split")
    assert (await hand.sign("a", "abcd"))[0] == 409, "nothing is masked yet"
    masked = {name: await hand.mask(name) for name in NAMES}
    assert {status for status, _ in masked.values()} == {200}
    assert (await hand.mask("a"))[1] == masked["a"][1], "byte by byte"
    for members in ("ab", "bcd", "a"):
        assert (await hand.sign("a", members))[0] == 400, members
    status, signed_d = await hand.sign("d", "abcd")
    assert status == 200
    signatures = {name: (await hand.sign(name, "abc"))[1] for name in "abc"}
    assert (await hand.sign("a", "abcd"))[0] == 409, "one set of a question"
    # whoever asks has three without d, and wants d beside them
    for forged in (signed_d, signatures["a"], "00" * 65):
        status, told = await hand.open("d", "abcd", {**signatures, "d": forged})
        assert status == 403, told
    assert (await hand.open("d", "abcd", {"d": signed_d}))[0] == 400
    for name in "ab":  # of others, and of itself
        assert (await hand.open("a", "abc", {**signatures, name: signatures["c"]}))[0] == 403
    assert (await hand.open("a", "abd", {"a": signatures["a"], "b": signatures["b"], "d": signed_d}))[0] in (403, 409)
    opened = {name: await hand.open(name, "abc", signatures) for name in "abc"}
    assert {status for status, _ in opened.values()} == {200}
    assert (await hand.open("a", "abc", signatures))[1] == opened["a"][1]
    [row] = [row for row in jobs(grid, "d", products[3]) if row["job"] == "split"]
    assert row["state"] == "masked", "d is not told, and not paid"
    numbers = aggregation.total(
        {grid.did(name): base64.b64decode(masked[name][1]["masked"]) for name in "abc"},
        {grid.did(name): bytes.fromhex(opened[name][1]["own"]) for name in "abc"},
        {
            grid.did(name): {did: bytes.fromhex(seed) for did, seed in opened[name][1]["pairs"].items()}
            for name in "abc"
        },
    )
    assert abs(numbers[0] - 6_000) < 30
    # and with all that is told of d's own masks it is none the wiser
    alone = aggregation.total({grid.did("d"): base64.b64decode(masked["d"][1]["masked"])}, {}, {
        grid.did("d"): {
            grid.did(name): bytes.fromhex(opened[name][1]["pairs"][grid.did("d")]) for name in "abc"
        }
    })  # fmt: skip
    assert abs(alone[0]) > 1_000_000


async def test_two_products_of_one_provider_are_never_masked_alike(grid, products, tmp_path):
    """By the signatures of one set both would be opened, and what they differ by read."""
    await publish(grid, "a", 0, "three-twin", tmp_path, quorum="3", budget="500")
    await grid.get("three-twin")
    await grid.complete("three-twin")
    await running(grid, "three-twin")
    assert (await Hand(grid, products, "twin").mask("a"))[0] == 200
    twin = Hand(grid, ["three-twin", *products[1:]], "twin")
    status, told = await twin.mask("a")
    assert (status, "another product of ours" in told["text"]) == (409, True)
    assert [(row["state"], row["epsilon"]) for row in jobs(grid, "a", "three-twin")] == [("failed", 0)]
    assert (await Hand(grid, ["three-twin", *products[1:]], "twin-2").mask("a"))[0] == 200


async def test_odd_bodies_are_refused_uncounted(grid, products):
    good = {"id": "x", "statement": "select district, count(*) from firms group by 1", "over": {"district": ["N"]}}
    members, before = sorted(map(grid.did, NAMES)), jobs(grid, "a", products[0])
    odd = [
        {**good, "over": []},
        {**good, "over": {"district": "N"}},
        {**good, "over": {"district": []}},
        {**good, "over": {"district": ["N", "N"]}},
        {**good, "over": {"district": [["N"]]}},
        {**good, "over": {"district": [str(at) for at in range(5_000)]}},
        {**good, "over": {"district": ["N" * 20_000]}},
        {**good, "over": {f"c{at}": ["N"] for at in range(9)}},
        {**good, "statement": 1},
        {**good, "statement": good["statement"] + " order by 2"},
        {**good, "statement": "select firm, count(*) from firms group by 1"},
        {**good, "id": ""},
        {"id": "one", "members": members[::-1]},
        {"id": "one", "members": "all"},
        {"id": "one", "members": [*members, "did:web:elsewhere"]},
        {"id": "one", "members": members, "signatures": []},
        {"id": "one", "members": members, "signatures": dict.fromkeys(members, "00")},
        {"id": "one", "members": members, "signatures": {}},
    ]
    for body in odd:
        status, told = await say(grid, products[0], body)
        assert status == 400, (body, told)
    assert jobs(grid, "a", products[0]) == before


async def test_a_provider_that_crashes_between_the_steps_goes_on(grid, products):
    hand = Hand(grid, products, "cut")
    masked = await hand.mask("b")
    await grid.people["b"].kill()
    await grid.people["b"].start()
    assert await hand.mask("b") == masked
    got = await ask(grid, products, "select count(*) as firms from firms", {}, job="cut")
    assert (got["missing"], abs(got["rows"][0][0] - 8_000) < 40) == ([], True)


async def test_a_supervisor_finds_nothing_in_what_was_told_together(grid, products):
    """By what their logs say of all questions above: decided, opened with whom, billed, within the budgets."""
    await ask(grid, products, "select count(*) as firms from firms", {}, job="audited")
    asked = ("--exchange", grid.url("exchange"), "--development", "--data", grid.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    joint = [row for name in NAMES for row in grid.rows(name, "computations") if row["state"] == "released"]
    assert (len(joint) >= 4, found["events"] > len(joint)) == (True, True)
    about = {
        "joint-split", "joint-unsigned", "computation-undecided", "computations-miscounted", "privacy-overspent",
        "answer-unlogged", "answer-differs", "field-malformed", "disclosure-missing", "disclosure-false",
    }  # fmt: skip
    assert [one for one in found["findings"] if one["code"] in about] == []
