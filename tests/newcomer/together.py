"""The walk of docs/projects.md from an empty folder: a bank, a grid and a laboratory sign, work, sell and are paid."""

from __future__ import annotations

import json

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.asides import TERMS

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = {"bank": "provider", "grid": "provider", "lab": "service"}
SHARES = {"bank": ("provider", 40), "grid": ("provider", 40), "lab": ("developer", 20)}
DISTRICTS = "ABCD"
FIRMS = 400
FEE = 10  # per cent, the exchange's


async def test_a_bank_a_grid_and_a_laboratory_are_there(walk, here):
    for name, port in zip(ROLES, free_ports(len(ROLES)), strict=True):
        made = ["--name", name.title(), "--port", str(port), "--development", "--exchange", here.url, "--data", name]
        await walk.type(["penstock", "init", "--role", ROLES[name], *made])
        await walk.serve(["penstock", "serve", "--data", name])
        await walk.type(["penstock", "exchange", "admit", walk.did(name), "--invite", "--data", "exchange"])


async def test_all_sign_a_project_and_others_see_none(walk):
    parties = [f"--party={walk.did(name)}={role}:{share}" for name, (role, share) in SHARES.items()]
    words = ["penstock", "project", "propose", "Credit by power use", *parties, "--until", "2027-12-31T00:00:00Z"]
    assert "nothing was done" in await walk.type([*words, "--id", "power", "--dry-run", "--data", "lab"])
    said = await walk.type([*words, "--id", "power", "--data", "lab"])
    assert said.count("has not signed") == 2
    await walk.type([*words[:4], *parties[1:], *words[7:], "--id", "less", "--data", "lab"], 2)
    digest = json.loads(await walk.type(["penstock", "project", "show", "power", "--json", "--data", "bank"]))["digest"]
    await walk.type(["penstock", "project", "sign", "power", "--data", "bank"])
    await walk.type(["penstock", "project", "sign", "power", "--digest", "00" * 32, "--data", "grid"], 2)
    # before all have signed nothing is sold under it
    (walk.folder / "early.csv").write_text("district,score\nA,1\n")
    early = ("early.csv", "--project", "power", "--title", "Too early", *TERMS, "--id", "early")
    assert "has not signed" in await walk.type(["penstock", "publish", *early, "--data", "lab"], 2)
    said = await walk.type(["penstock", "project", "sign", "power", "--digest", digest, "--data", "grid"])
    assert "(agreed" in said
    await walk.type(["penstock", "project", "show", "power", "--data", "buyer"], 4)
    assert "no project" in await walk.type(["penstock", "project", "list", "--data", "buyer"])
    assert "power" in await walk.type(["penstock", "project", "list", "--data", "grid"])
    terms = ("--until", "2027-12-31T00:00:00Z", "--id", "no", "--data", "lab")
    await walk.type(["penstock", "project", "propose", "Another", *parties, *terms])
    assert "declined" in await walk.type(
        ["penstock", "project", "decline", "no", "--reason", "too little", "--data", "bank"]
    )


