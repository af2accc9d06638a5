"""A log served as plain files verifies from the directory alone; any changed byte is named."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log import checkpoint as checkpoints
from ledger.log import merkle, mirror, reader
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.note import NoteError
from ledger.log.reader import ReadError
from ledger.log.tiles import TileError
from tests.every import every
from tests.ledger import copies

KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
ORIGIN = "localhost:7001/log"
VKEY = notes.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())


def publish(folder, entries, size=None):
    log = mirror.build(entries)
    size = log.size if size is None else size
    note = checkpoints.sign(Checkpoint(ORIGIN, size, log.root(size)), KEY)
    for path, body in mirror.files(log, size, note):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    return log


def fetch_from(folder):
    async def fetch(path):
        return (folder / path).read_bytes()

    return fetch


@every("size", [0, 1, 255, 256, 257, 700])
async def test_a_directory_is_a_log(tmp_path, size):
    entries = [f"entry {n}".encode() for n in range(size)]
    log = publish(tmp_path, entries)
    copy = await copies.read(fetch_from(tmp_path), VKEY)
    assert list(copy.entries) == entries
    assert copy.checkpoint.root == log.root() == copy.tree.root(size)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/001", "tile/entries/002.p/188", "tile/0/002.p/188"])
async def test_a_changed_byte_is_named(tmp_path, path):
    publish(tmp_path, [f"entry {n}".encode() for n in range(700)])
    body = bytearray((tmp_path / path).read_bytes())
    body[40] ^= 1
    (tmp_path / path).write_bytes(body)
    with pytest.raises(ReadError, match="entry `") as caught:
        await copies.read(fetch_from(tmp_path), VKEY)
    assert path.rsplit("/", 2)[-1].split(".")[0] in str(caught.value) or "002" in str(caught.value)


async def test_consistent_tiles_under_another_root_are_refused(tmp_path):
    publish(tmp_path, [b"a", b"b", b"c"])
    other = mirror.build([b"a", b"x", b"c"])
    note = checkpoints.sign(Checkpoint(ORIGIN, 3, other.root()), KEY)
    (tmp_path / "checkpoint").write_text(note.encode())
    with pytest.raises(ReadError, match="do not make the root"):
        await copies.read(fetch_from(tmp_path), VKEY)
    (tmp_path / "checkpoint").write_text("nonsense")
    with pytest.raises(NoteError):
        await copies.read(fetch_from(tmp_path), VKEY)


async def test_limits_hold(tmp_path, monkeypatch):
    publish(tmp_path, [b"a" * 50, b"b" * 50])
    monkeypatch.setattr(reader, "LOG_LIMIT_BYTES", 99)
    with pytest.raises(ReadError, match="larger"):
        await copies.read(fetch_from(tmp_path), VKEY)
    monkeypatch.setattr(reader, "ENTRY_LIMIT_COUNT", 1)
    with pytest.raises(ReadError, match="at most"):
        await copies.read(fetch_from(tmp_path), VKEY)


async def test_a_truncated_bundle_is_refused(tmp_path):
    publish(tmp_path, [b"a", b"b"])
    (tmp_path / "tile/entries/000.p/2").write_bytes(b"\x00\x01a")
    with pytest.raises(TileError):
        await copies.read(fetch_from(tmp_path), VKEY)


@every(("old", "size"), [(0, 700), (1, 700), (255, 700), (256, 700), (600, 700), (700, 700), (3, 5)])
async def test_consistency_is_computed_from_tiles(tmp_path, old, size):
    log = publish(tmp_path, [f"entry {n}".encode() for n in range(700)][:size])
    proof = await reader.consistency(fetch_from(tmp_path), old, size)
    assert proof == log.consistency(old, size)
    merkle.verify_consistency(old, log.root(old), size, log.root(size), proof)
