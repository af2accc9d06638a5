"""Every class of damage to a sealed piece gives its code, at the first failing step of spec 1.9."""

from __future__ import annotations

from fractions import Fraction

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from ledger.edition import review, row
from ledger.edition.opening import Code, OpeningError, check_secret, open_piece, prove_row
from ledger.edition.row import Head, Row
from ledger.edition.sealing import seal_piece
from ledger.edition.suite import AES_256
from ledger.log import merkle
from tests.every import every
from tests.ledger.spans import span_of

K, RUN = b"\x01" * 32, b"\x02" * 16
PLAIN = bytes(range(256)) * 8
PADDED = PLAIN[:2000] + bytes(48)


def piece(number: int = 3, padded: bytes = PADDED, plain_bytes: int = 2000):
    made = seal_piece(K, RUN, number, padded, plain_bytes, bytearray(len(padded) + 16))
    secret = row.secret(K, row.slot(RUN, number), blake3(padded[:plain_bytes]).digest())
    return made.row, secret, bytes(made.ciphertext)


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def fails(found: Row, secret: bytes, ciphertext: bytes) -> tuple[Code, str]:
    with pytest.raises(OpeningError) as caught:
        open_piece(found, secret, ciphertext)
    return caught.value.code, caught.value.step


def test_opens():
    assert open_piece(*piece()) == PLAIN[:2000]


@given(bit=st.integers(0, 8 * len(PADDED) - 1))
def test_any_flipped_ciphertext_bit_is_bytes(bit):
    found, secret, ciphertext = piece()
    assert fails(found, secret, flip(ciphertext, bit)) == (Code.BYTES, "ciphertext")


def test_shorter_and_longer_ciphertext_is_bytes():
    found, secret, ciphertext = piece()
    for wrong in (ciphertext[:-1], ciphertext + b"\0", b""):
        assert fails(found, secret, wrong)[0] is Code.BYTES


def test_a_row_committed_with_another_length_is_bytes():
    """Its digest is that of the sealed bytes, but there are more or fewer of them than it says."""
    found, secret, ciphertext = piece()
    for size in (len(ciphertext) - 1, len(ciphertext) + 1):
        wrong = found._replace(head=found.head._replace(sealed_bytes=size))
        assert fails(wrong, secret, ciphertext) == (Code.BYTES, "ciphertext")


def test_a_failure_names_its_row_where_one_is_known():
    with pytest.raises(OpeningError) as caught:
        check_secret(piece()[0], bytes(32))
    told = "the secret does not meet its commitment; keep it as proof"
    assert (str(caught.value), caught.value.row) == (told, None)
    at = caught.value.at(3)
    assert (str(at), at.message, at.row) == (f"row `3`: {told}", told, 3)
    assert (at.code, at.step) == (Code.KEY, "key-commitment")


@given(bit=st.integers(0, 255))
def test_any_flipped_secret_bit_is_key(bit):
    found, secret, ciphertext = piece()
    assert fails(found, flip(secret, bit), ciphertext) == (Code.KEY, "key-commitment")


@pytest.mark.parametrize("wrong", [b"", b"\0" * 31, b"\0" * 33])
def test_secret_of_another_length_is_key(wrong):
    with pytest.raises(OpeningError) as caught:
        check_secret(piece()[0], wrong)
    assert caught.value.code is Code.KEY


@given(bit=st.integers(0, 8 * row.ROW_BYTES - 1))
def test_any_flipped_row_bit_leaves_the_tree(bit):
    rows = [piece(number)[0].encode() for number in range(5)]
    leaves = [merkle.leaf_hash(data) for data in rows]
    path, root = merkle.inclusion_proof(span_of(leaves), 3, 5), merkle.root(leaves)
    prove_row(rows[3], 3, 5, path, root)
    with pytest.raises(OpeningError) as caught:
        prove_row(flip(rows[3], bit), 3, 5, path, root)
    assert (caught.value.code, caught.value.step, caught.value.row) == (Code.BYTES, "row", 3)


@given(bit=st.integers(0, 127))
def test_a_row_committed_with_a_wrong_tag_is_edition(bit):
    found, secret, ciphertext = piece()
    assert fails(found._replace(tag=flip(found.tag, bit)), secret, ciphertext) == (Code.EDITION, "tag")


