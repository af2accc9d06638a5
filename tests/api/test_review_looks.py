"""A review holds the description against the drawn pieces: a false profile is not listed, unless an operator will."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from connector.runtime.errors import PenstockError, explain_failure
from tests.api import records
from tests.api.command import penstock
from tests.api.lying_serve import PROFILES
from tests.api.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = 20_000
READ = "edition.reviewed"


def measured(path):
    """Write a table of which one cell in ten is empty."""
    chance = random.Random(path.name)
    lines = (f"{at},{'' if chance.random() < 0.1 else chance.randint(0, 99)},{chance.random()}" for at in range(ROWS))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("id,height,flow", *lines)) + "\n")
    return path


async def reviewed(space, product, **more):
    return await space.doors["exchange"].call("POST", f"listings/{product}/review", more)


async def test_what_holds_is_listed_and_says_how_much_was_looked_into(space):
    path = measured(space.folder / "looks" / "true.csv")
    await space.publish_files("provider", "looked-true", [path], reviewed=False)
    told = await reviewed(space, "looked-true")
    assert (told["state"], told["doubts"]) == ("listed", [])
    assert 0 < int(told["looked"]["bytes"]) < path.stat().st_size
    [row] = [one for one in space.rows("exchange", "listings") if one["id"] == "looked-true"]
    assert json.loads(row["review"])["looked"] == told["looked"]


async def test_a_false_profile_is_refused_by_name_and_listed_only_despite_it(space):
    path = measured(space.folder / "looks" / "false.csv")
    mark = space.people["second"].data / PROFILES
    mark.touch()
    try:
        await space.publish_files("second", "looked-false", [path], reviewed=False)
    finally:
        mark.unlink()
    with pytest.raises(PenstockError) as refused:
        await reviewed(space, "looked-false")
    assert "height is said to have 0 empty cells" in str(refused.value)
    [row] = [one for one in space.rows("exchange", "listings") if one["id"] == "looked-false"]
    assert row["state"] == "submitted"
    told = await reviewed(space, "looked-false", despite=True)
    assert told["state"] == "listed"
    assert [(one["what"], one["weight"], one["column"]) for one in told["doubts"]] == [("empty", "certain", "height")]
    await penstock(space, "buyer", "admin", "account", "add", "sceptic", "--operator")
    said = {
        "en": "certain: false.csv, height is said to have 0 empty cells",
        "zh": "确定: false.csv 的 height 称空值 0 个",
    }
    for language, words in said.items():
        async with Visitor(space.url("buyer"), language) as visitor:
            await visitor.open((await penstock(space, "buyer", "admin", "account", "link", "sceptic"))["url"])
            assert words in (await visitor.open("catalogue/looked-false")).text


async def test_a_hook_refuses_with_its_reasons_doubts_aloud_and_keeps_waiting_what_it_fails_at(space):
    path = measured(space.folder / "looks" / "hooked.csv")
    for product in ("hooked-no", "hooked-hm", "hooked-fails"):
        await space.publish_files("provider", product, [path], reviewed=False)
    with pytest.raises(PenstockError, match="nobody wants flows; nor heights"):
        await reviewed(space, "hooked-no")
    told = await reviewed(space, "hooked-hm")
    assert (told["state"], [one["words"]["en"] for one in told["doubts"]]) == (
        "listed",
        ["the hook `hook.sh` says: odd"],
    )
    with pytest.raises(PenstockError) as fault:
        await reviewed(space, "hooked-fails")
    failure = explain_failure(fault.value)
    assert ("the hook `hook.sh`" in failure.text, failure.exit_code) == (True, 7)
    states = {row["id"]: row["state"] for row in space.rows("exchange", "listings") if row["id"].startswith("hooked")}
    assert states == {"hooked-no": "submitted", "hooked-hm": "listed", "hooked-fails": "submitted"}


async def test_small_files_are_looked_at_in_their_packs(space):
    folder = space.folder / "looks" / "packs"
    folder.mkdir(parents=True)
    for at in range(300):
        (folder / f"t{at}.csv").write_text("id,height\n" + "".join(f"{row},{row % 7}\n" for row in range(at % 90 + 1)))
    for number in range(12):  # the draw opens the list of files or the pack: it is the log's root that says which
        await space.publish_files("provider", f"looked-packs-{number}", [folder], reviewed=False)
        told = await reviewed(space, f"looked-packs-{number}")
        assert (told["state"], told["doubts"]) == ("listed", [])
        if told["looked"]["pieces"] != "0":
            break
    assert told["looked"]["files"] == "300"


async def test_a_reviewer_reads_the_drawn_pieces_and_the_log_says_so(space):
    path = measured(space.folder / "looks" / "read.csv")
    await space.publish_files("provider", "looked-read", [path], reviewed=False)
    told = await penstock(space, "exchange", "exchange", "read", "looked-read", "--rows", "2")
    lines = path.read_text().splitlines()
    assert 0 < len(told["pieces"]) <= told["opened"]
    for one in told["pieces"]:
        assert (one["file"], one["columns"], len(one["rows"])) == ("read.csv", ["id", "height", "flow"], 2)
        assert all(",".join(row) in lines for row in one["rows"])
    again = await penstock(space, "exchange", "exchange", "read", "looked-read")
    assert [one["piece"] for one in again["pieces"]] == [one["piece"] for one in told["pieces"]]
    edition = told["edition"]
    found = [one for one in records.records(space.people["exchange"].data, READ) if one["part"] == edition]
    assert len(found) == 2
    [row] = [one for one in space.rows("exchange", "listings") if one["id"] == "looked-read"]
    assert (row["state"], row["review"]) == ("submitted", None)
    secret = told["pieces"][0]["rows"][0][2].encode()
    held = [one for one in (space.people["exchange"].data).rglob("*") if one.is_file() and secret in one.read_bytes()]
    assert held == []
    reviewed_after = await reviewed(space, "looked-read")
    assert reviewed_after["opened"] == told["opened"]
    for door in ("provider", "buyer"):
        with pytest.raises(PenstockError):
            await space.doors[door].call("POST", "listings/looked-read/readings", {"rows": 2})


async def test_the_console_shows_what_was_read_once(space):
    path = measured(space.folder / "looks" / "shown.csv")
    await space.publish_files("provider", "looked-shown", [path], reviewed=False)
    await penstock(space, "exchange", "admin", "account", "add", "reader", "--operator")
    async with Visitor(space.url("exchange"), "zh") as visitor:
        await visitor.open((await penstock(space, "exchange", "admin", "account", "link", "reader"))["url"])
        page = await visitor.open("listings/looked-shown")
        assert "抽样数据片内容" not in page.text
        shown = await visitor.send(page, "listings/looked-shown/reading", rows="2")
        assert "抽样数据片内容" in shown.text
        assert '<th scope="col">height</th>' in shown.text
        assert "抽样数据片内容" not in (await visitor.open("listings/looked-shown")).text


async def test_reading_beside_a_review_draws_once(space):
    path = measured(space.folder / "looks" / "beside.csv")
    for number in range(3):
        product = f"looked-beside-{number}"
        await space.publish_files("provider", product, [path], reviewed=False)
        read = space.doors["exchange"].call("POST", f"listings/{product}/readings", {})
        one, two = await asyncio.gather(read, reviewed(space, product))
        assert (one["opened"], two["state"]) == (two["opened"], "listed")
