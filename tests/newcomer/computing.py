"""The walks of docs/compute.md from an empty folder: asked, noised, priced, related, learned, run."""

from __future__ import annotations

import json
import random

import pytest

from connector.demo.processes import free_ports
from tests.compute import programs
from tests.newcomer.asides import POLICY, TERMS

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_data_that_stay_are_published_asked_and_seen_by_nobody(walk):
    """A table of one's own, as docs/compute.md has it: one answer, what is refused, what passes nothing, who asked."""
    rows = "".join(f"F{at % 90},{'ABC'[at % 3]},{2_022 + at % 4},{at * 7919 % 977}\n" for at in range(900))
    (walk.folder / "firms.csv").write_text("firm,district,year,revenue\n" + rows + "F900,Z,2022,5\n")
    gate = ("--gate", "subject=firm", "--gate", "least=10", "--column", "district", "--column", "revenue")
    says = ("firms.csv", "--title", "Firms by district", "--tier", "computed", *gate, "--column", "year")
    terms = ("--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:], "--id", "firms")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "firms", "--data", "exchange"])
    purpose = ("--purpose", "Research")
    await walk.type(["penstock", "get", "firms", "--max-price", "0.50", *purpose, "--id", "firms", "--data", "buyer"])
    query = ["penstock", "query", "firms"]
    by_district = "select district, count(*) as firms, avg(revenue) from firms group by district order by firms desc"
    told = await walk.type([*query, by_district, "--id", "by-district", "--data", "buyer"])
    assert "300" in told
    assert "held back" in told
    assert "Z" not in told.split()
    assert await walk.type([*query, by_district, "--id", "by-district", "--data", "buyer"]) == told
    await walk.type([*query, "select * from firms", "--data", "buyer"], 2)
    chosen = ("--count", "--average", "revenue", "--by", "district", "--where", "year >= 2023")
    looked = await walk.type([*query, *chosen, "--dry-run", "--data", "buyer"])
    assert ("group by 1 order by 1" in looked, "0.50 CNY" in looked) == (True, True)
    assert 'select "district", count(*)' in await walk.type([*query, *chosen, "--id", "chosen", "--data", "buyer"])
    assert 'count(distinct "firm")' in await walk.type([*query, "--subjects", "--data", "buyer"])
    await walk.type([*query, "--average", "district", "--data", "buyer"], 2)
    whole = "select sum(revenue) from firms where year between 2022 and 2025"
    await walk.type([*query, whole, "--data", "buyer"])
    await walk.type([*query, f"{whole} and district <> 'Z'", "--data", "buyer"], POLICY)
    assert "by-district" in await walk.type(["penstock", "admin", "queries", "--long", "--data", "buyer"])
    await walk.type(["penstock", "admin", "cancel", "firms", "never", "--data", "buyer"], 4)
    asked = await walk.type(["penstock", "admin", "computations", "--data", "provider"])
    assert ("released" in asked, "withheld" in asked) == (True, True)
    agreement = (await walk.ask("buyer", "acquisitions/firms"))["agreement"]
    assert "ended: 1" in await walk.type(["penstock", "admin", "hangup", agreement, "--data", "buyer"])


async def test_a_question_is_put_together_sold_and_asked_by_its_buyer(walk):
    """As docs/compute.md has it: a file of choices is published, got, and asked of the firms; each answer is a use."""
    choices = ("--count", "--average", "revenue", "--by", "district", "--where", "year >= :since")
    made = ["penstock", "program", "question", "firms", *choices, "--out", walk.folder / "trend.question.json"]
    assert "since (number)" in await walk.type([*map(str, made), "--data", "provider"])
    says = ("trend.question.json", "--title", "Revenue by district since a year", "--application", "is=question")
    terms = ("--tier", "leased", "--unit", "opening", "--price", "1.00", "--floor", "1.00", "--openings", "5")
    await walk.type(["penstock", "publish", *says, *terms, *TERMS[2:], "--id", "trend", "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "trend", "--data", "exchange"])
    bought = ("--max-price", "1.00", "--deposit", "5.00", "--purpose", "Research", "--id", "trend")
    await walk.type(["penstock", "get", "trend", *bought, "--data", "buyer"])
    asked = ["penstock", "query", "firms", "--application", "trend", "--data", "buyer"]
    await walk.type(asked, 2)
    told = await walk.type([*asked, "--set", "since=2023", "--id", "trend-1"])
    assert ('where "year" >= 2023' in told, "opening 1" in told) == (True, True)
    assert await walk.type([*asked, "--set", "since=2023", "--id", "trend-1"]) == told


async def test_answers_may_have_noise_and_a_budget(walk):
    """The same table with noise: two answers, and no third."""
    gate = [f"--gate={one}" for one in ("subject=firm", "noise=2", "budget=4", "rows=10", "bounds=revenue:0:1000")]
    says = ("firms.csv", "--title", "Firms, with noise", "--tier", "computed", *gate, "--column", "district")
    terms = (
        "--column",
        "revenue",
        "--unit",
        "query",
        "--price",
        "0.50",
        "--floor",
        "0.50",
        *TERMS[2:],
        "--id",
        "noised",
    )
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "noised", "--data", "exchange"])
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "noised")
    await walk.type(["penstock", "get", "noised", *bought, "--data", "buyer"])
    query = ["penstock", "query", "noised"]
    told = await walk.type(
        [*query, "select count(distinct firm) as firms from firms", "--id", "n-1", "--data", "buyer"]
    )
    assert (" ± " in told, "ε 2.00, 2.00 left" in told) == (True, True)
    await walk.type([*query, "select avg(year) from firms", "--data", "buyer"], 2)
    told = json.loads(await walk.type([*query, "select avg(revenue) from firms", "--json", "--data", "buyer"]))
    assert told["left"] == "0.00"
    await walk.type([*query, "select count(*) from firms", "--data", "buyer"], POLICY)
    asked = await walk.type(["penstock", "admin", "computations", "--of", "noised", "--long", "--data", "provider"])
    assert asked.count("released") == 2
    assert "ε 4.00 of 4.00 was told of noised" in asked


