"""A market day: houses open, members join and publish, deals are made side by side, everybody settles, all is audited.

`scale` divides the plot and its cast, so that one can watch a short day; the whole day is of scale 1.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from catalog.complaint import Move
from connector.demo.story import term_end
from connector.net.outbound import Outbound
from connector.regulator.sources import sources
from connector.runtime import log_lines
from connector.runtime.clock import Clock
from ledger.audit import audit
from tests.api.secrets_told import leaks
from tests.market.goods import GOODS, HONEST, LIAR, SHORT, SILENT, files
from tests.market.house import House
from tests.market.plot import PLOT, Deal, after_hours

HOUSES = ("north", "south")
PROVIDERS, BUYERS = 6, 15  # of each house: two of its providers are no honest ones
FUNDS = 1_000_000
LOG = "day.log"
SEED = 20_130_101
# what is divided: `make test` plays a tenth of a day, `make test-market` the whole
SCALE = int(os.environ.get("PENSTOCK_TEST_MARKET_SCALE", "10"))
AT_ONCE = 8  # deals of one house
# licences of the short product last so long from their publication, on a slow machine and on a long day longer
SHORT_SECONDS_MIN, SHORT_SECONDS_WHOLE, OF_OPENING = 25, 45, 4
# how complaints go: who does what
HEARINGS = (
    (("respondent", Move.ANSWER), ("complainant", Move.ESCALATE), ("exchange", Move.UPHOLD)),
    (("respondent", Move.ANSWER), ("complainant", Move.SETTLE)),
    (("complainant", Move.ESCALATE), ("exchange", Move.DISMISS)),
)
REGIONS = ("US-NY", "US-CA", "US-WA")


class Day:
    """The houses, the deals with what became of them, and both audits."""

    def __init__(self, folder, scale=SCALE):
        self.folder, self.scale, self.chance = folder, scale, random.Random(SEED)
        self.houses, self.deals, self.reports = [], [], {}
        self.spent_seconds = {}

    async def play(self):
        await self._timed("open", self._open())
        await self._timed("publish", self._publish())
        await self._timed("trade", self._trade())
        await self._timed("complain", self._each(self._complain))
        await self._timed("settle", self._settle())
        await self._timed("anchor", self._each(self._anchor))
        await self._timed("audit", self._each(self._audit))

    def counts(self):
        """Return (kind, state) → deals."""
        return Counter((deal.kind, deal.state) for deal in self.deals)

    def printed(self):
        rows = [f"{kind:10} {state:9} {count:4}" for (kind, state), count in sorted(self.counts().items())]
        seconds = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.spent_seconds.items())
        return "\n".join([*rows, seconds])

    def of(self, kind):
        return [deal for deal in self.deals if deal.kind == kind]

    # ---- the acts

    async def _timed(self, name, act):
        begun = time.monotonic()
        await act
        self.spent_seconds[name] = time.monotonic() - begun

    async def _each(self, act):
        await asyncio.gather(*(act(house) for house in self.houses))

    async def _open(self):
        self._outbound = Outbound(development=True)
        self._outbound.open()
        keys = None
        for name in HOUSES:
            house = House(self.folder, name, self._outbound)
            self.houses.append(house)
            await house.open(keys)
            keys = house.regulator.data / "keys"
        await self._each(self._gather)

    async def _gather(self, house):
        honest = max(PROVIDERS // self.scale, 3) - 2
        sellers = {**{f"provider-{number}": HONEST for number in range(honest)}, "liar": LIAR, "silent": SILENT}
        house.providers, house.buyers = [], []
        for number, (name, kind) in enumerate(sellers.items()):
            provider = await house.join(name, "provider", REGIONS[number % len(REGIONS)], kind)
            house.providers.append(provider)
        for number in range(max(BUYERS // self.scale, 3)):
            buyer = await house.join(f"buyer-{number}", "buyer", REGIONS[number % len(REGIONS)])
            await house.fund(buyer, FUNDS)
            house.buyers.append(buyer)

    async def _publish(self):
        self._files = files(self.folder / "tables")
        await self._each(self._list)
        await self._each(self._list_short)

    async def _list(self, house):
        house.sold = {}
        honest = [one for one in house.providers if one.kind == HONEST]
        for number, good in enumerate(GOODS):
            provider = next((one for one in house.providers if one.kind == good.seller != HONEST), None)
            await self._sell(house, provider or honest[number % len(honest)], good, term_end(Clock().now()))

    async def _list_short(self, house):
        """Publish what expires soon last: its time runs while it is sold, and not before."""
        least = SHORT_SECONDS_WHOLE if self.scale == 1 else SHORT_SECONDS_MIN
        soon = Clock().now() + timedelta(seconds=max(least, OF_OPENING * self.spent_seconds["open"]))
        house.over = soon
        provider = next(one for one in house.providers if one.kind == HONEST)
        await self._sell(house, provider, SHORT, soon.isoformat(timespec="seconds"))

    async def _sell(self, house, provider, good, until):
        await provider.tell("products", good.brief(self._files, until))
        await house.exchange.tell(f"listings/{good.name}/review")
        house.sold[good.name] = (provider, good)

    async def _trade(self):
        for kind, row in PLOT.items():
            for number in range(max(row.count // self.scale, 2)):
                self.deals.append(self._drawn(kind, row, number))
        await self._each(self._deal)
        last = max(house.over for house in self.houses)
        await asyncio.sleep(max(0.0, (last - Clock().now()).total_seconds() + 1))
        for deal in self.of("expired"):
            await after_hours(deal)

    def _drawn(self, kind, row, number):
        house = self.houses[number % len(self.houses)]
        fit = [pair for pair in house.sold.values() if pair[0].kind == row.seller and row.fits(pair[1])]
        provider, good = self.chance.choice(fit)
        return Deal(f"{kind}-{number}", kind, house, self.chance.choice(house.buyers), provider, good)

    async def _deal(self, house):
        """Deal as the plot says, many at once, those first that take longest."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(deal):
            async with room:
                await PLOT[deal.kind].course(deal)

        async with asyncio.TaskGroup() as group:
            # what expires does so while the others are at it
            for deal in sorted(self.deals, key=lambda deal: deal.kind != "expired"):
                if deal.house is house:
                    group.create_task(one(deal))

    async def _complain(self, house):
        """Whoever was given garbage complains: the first is heard, the second given in to, the third waits too long."""
        house.complaints = {}
        for number, deal in enumerate(deal for deal in self.of("garbage") if deal.house is house):
            body = {"id": deal.key, "agreement": deal.view["agreement"], "words": "the last piece does not open"}
            await deal.buyer.tell("complaints", body)
            course = HEARINGS[number % len(HEARINGS)]
            if course[0][1] is Move.ESCALATE:
                await house.exchange.age("complaints", deal.key)
                assert (await deal.buyer.ask(f"complaints/{deal.key}"))["overdue"]
            for role, move in course:
                by = {"complainant": deal.buyer, "respondent": deal.provider, "exchange": house.exchange}[role]
                await by.tell(f"complaints/{deal.key}/{move}", {"words": f"we {move}"})
            house.complaints[deal.key] = (await deal.provider.ask(f"complaints/{deal.key}"))["state"]

    async def _settle(self):
        for role in ("providers", "buyers"):
            await asyncio.gather(
                *(
                    stand.tell("settlements", {"agreement": None})
                    for house in self.houses
                    for stand in getattr(house, role)
                )
            )
        await self._each(lambda house: house.exchange.tell("settlements", {"agreement": None}))

    async def _anchor(self, house):
        for stand in house.stands.values():
            await stand.tell("log/anchor")
        await house.exchange.tell("attestations")

    async def _audit(self, house):
        async with sources(house.exchange.connector.url, development=True, reader=house.reader) as opened:
            self.reports[house.name] = await audit.run(opened, house.regulator.connector.identity.keys.delivery)

    async def close(self):
        for house in self.houses:
            await house.close()
        await self._outbound.close()

    # ---- what it wrote

    @contextmanager
    def writing(self):
        """Keep what everybody's servers say of this day, as `penstock serve --verbose` writes it."""
        kept, root = logging.FileHandler(self.folder / LOG), logging.getLogger()
        kept.setFormatter(log_lines.TextLines())
        before, kept.level = root.level, logging.INFO
        root.addHandler(kept)
        root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.setLevel(before)
            root.removeHandler(kept)
            kept.close()

    def told_secrets(self):
        """Return every secret of anybody that stands in what was written; it must not be empty."""
        people = {f"{house.name} {name}": stand for house in self.houses for name, stand in house.stands.items()}
        text = (self.folder / LOG).read_bytes()
        assert text, "there is nothing to look in"
        return leaks(people, {"the day": text})


@asynccontextmanager
async def played(folder, scale=SCALE):
    """Play a day, and close it behind it."""
    day = Day(folder, scale)
    with day.writing():
        try:
            await day.play()
            yield day
            assert day.told_secrets() == [], "a secret stands in a log"
        finally:
            await day.close()
