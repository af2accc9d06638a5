"""A leased replica of more pieces than a buyer asks of a new provider at once, and than one batch of keys has."""

from __future__ import annotations

import pytest

from connector.channel.pace import FIRST_ROWS
from connector.channel.window import MAX_BATCH_ROWS
from connector.client.client import Client
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE, PRICE = 64 * 1024, 1000
# product → sizes of its files: a file begins a piece of its own
SIZES = {
    "pieces-of-a-new-provider": ((2 * FIRST_ROWS + 1) * PIECE,),
    "pieces-of-two-batches": (1,) * (MAX_BATCH_ROWS + 1),
}


@pytest.mark.parametrize("product", SIZES)
async def test_an_opening_brings_every_key_for_one_price(space, proxy, tmp_path, product):
    proxy.calm()
    files = space.files(product, SIZES[product])
    more = {"price": PRICE, "openings": 2, "tier": "leased", "pack": "never"}
    await space.publish_files("second", product, [files[0].parent], **more)
    await space.get(product, role="other")
    view = await space.complete(product, role="other")
    assert int(view["progress"]["rows"]) > len(files)
    async with Client(space.people["other"].data) as penstock:
        for number in (1, 2):
            to = tmp_path / str(number)
            opened = await penstock.open_files(product, purpose=PURPOSE, to=to, id=f"{product}-{number}")
            assert (opened.number, opened.charged) == (number, PRICE)
            got = {path.name: path.read_bytes() for path in to.rglob("*") if path.is_file()}
            assert got == {path.name: path.read_bytes() for path in files}
