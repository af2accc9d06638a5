"""F3 and F4: nothing is said before it is synced, and a loss of power, whatever it tears, loses nothing that was said.

A whole story of each side is traced once, with the data of its writes. F3 reads the trace: no word goes to the peer
while a file has writes that are not synced. F4 cuts the power after a random call: what was synced is there, of the
rest each sector of 512 bytes is there or not, as a seed says; the store must open, whole, with all that was said.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections import defaultdict
from dataclasses import dataclass

import pytest

from connector.channel import claims
from connector.runtime.data_folder import DATABASE
from connector.store.errors import StoreError
from connector.store.rows.channel import WindowRow
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.typed_json import to_json
from tests.channel.rig import CHANNEL_ID, Pair
from tests.fault import trace
from tests.fault.extent import ALL, SEED, SYNCED, TORN
from tests.fault.injection import permitted
from tests.fault.sides import SIDES, fresh, played
from tests.row_key import row_key

SECTOR = 512
SEEDS = 1_000 if ALL else 10  # of each side
PAIR = Pair()  # whose view of the chain says what lapsed
MEMORY = "-shm"  # shared memory of the processes; nothing rests on it
SYNCS = ("fsync", "fdatasync")

pytestmark = pytest.mark.faults


@dataclass
class Tale:
    """One story: what lay there before it, what the side told the kernel, and what it said and was told."""

    side: object
    base: dict
    calls: list
    folder: object

    @property
    def told(self):
        """(index of the call, number of the word) of each word to the peer."""
        places = [index for index, call in enumerate(self.calls) if call.path.startswith("socket:")]
        return list(zip(places, range(len(places)), strict=True))

    @property
    def last(self):
        """The end of the story: from here on the store only tidies up."""
        return self.told[-1][0]


@pytest.fixture(scope="module", params=SIDES)
def tale(request, tmp_path_factory, absent):
    if not permitted():
        absent("nobody may trace a process here, so F3 and F4 cannot run")
    folder = tmp_path_factory.mktemp(request.param)
    begun, data, side = fresh(request.param, folder / "fresh"), folder / "data", SIDES[request.param]()
    shutil.copytree(begun, data)
    side.prepare()
    how = {"trace": ",".join(trace.CALLS), "options": trace.OPTIONS, "log": folder / "log"}
    assert played(side, data, **how) is None
    base = {path.name: path.read_bytes() for path in begun.iterdir()}
    return Tale(side, base, trace.read((folder / "log").read_text()), data)


def test_nothing_is_said_before_it_is_synced(tale, record_property):
    dirty, syncs = set(), 0
    for call in tale.calls:
        ours = call.path.startswith(str(tale.folder)) and not call.path.endswith(MEMORY)
        if call.path.startswith("socket:"):
            assert not dirty, "a word to the peer rests on what a loss of power would take"
        elif call.name in SYNCS:
            dirty.discard(call.path)
            syncs += 1
        elif ours and call.name in ("pwrite64", "write"):
            dirty.add(call.path)
    assert syncs >= len(tale.told) // 2 > 0
    record_property(SYNCED, len(tale.told))


def torn(tale, cut, chance):
    """Return the files as a loss of power after `cut` calls leaves them."""
    files = {name: bytearray(content) for name, content in tale.base.items() if not name.endswith(MEMORY)}
    loose = defaultdict(list)
    for call in tale.calls[:cut]:
        name = call.path.rpartition("/")[2]
        if not call.path.startswith(str(tale.folder)) or name.endswith(MEMORY):
            continue
        if call.name == "pwrite64":
            loose[name].append(call)
        elif call.name == "ftruncate":
            _resize(files.setdefault(name, bytearray()), call.offset)
        elif call.name in SYNCS:
            for each in loose.pop(name, ()):
                _write(files.setdefault(name, bytearray()), each.offset, each.data)
    for name, calls in loose.items():
        for call in calls:
            for begin in range(0, len(call.data), SECTOR):
                if chance.random() < 1 / 2:
                    part = call.data[begin : begin + SECTOR]
                    _write(files.setdefault(name, bytearray()), call.offset + begin, part)
    return files


def _resize(content, size):
    content[:] = content[:size].ljust(size, b"\0")


def _write(content, offset, data):
    if len(content) < offset:
        _resize(content, offset)
    content[offset : offset + len(data)] = data


async def looked_at(folder, look):
    """Open the store as a start does and look; None when it does not open."""
    try:
        store = await Store.open(folder / DATABASE, TABLES, row_key())
    except (StoreError, sqlite3.Error):
        return None
    try:
        await store.write(lambda _tx: None)
        return await store.read(look)
    finally:
        await store.close()


def kept(tx):
    """What the database holds of the story, if it is whole."""
    assert tx.execute("SELECT * FROM pragma_integrity_check") == [{"integrity_check": "ok"}]
    vouchers = [to_json(row.voucher) for row in tx.find(WindowRow, order="seq") if row.voucher]
    account = tx.get("channels", id=CHANNEL_ID.hex())
    claim = claims.newest(tx, PAIR.holder, CHANNEL_ID, PAIR.now) if account["role"] == "payee" else None
    return vouchers, claim


def said_by(tale, cut):
    """The words that had left before the power went."""
    return [tale.side.said[number] for place, number in tale.told if place < cut and number < len(tale.side.said)]


def test_a_loss_of_power_loses_nothing_that_was_said(tale, tmp_path, record_property):
    opened = 0
    for seed in range(SEED, SEED + SEEDS):
        chance = random.Random(seed)
        cut = chance.randrange(1, tale.last + 2)
        folder = tmp_path / "image"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in torn(tale, cut, chance).items():
            (folder / name).write_bytes(content)
        found = asyncio.run(looked_at(folder, kept))
        if found is None:
            continue
        opened += 1
        vouchers, claim = found
        for what, body in said_by(tale, cut):
            if tale.side.name == "payee":
                # body: what the buyer had paid for when the answer came
                assert (claim.voucher.cumulative_amount if claim else 0) >= body, seed
            elif what in ("voucher", "acknowledge"):
                assert body["voucher"] in vouchers, seed
    assert opened == SEEDS, "a store that lost power opens again"
    record_property(TORN, SEEDS)
