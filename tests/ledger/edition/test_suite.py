"""Pieces sealed by SM4-GCM: the standard's vector, every step of an opening, and no way from one suite to the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractError
from ledger.edition import row
from ledger.edition.header import Header, check_table, read_header
from ledger.edition.opening import Code, OpeningError, open_piece
from ledger.edition.row import SM4_SEALED
from ledger.edition.row_table import RowTable
from ledger.edition.sealing import seal_piece
from ledger.edition.suite import AES_256, NAMED, SM4_128, SUITES, of_flags

K, RUN = b"\x01" * 32, b"\x02" * 16
PLAIN = bytes(range(256)) * 8


def piece(number=1, plain=PLAIN, flags=SM4_SEALED):
    return seal_piece(K, RUN, number, plain, len(plain), bytearray(len(plain) + 16), flags=flags)


def test_the_vector_of_rfc_8998():
    """Appendix A.1 of RFC 8998."""
    key, nonce = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("00001234567800000000ABCD")
    head = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    boxed = bytearray(len(plain) + 16)
    SM4_128.sealing.seal(key, nonce, plain, head, memoryview(boxed))
    assert bytes(boxed).hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    opened = bytearray(len(plain))
    SM4_128.sealing.open(key, nonce, boxed, head, memoryview(opened))
    assert opened == plain
    boxed[0] ^= 1
    opened = bytearray(len(plain))
    with pytest.raises(InvalidTag):
        SM4_128.sealing.open(key, nonce, boxed, head, memoryview(opened))
    assert not any(opened), "nothing is handed out before the tag is right"


@given(st.binary(min_size=1, max_size=3000))
def test_a_piece_opens_by_its_own_suite(plain):
    made = piece(plain=plain)
    assert of_flags(made.row.head.flags) is SM4_128
    assert open_piece(made.row, made.secret, made.ciphertext) == plain


def test_both_suites_commit_to_the_same_and_encrypt_otherwise():
    """What a channel, a dispute and a source look at is the same, the secret too; no key of one serves in the other."""
    ours, theirs = piece(), piece(flags=0)
    assert (ours.secret, ours.row.key_commitment) == (theirs.secret, theirs.row.key_commitment)
    assert ours.row.plain_commitment == theirs.row.plain_commitment
    assert bytes(ours.ciphertext) != bytes(theirs.ciphertext)
    [short], [long] = ({each.drawn(ours.secret, ours.row.head.encode())[0]} for each in (SM4_128, AES_256))
    assert (len(short), len(long)) == (16, 32)
    assert short not in long


@pytest.mark.parametrize("flags", [0, SM4_SEALED])
def test_a_row_that_claims_the_other_suite_does_not_open(flags):
    made = piece(flags=flags)
    claimed = made.row._replace(head=made.row.head._replace(flags=flags ^ SM4_SEALED))
    with pytest.raises(OpeningError) as failed:
        open_piece(claimed, made.secret, made.ciphertext)
    assert (failed.value.code, failed.value.step) == (Code.EDITION, "tag")


@pytest.mark.parametrize("at", [0, 40, 60, 100])
def test_each_step_of_an_opening_fails_as_ever(at):
    made = piece()
    data = bytearray(made.row.encode())
    data[at] ^= 1
    changed = row.Row.decode(bytes(data)) if at else made.row._replace(sealed_digest=blake3(b"x").digest())
    with pytest.raises(OpeningError):
        open_piece(changed, made.secret, made.ciphertext)


def edition(pieces, suite=SM4_128.name):
    table = RowTable(b"".join(each.row.encode() for each in pieces))
    sizes = len(table), table.sealed_bytes, table.plain_bytes()
    digests, sealed = (table.root(), table.digest()), datetime(2026, 11, 28, tzinfo=UTC)
    return Header(b"\x05" * 32, 1, None, "did:web:x", 65536, *sizes, *digests, sealed, suite=suite), table


def test_a_header_names_the_suite_of_its_rows():
    header, table = edition([piece(n, flags=SM4_SEALED | (row.INDEX if n == 0 else 0)) for n in range(3)])
    check_table(header, table)
    assert read_header(header.json()) == header
    assert header.json()["suite"] == "SM4GCM-B3-SHA256"
    assert header.edition_id() != replace(header, suite=AES_256.name).edition_id()
    with pytest.raises(ContractError, match="suite"):
        check_table(replace(header, suite=AES_256.name), table)
    for odd in ("sm", "", None, 7, ["A256GCM-B3-SHA256"]):
        with pytest.raises(ContractError, match="of the suites"):
            read_header(header.json() | {"suite": odd})


def test_an_edition_is_of_one_suite():
    with pytest.raises(ContractError, match="row `1` is sealed by another suite than the first"):
        edition([piece(0), piece(1, flags=0)])


def test_each_suite_has_a_name_and_a_flag_of_its_own():
    assert set(SUITES) == {"international", "sm"}
    assert {each.flag for each in NAMED.values()} == {0, SM4_SEALED}
