"""Opening: nothing unverified gets a name, a hostile index writes nowhere, memory stays flat."""

from __future__ import annotations

import resource
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.custody import layout, review
from connector.custody.errors import VaultError
from connector.custody.places import places_of
from connector.custody.reader import Reader
from connector.custody.seal import Brief, seal
from connector.custody.sources import source_of
from contracts.ranges import RowSet
from ledger.edition.index import check_names, safe_name
from ledger.edition.opening import Code, OpeningError, open_piece
from tests.every import every

S = 64 * 1024


def reader(world, secrets=None):
    file = world.blobs.open(world.sealed.edition_id, world.sealed.table)
    return file, Reader(file, world.secrets() if secrets is None else secrets)


def damage(world, row: int) -> None:
    with world.sealed.path.open("r+b") as file:
        file.seek(places_of(world.sealed.table).offset(row) + 5)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def test_damaged_bytes_on_disk_open_nothing(world):
    damage(world, 4)
    file, opening = reader(world)
    with file, pytest.raises(OpeningError) as caught:
        opening.open_files(world.folder / "out")
    assert (caught.value.code, caught.value.row) == (Code.BYTES, 4)
    assert not (world.folder / "out").exists()


def test_only_the_keys_that_are_needed(world):
    secrets = world.secrets()
    weather = world.sealed.index.file("weather.csv")
    some = {n: secrets[n] for n in (0, weather.first_row)}
    file, opening = reader(world, some)
    with file:
        assert opening.read("weather.csv") == world.content["weather.csv"]
        assert [path.name for path in opening.open_files(world.folder / "out", ["weather.csv"])] == ["weather.csv"]
        with pytest.raises(VaultError, match="the keys of 6 pieces"):
            opening.open_files(world.folder / "out")
        with pytest.raises(VaultError, match="the keys of 1 pieces"):
            opening.open_row(2)
        with pytest.raises(ValueError, match="no file"):
            opening.read("../weather.csv")


def test_without_the_index_key_nothing_opens(world):
    secrets = world.secrets()
    del secrets[0]
    file, opening = reader(world, secrets)
    with file, pytest.raises(VaultError, match="the keys of 1 pieces"):
        opening.index()


@every(
    "name",
    [
        "../x", "/etc/passwd", "a/../b", "a//b", "", ".", "a/", "a\\b", "C:x", "nul", "Con.txt", "x\0y", "x\ny", "dot.",
        "space ", "x" * 256, "a/" * 600 + "b", "\u202egnp.exe", "a\ud800",
    ],
)  # fmt: skip
def test_harmful_names_are_refused(name):
    with pytest.raises(ValueError, match="harmless"):
        safe_name(name)


@pytest.mark.parametrize("names", [["a", "A"], ["a", "a/b"], ["a/b", "A"], ["é", "e\u0301"]])
def test_names_that_collide_are_refused(names):
    with pytest.raises(ValueError, match="collides"):
        check_names(names)


@pytest.mark.parametrize(
    "twist",
    [
        lambda index: replace(index, files=(replace(index.files[0], name="../evil"), *index.files[1:])),
        lambda index: replace(index, files=index.files[1:]),
        lambda index: replace(index, files=(index.files[0], index.files[0])),
        lambda index: replace(index, files=(replace(index.files[0], size=5), *index.files[1:])),
        lambda index: replace(index, files=(replace(index.files[0], first_row=2), *index.files[1:])),
        lambda index: replace(index, files=(index.files[0], replace(index.files[1], size=5))),
        lambda index: replace(index, critical=RowSet.of([(0, 99)])),
        lambda index: replace(index, digest=bytes(31)),
    ],
)
def test_a_provider_that_commits_to_a_false_index_is_at_fault(world, twist, monkeypatch):
    with pytest.raises(OpeningError) as caught:
        open_forged(world, twist, monkeypatch)
    assert caught.value.code is Code.EDITION
    assert not (world.folder / "evil").exists()


