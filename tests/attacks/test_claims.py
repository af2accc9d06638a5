"""A payee keeps what it can claim: an adversary's buyer takes keys by hand and tries to make them worth nothing."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace

import pytest
import pytest_asyncio

from connector.channel import messages, wire
from connector.channel.messages import OfferMessage, Resume, VoucherMessage
from connector.runtime.clock import Clock
from connector.runtime.data_folder import KEYS
from contracts import signature
from contracts.typed_data import digest
from contracts.voucher import NO_LOCK
from tests.api.conftest import say  # noqa: F401  # a fixture
from tests.api.paying_by_hand import Hand
from tests.api.space import PURPOSE, Space
from tests.api.test_operation import copy_log, penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("exchange", "regulator", "provider", "buyer")
PRICE, OPENINGS = 250, 8
WITHIN_SECONDS = 60


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client():
    import aiohttp

    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory):
    made = Space(tmp_path_factory.mktemp("claims"), Clock().now)
    made.prepare(ROLES)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def channel_of(space, say, product):  # noqa: F811
    """Open a channel for a leased product and return the buyer's hand on it."""
    await space.publish("provider", product, (80_000,), price=PRICE, openings=OPENINGS)
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": str(OPENINGS * PRICE)}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
    return Hand(space, say, await space.complete(product), PRICE)


async def paid(hand, count):
    """Buy openings honestly; returns what is due."""
    for _ in range(count):
        offer = await hand.offer()
        said = await hand.post("voucher", hand.signed(hand.voucher(offer)))
        assert said.status == 200, said.body
        hand.paid(offer)
    return hand.cumulative


async def offered(hand):
    """Return a request and the offer that answers it, both whole."""
    request = hand.request()
    said = await hand.post("request", wire.encode(request))
    assert said.status == 200, said.body
    body = {name: value for name, value in said.json.items() if name != wire.CHECKPOINT}
    return request, wire.decode(OfferMessage, body)


def shown(hand, request, offer, **changes):
    """Return what shows a window as the buyer alone can: a voucher signed now, no receipt."""
    voucher = hand.voucher(offer.offer)
    signed = signature.sign(digest(hand.space.deployment.domain("channels"), voucher), hand.key)
    told = messages.Testimony(request.prev, request.orders, request.contexts, offer, VoucherMessage(voucher, signed))
    return replace(told, **changes)


async def settled(space, agreement):
    return await space.doors["provider"].call("POST", "settlements", {"agreement": agreement.hex()})


async def on_chain(space, hand):
    """Return what the chain says was claimed."""
    [row] = [row for row in space.rows("provider", "channels") if row["id"] == hand.channel.hex()]
    return int(row["claimed"])


@pytest.mark.parametrize("word", ["behind", "level"])
async def test_a_replaced_window_is_never_adopted_from_its_voucher(space, say, word):  # noqa: F811
    hand = await channel_of(space, say, f"replaced-{word}")
    due = await paid(hand, 4)
    request, first = await offered(hand)
    await offered(hand)  # replaces it
    seq = first.offer.seq if word == "level" else hand.seq
    told = Resume(seq, first.offer.account_hash, (shown(hand, request, first),))
    await hand.post("resume", wire.encode(told))
    [channel] = [row for row in space.rows("provider", "channels") if row["id"] == hand.channel.hex()]
    assert int(channel["cumulative"]) == due == 1000
    [told] = (await settled(space, hand.agreement))["channels"]
    assert (told["settled"], "fault" in told) == (str(due), False)


async def test_an_offered_window_is_never_adopted_from_its_voucher(space, say):  # noqa: F811
    """It would be claimable without its keys: no receipt, no second decision, no event."""
    hand = await channel_of(space, say, "offered")
    due = await paid(hand, 1)
    request, offer = await offered(hand)
    told = Resume(offer.offer.seq, offer.offer.account_hash, (shown(hand, request, offer),))
    await hand.post("resume", wire.encode(told))
    [told] = (await settled(space, hand.agreement))["channels"]
    assert told["settled"] == str(due)


async def test_an_acknowledgement_ends_the_offer_that_it_passes_by(space, say):  # noqa: F811
    """The keys would be released else, and the newer acknowledgement, for less, be what is claimed."""
    hand = await channel_of(space, say, "passed-by")
    due = await paid(hand, 1)
    offer = await hand.offer()
    free = {"cumulative_amount": due, "account_hash": hand.prev, "lock": NO_LOCK, "valid_until": 0}
    said = await hand.post("acknowledge", hand.signed(hand.voucher(offer, seq=offer.seq + 1, **free)))
    assert said.status in (200, 204), said.body
    said = await hand.post("voucher", hand.signed(hand.voucher(offer)))
    assert said.json["code"] == "superseded", said.body
    assert "preimage" not in said.json
    [told] = (await settled(space, hand.agreement))["channels"]
    assert (told["settled"], "fault" in told) == (str(due), False)


