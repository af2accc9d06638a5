"""Money that waits for nobody: a provider that was away, a buyer that never acknowledges (spec 3.5, 4).

Real processes whose clocks are set forward together. In the run that found it a provider was away for thirty days with
three leased openings sold, and all 750 were lost.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from connector.cli.doctor import examined
from connector.runtime.clock import Clock
from connector.runtime.errors import PeerUnreachable
from tests.api.space import PURPOSE, Space
from tests.api.visitor import Visitor

SERVE = (sys.executable, str(Path(__file__).with_name("timely_serve.py")))
ROLES = ("exchange", "provider", "second", "buyer", "other")
PRICE, OPENINGS = 250, 3
# who buys what of whom
TRADES = (("buyer", "tides", "provider"), ("other", "winds", "provider"), ("other", "gusts", "second"))
HOUR, DAY = 3_600, 86_400
WITHIN_SECONDS = 40
# the claim margin of the settings' defaults is an hour, and a voucher lives for a day; the second provider's margin is
# all of that but a few seconds, so that it has to claim while the test looks on
# the first provider has no rounds at all here: what it claims, it claims at its start
TOLD = {
    "provider": ("PENSTOCK_TEST_ROUND=86400",),
    "second": ("PENSTOCK_TEST_ROUND=0.5",),
    "other": ("PENSTOCK_TEST_MUTE=1",),
}
NARROW = {
    "claim_margin_seconds = 3600": "claim_margin_seconds = 86390",
    "stale_max_seconds = 900": "stale_max_seconds = 8",
}

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Away:
    """The space with its clock: `buyer` is honest, `other` never acknowledges."""

    def __init__(self, folder):
        self.clock = folder / "clock"
        self.clock.write_text("0")
        self.space = Space(folder, Clock().now, {"PENSTOCK_TEST_CLOCK": str(self.clock)})
        self.space.prepare(ROLES)
        for role in ROLES:
            self.space.people[role].command = ("env", *TOLD.get(role, ()), *SERVE)
        settings = folder / "second" / "penstock.toml"
        for usual, narrow in NARROW.items():
            assert usual in settings.read_text()
            settings.write_text(settings.read_text().replace(usual, narrow))
        self.opened = 0

    async def stop(self, *roles):
        """Stop everybody, for nobody's clock is set while it runs; or only some, to begin with."""
        await asyncio.gather(*(self.space.people[role].stop() for role in roles or ROLES))

    async def come_back(self, seconds, *roles):
        """Start who is needed so much later."""
        await self.stop()
        self.clock.write_text(str(int(self.clock.read_text()) + seconds))
        await asyncio.gather(*(self.space.people[role].start(self.space.environment) for role in roles))

    async def open(self, role, product, times=1):
        """Buy openings, one after the other."""
        for _ in range(times):
            self.opened += 1
            body = {"id": f"opening-{self.opened}", "acquisition": product, "purpose": PURPOSE}
            told = await self.space.doors[role].call("POST", "openings", body)
            assert told["charged"] == PRICE

    def channel(self, role, provider="provider"):
        """The channel's row at its provider."""
        rows = self.space.rows(provider, "channels")
        return next(row for row in rows if row["peer"] == self.space.did(role))

    def acknowledged(self, role):
        """How much the provider holds without a lock."""
        mine = [row for row in self.space.rows("provider", "windows") if row["channel"] == self.channel(role)["id"]]
        return max((int(row["cumulative"]) for row in mine if row["state"] == "closing"), default=0)

    async def holds(self, what):
        """Wait until `what()` is true."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while not what():
                await asyncio.sleep(0.05)

    async def claimed(self, role, amount, provider="provider"):
        """Wait until the provider has seen its claim on the chain, at which it looks when it is asked how it is."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while int(self.channel(role, provider)["claimed"]) != amount:
                with suppress(PeerUnreachable):  # it has just started, and is not ready yet
                    await self.warnings(provider)
                await asyncio.sleep(0.1)

    async def warnings(self, provider="provider"):
        return (await self.space.outbound.get(self.space.url(provider) + "/health/ready")).json()["warnings"]

    async def lapses(self, provider="provider"):
        return (await self.space.doors[provider].call("GET", "status"))["lapses"]

    async def console(self, language):
        """What the provider's first page and its earnings say, to somebody who reads this language."""
        door = self.space.doors["provider"]
        await door.call("POST", "accounts", {"name": language, "roles": [], "operator": False})
        link = (await door.call("POST", f"accounts/{language}/link", {}))["url"]
        async with Visitor(self.space.url("provider"), language) as visitor:
            return (await visitor.open(link)).text, (await visitor.open("earnings")).text

    def said(self):
        return (self.space.people["provider"].data / "serve.log").read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def away(tmp_path_factory):
    made = Away(tmp_path_factory.mktemp("away"))
    space = made.space
    try:
        await space.start()
        for role, product, provider in TRADES:
            await space.publish(provider, product, (3_000,), price=PRICE, openings=9)
            await space.get(product, role=role, limit=PRICE)
            await space.complete(product, role=role)
        yield made
    finally:
        await space.stop()


async def test_who_is_never_acknowledged_claims_in_time_while_it_serves(away):
    await away.open("other", "gusts")
    await away.claimed("other", PRICE, "second")
    assert await away.lapses("second") == []


async def test_who_was_away_claims_first_of_all_what_can_be_claimed_still(away):
    await away.open("other", "winds", 2)
    await away.open("buyer", "tides", OPENINGS - 1)
    await away.holds(lambda: away.acknowledged("buyer") == (OPENINGS - 1) * PRICE)
    [lapse] = await away.lapses()
    assert (lapse["amount"], lapse["money"], lapse["lost"]) == ("500", "5.00 CNY", False)
    for language, waits, lapses in (("en", "1 amounts lapse", "5.00 CNY for"), ("zh", "1 笔款项", "的 5.00 CNY 将于")):
        first, earnings = await away.console(language)
        assert waits in first
        assert lapses in earnings
    await away.stop("provider")
    assert "5.00 CNY under the agreement" in away.said()
    assert "nobody serves here now" in away.said()
    assert away.channel("other")["claimed"] == "0"
    await away.come_back(DAY - HOUR // 2, "exchange", "provider", "buyer")
    await away.claimed("other", 2 * PRICE)
    assert away.channel("buyer")["claimed"] == "0"  # it holds that without a lock, and nothing hurries
    assert await away.lapses() == []
    assert "claims-late" in await away.warnings()  # as it was at the start: half of the margin was gone
    sheet = {one.name: one for one in await examined(away.space.people["provider"].data)}
    assert (sheet["port"].state, "claims-late" in sheet["port"].text) == ("warn", True)


async def test_an_honest_buyer_costs_nobody_anything_for_thirty_days(away):
    await away.open("buyer", "tides")
    # both are gone before the last acknowledgement may have arrived, and the buyer without a word
    await asyncio.gather(away.space.people["provider"].kill(), away.space.people["buyer"].kill())
    await away.come_back(30 * DAY, "exchange", "provider", "buyer")
    await away.holds(lambda: away.acknowledged("buyer") == OPENINGS * PRICE)
    settled = await away.space.doors["provider"].call("POST", "settlements", {"agreement": None})
    amounts = {row["channel"]: row["settled"] for row in settled["channels"]}
    assert amounts == {away.channel("buyer")["id"]: "750", away.channel("other")["id"]: "500"}
