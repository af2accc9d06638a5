"""Two more walks of docs/projects.md: tax returns beside use of power, and who saw an advertisement beside who bought.

Nobody sees whom another has: what both have of the same firms, or of the same devices, is related by sketches.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

import pytest

from connector.demo.processes import free_ports
from tests.newcomer import together
from tests.newcomer.asides import TERMS

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 20_000
FEE = 10  # per cent, the exchange's
GATE = ("--gate=noise=5", "--gate=budget=20", "--gate=sketch=1024")


@dataclass(frozen=True)
class Story:
    """Two who have data and one who relates them; a table is of a key and one number, with its greatest value."""

    title: str
    shares: dict[str, tuple[str, int]]
    key: str
    tables: dict[str, tuple[str, str, int]]  # party → table, number, its greatest value
    label: str
    both: int  # in per cent of all keys
    grows: bool


TAX = Story(
    "Turnover by use of power",
    {"tax": ("provider", 0), "utility": ("provider", 60), "analyst": ("developer", 40)},
    "TaxRegistrationNumber",
    {"tax": ("returns", "NetTotal", 1_000), "utility": ("readings", "value", 4_000)},
    "NetTotal",
    80,
    True,
)
ADVERTISING = Story(
    "Did the campaign sell",
    {"press": ("provider", 45), "shop": ("provider", 45), "agency": ("broker", 10)},
    "ifa",
    {"press": ("impressions", "seen", 20), "shop": ("orders", "price", 500)},
    "price",
    60,
    True,
)
STORIES = {"tax": TAX, "advertising": ADVERTISING}
PARTIES = {*together.ROLES, *TAX.shares, *ADVERTISING.shares}


def written(story, folder):
    """Write both tables: one number follows from the other, and some keys are in the first table alone."""
    drawn = random.Random(story.title)
    (first, (one, number, most)), (second, (other, follows, highest)) = story.tables.items()
    rows = {f"K{at}": drawn.randint(0, most) for at in range(MANY)}
    known = list(rows.items())[: MANY * story.both // 100]
    moved = ((key, round(highest * (0.7 * value / most + 0.3 * drawn.random()))) for key, value in known)
    for party, table, column, of in ((first, one, number, rows.items()), (second, other, follows, moved)):
        (folder / f"of-{party}").mkdir()
        lines = "".join(f"{key},{value}\n" for key, value in of)
        (folder / f"of-{party}" / f"{table}.csv").write_text(f"{story.key},{column}\n{lines}")


@pytest.mark.parametrize("name", STORIES)
async def test_a_project_is_walked_from_its_signatures_to_its_money(walk, here, name):
    story = STORIES[name]
    written(story, walk.folder)
    *owners, maker = story.shares
    for party, port in zip(story.shares, free_ports(3), strict=True):
        role = "provider" if party in owners else "service"
        made = ["--name", party.title(), "--port", str(port), "--development", "--exchange", here.url, "--data", party]
        await walk.type(["penstock", "init", "--role", role, *made])
        await walk.serve(["penstock", "serve", "--data", party])
        await walk.type(["penstock", "exchange", "admit", walk.did(party), "--invite", "--data", "exchange"])
    parties = [f"--party={walk.did(party)}={role}:{share}" for party, (role, share) in story.shares.items()]
    until = ("--until", "2027-12-31T00:00:00Z", "--id", name)
    await walk.type(["penstock", "project", "propose", story.title, *parties, *until, "--data", maker])
    for party in owners:
        await walk.type(["penstock", "project", "sign", name, "--data", party])
    await _related(walk, story, name, maker)
    await _by_template(walk, name, maker)
    await _sold(walk, story, name, maker)
    await _of_before(walk, name, owners[0], maker)
    for party in ("exchange", *story.shares):
        await walk.type(["penstock", "log", "anchor", "--data", party])
    said = await walk.type(["penstock", "audit", "--exchange", here.url, "--development", "--data", "regulator"])
    assert "audit: clean" in said


async def test_who_took_part_in_a_project_goes(walk):
    for name in [name for name in walk.servers if name in PARTIES]:
        await walk.servers[name].stop()


async def _related(walk, story, name, maker):
    """Publish both tables for sketches alone, relate them, and put what comes of it into the project."""
    numbers = [f"--number={number}:0:{most}" for _, number, most in story.tables.values()]
    for party, (table, number, _) in story.tables.items():
        says = (f"of-{party}/{table}.csv", "--title", f"{table} of {party}", "--tier", "computed")
        says += (f"--gate=subject={story.key}", *GATE, "--column", number, "--unit", "free", *TERMS[2:], "--id", table)
        await walk.type(["penstock", "publish", *says, "--data", party])
        await walk.type(["penstock", "exchange", "review", table, "--data", "exchange"])
        bought = ("--max-price", "0", "--purpose", "Research", "--id", table)
        await walk.type(["penstock", "get", table, *bought, "--data", maker])
        query = f"select count(*) from {table}"
        assert "±" in await walk.type(["penstock", "query", table, query, "--data", maker])
    of = [f"--of={table}" for table, _, _ in story.tables.values()]
    relate = ["penstock", "relate", *of, "--label", story.label, *numbers, "--id", "related", "--data", maker]
    told = json.loads(await walk.type([*relate, "--json"]))
    assert abs(told["rows"] - MANY * story.both // 100) < 2 * told["off"]
    assert (told["features"][0]["most"] > 0) is story.grows
    assert told["explained"] > 0.2
    assert "rows that both have" in await walk.type(relate)
    (walk.folder / f"{name}.json").write_text(json.dumps(told))
    made = [f"--made-of={table}" for table, _, _ in story.tables.values()]
    add = ["penstock", "project", "add", name, "relation", "--file", f"{name}.json", *made, "--data", maker]
    assert "result relation of" in await walk.type(add)


async def _filed(walk, name, agreement, maker):
    """File what was agreed at the exchange's register: docs/tc609.md, typed."""
    make = ["penstock", "filing", "make", agreement, "--data", maker]
    assert "nothing was done" in await walk.type([*make, "--dry-run"])
    said = await walk.type(make)
    code = said.split()[0]
    assert (len(code), "performing (05)" in said) == (47, True)
    for reader in ("exchange", "regulator", "buyer"):
        rows = json.loads(await walk.type(["penstock", "filing", "list", "--json", "--data", reader]))["filings"]
        assert code in [row["contractId"] for row in rows]
    assert agreement in await walk.type(["penstock", "filing", "show", code, "--data", "regulator"])
    await walk.type(["penstock", "filing", "open", code, "-o", f"{name}-filed.json", "--data", "buyer"])
    said = await walk.type(["penstock", "verify", f"{name}-filed.json", "--data", "regulator"])
    assert (f"of the agreement {agreement}" in said, "signed" in said) == (True, True)


