"""Publishing again under one id: the next edition, listed anew; agreements keep theirs; a buyer fetches what is new."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from connector.runtime.errors import PeerRefused
from ledger.edition.row_table import RowTable
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PIECE = "series", 64 * 1024


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="session")
async def rest(space):
    """Let what was acquired here come to rest, for tests after these look at what others have stored."""
    yield
    await space.rest()


async def acquired(space, key):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    body = {"id": key, "product": PRODUCT, "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    return await space.complete(key)


def editions(space):
    return [row for row in space.rows("provider", "editions") if row["product"] == PRODUCT]


def carried(space, agreement):
    """Return how many sealed bytes the provider sent under an agreement."""
    return sum(row["bytes"] for row in space.rows("provider", "carried") if row["agreement"] == agreement)


async def test_the_next_edition_repeats_what_stayed_and_only_the_rest_is_fetched(space):
    path = space.folder / "log.bin"  # the tests after this one publish it again
    first = bytes(range(256)) * (6 * PIECE // 256)
    first = b"".join(n.to_bytes(4, "big") + first[4:PIECE] for n in range(6))
    path.write_bytes(first)
    one = await space.publish_files("provider", PRODUCT, [path])
    old = await acquired(space, "series-1")
    path.write_bytes(first + b"what happened since")
    two = await space.publish_files("provider", PRODUCT, [path], title="The log, longer", price=900)
    assert two["edition"] != one["edition"]
    assert (one["repeatedRows"], two["repeatedRows"], two["repeatedBytes"]) == (0, 6, str(len(first)))
    assert [(row["number"], json.loads(row["header"])["prev"]) for row in editions(space)] == [
        (1, None),
        (2, one["edition"]),
    ]
    assert all(row["register_tx"] for row in editions(space))
    (listing,) = [row for row in space.rows("exchange", "listings") if row["id"] == PRODUCT]
    assert (listing["edition"], listing["title"], listing["state"]) == (two["edition"], "The log, longer", "listed")

    new = await acquired(space, "series-2")
    agreements = {
        row["digest"]: row["edition"] for row in space.rows("buyer", "agreements") if row["product"] == PRODUCT
    }
    assert agreements == {old["agreement"]: one["edition"], new["agreement"]: two["edition"]}
    tables = [RowTable(row["rows"]) for row in editions(space)]
    fresh = [row for row in range(len(tables[1])) if tables[1].raw(row) not in {tables[0].raw(n) for n in range(7)}]
    assert len(fresh) == 2  # the index and the piece behind the old end
    assert carried(space, new["agreement"]) == sum(tables[1].span(row, 1)[1] for row in fresh)
    for key, content in (("series-1", first), ("series-2", path.read_bytes())):
        assert await space.opened(key) == [content]


async def test_publishing_without_a_change_makes_no_edition(space, tmp_path):
    known = editions(space)
    (row,) = [row for row in space.rows("provider", "products") if row["id"] == PRODUCT]
    brief = json.loads(row["brief"])
    again = await space.doors["provider"].call("POST", "products", brief)
    assert again["edition"] == known[-1]["id"]
    assert [row["id"] for row in editions(space)] == [row["id"] for row in known]
    sealed = space.people["provider"].data / "sealed"
    assert not list(sealed.glob("*.part"))
    names = {row["id"] + ".sealed" for row in space.rows("provider", "editions")}
    assert {path.name for path in sealed.glob("*.sealed")} <= names


async def test_what_could_not_be_read_is_published_by_trying_again(space, tmp_path):
    path = tmp_path / "late.bin"
    with pytest.raises(PeerRefused) as refused:
        await space.publish_files("provider", "late", [path])
    assert refused.value.status == 409
    path.write_bytes(b"here at last")
    made = await space.publish_files("provider", "late", [path])
    assert (made["state"], made["number"]) == ("submitted", 1)


async def test_a_failure_leaves_the_edition_on_offer_and_another_tier_is_another_product(space):
    (row,) = [row for row in space.rows("provider", "products") if row["id"] == PRODUCT]
    brief = json.loads(row["brief"])
    with pytest.raises(PeerRefused) as refused:
        await space.doors["provider"].call("POST", "products", brief | {"files": ["/nowhere/to/be/found"]})
    assert refused.value.status == 409
    with pytest.raises(PeerRefused) as refused:
        await space.doors["provider"].call("POST", "products", brief | {"tier": "leased", "unit": "opening"})
    assert refused.value.status == 409
    (after,) = [row for row in space.rows("provider", "products") if row["id"] == PRODUCT]
    assert (after["state"], after["edition"], after["brief"]) == ("submitted", row["edition"], row["brief"])
    assert (await acquired(space, "series-3"))["state"] == "complete"