async def test_who_contradicts_itself_is_claimed_at_once_accused_and_alarmed(space, say):  # noqa: F811
    hand = await channel_of(space, say, "contradicted")
    due = await paid(hand, 2)
    offer = await hand.offer()
    hand.paid(offer)
    assert (await hand.post("voucher", hand.signed(hand.voucher(offer)))).status == 200
    due += PRICE
    said = await hand.post("voucher", hand.signed(hand.voucher(offer, cumulative_amount=due + 1)))
    assert (said.status, said.json["code"]) == (409, "stopped")
    async with asyncio.timeout(WITHIN_SECONDS):
        while await on_chain(space, hand) < due or not space.rows("provider", "disputes"):
            await asyncio.sleep(0.1)
    [alarm] = [row for row in space.rows("provider", "alarms") if hand.channel.hex() in row["text"]]
    assert (alarm["code"], alarm["who"]) == ("equivocation", space.did("buyer"))
    assert hand.channel.hex() in (space.people["provider"].data / "serve.log").read_text()
    cases = await space.doors["provider"].call("GET", "disputes")
    assert alarm["id"] in str(cases)
    code, sheet = await penstock("doctor", "--data", space.people["provider"].data)
    assert [line["state"] for line in sheet["checks"] if line["name"] == "alarms"] == ["warn"], (code, sheet)


async def bought_by_hand(space, hand, first):
    """Three openings, of which `first` was offered before; then a contradiction, so that they are claimed at once."""
    assert (await hand.post("voucher", hand.signed(hand.voucher(first)))).status == 200
    hand.paid(first)
    await paid(hand, 1)
    last = await hand.offer()
    assert (await hand.post("voucher", hand.signed(hand.voucher(last)))).status == 200
    contradicted = hand.voucher(last, cumulative_amount=last.cumulative_amount + 1)
    assert (await hand.post("voucher", hand.signed(contradicted))).status == 409
    async with asyncio.timeout(WITHIN_SECONDS):
        while await on_chain(space, hand) < 3 * PRICE:
            await asyncio.sleep(0.1)
    return last


async def test_a_back_up_costs_a_payee_nothing_whether_a_buyer_speaks_or_not(space, say, tmp_path):  # noqa: F811
    """Two buyers, a back-up, three more windows, a restore. Of one buyer all is claimed once it has spoken; the other
    one's windows were claimed before, and are not bought with again by who says nothing of them.
    """
    product, person = "restored", space.people["provider"]
    await space.publish("provider", product, (80_000,), price=PRICE, openings=OPENINGS)
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": str(OPENINGS * PRICE)}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": product, "product": product, "mandate": mandate})
    view = await space.complete(product)

    async def opening(number):
        body = {"id": f"open-{product}-{number}", "acquisition": product, "purpose": PURPOSE, "to": None}
        return await space.doors["buyer"].call("POST", "openings", body)

    for number in range(2):
        await opening(number)
    hand = await channel_of(space, say, "forgotten")
    first = await hand.offer()  # with which the provider meets the channel
    code, made = await penstock("admin", "backup", tmp_path / "safe", "--data", person.data, "--sealed")
    assert code == 0, made
    await opening(2)
    last = await bought_by_hand(space, hand, first)
    await person.kill()
    await copy_log(person.data, tmp_path / "mirror")
    shutil.move(person.data / KEYS, tmp_path / "keys")
    shutil.rmtree(person.data)
    code, told = await penstock(
        "admin", "restore", tmp_path / "safe", "--data", person.data, "--keys", tmp_path / "keys",
        "--mirror", tmp_path / "mirror",
    )  # fmt: skip
    assert code == 0, told
    await person.start()

    again = await hand.post("voucher", hand.signed(hand.voucher(first)))
    assert (again.status, again.json["code"]) == (409, "forgotten"), again.body
    hand.prev, hand.seq, hand.cumulative = hand.channel, last.seq, 0
    asked = await hand.post("request", wire.encode(hand.request()))
    assert (asked.status, asked.json["code"]) == (409, "forgotten"), asked.body
    assert b"acknowledge" in asked.body
    assert await on_chain(space, hand) == 3 * PRICE

    await opening(3)  # levels first: the provider learns of the third window, whose preimage is gone
    [told] = (await settled(space, bytes.fromhex(view["agreement"])))["channels"]
    assert (told["settled"], "fault" in told) == (str(4 * PRICE), False)
