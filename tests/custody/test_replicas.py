"""The buyer's side on a real store: only verified bytes count, secrets rest wrapped, a crash costs no truth."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector.custody import edition, erasure, replicas
from connector.custody.errors import VaultError
from connector.custody.places import places_of
from connector.custody.reader import Reader
from connector.custody.secrets import Keys
from connector.store.rows.vault import EditionRow, ReplicaRow
from contracts.ranges import RowSet
from ledger.edition.opening import Code, OpeningError

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
S = 64 * 1024


def prepared(world):
    return replicas.prepare(
        world.buyer_keys, world.sealed.edition_id, world.sealed.header.json(), world.sealed.table.data
    )


async def recorded(world, store):
    new = prepared(world)
    return await store.write(lambda tx: replicas.record(tx, new, agreement="ab" * 32, now=NOW))


async def test_the_whole_way(world, store):
    replica = await recorded(world, store)
    taking = replicas.intake(world.replicas, replica)
    pieces = world.pieces()
    order = list(range(len(pieces)))
    random.Random(3).shuffle(order)
    for number in order:
        taking.accept(number, pieces[number])
    taking.sync()
    assert taking.complete
    await store.write(lambda tx: replicas.note_bytes(tx, replica.id, taking.held))
    taking.close()
    secrets = world.secrets()
    for number in reversed(order):
        held = await store.write(
            lambda tx, n=number: replicas.store_secrets(tx, world.buyer_keys, replica.id, {n: secrets[n]})
        )
    assert held == RowSet.of([(0, len(pieces))])
    stored = await store.read(lambda tx: replicas.load_secrets(tx, world.buyer_keys, replica.id))
    assert stored == secrets
    row = await store.read(lambda tx: replicas.under(tx, replica.agreement))
    assert (row.state, row.bytes_rows, row.key_rows) == ("sealed", held.json(), held.json())
    with replicas.sealed_file(world.replicas, row) as file:
        paths = Reader(file, stored).open_files(world.folder / "out")
    assert {path.name: path.read_bytes() for path in paths} == world.content


async def test_no_secret_rests_in_the_store(world, store):
    replica = await recorded(world, store)
    secrets = world.secrets()
    await store.write(lambda tx: replicas.store_secrets(tx, world.buyer_keys, replica.id, secrets))
    rows = await store.read(lambda tx: tx.find("row_secrets"))
    assert [(row["row"], row["count"]) for row in rows] == [(0, len(secrets))]
    everything = b"".join(path.read_bytes() for path in world.folder.glob("store.sqlite*"))
    assert rows[0]["wrapped"] in everything
    assert not any(secret in everything for secret in secrets.values())
    moved = {**rows[0], "row": 1}
    await store.write(lambda tx: (tx.delete("row_secrets", replica=replica.id), tx.insert("row_secrets", **moved)))
    with pytest.raises(VaultError, match="does not open"):
        await store.read(lambda tx: replicas.load_secrets(tx, world.buyer_keys, replica.id, [1]))


async def test_what_is_held_stays_as_it_is(world, store):
    """Keys that come again, one by one or in other windows, leave every range as it was wrapped."""
    replica = await recorded(world, store)
    secrets = world.secrets()
    keep = partial(replicas.store_secrets, keys=world.buyer_keys, replica_id=replica.id)
    for rows in ((2, 3, 4, 5), (3, 4), (1, 2, 3), (7,), (0, 1, 2, 3, 4, 5, 6, 7)):
        await store.write(lambda tx, rows=rows: keep(tx, secrets={row: secrets[row] for row in rows}))
    kept = await store.read(lambda tx: tx.find("row_secrets", order="row"))
    assert [(row["row"], row["count"]) for row in kept] == [(0, 1), (1, 1), (2, 4), (6, 1), (7, 1)]
    for wanted in (None, [3], [0, 7]):
        found = await store.read(
            lambda tx, wanted=wanted: replicas.load_secrets(tx, world.buyer_keys, replica.id, wanted)
        )
        assert found == {row: secrets[row] for row in (wanted or range(8))}


def test_another_edition_is_refused(world):
    with pytest.raises(ValueError, match="not of the agreed"):
        replicas.prepare(world.buyer_keys, bytes(32), world.sealed.header.json(), world.sealed.table.data)


async def test_corrupted_piece_is_refused_at_its_row(world, store):
    replica = await recorded(world, store)
    taking = replicas.intake(world.replicas, replica)
    pieces = world.pieces()
    with pytest.raises(OpeningError) as caught:
        taking.accept(3, pieces[3][:100] + bytes([pieces[3][100] ^ 4]) + pieces[3][101:])
    assert (caught.value.code, caught.value.row) == (Code.BYTES, 3)
    assert not taking.held
    for number, piece in enumerate(pieces):
        taking.accept(number, piece)
    assert taking.complete
    taking.close()


async def test_resume_hashes_what_is_there(world, store):
    replica = await recorded(world, store)
    taking = replicas.intake(world.replicas, replica)
    pieces = world.pieces()
    for number in (0, 1, 4, 5):
        taking.accept(number, pieces[number])
    taking.close()
    path = world.replicas / replica.path
    with path.open("r+b") as file:  # the disk lost a sector of row 4
        file.seek(places_of(world.sealed.table).offset(4) + 10)
        file.write(b"\0" * 16)
    again = replicas.intake(world.replicas, replica)
    assert again.held == RowSet.rows([0, 1, 5])
    assert again.missing == RowSet.rows([2, 3, 4, 6, 7])
    again.close()


def test_resume_after_kill(world):
    """A process that takes pieces in is killed; what it wrote whole counts, and nothing else."""
    table, path = world.folder / "table", world.replicas / "killed.sealed"
    table.write_bytes(world.sealed.table.data)
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from connector.custody.sealed_file import SealedFile
        from connector.custody.intake import Intake
        from ledger.edition.row_table import RowTable
        taking = Intake(Path(sys.argv[2]), RowTable(Path(sys.argv[1]).read_bytes()))
        for number, piece in enumerate(SealedFile(Path(sys.argv[3]), taking.table).read_pieces(0, 8)):
            if number == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            taking.accept(number, piece)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(table), str(path), str(world.sealed.path)],
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == -signal.SIGKILL
    row = world.row()
    killed = SimpleNamespace(path=path.name, edition=row.id, header=row.header, rows=row.rows)
    again = replicas.intake(world.replicas, killed)
    whole = 4  # the row that was under way when the process was killed
    assert again.held == RowSet.of([(0, whole)])
    pieces = world.pieces()
    for number in again.missing:
        again.accept(number, pieces[number])
    again.close()
    assert path.read_bytes() == world.sealed.path.read_bytes()


async def test_erasure_reaches_a_restored_database(world, store):
    replica = await recorded(world, store)
    keys, secrets = world.buyer_keys, world.secrets()
    await store.write(lambda tx: replicas.store_secrets(tx, keys, replica.id, secrets))
    backup = await store.read(lambda tx: tx.find("row_secrets"))
    key_id = await store.write(lambda tx: erasure.begin(tx, ReplicaRow, replica.id))
    with pytest.raises(VaultError, match="not destroyed yet"):
        await store.write(lambda tx: erasure.finish(tx, keys, ReplicaRow, replica.id, rest_elsewhere=False))
    assert keys.destroy(key_id)
    assert not keys.destroy(key_id)
    said = await store.write(lambda tx: erasure.finish(tx, keys, ReplicaRow, replica.id, rest_elsewhere=False))
    assert (said["grade"], said["keysErased"]) == ("B", [key_id])
    with pytest.raises(VaultError, match="`deleted`"):
        await store.read(lambda tx: replicas.load_secrets(tx, keys, replica.id))
    for owner in (keys, Keys(world.folder / "buyer-keys")):
        with pytest.raises(VaultError, match="does not exist"):
            owner.unwrap(key_id, b"", backup[0]["wrapped"])


async def test_erasing_an_edition_is_grade_a_only_if_nothing_rests_elsewhere(world, store):
    await store.write(lambda tx: edition.record(tx, world.sealed, product="p", now=NOW))
    row = await store.read(lambda tx: tx.get(EditionRow, id=world.sealed.edition_id.hex()))
    assert edition.row_secrets(world.keys, row, world.sealed.table, [0])[0] == world.secrets()[0]
    key_id = await store.write(lambda tx: erasure.begin(tx, EditionRow, row.id))
    world.keys.destroy(key_id)
    for elsewhere, grade in ((True, "B"), (False, "A")):
        said = await store.write(
            lambda tx, e=elsewhere: erasure.finish(tx, world.keys, EditionRow, row.id, rest_elsewhere=e)
        )
        assert said["grade"] == grade
    with pytest.raises(VaultError, match="does not exist"):
        edition.row_secrets(world.keys, row, world.sealed.table, [0])
