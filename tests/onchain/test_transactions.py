"""The outbox on each chain: together where it can be, once whatever chains and nodes do (F19, F20)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_hash.auto import keccak

from connector.chain import parcel, transactions
from connector.chain.transactions import MinedEvent, Transactions
from connector.runtime.clock import Clock
from connector.runtime.errors import ChainReverted
from connector.runtime.rehearsal import CHAIN, Rehearsed, rehearsing
from connector.store.evidence import Evidence
from connector.store.rows.chain import ActState, ChainTxRow
from contracts import typed_data
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.fees import Fees
from ledger.chain.programs import Programs
from ledger.log.events import Block

from .road import road_to
from .test_licences import agreed, granting

WITHIN_SECONDS = 30
LICENCES = 40
EVENT = {"from": "", "to": "", "by": "", "reason": "", "digest": ""}


class Hurried(Clock):
    """The machine's clock, which a test may move on."""

    def __init__(self):
        self.ahead = timedelta()

    def now(self):
        return super().now() + self.ahead


class Outbox:
    """The transactions of an actor on a stage, with a store of their own."""

    def __init__(self, stage, store, programs=None, actor="issuer"):
        self.stage, self.store, self.clock = stage, store, Hurried()
        self.log = Evidence("did:web:actor", "actor.example/log", Ed25519PrivateKey.generate(), {})
        self.transactions = Transactions(
            store, programs or stage.programs, stage.key(actor), self.clock, evidence=self.log
        )

    async def want(self, **wanted):
        def act(tx):
            for key, each in wanted.items():
                self.transactions.enqueue(tx, key.replace("_", ":"), each)

        await self.store.write(act)

    async def want_with_event(self, key, act):
        event = MinedEvent("identity.moved", "did:web:actor", EVENT)
        await self.store.write(lambda tx: self.transactions.enqueue(tx, key, act, event))

    async def events(self):
        """The events of the log that follow acts."""
        return await self.store.read(lambda tx: tx.find("log_entries", "kind = ?", ("identity.moved",)))

    async def row(self, key):
        return await self.store.read(lambda tx: tx.get(ChainTxRow, id=key))

    async def sends(self):
        return await self.store.read(lambda tx: tx.find("chain_sends", order="sent"))

    async def ended(self, *keys):
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                rows = [await self.row(key) for key in keys]
                if all(row.state in (ActState.MINED, ActState.REVERTED) for row in rows):
                    return rows
                await asyncio.sleep(0.02)

    def mint(self, amount=1):
        return acts.mint(self.stage.deployment, self.stage.account("buyer"), amount)

    async def minted(self):
        return await self.stage.programs.balance(self.stage.account("buyer"))


@pytest.fixture
async def outbox(stage, store):
    made = Outbox(stage, store)
    yield made
    await made.transactions.close()


@pytest.fixture
async def on_anvil(anvil_stage, node_of, store):
    """The outbox on anvil, and the node to play with; elsewhere nobody can."""
    node, _ = await asyncio.to_thread(node_of, "anvil")
    made = Outbox(anvil_stage, store)
    yield made, node
    await made.transactions.close()
    await node.asked("evm_setAutomine", True)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(parcel, "RESEND_SECONDS", 0.3)
    monkeypatch.setattr(transactions, "RETRY_SECONDS", 0.05)


async def licences(stage, count=LICENCES):
    agreements = [await agreed(stage, terms_digest=keccak(b"terms %d" % number)) for number in range(count)]
    domain = stage.deployment.domain("licences")
    return {f"licence:{typed_data.digest(domain, each).hex()}": granting(stage, each) for each in agreements}


# --- together ---


async def test_what_waits_together_is_brought_together_and_in_order(outbox):
    wanted = await licences(outbox.stage)
    await outbox.want(**wanted, **{"mint:1": outbox.mint()})
    outbox.transactions.start()
    rows = await outbox.ended(*wanted, "mint:1")
    assert {row.state for row in rows} == {ActState.MINED}
    # all of them, and the mint, which only its sender may do, alone and last
    assert len({row.hash for row in rows}) == len(await outbox.sends()) == 2
    assert rows[-1].nonce == max(row.nonce for row in rows)
    assert len(await outbox.stage.programs.events("licences", "LicenceGranted")) == LICENCES


