"""A product under a policy as its provider wrote it: bought and opened by whom it allows, refused to others."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from connector.client.client import Client
from connector.runtime.errors import NotPermitted, PeerRefused, explain_failure
from tests.api.space import PURPOSE
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = "day,millimetres\n" + "".join(f"{day},{day * 3 % 17}\n" for day in range(2_000))
PRICE = 1_000


def rules(*conditions, **more):
    constraint = [{"leftOperand": a, "operator": b, "rightOperand": c} for a, b, c in conditions]
    return {"permission": [{"action": "use", "constraint": constraint}], **more}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def on_offer(space, tmp_path_factory):
    """Return product → what it was published with."""
    path = tmp_path_factory.mktemp("tables") / "rain.csv"
    path.write_text(ROWS)
    kinds = {
        "ruled": rules(
            ("executionEnv", "eq", "usageControl"),
            ("encryptMode", "eq", "ciphertext"),
            ("deliveryMethod", "eq", "file"),
            ("connector", "isAnyOf", [space.did("buyer")]),
            ("count", "lteq", "2"),
            conflict="prohibit",
            prohibition=[{"action": "distribute"}],
        ),
        "ruled-away": rules(("executionEnv", "eq", "tee")),
        "ruled-for-others": rules(("connector", "eq", space.did("regulator"))),
    }
    for product, policy in kinds.items():
        usual = {"purpose": None, "region": None, "rules": policy}
        await space.publish_files("provider", product, [path], price=PRICE, **usual)
    return kinds


async def test_what_is_agreed_is_what_was_written_and_each_use_is_decided_by_it(space, on_offer):
    async with Client(space.people["buyer"].data) as penstock:
        got = await penstock.get("ruled", max_price=PRICE, purpose=PURPOSE)
        [terms] = [row["terms"] for row in space.rows("buyer", "agreements") if row["digest"] == got.agreement]
        assert json.loads(terms)["policy"] == on_offer["ruled"]
        for _ in range(2):
            table = await penstock.open(got, purpose=PURPOSE)
            assert table.to_arrow().num_rows == 2_000
        with pytest.raises(NotPermitted, match="already done or reserved: 2") as fault:
            await penstock.open(got, purpose=PURPOSE)
    assert explain_failure(fault.value).exit_code == 3


@every("product", ("ruled-away", "ruled-for-others"))
async def test_who_can_never_use_it_is_refused_before_anything_is_signed(space, on_offer, product):
    del on_offer
    async with Client(space.people["buyer"].data) as penstock:
        with pytest.raises(Exception, match="never allows this") as fault:
            await penstock.get(product, max_price=PRICE, purpose=PURPOSE)
    assert explain_failure(fault.value).exit_code == 5


REFUSED = {
    "no rules at all": ({"purpose": None, "rules": None}, "a purpose, or a policy"),
    "both": ({"rules": rules(("count", "lteq", "2"))}, "a purpose, or a policy"),
    "a usual rule beside": ({"purpose": None, "rules": rules(("count", "lteq", "2"))}, "`region` is one of the usual"),
    "what nobody can say": (
        {"purpose": None, "region": None, "rules": rules(("query", "eq", "SUM"))},
        "no connector can say `query`",
    ),
    "no object": ({"purpose": None, "region": None, "rules": ["use"]}, "`rules` of the product must be a policy"),
}


@every("name", REFUSED)
async def test_it_is_refused_before_anything_is_sealed(space, tmp_path, name):
    brief, words = REFUSED[name]
    path = tmp_path / "rain.csv"
    path.write_text("day\n1\n")
    sealed = len(space.rows("provider", "editions"))
    with pytest.raises(PeerRefused) as fault:
        await space.publish_files("provider", "ruled-badly", [path], **brief)
    told = explain_failure(fault.value)
    assert told.exit_code == 2
    assert words in told.text
    assert len(space.rows("provider", "editions")) == sealed
