"""The licence ends before the provider meets the channel: the deposit is back at once, not when the channel expires."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from ledger.chain.client import Chain
from ledger.chain.programs import Programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE, SIZE = 64_000, 65_536
WITHIN_SECONDS = 20


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chain(space):
    made = Chain.connect(space.url("exchange") + "/rpc")
    yield Programs(made, space.deployment)
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def kept_away(proxy):
    """Nothing about a channel reaches the second provider, except what a test lets through."""
    closed, passing = asyncio.Event(), asyncio.Event()

    async def gate(request):
        if not request.path.startswith("/channel/"):
            return
        if request.path.endswith("/close"):
            closed.set()
            if passing.is_set():
                return
        request.transport.abort()
        raise ConnectionError

    proxy.calm()
    proxy.gate = gate
    yield closed, passing
    proxy.calm()


async def deposited(space, product):
    """Return the acquisition's view with a channel on chain of which the provider has not heard."""
    await space.publish("second", product, (SIZE,), price=PRICE)
    await space.get(product, limit=PRICE)
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            view = await space.until(product, lambda view: view["channel"] or view["state"] == "failed")
            assert view["state"] != "failed", view
            if any(row["id"] == view["channel"] for row in space.rows("buyer", "channels")):
                return view
            await asyncio.sleep(0.05)


async def until(holds):
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await holds():
            await asyncio.sleep(0.1)


def told(space, role, kind, channel):
    return [row for row in space.rows(role, "log_entries") if (row["kind"], row["part"]) == (kind, channel)]


async def test_the_deposit_is_back_as_soon_as_the_agreement_is_over(space, chain, kept_away):
    _, passing = kept_away
    passing.set()
    view = await deposited(space, "untouched")
    channel = bytes.fromhex(view["channel"])
    before = await chain.channel(channel)
    assert (before.closed, before.claimed) == (False, 0)
    assert not [row for row in space.rows("second", "channels") if row["id"] == view["channel"]]
    balance = await chain.balance(space.keys("buyer").address)

    await space.doors["buyer"].call("POST", f"agreements/{view['agreement']}/revoke", {"reason": "we need it no more"})

    async def closed():
        return (await chain.channel(channel)).closed

    await until(closed)
    after = await chain.channel(channel)
    assert after.claimed == 0
    assert after.expiry == before.expiry, "it did not wait for that"

    async def back():
        return await chain.balance(space.keys("buyer").address) >= balance + before.deposit

    await until(back)
    for role in ("buyer", "second"):

        async def noted(role=role):
            return len(told(space, role, "channel.closed", view["channel"])) == 1

        await until(noted)


async def test_after_a_restart_it_is_asked_for_again(space, chain, kept_away):
    asked, passing = kept_away
    view = await deposited(space, "untouched-again")
    channel = bytes.fromhex(view["channel"])
    await space.doors["buyer"].call("POST", f"agreements/{view['agreement']}/revoke", {"reason": "we need it no more"})
    await asyncio.wait_for(asked.wait(), WITHIN_SECONDS)
    await space.people["buyer"].stop()
    assert not (await chain.channel(channel)).closed
    passing.set()
    await space.people["buyer"].start(space.environment)

    async def closed():
        return (await chain.channel(channel)).closed

    await until(closed)


async def test_a_channel_whose_agreement_runs_or_that_was_paid_on_is_not_closed(space, say, chain):
    await space.publish("provider", "paid-on", (SIZE,), price=PRICE)
    await space.get("paid-on", limit=PRICE)
    view = await space.complete("paid-on")
    url, body = f"{space.url('provider')}/channel/{view['channel']}/close", {"agreement": view["agreement"]}

    async def ask(role="buyer", at=url, body=body):
        said = await say("POST", at, body, space.bearer(role, "provider"))
        return said.status, said.json

    assert (await ask())[0] == 409
    assert (await ask("other"))[0] == 404
    assert (await ask(body={}))[0] == 400
    assert (await ask(body={"agreement": "x" * 64}))[0] == 404
    await space.doors["provider"].call("POST", f"agreements/{view['agreement']}/revoke", {"reason": "it is over"})
    assert await ask() == (200, {"channel": view["channel"], "closed": False})
    assert not (await chain.channel(bytes.fromhex(view["channel"]))).closed, "who is owed settles by itself"
    unknown = url.replace(view["channel"], "00" * 32)
    assert (await ask(at=unknown))[0] == 404
