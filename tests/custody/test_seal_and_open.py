"""Seal → open round trips over shapes of sources, and what an edition must look like from outside."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.custody.blobs import Blobs
from connector.custody.edition import row_secrets
from connector.custody.errors import VaultError
from connector.custody.places import places_of
from connector.custody.reader import Reader
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from ledger.edition import header as edition
from ledger.edition import row
from ledger.edition.opening import accept
from ledger.edition.row_table import RowTable
from ledger.edition.suite import AES_256
from tests.every import every
from tests.fault.extent import tried

S = 64 * 1024
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SIZES = (0, 1, S - 1, S, S + 1, 3 * S, 3 * S + 17)


def noise(size: int, seed: int) -> bytes:
    return hashlib.shake_128(seed.to_bytes(4, "big")).digest(size)


def write(folder: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        path = folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / "source"


def sealed_in(folder: Path, content: dict[str, bytes], **brief):
    return sealed_source(folder, source_of([write(folder, content)]), **brief)


def sealed_source(folder: Path, source, **brief):
    folder.mkdir(exist_ok=True)
    keys, blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
    told = Brief(bytes(32), 1, "did:web:provider.example", piece_bytes=S, **brief)
    sealed = seal(source, keys.draw_run(), blobs, told, sealed_at=NOW)
    return keys, blobs, sealed


def secrets_of(keys, sealed) -> dict[int, bytes]:
    kept = SimpleNamespace(
        key_id=sealed.run.key_id,
        run=sealed.run.run,
        plain_digests=sealed.plain_digests,
    )
    return row_secrets(keys, kept, sealed.table, range(len(sealed.table)))


def opened(folder: Path, keys, blobs, sealed) -> dict[str, bytes]:
    with blobs.open(sealed.edition_id, sealed.table) as file:
        paths = Reader(file, secrets_of(keys, sealed)).open_files(folder / "out")
    return {path.relative_to(folder / "out").as_posix(): path.read_bytes() for path in paths}


@settings(max_examples=tried(25))
@given(sizes=st.lists(st.sampled_from(SIZES), min_size=1, max_size=5), padding=st.sampled_from((0, 4096, S)))
def test_round_trip(sizes, padding):
    content = {f"part/{n}.bin": noise(size, n) for n, size in enumerate(sizes)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys, blobs, sealed = sealed_in(folder, content, padding=padding)
        assert opened(folder, keys, blobs, sealed) == content
        assert not list((folder / "out").glob(".*"))
        data_rows = sum(-(-size // S) for size in sizes)
        assert len(sealed.table) == sealed.table.index_rows + data_rows
        assert sealed.path.stat().st_size == places_of(sealed.table).size
        assert padding == 0 or sealed.header.sealed_bytes % padding == 0


def test_index_comes_first_and_says_what_is_inside(tmp_path):
    content = {"b.csv": noise(S + 5, 1), "a.csv": noise(10, 2), "empty.csv": b""}
    _, _, sealed = sealed_in(tmp_path, content, media_type="text/csv", schema={"columns": ["x"]})
    assert [found.head.flags & row.INDEX for found in sealed.table] == [row.INDEX, 0, 0, 0]
    files = [(file.name, file.offset, file.size, file.first_row, file.row_count) for file in sealed.index.files]
    assert files == [("a.csv", 0, 10, 1, 1), ("b.csv", 10, S + 5, 2, 2), ("empty.csv", S + 15, 0, 4, 0)]
    assert sealed.index.digest == blake3(content["a.csv"] + content["b.csv"]).digest()
    assert [int.from_bytes(found.head.slot[16:], "big") for found in sealed.table] == list(range(4))


def test_index_of_several_pieces(tmp_path):
    content = {f"folder-{n:04}/{'x' * 80}-{n}.txt": noise(n % 3, n) for n in range(700)}
    keys, blobs, sealed = sealed_in(tmp_path, content)
    assert sealed.table.index_rows > 1
    assert opened(tmp_path, keys, blobs, sealed) == content


def test_parquet_footer_is_critical(tmp_path):
    footer = noise(70_000, 9)
    data = b"PAR1" + noise(4 * S, 8) + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    _, _, sealed = sealed_in(tmp_path, {"a.bin": b"x", "t.parquet": data, "z.parquet": b"PAR1" + b"\xff" * 8 + b"PAR1"})
    first_byte = len(data) - len(footer) - 8
    table_file = sealed.index.file("t.parquet")
    first = table_file.first_row + first_byte // S
    assert sealed.index.critical.ranges == ((first, table_file.first_row + table_file.row_count - first),)


def test_header_binds_table_and_round_trips(tmp_path):
    _, _, sealed = sealed_in(tmp_path, {"a": noise(2 * S, 1)})
    document = sealed.header.json()
    assert edition.read_header(document) == sealed.header
    found = edition.agreed(sealed.edition_id, document, sealed.table.data)
    assert found[0] == sealed.header
    other = bytearray(sealed.table.data)
    other[-1] ^= 1
    with pytest.raises(ValueError, match="tableDigest"):
        edition.agreed(sealed.edition_id, document, bytes(other))
    swapped = sealed.table.data[152:304] + sealed.table.data[:152] + sealed.table.data[304:]
    with pytest.raises(ValueError, match="index must be"):
        edition.agreed(sealed.edition_id, document, swapped)
    with pytest.raises(ValueError, match="not of the agreed"):
        edition.agreed(sealed.edition_id, document | {"sealedAt": "2026-03-01T12:00:01Z"}, sealed.table.data)


@every(
    ("field", "value"),
    [
        ("v", 2),
        ("v", True),
        ("suite", "SM4"),
        ("layout", "woven"),
        ("layout", ["fixed"]),
        ("S", "65537"),
        ("S", "8388608"),
        ("S", 65536),
        ("rows", "03"),
        ("prev", ""),
        ("root", "AB" * 32),
        ("sealedAt", "2026-3-01T12:00:00Z"),
        ("variants", "1"),
        ("keyHolder", ""),
    ],
)
def test_header_in_another_form_is_refused(tmp_path, field, value):
    _, _, sealed = sealed_in(tmp_path, {"a": b"x"})
    with pytest.raises(ValueError, match=r"."):
        edition.read_header(sealed.header.json() | {field: value})
    with pytest.raises(ValueError, match="unknown"):
        edition.read_header(sealed.header.json() | {"more": 1})


def test_a_rerun_over_a_changed_source_never_repeats_key_and_nonce(tmp_path):
    """One run, killed in the middle, repeated over other bytes: equal (key, nonce) only with equal plaintext."""
    keys, blobs = Keys(tmp_path / "keys"), Blobs(tmp_path / "blobs")
    run = keys.draw_run()
    told = Brief(bytes(32), 1, "did:web:p", piece_bytes=S)
    used: dict[tuple[bytes, bytes], bytes] = {}

    class KilledError(Exception):
        pass

    def dying(done: int, _total: int) -> None:
        if done > 2 * S:
            raise KilledError

    def note(plain: bytes, data: bytes) -> None:
        found = row.Row.decode(data)
        made = AES_256.drawn(row.secret(run.key, found.head.slot, blake3(plain).digest()), found.head.encode())
        assert used.setdefault(made, plain) == plain

    first = noise(4 * S, 1)
    folder = write(tmp_path, {"a": first})
    with pytest.raises(KilledError):
        seal(source_of([folder]), run, blobs, told, sealed_at=NOW, progress=dying)
    assert [path.suffix for path in blobs.folder.iterdir()] == [".part"]
    # what the killed run had put on the disk: rows 1.. of the first plaintext
    for number in range(4):
        plain = first[number * S : (number + 1) * S]
        slot = row.slot(run.run, number + 1)
        used[AES_256.drawn(row.secret(run.key, slot, blake3(plain).digest()), row.Head(slot, S, S).encode())] = plain
    before = len(used)
    second = noise(S, 1)[:-1] + b"!" + first[S : 2 * S] + noise(2 * S, 2)
    (folder / "a").write_bytes(second)
    reloaded = Keys(tmp_path / "keys").run(run.key_id)
    assert reloaded == run
    sealed = seal(source_of([folder]), reloaded, blobs, told, sealed_at=NOW)
    for number in range(4):
        note(second[number * S : (number + 1) * S], sealed.table.raw(number + 1))
    assert len(used) == before + 3  # only the unchanged second piece repeats, with its own plaintext
    assert opened(tmp_path, keys, blobs, sealed) == {"a": second}


def test_two_runs_share_no_secret(tmp_path):
    keys, _, one = sealed_in(tmp_path, {"a": noise(S, 1)})
    _, _, two = sealed_in(tmp_path, {"a": noise(S, 1)})
    assert not set(secrets_of(keys, one).values()) & set(secrets_of(keys, two).values())
    assert one.edition_id != two.edition_id


@every("size", [3 * S - 1, 3 * S, 3 * S + 1])
@every("when", ["before", "meanwhile"])
def test_source_that_changes_fails(tmp_path, size, when):
    folder = write(tmp_path, {"a": noise(3 * S, 1), "b": b"b"})
    planned = source_of([folder])

    def change(*_progress) -> None:
        (folder / "a").write_bytes(noise(size, 2))

    if when == "before":
        change()
    blobs, told = Blobs(tmp_path / "blobs"), Brief(bytes(32), 1, "did:web:p", piece_bytes=S)
    with pytest.raises(VaultError, match="changed while"):
        seal(planned, Keys(tmp_path / "keys").draw_run(), blobs, told, sealed_at=NOW, progress=change)
    assert len(blobs.sweep()) == (when == "meanwhile")
    assert not list(blobs.folder.iterdir())


def test_names_are_made_harmless_and_kept_apart(tmp_path):
    folder = write(tmp_path, {"a:b?.csv": b"1", "tab\there.csv": b"2"})
    assert [file.name for file in source_of([folder]).files] == ["a_b_.csv", "tab_here.csv"]
    (folder / "A_B_.csv").write_bytes(b"3")
    with pytest.raises(VaultError, match="collides"):
        source_of([folder])
    (folder / "A_B_.csv").unlink()
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(VaultError, match="is a link"):
        source_of([folder])


def test_bytes_are_served_in_small_buffers(tmp_path):
    _, blobs, sealed = sealed_in(tmp_path, {"a": noise(9 * S, 1)})
    whole = sealed.path.read_bytes()
    with blobs.open(sealed.edition_id, sealed.table) as file:
        buffers = list(file.buffers(1, 9))
        offset = places_of(sealed.table).offset(1)
        assert b"".join(buffers) == whole[offset : offset + sealed.table.span(1, 9)[1]]
        assert max(map(len, buffers)) <= 256 * 1024
        assert b"".join(file.read_pieces(0, 10)) == b"".join(file.buffers(0, 10))
        for first, count in ((-1, 1), (0, 0), (9, 2)):
            with pytest.raises(ValueError, match="do not exist"):
                list(file.buffers(first, count))


def test_table_of_unproven_shape_is_refused(tmp_path):
    _, _, sealed = sealed_in(tmp_path, {"a": noise(S, 1)})
    data = sealed.table.data
    for bad in (b"", data[:-1], data + data[:152], data[:36] + b"\0\0\0\4" + data[40:]):
        with pytest.raises(ValueError, match=r"row"):
            RowTable(bad)


@settings(max_examples=tried(30))
@given(
    sizes=st.lists(st.sampled_from((1, 100, 4095, 4096, 4097, 16_384, S)), min_size=1, max_size=40),
    data=st.data(),
)
def test_pieces_lie_on_sectors_and_travel_without_gaps(sizes, data):
    content = {f"{n:02}": noise(size, n) for n, size in enumerate(sizes)}
    with tempfile.TemporaryDirectory() as name:
        _, blobs, sealed = sealed_in(Path(name), content)
        table, places = sealed.table, places_of(sealed.table)
        assert all(places.offset(n) % 4096 == 0 for n in range(len(table) + 1))
        first = data.draw(st.integers(0, len(table) - 1))
        count = data.draw(st.integers(1, len(table) - first))
        with blobs.open(sealed.edition_id, table) as file:
            joined = b"".join(file.buffers(first, count))
            assert joined == b"".join(file.read_pieces(first, count))
        assert len(joined) == table.span(first, count)[1]
        for number in range(first, first + count):
            at, size = table.span(number, 1)
            accept(table[number], joined[at - table.offset(first) :][:size])
