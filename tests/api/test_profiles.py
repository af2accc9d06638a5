"""A profile of others, registered by command: published, agreed and used by who knows it, refused by who does not."""

from __future__ import annotations

import json

import pytest

from connector.client.client import Client
from connector.runtime.errors import InvalidInput, NotPermitted, PeerRefused, explain_failure
from tests.api.command import commanded, penstock
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMESPACE = "https://water.example/ns#"
PROFILE, BASIN = "https://water.example/ns", NAMESPACE + "Basin"
OPERAND = {
    "name": BASIN,
    "type": "term",
    "operators": ["eq", "isAnyOf"],
    "source": "said",
    "words": {"en": "river basin", "zh": "流域"},
}
WATER = {"profile": PROFILE, "prefix": "water", "operands": [OPERAND]}
RULES = {
    "profile": PROFILE,
    "permission": [
        {"action": "use", "constraint": [{"leftOperand": BASIN, "operator": "isAnyOf", "rightOperand": ["pearl"]}]}
    ],
}
PRICE = 1_000
UNDER = {"purpose": None, "region": None, "rules": RULES}


async def published(space, folder, product, **more):
    path = folder / "levels.csv"
    path.write_text("day,metres\n" + "".join(f"{day},{day % 17}\n" for day in range(2_000)))
    return await space.publish_files("provider", product, [path], price=PRICE, **{**UNDER, **more})


async def test_a_profile_is_registered_traded_under_and_taken_back(space, tmp_path):
    file = tmp_path / "water.json"
    file.write_text(json.dumps(WATER))
    # nobody knows it
    with pytest.raises(PeerRefused) as fault:
        await published(space, tmp_path, "levels-unknown")
    told = explain_failure(fault.value)
    assert PROFILE in told.text
    assert "penstock policy profile add FILE" in f"{told.text} {told.hint}"
    # its provider does, and the exchange not: it is not listed
    assert await penstock(space, "provider", "policy", "profile", "add", file) == WATER
    assert await penstock(space, "provider", "policy", "profile", "add", file) == WATER
    with pytest.raises(PeerRefused) as fault:
        await published(space, tmp_path, "levels-unlisted")
    assert "profile" in explain_failure(fault.value).text
    await penstock(space, "exchange", "policy", "profile", "add", file)
    await published(space, tmp_path, "levels")
    listed = await penstock(space, "provider", "policy", "profile", "list")
    assert listed == {"profiles": [{"profile": PROFILE, "prefix": "water", "operands": 1, "known": True}]}
    assert await penstock(space, "provider", "policy", "profile", "show", PROFILE) == WATER
    # a buyer that does not know it signs nothing
    negotiations = len(space.rows("buyer", "agreements"))
    async with Client(space.people["buyer"].data) as buyer:
        with pytest.raises(Exception, match="profile") as fault:
            await buyer.get("levels", max_price=PRICE, purpose=PURPOSE)
        assert len(space.rows("buyer", "agreements")) == negotiations
        assert "levels" not in {row["product"] for row in space.rows("provider", "agreements")}
        # one that does buys it, and says what is asked of a use
        await penstock(space, "buyer", "policy", "profile", "add", file)
        got = await buyer.get("levels", max_price=PRICE, purpose=PURPOSE, said={"water:Basin": "pearl"})
        table = await buyer.open(got, purpose=PURPOSE, said={"water:Basin": "pearl"})
        assert table.to_arrow().num_rows == 2_000
        with pytest.raises(NotPermitted):
            await buyer.open(got, purpose=PURPOSE, said={BASIN: "amur"})
        with pytest.raises(NotPermitted):
            await buyer.open(got, purpose=PURPOSE)
        with pytest.raises((InvalidInput, PeerRefused)):
            await buyer.open(got, purpose=PURPOSE, said={"water:Depth": "3"})
    # it stays while something is under it
    for role, what in (("provider", "product `levels`"), ("buyer", "agreement"), ("exchange", "listing `levels`")):
        ended = await commanded("policy", "profile", "remove", PROFILE, "--data", space.people[role].data)
        assert ended.code != 0
        assert what in ended.err.decode()
    await bought_plain(space, tmp_path)
    await penstock(space, "other", "policy", "profile", "add", file)
    assert await penstock(space, "other", "policy", "profile", "remove", PROFILE) == {"profile": PROFILE}
    assert await penstock(space, "other", "policy", "profile", "list") == {"profiles": []}


async def bought_plain(space, folder):
    """Buy a plain copy by commands: with the asker's word it comes, with another or none nothing is signed."""
    await published(space, folder, "levels-plain", tier="plain")
    for number, (said, code) in enumerate((("pearl", 0), ("amur", 5), (None, 5))):
        words = ("get", "levels-plain", "--purpose", PURPOSE, "--max-price", "10.00", "--id", f"levels-{number}")
        words += ("--to", folder / f"copy-{number}") + (() if said is None else ("--say", f"water:Basin={said}"))
        ended = await commanded(*words, "--json", "--data", space.people["buyer"].data)
        assert ended.code == code, ended
        assert (folder / f"copy-{number}").exists() == (code == 0)


async def test_a_profile_that_would_change_what_is_known_is_refused(space, tmp_path):
    file = tmp_path / "count.json"
    file.write_text(json.dumps({**WATER, "operands": [{**OPERAND, "name": "http://www.w3.org/ns/odrl/2/count"}]}))
    ended = await commanded("policy", "profile", "add", file, "--data", space.people["other"].data)
    assert ended.code == 2
    assert "is built in as `count`" in ended.err.decode()
    ended = await commanded("policy", "profile", "remove", "urn:nobody", "--data", space.people["other"].data)
    assert ended.code != 0
    assert "no profile `urn:nobody` is registered" in ended.err.decode()
