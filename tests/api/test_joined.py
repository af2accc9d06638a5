"""What two providers sold is joined by who bought both, in one confined reading: all are counted, or none is."""

from __future__ import annotations

import asyncio
import html
import json

import pytest
import pytest_asyncio

from connector.client.client import Client
from connector.compute.sitting import SECONDS_MAX
from connector.runtime.errors import NotPermitted, PenstockError
from tests.api.command import commanded, penstock
from tests.api.space import PURPOSE
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATIONS, DAYS = 6, 600
RAIN = "day,station,millimetres\n" + "".join(f"{day},S{day % STATIONS},{day * 3 % 17}\n" for day in range(DAYS))
PLACES = "station,height,owner\n" + "".join(f"S{number},{100 * number},O{number}\n" for number in range(STATIONS))
SUM = (
    "select places.height, sum(millimetres) as total from rain join places using (station)"
    " group by places.height order by places.height"
)
TOTALS = [
    [100 * number, sum(day * 3 % 17 for day in range(DAYS) if day % STATIONS == number)] for number in range(STATIONS)
]
NEVER = "select count(*) from rain a, rain b, places, range(100000) where a.day + b.day + height = range"
USUAL = {"purpose": None, "region": None}
READ_ALONE = {"permission": [{"action": "reproduce"}, {"action": "read"}]}
NOT_JOINED = {"permission": [{"action": "use"}], "prohibition": [{"action": "aggregate"}], "conflict": "prohibit"}
NOT_WRITTEN = {"permission": [{"action": "use"}], "prohibition": [{"action": "download"}], "conflict": "prohibit"}
TWICE = {
    "permission": [{"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": 2}]}]
}
COUNT = "select count(*) from rain join places using (station)"
SAID = {"leftOperand": "query", "operator": "isAnyOf", "rightOperand": [COUNT]}
THAT = {"permission": [{"action": "reproduce"}, {"action": "aggregate"}, {"action": "read", "constraint": [SAID]}]}
# product → whose it is, its file, its rules
PRODUCTS = {
    "joined-rain": ("provider", "rain.csv", {}),
    "joined-places": ("second", "places.csv", {}),
    "joined-read-alone": ("second", "places.csv", {**USUAL, "rules": READ_ALONE}),
    "joined-never": ("second", "places.csv", {**USUAL, "rules": NOT_JOINED}),
    "joined-twice": ("second", "places.csv", {**USUAL, "rules": TWICE}),
    "joined-rain-twice": ("provider", "rain.csv", {**USUAL, "rules": TWICE}),
    "joined-that": ("second", "places.csv", {**USUAL, "rules": THAT}),
    "joined-inside": ("second", "places.csv", {**USUAL, "rules": NOT_WRITTEN}),
    "joined-leased": ("second", "places.csv", {"openings": 3}),
}


