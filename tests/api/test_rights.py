"""`penstock rights` as its user runs it: what it changes on the chain, here, at the buyer and at the exchange."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.channel import wire
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from tests.api.command import penstock
from tests.api.paying_by_hand import Hand

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PLEDGED, PRICE, SIZE, WITHIN_SECONDS = "suspended", "pledged", 250, 300_000, 10
ODD, HALF = "what/now?#1", "half-withdrawn"


def told(space, role, kind):
    return [row for row in space.rows(role, "log_entries") if row["kind"] == kind]


def state(space, role, digest):
    return next(row["state"] for row in space.rows(role, "agreements") if row["digest"] == digest)


def listing(space, key):
    return next(row["state"] for row in space.rows("exchange", "listings") if row["id"] == key)


def running(space, digest):
    return [row["state"] for row in space.rows("buyer", "transfers") if row["agreement"] == digest]


async def turns(space, digest):
    """What the chain tells of a licence, as soon as it tells of three turns."""
    chain = Chain.connect(space.url("exchange") + "/rpc")
    programs = Programs(chain, space.deployment)
    async with asyncio.timeout(WITHIN_SECONDS):
        while len(found := [each for each in await programs.events("licences") if digest in each.fields.values()]) < 3:
            await asyncio.sleep(0.1)
    await chain.close()
    return [event.name for event in found]


async def until(holds):
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds():
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hand(space, say):
    """A leased product, bought: its transfer runs, its channel is open."""
    await space.publish("provider", PRODUCT, (SIZE,), price=PRICE, openings=5)
    await space.get(PRODUCT)
    return Hand(space, say, await space.complete(PRODUCT), PRICE)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def edition(space):
    """The edition of a listed product."""
    await space.publish("provider", PLEDGED, (70_000,))
    return next(row["edition"] for row in space.rows("provider", "products") if row["id"] == PLEDGED)


async def test_a_suspended_licence_releases_no_keys_until_it_is_resumed(space, hand):
    digest = hand.agreement.hex()
    await penstock(space, "buyer", "rights", "suspend", digest, "--reason", "no", code=3)
    done = await penstock(space, "provider", "rights", "suspend", digest, "--reason", "an invoice is open")
    assert done["state"] == "suspended"
    keys = await hand.post("request", wire.encode(hand.request()))
    assert (keys.status, keys.json["code"]) == (409, "agreement-over"), keys.body
    await until(lambda: state(space, "buyer", digest) == "suspended" and running(space, digest) == ["SUSPENDED"])
    await penstock(space, "provider", "rights", "suspend", digest, "--reason", "again", code=2)
    await penstock(space, "provider", "rights", "resume", digest, "--reason", "it is paid")
    await until(lambda: state(space, "buyer", digest) == "performing" and running(space, digest) == ["STARTED"])
    assert (await hand.post("request", wire.encode(hand.request()))).status == 200
    for role in ("provider", "buyer"):
        assert len(told(space, role, "licence.suspended")) == len(told(space, role, "licence.resumed")) == 1
    assert await turns(space, hand.agreement) == ["LicenceGranted", "LicenceSuspended", "LicenceResumed"]


async def test_a_turn_that_another_tool_makes_on_chain_is_followed(space, hand):
    """The provider's key signs beside its connector, which learns of it from the chain and tells the buyer."""
    digest, chain = hand.agreement.hex(), Chain.connect(space.url("exchange") + "/rpc")
    programs, key = Programs(chain, space.deployment), space.keys("provider").agreement
    for act, there, here in (
        (acts.suspend_licence(space.deployment, hand.agreement, bytes(32)), "suspended", ["SUSPENDED"]),
        (acts.resume_licence(space.deployment, hand.agreement), "performing", ["STARTED"]),
    ):
        await programs.perform(act, key)
        await space.doors["provider"].call("POST", "log/marks", {})
        await hand.post("request", wire.encode(hand.request()))  # whoever asks for keys makes the provider look
        async with asyncio.timeout(2 * WITHIN_SECONDS):
            while state(space, "buyer", digest) != there or running(space, digest) != here:
                await hand.post("request", wire.encode(hand.request()))
                await asyncio.sleep(0.5)
        assert state(space, "provider", digest) == there
    await chain.close()


