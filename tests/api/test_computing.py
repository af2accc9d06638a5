"""Data that stay where they are: asked over HTTP of a provider's connector; decided, gated, counted, signed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random

import aiohttp
import pyarrow.csv
import pyarrow.parquet
import pytest

from connector.custody import bearers
from connector.runtime.errors import PenstockError
from contracts import call_receipt
from contracts.call_receipt import Made
from tests.api.refusals import refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

GATE = {"subject": "firm", "least": "10"}
ONCE = "asked-by-district-once"
BY_DISTRICT = "select district, count(*) as firms, sum(revenue) as revenue from firms group by district"


# so many that a statement runs for some tenths of a second
LONG = 300_000


def firms(folder, *, without=(), rows=1_200):
    """Write a table of so many rows about 400 firms; one of them alone is in the district Z."""
    drawn, text = random.Random(7), io.StringIO()  # the same table each time
    out = csv.writer(text)
    out.writerow(["firm", "district", "sector", "year", "revenue", "boss"])
    for at in range(rows):
        firm = f"F{at % 400:03d}"
        district = "Z" if firm == "F399" else "ABCD"[at % 4]
        row = [
            firm,
            district,
            ["steel", "food"][at % 2],
            2_023 + at * 3 // rows,
            drawn.randrange(10, 1_000),
            f"boss-{firm}",
        ]
        if firm not in without:
            out.writerow(row)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "firms.csv"
    path.write_text(text.getvalue())
    return path


async def publish(space, product, folder, rows=1_200, role="provider", **more):
    said = {"tier": "computed", "unit": "query", "gate": GATE, "columns": ["district", "sector", "year", "revenue"]}
    return await space.publish_files(role, product, [firms(folder, rows=rows)], **{**said, "pieceKiB": None, **more})


async def agreed(space, product):
    await space.get(product)
    return (await space.complete(product))["agreement"]


async def ask(space, what, statement, **more):
    body = {"what": what, "statement": statement, "purpose": None, "job": None, **more}
    return await space.doors["buyer"].call("POST", "queries", body)


def jobs(space, agreement):
    return [row for row in space.rows("provider", "computations") if row["agreement"] == agreement]


def address(space, agreement):
    found = [row for row in space.rows("buyer", "transfers") if row["agreement"] == agreement and row["address"]]
    line = json.loads(found[-1]["address"])
    return line["endpoint"], {"Authorization": bearers.of_address(line), "Content-Type": "application/json"}


async def test_a_statement_is_answered_signed_counted_and_billed(space, tmp_path):
    await publish(space, "firms", tmp_path)
    agreement = await agreed(space, "firms")
    got = await ask(space, "firms", BY_DISTRICT, job=ONCE)
    assert got["columns"] == ["district", "firms", "revenue"]
    assert [row[0] for row in got["rows"]] == ["A", "B", "C"], "Z is one firm, and D would tell it: both are held back"
    assert got["heldBack"] is True
    again = await ask(space, agreement, BY_DISTRICT, job=ONCE)
    assert again == got
    [row] = jobs(space, agreement)
    assert (row["state"], row["rows"]) == ("released", 3)
    for role, kind in (("buyer", "answers"), ("provider", "computations")):
        shown = await space.doors[role].call("GET", f"things/{ONCE}")
        assert (shown["kind"], shown["statement"], shown["agreement"]) == (kind, BY_DISTRICT, agreement)
        assert "answer" not in shown

    receipt = dict(got["receipt"])
    signed = bytes.fromhex(receipt.pop("signature"))
    [deal] = [one for one in space.rows("buyer", "agreements") if one["digest"] == agreement]
    provider = bytes.fromhex(json.loads(deal["agreement"])["provider"].removeprefix("0x"))
    sent = json.dumps({"id": ONCE, "statement": BY_DISTRICT}, separators=(",", ":")).encode()
    made = Made(agreement, "POST", "", sent, 200, bytes(row["answer"]))
    assert call_receipt.check(receipt, signed, provider, made) == receipt

    await ask(
        space, "firms", "select sector, avg(revenue) from firms where year >= 2024 group by 1 order by 2 desc limit 1"
    )
    ended = await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
    assert ended["ended"] == 1
    async with asyncio.timeout(20):
        while not (
            copies := [c for c in space.rows("provider", "copies") if c["agreement"] == agreement and c["receipt"]]
        ):
            await asyncio.sleep(0.1)
    [copy] = copies
    assert (copy["calls"], json.loads(copy["receipt"])["amount"]) == (2, "2000")
    # the buyer has signed for it, and its bill and month say the same
    async with asyncio.timeout(40):
        while not [c for c in space.rows("provider", "copies") if c["agreement"] == agreement and c["agreed"]]:
            await asyncio.sleep(0.1)
    for role in ("buyer", "provider"):
        bill = (await space.doors[role].call("GET", f"bills/{agreement}"))["copies"]
        assert (bill["amount"], [one["countersigned"] for one in bill["receipts"]]) == ("2000", [True]), role
        month = await space.doors[role].call("GET", f"bills/{space.now():%Y-%m}")
        [line] = [one for one in month["statement"]["agreements"] if one["agreement"] == agreement]
        assert line["amount"] == "2000"
    assert len([one for one in told(space, "provider", "computation.ended") if one["part"] == agreement]) == 2
    assert len([one for one in told(space, "buyer", "answer.received") if one["part"] == agreement]) == 2


async def test_what_is_told_does_not_show_a_cell(space, tmp_path):
    await publish(space, "firms-shown", tmp_path)
    product = await space.doors["buyer"].call("GET", "offers/firms-shown")
    shown = json.dumps(product)
    assert "boss-F" not in shown
    assert '"minimum"' not in shown
    assert '"bars"' not in shown
    for more in (
        {"sample": 3},
        {"onward": True},
        {"unit": "MiB"},
        {"gate": {"least": "2"}},
        {"gate": {"subject": "no"}},
        {"columns": ["no"]},
        {"tier": "kept", "unit": "MiB"},
        {"gate": {"noise": "1"}},
    ):
        status, text = await refused(publish(space, "never-firms", tmp_path, **more))
        assert status in (400, 422), (more, text)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from firms",
        "select firm, count(*) from firms group by 1",
        "select boss, count(*) from firms group by 1",
        "select max(revenue) from firms",
        "select count(*) from firms where cast(boss as int) = 1",
        "select count(*) from firms where error(boss) is null",
        "select sum(case when year = 2023 then revenue end) from firms",
        "select count(*) from firms where firm = 'F001'",
        "select count(*) from (select 1)",
        "select count(*) from read_csv('/etc/passwd')",
        "select count(*) from firms a, firms b",
        "select count(*) from firms having count(*) > 3",
        "select count(*) filter (where year = 2023) from firms",
        "select district, row_number() over () from firms",
        "with a as (select * from firms) select count(*) from a",
        "select count(*) from firms union select 1",
        "select 1; select 2",
        "drop table firms",
        "",
    ],
)
async def test_what_would_show_more_than_groups_is_refused_and_not_counted(space, tmp_path, statement):
    if not any(row["id"] == "firms-kept" for row in space.rows("provider", "products")):
        await publish(space, "firms-kept", tmp_path)
        await agreed(space, "firms-kept")
    status, _text = await refused(ask(space, "firms-kept", statement))
    assert status == 400
    [agreement] = [row["digest"] for row in space.rows("buyer", "agreements") if row["product"] == "firms-kept"]
    assert jobs(space, agreement) == []


async def test_two_answers_do_not_differ_by_a_few(space, tmp_path):
    """The attack on differences: the whole, then all but one firm's rows; by one buyer, and by two."""
    await publish(space, "firms-near", tmp_path)
    await agreed(space, "firms-near")
    whole = await ask(space, "firms-near", "select sum(revenue) from firms")
    status, text = await refused(
        ask(space, "firms-near", "select sum(revenue) from firms where district <> 'Z'", job="near")
    )
    assert (status, "nothing of its answer passes" in text) == (403, True)
    by_file = "select sum(revenue) from \"firms.csv\" where district <> 'Z'"
    status, text_of_it = await refused(ask(space, "firms-near", by_file))
    assert (status, text_of_it) == (403, text), "a table has two names, and is one"
    status, again = await refused(
        ask(space, "firms-near", "select sum(revenue) from firms where district <> 'Z'", job="near")
    )
    assert (status, again) == (403, text)
    assert (await ask(space, "firms-near", "select sum(revenue) from firms where year <> 1999"))["rows"] == whole[
        "rows"
    ]
    await space.doors["other"].call("POST", "acquisitions", {
        "id": "firms-near", "product": "firms-near",
        "mandate": {"limit": "1000", "bid": None, "purpose": "Research", "deposit": None},
    })  # fmt: skip
    await space.complete("firms-near", role="other")
    body = {"what": "firms-near", "statement": "select sum(revenue) from firms where district <> 'Z'"}
    assert (await refused(space.doors["other"].call("POST", "queries", body)))[0] == 403


