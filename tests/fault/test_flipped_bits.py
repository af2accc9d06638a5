"""F5: one bit that the disk flips, in the database, in the log's hashes, in sealed bytes.

No head is ever signed over it: the next head is either the honest one, or there is none. A sealed piece with a flipped
bit is found before it is used, at its row, and nothing is lost but that piece.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.custody.blobs import Blobs
from connector.custody.places import places_of
from connector.custody.seal import Brief, seal
from connector.custody.sealed_file import SealedFile
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from connector.runtime.data_folder import DATABASE
from connector.store.errors import StoreError
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.edition.opening import OpeningError, accept
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log import note as notes
from tests.fault.extent import ALL, FLIPPED, SEED
from tests.fault.sides import Provider, fresh, played
from tests.row_key import row_key

FLIPS = 500 if ALL else 10  # of the database, and as many of sealed bytes
PIECE, PIECES, BITS = 64 * 1024, 6, 8
NOW = datetime(2026, 3, 2, tzinfo=UTC)

pytestmark = pytest.mark.faults


def flip(path, chance):
    """Flip one bit of a file; return the byte it is in."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) * BITS)
    content[place // BITS] ^= 1 << place % BITS
    path.write_bytes(content)
    return place // BITS


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The store of a provider after a whole story."""
    folder, side = fresh("payee", tmp_path_factory.mktemp("flipped") / "data"), Provider()
    side.prepare()
    assert played(side, folder) is None
    return folder / DATABASE


def leaves(path):
    """The leaf hashes of a log as they were written."""
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT leaf FROM log_entries ORDER BY idx")]


async def next_head(path):
    """Open the store, record one more event; return the head that is signed over it, and that event's leaf."""
    store = await Store.open(path, TABLES, row_key())
    evidence = Evidence("payee", "payee/log", Ed25519PrivateKey.generate(), {})

    def act(tx):
        index = evidence.record(tx, "time.mark", part=evidence.origin, fields={"peers": "[]"}, now=NOW)
        note = notes.parse(evidence.head(tx).note)
        return checkpoints.parse_text(note.text), evidence.leaf(tx, index)

    try:
        return await store.write(act)
    finally:
        await store.close()


def test_no_head_is_signed_over_a_flipped_bit(whole, tmp_path, record_property):
    honest, seen = leaves(whole), Counter()
    for seed in range(SEED, SEED + FLIPS):
        path = tmp_path / DATABASE
        for left in tmp_path.iterdir():
            left.unlink()
        shutil.copy(whole, path)
        place = flip(path, random.Random(seed))
        try:
            head, leaf = asyncio.run(next_head(path))
        except StoreError as found:
            seen[type(found).__name__] += 1
            continue
        seen["untouched"] += 1
        assert head.root == merkle.root([*honest, leaf]), f"seed {seed}, byte {place}"
    sys.stdout.write(f"{dict(seen)}\n")
    record_property(FLIPPED, FLIPS)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """A small edition: (its blob, its row table)."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "source.bin").write_bytes(os.urandom(PIECE * PIECES))
    keys, blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
    told = Brief(b"\x05" * 32, 1, "did:web:provider.example", piece_bytes=PIECE)
    made = seal(source_of([folder / "source.bin"]), keys.draw_run(), blobs, told, sealed_at=NOW)
    return made.path, made.table


def wrong_rows(path, table):
    """The rows that their own digests refuse."""
    wrong = set()
    with SealedFile(path, table) as file:
        for row in range(len(table)):
            try:
                accept(table[row], next(iter(file.read_pieces(row, 1))))
            except OpeningError:
                wrong.add(row)
    return wrong


def test_a_flipped_bit_is_found_at_its_piece(sealed, tmp_path, record_property):
    blob, table = sealed
    spans = {row: (places_of(table).offset(row), table.span(row, 1)[1]) for row in range(len(table))}
    for seed in range(SEED, SEED + FLIPS):
        path = tmp_path / blob.name
        shutil.copy(blob, path)
        place = flip(path, random.Random(seed))
        hit = {row for row, (begin, size) in spans.items() if begin <= place < begin + size}
        assert wrong_rows(path, table) == hit, f"seed {seed}, byte {place}"
    record_property(FLIPPED, FLIPS)