async def test_a_pledged_licence_is_not_passed_on(space, owner, hand):
    digest, creditor = hand.agreement.hex(), space.did("other")
    await penstock(space, "provider", "rights", "pledge", digest, "--to", creditor, "--terms", "loan", code=3)
    right = await penstock(space, "buyer", "rights", "pledge", digest, "--to", creditor, "--terms", "loan 17")
    assert (right["kind"], right["holder"]) == ("licence", space.did("buyer"))
    assert right["pledge"]["creditor"] == creditor
    body = {"to": creditor, "until": "2030-01-01T00:00:00Z"}
    refused = await owner("buyer", "POST", f"agreements/{digest}/sublicences", body)
    assert refused.status == 409, refused.body
    assert "pledged" in refused.json["text"]
    await penstock(space, "buyer", "rights", "release", digest, code=3)
    right = await penstock(space, "other", "rights", "release", digest)
    assert right["pledge"] is None
    assert len(told(space, "buyer", "licence.pledged")) == len(told(space, "other", "licence.released")) == 1


async def test_an_edition_is_pledged_released_and_passed_on(space, edition):
    buyer, other = space.did("buyer"), space.did("other")
    await penstock(space, "buyer", "rights", "transfer", edition, "--to", other, code=3)
    await penstock(space, "provider", "rights", "pledge", edition, "--to", buyer, "--terms", "a loan")
    await penstock(space, "provider", "rights", "transfer", edition, "--to", other, code=2)
    shown = await penstock(space, "regulator", "rights", "show", edition)
    assert shown["pledge"]["creditor"] == buyer
    await penstock(space, "buyer", "rights", "release", edition)
    await penstock(space, "provider", "rights", "transfer", edition, "--to", other)
    shown = await penstock(space, "provider", "rights", "show", edition)
    assert (shown["holder"], shown["withdrawn"]) == (other, False)
    back = await penstock(space, "other", "rights", "transfer", edition, "--to", space.did("provider"))
    assert back["holder"] == space.did("provider")
    kinds = [row["kind"] for row in space.rows("provider", "log_entries") if row["part"] == edition]
    assert kinds[-2:] == ["edition.pledged", "edition.transferred"]


async def test_a_withdrawn_edition_is_sold_no_more(space, owner, edition):
    assert (await penstock(space, "buyer", "find", PLEDGED))["found"] >= 1
    done = await penstock(space, "provider", "rights", "withdraw", edition, "--reason", "superseded")
    assert done["withdrawn"] is True
    assert (await penstock(space, "buyer", "find", PLEDGED))["found"] == 0
    await space.get(PLEDGED)
    assert (await space.until(PLEDGED, lambda view: view["state"] in ("failed", "complete")))["state"] == "failed"
    again = await owner("provider", "POST", f"rights/{edition}/withdraw", {"reason": "again"})
    assert again.status == 409, again.body
    assert told(space, "provider", "edition.withdrawn")


async def test_a_product_of_any_id_goes_off_the_list(space):
    """The exchange is told of it in a path, where these marks would end the id."""
    await space.publish("provider", ODD, (70_000,))
    edition = next(row["edition"] for row in space.rows("provider", "products") if row["id"] == ODD)
    await penstock(space, "provider", "rights", "withdraw", edition, "--reason", "superseded")
    assert listing(space, ODD) == "withdrawn"


async def test_an_edition_that_the_chain_has_as_withdrawn_still_goes_off_the_list(space, owner):
    """As when the exchange was away after the act on chain: withdrawing again tells it."""
    await space.publish("provider", HALF, (70_000,))
    edition = next(row["edition"] for row in space.rows("provider", "products") if row["id"] == HALF)
    chain = Chain.connect(space.url("exchange") + "/rpc")
    act = acts.withdraw_edition(space.deployment, bytes.fromhex(edition))
    await Programs(chain, space.deployment).perform(act, space.keys("provider").agreement)
    await chain.close()
    assert listing(space, HALF) == "listed"
    done = await penstock(space, "provider", "rights", "withdraw", edition, "--reason", "superseded")
    assert (done["withdrawn"], listing(space, HALF)) == (True, "withdrawn")
    again = await owner("provider", "POST", f"rights/{edition}/withdraw", {"reason": "again"})
    assert (again.status, "withdrawn" in again.json["text"]) == (409, True), again.body


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("ab", {"to": "did:web:x", "terms": "t"}, 400),
        ("00" * 32, {"to": "did:web:x", "terms": "t"}, 404),
        ("00" * 32, {"to": "did:web:x"}, 400),
        ("00" * 32, {"to": "did:web:x", "terms": 1}, 400),
    ],
)
async def test_what_is_no_right_is_refused(owner, path, body, status):
    said = await owner("provider", "POST", f"rights/{path}/pledge", body)
    assert said.status == status, said.body


async def test_an_act_that_does_not_exist_is_refused(owner):
    said = await owner("provider", "POST", f"rights/{'00' * 32}/burn", {})
    assert said.status == 404
