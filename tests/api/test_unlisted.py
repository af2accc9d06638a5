"""A product that is listed nowhere: who was told of it gets it, the exchange and the chain's readers learn nothing."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from connector.negotiation.protocol import messages
from connector.regulator.sources import sources
from contracts import blind
from ledger.audit import audit
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from tests.api.command import penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, SWAPPED, PRICE = "told-of", "swapped", 640
SIZES = (100_000, 30_000)
ABOUT = {"registration-unfounded", "edition-unregistered", "edition-registered-twice", "licence-without-rights"}


def product(space, key):
    return next(row for row in space.rows("provider", "products") if row["id"] == key)


def asked(space, *more):
    return "--provider", space.did("provider"), "--max-price", str(PRICE), "--purpose", "Research", *more


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def files(space):
    paths = space.files(PRODUCT, SIZES)
    told = await space.publish_files("provider", PRODUCT, paths, price=PRICE, unlisted=True)
    assert (told["state"], told["provider"]) == ("unlisted", space.did("provider"))
    return paths


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chain(space):
    made = Chain.connect(space.url("exchange") + "/rpc")
    yield Programs(made, space.deployment)
    await made.close()


async def test_nobody_is_shown_it_who_does_not_ask_for_it_by_its_name(space, say, files):
    assert files
    assert PRODUCT not in {row["id"] for row in space.rows("exchange", "listings")}
    bearer = space.bearer("buyer", "provider")
    body = {"@context": [messages.CONTEXT], "@type": "CatalogRequestMessage"}
    page = await say("POST", space.url("provider") + "/dsp/catalog/request", body, bearer)
    assert page.status == 200
    assert PRODUCT not in {entry["@id"] for entry in page.json["dataset"]}
    address = f"{space.url('provider')}/dsp/catalog/datasets/{PRODUCT}"
    assert (await say("GET", address, None, space.bearer("buyer", "provider"))).json["@id"] == PRODUCT
    await penstock(space, "buyer", "quote", PRODUCT, code=4)


async def test_who_was_told_of_it_gets_it_and_the_audit_opens_its_registration(space, files, chain, tmp_path):
    told = await penstock(space, "buyer", "quote", PRODUCT, "--provider", space.did("provider"))
    got = await penstock(space, "buyer", "get", PRODUCT, *asked(space, "--to", str(tmp_path / "out"), "--id", PRODUCT))
    assert got["progress"]["paid"] == told["amount"]
    out = [path.read_bytes() for path in sorted((tmp_path / "out").iterdir())]
    assert out == [path.read_bytes() for path in files]

    row = product(space, PRODUCT)
    edition, salt = bytes.fromhex(row["edition"]), row["blind"]
    assert await chain.edition(edition) is None
    assert (await chain.edition(blind.registered_id(edition, salt))).provider == space.keys("provider").address

    await penstock(space, "provider", "settle")
    [channel] = [one for one in space.rows("provider", "channels") if one["id"] == got["channel"]]
    shown = {one["agreement"]: one["state"] for one in space.rows("provider", "shown_trades")}
    assert (channel["state"], shown[channel["agreement"]]) == ("closed", "none")
    assert channel["agreement"] not in {one["agreement"] for one in space.rows("exchange", "trades")}

    for role in ("buyer", "provider", "exchange", "regulator"):  # what is published is what was cosigned
        await space.doors[role].call("POST", "log/anchor", {})
    async with sources(space.url("exchange"), development=True) as opened:
        held = space.keys("regulator")
        report = await audit.run(opened, held.delivery, others=(held.hybrid,))
    assert not [one.text() for one in report.findings if one.code in ABOUT and one.subject == space.did("provider")]


async def test_its_rights_are_acted_on_by_the_editions_own_id(space, files):
    assert files
    edition = product(space, PRODUCT)["edition"]
    await penstock(space, "provider", "rights", "withdraw", edition, "--reason", "it was a try")
    assert (await penstock(space, "provider", "rights", "show", edition))["withdrawn"] is True
    assert product(space, PRODUCT)["state"] == "withdrawn"


async def test_an_edition_that_the_offers_salt_does_not_open_is_not_paid_for(space):
    paths = space.files(SWAPPED, (70_000,))
    await space.publish_files("provider", SWAPPED, paths, price=PRICE, unlisted=True)
    terms = json.loads(product(space, SWAPPED)["terms"]) | {"blindSalt": "0e" * 32}
    space.write("provider", "UPDATE products SET terms = ? WHERE id = ?", (json.dumps(terms), SWAPPED))
    before = len(space.rows("buyer", "channels"))
    failed = await penstock(space, "buyer", "get", SWAPPED, *asked(space), code=6)
    assert "not registered" in failed["text"]
    assert len(space.rows("buyer", "channels")) == before
