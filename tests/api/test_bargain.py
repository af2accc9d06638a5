"""Rules that are bargained over, by the commands of both sides on running processes."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from policy.compare.compare import implied
from policy.parse import parse
from tests.api.command import penstock
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = "day,millimetres\n" + "".join(f"{day},{day * 3 % 17}\n" for day in range(2_000))
PRICE = 1_000


def read(rules):
    return parse({"@type": "Offer", **rules})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def on_offer(space, tmp_path_factory):
    """Publish a product that may be bargained over, and one that may not."""
    path = tmp_path_factory.mktemp("tables") / "rain.csv"
    path.write_text(ROWS)
    told = "purpose=Research|Marketing, region=any, onward=yes"
    await space.publish_files("provider", "bargain-wide", [path], price=PRICE, negotiable=told)
    await space.publish_files("provider", "bargain-fixed", [path], price=PRICE)


async def got(space, product, *more, code=0):
    words = ("get", product, "--max-price", str(PRICE), "--purpose", PURPOSE, *more)
    return await penstock(space, "buyer", *words, code=code)


def agreed(space, digest):
    [terms] = [row["terms"] for row in space.rows("buyer", "agreements") if row["digest"] == digest]
    [other] = [row["terms"] for row in space.rows("provider", "agreements") if row["digest"] == digest]
    assert terms == other
    return json.loads(terms)["policy"]


def limits(space, product):
    [row] = [one for one in space.rows("provider", "products") if one["id"] == product]
    return json.loads(row["limits"])


async def test_what_lies_within_is_agreed_as_it_was_preferred(space, on_offer):
    del on_offer
    view = await got(space, "bargain-wide", "--prefer", "region=any, openings=20, onward=yes")
    rules = agreed(space, view["agreement"])
    assert "prohibition" not in rules
    assert "spatial" not in json.dumps(rules)
    assert implied(read(rules), read(limits(space, "bargain-wide")["policy"])).holds
    assert view["negotiation"]["rounds"] == 1


async def test_what_goes_too_far_is_answered_with_the_nearest_and_taken_where_it_is_enough(space, on_offer):
    del on_offer
    need = "purpose=Research|Marketing"
    view = await got(space, "bargain-wide", "--need", need, "--prefer", "purpose=any")
    rules = agreed(space, view["agreement"])
    assert view["negotiation"]["rounds"] == 2
    assert implied(read(rules), read(limits(space, "bargain-wide")["policy"])).holds
    assert "Marketing" in json.dumps(rules)


async def test_what_is_needed_and_not_to_be_had_ends_it_in_words(space, on_offer):
    del on_offer
    for product in ("bargain-wide", "bargain-fixed"):
        told = await got(space, product, "--need", "purpose=any", code=3)
        assert "does not allow what we need" in told["text"], told
