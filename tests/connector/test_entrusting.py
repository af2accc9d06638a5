"""A head given to the exchange: whatever it answers, the head is proven, waits, or is given up and the log says why."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from eth_hash.auto import keccak

from connector.chain.entrusting import MISSED, Entrusting, proofs
from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.store.rows.evidence import AnchorRow, EntrustedRow
from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import events, head_tree, mirror
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys, cosign_head
from ledger.log.head_tree import Place
from tests.connector.store.test_evidence import NOW, evidence_of, grow

DOMAIN, TIME, INTERVAL, BLOCK = Domain(7, b"\x11" * 20, b"\x22" * 32), 1_800_000_000, 600, 5
EXCHANGE = SimpleNamespace(did="did:web:exchange", origin="exchange/log", url="https://exchange")


class Exchange:
    """Answers what a test puts there; faults are raised."""

    def __init__(self):
        self.answer, self.taken = {"anchor": None}, []

    def _answered(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return SimpleNamespace(json=lambda: self.answer)

    async def get(self, _url, **_more):
        return self._answered()

    async def post(self, _url, body, **_more):
        answered = self._answered()
        self.taken.append(body)
        return answered


class Member:
    """A participant whose log has three entries and two witnesses."""

    def __init__(self, store):
        self.store, self.evidence, self.exchange = store, evidence_of(), Exchange()
        self.now, self.anchored = NOW, []
        self.witnesses = [WitnessKeys(f"w{at}/witness", self.evidence._keys[0], keccak(bytes([at]))) for at in range(2)]
        own = SimpleNamespace(did="did:web:member", log_vkey=self.evidence.vkey)
        space = SimpleNamespace(
            exchange=EXCHANGE.did,
            anchors=DOMAIN,
            witnesses_of=lambda _did: [SimpleNamespace(head_vkeys=(one.head_vkey(),)) for one in self.witnesses],
        )

        async def require(did):
            return EXCHANGE if did == EXCHANGE.did else own

        async def told(_program, _event, first, last, **_filters):
            return [SimpleNamespace(fields=one) for block, one in self.anchored if first <= block <= last]

        programs = SimpleNamespace(events=told)
        peers = SimpleNamespace(authorization=lambda _did: {})
        view = SimpleNamespace(last=lambda: space, require=require)
        clock = SimpleNamespace(now=lambda: self.now)
        self.entrusting = Entrusting(
            "did:web:member", store, self.evidence, self.exchange, peers, view, lambda: programs, clock, INTERVAL
        )

    async def give(self):
        """Give the newest head; it is kept for `document`."""
        await grow(self.store, self.evidence, 3)
        note = checkpoints.notes.parse(await self.store.write(self.evidence.checkpoint))
        self.head = checkpoints.parse_text(note.text)
        self.note = note.sign_with(*(cosign_head(self.head, one, TIME, DOMAIN) for one in self.witnesses))
        return await self.entrusting.give(self.head, self.note, TIME)

    def document(self, note=None, head=None):
        """What the exchange gives for a head that it gathered alone, and that the chain has in BLOCK."""
        leaf = head_tree.leaf(DOMAIN, head or self.head, TIME)
        link = (leaf.hex(), "1")
        entry = events.Entry(head_tree.GATHERED, NOW, EXCHANGE.did, EXCHANGE.origin, link, ()).encode()
        log = mirror.build([entry, b"next"])
        under = Checkpoint(EXCHANGE.origin, 2, log.root(2))
        self.anchored = [(BLOCK, {"size": 2, "root": log.root(2)})]
        below, place = Place(0, 2, tuple(log.inclusion(0, 2))), Place(0, 1, ())
        return head_tree.document((note or self.note).encode(), TIME, place, entry, under, below, BLOCK)

    async def missed(self):
        return await self.store.read(lambda tx: len(tx.find("log_entries", "kind = ?", (MISSED,))))

    async def rows(self, table):
        return await self.store.read(lambda tx: tx.find(table))


@pytest.fixture
def member(store):
    return Member(store)


async def test_a_head_waits_and_then_stands_on_the_chain(member):
    assert await member.entrusting.settle() == (None, None, False)
    assert await member.give()
    assert member.exchange.taken == [{"note": member.note.encode(), "time": str(TIME)}]
    settled = await member.entrusting.settle()
    assert (settled.waiting.size, settled.placed, settled.missed) == (member.head.size, None, False)
    member.exchange.answer = {"anchor": member.document()}
    settled = await member.entrusting.settle()
    assert (settled.placed.head, settled.placed.block) == (member.head, BLOCK)
    [row] = await member.rows(AnchorRow)
    assert (row.size, row.root, row.block, row.tx) == (member.head.size, member.head.root, BLOCK, "")
    assert await member.store.read(proofs) == [member.exchange.answer["anchor"]]
    assert await member.missed() == 0


async def test_the_proof_of_a_head_before_ours_is_waited_with(member):
    await member.give()
    before = member.document()
    await member.store.write(lambda tx: tx.delete(EntrustedRow, size=member.head.size))
    await member.give()
    member.exchange.answer = {"anchor": before}
    assert (await member.entrusting.settle()).waiting.size == member.head.size


async def test_who_is_left_out_gives_up_after_two_intervals(member):
    await member.give()
    member.now += timedelta(seconds=2 * INTERVAL - 1)
    assert not (await member.entrusting.settle()).missed
    member.now += timedelta(seconds=1)
    assert (await member.entrusting.settle()).missed
    assert (await member.rows(EntrustedRow), await member.missed()) == ([], 1)


async def test_a_head_that_is_not_taken_is_given_up_at_once(member):
    member.exchange.answer = PeerUnreachable("the exchange is away")
    assert not await member.give()
    assert (await member.rows(EntrustedRow), await member.missed()) == ([], 1)


def other(member):
    """Another history of our log, signed by its witnesses and gathered."""
    head = Checkpoint(member.head.origin, member.head.size, b"\x05" * 32)
    note = checkpoints.sign(head, member.evidence._keys[0])
    note = note.sign_with(*(cosign_head(head, one, TIME, DOMAIN) for one in member.witnesses))
    return {"anchor": member.document(note, head)}


def absent(member):
    """A head of the exchange's log that the chain has not: the second of two histories that it shows."""
    document = member.document()
    member.anchored = [(BLOCK, {"size": 2, "root": b"\x06" * 32})]
    return {"anchor": document}


FALSE = {
    "another head": other,
    "a head that the chain has not": absent,
    "no document": lambda _member: {"anchor": {}},
    "no answer": lambda _member: [],
    "of another block": lambda member: {"anchor": {**member.document(), "under": {"block": "6"}}},
    "a refusal": lambda _member: PeerRefused("no", 403, b""),
}


@pytest.mark.parametrize("answer", list(FALSE))
async def test_what_proves_nothing_of_our_head_gives_it_up(member, answer):
    await member.give()
    member.exchange.answer = FALSE[answer](member)
    settled = await member.entrusting.settle()
    assert settled == (None, None, True)
    assert (await member.rows(AnchorRow), await member.rows(EntrustedRow), await member.missed()) == ([], [], 1)
