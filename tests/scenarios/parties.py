"""Scenarios 13 to 15: what for, where and by whom."""

from __future__ import annotations

import pytest

from tests.api.command import penstock
from tests.scenarios.trade import ABSENT, CANCER, LEASED, MARKETING, REFUSED, RESEARCH, UNSIGNED, USAGE, atom, only

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_13_a_purpose_lies_within_what_was_agreed(trade):
    await trade.offer("s13", only(atom("purpose", "isA", RESEARCH)))
    await trade.offer("s13-not", only(atom("purpose", "isNoneOf", [MARKETING])))
    for product in ("s13", "s13-not"):
        await trade.buy(product, purpose=MARKETING, code=UNSIGNED, words="marketing")
        await trade.buy(product, purpose="Sorcery", code=USAGE, words="Sorcery")
        await trade.buy(product, purpose=CANCER)
        await trade.use(product, purpose=CANCER)
        await trade.use(product, purpose=MARKETING, code=REFUSED, words="marketing")


async def test_14_a_place_lies_in_its_country_by_its_code(trade):
    await trade.offer("s14", only(atom("spatial", "isPartOf", "US")))
    await trade.offer("s14-cn", only(atom("spatial", "isPartOf", "CN")))
    await trade.offer("s14-gd", only(atom("spatial", "isPartOf", "CN-44")))
    await trade.buy("s14")
    await trade.use("s14")
    await trade.buy("s14", "abroad", code=UNSIGNED, words="CN-45")
    await trade.buy("s14-cn", code=UNSIGNED, words="US-NY")
    await trade.buy("s14-cn", "abroad")
    await trade.use("s14-cn", "abroad")
    await trade.buy("s14-gd", "abroad", code=UNSIGNED, words="CN-45")


async def test_15_who_is_no_member_any_more_uses_nothing(trade):
    did = trade.space.did("abroad")
    await trade.offer("s15", only(atom("recipient", "eq", did), action="read"), *LEASED)
    await trade.buy("s15", code=ABSENT, words="is not on offer")
    await trade.buy("s15", "abroad")
    await trade.use("s15", "abroad")
    await penstock(trade.space, "exchange", "exchange", "member", "suspend", did, "--reason", "left the association")
    await trade.restart("provider")  # the space is read anew, and not in its own time
    await trade.use("s15", "abroad", code=REFUSED)
    await penstock(trade.space, "exchange", "exchange", "member", "resume", did, "--reason", "came back")
