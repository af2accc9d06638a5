"""Scenarios 20 to 22: an agreement that ends, a policy that changes, a licence that is passed on."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.command import penstock
from tests.scenarios.trade import ABSENT, LEASED, REFUSED, atom, only

pytestmark = pytest.mark.asyncio(loop_scope="session")

DAY, WITHIN_SECONDS = 86_400, 60


async def test_20_a_revoked_agreement_opens_nothing_and_only_a_party_revokes(trade):
    await trade.offer("s20", only())
    digest = await trade.buy("s20")
    await trade.use("s20")
    await trade.says("other", ("admin", "revoke", digest), ABSENT, "no agreement")
    await penstock(trade.space, "provider", "admin", "revoke", digest, "--reason", "the data subject has objected")
    async with asyncio.timeout(WITHIN_SECONDS):
        while "agreement.ended" not in trade.kinds("buyer", digest):
            await asyncio.sleep(0.1)
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await trade.destroyed("provider", digest):
            await asyncio.sleep(0.1)
    await trade.use("s20", code=REFUSED, words="destroyed")
    assert "agreement.ended" in trade.kinds("provider", digest)


async def test_21_what_was_agreed_stays_and_what_is_agreed_next_is_as_it_says_now(trade):
    for most, named in (("2", "s21-before"), ("1", "s21-after")):
        await trade.offer("s21", only(atom("count", "lteq", most)))
        await trade.buy("s21", named=named)
    for named, most in (("s21-before", 2), ("s21-after", 1)):
        for _ in range(most):
            await trade.use("s21", acquired=named)
        await trade.use("s21", acquired=named, code=REFUSED, words="already done or reserved")


async def test_22_a_licence_is_passed_on_within_its_own_limits_and_draws_on_them(trade):
    await trade.offer("s22", None, "--purpose", "Research", "--onward", "--openings", "2", *LEASED)
    digest = await trade.buy("s22", "buyer")
    await trade.sublicense(digest, "s22", until=400 * DAY, code=REFUSED, words="outlive the licence above it")
    await trade.sublicense(
        digest, "s22", "--purpose", "Marketing", code=REFUSED, words="does not let its holder grant that"
    )
    child = await trade.sublicense(digest, "s22")
    below = await trade.buy("s22", "other", "--licence", child)
    await trade.use("s22", "other")
    await trade.use("s22")
    await trade.use("s22", "other", code=REFUSED, words="already done or reserved")
    again = await trade.sublicense(digest, "s22", "--purpose", "CancerResearch")
    await penstock(trade.space, "provider", "admin", "revoke", digest)
    await trade.buy("s22", "other", "--licence", again, named="s22-late", code=REFUSED)
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await trade.destroyed("other", below):
            await asyncio.sleep(0.1)
    await trade.use("s22", "other", code=REFUSED, words="destroyed")
