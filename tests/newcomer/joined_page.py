"""The walk of docs/compute.md, "Joining what was bought": two providers, who buys of both, and what comes of it."""

from __future__ import annotations

import json

import pytest

from connector.demo.processes import free_ports
from tests.newcomer.asides import POLICY
from tests.newcomer.pages import commands

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = {"weather": "provider", "survey": "provider", "planner": "service"}
SHARES = {"weather": ("provider", 40), "survey": ("provider", 40), "planner": ("developer", 20)}
STATIONS, DAYS = 5, 200
TOTALS = [
    (100 * number, sum(day * 3 % 17 for day in range(DAYS) if day % STATIONS == number)) for number in range(STATIONS)
]
PAGE = [words for words in commands("compute.md") if words[-1] in ROLES]


def of_page(*beginning):
    """Return the one command of the page that begins with these words of `penstock`."""
    [found] = [words for words in PAGE if words[1 : 1 + len(beginning)] == list(beginning)]
    return found


async def test_two_providers_and_a_planner_are_there(walk, here):
    for name, port in zip(ROLES, free_ports(len(ROLES)), strict=True):
        made = ["--name", name.title(), "--port", str(port), "--development", "--exchange", here.url, "--data", name]
        await walk.type(["penstock", "init", "--role", ROLES[name], *made])
        await walk.serve(["penstock", "serve", "--data", name])
        await walk.type(["penstock", "exchange", "admit", walk.did(name), "--invite", "--data", "exchange"])
    credit = ["penstock", "exchange", "credit", walk.did("planner"), "10000", "--data", "exchange"]
    await walk.type(credit)
    rain = "".join(f"{day},S{day % STATIONS},{day * 3 % 17}\n" for day in range(DAYS))
    (walk.folder / "rain.csv").write_text("day,station,millimetres\n" + rain)
    places = "".join(f"S{number},{100 * number}\n" for number in range(STATIONS))
    (walk.folder / "places.csv").write_text("station,height\n" + places)


async def test_each_is_published_and_bought_as_the_page_says(walk):
    for file, product in (("rain.csv", "rainfall"), ("places.csv", "places")):
        await walk.type(of_page("publish", file))
        await walk.type(["penstock", "exchange", "review", product, "--data", "exchange"])
        await walk.type(of_page("get", product))


async def test_their_rows_are_joined_and_each_counts_an_opening(walk):
    join = of_page("open", "rainfall")
    said = await walk.type(join)
    assert ("`sites`: opening 1" in said, "heights.csv" in said) == (True, True)
    rows = (walk.folder / "heights.csv").read_text().splitlines()[1:]
    assert rows == [f"{height},{total}" for height, total in TOTALS]
    shown = [word for word in join if word not in ("--to", "heights.csv", "--id", "by-height")]
    told = json.loads(await walk.type([*shown, "--json"]))
    assert [tuple(row) for row in told["answer"]["rows"]] == TOTALS
    assert [one["number"] for one in told["joined"]] == [2, 2]
    await walk.type([*shown[:-2], "--with", "never=bought", *shown[-2:]], 4)


async def test_what_comes_of_it_names_both_in_a_project(walk):
    parties = [f"--party={walk.did(name)}={role}:{share}" for name, (role, share) in SHARES.items()]
    terms = ("--until", "2027-12-31T00:00:00Z", "--id", "heights", "--data", "planner")
    await walk.type(["penstock", "project", "propose", "Rain by height", *parties, *terms])
    for name in ("weather", "survey"):
        await walk.type(["penstock", "project", "sign", "heights", "--data", name])
    assert "made of rainfall, places" in await walk.type(of_page("project", "add"))
    project = json.loads(await walk.type(["penstock", "project", "show", "heights", "--json", "--data", "survey"]))
    [result] = project["results"]
    assert [one["provider"] for one in result["madeOf"]] == [walk.did("weather"), walk.did("survey")]


async def test_who_forbids_it_is_joined_with_nothing(walk):
    rules = {"permission": [{"action": "use"}], "prohibition": [{"action": "aggregate"}], "conflict": "prohibit"}
    (walk.folder / "apart.json").write_text(json.dumps(rules))
    publish = of_page("publish", "places.csv")
    purpose = publish.index("--purpose")
    apart = [*publish[:purpose], *publish[purpose + 2 :], "--policy", "apart.json"]
    apart[apart.index("--id") + 1] = "apart"
    await walk.type(apart)
    await walk.type(["penstock", "exchange", "review", "apart", "--data", "exchange"])
    bought = ["apart" if word == "places" else word for word in of_page("get", "places")]
    await walk.type(bought)
    join = ["sites=apart" if word == "sites=places" else word for word in of_page("open", "rainfall")]
    join = [word for word in join if word not in ("--to", "heights.csv", "--id", "by-height")]
    assert "`sites` is not joined" in await walk.type(join, POLICY)


async def test_the_audit_finds_nobody_at_fault(walk, here):
    for name in ROLES:
        await walk.type(["penstock", "log", "anchor", "--data", name])
    said = await walk.type(["penstock", "audit", "--exchange", here.url, "--development", "--data", "regulator"])
    assert "audit: clean" in said