async def test_a_claim_goes_before_whatever_waits(outbox):
    await outbox.want(**{"mint:1": outbox.mint()})
    await outbox.want(**{"mint:2": outbox.mint()})
    await outbox.want(**{"claim:a:1": outbox.mint()})  # what it does is nothing to the outbox, only what it is called
    outbox.transactions.start()
    rows = await outbox.ended("claim:a:1", "mint:1", "mint:2")
    assert [row.nonce for row in rows] == sorted(row.nonce for row in rows)


async def test_one_that_is_refused_spoils_no_other(outbox):
    wanted = await licences(outbox.stage, 4)
    unsigned = granting(outbox.stage, await agreed(outbox.stage), provider="stranger")
    await outbox.want(**wanted, **{"licence:bad": unsigned})
    outbox.transactions.start()
    rows = await outbox.ended(*wanted, "licence:bad")
    assert [row.state for row in rows] == [ActState.MINED] * 4 + [ActState.REVERTED]
    with pytest.raises(ChainReverted, match="not the provider's signature"):
        await outbox.transactions.mined("licence:bad")


async def test_what_a_stranger_brought_first_is_ours_all_the_same(outbox):
    wanted = await licences(outbox.stage, 3)
    key, act = next(iter(wanted.items()))
    theirs = await outbox.stage.do(act, "stranger")
    await outbox.want(**wanted)
    outbox.transactions.start()
    rows = await outbox.ended(*wanted)
    assert {row.state for row in rows} == {ActState.MINED}
    assert (await outbox.row(key)).hash == theirs.transaction.hex()


async def test_it_is_ours_as_soon_as_the_chain_tells_it(outbox, monkeypatch):
    wanted = await licences(outbox.stage, 1)
    [(key, act)] = wanted.items()
    await outbox.stage.do(act, "stranger")
    asked, events = [], outbox.stage.programs.events

    async def late(*about, **filters):
        asked.append(about)
        return [] if len(asked) == 1 else await events(*about, **filters)

    monkeypatch.setattr(outbox.stage.programs, "events", late)
    await outbox.want(**wanted)
    outbox.transactions.start()
    [row] = await outbox.ended(key)
    assert (row.state, len(asked)) == (ActState.MINED, 2)


# --- once ---


async def test_a_rehearsal_tells_of_an_act_only_while_it_would_be_queued(outbox):
    with rehearsing() as played, pytest.raises(Rehearsed):
        await outbox.want(mint_1=outbox.mint())
    assert [(one["step"], one["what"]) for one in played.steps] == [(CHAIN, "token.mint")]
    await outbox.want(mint_1=outbox.mint())
    with rehearsing() as played:
        await outbox.want(mint_1=outbox.mint())
    assert played.steps == []


async def test_stopped_at_any_step_it_goes_on_and_acts_once(outbox, store):
    await outbox.want_with_event("mint:1", outbox.mint(7))
    for seconds in (0, 0.005, 0.02, 0.05, 0.2):
        outbox.transactions.start()
        await asyncio.sleep(seconds)
        await outbox.transactions.close()
        outbox = Outbox(outbox.stage, store)
    outbox.transactions.start()
    await outbox.ended("mint:1")
    await outbox.transactions.close()
    assert await outbox.minted() == 7
    assert len(await outbox.events()) == 1


async def test_the_event_of_an_act_that_is_noted_again_is_recorded_once(outbox):
    await outbox.want_with_event("mint:1", outbox.mint(7))
    assert not await outbox.events()
    outbox.transactions.start()
    [row] = await outbox.ended("mint:1")
    await outbox.transactions._write([row], state=ActState.MINED, hash=row.hash)
    assert len(await outbox.events()) == 1


