"""A label of a buyer's own learned over HTTP: matched, stepped, each counted once, and no row or label delivered."""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from connector.client.acts.lessons import learned
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from tests.api.refusals import refused
from tests.api.test_computing import jobs

pytestmark = pytest.mark.asyncio(loop_scope="session")

SKEWED = str(Path(__file__).parent.parent / "fault" / "skewed.py")
GATE = {"subject": "firm", "noise": "1", "budget": "9", "learn": "5000"}
NUMBERS = ["kwh:0:4000", "age:18:78"]
SUBJECTS = 1_500


def write(folder, name, columns, rows):
    path = folder / name
    path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def used(space, tmp_path_factory):
    """A grid that knows who uses how much, and a list of who pays late: 9 of 10 of it are known there."""
    drawn, folder = random.Random(5), tmp_path_factory.mktemp("lessons")
    rows = [(f"F{at}", drawn.randint(0, 4_000), drawn.randint(18, 78)) for at in range(SUBJECTS)]
    late = [(key, int(drawn.random() < 1 / (1 + math.exp(-(kwh - 2_500) / 400)))) for key, kwh, _ in rows]
    path = write(folder, "used.csv", ("firm", "kwh", "age"), rows[: SUBJECTS * 9 // 10])
    await space.publish_files("provider", "lessons", [path], tier="computed", unit="query", gate=GATE, pieceKiB=None)
    await space.get("lessons")
    agreement = (await space.complete("lessons"))["agreement"]
    return agreement, write(folder, "late.csv", ("firm", "late"), late), folder


async def learn(space, mine, **more):
    body = {"what": "lessons", "table": "used", "file": str(mine), "key": "firm", "label": "late", "numbers": NUMBERS}
    return await space.doors["buyer"].call("POST", "lessons", body | more)


async def test_a_label_is_learned_and_each_answer_is_counted_once(space, used):
    agreement, mine, folder = used
    got = await learn(space, mine, rounds=2, job="one")
    assert abs(got["rows"] - SUBJECTS * 9 // 10) < 3 * got["off"]
    assert got["off"] == 54
    assert 0 < got["ones"] < got["rows"]
    kwh, age = got["features"]
    assert kwh["most"] > 3 > abs(age["most"])
    assert (got["questions"], got["epsilon"], got["left"]) == (3, "1.00", "6.00")
    text = "\n".join(learned(got))
    assert ("kwh" in text, "nobody has seen a row" in text) == (True, True)
    assert await learn(space, mine, rounds=2, job="one") == got, "what was answered is not asked again"
    fewer = folder / "fewer.csv"
    fewer.write_text("\n".join(mine.read_text().splitlines()[:-1]) + "\n")
    status, _ = await refused(learn(space, fewer, rounds=2, job="one"))
    assert status == 409, "a list that differs by one key is not held against the same places"
    asked = jobs(space, agreement)
    assert [(one["job"], one["state"], one["epsilon"]) for one in asked] == [
        (name, "released", 100) for name in ("one", "one/1", "one/2")
    ]
    assert "late" not in json.dumps([dict(one) for one in asked], default=str), "no column of the list is named"
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 3


async def test_what_it_costs_in_all_is_said_before_it_is_asked(space, used):
    _, mine, _ = used
    body = {"what": "lessons", "table": "used", "file": str(mine), "key": "firm", "label": "late", "numbers": NUMBERS}
    told = await space.doors["buyer"].call("POST", "rehearsals", {"path": "lessons", "body": body})
    paid = [step for step in told["steps"] if step["step"] == "pay"]
    assert [(step["about"], step["content"]["epsilon"]) for step in paid] == [("lessons", "1.00")] * 4
    assert not [one for one in space.rows("buyer", "answers") if one["statement"] == ""], "nothing is kept of it"


async def test_what_can_be_known_is_refused_before_anything_is_asked(space, used):
    agreement, mine, folder = used
    before = len(jobs(space, agreement))
    one_label = write(folder, "constant.csv", ("firm", "late"), ((f"F{at}", 1) for at in range(500)))
    odd = write(folder, "odd.csv", ("firm", "late"), ((f"F{at}", at % 3) for at in range(500)))
    twice = write(folder, "twice.csv", ("firm", "late"), ((f"F{at % 400}", at // 400) for at in range(800)))
    for wrong, status, words in (
        ({"file": str(one_label)}, 400, "has 0 keys of label 0"),
        ({"file": str(odd)}, 400, "has '2'"),
        ({"file": str(twice)}, 400, "400 keys"),
        ({"label": "firm"}, 400, "the key is no label"),
        ({"label": "none"}, 400, "no column"),
        ({"numbers": ["kwh:0:4000", "kwh:0:9"]}, 400, "said once"),
        ({"numbers": ["firm:0:1"]}, 400, "no column"),
        ({"numbers": ["kwh"]}, 400, "no number"),
        ({"rounds": 9}, 400, "1 to 8"),
        ({"rounds": 0}, 400, "1 to 8"),
        ({"what": "nothing"}, 404, "nothing was agreed"),
        ({"file": str(folder / "none.csv")}, 404, "no file"),
    ):
        told = await refused(learn(space, mine, **wrong))
        assert (told[0], words in told[1]) == (status, True), (wrong, told)
    assert len(jobs(space, agreement)) == before


async def test_a_match_is_not_begun_where_the_budget_has_no_room_for_its_rounds(space, used):
    agreement, mine, _ = used
    status, text = await refused(learn(space, mine, rounds=8, job="long"))
    assert (status, "9.00 more" in text) == (403, True), text
    assert "long" not in [one["job"] for one in jobs(space, agreement) if one["epsilon"]]


async def test_of_too_few_in_common_nothing_is_learned(space, used):
    agreement, _, folder = used
    strangers = write(folder, "strangers.csv", ("firm", "late"), ((f"X{at}", at % 2) for at in range(800)))
    status, text = await refused(learn(space, strangers, rounds=1, job="few"))
    assert (status, "keys of the labels are there, with noise" in text) == (400, True), text
    assert [one["job"] for one in jobs(space, agreement) if one["job"].startswith("few")] == ["few"]


async def test_what_a_crash_cut_between_hold_and_release_is_asked_again_and_paid_once(space, used):
    """The provider dies in the match, and again in a step: what was held is given back, and each is one answer."""
    _, mine, folder = used
    path, gate = folder / "used.csv", {**GATE, "budget": "3"}
    await space.publish_files(
        "provider", "lessons-crash", [path], tier="computed", unit="query", gate=gate, pieceKiB=None
    )
    await space.get("lessons-crash")
    agreement = (await space.complete("lessons-crash"))["agreement"]
    for job in ("cut", "cut/1"):
        asking = asyncio.ensure_future(refused(learn(space, mine, what="lessons-crash", rounds=2, job="cut")))
        async with asyncio.timeout(60):
            while not [one for one in jobs(space, agreement) if (one["job"], one["state"]) == (job, "running")]:
                await asyncio.sleep(0.005)
        await space.people["provider"].kill()
        assert (await asking)[0] == 503
        await space.people["provider"].start()
        [row] = [one for one in jobs(space, agreement) if one["job"] == job]
        assert (row["state"], row["epsilon"]) == ("failed", 0)
    got = await learn(space, mine, what="lessons-crash", rounds=2, job="cut")
    assert got["left"] == "0.00", "a budget of three had room for three answers, and nothing was lost on the way"
    assert [(one["job"], one["state"], one["epsilon"]) for one in jobs(space, agreement)] == [
        (name, "released", 100) for name in ("cut", "cut/1", "cut/2")
    ]
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 3
    provider, right = space.people["provider"], space.people["provider"].command
    await provider.stop()
    provider.command = ("env", f"PENSTOCK_TEST_SKEW={10 - CLOCK_LEEWAY_SECONDS}", sys.executable, SKEWED, "serve")
    try:
        await provider.start()
        status, text = await refused(learn(space, mine, what="lessons-crash", rounds=1, job="later"))
        assert (status, "3.00 was told of 3.00" in text) == (403, True), "a clock set back brings no budget back"
    finally:
        await provider.stop()
        provider.command = right
        await provider.start()
    assert len([one for one in jobs(space, agreement) if one["state"] == "released"]) == 3