async def got(space, product, name=None):
    mandate = {"limit": "1000", "purpose": PURPOSE}
    body = {"id": name or product, "product": product, "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    return await space.complete(name or product, within=60)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bought(space, tmp_path_factory):
    """Rain of one provider, and where its stations stand of another one, under several rules."""
    folder = tmp_path_factory.mktemp("joined")
    (folder / "rain.csv").write_text(RAIN)
    (folder / "places.csv").write_text(PLACES)
    for product, (whose, file, more) in PRODUCTS.items():
        await space.publish_files(whose, product, [folder / file], **more)
        await got(space, product)


async def join(space, *others, statement=SUM, first="joined-rain", more=(), code=0):
    named = [word for one in others or ("places=joined-places",) for word in ("--with", one)]
    words = ("open", first, "--purpose", PURPOSE, "--query", statement, *named, *more)
    return await penstock(space, "buyer", *words, code=code)


async def counted(space, *products):
    """Return how many openings there are of each, and how much was taken under its agreement."""
    found = {}
    for product in products:
        digest = (await space.doors["buyer"].call("GET", f"acquisitions/{product}"))["agreement"]
        done = [row for row in space.rows("buyer", "reads") if row["agreement"] == digest and row["state"] == "done"]
        taken = [row for row in space.rows("buyer", "uses") if row["agreement"] == digest]
        found[product] = len(done), len(taken)
    return found


async def taken(space, *products):
    """Return how many openings were taken under the agreement of each, whether or not they came to an end."""
    return [uses for _, uses in (await counted(space, *products)).values()]


@pytest.mark.usefixtures("bought")
async def test_rows_of_two_providers_are_joined_and_each_counts_an_opening(space):
    said = await join(space, more=("--id", "first"))
    assert said["answer"]["columns"] == ["height", "total"]
    assert said["answer"]["rows"] == TOTALS
    assert (said["id"], sorted(said["answer"]["tables"])) == ("first", ["places", "rain"])
    assert [(one["name"], one["acquisition"], one["number"]) for one in said["joined"]] == [
        ("", "joined-rain", 1),
        ("places", "joined-places", 1),
    ]
    again = await join(space, more=("--id", "first"))
    assert ("answer" in again, again["joined"]) == (False, said["joined"])
    assert [one["number"] for one in (await join(space))["joined"]] == [2, 2]


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize(
    ("product", "words"),
    [("joined-read-alone", "`places` is not joined"), ("joined-never", "`places` is not joined")],
)
async def test_where_one_policy_does_not_let_it_be_joined_nothing_is_read(space, product, words):
    alone = await penstock(
        space, "buyer", "open", product, "--purpose", PURPOSE, "--query", "select count(*) from places"
    )
    assert alone["answer"]["rows"] == [[STATIONS]]
    before = await counted(space, "joined-rain", product)
    refused = await join(space, f"places={product}", more=("--id", f"refused-{product}"), code=3)
    assert (words in refused["text"], "joined-rain" in refused["text"]) == (True, False)
    assert (
        refused["text"] == (await join(space, f"places={product}", more=("--id", f"refused-{product}"), code=3))["text"]
    )
    assert await counted(space, "joined-rain", product) == before
    # the other way round it is the first that refuses
    turned = "select count(*) from places join rain using (station)"
    refused = await join(space, "rain=joined-rain", first=product, statement=turned, code=3)
    assert f"`{product}` is not joined" in refused["text"]
    assert await counted(space, "joined-rain", product) == before


@pytest.mark.usefixtures("bought")
async def test_where_one_is_used_up_none_is_counted(space):
    both = "places=joined-twice"
    assert [one["number"] for one in (await join(space, both, more=("--id", "once")))["joined"]][1] == 1
    await join(space, both)
    before = await counted(space, "joined-rain", "joined-twice")
    assert before["joined-twice"] == (2, 2)
    assert "`places` is not joined" in (await join(space, both, code=3))["text"]
    assert await counted(space, "joined-rain", "joined-twice") == before
    await join(space, both, more=("--id", "once"))  # it was counted, and is told again


@pytest.mark.usefixtures("bought")
async def test_a_policy_that_names_statements_is_not_told_one_that_names_another_s_table(space):
    words = ("open", "joined-that", "--purpose", PURPOSE, "--query", COUNT)
    assert "no table `rain`" in (await penstock(space, "buyer", *words, code=2))["text"]
    assert "`places` is not joined" in (await join(space, "places=joined-that", statement=COUNT, code=3))["text"]
    that = (await space.doors["buyer"].call("GET", "acquisitions/joined-that"))["agreement"]
    rows = [row for row in space.rows("buyer", "decisions") if row["agreement"] == that]
    asked = [json.loads(row["decision"])["request"] for row in rows]
    assert (len(asked) > 0, "rain" in json.dumps(asked)) == (True, False), "its policy names it, and no request does"


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize(
    ("others", "statement", "words"),
    [
        (("rain=joined-places",), SUM, "`rain` would be the name of two tables"),
        (("Rain=joined-places",), SUM, "`Rain` would be the name of two tables"),
        (("a b=joined-places",), SUM, "no name for a product"),
        (("places/x=joined-places",), SUM, "no name for a product"),
        (("places=joined-rain",), SUM, "one agreement is joined once"),
        (("places=joined-leased",), SUM, "is leased"),
        (("places=joined-places",), "select 1 from rain", "asks for no table of `places`"),
        (("places=joined-places",), "select 1 from places", "asks for no table of what it is asked of first"),
        (("places=joined-places",), "select * from rain, snow, places", "no table `snow`"),
        (("places=joined-places",), "select * from rain, places, read_csv('/etc/passwd')", "read_csv"),
        (tuple(f"n{number}=joined-places" for number in range(8)), SUM, "at most 8"),
    ],
)
async def test_what_cannot_be_joined_is_refused_uncounted(space, others, statement, words):
    before = await counted(space, "joined-rain", "joined-places")
    refused = await join(space, *others, statement=statement, code=2)
    assert words in refused["text"] + refused["hint"]
    assert await counted(space, "joined-rain", "joined-places") == before


@pytest.mark.usefixtures("bought")
async def test_a_table_has_its_whole_name_too_and_one_id_is_one_reading(space):
    by_file = 'select count(*) from "rain.csv" join "places/places.csv" using (station)'
    assert (await join(space, statement=by_file, more=("--id", "by-file")))["answer"]["rows"] == [[DAYS]]
    await join(space, more=("--id", "by-file"), code=2)
    await join(space, "others=joined-places", statement=by_file, more=("--id", "by-file"), code=2)
    await penstock(
        space, "buyer", "open", "joined-rain", "--purpose", PURPOSE, "--with", "places=joined-places", code=2
    )
    await join(space, "places=never-got", code=4)


@pytest.mark.usefixtures("bought")
async def test_a_dry_run_says_what_each_costs_and_one_name_means_one_order(space):
    before = await counted(space, "joined-rain", "joined-places")
    told = await join(space, more=("--dry-run",))
    assert (told["acquisition"], [one["acquisition"] for one in told["joined"]]) == ("joined-rain", ["joined-places"])
    assert await counted(space, "joined-rain", "joined-places") == before
    words = ("open", "joined-rain", "--purpose", PURPOSE, "--query", SUM, "--data", space.people["buyer"].data)
    ended = await commanded(*words, "--with", "places=joined-places", "--with", "places=joined-twice")
    assert (ended.code, b"the name of two orders" in ended.out + ended.err) == (2, True)


@pytest.mark.usefixtures("bought")
async def test_a_file_leaves_only_where_all_let_it(space, tmp_path):
    sums = tmp_path / "sums.csv"
    assert (await join(space, more=("--to", sums)))["answer"]["to"] == str(sums)
    assert sums.read_text().splitlines()[1:] == [f"{height},{total}" for height, total in TOTALS]
    await join(space, "places=joined-inside")
    refused = tmp_path / "refused.csv"
    await join(space, "places=joined-inside", more=("--to", refused), code=3)
    assert not refused.exists()


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize("whose", ["provider", "second"])
async def test_it_is_cut_when_one_of_the_agreements_is_revoked(space, whose):
    names = {"provider": f"cut-rain-{whose}", "second": f"cut-places-{whose}"}
    ends = {who: await got(space, f"joined-{name.split('-')[1]}", name) for who, name in names.items()}
    key, longest = f"to-be-cut-{whose}", ("--within", str(SECONDS_MAX))
    more = (*longest, "--id", key)
    reading = asyncio.create_task(
        join(space, f"places={names['second']}", first=names["provider"], statement=NEVER, more=more, code=3)
    )
    async with asyncio.timeout(50):
        while not [row for row in space.rows("buyer", "reads") if key in row["id"] and row["state"] == "decided"]:
            await asyncio.sleep(0.1)
    revocation = {"reason": "a test of what follows"}
    await space.doors[whose].call("POST", f"agreements/{ends[whose]['agreement']}/revoke", revocation)
    async with asyncio.timeout(30):
        said = (await reading)["text"]
    assert ("cut" in said, (names["provider"] if whose == "provider" else "`places`") in said) == (True, True)
    # and afterwards it is not begun
    refused = await join(space, f"places={names['second']}", first=names["provider"], code=3)
    assert "is not joined" in refused["text"]


@pytest.mark.usefixtures("bought")
async def test_a_server_that_is_killed_while_it_reads_has_counted_both_once(space):
    both, key = ("joined-rain-twice", "killed-places"), "to-be-killed"
    await got(space, "joined-twice", both[1])
    body = {"id": key, "acquisition": both[0], "purpose": PURPOSE, "query": NEVER, "joined": {"places": both[1]}}
    reading = asyncio.create_task(space.doors["buyer"].call("POST", "openings", {**body, "within": SECONDS_MAX}))
    async with asyncio.timeout(50):
        while not [row for row in space.rows("buyer", "reads") if key in row["id"] and row["state"] == "decided"]:
            await asyncio.sleep(0.1)
    buyer = space.people["buyer"]
    await buyer.kill()
    with pytest.raises(PenstockError):
        await reading
    await buyer.start(space.environment)
    assert await taken(space, *both) == [1, 1]
    assert {row["state"] for row in space.rows("buyer", "reads") if key in row["id"]} == {"decided"}
    # asked again under its id it goes on, and ends as it must: no more is counted
    more = ("--id", key, "--within", "1")
    again = await join(space, f"places={both[1]}", first=both[0], statement=NEVER, more=more, code=2)
    assert ("1 seconds" in again["text"], await taken(space, *both)) == (True, [1, 1])


@pytest.mark.usefixtures("bought")
async def test_a_program_joins(space, tmp_path):
    async with Client(space.people["buyer"].data) as client:
        asked = await client.ask("joined-rain", SUM, purpose=PURPOSE, joined={"places": "joined-places"})
        assert [list(row) for row in asked.rows] == TOTALS
        with pytest.raises(NotPermitted, match="`places`"):
            await client.ask("joined-rain", SUM, purpose=PURPOSE, joined={"places": "joined-never"})


@pytest.mark.usefixtures("bought")
async def test_many_at_once_are_numbered_one_after_the_other(space):
    """Also where one joins what another one joins the other way round: nobody waits for ever."""
    turned = "select count(*) from places join rain using (station)"
    ways = (("joined-rain", SUM, {"places": "joined-places"}), ("joined-places", turned, {"rain": "joined-rain"}))
    bodies = [
        {"id": f"at-once-{number}-{first}", "acquisition": first, "purpose": PURPOSE, "query": said, "joined": joined}
        for number in range(3)
        for first, said, joined in ways
    ]
    before = await counted(space, "joined-rain", "joined-places")
    async with asyncio.timeout(120):
        await asyncio.gather(*(space.doors["buyer"].call("POST", "openings", body) for body in bodies))
    after = await counted(space, "joined-rain", "joined-places")
    assert [after[name][0] - before[name][0] for name in before] == [6, 6]


@pytest.mark.usefixtures("bought")
async def test_it_is_joined_in_the_console_too(space):
    got = await space.doors["buyer"].call("GET", "acquisitions/joined-rain")
    buyer = await entered(space, "buyer")
    try:
        page = await buyer.open(f"agreements/{got['agreement']}")
        told = json.loads((await buyer.open(page.url + ".json")).text)
        named = {one["id"] for one in told["joins"]}
        assert ("joined-places" in named, "joined-rain" in named, "joined-leased" in named) == (True, False, False)
        purpose = next(one["iri"] for one in told["purposes"] if one["iri"].endswith("#" + PURPOSE))
        asked = {"purpose": purpose, "query": SUM}
        answer = await buyer.send(page, "/asking", **asked, joined="places=joined-places\n")
        assert (answer.status, f"<td>100</td><td>{TOTALS[1][1]}</td>" in answer.text) == (200, True)
        for joined, status, words in (
            ("places=joined-never", 403, "`places` is not joined"),
            ("places joined-places", 400, "a line `NAME=ORDER` each"),
        ):
            refused = await buyer.send(page, "/asking", **asked, joined=joined)
            assert (refused.status, words in html.unescape(refused.text)) == (status, True)
    finally:
        await buyer.session.close()


async def test_an_audit_of_all_logs_finds_nothing(space):
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    about = {"opening-undecided", "opening-unlogged", "decision-too-narrow", "field-malformed", "openings-over-limit"}
    assert [one for one in found["findings"] if one["code"] in about] == []
