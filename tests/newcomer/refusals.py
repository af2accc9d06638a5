"""What a newcomer gets wrong: each is refused with its exit code and words of what to change, and costs nothing."""

from __future__ import annotations

import json
import re

import pytest
import pytest_asyncio

from tests.newcomer.goods import TABLE

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "2027-12-31T23:59:59Z"
RESEARCH = ("--purpose", "Research")
PUBLISH = ("publish", TABLE, "--title", "Refused", "--price", "500", *RESEARCH, "--id", "refused")
DEAR = 10**9  # for each MiB: more than anybody here has
USAGE, POLICY, ABSENT, PAYMENT = 2, 3, 4, 5
# name → whose command, its words, the exit code, what of its answer says what to change
CASES = {
    "a purpose outside the offer": (
        "buyer",
        ("get", "gauges", "--max-price", "500", "--purpose", "Marketing"),
        PAYMENT,
        ("marketing", "--purpose"),
    ),
    "a purpose that nobody knows": (
        "buyer",
        ("get", "gauges", "--max-price", "500", "--purpose", "Resaerch"),
        USAGE,
        ("`Resaerch`", "perhaps `Research`", "penstock purposes", "purpose#"),
    ),
    "too little balance": (
        "buyer",
        ("get", "dear", "--max-price", str(DEAR), *RESEARCH),
        PAYMENT,
        ("the account holds", "credited", "--deposit"),
    ),
    "a deposit smaller than one window": (
        "buyer",
        ("get", "survey", "--max-price", "500", *RESEARCH, "--deposit", "10"),
        PAYMENT,
        ("one piece costs", "--deposit"),
    ),
    "a price over the limit": (
        "buyer",
        ("get", "gauges", "--max-price", "400", *RESEARCH),
        POLICY,
        ("no price both sides can agree to", "raise your limit of 4.00", "last that was asked is 5.00"),
    ),
    "a price over the limit, tried first": (
        "buyer",
        ("get", "gauges", "--max-price", "400", *RESEARCH, "--dry-run"),
        PAYMENT,
        ("the asked price is", "the limit"),
    ),
    "a sum over the limit": (
        "buyer",
        ("get", "survey", "--max-price", "500", "--max-total", "7", *RESEARCH),
        PAYMENT,
        ("all of it costs", "--max-total"),
    ),
    "a product that is not there": (
        "buyer",
        ("get", "nowhere", "--max-price", "500", *RESEARCH),
        ABSENT,
        ("`nowhere`", "penstock find"),
    ),
    "a product that is not there, quoted": ("buyer", ("quote", "nowhere"), ABSENT, ("`nowhere`",)),
    "an opening of what was not got": (
        "buyer",
        ("open", "nothing", *RESEARCH, "--to", "nothing-here"),
        ABSENT,
        ("`nothing`",),
    ),
    "an opening for another purpose": (
        "buyer",
        ("open", "tides", "--purpose", "Marketing", "--to", "nothing-here"),
        POLICY,
        ("marketing",),
    ),
    "an end in the past": ("provider", (*PUBLISH, "--until", "2020-01-01T00:00:00Z"), PAYMENT, ("is over", "--until")),
    "an end without a zone": ("provider", (*PUBLISH, "--until", "2027-12-31"), USAGE, ("time zone, such as 2",)),
    "a tier too weak for its grade": (
        "provider",
        (*PUBLISH, "--until", LONG, "--grade", "4", "--dry-run"),
        POLICY,
        ("of grade 4", "--tier leased --unit opening"),
    ),
    "a place that is none": (
        "provider",
        (*PUBLISH, "--until", LONG, "--region", "MARS"),
        USAGE,
        ("`MARS`", "US-NY"),
    ),
    "a file that is not there": (
        "provider",
        ("publish", "nowhere.csv", *PUBLISH[2:], "--until", LONG),
        USAGE,
        ("nowhere.csv",),
    ),
    "a directory that holds a participant": (
        "provider",
        ("init", "--role", "provider", "--name", "Harbour Office"),
        USAGE,
        ("holds a participant already", "penstock serve"),
    ),
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def dear(walk):
    """A product that costs more than the buyer has."""
    publish = ["penstock", "publish", TABLE, "--title", "Dear", "--price", str(DEAR), *RESEARCH, "--until", LONG]
    await walk.type([*publish, "--id", "dear", "--data", "provider"])
    await walk.type(["penstock", "exchange", "review", "dear", "--data", "exchange"])


async def signed(walk):
    """Return all that must stay as it is: money, agreements, channels, products."""
    products = (await walk.ask("provider", "status"))["holds"]["products"]
    return await walk.books("buyer"), await walk.money("provider"), products


@pytest.mark.usefixtures("dear")
@pytest.mark.parametrize("name", CASES)
async def test_it_is_refused_and_nothing_was_signed_or_paid(walk, name):
    role, words, code, told = CASES[name]
    before = await signed(walk)
    said = await walk.type(["penstock", *words, "--data", role], code)
    for word in told:
        assert word in said, said
    assert await signed(walk) == before
    assert not (walk.folder / "nothing-here").exists()
    assert "Traceback" not in said


async def test_a_purchase_that_came_to_no_price_begins_anew_by_the_same_id(walk):
    get = ["penstock", "get", "gauges", *RESEARCH, "--id", "anew", "--data", "buyer", "--max-price"]
    assert "raise your limit of 4.00" in await walk.type([*get, "4.00"], POLICY)
    said = await walk.type([*get, "5.00", "--to", "anew"])
    assert "opened to anew" in said
    bill = await walk.type(["penstock", "bill", "show", "anew", "--data", "buyer"])
    assert "price: 5.00 CNY" in bill
    assert re.search(r"agreement: [0-9a-f]{64}", bill)
    again = await walk.type([*get, "5.00", "--to", "elsewhere"], USAGE)
    assert "was begun to be kept" in again
    assert "penstock open anew --purpose Research --to DIRECTORY" in again.replace("\n", " ")


async def test_an_operand_that_nobody_can_supply_is_refused_where_it_is_written(walk):
    rule = {"action": "use", "constraint": [{"leftOperand": "moonPhase", "operator": "eq", "rightOperand": "full"}]}
    policy = {"@type": "Offer", "uid": "urn:offer:moon", "target": "urn:tides", "permission": [rule]}
    (walk.folder / "moon.json").write_text(json.dumps(policy))
    before = await signed(walk)
    said = await walk.type(["penstock", "policy", "check", "moon.json"], USAGE)
    assert "`moonPhase`" in said
    assert "/permission/0/constraint/0" in said
    assert await signed(walk) == before