async def test_a_policy_counts_statements_and_names_what_they_compute(space, tmp_path):
    rules = {"permission": [{"action": "compute", "constraint": [
        {"leftOperand": "count", "operator": "lteq", "rightOperand": 3},
        {"leftOperand": "computeFunction", "operator": "isPartOf", "rightOperand": ["COUNT"]},
    ]}]}  # fmt: skip
    await publish(space, "firms-few", tmp_path, purpose=None, region=None, rules=rules)
    agreement = await agreed(space, "firms-few")
    status, text = await refused(ask(space, "firms-few", "select avg(revenue) from firms"))
    assert status == 403, text
    asked = (ask(space, "firms-few", f"select count(*) from firms where year > {year}") for year in range(2_000, 2_008))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, dict) for one in found) == 3, found
    assert len([row for row in jobs(space, agreement) if row["state"] == "released"]) == 3


async def test_nothing_else_opens_the_data(space, tmp_path):
    await publish(space, "firms-shut", tmp_path)
    agreement = await agreed(space, "firms-shut")
    await ask(space, "firms-shut", "select count(*) from firms")
    url, header = address(space, agreement)
    base = url.rsplit("/computed/", 1)[0]
    edition = url.rsplit("/", 1)[1]
    async with aiohttp.ClientSession(headers=header) as session:
        for path in (
            f"/plain/{edition}",
            f"/plain/{edition}?list",
            f"/calls/{edition}",
            f"/streams/{edition}",
            f"/sealed/{edition}/pieces",
        ):
            async with session.get(base + path) as answer:
                assert answer.status in (401, 403, 404), (path, answer.status, await answer.text())
        async with session.post(url, data=b'{"id": "x", "statement": "select count(*) from firms"}') as answer:
            assert answer.status == 200
            assert answer.headers[bearers.ANSWERED] == "counted"
        async with session.post(url, data=b'{"id": "x", "statement": "select sum(year) from firms"}') as answer:
            assert answer.status == 409
        for odd in (
            b"{}",
            b"[]",
            b"",
            b'{"id": 1, "statement": "x"}',
            b"\xff",
            b'{"id": "' + b"a" * 200 + b'", "statement": "x"}',
        ):
            async with session.post(url, data=odd) as answer:
                assert answer.status == 400, odd
    async with aiohttp.ClientSession() as session, session.post(url, data=b"{}") as answer:
        assert answer.status == 401
    status, _ = await refused(
        space.doors["buyer"].call("POST", "openings", {"id": "o", "acquisition": "firms-shut", "purpose": "Research"})
    )
    assert status in (404, 409)