async def test_an_answer_comes_with_evidence_that_no_hardware_vouches_for(walk):
    """The reader of docs/compute.md is measured, named in the terms, and vouched for by a simulated platform."""
    gate = ("--gate", "subject=firm", "--gate", "attested=simulated", "--column", "district", "--column", "revenue")
    says = ("firms.csv", "--title", "Firms, attested", "--tier", "computed", *gate)
    terms = ("--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:], "--id", "attested")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "attested", "--data", "exchange"])
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "attested")
    await walk.type(["penstock", "get", "attested", *bought, "--data", "buyer"])
    query = ["penstock", "query", "attested", "select district, count(*) as firms from firms group by district"]
    label = "simulated (no hardware vouches for it)"
    assert label in await walk.type([*query, "--id", "attested-1", "--data", "buyer"])
    told = json.loads(await walk.type([*query, "--id", "attested-1", "--json", "--data", "buyer"]))
    measured = await walk.type(["penstock", "admin", "readers", "--data", "buyer"])
    assert (told["attested"], told["evidence"]["measurement"] in measured, label in measured) == (label, True, True)
    assert label in await walk.type(["penstock", "admin", "queries", "--data", "buyer"])
    assert "simulated" in await walk.type(["penstock", "key", "list", "--data", "provider"])
    lookup = ("--gate", "lookup=10", "--id", "attested-never")
    await walk.type(["penstock", "publish", *says, *lookup, *terms[:-2], "--data", "provider"], 2)


async def test_an_answer_is_priced_by_what_it_tells_and_by_what_it_takes(walk):
    """As docs/compute.md has it: chosen, quoted, charged once under its id; seconds within what was said at most."""
    gate = [f"--gate={one}" for one in ("subject=firm", "noise=1", "choose=0.2:3", "budget=3", "rows=10")]
    says = ("firms.csv", "--tier", "computed", "--column", "district", *TERMS[2:])
    tells = ("--title", "By what it tells", "--unit", "epsilon", "--price", "2.00", "--floor", "2.00", "--id", "choice")
    takes = ("--title", "By the second", "--unit", "second", "--price", "0.20", "--floor", "0.20", "--id", "timed")
    bought = ("--max-price", "2.00", "--purpose", "Research", "--data", "buyer")
    for name, more in (("choice", (*tells, *gate)), ("timed", (*takes, "--gate=subject=firm"))):
        await walk.type(["penstock", "publish", *says, *more, "--data", "provider"])
        await walk.type(["penstock", "exchange", "review", name, "--data", "exchange"])
        await walk.type(["penstock", "get", name, "--id", name, *bought])
    exact = ["penstock", "query", "choice", "select count(*) from firms", "--epsilon", "1.5", "--id", "p-1"]
    assert "3.00 CNY" in await walk.type([*exact, "--dry-run", "--data", "buyer"])
    told = await walk.type([*exact, "--data", "buyer"])
    assert "ε 1.50, 1.50 left" in told
    assert await walk.type([*exact, "--data", "buyer"]) == told
    await walk.type([*exact[:4], "--epsilon", "3.5", "--data", "buyer"], 2)
    timed = ["penstock", "query", "timed", "select count(*) from firms", "--id", "p-2"]
    await walk.type([*timed, "--data", "buyer"], 2)
    await walk.type([*timed, "--at-most", "5", "--data", "buyer"])
    asked = await walk.type(["penstock", "admin", "queries", "--data", "buyer"])
    assert ("ε 1.50" in asked, " CPU seconds" in asked) == (True, True)


