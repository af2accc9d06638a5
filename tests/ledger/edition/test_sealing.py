"""Sealing one piece: its head and flags, what of it opens again, and the piece of an edition before that it becomes."""

from __future__ import annotations

import pytest
from blake3 import blake3

from ledger.edition import row
from ledger.edition.opening import open_piece
from ledger.edition.row import Head
from ledger.edition.sealing import Known, seal_piece

K, RUN = b"\x01" * 32, b"\x02" * 16
PLAIN = bytes(range(100))


class Before:
    """An edition that had one piece; asked about another it knows none."""

    def __init__(self, known, digest):
        self.known, self.digest, self.asked = known, digest, []

    def find(self, plain_digest, like):
        self.asked.append(like)
        return self.known if plain_digest == self.digest else None


def sealed(padded=PLAIN, plain_bytes=100, number=3, **more):
    return seal_piece(K, RUN, number, padded, plain_bytes, bytearray(len(padded) + 16), **more)


@pytest.mark.parametrize(
    ("more", "head"),
    [
        ({}, Head(row.slot(RUN, 3), 100, 100, group=0, flags=0)),
        ({"group": 7, "flags": row.INDEX}, Head(row.slot(RUN, 3), 100, 100, 7, row.INDEX)),
        ({"plain_bytes": 99, "padded": PLAIN[:99] + b"\0"}, Head(row.slot(RUN, 3), 100, 99, 0, row.PADDED)),
        (
            {"plain_bytes": 99, "padded": PLAIN[:99] + b"\0", "flags": row.INDEX},
            Head(row.slot(RUN, 3), 100, 99, 0, row.INDEX | row.PADDED),
        ),
    ],
)
def test_a_piece_says_its_lengths_and_whether_it_is_padded(more, head):
    piece = sealed(**more)
    plain = more.get("padded", PLAIN)[: head.plain_bytes]
    assert piece.row.head == head
    assert piece.plain_digest == blake3(plain).digest()
    assert piece.secret == row.secret(K, head.slot, piece.plain_digest)
    assert bytes(piece.ciphertext) != more.get("padded", PLAIN)
    assert open_piece(piece.row, piece.secret, piece.ciphertext) == plain


def test_the_ciphertext_lies_in_the_room_that_was_given():
    room = bytearray(200)
    piece = seal_piece(K, RUN, 3, PLAIN, 100, room)
    assert bytes(room) == bytes(piece.ciphertext) + piece.row.tag + bytes(84)


def test_a_piece_that_was_sealed_before_is_the_same_byte_for_byte():
    first = sealed(number=1)
    before = Before(Known(first.row.head, first.secret), first.plain_digest)
    again = seal_piece(b"\x09" * 32, b"\x08" * 16, 5, PLAIN, 100, bytearray(116), former=before)
    assert again == first
    assert before.asked == [Head(row.slot(b"\x08" * 16, 5), 100, 100)]


def test_a_piece_that_is_new_gets_a_secret_of_its_own_run():
    other = sealed(PLAIN[::-1], number=1)
    before = Before(Known(other.row.head, other.secret), other.plain_digest)
    assert sealed(former=before) == sealed()


def test_neither_secret_nor_ciphertext_is_printed():
    piece = sealed()
    assert "secret" not in repr(Known(piece.row.head, piece.secret))
    assert "secret" not in repr(piece)
    assert "ciphertext" not in repr(piece)
