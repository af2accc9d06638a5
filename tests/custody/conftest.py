"""A small sealed edition and an open store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from connector.custody import edition
from connector.custody.blobs import Blobs
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from connector.runtime import files

if TYPE_CHECKING:
    from pathlib import Path

    from connector.custody.sealed import Sealed

S = 64 * 1024
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@dataclass
class World:
    """A provider's and a buyer's folders with one edition of two files."""

    folder: Path
    content: dict[str, bytes]
    keys: Keys
    blobs: Blobs
    sealed: Sealed
    buyer_keys: Keys
    replicas: Path

    def row(self) -> SimpleNamespace:
        return SimpleNamespace(
            id=self.sealed.edition_id.hex(),
            header=self.sealed.header.json(),
            rows=self.sealed.table.data,
            plain_digests=self.sealed.plain_digests,
            run=self.sealed.run.run,
            key_id=self.sealed.run.key_id,
        )

    def secrets(self) -> dict[int, bytes]:
        return edition.row_secrets(self.keys, self.row(), self.sealed.table, range(len(self.sealed.table)))

    def pieces(self) -> list[bytes]:
        with self.blobs.open(self.sealed.edition_id, self.sealed.table) as file:
            return list(file.read_pieces(0, len(self.sealed.table)))


@pytest.fixture
def world(tmp_path):
    content = {"flights.csv": hashlib.shake_128(b"f").digest(5 * S + 100), "weather.csv": b"w" * 1000}
    (tmp_path / "source").mkdir()
    for name, data in content.items():
        (tmp_path / "source" / name).write_bytes(data)
    keys, blobs = Keys(tmp_path / "keys"), Blobs(tmp_path / "blobs")
    told = Brief(b"\x05" * 32, 1, "did:web:provider.example", piece_bytes=S)
    sealed = seal(source_of([tmp_path / "source"]), keys.draw_run(), blobs, told, sealed_at=NOW)
    replicas = files.make_folder(tmp_path / "replicas")
    return World(tmp_path, content, keys, blobs, sealed, Keys(tmp_path / "buyer-keys"), replicas)
