"""Scenarios 16 to 19: what is to be done for a use, before it and after it."""

from __future__ import annotations

import asyncio

import pytest

from tests.scenarios.trade import ABSENT, LEASED, REFUSED, TABLE, UNSIGNED, USAGE, atom, only

pytestmark = pytest.mark.asyncio(loop_scope="session")

DAY, WITHIN_SECONDS = 86_400, 60


def owing(*duties):
    return {"permission": [{"action": "use", "duty": list(duties)}]}


async def test_16_what_is_paid_is_the_price_and_before_it_is_paid_nothing_opens(trade):
    pay = {"action": "compensate", "constraint": [atom("payAmount", "eq", "100.00", unit="CNY")]}
    await trade.offer("s16-duty", owing(pay), code=USAGE, words=("what is paid is the price", "say it by the price"))
    await trade.offer("s16", only(), "--price", "1000.00")
    # a deposit that does not pay one piece buys nothing, and nothing is signed
    await trade.buy("s16", "buyer", "--deposit", "0.01", code=UNSIGNED, words="one piece costs")
    await trade.use("s16", code=ABSENT)
    await trade.buy("s16")
    await trade.use("s16")


async def test_17_what_cannot_be_done_at_delivery_is_refused_and_a_mask_does_it_before(trade):
    await trade.offer("s17-duty", owing({"action": "anonymize"}), code=USAGE, words="nobody here can `anonymize`")
    await trade.offer("s17-none", only(), "--mask", "weather=hash", code=USAGE, words="weather")
    await trade.offer("s17", only(), "--mask", "station=hash")
    await trade.buy("s17")
    [path] = await trade.use("s17", shown=None)
    text = path.read_text()
    assert [line.rsplit(",", 1)[0] for line in text.splitlines()] == [
        line.rsplit(",", 1)[0] for line in TABLE.splitlines()
    ]
    stations = {line.rsplit(",", 1)[1] for line in text.splitlines()[1:]}
    assert len(stations) == 5
    assert not stations & {f"S{n}" for n in range(5)}


async def test_18_what_is_to_be_deleted_after_its_use_is_deleted(trade):
    term = atom("delayPeriod", "lteq", "P1D")
    await trade.offer("s18", owing({"action": "delete", "constraint": [term]}))
    digest = await trade.buy("s18")
    for _ in range(2):
        await trade.use("s18")
    trade.later(DAY + 60)
    await trade.restart("buyer")
    async with asyncio.timeout(WITHIN_SECONDS):
        while "replica.deleted" not in trade.kinds("buyer", digest):
            await asyncio.sleep(0.2)
    await trade.use("s18", code=REFUSED, words="destroyed")


async def test_19_what_would_answer_a_breach_is_what_somebody_here_can_do(trade):
    forbidden = {"action": "distribute", "remedy": [{"action": "desensitize"}]}
    await trade.offer("s19-no", only(action="read", prohibition=[forbidden]), *LEASED, code=USAGE, words="desensitize")
    forbidden = {"action": "distribute", "remedy": [{"action": "inform"}]}
    await trade.offer("s19", only(action="read", prohibition=[forbidden]), *LEASED)
    await trade.buy("s19")
    await trade.use("s19")
