"""What a buyer has already of a later edition: found by its series, whatever else is held, and carried over."""

from __future__ import annotations

from collections import Counter

import pytest

from connector.custody import earlier, replicas
from connector.custody.intake import Intake
from connector.custody.secrets import Keys
from connector.custody.tables import TABLES, Tables
from connector.runtime import files
from connector.store.rows.vault import VaultState
from connector.store.statements import Statements
from contracts.ranges import RowSet
from tests.custody.test_later_editions import Shop
from tests.custody.test_seal_and_open import NOW, S, noise

UNCHANGED = noise(3 * S, 1)


class Shelf:
    """A buyer who holds editions of two series of one provider."""

    def __init__(self, folder, store):
        self.store, self.keys = store, Keys(folder / "keys")
        self.folder = files.make_folder(folder / "replicas")
        self.wanted, self.other = (Shop(folder / name, series=name.encode() * 16) for name in ("s1", "s2"))

    async def held(self, shop, tail, *, whole=True, state=VaultState.SEALED):
        """Seal the next edition of a series and record the buyer's replica of it."""
        sealed = shop.seal({"a": UNCHANGED + tail})
        new = replicas.prepare(self.keys, sealed.edition_id, sealed.header.json(), sealed.table.data)
        row = await self.store.write(lambda tx: replicas.record(tx, new, agreement=new.edition_id.hex(), now=NOW))
        if whole:
            (self.folder / row.path).write_bytes(sealed.path.read_bytes())
            rows = RowSet.of([(0, len(sealed.table))]).json()
            await self.store.write(lambda tx: tx.update("replicas", {"id": row.id}, bytes_rows=rows, state=state))
        return row


@pytest.fixture
def shelf(tmp_path, store):
    return Shelf(tmp_path / "shelf", store)


@pytest.fixture
def read(monkeypatch, store):
    """Count the rows that are read from this store from now on, by table; others in the process read theirs."""
    counted: Counter[str] = Counter()
    decode, ours = Statements.decode, {id(one) for one in store._statements.values()}

    def counting(self, values):
        counted[self.table.name] += id(self) in ours
        return decode(self, values)

    monkeypatch.setattr(Statements, "decode", counting)
    return counted


@pytest.mark.parametrize("others", [0, 7])
async def test_a_look_reads_what_it_finds_and_nothing_else(shelf, read, others, monkeypatch):
    for number in range(others):
        await shelf.held(shelf.other, bytes([number]))
    one = await shelf.held(shelf.wanted, b"1")
    two = await shelf.held(shelf.wanted, b"2", state=VaultState.DELETED)
    three = await shelf.held(shelf.wanted, b"3", whole=False)
    read.clear()
    monkeypatch.setattr(replicas, "TABLES", Tables())  # as after a start: no table of rows is known
    found = await shelf.store.read(lambda tx: earlier.held(tx, three))
    assert [row.id for row, _table in found] == [one.id]
    assert two.id not in {row.id for row, _table in found}
    assert +read == {"replicas": 2, "row_tables": 1}


async def test_unchanged_pieces_are_carried_over_and_verified(shelf):
    one = await shelf.held(shelf.wanted, b"1")
    two = await shelf.held(shelf.wanted, b"2", whole=False)
    path = shelf.folder / one.path
    rotten = bytearray(path.read_bytes())
    rotten[-2 * S] ^= 1
    path.write_bytes(rotten)
    table = TABLES.proven(bytes.fromhex(two.edition), two.header, two.rows)
    intake = Intake(shelf.folder / two.path, table)
    others = await shelf.store.read(lambda tx: earlier.held(tx, two))
    assert earlier.carry_over(shelf.folder, intake, others) == 2
    assert len(intake.missing) == len(table) - 2
    intake.close()
