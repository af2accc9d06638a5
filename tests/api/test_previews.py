"""`publish --dry-run` shows what publishing would offer, refuses what publishing would refuse, and keeps nothing."""

from __future__ import annotations

import json

import pytest

from tests.api.command import commanded
from tests.api.space import PURPOSE, term_end

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = 40


async def dry(space, file, *more):
    """Run the command beside the provider's server; returns exit code, what it answered and what it said beside."""
    until = term_end(space.now())
    about = ("--title", "Snow by day", "--price", "700", "--purpose", PURPOSE, "--until", until, "--region", "US")
    command = ("publish", str(file), *about, "--dry-run", "--json", *more)
    ended = await commanded(*command, "--data", space.people["provider"].data)
    return ended.code, json.loads(ended.out), ended.err.decode()


def kept(space):
    return {name: rows for name, rows in space.stored("provider").items() if name in ("products", "editions")}


async def test_a_dry_run_shows_what_is_then_published_and_keeps_nothing(space, tmp_path):
    file = tmp_path / "snow.csv"
    file.write_text("day,phone\n" + "".join(f"{day},+1 202 555 01{day:02}\n" for day in range(ROWS)))
    before = kept(space)
    code, fault, _ = await dry(space, file)
    assert (code, fault["code"]) == (2, "invalid")
    assert "`phone` looks like: telephone number (grade 3)" in fault["text"]
    code, seen, beside = await dry(space, file, "--mask", "phone=none")
    assert (code, beside) == (0, "")
    assert (seen["rows"], seen["bytes"]) == (str(ROWS), str(file.stat().st_size))
    assert [one["columns"] for one in seen["files"]] == [["day", "phone"]]
    assert kept(space) == before
    published = await space.publish_files("provider", "snow", [file], price=700, mask={"phone": "none"})
    offer = (await space.doors["provider"].call("GET", f"offers/{published['id']}"))["dataset"]
    assert offer["grade"] == seen["grade"]
    assert any("phone" in why for why in seen["because"])


async def test_a_dry_run_refuses_what_publishing_refuses(space, tmp_path):
    file = tmp_path / "snow.csv"
    file.write_text("day,depth\n1,2\n")
    code, fault, beside = await dry(space, file, "--layout", "aligned", "--column", "height")
    assert code == 2
    assert "no table has a column `height`" in fault["text"]
    assert "height" in beside