def test_a_false_digest_of_the_whole_is_the_edition_s_fault(world, monkeypatch):
    with pytest.raises(OpeningError) as caught:
        open_forged(world, lambda index: replace(index, digest=bytes(32)), monkeypatch)
    assert (caught.value.code, caught.value.step) == (Code.EDITION, "whole-digest")
    assert not (world.folder / "forged").exists()


def open_forged(world, twist, monkeypatch):
    """Seal with our own sealer turned dishonest: another index goes into the index piece."""
    real = layout.with_digest
    monkeypatch.setattr("connector.custody.seal.with_digest", lambda plan, digest: Forged(twist(real(plan, digest))))
    monkeypatch.setattr("connector.custody.seal.check_tiling", lambda *_: None)
    told = Brief(b"\x05" * 32, 2, "did:web:p", piece_bytes=S, padding=S)
    sealed = seal(
        source_of([world.folder / "source"]), world.keys.draw_run(), world.blobs, told,
        sealed_at=world.sealed.header.sealed_at,
    )  # fmt: skip
    world.sealed = sealed
    file, opening = reader(world)
    with file:
        opening.open_files(world.folder / "forged")


class Forged:
    """An index whose encoding skips our own checks."""

    def __init__(self, index) -> None:
        self._index = index

    def encode(self) -> bytes:
        return self._index.encode()


def test_review_opens_the_drawn_rows_to_the_reviewer_only(world):
    header, private = world.sealed.header, X25519PrivateKey.generate()
    numbers = review.drawn(b"seed", header)
    assert len(numbers) == 1
    numbers = (0, 3, 5)
    answer = review.answer(world.keys, world.row(), numbers, private.public_key().public_bytes_raw())
    pieces = world.pieces()
    for found in review.read_answer(header, numbers, answer, private):
        assert len(open_piece(found.row, found.secret, pieces[found.number])) == found.row.head.plain_bytes
    with pytest.raises(OpeningError) as caught:
        review.read_answer(header, numbers, answer, X25519PrivateKey.generate())
    assert caught.value.code is Code.KEY
    with pytest.raises(ValueError, match="other pieces"):
        review.read_answer(header, (0, 3), answer, private)
    moved = [answer[0] | {"row": "1"}, *answer[1:]]
    with pytest.raises(OpeningError) as caught:
        review.read_answer(header, (1, 3, 5), moved, private)
    assert caught.value.code is Code.BYTES
    assert review.finding(b"\1", numbers)["rows"] == ["0", "3", "5"]


def test_memory_stays_flat(tmp_path):
    """Sealing and opening 96 MiB adds less than 24 MiB to the resident set of a process that did 1 MiB before."""
    script = textwrap.dedent("""
        import resource, sys
        from types import SimpleNamespace
        from datetime import UTC, datetime
        from pathlib import Path
        from connector.custody.blobs import Blobs
        from connector.custody.edition import row_secrets
        from connector.custody.reader import Reader
        from connector.custody.seal import Brief, seal
        from connector.custody.secrets import Keys
        from connector.custody.sources import source_of

        def journey(folder, size):
            folder.mkdir()
            with (folder / "source").open("wb") as file:
                file.truncate(size)
            keys, blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
            sealed = seal(source_of([folder / "source"]), keys.draw_run(), blobs,
                          Brief(bytes(32), 1, "did:web:p"), sealed_at=datetime.now(UTC))
            kept = SimpleNamespace(key_id=sealed.run.key_id, run=sealed.run.run, plain_digests=sealed.plain_digests)
            with blobs.open(sealed.edition_id, sealed.table) as file:
                Reader(file, row_secrets(keys, kept, sealed.table, range(len(sealed.table)))).open_files(folder / "out")
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        root = Path(sys.argv[1])
        before = journey(root / "small", 2**20)
        print(journey(root / "large", 96 * 2**20) - before)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True, cwd=Path.cwd(),
        env={"PYTHONPATH": str(Path.cwd()), "PATH": ""},
    )  # fmt: skip
    assert resource.getpagesize() > 0
    assert int(done.stdout) < 24 * 1024
