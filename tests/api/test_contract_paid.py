"""What a contract of the national interfaces costs, paid on chain to its provider and service parties, as signed."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.command import commanded, penstock
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def held(holds):
    async with asyncio.timeout(30):
        while not (found := holds()):
            await asyncio.sleep(0.1)
    return found


async def test_the_price_moves_on_chain_as_all_have_signed_it(space):
    await space.publish("provider", "paid-tides", (5_000,), tier="plain")
    parties = {"second": ("broker", 333, 33)}
    for who, (role, share, _) in parties.items():
        words = ("ndi", "party", "set", "paid-tides", space.did(who), "--role", role, "--share", str(share))
        await penstock(space, "provider", *words)
    mandate = {"at": "ndi+" + space.url("provider"), "limit": "1000", "purpose": PURPOSE}
    mandate["to"] = str(space.folder / "paid-tides")
    body = {"id": "paid-tides", "product": "paid-tides", "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    code = ""
    for who in parties:
        [row] = await held(
            lambda who=who: [one for one in space.rows(who, "service_contracts") if one["state"] == "asked"]
        )
        code = row["code"]
        early = await commanded("ndi", "pay", code, "--data", space.folder / "buyer")
        assert b"not in force yet" in early.err
        await penstock(space, who, "ndi", "sign", code)
    await held(lambda: [one for one in space.rows("buyer", "contracts") if one["code"] == code and one["instruction"]])

    async def balances():
        told = {who: await space.doors[who].call("GET", "wallet") for who in ("provider", *parties)}
        return {who: int(one["balance"]) for who, one in told.items()}

    before = await balances()
    made = await penstock(space, "buyer", "ndi", "pay", code)
    shared = {"provider": 967, "second": 33}
    assert {one["party"]: one["amount"] for one in made["payments"]} == {
        space.did(who): str(part) for who, part in shared.items()
    }
    assert (await penstock(space, "buyer", "ndi", "pay", code)) == made, "a number is paid once"
    after = await balances()
    assert {who: after[who] - before[who] for who in before} == shared
    # whoever is in the contract finds it on the chain; another amount has a number of its own
    for who in ("buyer", "provider", *parties):
        assert (await penstock(space, who, "ndi", "paid", code)) == made, who
    other_amount = await commanded("ndi", "pay", code, "--amount", "1.00", "--data", space.folder / "buyer")
    assert b"another amount was paid" in other_amount.err
    again = await penstock(space, "buyer", "ndi", "pay", code, "--amount", "0.01", "--number", "2")
    assert [(one["role"], one["amount"]) for one in again["payments"]] == [("provider", "1")]
    assert [one["number"] for one in (await penstock(space, "second", "ndi", "paid", code))["payments"]] == [1, 1, 2]
    poor = await commanded(
        "ndi", "pay", code, "--amount", "1000000000", "--number", "3", "--data", space.folder / "buyer"
    )
    assert b"the wallet holds" in poor.err
    theirs = await commanded("ndi", "pay", code, "--data", space.folder / "provider")
    assert theirs.code != 0, "who sells pays nothing"
    nobodys = await commanded("ndi", "paid", code, "--data", space.folder / "exchange")
    assert b"there is no contract" in nobodys.err