async def test_what_is_revoked_is_asked_no_more(space, tmp_path):
    await publish(space, "firms-over", tmp_path)
    agreement = await agreed(space, "firms-over")
    await ask(space, "firms-over", "select count(*) from firms")
    await space.doors["provider"].call("POST", f"agreements/{agreement}/revoke", {"reason": "objected"})
    url, header = address(space, agreement)
    asked = b'{"id": "y", "statement": "select count(*) from firms"}'
    async with aiohttp.ClientSession(headers=header) as session, session.post(url, data=asked) as answer:
        assert answer.status == 403


async def test_a_statement_that_a_crash_cut_is_asked_again_and_counted_once(space, tmp_path):
    once = {
        "permission": [{"action": "use", "constraint": {"leftOperand": "count", "operator": "lteq", "rightOperand": 1}}]
    }
    await publish(space, "firms-crash", tmp_path, rows=LONG, purpose=None, region=None, rules=once)
    agreement = await agreed(space, "firms-crash")
    asking = asyncio.ensure_future(refused(ask(space, "firms-crash", BY_DISTRICT, job="cut")))
    async with asyncio.timeout(20):
        while not [row for row in jobs(space, agreement) if row["state"] == "running"]:
            await asyncio.sleep(0.01)
    await space.people["provider"].kill()
    status, _ = await asking
    assert status == 503
    await space.people["provider"].start()
    [row] = jobs(space, agreement)
    assert (row["state"], "stopped" in row["reason"]) == ("failed", True)
    got = await ask(space, "firms-crash", BY_DISTRICT, job="cut")
    assert [row[0] for row in got["rows"]] == ["A", "B", "C"]
    assert await ask(space, "firms-crash", BY_DISTRICT, job="cut") == got
    assert (await refused(ask(space, "firms-crash", BY_DISTRICT, job="other")))[0] == 403
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 1


