"""What a product costs, told before anything is agreed: exactly what is paid for all of it then."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.runtime.errors import PenstockError, explain_failure

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536
PRICE = 1000
TABLE = pa.table({"id": range(90_000), "delay": [n * 7 % 91 / 3 for n in range(90_000)]})
# product → how it is priced
TOLD = {
    "quote-bytes": {},
    "quote-steps": {"unit": "piece", "price": 7, "beyond": [[2, 5000]]},
    "quote-columns": {"layout": "aligned", "columns": ["delay"]},
}


async def quoted(space, product):
    return await space.doors["buyer"].call("GET", f"quotes/{product}")


@pytest.mark.parametrize("product", TOLD)
async def test_all_of_it_costs_what_was_quoted(space, tmp_path, product):
    pq.write_table(TABLE, tmp_path / "flights.parquet", row_group_size=30_000)
    told = {"price": PRICE} | TOLD[product]
    await space.publish_files("provider", product, [tmp_path / "flights.parquet"], **told)
    before = len(space.rows("buyer", "negotiations"))
    quote = await quoted(space, product)
    assert len(space.rows("buyer", "negotiations")) == before
    await space.get(product, limit=int(quote["asked"]))
    view = await space.complete(product)
    assert (quote["of"], quote["amount"], quote["pieces"]) == (
        "all",
        view["progress"]["paid"],
        view["progress"]["rows"],
    )
    assert (quote["bytes"], quote["columns"]) == (view["progress"]["bytes"], TOLD[product].get("columns", []))


async def test_a_use_costs_what_was_quoted(space):
    await space.publish("provider", "quote-leased", (3 * PIECE,), price=PRICE, openings=5)
    assert (await quoted(space, "quote-leased"))["of"] == "opening"
    assert (await quoted(space, "quote-leased"))["amount"] == str(PRICE)


async def test_what_is_not_on_offer_has_no_quote(space):
    with pytest.raises(PenstockError) as refusal:
        await quoted(space, "quote-nothing")
    assert explain_failure(refusal.value).status == 404
