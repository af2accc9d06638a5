"""Heads of a peer's log that arrive out of order, get lost or contradict each other, while many are under way."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.identity.space import peer_logs
from connector.identity.space.peer_logs import PeerLogs, SeenElsewhere
from connector.runtime.clock import SetClock
from connector.runtime.errors import PeerUnreachable, VerificationFailed
from connector.store import peer_heads
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import mirror
from ledger.log import note as notes
from ledger.log.tiles import parse_path

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ORIGIN, DID = "peer.example/log", "did:web:peer.example"
KEY, NEXT = (Ed25519PrivateKey.from_private_bytes(one * 32) for one in (b"k", b"n"))
LOG = mirror.build([b"%d" % number for number in range(600)])


def listed(key, *former):
    """Be the member whose log that is, under a key, after these (key, size)."""
    public, *before = (
        notes.log_vkey(ORIGIN, one.public_key().public_bytes_raw()) for one in (key, *(o for o, _ in former))
    )
    return SimpleNamespace(
        did=DID,
        url="http://peer.example",
        log_key=public.material,
        log_vkey=public,
        former_vkeys=tuple(checkpoints.Former(one, size) for one, (_, size) in zip(before, former, strict=True)),
    )


def riding(size, start, log=LOG, key=KEY):
    note = checkpoints.sign(checkpoints.Checkpoint(ORIGIN, size, log.root(size)), key)
    path = [notes.b64(one) for one in log.consistency(start, size)]
    return {"checkpoint": note.encode(), "from": str(start), "proof": path}


class World:
    """A store, a space with one member, and that member's tiles; `before_tiles` happens while they are fetched."""

    def __init__(self, store):
        self.store = store
        self.fetched = 0
        self.before_tiles = None
        self.members = {DID: listed(KEY)}
        self.looks = 0
        self.found = self.members[DID]
        space = SimpleNamespace(member=self._find, renewed=self._look)
        self.logs = PeerLogs(store, SimpleNamespace(get=self._tile), space, SetClock(NOW))

    async def _look(self, *_wanted):
        self.looks += 1
        return SimpleNamespace(members=self.members)

    async def _find(self, did):
        return self.found if did == DID else None

    async def _tile(self, url, limit_bytes):
        self.fetched += 1
        if self.before_tiles is not None:
            await self.before_tiles()
        return SimpleNamespace(body=LOG.tile(parse_path(url.removeprefix("http://peer.example/log/"))))

    async def arrive(self, piggyback):
        keep = await self.logs.check(DID, piggyback)
        await self.store.write(keep)

    async def kept(self):
        return [int(one["size"]) for one in await self.store.read(peer_heads.seen)]


@pytest.fixture
async def world(tmp_path):
    store = await Store.open(tmp_path / "x.db", TABLES)
    yield World(store)
    await store.close()


async def test_heads_that_overtake_each_other_are_joined_without_a_look_at_the_tiles(world):
    sizes = [0, *range(3, 200, 7)]
    messages = [riding(size, start) for start, size in itertools.pairwise(sizes)]
    await world.arrive(messages[0])
    shuffled = messages[1:][::-1]
    await asyncio.gather(*(world.arrive(one) for one in shuffled))
    assert world.fetched == 0
    assert await world.kept() == [sizes[-1]]


async def test_a_lost_message_costs_a_look_at_the_tiles(world, monkeypatch):
    monkeypatch.setattr(peer_logs, "LINK_SECONDS", 0.01)
    await world.arrive(riding(3, 0))
    await world.arrive(riding(298, 8))
    assert world.fetched
    await world.arrive(riding(8, 3))  # the lost one, late: older, and of the same history
    assert await world.kept() == [298]


async def test_an_honest_peer_whose_log_moves_on_while_tiles_are_fetched_is_not_accused(world, monkeypatch):
    monkeypatch.setattr(peer_logs, "LINK_SECONDS", 0.01)
    await world.arrive(riding(3, 0))
    ahead = iter([riding(300, 3), riding(310, 300), riding(320, 310)])

    async def moves_on():
        world.before_tiles = None
        await world.arrive(next(ahead))

    world.before_tiles = moves_on
    await world.arrive(riding(299, 8))
    world.before_tiles = moves_on
    await world.arrive(riding(305, 304))
    assert await world.kept() == [310]
    assert await world.store.read(lambda tx: tx.get("facts", name=f"fork/{ORIGIN}")) is None


@pytest.mark.parametrize("size", [4, 6, 9])
async def test_a_fork_is_found_kept_and_not_followed(world, size):
    forged = mirror.build([b"forged", *(b"%d" % number for number in range(1, 12))])
    await world.arrive(riding(6, 0))
    lie = riding(size, min(6, size), forged)
    with pytest.raises(VerificationFailed, match="two histories"):
        await world.arrive(lie)
    kept = await world.store.read(lambda tx: tx.get("facts", name=f"fork/{ORIGIN}"))
    assert kept["value"]["offered"] == lie["checkpoint"]
    await world.arrive(riding(12, 6))
    assert await world.kept() == [12]