@pytest.mark.parametrize("field", ["group", "flags"])
def test_a_row_committed_with_another_head_is_edition(field):
    found, secret, ciphertext = piece()
    head = found.head._replace(**{field: getattr(found.head, field) ^ 1})
    assert fails(found._replace(head=head), secret, ciphertext) == (Code.EDITION, "tag")


@given(bit=st.integers(0, 255))
def test_a_row_committed_to_another_plaintext_is_edition(bit):
    found, secret, ciphertext = piece()
    wrong = found._replace(plain_commitment=flip(found.plain_commitment, bit))
    assert fails(wrong, secret, ciphertext) == (Code.EDITION, "plain-commitment")


def test_padding_that_is_not_zero_is_edition():
    """A sealer that hides bytes in the padding: everything else of the row is right."""
    padded = PADDED[:-1] + b"\x01"
    secret = row.secret(K, row.slot(RUN, 3), blake3(padded[:2000]).digest())
    head = Head(row.slot(RUN, 3), len(padded), 2000, flags=row.PADDED)
    key, nonce = AES_256.drawn(secret, head.encode())
    boxed = AESGCM(key).encrypt(nonce, padded, head.encode())
    good = piece()[0]
    bad = good._replace(head=head, tag=boxed[-16:], sealed_digest=blake3(boxed[:-16]).digest())
    assert fails(bad, secret, boxed[:-16]) == (Code.EDITION, "padding")


def test_the_first_failing_step_decides():
    found, secret, ciphertext = piece()
    broken = found._replace(tag=bytes(16), plain_commitment=bytes(32))
    assert fails(broken, flip(secret, 0), flip(ciphertext, 0))[0] is Code.BYTES
    assert fails(broken, flip(secret, 0), ciphertext)[0] is Code.KEY
    assert fails(broken, secret, ciphertext) == (Code.EDITION, "tag")


@given(data=st.binary(min_size=row.ROW_BYTES, max_size=row.ROW_BYTES))
def test_a_row_decodes_to_what_encodes_back(data):
    try:
        found = Row.decode(data)
    except ValueError:
        return
    assert found.encode() == data


@given(number=st.integers(0, 2**64 - 1), flags=st.sampled_from((0, 1)), group=st.integers(0, 2**32 - 1))
def test_row_round_trip(number, flags, group):
    head = Head(row.slot(RUN, number), 100, 100, group, flags)
    found = Row(head, b"t" * 16, b"c" * 32, b"k" * 32, b"p" * 32)
    assert Row.decode(found.encode()) == found


@every(
    "head",
    [
        Head(bytes(24), 10, 11),
        Head(bytes(24), 0, 0),
        Head(bytes(24), 10, 9),
        Head(bytes(24), 10, 10, flags=row.PADDED),
        Head(bytes(24), 10, 10, flags=16),
        Head(bytes(24), 2**23, 2**23),
    ],
)
def test_impossible_rows_are_refused(head):
    with pytest.raises(ValueError, match="row"):
        Row.decode(Row(head, bytes(16), bytes(32), bytes(32), bytes(32)).encode())


@given(seed=st.binary(min_size=1, max_size=40), rows=st.integers(1, 3000))
def test_draw_is_without_replacement_and_repeatable(seed, rows):
    k = review.sample_size(rows)
    assert k == min(64, (rows + 7) // 8)
    drawn = review.draw(seed, rows, k)
    assert len(set(drawn)) == k
    assert list(drawn) == sorted(drawn)
    assert 0 <= drawn[0] <= drawn[-1] < rows
    assert drawn == review.draw(seed, rows, k)


def test_draw_reaches_every_row_about_equally():
    hits = [0] * 16
    for n in range(4000):
        for number in review.draw(n.to_bytes(4, "big"), 16, 2):
            hits[number] += 1
    assert sum(hits) == 8000
    assert all(380 < count < 620 for count in hits)  # expected 500, five deviations away


def test_bound():
    assert review.bound(64, Fraction(1, 10)) == Fraction(9, 10) ** 64
    assert review.bound_text(64).startswith("(1 - f)^64")
    assert "10 % bad pieces: 0.12 %" in review.bound_text(64)