async def test_an_act_that_is_refused_has_no_event(outbox):
    unsigned = granting(outbox.stage, await agreed(outbox.stage), provider="stranger")
    await outbox.want_with_event("licence:bad", unsigned)
    outbox.transactions.start()
    [row] = await outbox.ended("licence:bad")
    assert row.state == ActState.REVERTED
    assert not await outbox.events()


async def test_what_an_ending_run_signed_at_the_last_moment_is_not_signed_again(outbox):
    await outbox.want(mint_1=outbox.mint(7))
    read_before = await outbox.row("mint:1")
    await parcel.Parcel(outbox.transactions._accounts[outbox.stage.account("issuer")], [read_before]).sign()
    await outbox.transactions._finish([read_before])
    assert len(await outbox.sends()) == 1
    outbox.transactions.start()
    [row] = await outbox.ended("mint:1")
    assert row.state == ActState.MINED
    assert await outbox.minted() == 7


async def test_a_nonce_that_somebody_used_with_our_key_is_given_up(outbox, impatient):
    stage = outbox.stage
    await outbox.want(**{"mint:1": outbox.mint(7)})
    one = parcel.Parcel(outbox.transactions._accounts[outbox.stage.account("issuer")], [await outbox.row("mint:1")])
    await one.sign()
    await stage.do(outbox.mint(1), "issuer")
    outbox.transactions.start()
    [row] = await outbox.ended("mint:1")
    assert row.state == ActState.MINED
    assert await outbox.minted() == 8


# --- what nodes do ---


async def test_what_a_node_forgot_is_sent_again(on_anvil, impatient):
    outbox, node = on_anvil
    await node.asked("evm_setAutomine", False)
    await outbox.want(**{"mint:1": outbox.mint()})
    outbox.transactions.start()
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (sends := await outbox.sends()):
            await asyncio.sleep(0.02)
        while await node.asked("anvil_dropTransaction", "0x" + sends[0]["hash"]) is None:
            await asyncio.sleep(0.02)
        while (row := await outbox.row("mint:1")).state != ActState.MINED:
            await node.asked("evm_mine")
            await asyncio.sleep(0.1)
    assert (row.state, row.hash, len(await outbox.sends())) == (ActState.MINED, sends[0]["hash"], 1)


