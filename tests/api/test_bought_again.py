"""Who has a product already is told so before it is bought again; the same purchase again says nothing of the kind."""

from __future__ import annotations

import pytest

from tests.api.command import commanded
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")
PRICE, SIZE = 1000, 65_536
TOLD = "you have it already, by agreement"


async def test_a_second_purchase_of_the_same_product_is_told_as_one(space):
    await space.publish("provider", "bought-once", (SIZE,), price=PRICE)
    line = ("get", "bought-once", "--max-price", str(PRICE), "--purpose", PURPOSE, "--data", space.people["buyer"].data)
    first = await commanded(*line, "--id", "bought-once")
    assert first.code == 0, first
    assert TOLD not in first.err.decode()
    agreement = (await space.complete("bought-once"))["agreement"]
    same = await commanded(*line, "--id", "bought-once")
    assert TOLD not in same.err.decode(), "the same id is the same purchase"
    again = await commanded(*line, "--id", "bought-again")
    assert again.code == 0, again
    assert f"{TOLD} {agreement}" in again.err.decode()
    assert f"penstock open {agreement}" in again.err.decode()
    assert (await space.complete("bought-again"))["agreement"] != agreement