async def test_the_laboratory_asks_both_and_puts_in_what_it_made(walk):
    """Rows stay where they are; what comes of the two answers is the laboratory's, and is put into the project."""
    firms = [(f"F{at}", DISTRICTS[at % 4], at % 4) for at in range(FIRMS)]
    rows = {
        "bank": "firm,district,late\n" + "".join(f"{firm},{district},{at}\n" for firm, district, at in firms),
        "grid": "firm,district,kwh\n" + "".join(f"{firm},{district},{100 * at}\n" for firm, district, at in firms),
    }
    asked = {
        "bank": "select district, count(*) as firms, avg(late) from bank group by district order by district",
        "grid": "select district, count(*) as firms, avg(kwh) from grid group by district order by district",
    }
    told = {}
    for name, column in (("bank", "late"), ("grid", "kwh")):
        (walk.folder / f"of-{name}").mkdir()
        (walk.folder / f"of-{name}" / f"{name}.csv").write_text(rows[name])
        says = (f"of-{name}/{name}.csv", "--title", f"What {name} knows", "--tier", "computed", "--gate=subject=firm")
        says += ("--column", "district", "--column", column, "--unit", "free", *TERMS[2:], "--id", column)
        await walk.type(["penstock", "publish", *says, "--data", name])
        await walk.type(["penstock", "exchange", "review", column, "--data", "exchange"])
        bought = ("--max-price", "0", "--purpose", "Research", "--id", column)
        await walk.type(["penstock", "get", column, *bought, "--data", "lab"])
        query = ["penstock", "query", column, asked[name], "--json", "--data", "lab"]
        told[name] = json.loads(await walk.type(query))["rows"]
    assert [row[0] for row in told["bank"]] == [row[0] for row in told["grid"]] == list(DISTRICTS)
    lines = [f"{one[0]},{one[2]},{other[2]}" for one, other in zip(told["bank"], told["grid"], strict=True)]
    (walk.folder / "scores.csv").write_text("district,late,kwh\n" + "\n".join(lines) + "\n")
    add = ["penstock", "project", "add", "power", "scores", "--file", "scores.csv", "--made-of", "late"]
    said = await walk.type([*add, "--made-of", "kwh", "--note", "late payments by power use", "--data", "lab"])
    assert ("result scores of" in said, "made of late, kwh" in said) == (True, True)
    await walk.type([*add, "--made-of", "never bought", "--data", "lab"], 4)
    assert "made of late, kwh" in await walk.type(["penstock", "project", "show", "power", "--data", "bank"])


async def test_what_is_sold_is_paid_to_all_three(walk):
    says = ("scores.csv", "--project", "power", "--title", "Late payments by power use", "--id", "scores")
    terms = ("--price", "20.00", "--floor", "20.00", "--unit", "flat", *TERMS[2:])
    plain = await walk.type(["penstock", "publish", *says, *terms, "--tier", "plain", "--data", "lab"], 2)
    assert "not split by the chain" in plain
    await walk.type(["penstock", "publish", *says, *terms, "--data", "lab"])
    await walk.type(["penstock", "exchange", "review", "scores", "--data", "exchange"])
    before = {name: await walk.money(name) for name in (*ROLES, "exchange")}
    bought = ("--max-price", "20.00", "--purpose", "Research", "--id", "scores")
    await walk.type(["penstock", "get", "scores", *bought, "--data", "buyer"])
    await walk.type(["penstock", "settle", "--data", "lab"])
    for name in ("bank", "grid", "exchange"):
        await walk.type(["penstock", "settle", "--data", name])
    got = {name: await walk.money(name) - money for name, money in before.items()}
    rest = 2_000 * (100 - FEE) // 100
    assert {name: got[name] for name in ROLES} == {name: rest * share // 100 for name, (_, share) in SHARES.items()}
    assert "7.20" in await walk.type(["penstock", "wallet", "--data", "bank"])
    said = await walk.type(["penstock", "project", "show", "power", "--data", "grid"])
    assert ("earned 7.20" in said, "earned 3.60" in said, "sold: scores" in said) == (True, True, True)


async def test_a_project_is_ended_and_the_audit_finds_nobody_at_fault(walk, here):
    assert "(ended" in await walk.type(
        ["penstock", "project", "end", "power", "--reason", "all is sold", "--data", "grid"]
    )
    late = ("early.csv", "--project", "power", "--title", "Too late", *TERMS, "--id", "late-one")
    assert "is ended" in await walk.type(["penstock", "publish", *late, "--data", "lab"], 2)
    for name in ROLES:
        await walk.type(["penstock", "log", "anchor", "--data", name])
    said = await walk.type(["penstock", "audit", "--exchange", here.url, "--development", "--data", "regulator"])
    assert "audit: clean" in said