async def test_what_two_have_of_the_same_firms_is_related(walk):
    """A product and a table of one's own, as docs/compute.md has it: how many both have, and what goes with what."""
    (walk.folder / "used.csv").write_text("firm,kwh\n" + "".join(f"U{at},{at % 4_000}\n" for at in range(20_000)))
    won = (f"U{at},{int(at % 4_000 > 2_000)}\n" for at in range(4_000, 20_000))
    (walk.folder / "won.csv").write_text("firm,won\n" + "".join(won))
    gate = ("--gate=subject=firm", "--gate=noise=5", "--gate=budget=5", "--gate=sketch=1024")
    says = ("used.csv", "--title", "Use of power", "--tier", "computed", *gate, "--column", "kwh")
    terms = ("--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:], "--id", "used")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "used", "--data", "exchange"])
    numbers = ("--label", "won", "--number", "won:0:1", "--number", "kwh:0:4000")
    relate = ["penstock", "relate", "--of", "used", "--with", "won.csv", "--key", "firm", *numbers]
    await walk.type([*relate, "--data", "buyer"], 4)
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "used")
    await walk.type(["penstock", "get", "used", *bought, "--data", "buyer"])
    await walk.type([*relate, "--number", "age:0:1", "--data", "buyer"], 2)
    told = await walk.type([*relate, "--id", "rel-1", "--data", "buyer"])
    assert ("rows that both have" in told, "of used" in told, "ε 5.00, 0.00 left" in told) == (True, True, True)
    assert await walk.type([*relate, "--id", "rel-1", "--data", "buyer"]) == told
    await walk.type([*relate, "--data", "buyer"], POLICY)
    asked = await walk.type(["penstock", "admin", "computations", "--of", "used", "--long", "--data", "provider"])
    assert ("sketch {" in asked, "won" in asked) == (True, False)


async def test_a_label_of_ones_own_is_learned(walk):
    """As docs/compute.md has it: quoted, learned once under its id, and neither label nor key at the provider."""
    drawn = random.Random(7)
    rows = [(f"L{at}", drawn.randint(0, 4_000), drawn.randint(18, 78)) for at in range(1_000)]
    used = "".join(f"{key},{kwh},{age}\n" for key, kwh, age in rows[:900])
    (walk.folder / "power.csv").write_text(f"firm,kwh,age\n{used}")
    late = "".join(f"{key},{int(drawn.random() < kwh / 4_000)}\n" for key, kwh, _ in rows)
    (walk.folder / "late.csv").write_text(f"firm,late\n{late}")
    gate = ("--gate=subject=firm", "--gate=noise=1", "--gate=budget=4", "--gate=learn=5000")
    says = ("power.csv", "--title", "Power", "--tier", "computed", *gate, "--column", "kwh", "--column", "age")
    terms = ("--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:], "--id", "power")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "power", "--data", "exchange"])
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "power")
    await walk.type(["penstock", "get", "power", *bought, "--data", "buyer"])
    about = ("--with", "late.csv", "--key", "firm", "--label", "late", "--number", "kwh:0:4000", "--number", "age:0:80")
    learn = ["penstock", "learn", "power", *about]
    quoted = await walk.type([*learn, "--dry-run", "--data", "buyer"])
    assert quoted.count("0.50 CNY") >= 4, quoted
    told = await walk.type([*learn, "--id", "learned-1", "--data", "buyer"])
    assert ("4 answers of ε 1.00 each, 0.00 left" in told, "+" in told) == (True, True), told
    assert await walk.type([*learn, "--id", "learned-1", "--data", "buyer"]) == told
    await walk.type([*learn, "--data", "buyer"], POLICY)
    asked = await walk.type(["penstock", "admin", "computations", "--of", "power", "--long", "--data", "provider"])
    assert ("match {" in asked, "step {" in asked, "late" in asked) == (True, True, False)


