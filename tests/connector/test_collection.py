"""A node's copies of logs over every way to grow: a copy serves what its owner would, and takes nothing back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from connector.exchange.node.collection import Collection
from connector.exchange.node.copies import LogCopy
from connector.runtime.errors import Absent
from connector.store.rows.collected import CollectedLogRow, CollectedMarkRow
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import mirror
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.events import Entry
from ledger.log.tiles import ENTRIES, Tile, resources, tiles_of_level
from tests.core import core

DID, ORIGIN = "did:web:member", "member.example/log"
AT = datetime(2026, 11, 27, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
MEMBER = SimpleNamespace(
    did=DID, name="Member", origin=ORIGIN, url="https://member.example",
    log_vkey=notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw()),
)  # fmt: skip
CLOCK = SimpleNamespace(now=lambda: AT, monotonic=lambda: 0.0)


def entry(at, kind="listing.moved", part="tides"):
    return Entry(kind, AT, DID, part, (f"{part}-{at}",), (), None).encode()


@dataclass
class Owner:
    """A member's log, as it is served below `/log`."""

    entries: list = field(default_factory=list)
    size: int = 0

    @property
    def log(self):
        return mirror.build(self.entries[: self.size])

    def grow(self, count):
        self.entries += [entry(len(self.entries) + at) for at in range(count)]
        self.size = len(self.entries)

    def serve(self, path):
        if path == "checkpoint":
            head = Checkpoint(ORIGIN, self.size, self.log.root())
            return checkpoints.sign(head, KEY).encode().encode()
        if path.startswith("addenda/"):
            first, count = map(int, path.removeprefix("addenda/").split("-"))
            return orjson.dumps([[str(at)] for at in range(first, first + count)])
        [tile] = [one for one in resources(self.size) if one.path == path]
        return self.log.tile(tile)

    async def get(self, url, *, limit_bytes):
        assert limit_bytes
        return SimpleNamespace(body=self.serve(url.removeprefix(MEMBER.url + "/log/")))


async def opened(owner, folder):
    store = await Store.open(folder / "store.sqlite", TABLES)
    space = SimpleNamespace(members={DID: MEMBER})

    async def current():
        return space

    view = SimpleNamespace(whole=current)
    return Collection(core(did="did:web:node", store=store, outbound=owner, clock=CLOCK), view), store


async def copied(store):
    row = await store.read(lambda tx: tx.get(CollectedLogRow, member=DID))
    return LogCopy(store, row)


async def same(store, owner):
    """The copy serves every file of the log at its size, and nothing beyond."""
    copy = await copied(store)
    assert copy.row.size == owner.size
    for tile in resources(owner.size):
        assert await copy.tile(tile.path) == owner.log.tile(tile), tile
    for tile in tiles_of_level(ENTRIES, owner.size):
        path = f"addenda/{tile.index * 256}-{tile.width}"
        assert orjson.loads(await copy.addenda(tile.index * 256, tile.width)) == orjson.loads(owner.serve(path))
    with pytest.raises(Absent):
        await copy.tile(Tile(ENTRIES, owner.size // 256, owner.size % 256 + 1).path)
    marks = await store.read(lambda tx: tx.find(CollectedMarkRow, "mark = ?", ("tides",)))
    assert len(marks) == owner.size


@given(steps=st.lists(st.sampled_from([1, 2, 7, 250, 255, 256, 257, 300]), min_size=1, max_size=5), again=st.booleans())
async def test_a_copy_serves_what_its_owner_serves_at_every_size(tmp_path_factory, steps, again):
    owner = Owner()
    collection, store = await opened(owner, tmp_path_factory.mktemp("copy"))
    for count in steps:
        owner.grow(count)
        [row] = await collection.collect()
        assert (row["trouble"], row["entries"]) == ("", str(owner.size))
        await same(store, owner)
        if again:  # a node that was restarted has no leaves at hand
            collection = Collection(collection._core, collection._space)
    await store.close()


@pytest.mark.parametrize("where", [0, 255, 256, 299])
@pytest.mark.parametrize("more", [0, 1, 300])
async def test_what_was_said_is_not_unsaid(tmp_path, where, more):
    owner = Owner()
    owner.grow(300)
    collection, store = await opened(owner, tmp_path)
    await collection.collect()
    before = await copied(store)
    kept = [await before.tile(tile.path) for tile in resources(300)]
    owner.entries[where] = entry(where, part="another")
    owner.grow(more)
    [row] = await collection.collect()
    assert row["trouble"], "the log's owner says something else now"
    after = await copied(store)
    assert (after.row.size, after.row.checkpoint) == (300, before.row.checkpoint)
    assert [await after.tile(tile.path) for tile in resources(300)] == kept
    # and goes on where the owner comes back to what it said
    owner.entries[where] = entry(where)
    owner.grow(1)
    [row] = await collection.collect()
    assert row["trouble"] == ""
    await same(store, owner)
    await store.close()


async def test_a_log_that_goes_back_or_is_signed_by_another_is_not_taken(tmp_path):
    owner = Owner()
    owner.grow(300)
    collection, store = await opened(owner, tmp_path)
    await collection.collect()
    owner.size = 299
    [row] = await collection.collect()
    assert (row["entries"], "300 were collected" in row["trouble"]) == ("300", True)
    owner.size = 300
    other = Ed25519PrivateKey.generate()
    honest = owner.serve
    owner.serve = lambda path: (
        checkpoints.sign(Checkpoint(ORIGIN, 300, owner.log.root()), other).encode().encode()
        if path == "checkpoint"
        else honest(path)
    )
    [row] = await collection.collect()
    assert (row["entries"], row["trouble"] != "") == ("300", True)
    await store.close()
