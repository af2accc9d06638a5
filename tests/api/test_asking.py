"""What a statement finds of what was opened, by the command and the client, and what its process is kept from."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path

import pytest
import pytest_asyncio
from pyarrow import csv
from pyarrow import parquet as pq

from connector.client.client import Client
from connector.compute.sitting import SECONDS_MAX
from connector.runtime.errors import NotPermitted
from tests.api.command import penstock
from tests.api.space import PURPOSE
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = 5_000
TABLE = "day,millimetres,station\n" + "".join(f"{day},{day * 3 % 17},S{day % 5}\n" for day in range(ROWS))
SUM = "select station, sum(millimetres) as total, count(*) as days from rain group by station order by station"
TOTALS = [
    [f"S{station}", sum(day * 3 % 17 for day in range(ROWS) if day % 5 == station), ROWS // 5] for station in range(5)
]
USUAL = {"purpose": None, "region": None}
NEVER = "select count(*) from rain a, rain b, rain c, range(100000) where a.day + b.day + c.day = range"


def only(*constraints, action="use", **more):
    return {"permission": [{"action": action, "constraint": list(constraints)}], **more}


def delivered_and_read(*constraints):
    """Write a policy under which all is delivered sealed, and read as these say."""
    return {"permission": [{"action": "reproduce"}, {"action": "read", "constraint": list(constraints)}]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bought(space, tmp_path_factory):
    """Publish a table under several rules, and have each got under its own name."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "rain.csv").write_text(TABLE)
    pq.write_table(csv.read_csv(folder / "rain.csv"), folder / "rain.parquet")
    that = {"leftOperand": "query", "operator": "isAnyOf", "rightOperand": [" ".join(SUM.split())]}
    for product, (name, more) in {
        "asked": ("rain.csv", {}),
        "asked-columns": ("rain.parquet", {"layout": "aligned", "columns": ["day", "millimetres"]}),
        "asked-leased": ("rain.csv", {"openings": 3}),
        "asked-read": ("rain.csv", {**USUAL, "rules": only(prohibition=[{"action": "download"}], conflict="prohibit")}),
        "asked-that": ("rain.csv", {**USUAL, "rules": delivered_and_read(that)}),
    }.items():
        await space.publish_files("provider", product, [folder / name], **more)
        mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
        await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
        await space.complete(product, within=60)


async def ask(space, product, statement, *more, code=0):
    return await penstock(space, "buyer", "open", product, "--purpose", PURPOSE, "--query", statement, *more, code=code)


@pytest.mark.usefixtures("bought")
async def test_a_statement_is_answered_and_counted_as_an_opening(space):
    said = await ask(space, "asked", SUM, "--id", "asked-first")
    assert said["answer"]["columns"] == ["station", "total", "days"]
    assert said["answer"]["rows"] == TOTALS
    assert said["answer"]["tables"] == ["rain"]
    assert "limits" in said["answer"]["confined"]
    number = said["number"]
    again = await ask(space, "asked", SUM, "--id", "asked-first")
    assert (again["number"], "answer" in again) == (number, False)
    assert (await ask(space, "asked", "select 1 from rain limit 1"))["number"] == number + 1


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("copy rain to '/tmp/rain.csv'", "no SELECT"),
        ("select 1; select 2", "2 statements"),
        ("select * from snow", "no table `snow`"),
        ("select * from read_csv('/etc/passwd')", "read_csv"),
        ("select * from main.rain", "in a schema"),
        ("select getenv('HOME') from rain", "getenv"),
        ("x" * 9_000, "8192 characters"),
    ],
)
async def test_a_statement_that_cannot_be_answered_is_refused_uncounted(space, statement, words):
    before = (await ask(space, "asked", "select 1 from rain limit 1"))["number"]
    assert words in (await ask(space, "asked", statement, code=2))["text"]
    assert (await ask(space, "asked", "select 1 from rain limit 1"))["number"] == before + 1


@pytest.mark.usefixtures("bought")
async def test_an_engines_words_about_a_cell_are_not_told(space):
    said = await ask(space, "asked", "select cast(station as int) from rain", code=2)
    assert "ConversionException" in said["text"]
    assert "S0" not in json.dumps(said)


@pytest.mark.usefixtures("bought")
async def test_only_licensed_columns_are_there_to_be_asked(space):
    told = (await ask(space, "asked-columns", "select * from rain limit 1"))["answer"]
    assert told["columns"] == ["day", "millimetres"]
    assert "station" in (await ask(space, "asked-columns", "select station from rain", code=2))["text"]


@pytest.mark.usefixtures("bought")
async def test_a_leased_edition_is_asked_for_an_opening_and_leaves_no_file(space, tmp_path):
    for statement in ("select * from read_csv('rain')", "select 1; select 2"):  # nothing is bought for these
        await ask(space, "asked-leased", statement, code=2)
    said = await ask(space, "asked-leased", SUM)
    assert (said["number"], said["answer"]["rows"]) == (1, TOTALS)
    assert said["charged"] > 0
    assert "leased" in (await ask(space, "asked-leased", SUM, "--to", tmp_path / "sums.csv", code=2))["text"]


@pytest.mark.usefixtures("bought")
async def test_a_file_of_rows_leaves_only_where_the_policy_lets_it(space, tmp_path):
    sums = tmp_path / "sums.csv"
    said = await ask(space, "asked", SUM, "--to", sums)
    assert (said["answer"]["rows"], said["answer"]["rowCount"]) == ([], 5)
    assert sums.read_text().splitlines()[1:] == [f'"{one}",{total},{days}' for one, total, days in TOTALS]
    await ask(space, "asked", SUM, "--to", sums, code=2)
    await ask(space, "asked-read", SUM)
    refused = tmp_path / "refused.parquet"
    await ask(space, "asked-read", SUM, "--to", refused, code=3)
    assert not refused.exists()