async def test_a_program_of_ones_own_is_rehearsed_and_run(walk):
    """A mean as a program, as docs/compute.md has it: at home first, then where the data are, and what is refused."""
    gate = ("--gate=subject=firm", "--gate=noise=4", "--gate=budget=4", "--gate=programs=2")
    says = ("firms.csv", "--title", "Firms, for programs", "--tier", "computed", *gate, "--column", "revenue")
    terms = ("--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:], "--id", "run-on")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "run-on", "--data", "exchange"])
    (walk.folder / "mean.wat").write_bytes(programs.MEAN)
    (walk.folder / "traps.wat").write_bytes(programs.TRAPS)
    (walk.folder / "rows.csv").write_text("revenue\n" + "".join(f"{at}\n" for at in range(1_000)))
    program, rows = ("--with", "mean.wat", "--tells", "mean:0:1000"), "select revenue from {}"
    rehearse = ["penstock", "rehearse", rows.format("rows"), "--on", "rows.csv", "--blocks", "20"]
    told = await walk.type([*rehearse, *program, "--data", "buyer"])
    assert ("20 of 20 blocks answered" in told, "nothing was sent" in told) == (True, True)
    told = await walk.type([*rehearse, "--with", "traps.wat", "--tells", "mean:0:1000", "--data", "buyer"])
    assert ("20 failed" in told, "unreachable" in told) == (True, True)
    run = ["penstock", "run", "run-on", rows.format("firms"), *program, "--blocks", "20"]
    await walk.type([*run, "--data", "buyer"], 4)
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "run-on")
    await walk.type(["penstock", "get", "run-on", *bought, "--data", "buyer"])
    told = await walk.type([*run, "--id", "r-1", "--data", "buyer"])
    assert (" ± " in told, "ε 4.00, 0.00 left" in told) == (True, True)
    assert await walk.type([*run, "--id", "r-1", "--data", "buyer"]) == told
    await walk.type([*run, "--data", "buyer"], POLICY)
    await walk.type(["penstock", "run", "firms", rows.format("firms"), *program, "--data", "buyer"], 2)
    await walk.type([*run[:-1], "2000", "--data", "buyer"], 2)
    asked = await walk.type(["penstock", "admin", "computations", "--of", "run-on", "--long", "--data", "provider"])
    assert "program sha-256:" in asked


