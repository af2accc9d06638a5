"""Every fault of a voucher over HTTP: named, nothing stored, and the good voucher still counts afterwards."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
import pytest_asyncio

from connector.channel import wire
from connector.channel.messages import ReleaseMessage
from contracts.signature import address
from contracts.voucher import FAULTS
from ledger.dispute import equivocation
from ledger.edition import mask
from ledger.space.domains import Domains
from tests.api.paying_by_hand import Hand, noise, with_high_s
from tests.api.space import REST_SECONDS, REST_SECONDS_MAX

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PRICE, OPENINGS = "leased", 250, 4
# an offer within the credit is never more than the deposit, so `amount-over` speaks first
NOT_OVER_THE_WIRE = {"over-deposit"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hand(space, say):
    """A funded channel that the provider has met, before the first voucher."""
    await space.publish("provider", PRODUCT, (80_000,), price=PRICE, openings=OPENINGS)
    await space.get(PRODUCT)
    made = Hand(space, say, await space.complete(PRODUCT), PRICE)
    made.first = await made.offer()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def unchanged(space, hand, rest):
    await space.calm()
    before = space.stored("provider")
    yield
    assert space.stored("provider") == before


def refused(said, status, code):
    assert (said.status, said.json["code"]) == (status, code), said.body
    assert said.json["text"]
    assert said.json["hint"]


def soon(hand):
    return int(hand.space.now().timestamp()) + 60


def otherwhere(hand):
    return replace(hand.space.deployment.domain("channels"), salt=noise())


# fault → the message that has it, out of the honest offer
WRONG = {
    "wrong-channel": lambda h, o: h.signed(h.voucher(o, channel_id=noise())),
    "no-offer": lambda h, o: h.signed(h.voucher(o, seq=o.seq + 5)),
    "amount-under": lambda h, o: h.signed(h.voucher(o, cumulative_amount=o.cumulative_amount - 1)),
    "amount-over": lambda h, o: h.signed(h.voucher(o, cumulative_amount=10**9)),
    "wrong-account": lambda h, o: h.signed(h.voucher(o, account_hash=noise())),
    "wrong-lock": lambda h, o: h.signed(h.voucher(o, lock=noise())),
    "valid-until-past": lambda h, o: h.signed(h.voucher(o, valid_until=1)),
    "valid-until-near": lambda h, o: h.signed(h.voucher(o, valid_until=soon(h))),
    "foreign-signer": lambda h, o: h.signed(h.voucher(o), key=h.space.keys("regulator").agreement),
    "high-s": lambda h, o: with_high_s(h.signed(h.voucher(o))),
    "bad-signature": lambda h, o: {**h.signed(h.voucher(o)), "signature": "00" * 65},
    "malformed": lambda h, o: {**h.signed(h.voucher(o)), "more": 1},
}


@pytest.mark.parametrize("fault", WRONG)
async def test_a_wrong_voucher(hand, unchanged, fault):
    status = 400 if fault == "malformed" else 409
    refused(await hand.post("voucher", WRONG[fault](hand, hand.first)), status, fault)


async def test_one_without_a_lock(hand, unchanged):
    refused(await hand.post("voucher", hand.signed(hand.voucher(hand.first, lock=bytes(32)))), 409, "wrong-lock")


async def test_one_for_another_deployment(hand, unchanged):
    message = hand.signed(hand.voucher(hand.first), domain=otherwhere(hand))
    refused(await hand.post("voucher", message), 409, "foreign-signer")


async def test_a_foreign_channel_looks_like_an_unknown_one(hand, space, unchanged):
    """Somebody else's token on this channel, and this buyer's on a channel that is nowhere."""
    message = hand.signed(hand.voucher(hand.first))
    somebody = await hand.post("voucher", message, role="regulator")
    refused(somebody, 404, "unknown-channel")
    unknown = noise().hex()
    nowhere = await hand.post("voucher", message, url=f"{space.url('provider')}/channel/{unknown}")
    refused(nowhere, 404, "unknown-channel")
    assert somebody.body.replace(hand.channel.hex().encode(), b"") == nowhere.body.replace(unknown.encode(), b"")
    malformed = await hand.post("voucher", message, url=f"{space.url('provider')}/channel/mine")
    refused(malformed, 404, "unknown-channel")


ORDERS = {
    "wrong-amount": lambda h: h.request(amount=PRICE - 1),
    "unknown-agreement": lambda h: h.request(agreement_digest=noise()),
    "wrong-edition": lambda h: h.request(edition_id=noise()),
    "unknown-transfer": lambda h: h.request(transfer_id=noise()),
    "wrong-use": lambda h: h.request(use=0),
    "behind": lambda h: replace(h.request(), prev=noise()),
    "seq-gap": lambda h: replace(h.request(), after=10_000),
}


async def test_a_request_for_a_channel_that_is_nowhere(hand, space, unchanged):
    url = f"{space.url('provider')}/channel/{noise().hex()}"
    refused(await hand.post("request", wire.encode(hand.request()), url=url), 404, "unknown-channel")


async def test_every_fault_of_the_table_is_here():
    acknowledged = {"wrong-seq", "valid-until-set"}
    assert {fault.code for fault in FAULTS} - NOT_OVER_THE_WIRE == (set(WRONG) | acknowledged) & {
        fault.code for fault in FAULTS
    }


async def test_the_good_voucher_counts_once(hand, space):
    good, offered = hand.signed(hand.voucher(hand.first)), space.stored("provider")
    first = await hand.post("voucher", good)
    assert first.status == 200, first.body
    assert space.stored("provider") != offered
    release = wire.decode(ReleaseMessage, first.json)
    assert mask.lock(release.preimage) == hand.first.lock
    before = space.stored("provider")
    for _ in range(2):
        again = await hand.post("voucher", good)
        assert wire.decode(ReleaseMessage, again.json) == release
    assert space.stored("provider") == before
    hand.paid(hand.first)


@pytest.mark.parametrize("fault", ORDERS)
async def test_a_wrong_request(hand, space, fault):
    async def ask():
        said = await hand.post("request", wire.encode(ORDERS[fault](hand)))
        refused(said, 404 if fault == "unknown-agreement" else 409, fault)

    await space.stores_nothing("provider", ask)


async def test_a_wrong_acknowledgement(hand, space):
    good = hand.voucher(hand.first, seq=hand.seq + 1, lock=bytes(32), valid_until=0)
    wrong = {
        "valid-until-set": replace(good, valid_until=soon(hand)),
        "wrong-seq": replace(good, seq=hand.seq + 1_000),
        "amount-under": replace(good, cumulative_amount=good.cumulative_amount - 1),
        "wrong-account": replace(good, account_hash=noise()),
        "wrong-lock": replace(good, lock=noise()),
    }

    async def acknowledge():
        for fault, voucher in wrong.items():
            refused(await hand.post("acknowledge", hand.signed(voucher)), 409, fault)

    await space.stores_nothing("provider", acknowledge)


async def test_more_than_the_deposit_is_never_offered(hand, space):
    """The deposit covers three openings; one is paid, two more are, the fourth is refused for its price."""
    for _ in range(2):
        offer = await hand.offer()
        assert (await hand.post("voucher", hand.signed(hand.voucher(offer)))).status == 200
        hand.paid(offer)

    async def one_more():
        refused(await hand.post("request", wire.encode(hand.request())), 402, "over-credit")

    await space.stores_nothing("provider", one_more)


async def at_rest(space, proof):
    """Return what the provider stores once it has claimed what was paid there and filed the proof."""
    before = None
    async with asyncio.timeout(REST_SECONDS_MAX):
        while proof not in [row["id"] for row in space.rows("provider", "disputes")]:
            await asyncio.sleep(0.1)
        while before != (now := space.stored("provider")):
            before = now
            await asyncio.sleep(REST_SECONDS)
    return before


async def test_two_vouchers_with_one_seq_stop_the_channel(hand, space):
    """Both are kept as proof; from then on nothing goes on, and nothing was given for the second."""
    windows = space.rows("provider", "windows")
    other = hand.voucher(hand.first, seq=hand.seq, account_hash=noise())
    refused(await hand.post("voucher", hand.signed(other)), 409, "stopped")
    kept = [row for row in space.rows("provider", "bundles") if row["channel"] == hand.channel.hex()]
    assert [row["code"] for row in kept] == ["equivocation"]
    domains = Domains(*(space.deployment.domain(name) for name in ("editions", "licences", "channels")))
    shown = equivocation.judge(json.loads(kept[0]["bundle"]), domains)  # as `penstock verify` does
    assert (shown.role, shown.signer, shown.seq) == ("payer", address(space.keys("buyer").agreement), hand.seq)
    assert space.rows("provider", "windows") == windows
    channel = next(row for row in space.rows("provider", "channels") if row["id"] == hand.channel.hex())
    assert channel["state"] == "stopped"
    before = await at_rest(space, kept[0]["id"])
    refused(await hand.post("request", wire.encode(hand.request())), 409, "stopped")
    acknowledgement = hand.voucher(hand.first, seq=hand.seq + 1, lock=bytes(32), valid_until=0)
    refused(await hand.post("acknowledge", hand.signed(acknowledgement)), 409, "stopped")
    assert space.stored("provider") == before
