"""Layout `aligned`: pieces keep to columns, a contract for some of them opens those and nothing else."""

from __future__ import annotations

import random
from itertools import combinations
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.custody.cutting import aligned
from connector.custody.edition import row_secrets
from connector.custody.errors import VaultError
from connector.custody.reader import Reader
from connector.custody.sources import source_of
from ledger.edition.opening import OpeningError, check_secret, open_piece
from ledger.edition.row_table import SHARED
from tests.custody.test_seal_and_open import S, opened, sealed_in, sealed_source

ROWS = 40_000
WRITERS = {
    "usual": {},
    "small groups": {"row_group_size": 7_000},
    "bare": {"compression": "none", "use_dictionary": False, "write_statistics": False},
    "indexed": {"write_page_index": True, "row_group_size": 15_000, "compression": "gzip"},
}


def table(seed: int = 1) -> pa.Table:
    draw = random.Random(seed)
    return pa.table(
        {
            "carrier": [draw.choice(["AA", "BB", None]) for _ in range(ROWS)],
            "delay": [draw.gauss(0, 40) for _ in range(ROWS)],
            "id": list(range(ROWS)),
            "where": [{"city": draw.choice("xyz"), "zone": draw.randrange(9)} for _ in range(ROWS)],
        }
    )


COLUMNS = ["carrier", "delay", "id", "where"]


@pytest.fixture
def sealed(tmp_path):
    pq.write_table(table(), tmp_path / "t.parquet", row_group_size=15_000, write_page_index=True)
    (tmp_path / "notes.txt").write_bytes(b"not a table")
    return sealed_source(tmp_path, source_of([tmp_path / "t.parquet", tmp_path / "notes.txt"]), layout="aligned")


def secrets_of(keys, sealed, rows):
    kept = SimpleNamespace(key_id=sealed.run.key_id, run=sealed.run.run, plain_digests=sealed.plain_digests)
    return row_secrets(keys, kept, sealed.table, rows)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_piece_keeps_to_one_column_of_one_row_group(tmp_path, writer):
    path = tmp_path / "t.parquet"
    pq.write_table(table(), path, **WRITERS[writer])
    keys, blobs, sealed = sealed_source(tmp_path, source_of([path]), layout="aligned")
    assert opened(tmp_path, keys, blobs, sealed) == {"t.parquet": path.read_bytes()}
    columns = {name: int(group) for name, group in sealed.index.schema["columns"].items()}
    assert list(columns) == COLUMNS
    found = pq.read_metadata(path)
    chunks = []
    for number in range(found.num_row_groups):
        for leaf in range(found.row_group(number).num_columns):
            chunk = found.row_group(number).column(leaf)
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            chunks.append((start, start + chunk.total_compressed_size, columns[chunk.path_in_schema.partition(".")[0]]))
    file = sealed.index.files[0]
    covered = 0
    for number in range(file.first_row, file.first_row + file.row_count):
        head = sealed.table[number].head
        at = sealed.table.plain_bytes(file.first_row, number - file.first_row)
        within = [chunk for chunk in chunks if chunk[0] <= at and at + head.plain_bytes <= chunk[1]]
        beside = [chunk for chunk in chunks if at < chunk[1] and at + head.plain_bytes > chunk[0]]
        assert [chunk[2] for chunk in within] == ([head.group] if beside else [])
        assert within == beside
        covered += head.plain_bytes if within else 0
        if not within:
            assert head.group in (SHARED, aligned.REST)
    assert covered == sum(end - start for start, end, _ in chunks)
    footer = found.serialized_size + 8
    assert sum(sealed.table.plain_bytes(number, 1) for number in sealed.index.critical) == footer


@pytest.mark.parametrize("chosen", [c for n in (1, 2, 3) for c in combinations(COLUMNS, n)], ids="+".join)
def test_a_contract_for_columns_opens_them_and_nothing_else(sealed, tmp_path, chosen):
    keys, blobs, made = sealed
    groups = [int(made.index.schema["columns"][name]) for name in chosen]
    rows = made.table.licensed(groups)
    released = secrets_of(keys, made, rows)
    with blobs.open(made.edition_id, made.table) as file:
        (path,) = Reader(file, released, rows).open_files(tmp_path / "out")
    whole = tmp_path / "t.parquet"
    assert path.name == "t.parquet"
    assert path.stat().st_size == whole.stat().st_size
    assert pq.read_table(path, columns=list(chosen)) == pq.read_table(whole, columns=list(chosen))
    sealed_pieces = {}
    with blobs.open(made.edition_id, made.table) as file:
        sealed_pieces = dict(enumerate(file.read_pieces(0, len(made.table))))
    for number, row in enumerate(made.table):
        if number in rows:
            continue
        assert row.head.group not in {SHARED, *groups}
        for secret in released.values():
            with pytest.raises(OpeningError):
                check_secret(row, secret)
        with pytest.raises(OpeningError):
            open_piece(row, next(iter(released.values())), sealed_pieces[number])
    for name in COLUMNS:
        if name not in chosen:
            with pytest.raises((OSError, pa.ArrowException)):
                pq.read_table(path, columns=[name])


def test_a_column_has_one_group_in_all_files_and_other_files_have_none(tmp_path):
    for name in ("a", "b"):
        pq.write_table(table(ord(name)), tmp_path / f"{name}.parquet", row_group_size=20_000)
    (tmp_path / "notes.txt").write_bytes(b"n" * 10)
    _, _, made = sealed_source(tmp_path, source_of(sorted(tmp_path.iterdir())), layout="aligned")
    group = int(made.index.schema["columns"]["delay"])
    rows = made.table.licensed([group])
    reached = [any(file.first_row + n in rows for n in range(file.row_count)) for file in made.index.files]
    assert reached == [True, True, False]
    assert {made.table[number].head.group for number in made.table.licensed([])} >= {aligned.REST, SHARED, group}
    assert len(made.table.licensed([])) == len(made.table)


@pytest.mark.parametrize(
    "content",
    [b"no table", b"PAR1" + b"x" * 100, b"PAR1" + bytes(60) + (20).to_bytes(4, "little") + b"PAR1"],
    ids=["text", "cut short", "bad footer"],
)
def test_what_is_no_table_cannot_be_aligned(tmp_path, content):
    with pytest.raises(VaultError, match=r"no file is Parquet|is no readable Parquet"):
        sealed_in(tmp_path, {"a.parquet": content}, layout="aligned")


def test_a_layout_nobody_knows_is_refused(tmp_path):
    with pytest.raises(VaultError, match="`woven` is no layout"):
        sealed_in(tmp_path, {"a": b"x" * S}, layout="woven")
