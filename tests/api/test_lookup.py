"""Subjects looked up over HTTP without showing which: decided, counted, signed; nothing of them is seen."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path

import aiohttp
import pytest

from connector.compute import blinding
from contracts.lookup import bucket
from tests.api.refusals import refused
from tests.api.test_computing import address, agreed, ask, firms, jobs, publish
from tests.api.test_fitting import fit, mine
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = {"subject": "firm", "lookup": "20"}


async def look_up(space, what, *keys, role="buyer", **more):
    return await space.doors[role].call("POST", "lookups", {"what": what, "keys": list(keys) or None, **more})


async def listed(space, product, folder, **more):
    await publish(space, product, folder, **{"gate": OPEN, "columns": ["district", "revenue"], **more})
    return await agreed(space, product)


def rows_of(path, firm):
    """Return what a table says of a firm, in order."""
    lines = [line.split(",") for line in Path(path).read_text().splitlines()[1:]]
    return [[firm, True, line[1], int(line[4])] for line in lines if line[0] == firm]


def at_provider(space):
    data = Path(space.people["provider"].data)
    return [path.read_bytes() for path in data.rglob("*") if path.is_file() and path.suffix != ".csv"]


async def test_rows_of_a_subject_are_told_and_nobody_there_sees_whose(space, tmp_path):
    agreement = await listed(space, "look", tmp_path)
    got = await look_up(space, "look", "F007", "NOBODY-SECRET", job="one")
    assert got["columns"] == ["firm", "found", "district", "revenue"]
    assert got["rows"] == [*rows_of(tmp_path / "firms.csv", "F007"), ["NOBODY-SECRET", False, None, None]]
    assert len(got["rows"]) == 4
    assert await look_up(space, agreement, "NOBODY-SECRET", " F007", job="one") == got

    [row] = jobs(space, agreement)
    assert (row["state"], row["rows"], row["answer"]) == ("released", 2, None)
    assert row["statement"].startswith("lookup: 2 keys, ")
    assert not [one for one in at_provider(space) if b"NOBODY-SECRET" in one]
    [table] = list((Path(space.people["provider"].data) / "lookups").iterdir())
    assert b"F007" not in table.read_bytes(), "what lies there is sealed"
    assert len([one for one in told(space, "provider", "computation.ended") if one["part"] == agreement]) == 1
    assert len([one for one in told(space, "buyer", "answer.received") if one["part"] == agreement]) == 1
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 2, "each key is paid"


async def test_keys_are_counted_for_buyer_and_product(space, tmp_path):
    await listed(space, "look-few", tmp_path)
    for at in range(2):
        await look_up(space, "look-few", *(f"F{10 * at + i:03d}" for i in range(9)), job=f"{at}")
    status, text = await refused(look_up(space, "look-few", "F001", "F002", "F003", job="more"))
    assert (status, "18 of 20 keys were looked up" in text) == (403, True)
    assert await look_up(space, "look-few", *(f"F{i:03d}" for i in range(9)), job="0"), "what was answered is answered"
    await space.doors["buyer"].call("POST", "acquisitions", {
        "id": "look-anew", "product": "look-few",
        "mandate": {"limit": "1000", "bid": None, "purpose": "Research", "deposit": None},
    })  # fmt: skip
    second = (await space.complete("look-anew"))["agreement"]
    assert (await refused(look_up(space, second, "F001", "F002", "F003")))[0] == 403, (
        "another agreement begins no other"
    )
    assert await look_up(space, second, "F001", "F002")
    for odd in ((), ("",), [f"K{at}" for at in range(2_049)], ("x" * 513,)):
        assert (await refused(look_up(space, "look-few", *odd)))[0] == 400


async def test_a_list_is_looked_up_in_parts_and_goes_on_where_it_ended(space, tmp_path):
    agreement = await listed(space, "look-list", tmp_path, gate={"subject": "firm", "lookup": "80"})
    names = [f"F{at:03d}" for at in range(60)] + ["OWN-1", "OWN-2"]
    asked = {"file": mine(tmp_path, names), "key": "id", "job": "list"}
    got = await look_up(space, "look-list", **asked)
    assert (got["asked"], got["there"], len(got["receipts"]), len(got["rows"])) == (62, 60, 2, 60 * 3 + 2)
    assert [row["rows"] for row in sorted(jobs(space, agreement), key=lambda row: row["job"])] == [32, 30]
    assert await look_up(space, "look-list", **asked) == got, "what was answered is not asked again"
    longer = {"file": mine(tmp_path / "more", [f"F{at:03d}" for at in range(100, 164)]), "key": "id", "job": "long"}
    assert (await refused(look_up(space, "look-list", **longer)))[0] == 403, "of two parts none is within what is left"
    assert len(jobs(space, agreement)) == 2
    for odd in ({"file": asked["file"]}, {"key": "id"}, {"file": "none.csv", "key": "id"}, {**asked, "key": "name"}):
        assert (await refused(look_up(space, "look-list", **odd)))[0] in (400, 404), odd
    assert (await refused(look_up(space, "look-list", "F001", **asked)))[0] == 400, "either keys or a list"


async def test_what_is_looked_up_is_asked_nothing_else_and_the_other_way_round(space, tmp_path):
    agreement = await listed(space, "look-only", tmp_path)
    status, text = await refused(ask(space, "look-only", "select count(*) from firms"))
    assert (status, "no groups" in text) == (400, True)
    assert (await refused(fit(space, "look-only", mine(tmp_path))))[0] == 400
    await publish(space, "look-none", tmp_path)
    await agreed(space, "look-none")
    assert (await refused(look_up(space, "look-none", "F001")))[0] == 400
    assert not jobs(space, agreement)
    for gate in (
        {"lookup": "10"},
        {"subject": "firm", "lookup": "0"},
        {"subject": "firm", "lookup": "many"},
        {"subject": "firm", "lookup": "10", "least": "5"},
        {"subject": "firm", "lookup": "10", "noise": "1", "budget": "5"},
        {"subject": "firm", "lookup": "10", "epsilon": "1"},
    ):
        status, text = await refused(publish(space, "look-odd", tmp_path, gate=gate))
        assert status in (400, 422), (gate, text)


async def test_odd_bodies_are_refused_uncounted(space, tmp_path):
    agreement = await listed(space, "look-bodies", tmp_path)
    await look_up(space, "look-bodies", "F001")
    url, header = address(space, agreement)
    [point] = (base64.b64encode(one).decode() for one in blinding.blinded(blinding.scalar(os.urandom(64)), ["F002"]))
    good = {"id": "a", "table": "", "points": [point], "buckets": [0]}
    odd = [
        {**good, "points": []},
        {**good, "points": point},
        {**good, "points": [point, point]},
        {**good, "points": [base64.b64encode(bytes(32)).decode()]},
        {**good, "points": [base64.b64encode(bytes(31)).decode()]},
        {**good, "points": ["!"]},
        {**good, "points": [1]},
        {**good, "buckets": ["0"]},
        {**good, "buckets": [True]},
        {**good, "buckets": [-1]},
        {**good, "buckets": [1]},
        {**good, "buckets": [2**40]},
        {**good, "table": "none"},
        {**good, "table": 1},
        {**good, "statement": "select 1"},
        {**good, "points": [point] * 33, "buckets": [0] * 33},
    ]
    async with aiohttp.ClientSession(headers=header) as session:
        for body in odd:
            async with session.post(url, json=body) as answer:
                assert answer.status == 400, (body, await answer.text())
        assert len(jobs(space, agreement)) == 1
        async with session.post(url, json=good) as answer:
            assert answer.status == 200, await answer.text()
            first = await answer.read()
        async with session.post(url, json=good) as answer:
            assert await answer.read() == first, "byte by byte, and nothing of it is kept"
        async with session.post(url, json={**good, "buckets": [0], "points": [point], "table": "firms"}) as answer:
            assert answer.status == 409, "another question under the same id"
    assert len(jobs(space, agreement)) == 2


async def test_a_table_that_is_made_anew_is_the_same(space, tmp_path):
    """Its filling is drawn from a key: what was signed of an answer is true of the next one."""
    agreement = await listed(space, "look-anew-table", tmp_path)
    edition = (await look_up(space, "look-anew-table", "F005", job="one"))["edition"]
    [table] = [p for p in (Path(space.people["provider"].data) / "lookups").iterdir() if p.name.startswith(edition)]
    url, header = address(space, agreement)
    [point] = (base64.b64encode(one).decode() for one in blinding.blinded(blinding.scalar(os.urandom(64)), ["F002"]))
    body = {"id": "other", "table": "", "points": [point], "buckets": [bucket("F002", 1)]}
    found = []
    async with aiohttp.ClientSession(headers=header) as session:
        for _ in range(2):
            async with session.post(url, json=body) as answer:
                assert answer.status == 200, await answer.text()
                found.append((await answer.read(), table.read_bytes()))
            table.unlink()
    assert found[0] == found[1]


async def test_a_policy_counts_look_ups_and_names_them(space, tmp_path):
    def rules(function):
        return {"permission": [{"action": "compute", "constraint": [
            {"leftOperand": "count", "operator": "lteq", "rightOperand": 2},
            {"leftOperand": "computeFunction", "operator": "isPartOf", "rightOperand": [function]},
        ]}]}  # fmt: skip

    alone = {"purpose": None, "region": None}
    await listed(space, "look-count", tmp_path, **alone, rules=rules("LOOKUP"))
    for at in range(2):
        await look_up(space, "look-count", "F001", job=f"{at}")
    assert (await refused(look_up(space, "look-count", "F001", job="3")))[0] == 403
    agreement = await listed(space, "look-never", tmp_path, **alone, rules=rules("COUNT"))
    assert (await refused(look_up(space, "look-never", "F001")))[0] == 403
    assert not jobs(space, agreement), "nothing of it is kept, nor counted"


async def test_eight_at_once_are_counted_together(space, tmp_path):
    await listed(space, "look-eight", tmp_path)
    asked = [look_up(space, "look-eight", *(f"F{at}{i}0" for i in range(4)), job=f"{at}") for at in range(8)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert len([one for one in found if not isinstance(one, BaseException)]) == 5
    spent = [row for row in space.rows("provider", "computations") if row["product"] == "look-eight"]
    assert sum(row["rows"] for row in spent) == 20


async def test_what_cannot_be_looked_up_is_not_offered(space, tmp_path):
    path = firms(tmp_path / "one")
    path.write_text("firm,district,revenue\n" + "".join(f"F1,A,{at}\n" for at in range(101)))
    said = {"tier": "computed", "unit": "query", "gate": OPEN, "columns": ["district"], "pieceKiB": None}
    status, text = await refused(space.publish_files("provider", "look-wide", [path], **said))
    assert (status, "more than 100 rows" in text) == (400, True)
    assert not [row for row in space.rows("exchange", "listings") if row["id"] == "look-wide"]


async def test_the_tables_of_an_edition_that_is_asked_no_more_are_gone(space, tmp_path):
    def there(edition):
        return [p for p in (Path(space.people["provider"].data) / "lookups").iterdir() if p.name.startswith(edition)]

    await listed(space, "look-next", tmp_path)
    first = (await look_up(space, "look-next", "F001"))["edition"]
    assert len(there(first)) == 1
    await publish(space, "look-next", tmp_path, rows=1_203, gate=OPEN, columns=["district", "revenue"])
    [second] = [row["edition"] for row in space.rows("provider", "products") if row["id"] == "look-next"]
    assert second != first
    assert (len(there(first)), len(there(second))) == (0, 1)
    assert (await refused(look_up(space, "look-next", "F001")))[0] == 403, "the agreement is about the one before"
