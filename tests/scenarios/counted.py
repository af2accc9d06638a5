"""Scenarios 6 to 12: how often, how long and how much."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.runtime.errors import PeerRefused
from tests.scenarios.trade import REFUSED, TABLE, USAGE, atom, instant, only

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SHANGHAI = ZoneInfo("Asia/Shanghai")
COUNTED, OFTEN, TAKEN = "already done or reserved", "no more often than", "taken or paid so far"
TIMED, SINCE = "required is that the time", "since the first use"
BUSINESS = "Mo-Su 09:00-17:00 Asia/Shanghai"


async def test_06_of_two_at_once_for_the_last_use_one_is_allowed(trade):
    await trade.offer("s06", only(atom("count", "lteq", "3")))
    await trade.buy("s06")
    for _ in range(2):  # asked again under its name it takes nothing more
        await trade.use("s06", named="s06-first")
    await trade.use("s06")
    bodies = [{"id": f"s06-{n}", "acquisition": "buyer-s06", "purpose": "Research"} for n in range(2)]
    door = trade.space.doors["buyer"]
    ended = await asyncio.gather(*(door.call("POST", "openings", body) for body in bodies), return_exceptions=True)
    assert sorted(isinstance(one, PeerRefused) for one in ended) == [False, True], ended
    await trade.use("s06", code=REFUSED, words=COUNTED)


async def test_07_each_agreement_has_counters_of_its_own_and_an_organisation_shares_them(trade):
    await trade.offer("s07", only(atom("count", "lteq", "1"), atom("unitOfCount", "eq", "organisation")))
    for named in ("s07-spring", "s07-autumn"):
        await trade.buy("s07", named=named)
    for named in ("s07-spring", "s07-autumn"):
        await trade.use("s07", acquired=named)
        await trade.use("s07", acquired=named, code=REFUSED, words=COUNTED)


async def test_08_a_rate_slides_unless_its_windows_are_fixed(trade):
    await trade.offer("s08", only(atom("frequency", "lteq", "2/PT1H")))
    await trade.offer("s08-fixed", only(atom("frequency", "lteq", "2/PT1H/fixed")))
    for product in ("s08", "s08-fixed"):
        await trade.buy(product)
    into = int(trade.now().timestamp()) % HOUR
    trade.later((HOUR - 10 * MINUTE - into) % HOUR)
    for product in ("s08", "s08-fixed"):
        for _ in range(2):
            await trade.use(product)
        await trade.use(product, code=REFUSED, words=OFTEN)
    trade.later(10 * MINUTE)  # the next hour by the clock
    await trade.use("s08-fixed")
    await trade.use("s08", code=REFUSED, words=OFTEN)
    trade.later(HOUR)
    await trade.use("s08")


async def test_09_an_instant_is_one_in_every_zone_and_without_a_zone_none(trade):
    end = trade.now(2 * HOUR).astimezone(SHANGHAI)
    naive = end.replace(tzinfo=None).isoformat(timespec="seconds")
    await trade.offer("s09-naive", only(atom("dateTime", "lt", naive)), code=USAGE, words="time zone")
    await trade.offer("s09", only(atom("dateTime", "lt", instant(end))))
    await trade.buy("s09")
    await trade.use("s09")
    trade.later(2 * HOUR)
    await trade.use("s09", code=REFUSED, words=TIMED)


async def test_10_office_hours_are_half_open_and_of_their_zone(trade):
    await trade.offer("s10", only(atom("timeWindow", "isPartOf", BUSINESS)))
    here = trade.now().astimezone(SHANGHAI)
    noon = (here + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    trade.later((noon - here).total_seconds())
    await trade.buy("s10")
    await trade.use("s10")
    trade.later(5 * HOUR)  # five in the afternoon, and a little
    await trade.use("s10", code=REFUSED, words=TIMED)
    trade.later(16 * HOUR)
    await trade.use("s10")


async def test_11_days_begin_with_the_first_use(trade):
    await trade.offer("s11", only(atom("elapsedTime", "lteq", "P3D")))
    await trade.buy("s11")
    trade.later(2 * DAY)
    await trade.use("s11")
    trade.later(2 * DAY)
    await trade.use("s11")
    trade.later(DAY)
    await trade.use("s11", code=REFUSED, words=SINCE)


async def test_12_a_limit_is_on_what_was_taken_in_all(trade):
    # a use is of a little more than its file: of the list of files, too
    most = str(len(TABLE) * 3)
    await trade.offer("s12", only(atom("absoluteSize", "lteq", most, unit="byte")))
    await trade.buy("s12")
    for _ in range(2):
        await trade.use("s12")
    await trade.use("s12", code=REFUSED, words=TAKEN)
