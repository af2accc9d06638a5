"""The fitting room over HTTP: how much of a buyer's own list is covered; decided, counted, signed, shown to nobody."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from pathlib import Path

import aiohttp
import pytest

from connector.custody import bearers
from tests.api.refusals import refused
from tests.api.test_computing import address, agreed, ask, firms, jobs, publish
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTED = {"subject": "firm", "least": "10", "epsilon": "3", "filled": "revenue", "keys": "2000"}
MINE = [f"F{at:03d}" for at in range(300)] + [f"OWN-SECRET-{at}" for at in range(100)]


def mine(folder, names=MINE, **columns):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mine.csv"
    head = ",".join(["id", *columns])
    rows = [",".join([name, *(str(of(at)) for of in columns.values())]) for at, name in enumerate(names)]
    path.write_text("\n".join([head, *rows, ",".join(["  "] + [""] * len(columns))]) + "\n")
    return str(path)


async def fit(space, what, file, role="buyer", **more):
    return await space.doors[role].call("POST", "fittings", {"what": what, "file": file, "key": "id", **more})


async def listed(space, product, folder, **more):
    await publish(space, product, folder, **{"gate": LISTED, **more})
    return await agreed(space, product)


async def test_a_list_is_held_against_the_data_and_neither_side_sees_the_other_s(space, tmp_path):
    agreement = await listed(space, "fit", tmp_path)
    got = await fit(space, "fit", mine(tmp_path), job="one")
    assert got["columns"] == ["group", "column", "keys", "covered", "low", "high"]
    [whole, filled] = got["rows"]
    assert (whole[:3], filled[:3]) == (["", "", 400], ["", "revenue", 400])
    for _, _, _, covered, low, high in got["rows"]:
        assert low <= covered <= high
        assert abs(covered - 300) < 45, "six standard deviations: they are drawn anew in each run"
    assert await fit(space, agreement, mine(tmp_path), job="one") == got

    [row] = jobs(space, agreement)
    assert (row["state"], row["rows"], row["answer"], row["memory"]) == ("released", 400, None, None)
    assert row["statement"].startswith("coverage: 400 keys in 1 groups, ")
    answer = next(one["answer"] for one in space.rows("provider", "fittings") if one["agreement"] == agreement)
    assert got["receipt"]["answer"] == hashlib.sha256(answer).hexdigest()
    theirs = Path(space.people["provider"].data)
    at_provider = [path.read_bytes() for path in theirs.rglob("*") if path.is_file() and path.suffix != ".csv"]
    assert not [one for one in at_provider if b"OWN-SECRET" in one], "nothing of the list is at the provider"
    at_buyer = b"".join(str(one).encode() for name in ("answers", "transfers") for one in space.rows("buyer", name))
    assert b"F399" not in at_buyer
    assert len([one for one in told(space, "provider", "computation.ended") if one["part"] == agreement]) == 1
    assert len([one for one in told(space, "buyer", "answer.received") if one["part"] == agreement]) == 1


async def test_groups_are_answered_by_themselves(space, tmp_path):
    await listed(space, "fit-groups", tmp_path)
    label = {"won": lambda at: "yes" if at < 100 else "no"}
    got = await fit(space, "fit-groups", mine(tmp_path, **label), group="won")
    told_of = {(row[0], row[1]): row for row in got["rows"]}
    assert set(told_of) == {("yes", ""), ("yes", "revenue"), ("no", ""), ("no", "revenue")}
    assert told_of["yes", ""][2:4][0] == 100
    assert told_of["yes", ""][3] > 80
    assert abs(told_of["no", ""][3] - 200) < 45
    status, text = await refused(fit(space, "fit-groups", mine(tmp_path, won=lambda at: at % 9), group="won"))
    assert (status, "9 groups" in text) == (400, True)


async def test_a_long_list_goes_in_parts(space, tmp_path):
    agreement = await listed(space, "fit-long", tmp_path, gate={**LISTED, "keys": "30000"})
    names = [f"F{at:03d}" for at in range(300)] + [f"OWN-{at}" for at in range(20_100)]
    label = {"won": lambda at: "yes" if at < 300 else "no"}
    asked = {"group": "won", "job": "long"}
    got = await fit(space, "fit-long", mine(tmp_path, names, **label), **asked)
    rows = {(row[0], row[1]): row for row in got["rows"]}
    assert (rows["yes", ""][2], rows["no", ""][2], len(got["receipts"])) == (300, 20_100, 2)
    assert rows["yes", ""][3] > 240
    assert rows["no", ""][4] <= rows["no", ""][3] < 600
    assert sum(row["rows"] for row in jobs(space, agreement)) == 20_400
    assert await fit(space, "fit-long", mine(tmp_path, names, **label), **asked) == got
    assert len(jobs(space, agreement)) == 2


async def test_the_same_list_under_another_id_says_nothing_more(space, tmp_path):
    await listed(space, "fit-twice", tmp_path)
    one = await fit(space, "fit-twice", mine(tmp_path), job="one")
    edition = next(row["edition"] for row in space.rows("provider", "products") if row["id"] == "fit-twice")
    thrown = [row for row in space.rows("provider", "marks") if row["edition"] == edition]
    assert {(row["asked"], row["question"], row["epsilon"]) for row in thrown} == {
        ("firms.csv", "", 300),
        ("firms.csv", "revenue", 300),
    }
    same = await fit(space, "fit-twice", mine(tmp_path), job="by-file", table="firms.csv")
    assert same["rows"] == one["rows"], "a table has two names, and one coin"
    two = await fit(space, "fit-twice", mine(tmp_path), job="two")
    assert one["rows"] == two["rows"]
    await space.doors["other"].call("POST", "acquisitions", {
        "id": "fit-other", "product": "fit-twice",
        "mandate": {"limit": "1000", "bid": None, "purpose": "Research", "deposit": None},
    })  # fmt: skip
    await space.complete("fit-other", role="other")
    assert (await fit(space, "fit-twice", mine(tmp_path), role="other"))["rows"] == one["rows"], "nor another buyer's"


async def test_keys_are_counted_and_few_are_refused(space, tmp_path):
    agreement = await listed(space, "fit-few", tmp_path)
    status, text = await refused(fit(space, "fit-few", mine(tmp_path, MINE[:99])))
    assert (status, "99 keys" in text) == (400, True)
    for at in range(5):
        await fit(space, "fit-few", mine(tmp_path), job=f"try-{at}")
    status, text = await refused(fit(space, "fit-few", mine(tmp_path), job="too-many"))
    assert (status, "2000 of 2000 keys were asked about" in text) == (403, True)
    assert await fit(space, "fit-few", mine(tmp_path), job="try-0"), "what was answered is answered"
    assert len([row for row in jobs(space, agreement) if row["state"] == "released"]) == 5


async def test_a_policy_counts_fittings_and_names_them(space, tmp_path):
    def rules(function):
        return {"permission": [{"action": "compute", "constraint": [
            {"leftOperand": "count", "operator": "lteq", "rightOperand": 2},
            {"leftOperand": "computeFunction", "operator": "isPartOf", "rightOperand": [function]},
        ]}]}  # fmt: skip

    alone = {"purpose": None, "region": None}
    await listed(space, "fit-count", tmp_path, **alone, rules=rules("COVERAGE"))
    assert (await refused(ask(space, "fit-count", "select count(*) from firms")))[0] == 403
    for at in range(2):
        await fit(space, "fit-count", mine(tmp_path), job=f"{at}")
    assert (await refused(fit(space, "fit-count", mine(tmp_path), job="3")))[0] == 403
    await listed(space, "fit-never", tmp_path, **alone, rules=rules("COUNT"))
    assert (await refused(fit(space, "fit-never", mine(tmp_path))))[0] == 403


async def test_what_has_no_coverage_in_its_terms_tells_none(space, tmp_path):
    await publish(space, "fit-none", tmp_path)
    agreement = await agreed(space, "fit-none")
    assert (await refused(fit(space, "fit-none", mine(tmp_path))))[0] == 400
    await ask(space, "fit-none", "select count(*) from firms")
    url, header = address(space, agreement)
    points = base64.b64encode(b"".join(sorted(os.urandom(32) for _ in range(200)))).decode()
    async with aiohttp.ClientSession(headers=header) as session:
        body = json.dumps({"id": "x", "table": "", "groups": [points]})
        async with session.post(url, data=body) as answer:
            assert answer.status == 400, await answer.text()
    assert len(jobs(space, agreement)) == 1, "it was refused before it was counted"
    for gate in (
        {"epsilon": "9"},
        {"epsilon": "x"},
        {"keys": "500"},
        {"filled": "boss", "epsilon": "1"},
        {"filled": "year"},
    ):
        status, text = await refused(publish(space, "fit-odd", tmp_path, gate={"subject": "firm", **gate}))
        assert status in (400, 422), (gate, text)
    assert (await refused(publish(space, "fit-odd", tmp_path, gate={"epsilon": "1.4"})))[0] in (400, 422), "no subject"


async def test_odd_bodies_are_refused(space, tmp_path):
    agreement = await listed(space, "fit-odd-bodies", tmp_path)
    await ask(space, "fit-odd-bodies", "select count(*) from firms")
    url, header = address(space, agreement)
    strange = base64.b64encode(b"".join(sorted(hashlib.sha256(b"%d" % at).digest() for at in range(200)))).decode()
    odd = [
        {"id": "a", "groups": [strange]},
        {"id": "a", "table": 1, "groups": [strange]},
        {"id": "a", "table": "", "groups": strange},
        {"id": "a", "table": "", "groups": []},
        {"id": "a", "table": "", "groups": [1]},
        {"id": "a", "table": "", "groups": ["!"]},
        {"id": "a", "table": "", "groups": [strange[:44]]},
        {"id": "a", "table": "no", "groups": [strange]},
        {"id": "a", "table": "", "groups": [strange] * 9},
        {"id": "a", "table": "", "groups": [strange], "statement": "select 1"},
    ]
    async with aiohttp.ClientSession(headers=header) as session:
        for body in odd:
            async with session.post(url, json=body) as answer:
                assert answer.status == 400, (body, await answer.text())
        async with session.post(url, json={"id": "b", "table": "", "groups": [strange]}) as answer:
            assert (answer.status, "no point" in await answer.text()) == (400, True)
        assert bearers.ANSWERED not in answer.headers
    states = {row["job"]: row["state"] for row in jobs(space, agreement)}
    assert states["b"] == "failed"
    assert "a" not in states


async def test_a_fitting_that_a_crash_cut_is_asked_again_and_counted_once(space, tmp_path):
    once = {
        "permission": [{"action": "use", "constraint": {"leftOperand": "count", "operator": "lteq", "rightOperand": 1}}]
    }
    agreement = await listed(space, "fit-crash", tmp_path, purpose=None, region=None, rules=once)
    asking = asyncio.ensure_future(refused(fit(space, "fit-crash", mine(tmp_path), job="cut")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    await space.people["provider"].kill()
    assert (await asking)[0] == 503
    await space.people["provider"].start()
    got = await fit(space, "fit-crash", mine(tmp_path), job="cut")
    assert await fit(space, "fit-crash", mine(tmp_path), job="cut") == got
    assert (await refused(fit(space, "fit-crash", mine(tmp_path), job="other")))[0] == 403
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 1


async def test_two_tables_throw_coins_of_their_own(space, tmp_path):
    first = firms(tmp_path / "two")
    second = first.with_name("others.csv")
    second.write_text(first.read_text())
    said = {"tier": "computed", "unit": "query", "gate": LISTED, "columns": ["revenue"], "pieceKiB": None}
    await space.publish_files("provider", "fit-tables", [first, second], **said)
    await agreed(space, "fit-tables")
    one = await fit(space, "fit-tables", mine(tmp_path), table="firms")
    other = await fit(space, "fit-tables", mine(tmp_path), table="others")
    assert abs(one["rows"][0][3] - other["rows"][0][3]) < 60
    thrown = {row["asked"]: bytes(row["bits"]) for row in space.rows("provider", "marks") if row["question"] == ""}
    assert thrown["firms.csv"] != thrown["others.csv"]
    assert (await refused(fit(space, "fit-tables", mine(tmp_path), table="none")))[0] == 400
