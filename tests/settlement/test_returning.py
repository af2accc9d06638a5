"""Untouched deposits: whose, under what, and what a payee answers to one who asks for its own back."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace

import pytest

from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.errors import Absent, Conflict, PeerRefused, PeerUnreachable, explain_failure
from connector.settlement.returning import Returning, _due, _left
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelState
from contracts import lifecycle
from tests.channel.rig import CHANNEL_ID, PROVIDER_DID, START, Pair
from tests.core import core
from tests.settlement.ground import Side

OVER = min(lifecycle.OVER)
PEER = "did:web:buyer.example"


def row(agreement):
    return None if agreement is None else SimpleNamespace(**agreement)


def looked(pair, work, agreement, role="payer"):
    db = pair.payer_db if role == "payer" else pair.payee_db
    return db.act(lambda tx: work(SimpleNamespace(find=tx.find, get=lambda _table, **_key: row(agreement))))


def left(pair):
    return pair.payer_db.act(_left)


def agree(pair, digest, state):
    """Write the payer's agreement."""
    about = {"role": "consumer", "peer": PROVIDER_DID, "terms": {}, "created": START}
    pair.payer_db.act(lambda tx: tx.insert("agreements", digest=digest, state=state, **about))


def put(pair, **changes):
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))


def test_an_untouched_channel_is_due_when_its_agreement_is_over():
    pair = Side()

    def due(agreement, role="payer"):
        return [row.id for row in looked(pair, lambda tx: _due(tx, pair.deal.hex()), agreement, role)]

    assert due(None) == due({"state": "performing"}) == due({"state": OVER}, "payee") == left(pair) == []
    agree(pair, pair.deal.hex(), OVER)
    for state, ids in (("open", 1), ("frozen", 1), ("closing", 0), ("stopped", 0), ("closed", 0)):
        put(pair, state=state)
        assert len(due({"state": OVER})) == ids
        assert left(pair) == [pair.deal.hex()] * ids
    put(pair, state=ChannelState.OPEN)
    put(pair, role="payee")
    assert left(pair) == []
    put(pair, role="payer")
    pair.window()
    assert due({"state": OVER}) == []


class Payee:
    """One who is asked to close a channel: what it has, and what it did."""

    def __init__(self, pair, agreement) -> None:
        self.pair, self.agreement, self.did = pair, agreement, []
        self.found = SimpleNamespace(closed=True)
        self.returning = Returning(core(store=self), None, self, None, self, SimpleNamespace(close=self.closed))

    async def read(self, work):
        def get(table, **key):
            return row(self.agreement) if table is AgreementRow else self.tx.get(table, **key)

        def act(tx):
            self.tx = tx
            return work(SimpleNamespace(find=tx.find, get=get))

        return self.pair.payee_db.act(act)

    async def meet(self, channel, peer, digest):
        self.did.append("met")

    async def closed(self, row):
        self.did.append(row.id)

    async def channel(self, _channel):
        return self.found

    def close(self, channel=CHANNEL_ID, peer=PEER, digest=None):
        return asyncio.run(self.returning.close(channel, peer, digest or self.pair.deal.hex()))


AGREED = {"peer": PEER, "role": PROVIDER, "state": OVER}


def test_a_payee_closes_what_it_offered_nothing_on():
    payee = Payee(Pair(), AGREED)
    assert payee.close() == {"channel": CHANNEL_ID.hex(), "closed": True}
    assert payee.did == ["met", CHANNEL_ID.hex()]
    for found in (SimpleNamespace(closed=False), None):
        payee.found = found
        assert payee.close()["closed"] is False


def test_a_payee_leaves_what_it_offered_on_as_it_is():
    pair = Pair()
    pair.request(pair.plan())
    payee = Payee(pair, AGREED)
    assert payee.close()["closed"] is True
    assert payee.did == ["met"]


@pytest.mark.parametrize("change", [{"peer": "did:web:else.example"}, {"role": "consumer"}, None])
def test_an_agreement_of_another_is_not_here(change):
    payee = Payee(Pair(), None if change is None else {**AGREED, **change})
    with pytest.raises(Absent):
        payee.close()
    assert payee.did == []


def test_a_channel_stays_while_its_agreement_runs():
    payee = Payee(Pair(), {**AGREED, "state": "performing"})
    with pytest.raises(Conflict):
        payee.close()
    assert payee.did == []


@pytest.mark.parametrize("about", [{"channel": bytes(32)}, {"digest": "00" * 32}])
def test_a_channel_that_is_not_of_the_agreement_is_not_here(about):
    payee = Payee(Pair(), AGREED)
    with pytest.raises(Absent):
        payee.close(**about)
    assert payee.did == ["met"]


