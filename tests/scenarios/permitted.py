"""Scenarios 1 to 5: what is permitted at all, and what a prohibition takes from it."""

from __future__ import annotations

import pytest

from tests.scenarios.trade import ABSENT, ALLOWED, LEASED, REFUSED, USAGE, only

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_01_nothing_is_sold_that_no_permission_is_about(trade):
    await trade.offer("s01", only(action="compute"), code=USAGE, words=("no permission covers", "nobody could buy it"))


async def test_02_reading_is_a_use_and_passing_on_is_another(trade):
    await trade.offer("s02", only(action="read"), *LEASED)
    digest = await trade.buy("s02")
    await trade.use("s02")
    await trade.sublicense(digest, "s02", code=REFUSED, words="does not let its holder grant that")


async def test_03_what_is_forbidden_beside_what_is_permitted_leaves_the_rest(trade):
    apart = only(action="read", prohibition=[{"action": "distribute"}])
    await trade.offer("s03", apart, *LEASED)
    digest = await trade.buy("s03")
    await trade.use("s03")
    await trade.sublicense(digest, "s03", code=REFUSED, words="does not let its holder grant that")


async def test_04_a_conflict_is_decided_by_the_strategy(trade):
    conflict = only(prohibition=[{"action": "grantUse"}])
    await trade.offer("s04-void", conflict, code=USAGE, words=("the policy is void", "write `conflict`"))
    await trade.offer(
        "s04-no", only(prohibition=[{"action": "use"}], conflict="prohibit"), code=USAGE, words="never allows"
    )
    for strategy, code in (("prohibit", REFUSED), ("perm", ALLOWED)):
        product = f"s04-{strategy}"
        await trade.offer(product, conflict | {"conflict": strategy})
        digest = await trade.buy(product)
        await trade.use(product)
        await trade.sublicense(digest, product, code=code)


async def test_05_who_is_in_a_collection_that_is_barred_is_shown_nothing(trade):
    barred = [{"action": "use", "assignee": trade.barred}]
    await trade.offer("s05", only(prohibition=barred, conflict="prohibit"))
    await trade.buy("s05", "other", code=ABSENT, words="is not on offer")
    await trade.buy("s05")
    await trade.use("s05")