@pytest.mark.usefixtures("bought")
async def test_a_policy_may_name_the_statements_that_it_permits(space, tmp_path):
    assert (await ask(space, "asked-that", SUM))["answer"]["rows"] == TOTALS
    await ask(space, "asked-that", "select * from rain", code=3)
    words = ("open", "asked-that", "--purpose", PURPOSE, "--to", tmp_path / "all")
    await penstock(space, "buyer", *words, code=3)


@pytest.mark.usefixtures("bought")
async def test_what_takes_too_long_is_ended(space):
    assert "2 seconds" in (await ask(space, "asked", NEVER, "--within", "2", code=2))["text"]


@pytest.mark.usefixtures("bought")
async def test_a_reading_is_cut_when_its_agreement_is_revoked(space):
    """Within a second, and what had begun is refused in words."""
    await space.doors["buyer"].call(
        "POST",
        "acquisitions",
        {"id": "asked-cut", "product": "asked", "mandate": {"limit": "1000", "purpose": PURPOSE}},
    )
    got = await space.complete("asked-cut", within=60)
    # so long that on a slow machine, too, nothing but the revocation ends it
    longest = ("--within", str(SECONDS_MAX))
    reading = asyncio.create_task(ask(space, "asked-cut", NEVER, *longest, "--id", "to-be-cut", code=3))
    async with asyncio.timeout(50):
        while not [
            row for row in space.rows("buyer", "reads") if (row["id"], row["state"]) == ("to-be-cut", "decided")
        ]:
            await asyncio.sleep(0.1)
    began = asyncio.get_running_loop().time()
    # not by the command, which may have to wait until the one that asks has ended (`tests.api.command`)
    revocation = {"reason": "a test of what follows"}
    await space.doors["provider"].call("POST", f"agreements/{got['agreement']}/revoke", revocation)
    assert "cut" in (await reading)["text"]
    assert asyncio.get_running_loop().time() - began < 30


PAGE = (Path(__file__).resolve().parents[2] / "docs" / "asking.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("bought")
async def test_the_commands_of_the_page_do_what_it_says(space, tmp_path):
    first, described, heavy = (shlex.split(line)[2:] for line in PAGE.splitlines() if line.startswith("    penstock "))
    for words in (first, described, heavy):
        words[0] = "asked"
        words[words.index("--purpose") + 1] = PURPOSE
    heavy[-1] = str(tmp_path / heavy[-1])
    told = (await penstock(space, "buyer", "open", *first))["answer"]
    assert sorted(told["rows"]) == [row[:2] for row in TOTALS]
    told = (await penstock(space, "buyer", "open", *described))["answer"]
    assert [row[0] for row in told["rows"]] == ["day", "millimetres", "station"]
    told = (await penstock(space, "buyer", "open", *heavy))["answer"]
    assert told["rowCount"] == len(Path(heavy[-1]).read_text().splitlines()) - 1 > 0


@pytest.mark.usefixtures("bought")
async def test_a_program_asks(space, tmp_path):
    async with Client(space.people["buyer"].data) as client:
        asked = await client.ask("asked", SUM, purpose=PURPOSE)
        assert ([list(row) for row in asked.rows], asked.count) == (TOTALS, 5)
        assert (await client.ask("asked", SUM, purpose=PURPOSE, to=tmp_path / "sums.parquet")).rows == ()
        assert pq.read_table(tmp_path / "sums.parquet").num_rows == 5
        with pytest.raises(NotPermitted):
            await client.ask("asked-that", "select * from rain", purpose=PURPOSE)


@pytest.mark.usefixtures("bought")
async def test_it_is_asked_in_the_console_too(space):
    got = await space.doors["buyer"].call("GET", "acquisitions/asked")
    buyer = await entered(space, "buyer")
    try:
        page = await buyer.open(f"agreements/{got['agreement']}")
        told = json.loads((await buyer.open(page.url + ".json")).text)
        purpose = next(one["iri"] for one in told["purposes"] if one["iri"].endswith("#" + PURPOSE))
        answer = await buyer.send(page, "/asking", purpose=purpose, query=SUM, joined="")
        assert answer.status == 200
        assert f"<td>S0</td><td>{TOTALS[0][1]}</td><td>{ROWS // 5}</td>" in answer.text
        assert "limits" in answer.text
        refused = await buyer.send(page, "/asking", purpose=purpose, query="copy rain to 'x'", joined="")
        assert refused.status == 400
        assert "no SELECT" in refused.text
    finally:
        await buyer.session.close()


@pytest.mark.usefixtures("bought")
async def test_many_at_once_are_numbered_one_after_the_other(space):
    before = (await ask(space, "asked", "select 1 from rain limit 1"))["number"]
    doors = space.doors["buyer"]
    bodies = [
        {"id": f"at-once-{number}", "acquisition": "asked", "purpose": PURPOSE, "query": SUM} for number in range(6)
    ]
    told = await asyncio.gather(*(doors.call("POST", "openings", body) for body in bodies))
    assert sorted(one["number"] for one in told) == [before + 1 + number for number in range(6)]
    assert all(one["answer"]["rows"] == TOTALS for one in told)