async def _of_before(walk, name, owner, maker):
    """File what both agreed on before there was a space, and confirm it: docs/tc609.md, typed."""
    for paper in ("contract", "receipt"):
        (walk.folder / f"{name}-{paper}.pdf").write_text(f"the {paper}")
    key, papers = f"{name}-2025", (f"contract={name}-contract.pdf", f"payment={name}-receipt.pdf")
    shown = [word for paper in papers for word in ("--paper", paper)]
    made = ("--with", walk.did(maker), "--as", "provider", "--signed", "2025-11-03T00:00:00Z", "--amount", "4200.00")
    file = ["penstock", "deal", "file", f"{name} of 2025", *made, *shown, "--id", key, "--data", owner]
    assert "nothing was done" in await walk.type([*file, "--dry-run"])
    assert "grade C: one side says so" in await walk.type(file)
    assert key in await walk.type(["penstock", "deal", "list", "--data", maker])
    assert f"{name}-receipt.pdf" in await walk.type(["penstock", "deal", "show", key, "--data", maker])
    assert "grade A: both sides say so" in await walk.type(["penstock", "deal", "confirm", key, "--data", maker])
    assert key in await walk.type(["penstock", "deal", "list", "--data", "regulator"])


TEMPLATE = {
    "kind": "joint-development",
    "name": {"en": "Use of a joint result", "zh": "融合成果使用"},
    "abstract": {"en": "A joint result may be used so many times.", "zh": "融合成果可使用,限定次数。"},
    "rules": ["uses", "purpose", "not-passed-on"],
    "fixed": {"purpose": "Research"},
    "clauses": [{"en": "The result is given as it is.", "zh": "成果按现状提供。"}],
}


