"""What a kill leaves is listed by `penstock doctor --orders`, with a server and without; the same id goes on."""

from __future__ import annotations

import asyncio

import pytest

from bench.space import space
from connector.cli.orders import lines
from tests.fault.pulls import Pull, fill
from tests.soak.books import command

pytestmark = pytest.mark.asyncio(loop_scope="function")

SOURCE_MIB = 24
WITHIN_SECONDS = 60


async def waiting(data):
    code, told = await command("doctor", "--orders", "--data", data)
    assert code == 0, told
    return told["waiting"]


async def test_a_killed_provider_is_waited_for_and_its_order_ends(tmp_path):
    source = tmp_path / "data.bin"
    fill(source, SOURCE_MIB)
    async with space(tmp_path) as made:
        assert await waiting(tmp_path / "buyer") == []
        pull = Pull(made, source)
        await pull.begin()
        await pull.until(1 / 4)
        await made.people["provider"].kill()
        async with asyncio.timeout(WITHIN_SECONDS):
            while not (found := await waiting(tmp_path / "buyer"))[0]["why"]:
                await asyncio.sleep(0.2)
        (order,) = found
        assert (order["kind"], order["id"], order["state"], order["whose"]) == (
            "order",
            "pull",
            "receiving",
            "provider",
        )
        assert made.did("provider") == order["peer"]
        assert order["until"] > order["since"]
        for language in ("en", "zh"):
            assert "`penstock transfer cancel pull`" in order[language]
            assert "`penstock admin revoke " in order[language]  # there is money in its channel
        await made.people["buyer"].kill()
        (alone,) = await waiting(tmp_path / "buyer")
        assert {**order, "why": ""} == {**alone, "why": ""}
        (said, *_) = lines([alone])
        assert said == "order pull of pull: receiving"
        for role in ("provider", "buyer"):
            await made.people[role].start()
        await pull.ask()
        await pull.ends_right(tmp_path / "opened")
        assert await waiting(tmp_path / "buyer") == []


async def test_an_order_that_is_given_up_brings_its_deposit_back_as_it_is_told(tmp_path):
    source = tmp_path / "data.bin"
    fill(source, SOURCE_MIB)
    async with space(tmp_path) as made:
        pull = Pull(made, source)
        await pull.begin()
        view = await pull.until(1 / 4)
        code, told = await command("transfer", "cancel", "pull", "--data", tmp_path / "buyer")
        assert code == 0, told
        async with asyncio.timeout(WITHIN_SECONDS):
            while (found := await waiting(tmp_path / "buyer")) == [] or found[0]["kind"] != "deposit":
                await asyncio.sleep(0.2)
        (deposit,) = found
        assert (deposit["id"], deposit["whose"]) == (view["channel"], "buyer")
        assert f"`penstock admin revoke {view['agreement']}`" in deposit["en"]
        code, told = await command(
            "admin", "revoke", view["agreement"], "--reason", "over", "--data", tmp_path / "buyer"
        )
        assert code == 0, told
        (deposit,) = await waiting(tmp_path / "buyer")
        assert deposit["whose"] == "provider"
        # it was used: its provider has the rest of the price to claim
        code, told = await command("settle", "--data", tmp_path / "provider")
        assert code == 0, told
        async with asyncio.timeout(WITHIN_SECONDS):
            while await waiting(tmp_path / "buyer"):
                await asyncio.sleep(0.2)