class Payer:
    """One whose agreements may be over: whom it asks for its deposits, and what it does with the answer."""

    def __init__(self) -> None:
        self.pair, self.asked, self.settled = Side(), [], []
        self.answer, self.told = {"closed": True}, {"channels": [{"channel": CHANNEL_ID.hex()}]}
        self.deal = self.pair.deal.hex()
        self.members = {PROVIDER_DID: SimpleNamespace(url="https://provider.example")}
        self.outbound = SimpleNamespace(post=self.post)
        ground = core(store=self.pair.payer_db, outbound=self.outbound)
        space = SimpleNamespace(last=lambda: SimpleNamespace(members=self.members))
        peers = SimpleNamespace(authorization=lambda peer: {"for": peer})
        self.returning = Returning(ground, space, None, peers, None, SimpleNamespace(settle=self.settle))
        self.keep(self.deal)

    def keep(self, digest, state=OVER):
        agree(self.pair, digest, state)

    async def post(self, url, body, headers):
        self.asked.append((url, body, headers))
        if isinstance(self.answer, Exception):
            raise self.answer
        return SimpleNamespace(json=lambda: self.answer)

    async def settle(self, digest):
        self.settled.append(digest)
        return self.told

    async def until_ended(self):
        while self.returning.driver.runs(self.deal):
            await asyncio.sleep(0)

    async def until_troubled(self):
        while self.returning.driver.runs(self.deal) and self.returning.driver.trouble(self.deal) is None:
            await asyncio.sleep(0)
        return self.returning.driver.trouble(self.deal)

    async def wake(self):
        self.returning.wake(self.deal)
        await self.until_ended()


STAYS = "stays until its channel expires"


async def test_a_payer_asks_for_what_it_never_used_and_takes_it(caplog):
    payer = Payer()
    with caplog.at_level(logging.INFO):
        await payer.wake()
    url = f"https://provider.example/channel/{CHANNEL_ID.hex()}/close"
    assert payer.asked == [(url, {"agreement": payer.deal}, {"for": PROVIDER_DID})]
    assert payer.settled == [payer.deal]
    assert STAYS not in caplog.text


@pytest.mark.parametrize("answer", [{"closed": False}, {"closed": 1}, {}, ["closed"], None])
async def test_nothing_is_taken_where_nothing_was_closed(answer, caplog):
    payer = Payer()
    payer.answer = answer
    with caplog.at_level(logging.INFO):
        await payer.wake()
    assert (len(payer.asked), payer.settled, STAYS in caplog.text) == (1, [], False)


async def test_one_that_was_closed_is_taken_whatever_the_others_say():
    payer = Payer()
    second = b"\xc2" * 32
    payer.pair.open_channel(second, 10)
    answers = [{"closed": True}, {"closed": False}]
    post, payer.answer = payer.post, None

    async def in_turn(url, body, headers):
        await post(url, body, headers)
        return SimpleNamespace(json=lambda: answers[len(payer.asked) - 1])

    payer.outbound.post = in_turn
    await payer.wake()
    assert (len(payer.asked), payer.settled) == (2, [payer.deal])


async def test_who_is_no_member_any_more_is_not_asked(caplog):
    payer = Payer()
    payer.members.clear()
    with caplog.at_level(logging.INFO):
        await payer.wake()
    assert (payer.asked, payer.settled, STAYS in caplog.text) == ([], [], False)


async def test_a_payee_that_does_not_close_yet_is_asked_again():
    payer = Payer()
    payer.answer = PeerRefused("it runs", 409, b"")
    payer.returning.wake(payer.deal)
    trouble = await payer.until_troubled()
    assert trouble.text == f"`{PROVIDER_DID}` does not close the channel yet: it runs"
    assert trouble.hint == "ask again"
    payer.answer = {"closed": True}
    await payer.wake()
    assert (len(payer.asked), payer.settled) == (2, [payer.deal])


async def test_a_payee_that_refuses_is_left_until_the_channel_expires(caplog):
    payer = Payer()
    payer.answer = PeerRefused("never", 404, b"")
    with caplog.at_level(logging.INFO):
        await payer.wake()
    assert (len(payer.asked), payer.settled, STAYS in caplog.text) == (1, [], True)


async def test_what_the_chain_did_not_give_yet_is_asked_for_again(caplog):
    payer = Payer()
    payer.told = {"channels": [{}, {"fault": explain_failure(PeerUnreachable("no chain")).as_json()}]}
    payer.returning.wake(payer.deal)
    assert (await payer.until_troubled()).text == "no chain"
    payer.told = {"channels": [{"fault": "in other words"}]}
    with caplog.at_level(logging.INFO):
        await payer.wake()
    assert (len(payer.settled), STAYS in caplog.text) == (2, False)


def test_a_start_asks_again_for_each_agreement_that_is_over_and_was_paid_into():
    payer, found = Payer(), []
    payer.returning.driver.wake = found.append
    paid = (
        ("09", ChannelState.OPEN),
        ("08", ChannelState.FROZEN),
        ("07", ChannelState.CLOSED),
        ("06", ChannelState.OPEN),
        ("05", ChannelState.OPEN),
    )
    for name, _ in paid:
        agree(payer.pair, name * 32, "performing" if name == "05" else OVER)
    for number, (name, state) in enumerate((*paid, paid[0])):
        channel = bytes([0xC2 + number]) * 32
        payer.pair.open_channel(channel, 10)
        told = {"state": state, "agreement": name * 32}
        payer.pair.payer_db.act(lambda tx, key=channel, told=told: tx.update("channels", {"id": key.hex()}, **told))
    asyncio.run(payer.returning.recover())
    assert found == sorted([payer.deal, "09" * 32, "08" * 32, "06" * 32])
