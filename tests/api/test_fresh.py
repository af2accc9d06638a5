"""The fitting room over HTTP: how fresh what is covered is, on the day that both signed, and what one of it costs."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from connector.client.acts.queries import fitted
from tests.api.refusals import refused
from tests.api.test_computing import agreed, jobs
from tests.api.test_fitting import fit, mine

pytestmark = pytest.mark.asyncio(loop_scope="session")

GATE = {"subject": "firm", "epsilon": "3", "keys": "2000", "fresh": "updated:30:90:365"}
# firms of a table → how many days before its publication their newest row is; of the rest nobody can read when
AGES = ((0, 200, 5), (200, 300, 60), (300, 350, 800))
FIRMS = 400


def aged(space, folder, name="aged.csv"):
    """Write a table of 400 firms with two rows each: the newest one, and one of two years before."""
    folder.mkdir(parents=True, exist_ok=True)
    today, path = space.now().date(), folder / name
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["firm", "revenue", "updated", "boss"])
        for at in range(FIRMS):
            days = next((days for first, end, days in AGES if first <= at < end), None)
            for more in (0, 730):
                day = "soon" if days is None else today - timedelta(days + more)
                out.writerow([f"F{at:03d}", at, day, f"boss-{at}"])
    return path


async def publish(space, product, path, **more):
    said = {"tier": "computed", "unit": "query", "gate": GATE, "columns": ["revenue"], "pieceKiB": None}
    return await space.publish_files(more.pop("role", "provider"), product, [path], **{**said, **more})


async def test_how_fresh_what_is_covered_is_is_told_on_the_day_of_the_sealing(space, tmp_path):
    await publish(space, "fresh", aged(space, tmp_path))
    agreement = await agreed(space, "fresh")
    got = await fit(space, "fresh", mine(tmp_path), job="one")
    assert got["columns"] == ["group", "column", "keys", "covered", "low", "high", "days"]
    assert [(row[1], row[6]) for row in got["rows"]] == [("", None), ("updated", 30), ("updated", 90), ("updated", 365)]
    for row, truth in zip(got["rows"], (300, 200, 300, 300), strict=True):
        assert abs(row[3] - truth) < 45, "they are drawn anew in each run"
    [edition] = [one for one in space.rows("provider", "editions") if one["product"] == "fresh"]
    [told] = got["freshness"]
    assert told["sealed"] == got["sealed"]
    assert f'"sealedAt":"{got["sealed"]}T' in edition["header"].replace(" ", "")
    assert abs(told["ages"][0]["share"] - 2 / 3) < 0.15
    assert told["ages"][1]["share"] > 0.85
    assert (told["low"], told["high"], 15 < told["median"] <= 30) == (0, 30, True)
    assert any("median age" in line for line in fitted(got))
    assert await fit(space, agreement, mine(tmp_path), job="one") == got, "it is kept as it was answered"
    two = await fit(space, "fresh", mine(tmp_path), job="two")
    assert two["rows"] == got["rows"], "to ask again says nothing more"
    thrown = {row["question"] for row in space.rows("provider", "marks") if row["edition"] == edition["id"]}
    assert thrown == {"", "30\nupdated", "90\nupdated", "365\nupdated"}
    [signed] = [row["terms"] for row in space.rows("buyer", "agreements") if row["digest"] == agreement]
    terms = json.loads(signed)
    assert terms["gate"]["coverage"]["fresh"] == {"column": "updated", "days": ["30", "90", "365"]}
    assert "updated" not in terms["gate"]["columns"], "no statement asks for it"
    assert len(jobs(space, agreement)) == 2


async def test_groups_are_as_fresh_as_they_are(space, tmp_path):
    await publish(space, "fresh-groups", aged(space, tmp_path))
    await agreed(space, "fresh-groups")
    names = [f"F{at:03d}" for at in range(FIRMS)]
    label = {"kind": lambda at: "new" if at < 200 else "old"}
    got = await fit(space, "fresh-groups", mine(tmp_path, names, **label), group="kind")
    told = {one["group"]: one for one in got["freshness"]}
    assert (told["new"]["low"], told["new"]["high"]) == (0, 30)
    assert told["old"]["low"] >= 30, "half of them are of sixty days, the others older or of no date"
    assert told["old"]["ages"][0]["share"] < 0.15
    assert told["old"]["median"] is None or told["old"]["median"] > 30


async def test_a_parquet_file_tells_its_days_by_their_type(space, tmp_path):
    table = pyarrow.csv.read_csv(aged(space, tmp_path))
    days = [None if text == "soon" else text for text in table.column("updated").to_pylist()]
    typed = pa.array(days).cast(pa.timestamp("us"))
    pyarrow.parquet.write_table(table.set_column(2, "updated", typed), tmp_path / "aged.parquet")
    await publish(space, "fresh-parquet", tmp_path / "aged.parquet")
    await agreed(space, "fresh-parquet")
    [told] = (await fit(space, "fresh-parquet", mine(tmp_path)))["freshness"]
    assert (told["low"], told["high"]) == (0, 30)
    pyarrow.parquet.write_table(table, tmp_path / "texts.parquet")
    status, text = await refused(publish(space, "fresh-texts", tmp_path / "texts.parquet"))
    assert (status in (400, 422), "is text: it names no days" in text) == (True, True)


@pytest.mark.parametrize(
    ("fresh", "why"),
    [
        ("nowhere:30", "has no column `nowhere`"),
        ("revenue:30", "is integer: it names no days"),
        ("firm:30", "is the subject"),
        ("updated", "no column with ages"),
        ("updated:", "no column with ages"),
        ("updated:30:x", "no column"),
        ("updated:90:30", "each greater than the last"),
        ("updated:30:30", "each greater than the last"),
        ("updated:0", "1 to 36500 days"),
        ("updated:1:2:3:4:5", "1 to 4 ages"),
        (":30", "no column with ages"),
    ],
)
async def test_what_nobody_could_tell_is_refused_when_it_is_published(space, tmp_path, fresh, why):
    path = aged(space, tmp_path)
    status, text = await refused(publish(space, "fresh-odd", path, gate={**GATE, "fresh": fresh}))
    assert (status in (400, 422), why in text) == (True, True), (status, text)


async def test_ages_are_told_with_an_epsilon_alone(space, tmp_path):
    gate = {name: text for name, text in GATE.items() if name not in ("epsilon", "keys")}
    status, text = await refused(publish(space, "fresh-odd", aged(space, tmp_path), gate=gate))
    assert (status in (400, 422), "`fresh` is of what a buyer learns" in text) == (True, True)


async def test_a_covered_subject_has_its_price_of_what_is_delivered(space, tmp_path):
    path = aged(space, tmp_path)
    await publish(space, "fresh-trial", path)
    await agreed(space, "fresh-trial")
    await space.publish_files("provider", "fresh-goods", [path], price=2357, unit="advance", tier="plain")
    got = await fit(space, "fresh-trial", mine(tmp_path), delivered="fresh-goods")
    price, [whole, *_] = got["price"], got["rows"]
    quote = await space.doors["buyer"].call("GET", "quotes/fresh-goods")
    assert (price["product"], price["amount"], price["sum"]) == ("fresh-goods", "2357", quote["sum"])
    assert [int(price[name]) for name in ("each", "low", "high")] == [-(-2357 // whole[at]) for at in (3, 5, 4)]
    assert any(f"{int(price['each']) / 100:.2f} CNY per covered subject" in line for line in fitted(got))
    assert "price" not in await fit(space, "fresh-trial", mine(tmp_path)), "nobody asked"


async def test_a_price_that_is_of_no_whole_is_not_said(space, tmp_path):
    path = aged(space, tmp_path)
    await publish(space, "fresh-none", path)
    agreement = await agreed(space, "fresh-none")
    told = await fit(space, "fresh-none", mine(tmp_path), delivered="fresh-none", job="stays")
    assert (told["price"]["each"], "stay at their provider" in told["price"]["why"]) == (None, True)
    await space.publish("provider", "fresh-leased", [1_000], openings=5)
    told = await fit(space, "fresh-none", mine(tmp_path), delivered="fresh-leased", job="leased")
    assert (told["price"]["each"], "for one opening" in told["price"]["why"]) == (None, True)
    asked = len(jobs(space, agreement))
    assert (await refused(fit(space, "fresh-none", mine(tmp_path), delivered="fresh-nowhere")))[0] == 404
    await space.publish("second", "fresh-second", [1_000])
    status, text = await refused(fit(space, "fresh-none", mine(tmp_path), delivered="fresh-second"))
    assert (status, "not of the provider" in text) == (400, True)
    assert len(jobs(space, agreement)) == asked, "it was refused before anything was asked"