async def test_one_id_asked_many_times_at_once_is_answered_and_counted_once(space, tmp_path):
    await publish(space, "firms-at-once", tmp_path)
    agreement = await agreed(space, "firms-at-once")
    await ask(space, "firms-at-once", "select count(*) from firms")
    url, header = address(space, agreement)
    body = json.dumps({"id": "same", "statement": BY_DISTRICT})

    async def once(session):
        async with session.post(url, data=body) as answer:
            return answer.status, await answer.read()

    async with aiohttp.ClientSession(headers=header) as session:
        found = await asyncio.gather(*(once(session) for _ in range(6)))
    assert {status for status, _ in found} <= {200, 409}
    assert len({told for status, told in found if status == 200}) == 1
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert copy["calls"] == 2
    assert len([one for one in told(space, "provider", "computation.ended") if one["part"] == agreement]) == 2


async def test_what_is_told_as_its_transfer_ends_is_billed_or_not_told(space, tmp_path):
    """The race of an answer with the receipt of its transfer: what was told is what is billed, whoever is faster."""
    await publish(space, "firms-race", tmp_path)
    agreement = await agreed(space, "firms-race")
    answered = 0
    for at in range(6):
        await ask(space, "firms-race", "select count(*) from firms", job=f"first-{at}")
        statement = f"select sector, count(*) from firms where year > {2_000 + at} group by 1"
        asking = asyncio.ensure_future(refused_or(ask(space, "firms-race", statement, job=f"{at}")))
        await asyncio.sleep(0.1 + at * 0.15)
        await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
        answered += 1 + await asking

    def receipts():
        found = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
        return [json.loads(one["receipt"])["amount"] for one in found if one["receipt"]] if found else []

    async with asyncio.timeout(20):
        while len(receipts()) < 6:
            await asyncio.sleep(0.1)
    ended = [row for row in jobs(space, agreement) if row["state"] == "released"]
    assert sum(map(int, receipts())) == 1_000 * len(ended)
    assert len(ended) == answered


async def refused_or(asking):
    """Return 1 for an answer, 0 for a refusal."""
    found = await asyncio.gather(asking, return_exceptions=True)
    return int(isinstance(found[0], dict))


ASKED_OF_BOTH = (
    "select district, count(*) as firms, avg(revenue) as mean from firms group by district order by district",
    "select count(*) from firms",
    "select year, sum(revenue) from firms where sector = 'steel' group by year order by year",
    # too near to the one above it: what that one named is opened, too
    "select year, sum(revenue) from firms where sector = 'steel' and revenue > 12 group by year order by year",
)


async def test_of_a_parquet_file_the_columns_that_are_named_are_opened_and_it_says_the_same(space, tmp_path):
    """In pieces of 64 KiB, some of which are never opened; by rows of a subject, and by rows alone."""
    path = firms(tmp_path, rows=30_000)
    table = pyarrow.csv.read_csv(path)
    pyarrow.parquet.write_table(table, tmp_path / "firms.parquet", row_group_size=5_000)
    for name, gate in (("subject", GATE), ("rows", {"least": "10"})):
        said = {"tier": "computed", "unit": "query", "gate": gate, "columns": ["district", "sector", "year", "revenue"]}
        for kind in ("csv", "parquet"):
            product = f"same-{name}-{kind}"
            await space.publish_files("provider", product, [tmp_path / f"firms.{kind}"], **said, pieceKiB=64)
            await agreed(space, product)
        for at, statement in enumerate(ASKED_OF_BOTH):
            found = []
            for kind in ("csv", "parquet"):
                try:
                    told = await ask(space, f"same-{name}-{kind}", statement, job=str(at))
                    found.append((told["rows"], told["heldBack"]))
                except PenstockError as fault:
                    found.append(str(fault))
            assert found[0] == found[1], (name, statement)
            assert at or len(found[0][0]) >= 3
