"""What an exchange orders and when it is carried out, over a chain that a test writes; who is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from catalog.complaint import Move
from catalog.errors import ComplaintError
from connector.exchange.complaints import Complaints
from connector.runtime.clock import SetClock
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.catalogue import TradeChannelRow, TradeRow
from connector.store.rows.space import ComplaintRow
from connector.store.store import Store
from contracts import payment_reference as references
from ledger.chain.errors import ChainUnreachable
from ledger.chain.payment import Payment
from tests.core import core

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday
EXCHANGE, PROVIDER, BUYER = "did:web:exchange", "did:web:provider", "did:web:buyer"
SELLS, BUYS = b"\x01" * 20, b"\x02" * 20
DIGEST, OTHER = "ab" * 32, "cd" * 32
A, B = (references.complaint(EXCHANGE, key) for key in ("a", "b"))


def back(amount, complaint=b"", block=1):
    return Payment(SELLS, BUYS, amount, bytes.fromhex(DIGEST), complaint, block)


# ---- at the exchange


class Chain:
    """The chain as far as orders look at it: channels and transfers under references."""

    def __init__(self):
        self.channels, self.back, self.away, self.asked = {}, [], False, 0
        self.height, self.times, self.fork = 100, {}, 0
        self.deployment = SimpleNamespace(currency="CNY")
        self.chain = self

    async def licence(self, digest):
        return SimpleNamespace(provider=SELLS, buyer=BUYS)

    async def newest(self):
        if self.away:
            raise ChainUnreachable("away")
        return SimpleNamespace(number=self.height)

    async def block(self, number):
        return SimpleNamespace(number=number, at=self.times.get(number, NOW), fork=self.fork)

    async def events(self, program, event, first, last, **filters):
        self.asked += 1
        assert filters == {"sender": SELLS, "receiver": BUYS}
        return [one for one in self.back if first <= one.block <= last]

    def money(self, amount):
        return f"{amount / 100:.2f} CNY"


class Settled:
    """What the exchange counts of the chain's channels."""

    def __init__(self, chain):
        self._chain = chain

    async def channels(self, upto):
        return SimpleNamespace(channels=self._chain.channels)


def channel(claimed, payer=BUYS, payee=SELLS):
    return SimpleNamespace(opened={"payer": payer, "payee": payee}, claimed=claimed)


class Ground:
    """The complaints of an exchange over a chain that a test writes."""

    def __init__(self, store):
        self.told, self.clock, self.chain = [], SetClock(NOW), Chain()
        settings = SimpleNamespace(chain=SimpleNamespace(confirmations=0))
        self.core = core(store=store, evidence=self, clock=self.clock, did=EXCHANGE, settings=settings)
        accounts = {PROVIDER: SELLS, BUYER: BUYS}
        members = {did: SimpleNamespace(accounts=(address,)) for did, address in accounts.items()}
        by_address = {address: SimpleNamespace(did=did) for did, address in accounts.items()}
        held = SimpleNamespace(members=members, by_address=by_address.get, accounts_with=lambda one: (one,))
        space = SimpleNamespace(last=lambda: held)
        self.complaints = Complaints(self.core, self.chain, space, Settled(self.chain))

    def record(self, tx, kind, *, part, fields, now):
        self.told.append((part, fields["to"], fields.get("amount", ""), fields["late"]))

    def pass_days(self, days):
        self.clock.move(days * 86_400)

    async def write(self, act):
        return await self.core.store.write(act)

    async def move(self, key, step, by=EXCHANGE, amount=None, share=None):
        return await self.complaints.move(key, step, by, "because", self.write, amount, share)

    async def escalated(self, key="a", agreement=DIGEST, member=BUYER):
        told = {"id": key, "agreement": agreement, "words": "March is missing"}
        await self.complaints.file(told, member, self.write)
        await self.move(key, Move.ANSWER, PROVIDER if member == BUYER else BUYER)
        await self.move(key, Move.ESCALATE, member)

    async def ordered(self, amount, key="a"):
        return await self.move(key, Move.ORDER, amount=str(amount))

    def give(self, amount, complaint=b"", days=0):
        self.chain.height += 1
        self.chain.times[self.chain.height] = NOW + timedelta(days=days)
        self.chain.back.append(back(amount, complaint, self.chain.height))