async def test_a_program_with_its_reviewers_assent_is_told_exactly(walk):
    """As docs/compute.md has it, with the regulator as the reviewer: refused without it, exact with it, and audited."""
    columns = ("--column", "revenue", "--column", "year")
    gate = ("--gate=subject=firm", "--gate=programs=2", f"--gate=reviewer={walk.did('regulator')}")
    says = ("firms.csv", "--title", "Firms, for reviewed programs", "--tier", "computed", *gate, *columns)
    terms = ("--unit", "query", "--price", "0.50", "--floor", "0.50", *TERMS[2:], "--id", "reviewed")
    await walk.type(["penstock", "publish", *says, *terms, "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "reviewed", "--data", "exchange"])
    program = ("--with", "mean.wat", "--tells", "mean:0:1000")
    rows = "select revenue from firms where year >= 2024"
    whom = ("--for", walk.did("buyer"), "--of", walk.did("provider"), "--until", "2027-06-30T00:00:00Z")
    assent = ["penstock", "program", "assent", "reviewed", rows, *program, *whom, "--why", "a mean of all"]
    told = await walk.type([*assent, "--out", "assent.json", "--data", "regulator"])
    assert ("written to assent.json" in told, rows in told) == (True, True)
    bought = ("--max-price", "0.50", "--purpose", "Research", "--id", "reviewed")
    told = await walk.type(["penstock", "get", "reviewed", *bought, "--data", "buyer"])
    assert "--assent ASSENT.json" in told
    run = ["penstock", "run", "reviewed", rows, *program, "--data", "buyer"]
    await walk.type(run, 2)
    told = await walk.type([*run, "--assent", "assent.json", "--id", "e-1"])
    lines = [one.split(",") for one in (walk.folder / "firms.csv").read_text().splitlines()[1:]]
    cells = [float(one[-1]) for one in lines if int(one[-2]) >= 2_024]
    assert (f"{sum(cells) / len(cells):.5g}" in told, "exactly, by the assent" in told) == (True, True), told
    await walk.type([*run[:3], rows.replace("2024", "2023"), *run[4:], "--assent", "assent.json"], POLICY)
    asked = await walk.type(["penstock", "admin", "computations", "--of", "reviewed", "--long", "--data", "provider"])
    assert "reviewed program sha-256:" in asked


async def test_a_program_is_sold_as_an_application_and_run_by_who_bought_it(walk):
    """As docs/compute.md has it: sold, found, bought, rehearsed and run without a file going around, and counted."""
    says = ("--title", "Mean of a column", "--application", "needs=revenue", "--application", "tells=mean:0:1000")
    priced = ("--tier", "leased", "--unit", "opening", "--price", "1.00", "--floor", "1.00", "--openings", "2")
    terms = (*priced, *TERMS[2:], "--id", "mean", "--data", "provider")
    await walk.type(["penstock", "publish", "firms.csv", *says, *terms], 2)
    await walk.type(["penstock", "publish", "mean.wat", *says, *terms])
    await walk.type(["penstock", "exchange", "review", "mean", "--data", "exchange"])
    found = await walk.type(["penstock", "find", "--kind", "application", "--data", "buyer"])
    assert ("mean " in found, "an application" in found, "firms" in found) == (True, True, False), found
    shown = await walk.type(["penstock", "product", "show", "mean", "--data", "buyer"])
    assert ("sha-256:" in shown, "mean:0.0:1000.0" in shown) == (True, True), shown
    rows, whole = "select revenue from firms where year >= 2024", "select revenue from rows"
    whom = ("--for", "any", "--of", walk.did("provider"), "--until", "2027-06-30T00:00:00Z")
    assent = ["penstock", "program", "assent", "reviewed", rows, "--with", "mean.wat", "--tells", "mean:0:1000", *whom]
    await walk.type([*assent, "--why", "a mean of all", "--out", "any.json", "--data", "regulator"])
    run = ["penstock", "run", "reviewed", rows, "--application", "mean", "--assent", "any.json", "--data", "buyer"]
    await walk.type(run, 4)
    bought = ("--max-price", "1.00", "--deposit", "9.00", "--purpose", "Research", "--id", "mean")
    told = await walk.type(["penstock", "get", "mean", *bought, "--data", "buyer"])
    assert "--application mean" in told, told
    rehearse = ["penstock", "rehearse", whole, "--on", "rows.csv", "--application", "mean", "--data", "buyer"]
    told = await walk.type([*rehearse, "--whole"])
    assert ("opening 1, charged 1.00" in told or "opening 1, charged 100" in told) is True, told
    told = await walk.type([*run, "--id", "a-1"])
    assert ("exactly, by the assent" in told, "opening 2" in told) == (True, True), told
    assert await walk.type([*run, "--id", "a-1"]) == told
    await walk.type([*run, "--tells", "mean:0:1", "--id", "a-2"], 2)
    await walk.type([*run, "--id", "a-2"], POLICY)
    assert "2" in (await walk.type(["penstock", "orders", "mean", "--data", "provider"])).split()


async def test_three_providers_tell_a_total_and_nothing_of_one(walk, here):
    """Two more providers with firms of their own, as docs/compute.md has it: a total, and what is refused."""
    names = ("provider", "second", "third")
    for name, port in zip(names[1:], free_ports(2), strict=True):
        made = ["--name", name.title(), "--port", str(port), "--development", "--exchange", here.url, "--data", name]
        await walk.type(["penstock", "init", "--role", "provider", *made])
        await walk.serve(["penstock", "serve", "--data", name])
        await walk.type(["penstock", "exchange", "admit", walk.did(name), "--invite", "--data", "exchange"])
    gate = ("--gate=subject=firm", "--gate=noise=5", "--gate=budget=10", "--gate=bounds=revenue:0:1000,late:0:1")
    terms = (
        "--column",
        "district",
        "--column",
        "revenue",
        "--column",
        "late",
        "--unit",
        "query",
        "--price",
        "0.50",
        "--floor",
        "0.50",
    )
    for at, name in enumerate(names, 1):
        rows = "".join(f"{name}-{one},{'AB'[one % 2]},{100 * at},{int(at > 1)}\n" for one in range(1_000))
        (walk.folder / f"of-{name}").mkdir()
        (walk.folder / f"of-{name}" / "shares.csv").write_text("firm,district,revenue,late\n" + rows)
        others = ",".join(walk.did(one) for one in names if one != name)
        said = (
            f"of-{name}/shares.csv",
            "--title",
            f"Shares of {name}",
            "--tier",
            "computed",
            *gate,
            f"--gate=with={others}",
        )
        words = (*said, *terms, *TERMS[2:], "--id", f"shares-{name}", "--data", name)
        await walk.type(["penstock", "publish", *words])
        await walk.type(["penstock", "exchange", "review", f"shares-{name}", "--data", "exchange"])
        bought = ("--max-price", "0.50", "--purpose", "Research", "--id", f"shares-{name}")
        await walk.type(["penstock", "get", f"shares-{name}", *bought, "--data", "buyer"])
    asked = [word for name in names for word in ("--of", f"shares-{name}")]
    statement = "select district, count(*) as firms, avg(revenue) from shares group by district"
    joint = ["penstock", "joint", statement, *asked, "--data", "buyer"]
    await walk.type(joint, 2)
    told = await walk.type([*joint, "--over", "district=A,B", "--id", "j-1"])
    assert ("district" in told, " ± " in told, told.count("5.00 left")) == (True, True, 3)
    found = json.loads(await walk.type([*joint, "--over", "district=A,B", "--id", "j-1", "--json"]))
    assert [(row[0], abs(row[1] - 1_500) < 50, abs(row[2] - 200) < 20) for row in found["rows"]] == [
        ("A", True, True), ("B", True, True)
    ]  # fmt: skip
    (walk.folder / "own.csv").write_text("revenue,late\n50,0\n150,0\n250,1\n350,1\n")
    model = ["penstock", "model", "shares", *asked, "--label", "late", "--feature", "revenue", "--data", "buyer"]
    seen = await walk.type([*model, "--with", "own.csv", "--id", "m-1"])
    assert ("late = " in seen, "█" in seen, "of your 4 rows" in seen) == (True, True, True)
    await walk.type([*model, "--feature", "district"], 2)
    await walk.type(["penstock", "query", "shares-second", "select count(*) from shares", "--data", "buyer"], 2)
    # the same with an ε that the buyer chooses, and that has the price
    leaves = ("--gate=subject=firm", "--gate=noise=1", "--gate=choose=0.2:3", "--gate=budget=4", gate[-1])
    priced = ("--column", "revenue", "--column", "late", "--unit", "epsilon", "--price", "2.00", "--floor", "2.00")
    for name in names:
        others = ",".join(walk.did(one) for one in names if one != name)
        said = (f"of-{name}/shares.csv", "--title", "By ε", "--tier", "computed", *leaves, f"--gate=with={others}")
        await walk.type(["penstock", "publish", *said, *priced, *TERMS[2:], "--id", f"choice-{name}", "--data", name])
        await walk.type(["penstock", "exchange", "review", f"choice-{name}", "--data", "exchange"])
        bought = ("--max-price", "2.00", "--purpose", "Research", "--id", f"choice-{name}")
        await walk.type(["penstock", "get", f"choice-{name}", *bought, "--data", "buyer"])
    chosen = [word for name in names for word in ("--of", f"choice-{name}")]
    joint = ["penstock", "joint", "select count(*) as firms from shares", *chosen, "--data", "buyer"]
    await walk.type([*joint, "--epsilon", "3.5"], 2)
    quoted = await walk.type([*joint, "--epsilon", "1.5", "--id", "j-2", "--dry-run"])
    assert quoted.count("3.00 CNY") == 3, quoted
    told = await walk.type([*joint, "--epsilon", "1.5", "--id", "j-2"])
    assert told.count("ε 1.50, 2.50 left") == 3, told
    assert await walk.type([*joint, "--epsilon", "1.5", "--id", "j-2"]) == told
    model = ["penstock", "model", "shares", *chosen, "--label", "late", "--feature", "revenue", "--data", "buyer"]
    assert "late = " in await walk.type([*model, "--epsilon", "2", "--id", "m-2"])
    asked = await walk.type(["penstock", "admin", "computations", "--of", "choice-third", "--long", "--data", "third"])
    assert ("ε 1.50" in asked, "ε 3.50 of 4.00 was told" in asked) == (True, True)
    seen = await walk.type(["penstock", "admin", "computations", "--of", "shares-third", "--data", "third"])
    assert ("released" in seen, "jointly over" in seen) == (True, True)
    for name in names[1:]:
        await walk.servers[name].stop()
