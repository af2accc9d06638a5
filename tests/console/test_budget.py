"""What the console may buy for in a month: what is being bought counts before anything of it is paid."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.api.pages import buying
from connector.consumer.prospect import Prospects
from connector.enforcement.person import OWNER
from connector.runtime.errors import PaymentRefused
from connector.store.rows.channel import Side, WindowState

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHANNEL = "0c" * 32


@pytest_asyncio.fixture(loop_scope="session")
async def buy(connector, monkeypatch):
    """Begin a purchase by the console's form, within a budget of 100.00; nothing of it comes. Returns its id."""
    settings = replace(connector.settings, console=replace(connector.settings.console, budget=10_000))
    core = replace(connector.core, settings=settings)
    monkeypatch.setattr(connector.budget, "_core", core)
    monkeypatch.setattr(connector.acquisitions.driver, "wake", lambda _key: None)

    async def quoted(_product):
        return {"amount": "9000"}

    monkeypatch.setattr(connector.quotes, "total", quoted)

    async def allowed(*_about):
        """Let it be bought, as far as its offer goes: nobody lists it."""

    monkeypatch.setattr(connector.parts.of(Prospects), "foresee", allowed)

    async def begin(total):
        call = SimpleNamespace(of=connector.parts.of, core=core, path={"id": "product"}, person=OWNER)
        there = await buying.buy(call, {"limit": "1.00", "purpose": "Research", "said": "", "total": total})
        return there.rsplit("/", 1)[-1]

    yield begin
    await connector.store.write(lambda tx: tx.update("acquisitions", {"product": "product"}, state="failed"))


@pytest.mark.parametrize("total", ["90.00", ""])
async def test_two_purchases_do_not_go_over_what_each_alone_fits_into(connector, buy, total):
    first = await buy(total)
    with pytest.raises(PaymentRefused, match=r"may cost 90.00, and 10.00 .* beside 90.00 for what is being bought"):
        await buy(total)
    await buy("10.00")
    await connector.store.write(lambda tx: tx.update("acquisitions", {"id": first}, state="failed"))
    await buy(total)
    assert (await connector.budget.page())["left"] == "0"


async def test_two_purchases_at_once_do_not_either(buy):
    begun = await asyncio.gather(buy("90.00"), buy("90.00"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in begun) == ["PaymentRefused", "str"]


async def test_what_was_paid_is_taken_off_once(connector, buy):
    key, now = await buy("90.00"), connector.clock.now()
    paid = {
        "channel": CHANNEL,
        "seq": 1,
        "role": Side.PAYER,
        "state": WindowState.RELEASED,
        "amount": 2_500,
        "created": now,
    }
    await connector.store.write(
        lambda tx: (tx.update("acquisitions", {"id": key}, channel=CHANNEL), tx.insert("windows", **paid))
    )
    told = await connector.budget.page()
    assert {name: told[name] for name in ("spent", "begun", "left")} == {
        "spent": "2500",
        "begun": "6500",
        "left": "1000",
    }
