"""The vector of specification section 9, derived step by step from the primitives in ledger/."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from blake3 import blake3

from ledger.edition import mask, row
from ledger.edition.opening import open_piece, prove_row
from ledger.edition.row_table import RowTable
from ledger.edition.sealing import seal_piece
from ledger.log import merkle

if TYPE_CHECKING:
    from ledger.edition.row import Row

K = bytes(range(0x20))
RUN = bytes(range(0x10, 0x20))
S = 65_536
PLAIN = b"".join(hashlib.sha256(n.to_bytes(8, "big")).digest() for n in range(8224))[:263_144]
T = b"\xaa" * 32
CHANNEL = b"\xc1" * 32


def seal_one(number: int, plain: bytes) -> tuple[Row, bytes, bytes]:
    piece = seal_piece(K, RUN, number, plain, len(plain), bytearray(S + 16))
    secret = row.secret(K, row.slot(RUN, number), blake3(plain).digest())
    return piece.row, secret, bytes(piece.ciphertext)


@pytest.fixture(scope="module")
def sealed():
    return [seal_one(n, PLAIN[at : at + S]) for n, at in enumerate(range(0, len(PLAIN), S))]


def test_root_leaf_and_secrets(sealed):
    table = RowTable(b"".join(made.encode() for made, _, _ in sealed))
    assert len(table) == 5
    assert table.root().hex() == "c2a495b93975e0ef17fc4fbd9448d0d0ccd8f0c0b40f01d459b89b86d7049afe"
    leaf0 = merkle.leaf_hash(table.raw(0)).hex()
    assert leaf0 == "022388cdefaadce0e140525c3aacf5dd63e289ce61a21e870f3a961a3d73c7ed"
    assert sealed[0][1].hex() == "343c710dee0340a18da4d1b03fbb5c203293a7215f0ec59c183c4d5d6c3fc7d9"
    assert sealed[4][1].hex() == "2fed22b2493b6fcbf07b475feec00e61c040e1f9991d6afa38cc78a62d371108"


def test_lock_and_masked_hash(sealed):
    secrets = [secret for _, secret, _ in sealed]
    masked = mask.mask(T, CHANNEL, 7, secrets)
    assert mask.lock(T).hex() == "e0e77a507412b120f6ede61f62295b1a7b2ff19d3dcc8f7253e51663470c888e"
    assert mask.masked_hash(masked).hex() == "864999371ae6cc21309b3b6fc8709f66fa5567671eb6b89bda2a3ceb85d3694b"
    assert mask.unmask(T, CHANNEL, 7, masked) == secrets
    assert mask.unmask(T, CHANNEL, 8, masked) != secrets


def test_each_row_is_proven_and_opens(sealed):
    table = RowTable(b"".join(made.encode() for made, _, _ in sealed))
    opened = b""
    for number, (made, secret, ciphertext) in enumerate(sealed):
        prove_row(table.raw(number), number, len(table), table.path(number), table.root())
        opened += open_piece(made, secret, ciphertext)
    assert opened == PLAIN


def test_half_a_secret_of_masked_bytes_is_refused():
    with pytest.raises(ValueError, match="not at most"):
        mask.unmask(T, CHANNEL, 7, bytes(33))
