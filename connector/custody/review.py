"""Review of a registered edition by sample: the provider opens the drawn rows to the reviewer alone (spec 6).

    box_j = HPKE(base, X25519, HKDF-SHA256, AES-256-GCM) of s_j,
    info  = "penstock/review/v1" || 0x00 || editionId || u32(j)

Law: the reviewer believes nothing but the registered edition id. Each answer carries its row and the row's path to the
root; the sealed bytes may come from any source; only all drawn rows opened make a review.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from connector.channel.box import SUITE
from connector.custody.edition import header_and_table, row_secrets
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from ledger.edition.opening import Code, OpeningError, check_secret, prove_row
from ledger.edition.review import MAX_SAMPLE_ROWS, bound_text, draw, sample_size
from ledger.edition.row import ROW_BYTES, SECRET_BYTES, Row
from ledger.fields import closed, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.custody.secrets import Keys
    from connector.store.rows.vault import EditionRow
    from ledger.edition.header import Header

INFO = b"penstock/review/v1\x00"
BOX_BYTES = 32 + SECRET_BYTES + 16
MAX_PATH_HASHES = 64
FIELDS = frozenset({"row", "data", "path", "box"})


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A drawn row proven under the root, with its committed secret: `open_piece(row, secret, ciphertext)` is next."""

    number: int
    row: Row
    secret: bytes = field(repr=False)


def drawn(seed: bytes, header: Header) -> tuple[int, ...]:
    """Return the rows to open, for everybody who knows the seed."""
    return draw(seed, header.rows, sample_size(header.rows))


def finding(seed: bytes, numbers: Sequence[int]) -> dict[str, Any]:
    """Return what is published after all drawn rows opened: seed, rows, bound."""
    return {"seed": seed.hex(), "rows": [str(number) for number in numbers], "bound": bound_text(len(numbers))}


def answer(keys: Keys, edition: EditionRow, numbers: Sequence[int], reader_key: bytes) -> list[dict[str, Any]]:
    """Return the provider's answer for a row of `editions`: per drawn row its data, path and boxed secret, in hex."""
    if not 0 < len(set(numbers)) == len(numbers) <= MAX_SAMPLE_ROWS:
        raise ContractError("review", f"a review opens 1 to {MAX_SAMPLE_ROWS} different pieces, not `{len(numbers)}`")
    _header, table = header_and_table(edition)
    reader = X25519PublicKey.from_public_bytes(reader_key)
    edition_id = bytes.fromhex(edition.id)
    return [
        {
            "row": str(number),
            "data": table.raw(number).hex(),
            "path": [node.hex() for node in table.path(number)],
            "box": SUITE.encrypt(piece_secret, reader, info=_info(edition_id, number)).hex(),
        }
        for number, piece_secret in row_secrets(keys, edition, table, numbers).items()
    ]


def read_answer(header: Header, numbers: Sequence[int], document: Any, private: X25519PrivateKey) -> list[DrawnRow]:
    """Return the drawn rows, proven and with their secrets; the reviewer's side.

    Raises `ContractError` on a malformed answer or other rows than the drawn ones, `OpeningError` `bytes` for a row
    that is not the edition's, `key` for a secret that is not the committed one.
    """
    answers = listed(document, "review", lambda item, where: closed(item, FIELDS, where), limit=MAX_SAMPLE_ROWS)
    rows = [_drawn_row(header, item, private) for item in answers]
    if [row.number for row in rows] != list(numbers):
        raise ContractError("review", "the answer opens other pieces than the drawn ones", "ask the provider again")
    return rows


def _drawn_row(header: Header, item: dict[str, Any], private: X25519PrivateKey) -> DrawnRow:
    number = read_decimal(item["row"], "row", limit=header.rows - 1)
    data = read_hex(item["data"], "data", ROW_BYTES)
    path = listed(item["path"], "path", lambda node, where: read_hex(node, where, 32), limit=MAX_PATH_HASHES)
    prove_row(data, number, header.rows, path, header.root)
    row = Row.decode(data)
    box = read_hex(item["box"], "box", BOX_BYTES)
    try:
        piece_secret = SUITE.decrypt(box, private, info=_info(header.edition_id(), number))
        check_secret(row, piece_secret)
    except InvalidTag as error:
        raise OpeningError(Code.KEY, "box", "the boxed secret is not for this reviewer and piece", number) from error
    except OpeningError as error:
        raise error.at(number) from error
    return DrawnRow(number, row, piece_secret)


def _info(edition_id: bytes, number: int) -> bytes:
    return INFO + edition_id + number.to_bytes(4, "big")
