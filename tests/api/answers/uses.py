"""Uses that run, as an exchange that watches has them stopped and allowed; a member tells of one."""

from __future__ import annotations

from catalog.watching import RunningUse, Telling
from connector.runtime.limits import ANSWER_BYTES_MAX

WHY = ("--reason", "it is tried")
USE, AGREEMENT = "0a" * 16, "0b" * 32


async def play(told):
    space = told.space
    telling = Telling((RunningUse(USE, AGREEMENT, "told", "read", space.now()),)).json()
    by, place = space.bearer("second", "exchange"), space.url("exchange") + "/exchange/uses"
    await space.outbound.request("POST", place, body=telling, headers=by, limit_bytes=ANSWER_BYTES_MAX)
    await told.say("exchange uses", by="exchange")
    await told.say("exchange use stop", USE, *WHY, by="exchange")
    await told.say("exchange use allow", AGREEMENT, *WHY, by="exchange")