@pytest.fixture
async def ground(tmp_path, monkeypatch):
    store = await Store.open(tmp_path / "cases.db", (ComplaintRow.TABLE, TradeRow.TABLE, TradeChannelRow.TABLE))
    made = Ground(store)

    async def between(programs, sender, to, first=0, last=None):
        return await programs.events("token", "Transfer", first, last, sender=sender, receiver=to)

    monkeypatch.setattr("connector.exchange.redress.payments.between", between)
    made.chain.channels = {b"\x0a" * 32: channel(1000)}
    yield made
    await store.close()


async def test_an_order_is_at_most_what_was_paid_and_not_given_back(ground):
    await ground.escalated()
    ground.give(300)
    with pytest.raises(Conflict, match=r"7.01 CNY is more than can be ordered: 10.00 CNY was paid") as refused:
        await ground.ordered(701)
    assert "3.00 CNY of it is given back" in str(refused.value)
    assert refused.value.hint == "order at most 7.00 CNY"
    assert (await ground.complaints.show("a", BUYER))["state"] == "escalated"
    told = await ground.ordered(700)
    assert (told["state"], told["amount"], told["given"], told["turn"]) == ("ordered", "700", "0", "respondent")
    assert told["due"].startswith("2026-05-18"), "ten working days"
    assert ground.told[-1] == ("a", "ordered", "700", "")


async def test_two_orders_about_one_agreement_share_what_was_paid(ground):
    for key in ("a", "b"):
        await ground.escalated(key)
    await ground.ordered(600, "a")
    with pytest.raises(Conflict, match="more than can be ordered"):
        await ground.ordered(401, "b")
    await ground.ordered(400, "b")
    ground.give(600, A)
    assert (await ground.complaints.show("a", BUYER))["state"] == "fulfilled"
    assert (await ground.complaints.show("b", BUYER))["state"] == "ordered"
    with pytest.raises(Conflict, match="more than can be ordered"):
        await ground.ordered(401, "b")
    ground.give(400, B)
    assert (await ground.complaints.show("b", BUYER))["state"] == "fulfilled"


async def test_nothing_is_ordered_of_what_is_not_settled(ground):
    ground.chain.channels = {b"\x0a" * 32: channel(0), b"\x0b" * 32: channel(500, payee=b"\x03" * 20)}
    await ground.escalated()
    with pytest.raises(Conflict, match="shows no payment under this agreement"):
        await ground.ordered(1)


async def test_a_recorded_trade_says_which_channel_counts_and_which_does_not(ground):
    mine, others = b"\x0a" * 32, b"\x0b" * 32
    ground.chain.channels = {mine: channel(500), others: channel(800)}
    await ground.escalated()
    assert (await ground.ordered(1300))["amount"] == "1300"  # nobody showed either
    row = trade(OTHER, others, 800)
    await ground.write(lambda tx: tx.insert(row))
    with pytest.raises(Conflict, match=r"5.00 CNY was paid"):
        await ground.ordered(501)
    await ground.write(lambda tx: tx.insert(replace(row, agreement=DIGEST, channel=mine.hex())))
    ground.chain.channels[b"\x0c" * 32] = channel(900)
    with pytest.raises(Conflict, match=r"5.00 CNY was paid"):
        await ground.ordered(501)
    further = TradeChannelRow(
        channel=(b"\x0c" * 32).hex(), agreement=DIGEST, provider=PROVIDER, buyer=BUYER, created=NOW
    )
    await ground.write(lambda tx: tx.insert(further))
    with pytest.raises(Conflict, match=r"14.00 CNY was paid"):
        await ground.ordered(1401)
    await ground.ordered(1400)


def trade(agreement, key, amount):
    about = dict.fromkeys(("product", "topic", "grade", "form", "tier", "unit", "currency", "price"), "")
    return TradeRow(
        agreement=agreement,
        channel=key.hex(),
        provider=PROVIDER,
        buyer=BUYER,
        amount=amount,
        entry=1,
        created=NOW,
        **about,
    )


async def test_orders_about_agreements_that_nobody_showed_share_what_the_two_settled(ground):
    await ground.escalated("a")
    await ground.escalated("b", OTHER)
    await ground.ordered(600, "a")
    with pytest.raises(Conflict, match="more than can be ordered"):
        await ground.ordered(401, "b")
    ground.give(600, A)
    assert (await ground.complaints.show("a", BUYER))["state"] == "fulfilled"
    with pytest.raises(Conflict, match="more than can be ordered"):
        await ground.ordered(401, "b")  # what was given back under another agreement is not there again
    assert (await ground.ordered(400, "b"))["amount"] == "400"


