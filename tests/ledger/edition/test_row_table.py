"""The table of an edition's rows: which tables there can be, and what is looked up in one without decoding it."""

from __future__ import annotations

import pytest
from blake3 import blake3

from contracts.errors import ContractError
from ledger.edition.row import INDEX, MARKED, PADDED, ROW_BYTES, Head, Row, slot
from ledger.edition.row_table import MAX_ROWS, SHARED, RowTable
from ledger.log import merkle
from tests.every import every

RUN = b"\x10" * 16


def raw(number, sealed=10, plain=10, group=SHARED, flags=0):
    """A row whose every part differs from that of the next row."""
    parts = (bytes([n, number]) * (size // 2) for n, size in enumerate((16, 32, 32, 32), 1))
    return Row(Head(slot(RUN, number), sealed, plain, group, flags), *parts).encode()


def table_of(*rows):
    return RowTable(b"".join(raw(number, *row) for number, row in enumerate(rows)))


# sealed bytes, plain bytes, group, flags
ROWS = [
    (100, 100, 5, INDEX),
    (64, 60, 6, INDEX | PADDED),
    (300, 300, SHARED),
    (20, 20, 7),
    (40, 31, 8, PADDED),
    (1, 1, 7),
    (50, 50, 9),
]
OFFSETS = [0, 100, 164, 464, 484, 524, 525, 575]


@pytest.fixture(scope="module")
def table():
    return table_of(*ROWS)


def test_a_table_has_one_row_to_the_limit():
    assert MAX_ROWS == 262_144
    one = raw(0)
    most = one * MAX_ROWS
    assert len(RowTable(most)) == MAX_ROWS
    assert len(RowTable(one)) == 1
    for wrong in (b"", most + one, one + one[:-1], one[: ROW_BYTES - 1]):
        with pytest.raises(ContractError, match="is not 1 to 262144 rows of 152 bytes"):
            RowTable(wrong)


def test_a_table_gives_back_its_rows(table):
    decoded = [Row.decode(raw(number, *row)) for number, row in enumerate(ROWS)]
    assert list(table) == decoded
    for number, row in enumerate(decoded):
        assert table[number] == row
        assert table.raw(number) == row.encode()
        assert table.slot(number) == row.head.slot
        assert table.key_commitment(number) == row.key_commitment


@pytest.mark.parametrize("number", [-1, 7])
def test_there_is_no_row_before_the_first_or_behind_the_last(table, number):
    for look_up in (table.__getitem__, table.raw, table.slot, table.key_commitment):
        with pytest.raises(ContractError, match=f"row `{number}` does not exist: the edition has rows 0 to 6"):
            look_up(number)


def test_sealed_bytes_lie_in_row_order_without_gaps(table):
    assert [table.offset(number) for number in range(8)] == OFFSETS
    assert table.sealed_bytes == 575
    assert table.longest_sealed == 300
    for first in range(7):
        for count in range(1, 8 - first):
            assert table.span(first, count) == (OFFSETS[first], OFFSETS[first + count] - OFFSETS[first])


@pytest.mark.parametrize(("first", "count"), [(-1, 2), (0, 0), (3, 0), (0, -1), (0, 8), (6, 2), (5, 3), (7, 1)])
def test_rows_beyond_the_edition_have_no_span(table, first, count):
    with pytest.raises(ContractError, match=f"rows `{first}`.`{count}` do not exist: the edition has 7"):
        table.span(first, count)


def test_plain_bytes_are_what_is_billed(table):
    plain = [row[1] for row in ROWS]
    assert table.plain_bytes() == sum(plain) == 562
    for first in range(7):
        assert table.plain_bytes(first) == sum(plain[first:])
        for count in range(8 - first):
            assert table.plain_bytes(first, count) == sum(plain[first : first + count])


def test_a_contract_for_columns_is_about_theirs_the_index_and_what_belongs_to_whole_files(table):
    assert list(table.licensed([])) == list(range(7))
    assert list(table.licensed([7])) == [0, 1, 2, 3, 5]
    assert list(table.licensed({8, 9})) == [0, 1, 2, 4, 6]
    assert list(table.licensed([1000])) == [0, 1, 2]


@every("count", [1, 2, 3, 4, 5, 7, 8, 13])
def test_every_row_is_proven_under_the_root_of_all(count):
    rows = [raw(number) for number in range(count)]
    table = RowTable(b"".join(rows))
    assert table.digest() == blake3(b"".join(rows)).digest()
    assert table.root() == merkle.root(merkle.leaf_hash(row) for row in rows)
    for number, row in enumerate(rows):
        merkle.verify_inclusion(merkle.leaf_hash(row), number, count, table.path(number), table.root())


def test_the_index_is_counted():
    assert table_of(*ROWS).index_rows == 2
    assert table_of((10, 10)).index_rows == 0
    assert table_of((10, 10, 0, INDEX)).index_rows == 1


@pytest.mark.parametrize("rows", [[(9, 9), (9, 9, 0, INDEX)], [(9, 9, 0, INDEX), (9, 9), (9, 9, 0, INDEX)]])
def test_the_index_comes_first_and_nowhere_else(rows):
    with pytest.raises(ContractError, match="the index must be the first rows"):
        table_of(*rows)


def test_a_piece_has_at_least_one_byte():
    assert table_of((1, 1), (2, 1, 0, PADDED)).plain_bytes() == 2


@every(
    "wrong",
    [
        (0, 0),
        (10, 0, 0, PADDED),
        (10, 11),
        (10, 11, 0, PADDED),
        (10, 9),
        (10, 10, 0, PADDED),
        (10, 10, 0, MARKED),
        (10, 9, 0, PADDED | MARKED),
        (10, 10, 0, 16),
        (10, 10, 0, 1 << 31),
    ],
)
def test_a_table_with_an_impossible_row_is_refused_whole(wrong):
    with pytest.raises(ContractError, match="row `1` has flags or lengths that this version refuses"):
        table_of((10, 10), wrong, (10, 10))