async def test_what_is_stuck_below_the_price_is_replaced_and_mined_once(on_anvil, impatient):
    outbox, node = on_anvil
    await node.asked("evm_setAutomine", False)
    await outbox.want(**{"mint:1": outbox.mint()})
    outbox.transactions.start()
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await outbox.sends():
            await asyncio.sleep(0.02)
        # a spike: the next blocks cost a hundred times as much
        await asyncio.sleep(0.1)
        await node.asked("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
        await node.asked("evm_mine")
        outbox.clock.ahead += timedelta(seconds=parcel.STUCK_SECONDS)
        while len(sends := await outbox.sends()) < 2:
            await asyncio.sleep(0.02)
        while (row := await outbox.row("mint:1")).state != ActState.MINED:
            await node.asked("evm_mine")
            await asyncio.sleep(0.1)
    assert row.hash == sends[-1]["hash"]
    assert len({each["nonce"] for each in sends}) == 1
    assert sends[1]["price"] > sends[0]["price"] * 9 // 8
    assert await outbox.minted() == 1


async def test_a_spike_beyond_the_limit_is_waited_out(on_anvil, impatient):
    outbox, node = on_anvil
    await node.asked("anvil_setNextBlockBaseFeePerGas", hex(400 * 10**9))
    await node.asked("evm_mine")
    await outbox.want(**{"mint:1": outbox.mint()})
    outbox.transactions.start()
    await asyncio.sleep(0.5)
    assert not await outbox.sends()
    await node.asked("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    await node.asked("evm_mine")
    assert (await outbox.ended("mint:1"))[0].state == ActState.MINED


def test_a_replacement_offers_an_eighth_more_of_each_part():
    assert Fees(80, 8).raised() == Fees(90, 9)
    assert Fees(1).raised() == Fees(2)
    assert Fees.of(None, 7) == Fees.of(0, 7) == Fees(0)
    assert Fees.of(10, 1).at_least(Fees(90, 9)) == Fees(90, 9)


# --- reorganisations ---


@pytest.mark.parametrize("depth", [1, 2, 6, 12])
async def test_what_a_reorganisation_took_back_is_done_again(on_anvil, impatient, depth):
    outbox, node = on_anvil
    await node.asked("anvil_mine", hex(20))
    outbox.transactions.start()
    keys = [f"mint:{number}" for number in range(depth)]
    for number, key in enumerate(keys):
        await outbox.want(**{key: outbox.mint(10**number)})
        await outbox.ended(key)
    first = (await outbox.row(keys[0])).block
    await node.asked("anvil_reorg", depth, [])
    assert await outbox.minted() == 0
    await outbox.transactions.again(first)
    async with asyncio.timeout(WITHIN_SECONDS):
        while await outbox.minted() != int("1" * depth):
            await asyncio.sleep(0.05)
    await outbox.ended(*keys)
    assert await outbox.minted() == int("1" * depth)


async def test_what_was_signed_is_kept_until_it_is_settled_and_signed_anew_if_it_was_not(on_anvil, impatient):
    outbox, node = on_anvil
    outbox.transactions.start()
    keys = ["mint:0", "mint:1", "mint:2"]
    for number, key in enumerate(keys):
        await outbox.want(**{key: outbox.mint(10**number)})
        rows = await outbox.ended(*keys[: number + 1])
    for block, left in ((rows[0].block - 1, rows), (rows[1].block, rows[2:]), (rows[2].block, rows[2:])):
        outbox.log.block = Block(block + transactions.SETTLED_BLOCKS, bytes(32))
        await outbox.transactions.tidy()  # the next number is counted from the newest
        assert [each["nonce"] for each in await outbox.sends()] == [row.nonce for row in left]
    await node.asked("anvil_reorg", len(rows), [])
    await outbox.transactions.again(rows[0].block)
    assert [row.nonce for row in await outbox.ended(*keys)] == [row.nonce for row in rows]
    assert await outbox.minted() == 111


# --- bad nodes, in front of a good chain ---


MOODS = ("429", "500", "502", "slow", "hang", "empty", "close", "noise", "pruned", "busy")


@pytest.fixture
async def road(embedded_stage, store, monkeypatch):
    """An outbox whose only way to the chain is a road."""
    from ledger.chain import transport

    monkeypatch.setattr(transport, "REQUEST_TIMEOUT_SECONDS", 0.3)
    async with road_to(embedded_stage.chain._transport._embedded) as made:
        chain = Chain.connect(made.url)
        outbox = Outbox(embedded_stage, store, Programs(chain, embedded_stage.deployment))
        yield outbox, made
        await outbox.transactions.close()
        await chain.close()


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("good", [0, 1, 3, 5, 6])
async def test_a_node_in_a_bad_mood_at_any_question_delays_and_doubles_nothing(road, impatient, mood, good):
    outbox, way = road
    way.moods = ["good"] * good + [mood]
    await outbox.want(**{"mint:1": outbox.mint(7)})
    outbox.transactions.start()
    assert (await outbox.ended("mint:1"))[0].state == ActState.MINED
    assert not way.moods
    assert await outbox.minted() == 7


async def test_another_chain_is_not_acted_on_until_the_right_one_answers(road, impatient, tmp_path):
    from ledger.embedded.chain import EmbeddedChain

    outbox, way = road
    right = way._embedded
    way._embedded = other = await EmbeddedChain.open(tmp_path / "other.sqlite", Clock().now)
    await outbox.want(**{"mint:1": outbox.mint(7)})
    outbox.transactions.start()
    await asyncio.sleep(0.3)
    assert not await outbox.sends()
    way._embedded = right
    assert (await outbox.ended("mint:1"))[0].state == ActState.MINED
    await other.close()