async def test_a_trade_that_is_shown_after_an_order_makes_it_no_smaller(ground):
    small = b"\x0b" * 32
    ground.chain.channels[small] = channel(1)
    await ground.escalated()
    await ground.ordered(1001)
    await ground.write(lambda tx: tx.insert(trade(DIGEST, small, 1)))
    ground.give(1, A)
    assert (await ground.complaints.show("a", BUYER))["state"] == "ordered"
    await ground.ordered(1)  # but the exchange may take it as it is
    assert (await ground.complaints.show("a", BUYER))["state"] == "fulfilled"


async def test_who_paid_is_ordered_nothing(ground):
    await ground.escalated(member=PROVIDER)
    with pytest.raises(Conflict, match="who was paid gives back"):
        await ground.ordered(1)
    assert (await ground.move("a", Move.UPHOLD))["state"] == "upheld"


@pytest.mark.parametrize("who", [BUYER, PROVIDER])
async def test_a_party_orders_nothing(ground, who):
    await ground.escalated()
    with pytest.raises(ComplaintError, match="cannot order"):
        await ground.move("a", Move.ORDER, who, "1")
    with pytest.raises(Absent):
        await ground.move("a", Move.ORDER, "did:web:stranger", "1")
    assert ground.chain.asked == 0, "a stranger costs the chain nothing"


async def test_an_amount_is_of_an_order_alone(ground):
    await ground.escalated()
    for step, amount in ((Move.ORDER, None), (Move.UPHOLD, "5"), (Move.DISMISS, "")):
        with pytest.raises(InvalidInput):
            await ground.move("a", step, amount=amount)


async def test_an_order_is_for_an_amount_or_a_share(ground):
    await ground.escalated()
    for step, amount, share in ((Move.ORDER, "5", "30%"), (Move.UPHOLD, None, "30%"), (Move.ORDER, None, "30")):
        with pytest.raises(InvalidInput):
            await ground.move("a", step, amount=amount, share=share)
    assert ground.chain.asked == 0, "what is no order costs the chain nothing"


async def test_a_share_is_of_what_the_shown_trade_paid_and_is_money_from_then_on(ground):
    mine, others = b"\x0a" * 32, b"\x0b" * 32
    ground.chain.channels = {mine: channel(999), others: channel(800)}
    await ground.escalated()
    with pytest.raises(Conflict, match="never shown") as refused:
        await ground.move("a", Move.ORDER, share="30%")
    assert refused.value.hint == "order an amount"
    await ground.write(lambda tx: tx.insert(trade(DIGEST, mine, 999)))
    ground.give(500)
    told = await ground.move("a", Move.ORDER, share="30%")
    assert (told["state"], told["amount"]) == ("ordered", "299")  # of 9.99, rounded down, whatever was given back
    assert ground.told[-1] == ("a", "ordered", "299", "")
    ground.chain.channels[mine] = channel(2000)
    assert (await ground.complaints.show("a", BUYER))["amount"] == "299"
    ground.chain.channels[mine] = channel(999)
    with pytest.raises(Conflict, match=r"5.00 CNY is more than can be ordered"):
        await ground.move("a", Move.ORDER, share="50.1%")  # 5.00, and 4.99 is left
    ground.give(299, A)
    assert (await ground.complaints.show("a", BUYER))["state"] == "fulfilled"


async def test_of_what_is_not_settled_there_is_no_share(ground):
    ground.chain.channels = {}
    await ground.escalated()
    with pytest.raises(Conflict, match="shows no payment under this agreement"):
        await ground.move("a", Move.ORDER, share="100%")


async def test_the_payer_s_word_counts_for_nothing(ground):
    await ground.escalated()
    await ground.ordered(500)
    ground.give(499, A)
    ground.give(400, B)
    with pytest.raises(Conflict, match="the chain does not show yet"):
        await ground.move("a", Move.PAY, PROVIDER)
    ground.give(1, A)
    told = [await ground.move("a", Move.PAY, PROVIDER) for _ in range(2)]
    assert [(one["state"], one["given"]) for one in told] == [("fulfilled", "500")] * 2
    assert [row for row in ground.told if row[1] == "fulfilled"] == [("a", "fulfilled", "500", "")]
    for who in (BUYER, EXCHANGE):
        await ground.escalated(f"of-{who[8:]}")
        with pytest.raises(ComplaintError):
            await ground.move(f"of-{who[8:]}", Move.PAY, who)
