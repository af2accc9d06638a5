"""Masked columns on real processes: what is hidden leaves its provider in no form, what is bare is refused."""

from __future__ import annotations

import csv
import json

import pytest

from tests.api.command import commanded, penstock
from tests.api.refusals import status as refused
from tests.api.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = 400
HEAD = "guest,phone,age,note\n"
MASK = {"guest": "redact", "phone": "hash", "age": "generalise:10"}
REST = ("--title", "Guests", "--price", "300", "--purpose", "Research", "--until", "2099-01-31T23:59:59Z")


def number(at):
    return f"+49 30 77{at:05}"


def written(path):
    rows = "".join(f"Guest {at},{number(at % 90)},{at % 70},n{at % 5}\n" for at in range(ROWS))
    path.write_text(HEAD + rows)
    return path


def holding(folder, words):
    """Return the files below a folder in which one of the words stands."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]


async def test_what_is_masked_leaves_its_provider_in_no_form(space, tmp_path):
    path = written(tmp_path / "guests.csv")
    await space.publish_files("provider", "guests", [path], mask=MASK, sample=3, title="Guests")
    secret = [number(7), number(60), "Guest 7", "Guest 399"]
    for role in ("provider", "exchange", "buyer"):
        assert holding(space.people[role].data, secret) == []
    await space.get("guests")
    await space.complete("guests")
    got = list(csv.DictReader((await space.opened("guests"))[0].decode().splitlines()))
    assert len(got) == ROWS
    assert {row["guest"] for row in got} == {""}
    assert len({row["phone"] for row in got}) == 90  # one digest for each number
    assert {row["age"] for row in got} == {str(ten) for ten in range(0, 70, 10)}
    assert [row["note"] for row in got] == [f"n{at % 5}" for at in range(ROWS)]
    assert holding(space.people["buyer"].data, secret) == []
    listing = await space.doors["buyer"].call("GET", "offers/guests")
    columns = {one["name"]: one.get("hint") for one in listing["dataset"]["files"][0]["columns"]}
    assert columns == {"guest": "masked: redact", "phone": "masked: hash", "age": "masked: generalise", "note": None}
    assert listing["dataset"]["grade"] == 2
    assert listing["review"]["doubts"] == []


async def test_the_same_again_changes_nothing_and_another_mask_is_another_version(space, tmp_path):
    path = written(tmp_path / "again.csv")
    brief = {"title": "Again", "until": "2099-01-31T00:00:00+00:00", "mask": {"phone": "hash", "guest": "noise:1"}}
    assert await refused(space.publish_files("provider", "again", [path], **brief)) == 400
    brief["mask"] = {"phone": "hash", "age": "noise:2"}
    first = await space.publish_files("provider", "again", [path], **brief)
    assert (await space.publish_files("provider", "again", [path], reviewed=False, **brief))["unchanged"] is True
    brief["mask"] = {"phone": "hash:shared", "age": "noise:2"}
    other = await space.publish_files("provider", "again", [path], **brief)
    assert other["edition"] != first["edition"]


async def test_what_is_personal_is_masked_or_said_to_stay(space, tmp_path):
    path, data = written(tmp_path / "bare.csv"), space.people["provider"].data
    done = await commanded("publish", str(path), *REST, "--id", "bare", "--data", data)
    assert done.code == 2
    assert b"the column `phone` looks like: telephone number (grade 3)" in done.err
    assert b"--mask phone=hash" in done.err
    assert b"--mask phone=none" in done.err
    # a mask that leaves it what it is does not help
    done = await commanded("publish", str(path), *REST, "--id", "bare", "--mask", "phone=truncate:40", "--data", data)
    assert (done.code, b"still looks like" in done.err) == (2, True)
    done = await commanded("publish", str(path), *REST, "--id", "bare", "--mask", "phone=scramble", "--data", data)
    assert (done.code, b"one of hash, tokenise" in done.err) == (2, True)
    done = await commanded("publish", str(path), *REST, "--id", "bare", "--mask", "phone=tokenise", "--data", data)
    assert done.code == 0, done.err
    leased = (*REST, "--id", "bare-leased", "--tier", "leased", "--unit", "opening", "--openings", "3")
    done = await commanded("publish", str(path), *leased, "--data", data)
    assert done.code == 0, done.err


async def test_a_page_says_how_a_column_was_masked(space, tmp_path):
    path = written(tmp_path / "page.csv")
    await space.publish_files("provider", "masked-page", [path], mask=MASK, title="Masked")
    await penstock(space, "buyer", "admin", "account", "add", "reserved", "--operator")
    for language, words in (("en", "Masked: a keyed digest: equal values stay equal"), ("zh", "已脱敏:加盐散列")):
        async with Visitor(space.url("buyer"), language) as visitor:
            await visitor.open((await penstock(space, "buyer", "admin", "account", "link", "reserved"))["url"])
            assert words in (await visitor.open("catalogue/masked-page")).text
    shown = await commanded("product", "show", "masked-page", "--json", "--data", space.people["buyer"].data)
    assert json.loads(shown.out)["dataset"]["files"][0]["columns"][0]["hint"] == "masked: redact"