@pytest.mark.parametrize(
    ("size", "served", "proven"), [(4, LOG, True), (6, LOG, True), (9, LOG, False), (9, None, True)]
)
async def test_a_fork_is_shown_to_others_as_far_as_the_tiles_prove_it(world, monkeypatch, size, served, proven):
    forged = mirror.build([b"forged", *(b"%d" % number for number in range(1, 12))])
    await world.arrive(riding(6, 0))
    monkeypatch.setitem(globals(), "LOG", served or forged)
    with pytest.raises(VerificationFailed, match="two histories"):
        await world.arrive(riding(size, min(6, size), forged))
    shown = await world.store.read(peer_heads.forks)
    assert [one["origin"] for one in shown] == ([ORIGIN] if proven else [])
    for one in shown:
        fork_proof.judge(one, notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw()))


async def test_a_log_that_goes_on_under_another_key_is_looked_for_once_more(world):
    """Its head is signed by a key that we have not heard of, and under it, too, it has one history."""
    await world.arrive(riding(6, 0))
    with pytest.raises(VerificationFailed, match="does not verify"):
        await world.arrive(riding(9, 6, key=NEXT))
    assert world.looks == 1
    world.members[DID] = listed(NEXT, (KEY, 6))
    await world.arrive(riding(9, 6, key=NEXT))
    assert (await world.kept(), world.looks) == ([9], 2)
    world.found = world.members[DID]
    forged = mirror.build([b"forged", *(b"%d" % number for number in range(1, 20))])
    with pytest.raises(VerificationFailed, match="two histories"):
        await world.arrive(riding(9, 9, forged, key=NEXT))
    [shown] = await world.store.read(peer_heads.forks)
    fork_proof.judge(shown, world.found.log_vkey, world.found.former_vkeys)


async def test_a_head_that_somebody_else_kept_meanwhile_is_compared_before_anything_newer_is_kept(world):
    await world.arrive(riding(3, 0))
    keep = await world.logs.check(DID, riding(9, 3))
    other = peer_heads.read(notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw()), riding(5, 3))
    await world.store.write(lambda tx: peer_heads.keep(tx, other, NOW))  # as the witness does
    with pytest.raises(PeerUnreachable):
        await world.store.write(keep)
    assert await world.kept() == [5]
    await world.arrive(riding(9, 5))
    assert await world.kept() == [9]


async def test_two_processes_that_hear_a_peer_in_turn_go_on_from_each_others_heads(world):
    """Neither refuses the peer, nor looks at its tiles, as long as each hears that the other has kept something."""
    first, second = world, World(world.store)
    sizes = [0, *range(3, 120, 9)]
    for number, (start, size) in enumerate(itertools.pairwise(sizes)):
        ours, other = (first, second) if number % 2 else (second, first)
        await ours.arrive(riding(size, start))
        other.logs.changed()
    assert (first.fetched, second.fetched, await world.kept()) == (0, 0, [sizes[-1]])


async def test_a_message_that_came_before_the_word_of_the_other_process_is_looked_at_again(world):
    second = World(world.store)
    await world.arrive(riding(3, 0))
    await second.arrive(riding(6, 3))
    world.logs.changed()
    await world.arrive(riding(9, 6))
    with pytest.raises(SeenElsewhere):
        await second.arrive(riding(12, 6))
    await second.arrive(riding(12, 6))
    assert await world.kept() == [12]


async def test_a_message_waits_for_the_one_in_between_that_the_other_process_is_reading(world):
    second = World(world.store)
    await world.arrive(riding(3, 0))
    waiting = asyncio.create_task(second.arrive(riding(9, 6)))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await world.arrive(riding(6, 3))
    second.logs.changed()
    await waiting
    assert (second.fetched, await world.kept()) == (0, [9])


async def test_a_fork_shown_to_two_processes_at_one_moment_is_found(world):
    second, forged = World(world.store), mirror.build([b"forged", *(b"%d" % number for number in range(1, 12))])
    keep, lie = await world.logs.check(DID, riding(6, 0)), await second.logs.check(DID, riding(9, 0, forged))
    await world.store.write(keep)
    with pytest.raises(SeenElsewhere):
        await world.store.write(lie)
    with pytest.raises(VerificationFailed, match="two histories"):
        await second.arrive(riding(9, 0, forged))
    assert await world.kept() == [6]


async def test_a_refused_act_keeps_nothing_and_the_next_message_goes_on(world):
    await world.arrive(riding(3, 0))
    await world.logs.check(DID, riding(6, 3))  # its message was refused
    assert await world.kept() == [3]
    await world.arrive(riding(9, 6))
    assert (await world.kept(), world.fetched) == ([9], 0)


async def test_strangers_and_messages_without_a_head_keep_nothing(world):
    await world.store.write(await world.logs.check("did:web:stranger.example", riding(3, 0)))
    await world.store.write(await world.logs.check(DID, None))
    assert await world.kept() == []
    for bad in ("x", {"checkpoint": "x"}, {**riding(3, 0), "extra": 1}):
        with pytest.raises(VerificationFailed):
            await world.logs.check(DID, bad)
