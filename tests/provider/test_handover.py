"""What is sold goes on under the account that follows: whom offers pay, and who continues each series."""

from __future__ import annotations

from types import SimpleNamespace

import pytest_asyncio

from connector.negotiation import on_offer
from connector.provider import history
from connector.provider.handover import Handover
from connector.store.rows.product import ProductRow, ProductVersionRow
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts import address, blind
from tests.core import core
from tests.money import program
from tests.negotiation.world import START, product, product_terms

OLDEST, FORMER, PRESENT, EXCHANGE, STRANGER = (bytes([one]) * 20 for one in (1, 2, 3, 4, 5))
SALT = b"\x5a" * 32


def paid(account, fee=EXCHANGE):
    parts = [{"payee": address.show(account), "bps": 9000}, {"payee": address.show(fee), "bps": 1000}]
    return product_terms(split=parts)


class Chain:
    """The editions program: who holds what, and what was sent."""

    deployment = program.DEPLOYMENT

    def __init__(self):
        self.holders, self.pledged, self.sent = {}, set(), []

    async def edition(self, known):
        return SimpleNamespace(holder=self.holders[known]) if known in self.holders else None

    async def pledge(self, _program, known):
        return "a creditor" if known in self.pledged else None

    async def submit(self, key, act, event, *, anew):
        assert anew, "what stood against it may be over"
        holder, to, token = act.args
        assert self.holders[token.to_bytes(32)] == holder == act.sender
        self.holders[token.to_bytes(32)] = to
        self.sent.append((key, event.kind, event.part, event.fields["to"]))


def edition(number, *, of="tides", series="aa", registered="0x1"):
    name = bytes([number]) * 32
    return {
        "id": name.hex(), "series": series * 32, "number": number, "product": of, "header": {}, "state": "registered",
        "register_tx": registered, "created": START,
    }  # fmt: skip


@pytest_asyncio.fixture
async def shop(tmp_path):
    """A provider that has had two accounts, with a product on offer and one beside which a version stands."""
    store = await Store.open(tmp_path / "shop.db", TABLES)
    keys, chain = SimpleNamespace(accounts=(PRESENT, FORMER, OLDEST)), Chain()
    account = SimpleNamespace(carriers=[])
    made = Handover(core(did="did:web:p", keys=keys, store=store), chain, chain, SimpleNamespace(account=account))
    standing = on_offer.version(ProductRow(**product(id="waits", brief={}, terms=paid(OLDEST))))

    def fill(tx):
        for row in (
            product(id="tides", terms=paid(FORMER)),
            product(id="waits", terms=paid(FORMER), standing=standing),
            product(id="unlisted", terms=paid(FORMER), blind=SALT, state="unlisted"),
            product(id="draft", terms=None, state="draft"),
        ):
            tx.insert("products", **row)
            if row["terms"]:
                history.keep(tx, tx.get(ProductRow, id=row["id"]), START)

    await store.write(fill)
    yield SimpleNamespace(store=store, chain=chain, carry=account.carriers[0], made=made)
    await store.close()


async def rows(shop, kind):
    return await shop.store.read(lambda tx: tx.find(kind))


async def test_whatever_is_on_offer_pays_the_present_account_and_stays_where_it_is(shop):
    before = {row.id: row for row in await rows(shop, ProductRow)}
    await shop.carry()
    after = {row.id: row for row in await rows(shop, ProductRow)}
    assert [after[one].terms for one in ("tides", "waits", "unlisted", "draft")] == [paid(PRESENT)] * 3 + [None]
    assert after["waits"].standing["terms"] == paid(PRESENT)
    assert {one.id: one.state for one in after.values()} == {one.id: one.state for one in before.values()}
    # what was handed in before is gone back to under the present account, and is the same version again
    kept = await rows(shop, ProductVersionRow)
    assert [one.kept["terms"] for one in kept] == [paid(PRESENT)] * 3
    await shop.store.write(lambda tx: [history.keep(tx, row, START) for row in after.values() if row.terms])
    assert len(await rows(shop, ProductVersionRow)) == 3


async def test_the_newest_edition_of_each_series_passes_by_the_account_that_holds_it(shop):
    made = (
        edition(1), edition(2), edition(3, registered=None), edition(4, of="waits", series="bb"),
        edition(5, of="unlisted", series="cc"), edition(6, of="gone", series="dd"),
    )  # fmt: skip
    await shop.store.write(lambda tx: [tx.insert("editions", **row) for row in made])
    await shop.store.write(lambda tx: tx.update(ProductRow, {"id": "tides"}, edition=made[1]["id"]))
    first, second, _, fourth, fifth, sixth = (bytes.fromhex(row["id"]) for row in made)
    hidden = blind.registered_id(fifth, SALT)
    shop.chain.holders = {first: FORMER, second: FORMER, fourth: OLDEST, hidden: FORMER, sixth: STRANGER}
    await shop.carry()
    assert shop.chain.holders == {first: FORMER, second: PRESENT, fourth: PRESENT, hidden: PRESENT, sixth: STRANGER}
    told = {(kind, part, to) for _, kind, part, to in shop.chain.sent}
    assert told == {("edition.transferred", one.hex(), "did:web:p") for one in (second, fourth, fifth)}
    await shop.carry()
    assert len(shop.chain.sent) == 3, "what has passed is left alone"


async def test_what_is_pledged_passes_when_its_creditor_has_let_go(shop):
    await shop.store.write(lambda tx: tx.insert("editions", **edition(1)))
    known = bytes([1]) * 32
    shop.chain.holders, shop.chain.pledged = {known: FORMER}, {known}
    await shop.carry()
    assert shop.chain.holders[known] == FORMER
    shop.chain.pledged.clear()
    await shop.carry()
    assert shop.chain.holders[known] == PRESENT


async def test_an_earlier_edition_that_is_on_offer_again_passes_too(shop):
    made = edition(1), edition(2), edition(3)
    await shop.store.write(lambda tx: [tx.insert("editions", **row) for row in made])
    first, second, third = (bytes.fromhex(row["id"]) for row in made)
    await shop.store.write(lambda tx: tx.update(ProductRow, {"id": "tides"}, edition=first.hex()))
    shop.chain.holders = {first: FORMER, second: FORMER, third: FORMER}
    await shop.carry()
    assert shop.chain.holders == {first: PRESENT, second: FORMER, third: PRESENT}
