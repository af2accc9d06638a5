"""A row byte for byte as spec 1.2 to 1.4 writes it, what is derived from its secret, and the rows that cannot be."""

from __future__ import annotations

import pytest

from contracts.errors import ContractError
from contracts.labels import H, X
from ledger.edition import row
from ledger.edition.row import Head, Row
from ledger.edition.suite import AES_256
from tests.every import every

RUN, SECRET, DIGEST = b"\x02" * 16, b"\x01" * 32, b"\x03" * 32
SLOT = RUN + bytes(7) + b"\x05"
PARTS = b"t" * 16, b"c" * 32, b"k" * 32, b"p" * 32


def test_the_sizes_and_flags_of_the_specification():
    assert (row.ROW_BYTES, row.HEAD_BYTES, row.SLOT_BYTES, row.RUN_BYTES) == (152, 40, 24, 16)
    assert (row.TAG_BYTES, row.SECRET_BYTES, row.MAX_PIECE_BYTES) == (16, 32, 4_194_304)
    assert (row.INDEX, row.PADDED, row.MARKED, row.SM4_SEALED, row.KNOWN_FLAGS) == (1, 2, 4, 8, 15)


def test_a_row_is_its_fields_one_behind_the_other():
    encoded = Row(Head(SLOT, 0x100, 0xFE, 0x0A, 0x02), *PARTS).encode()
    assert encoded.hex() == SLOT.hex() + "00000100" + "000000fe" + "0000000a" + "00000002" + b"".join(PARTS).hex()
    assert Head(SLOT, 10, 10) == Head(SLOT, 10, 10, group=0, flags=0)


def test_a_slot_is_the_run_and_the_number_of_the_piece():
    assert row.slot(RUN, 5) == SLOT
    assert row.slot(RUN, 2**64 - 1) == RUN + b"\xff" * 8


def test_what_is_derived_from_run_and_secret():
    head = Head(SLOT, 10, 10).encode()
    material = X(SECRET, "chunk-aead", head, 44)
    assert row.secret(SECRET, SLOT, DIGEST) == X(SECRET, "chunk-secret", SLOT + DIGEST, 32)
    assert row.key_commitment(SLOT, SECRET) == H("key-commitment", SLOT + SECRET)
    assert row.plain_commitment(SLOT, SECRET, DIGEST) == H("plain", SLOT + X(SECRET, "plain-salt", SLOT, 32) + DIGEST)
    assert AES_256.drawn(SECRET, head) == (material[:32], material[32:])
    assert [len(one) for one in AES_256.drawn(SECRET, head)] == [32, 12]


@pytest.mark.parametrize(
    "head",
    [
        Head(SLOT, 1, 1),
        Head(SLOT, 2, 1, flags=row.PADDED),
        Head(SLOT, 4_194_304, 4_194_304, group=2**32 - 1, flags=row.INDEX),
        Head(SLOT, 4_194_304, 1, flags=row.KNOWN_FLAGS),
    ],
)
def test_a_row_is_read_as_it_was_written(head):
    made = Row(head, *PARTS)
    assert Row.decode(made.encode()) == made


@pytest.mark.parametrize("size", [0, 151, 153])
def test_a_row_of_another_length_is_none(size):
    with pytest.raises(ContractError, match=f"a row has 152 bytes, not `{size}`"):
        Row.decode(bytes(size))


@every(
    ("head", "told"),
    [
        (Head(SLOT, 10, 10, flags=16), "unknown flags `0x10`; this version knows 0xf"),
        (Head(SLOT, 10, 9, flags=2 + 2**31), "unknown flags"),
        (Head(SLOT, 0, 0), "`0` plain and `0` sealed bytes is impossible: 0 < plain <= sealed <= 4194304"),
        (Head(SLOT, 10, 0, flags=row.PADDED), "`0` plain and `10` sealed bytes is impossible"),
        (Head(SLOT, 10, 11), "`11` plain and `10` sealed bytes is impossible"),
        (Head(SLOT, 4_194_305, 4_194_305), "is impossible"),
        (Head(SLOT, 4_194_305, 1, flags=row.PADDED), "is impossible"),
        (Head(SLOT, 10, 9), "the padded flag of a row contradicts its lengths"),
        (Head(SLOT, 10, 10, flags=row.PADDED), "the padded flag of a row contradicts its lengths"),
    ],
)
def test_a_row_that_no_edition_can_have_is_refused(head, told):
    with pytest.raises(ContractError, match=told):
        Row.decode(Row(head, *PARTS).encode())
