"""How many deals of which kind a market day has, and how each goes: a row for a kind, a function for its course."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.runtime.errors import PenstockError, explain_failure
from tests.market.goods import HONEST, LIAR, SILENT

LAWFUL, UNLAWFUL = "AirTrafficResearch", "DirectMarketing"
WITHIN_SECONDS = 120
COMPLETE, FAILED = "complete", "failed"


@dataclass
class Deal:
    """One acquisition: who gets what from whom, and what became of it."""

    key: str
    kind: str
    house: object
    buyer: object
    provider: object
    good: object
    view: dict = None
    said: dict = None
    refusal: object = None  # why the last opening was refused

    @property
    def state(self):
        return self.view["state"]

    async def begin(self, *, limit=None, bid=None, purpose=LAWFUL, deposit=None):
        mandate = {"limit": str(self.good.ask if limit is None else limit), "purpose": purpose}
        mandate |= {"bid": None if bid is None else str(bid), "deposit": None if deposit is None else str(deposit)}
        await self.buyer.tell("acquisitions", {"id": self.key, "product": self.good.name, "mandate": mandate})

    async def until(self, holds):
        told = ""
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                self.view = await self.buyer.ask(f"acquisitions/{self.key}?wait=30&after={told}")
                if self.state in (COMPLETE, FAILED) or holds(self.view):
                    return self.view
                told = self.view["mark"]

    async def get(self, **mandate):
        await self.begin(**mandate)
        return await self.until(lambda _view: False)

    async def open(self, number, purpose=LAWFUL):
        """Return whether an opening was permitted."""
        body = {"id": f"{self.key}-{number}", "acquisition": self.key, "purpose": purpose}
        try:
            await self.buyer.tell("openings", body)
        except PenstockError as fault:
            self.refusal = explain_failure(fault)
            return False
        return True


# ---- the courses


async def whole(deal):
    await deal.get()
    if deal.good.leased:
        deal.said = {"opened": sum([await deal.open(number) for number in range(3)])}


async def demanded(deal):
    """The buyer says what it looks for, and its connector finds, negotiates and gets it within the mandate."""
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    about = {"title": deal.good.name.replace("-", " "), "description": "", "where": [], "purpose": "", "place": ""}
    price = {"most": None, "unit": "byte", "currency": "CNY", "until": until}
    await deal.buyer.tell("demands", {"id": deal.key, **about, **price})
    demand, mandate = deal.key, {"limit": "100000", "bid": None, "purpose": LAWFUL, "deposit": None}
    await deal.buyer.tell("pursuits", {"id": demand, "mandate": mandate})
    async with asyncio.timeout(WITHIN_SECONDS):
        while (pursuit := await deal.buyer.ask(f"pursuits/{demand}"))["state"] != "met":
            assert pursuit["state"] != "ended", pursuit
            await asyncio.sleep(0.2)
    deal.provider, deal.good = deal.house.sold[pursuit["product"]]
    deal.key = pursuit["acquisition"]
    await deal.until(lambda _view: False)
    deal.said = {"pursuit": pursuit, "demand": await deal.buyer.ask(f"demands/{demand}")}


async def haggled(deal):
    await deal.get(bid=deal.good.ask * 3 // 5, limit=deal.good.ask * 19 // 20)


async def refused(deal):
    await deal.get(limit=deal.good.ask * 3 // 5)


async def forbidden(deal):
    await deal.get(purpose=UNLAWFUL)


async def poor(deal):
    """The buyer stops paying: its deposit is for a part only."""
    quote = await deal.buyer.ask(f"quotes/{deal.good.name}")
    await deal.get(deposit=int(quote["amount"]) * 2 // 3)


async def cancelled(deal):
    await deal.begin()
    view = await deal.until(lambda view: view["progress"].get("windows", 0) > 0)
    if deal.state not in (COMPLETE, FAILED):
        await deal.buyer.tell(f"processes/{view['transfer']}/terminate", {"reason": "we have changed our mind"})
        await deal.until(lambda _view: False)


async def garbage(deal):
    """Wrong keys: the buyer keeps the bundle, files it, and the regulator rules."""
    await deal.get()
    [kept] = await deal.buyer.rows("bundles", "channel = ?", (deal.view["channel"],))
    case = await deal.buyer.tell("disputes", await deal.buyer.ask(f"things/{kept['id']}"))
    deal.said = await deal.house.regulator.tell(f"disputes/{case['id']}/ruling", {"award": None, "reason": ""})


async def withheld(deal):
    """The provider takes the voucher and keeps the keys; it claims, the buyer reads them off the chain and goes on."""
    await deal.begin()
    view = await deal.until(lambda view: view["channel"])
    channel = ("channel = ?", (view["channel"],))
    async with asyncio.timeout(WITHIN_SECONDS):
        while not deal.provider.swallowed[view["channel"]]:
            await asyncio.sleep(0.1)
        await deal.provider.tell("settlements", {"agreement": view["agreement"]})
        await deal.begin()  # asked for again, it looks at once and not after its pause
        while any(row["state"] == "signed" for row in await deal.buyer.rows("windows", *channel)):
            await asyncio.sleep(0.1)
    last = max(await deal.buyer.rows("windows", *channel), key=lambda row: row["seq"])
    assert last["state"] in ("released", "acknowledged", "closing"), last["state"]
    deal.said = {"swallowed": deal.provider.swallowed[view["channel"]]}
    await deal.until(lambda _view: False)


async def revoked(deal):
    await deal.get()
    before = await deal.open("before")
    await deal.provider.tell(f"agreements/{deal.view['agreement']}/revoke", {"reason": "the source was withdrawn"})
    deal.said = {"before": before, "after": await deal.open("after")}


async def expired(deal):
    """Opened while the licence lasts; `after_hours` looks again when it is over."""
    await deal.get()
    deal.said = {"before": await deal.open("before")}


async def after_hours(deal):
    deal.said["after"] = await deal.open("after")


@dataclass(frozen=True)
class Kind:
    """A row of the plot: `count` deals in both houses together, with whom, on which goods, and how they may end."""

    course: object
    count: int
    ends: frozenset
    seller: str = HONEST
    fits: object = lambda _good: True


def _kept(good):
    return not good.leased


def _in_parts(good):
    return good.name in {"new-york-weather", "airports", "san-francisco-temperatures"}


_PRICED = frozenset({COMPLETE})
_LOST = frozenset({FAILED})
_EITHER = _PRICED | _LOST
PLOT = {
    "expired": Kind(expired, 6, _PRICED, fits=lambda good: good.name == "riots"),
    "withheld": Kind(withheld, 8, _EITHER, SILENT),
    "garbage": Kind(garbage, 8, _LOST, LIAR),
    "demanded": Kind(demanded, 12, _EITHER, fits=lambda good: good.price["unit"] == "MiB"),
    "whole": Kind(whole, 166, _PRICED, fits=lambda good: good.name != "riots"),
    "haggled": Kind(haggled, 30, _PRICED, fits=lambda good: _kept(good) and good.ask > 100),
    "refused": Kind(refused, 18, _LOST, fits=lambda good: good.ask > 100),
    "forbidden": Kind(forbidden, 14, _LOST, fits=_kept),
    "poor": Kind(poor, 14, _LOST, fits=_in_parts),
    "cancelled": Kind(cancelled, 14, _EITHER, fits=lambda good: good.name == "new-york-flights"),
    "revoked": Kind(revoked, 10, _PRICED, fits=lambda good: _kept(good) and good.name != "new-york-flights"),
}