async def _by_template(walk, name, maker):
    """Offer a template as the exchange, fill it in and see that it can be published under: docs/tc609.md, typed."""
    (walk.folder / f"{name}-template.json").write_text(json.dumps(TEMPLATE))
    add = ["penstock", "exchange", "template", "add", f"{name}-template.json", "--data", "exchange"]
    assert "nothing was done" in await walk.type([*add, "--dry-run"])
    key = (await walk.type(add)).split()[0]
    assert "Use of a joint result" in await walk.type(["penstock", "template", "list", "--data", maker])
    assert "GF-2025-2617" in await walk.type(["penstock", "template", "show", key, "--data", "buyer"])
    policy = f"{name}-policy.json"
    fill = ["penstock", "template", "fill", key, "--set", "times=3", "-o", policy, "--data", maker]
    assert "only promised" in await walk.type(fill)
    says = (f"{name}.json", "--title", "By a template", "--id", f"{name}-by-template", "--policy", policy)
    terms = ("--price", "30.00", "--floor", "30.00", "--unit", "flat", *TERMS[4:], "--dry-run")
    assert "nothing was" in await walk.type(["penstock", "publish", *says, *terms, "--data", maker])
    withdraw = ["penstock", "exchange", "template", "withdraw", key, "--reason", "it was tried", "--data", "exchange"]
    assert "withdrawn" in await walk.type(withdraw)
    assert key in await walk.type(["penstock", "template", "list", "--withdrawn", "--data", "buyer"])


async def _sold(walk, story, name, maker):
    """Sell what was found, and see each party paid its share on chain; a share of 0 is none."""
    says = (f"{name}.json", "--project", name, "--title", story.title, "--id", f"{name}-report")
    terms = ("--price", "30.00", "--floor", "30.00", "--unit", "flat", *TERMS[2:])
    await walk.type(["penstock", "publish", *says, *terms, "--data", maker])
    await walk.type(["penstock", "exchange", "review", f"{name}-report", "--data", "exchange"])
    before = {party: await walk.money(party) for party in story.shares}
    bought = ("--max-price", "30.00", "--purpose", "Research", "--id", f"{name}-report")
    said = await walk.type(["penstock", "get", f"{name}-report", *bought, "--json", "--data", "buyer"])
    got = json.loads(said.splitlines()[-1])
    # what the buyer has is a digital contract, too, and the regulator reads it
    await walk.type(["penstock", "contract", got["agreement"], "-o", f"{name}-contract.json", "--data", "buyer"])
    said = await walk.type(["penstock", "verify", f"{name}-contract.json", "--data", "regulator"])
    assert (f"of the agreement {got['agreement']}" in said, "performing" in said) == (True, True)
    words = ["--text", "zh", "-o", f"{name}-contract.html"]
    await walk.type(["penstock", "contract", got["agreement"], *words, "--data", "buyer"])
    assert "仅凭承诺" in (walk.folder / f"{name}-contract.html").read_text()
    await _filed(walk, name, got["agreement"], maker)
    for party in (maker, *story.shares):
        await walk.type(["penstock", "settle", "--data", party])
    rest = 3_000 * (100 - FEE) // 100
    got = {party: await walk.money(party) - money for party, money in before.items()}
    assert got == {party: rest * share // 100 for party, (_, share) in story.shares.items()}
