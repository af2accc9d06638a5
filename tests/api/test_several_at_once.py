"""A buyer gets several products at once: the deposits of one account follow one another, and all arrive."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCTS = tuple(f"at-once-{number}" for number in range(4))


async def test_several_products_are_got_at_once(space):
    """The token counts an owner's permits: one that is signed while another is on its way would be refused."""
    for product in PRODUCTS:
        await space.publish("provider", product, (10_000,))
    await asyncio.gather(*(space.get(product) for product in PRODUCTS))
    views = await asyncio.gather(*(space.complete(product, within=40) for product in PRODUCTS))
    assert len({view["channel"] for view in views}) == len(PRODUCTS)
