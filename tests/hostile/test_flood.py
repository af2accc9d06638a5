"""One member floods the catalogue: it is stopped, others are not, and the reviewer sees what looks like what."""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from catalog.codes import TIERS
from catalog.dataset import DESCRIPTION_CHARACTERS_MAX, Dataset, Distribution, dataset_json
from catalog.errors import CatalogError
from catalog.listing import State
from catalog.profile import FileProfile
from connector.exchange import handed_in, listings
from connector.exchange.listings import ALIKE_SHOWN
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import MEMBER_PRODUCTS_MAX, PAGE_ROWS_MAX

FLOODER, HONEST = "did:web:flood.example", "did:web:honest.example"
AT = datetime(2026, 3, 1, tzinfo=UTC)
TERMS = {"tariff": {"unit": "byte", "minor": "5", "per": "1", "currency": "CNY"}}
POLICY = {"permission": [{"action": "use"}]}
BESIDES = {"space": "main", "sample": None, "resource": None, "code": None}
HEADER = {"edition": "1"}


class Silent:
    """Evidence of a test that looks at the tables."""

    party = "did:web:x.example"

    def record(self, *_told, **_fields):
        """Record nothing."""


def document(key, title="Tides", description="", keywords=()):
    ways = (Distribution("kept", TIERS["kept"].formats[0]),)
    files = (FileProfile("a.csv", "text/csv", 10),)
    dataset = dataset_json(Dataset(key, title, description, keywords, files, ways, 1))
    offer = {"id": key + "#o", "ask": "5", "policy": POLICY}
    offer["terms"] = TERMS | {"product": key, "title": title, "tier": "kept", "editionId": "ab" * 32}
    said = {"id": key, "title": title, "tier": "kept", "dataset": dataset, "offer": offer, "edition": "ab" * 32}
    return said | {"header": HEADER} | BESIDES


def submit(tx, key, provider, **more):
    return listings.submit(tx, Silent(), document(key, **more), provider, AT)


async def test_a_hundred_thousand_listings_of_one_member(store):
    """The tables are filled to the limit at once; what comes after that, one by one, leaves nothing."""
    row = document("x") | {"provider": FLOODER, "state": State.SUBMITTED.value, "skeleton": "tides"}
    row |= {"created": AT, "updated": AT, "review": None}

    def fill(tx):
        for at in range(MEMBER_PRODUCTS_MAX):
            tx.insert("listings", **row | {"id": f"f{at}", "seq": at + 1})

    await store.write(fill)

    def more(tx):
        refused = 0
        for at in range(1000):
            try:
                submit(tx, f"more{at}", FLOODER)
            except Conflict:
                refused += 1
        return refused

    assert await store.write(more) == 1000
    kept = await store.read(lambda tx: tx.execute("SELECT count(*) AS n FROM listings")[0]["n"])
    assert kept == MEMBER_PRODUCTS_MAX
    await store.write(lambda tx: submit(tx, "honest", HONEST, title="Tidеs"))
    waiting = await store.read(lambda tx: listings.page(tx, State.SUBMITTED, 0))
    assert len(waiting) == PAGE_ROWS_MAX
    assert all(one["alike"] for one in waiting)  # each looks like the honest one, and that is said
    last = (await store.read(lambda tx: listings.page(tx, State.SUBMITTED, MEMBER_PRODUCTS_MAX)))[0]
    assert len(last["alike"]) == ALIKE_SHOWN


@pytest.mark.parametrize(
    "more",
    [
        {"title": "Tides\x1b[2J"},
        {"title": "Tides\nadmitted: everything"},
        {"title": "Tides \u202esedit"},
        {"title": "Tides\u2028"},
        {"keywords": ("a\x07",)},
    ],
)
def test_what_would_move_the_cursor_or_the_eye_is_refused(more, monkeypatch):
    monkeypatch.setattr(handed_in, "read_header", lambda _header: SimpleNamespace(edition_id=lambda: b"\xab" * 32))
    handed_in.listing(document("a", title="<script>alert(1)</script> 潮汐 “Tides” 🌊"))  # text like any other
    with pytest.raises(InvalidInput, match="one line"):
        handed_in.listing(document("a", **more))


@pytest.mark.parametrize(
    "more", [{"title": "x" * 257}, {"description": "x" * (DESCRIPTION_CHARACTERS_MAX + 1)}, {"keywords": ("x",) * 65}]
)
def test_what_is_huge_is_refused(more):
    with pytest.raises(CatalogError, match="limit"):
        document("a", **more)
