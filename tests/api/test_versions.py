"""The versions of a listing as provider and buyers see them, and going back to one that can still be bought."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.refusals import status as refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLE = "hour,email,height\n" + "".join(f"{hour},a{hour}@b.example,{hour % 12}\n" for hour in range(400))


async def publish(space, product, path, /, *, review=True, **more):
    brief = {"id": product, "files": [str(path)], "title": "Tide tables", "price": "3", "floor": "1", "unit": "MiB"}
    rest = {"tier": "kept", "purpose": "Research", "until": "2099-01-31T00:00:00+00:00", "region": "US"}
    rest |= {"pieceKiB": 64, "mask": {"email": "none"}}
    done = await space.doors["provider"].call("POST", "products", brief | rest | more)
    if review:
        await space.doors["exchange"].call("POST", f"listings/{product}/review", {})
    return done


async def versions(space, product, role="buyer"):
    return (await space.doors[role].call("GET", f"products/{product}/versions"))["versions"]


def back(space, product, number):
    body = {"version": str(number), "reason": "the new one was wrong"}
    return space.doors["provider"].call("POST", f"products/{product}/roll-back", body)


async def test_a_version_is_gone_back_to_and_bought(space, tmp_path):
    path = tmp_path / "tides.csv"
    path.write_text(TABLE)
    first = await publish(space, "tide-tables", path)
    path.write_text(TABLE.replace("height", "depth") + "400,z@b.example,4\n")
    await publish(space, "tide-tables", path, title="Depth tables", price="5", review=False)
    # what was listed stands, and is what is sold, while the next one waits for its review
    standing = await space.doors["buyer"].call("GET", "offers/tide-tables")
    assert (standing["title"], standing["edition"], standing["state"]) == ("Tide tables", first["edition"], "listed")
    assert (await space.doors["buyer"].call("GET", "quotes/tide-tables"))["edition"] == first["edition"]
    # nor does anybody read of the next one before its review, but who handed it in
    assert [one["title"] for one in await versions(space, "tide-tables")] == ["Tide tables"]
    assert await refused(space.doors["buyer"].call("GET", "products/tide-tables/versions?from=1&to=2")) == 404
    second, oldest = await versions(space, "tide-tables", "provider")
    said = " | ".join(one["en"] for one in second["differences"])
    for part in (
        "“Tide tables” → “Depth tables”",
        "new columns: depth",
        "columns gone: height",
        "price: ",
        "edition: 1",
    ):
        assert part in said
    assert ([second["reviewed"], oldest["reviewed"]], oldest["differences"]) == ([False, True], [])
    # an operator who has read the first version lists no other
    exchange = space.doors["exchange"]
    assert await refused(exchange.call("POST", "listings/tide-tables/review", {"version": "1"})) == 409
    assert await refused(exchange.call("POST", "listings/tide-tables/review", {"version": "two"})) == 400
    assert (await space.doors["buyer"].call("GET", "offers/tide-tables"))["title"] == "Tide tables"

    done = await back(space, "tide-tables", 1)
    assert (done["edition"], done["title"]) == (first["edition"], "Tide tables")
    listed = (await space.doors["buyer"].call("GET", "find?q=tide+tables"))["products"]
    assert [(row["id"], row["edition"]) for row in listed] == [("tide-tables", first["edition"])]
    await space.get("tide-tables", limit=1000)
    await space.complete("tide-tables")
    assert (await space.opened("tide-tables"))[0].decode() == TABLE
    moves = [row for row in told(space, "exchange", "listing.moved") if row["part"] == "tide-tables"]
    assert len(moves) == 7  # submitted, reviewed, listed; the second submitted; the first again: its review stands

    path.write_text(TABLE + "401,y@b.example,5\n")
    third = await publish(space, "tide-tables", path, review=False)
    await space.doors["exchange"].call("POST", "listings/tide-tables/review", {"version": "3"})
    assert (third["number"], third["edition"] != first["edition"]) == (3, True)
    compared = await space.doors["buyer"].call("GET", "products/tide-tables/versions?from=1&to=3")
    assert {one["key"] for one in compared["differences"]} == {"edition", "rows", "bytes"}
    assert await refused(space.doors["buyer"].call("GET", "products/tide-tables/versions?from=1&to=9")) == 404
    assert await refused(back(space, "tide-tables", 9)) == 404


async def test_what_was_suspended_is_reviewed_again_whatever_version_it_is(space, tmp_path):
    path = tmp_path / "doubted.csv"
    path.write_text(TABLE)
    await publish(space, "doubted", path)
    await publish(space, "doubted", path, title="Doubted tables")
    suspend = {"move": "suspend", "reason": "a complaint"}
    await space.doors["exchange"].call("POST", "listings/doubted/moves", suspend)
    assert await refused(back(space, "doubted", 1)) == 409
    refuse = {"move": "refuse", "reason": "it was true"}
    await space.doors["exchange"].call("POST", "listings/doubted/moves", refuse)
    await asyncio.sleep(0)
    assert not any(row["reviewed"] for row in await versions(space, "doubted", "provider"))


async def test_a_sample_is_shown_to_whom_the_space_shows_it(space, tmp_path):
    body = {"id": "samples", "name": "Samples", "description": "", "rules": {"samples": {"buyer": 3, "others": 0}}}
    await space.doors["exchange"].call("POST", "spaces", body)
    path = tmp_path / "sampled.csv"
    path.write_text(TABLE)
    await publish(space, "sampled", path, space="samples", sample=2)
    await publish(space, "unsampled", path, sample=2)
    shown = (await space.doors["buyer"].call("GET", "offers/sampled"))["sample"]
    assert (shown["columns"], len(shown["rows"])) == (["hour", "email", "height"], 2)
    assert {row[1] for row in shown["rows"]} == {"▒▒▒"}
    assert "sample" not in await space.doors["second"].call("GET", "offers/sampled")
    assert "sample" in await space.doors["provider"].call("GET", "offers/sampled")
    assert "sample" not in await space.doors["buyer"].call("GET", "offers/unsampled")  # grade 3, and `main` shows 1
