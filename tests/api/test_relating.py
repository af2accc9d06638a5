"""What two have of the same subjects, related over HTTP: told with noise, decided, counted once, no row delivered."""

from __future__ import annotations

import asyncio
import json
import random

import aiohttp
import pytest
import pytest_asyncio

from connector.client.acts.relations import related
from contracts.price_words import money
from tests.api.refusals import refused
from tests.api.test_computing import address, jobs
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

GATE = {"subject": "firm", "noise": "5", "budget": "15", "sketch": "1024"}
NUMBERS = ["late:0:1", "kwh:0:4000"]
SUBJECTS = 20_000


def write(folder, name, columns, rows):
    path = folder / name
    path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two(space, tmp_path_factory):
    """A bank that knows who pays late, and a grid that knows who uses how much: 9 of 10 are at both."""
    drawn, folder = random.Random(5), tmp_path_factory.mktemp("two")
    used = {f"F{at}": drawn.randint(0, 4_000) for at in range(SUBJECTS)}
    late = {key: int(drawn.random() < kwh / 4_000) for key, kwh in used.items()}
    lates = write(folder, "loans.csv", ("firm", "late"), list(late.items())[: SUBJECTS * 9 // 10])
    uses = write(folder, "used.csv", ("firm", "kwh"), used.items())
    said = {"tier": "computed", "unit": "query", "gate": GATE, "pieceKiB": None}
    for role, product, path in (("provider", "bank", lates), ("second", "grid-used", uses)):
        await space.publish_files(role, product, [path], **said)
        await space.get(product)
    agreements = [(await space.complete(product))["agreement"] for product in ("bank", "grid-used")]
    return agreements, folder


async def relate(space, **more):
    body = {"what": ["bank=loans", "grid-used=used"], "label": "late", "numbers": NUMBERS, **more}
    return await space.doors["buyer"].call("POST", "relations", body)


async def test_two_providers_are_related_and_each_is_paid_once(space, two):
    agreements, _ = two
    got = await relate(space, job="one")
    assert abs(got["rows"] - SUBJECTS * 9 // 10) < 2 * got["off"]
    [kwh] = got["features"]
    assert (kwh["name"], kwh["of"], got["of"]) == ("kwh", "grid-used", "bank")
    assert 0.5 < kwh["most"] < 1.5
    assert [(one["agreement"], one["left"]) for one in got["sides"]] == [(one, "10.00") for one in agreements]
    assert len(got["receipts"]) == 2
    text = "\n".join(related(got))
    assert ("of grid-used" in text, "rows that both have" in text) == (True, True)
    assert await relate(space, job="one") == got
    for role, agreement in zip(("provider", "second"), agreements, strict=True):
        rows = [one for one in space.rows(role, "computations") if one["agreement"] == agreement]
        assert [(one["state"], one["epsilon"]) for one in rows] == [("released", 500)]
        assert rows[0]["statement"].startswith("sketch ")
        [copy] = [one for one in space.rows(role, "copies") if one["agreement"] == agreement]
        assert copy["calls"] == 1
    status, _ = await refused(relate(space, job="one", numbers=["late:0:1", "kwh:0:3000"]))
    assert status == 409, "under one id one thing is asked"


async def test_what_an_answer_costs_is_said_before_it_is_asked(space, two):
    body = {"what": ["bank=loans", "grid-used=used"], "label": "late", "numbers": NUMBERS}
    told = await space.doors["buyer"].call("POST", "rehearsals", {"path": "relations", "body": body})
    step, other = told["steps"]
    assert (step["step"], step["about"], step["content"]["epsilon"], step["content"]["left"]) == (
        "pay",
        "bank",
        "5.00",
        "10.00",
    )
    assert other["about"] == "grid-used"
    [agreed] = [one for one in space.rows("buyer", "agreements") if one["digest"] == two[0][0]]
    assert money(int(json.loads(agreed["terms"])["tariff"]["minor"]), "CNY") == step["what"]
    assert await relate(space, job="one"), "what is answered costs nothing more, and is not asked"


async def test_what_two_have_is_related_on_the_console(space, two):
    """Under the id that is answered already, so that nothing more of the budgets is told."""
    about = {"what": "bank=loans\ngrid-used=used", "label": "late", "numbers": "\n".join(NUMBERS), "job": "one"}
    async with await entered(space, "buyer", "relater") as buyer:
        deal = await buyer.open(f"agreements/{two[0][0]}")
        assert f"/console/acts/relation-ask?what={two[0][0]}" in deal.links
        looked = await buyer.open("acts/relation-ask", params={"preview": "1", **about})
        assert "file" not in looked.form("/acts/relation-ask")[2], "a page names no file of the server's machine"
        said = await buyer.send(looked, "/acts/relation-ask")
        assert said.status == 200
        [mine] = [row for row in space.rows("buyer", "agreements") if row["digest"] == two[0][0]]
        assert mine["digest"] in said.text
        for words in ("late = ", "<meter", "kwh", "grid-used", "ε 5.00, 10.00 left", "under the id one"):
            assert words in said.text, words


async def test_a_table_of_ones_own_stays_at_home(space, two):
    """The buyer's labels and the grid's power: one question, and the provider sees neither key nor label."""
    agreements, folder = two
    rows = ((f"F{at}", at % 2, 7) for at in range(SUBJECTS))
    own = write(folder, "mine.csv", ("firm", "won", "size"), rows)
    said = {"what": ["grid-used=used"], "label": "won", "numbers": ["won:0:1", "kwh:0:4000"], "file": str(own)}
    got = await relate(space, **said, key="firm", job="own")
    assert abs(got["rows"] - SUBJECTS) < 2 * got["off"]
    assert (got["of"], got["features"][0]["of"], len(got["receipts"])) == ("mine.csv", "grid-used", 1)
    asked = json.dumps([dict(one) for one in jobs_of(space, agreements[1])], default=str)
    assert ("won" in asked, "mine" in asked) == (False, False)


def jobs_of(space, agreement):
    return [one for one in space.rows("second", "computations") if one["agreement"] == agreement]


async def test_what_can_be_known_is_refused_before_anybody_is_asked(space, two, tmp_path):
    agreements, folder = two
    own = write(folder, "other.csv", ("firm", "kwh"), [("F1", 3), ("F2", "")])
    before = [len(jobs(space, agreements[0])), len(jobs_of(space, agreements[1]))]
    file = {"what": ["grid-used=used"], "file": str(own), "key": "firm"}
    empty = write(folder, "empty.csv", ("firm", "won"), [("F1", "")])
    for wrong, status, words in (
        ({"label": "kwh2"}, 400, "the label is one of them"),
        ({"numbers": ["late:0:1", "late:0:1"]}, 400, "said once"),
        ({"numbers": ["late:0:1", "kwh"]}, 400, "no number"),
        ({"numbers": ["late:0:1"]}, 400, "no number is of `grid-used`"),
        ({"numbers": ["late:0:1", "firm:0:1"]}, 400, "neither side"),
        ({"what": ["bank=loans"]}, 400, "two sides"),
        ({"what": ["bank=loans", "bank=loans"]}, 400, "one agreement"),
        ({"what": ["bank=loans", "nothing"]}, 404, "nothing was agreed"),
        ({"buckets": 2048}, 400, "at most 1024"),
        ({"buckets": 100}, 400, "buckets"),
        ({**file, "label": "kwh", "numbers": ["kwh:0:1"]}, 400, "both sides have"),
        ({**file, "key": None}, 400, "two sides"),
        ({**file, "key": "nobody", "numbers": NUMBERS}, 400, "neither side"),
        (
            {**file, "file": str(empty), "label": "won", "numbers": ["won:0:1", "kwh:0:9"]},
            400,
            "no row with all of it",
        ),
        ({**file, "file": str(tmp_path / "none.csv")}, 404, "no file"),
    ):
        told = await refused(relate(space, **wrong))
        assert (told[0], words in told[1]) == (status, True), (wrong, told)
    assert [len(jobs(space, agreements[0])), len(jobs_of(space, agreements[1]))] == before


async def test_a_product_that_relates_nothing_is_not_asked(space, two, tmp_path):
    path = write(tmp_path, "plain.csv", ("firm", "age"), ((f"F{at}", at % 50) for at in range(200)))
    gate = {name: text for name, text in GATE.items() if name != "sketch"}
    said = {"tier": "computed", "unit": "query", "pieceKiB": None}
    await space.publish_files("provider", "unrelated", [path], gate=gate, **said)
    await space.get("unrelated")
    await space.complete("unrelated")
    status, text = await refused(
        relate(space, what=["unrelated=plain", "grid-used=used"], numbers=["age:0:1", "kwh:0:9"], label="age")
    )
    assert (status, "relate its rows to nobody's" in text) == (400, True)
    for wrong, words in (({"sketch": "100"}, "256"), ({"sketch": "9", "noise": None}, "none")):
        told = {name: one for name, one in {**GATE, **wrong}.items() if one is not None}
        if "noise" not in told:
            del told["budget"]
        found = await refused(space.publish_files("provider", "no-sketch", [path], gate=told, **said))
        assert (found[0], words in found[1]) == (400, True), found


WRONG = (
    ({"buckets": 2048}, 400),
    ({"buckets": 10**9}, 400),
    ({"buckets": "1024"}, 400),
    ({"bounds": [[0, 1]] * 7}, 400),
    ({"bounds": [[0]]}, 400),
    ({"bounds": [["0", "1"]]}, 400),
    ({"salt": "../../etc/passwd"}, 400),
    ({"salt": 5}, 400),
    ({"statement": "select late, late from loans"}, 400),
    ({"statement": "select late from loans where firm = 'F1'"}, 400),
    ({"statement": "select late from others"}, 400),
    ({"more": 1}, 400),
)


async def test_a_question_by_hand_that_is_none_costs_nothing(space, two):
    """A client of another make: each fault is named, the subject cannot be a condition, and no ε is spent."""
    agreements, _ = two
    spent = sum(one["epsilon"] or 0 for one in jobs(space, agreements[0]))
    endpoint, headers = address(space, agreements[0])
    right = {"statement": "select late from loans", "bounds": [[0, 1]], "salt": "0f" * 16, "buckets": 512}
    async with aiohttp.ClientSession() as session:
        for at, (wrong, status) in enumerate(WRONG):
            body = {"id": f"hand-{at}", **right, **wrong}
            async with session.post(endpoint, json=body, headers=headers) as answer:
                assert (answer.status, bool((await answer.json())["text"])) == (status, True), wrong
    assert sum(one["epsilon"] or 0 for one in jobs(space, agreements[0])) == spent


async def test_eight_at_once_stay_within_the_budget(space, two):
    agreements, _ = two
    left = 15 - sum(one["epsilon"] or 0 for one in jobs(space, agreements[0])) // 100
    asked = [relate(space, job=f"many-{at}", buckets=256) for at in range(8)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in found) <= left // 5
    assert sum(one["epsilon"] or 0 for one in jobs(space, agreements[0])) <= 1_500
