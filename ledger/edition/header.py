"""The header of an edition: the public JSON that, with its rows, is what everybody agrees on (spec 1.5).

    editionId = H("edition", SHA(JCS(header))),   root = MTH(rows),   tableDigest = B3(all rows)

Law: header and rows come from the agreement or match its `editionId`; a source alone is never believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.canonical import sha
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.labels import H
from ledger.edition.row import MAX_PIECE_BYTES
from ledger.edition.row_table import MAX_ROWS, RowTable
from ledger.edition.suite import AES_256, NAMED, of_flags
from ledger.fields import closed, text

VERSION = 1
# a layout that is not here is refused, never guessed
LAYOUTS = frozenset({"fixed", "aligned", "cdc"})
MIN_PIECE_BYTES = 64 * 1024
DEFAULT_PIECE_BYTES = 1024 * 1024
MAX_HOLDER_CHARS = 512
MAX_COUNTER = (1 << 64) - 1
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

FIELDS = frozenset(
    {"v", "suite", "series", "edition", "prev", "keyHolder", "layout", "S", "rows", "sealedBytes", "plainBytes"}
    | {"padding", "root", "tableDigest", "sealedAt", "variants"}
)


@dataclass(frozen=True, slots=True)
class Header:
    """The header as a value: sizes in bytes, digests and ids as 32 bytes, `sealed_at` in UTC at whole seconds.

    `number` is the JSON field `edition`, counted within `series`; `piece_bytes` is `S`; `padding` is the multiple of
    bytes that sealed pieces are padded to, 0 for none; `variants` is the number of marked positions (reserved: 0);
    `suite` is one of `ledger.edition.suite`.
    """

    series: bytes
    number: int
    prev: bytes | None
    key_holder: str
    piece_bytes: int
    rows: int
    sealed_bytes: int
    plain_bytes: int
    root: bytes
    table_digest: bytes
    sealed_at: datetime
    padding: int = 0
    layout: str = "fixed"
    variants: int = 0
    suite: str = AES_256.name

    def json(self) -> dict[str, Any]:
        """Return the public JSON of spec 1.5."""
        return {
            "v": VERSION,
            "suite": self.suite,
            "series": self.series.hex(),
            "edition": str(self.number),
            "prev": None if self.prev is None else self.prev.hex(),
            "keyHolder": self.key_holder,
            "layout": self.layout,
            "S": str(self.piece_bytes),
            "rows": str(self.rows),
            "sealedBytes": str(self.sealed_bytes),
            "plainBytes": str(self.plain_bytes),
            "padding": str(self.padding),
            "root": self.root.hex(),
            "tableDigest": self.table_digest.hex(),
            "sealedAt": self.sealed_at.strftime(TIME_FORMAT),
            "variants": str(self.variants),
        }

    def edition_id(self) -> bytes:
        """Return the 32-byte `editionId`."""
        return H("edition", sha(self.json()))


def read_header(document: Any) -> Header:
    """Read the JSON of spec 1.5; `ContractError` on anything that is not a header of this version and suite."""
    found = closed(document, FIELDS, "header")
    if found["v"] != VERSION or isinstance(found["v"], bool) or found["suite"] not in tuple(NAMED):
        raise ContractError("edition", f"this program opens version {VERSION} of the suites {', '.join(NAMED)} only")
    if not isinstance(found["layout"], str) or found["layout"] not in LAYOUTS:
        raise ContractError("edition", f"the layout `{found['layout']!s:.20}` is not one of {sorted(LAYOUTS)}")
    header = Header(
        series=read_hex(found["series"], "series", 32),
        number=read_decimal(found["edition"], "edition", limit=MAX_COUNTER),
        prev=None if found["prev"] is None else read_hex(found["prev"], "prev", 32),
        key_holder=text(found["keyHolder"], "keyHolder", limit_chars=MAX_HOLDER_CHARS),
        piece_bytes=_piece_bytes(found["S"]),
        rows=read_decimal(found["rows"], "rows", limit=MAX_ROWS),
        sealed_bytes=read_decimal(found["sealedBytes"], "sealedBytes", limit=MAX_COUNTER),
        plain_bytes=read_decimal(found["plainBytes"], "plainBytes", limit=MAX_COUNTER),
        root=read_hex(found["root"], "root", 32),
        table_digest=read_hex(found["tableDigest"], "tableDigest", 32),
        sealed_at=_time(found["sealedAt"]),
        padding=read_decimal(found["padding"], "padding", limit=MAX_PIECE_BYTES),
        layout=found["layout"],
        variants=read_decimal(found["variants"], "variants", limit=0),
        suite=found["suite"],
    )
    assert header.json() == document  # one value, one document: the digest of either is the digest of both
    return header


def check_table(header: Header, table: RowTable) -> None:
    """Raise `ContractError` unless `table` is the one that `header` commits to."""
    facts = (
        ("rows", len(table), header.rows),
        ("sealedBytes", table.sealed_bytes, header.sealed_bytes),
        ("plainBytes", table.plain_bytes(), header.plain_bytes),
        ("tableDigest", table.digest(), header.table_digest),
        ("root", table.root(), header.root),
        ("suite", of_flags(table.flags).name, header.suite),
    )
    for name, found, committed in facts:
        if found != committed:
            raise ContractError("edition", f"the row table does not meet `{name}` of its header; ask another source")
    if table.longest_sealed > header.piece_bytes:
        raise ContractError("edition", f"a row is longer than the piece size {header.piece_bytes} of the header")


def agreed(edition_id: bytes, document: Any, rows: bytes) -> tuple[Header, RowTable]:
    """Return header and table from any source, proven to be the agreed edition's; `ContractError` otherwise."""
    header, table = agreed_header(edition_id, document), RowTable(rows)
    check_table(header, table)
    return header, table


def agreed_header(edition_id: bytes, document: Any) -> Header:
    """Return a header from any source, proven to be the agreed edition's; `ContractError` otherwise."""
    header = read_header(document)
    if header.edition_id() != edition_id:
        raise ContractError("edition", f"this header is not of the agreed edition `{edition_id.hex()}`; ask elsewhere")
    return header


def _piece_bytes(value: Any) -> int:
    size = read_decimal(value, "S", limit=MAX_PIECE_BYTES)
    return checked_piece_bytes(size)


def checked_piece_bytes(size: int) -> int:
    """Return `size` if it is a piece size of spec 1.1: a power of two, 64 KiB to 4 MiB."""
    if not MIN_PIECE_BYTES <= size <= MAX_PIECE_BYTES or size & (size - 1):
        raise ContractError("edition", f"the piece size `{size}` is not a power of two from 64 KiB to 4 MiB")
    return size


def _time(value: Any) -> datetime:
    spelled = text(value, "sealedAt", limit_chars=len("2026-01-01T00:00:00Z"))
    try:
        moment = datetime.strptime(spelled, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise ContractError("edition", f"`sealedAt` is not a UTC time like `2026-01-01T00:00:00Z`: {error}") from error
    if moment.strftime(TIME_FORMAT) != spelled:
        raise ContractError("edition", "`sealedAt` has more than one spelling; write it as `2026-01-01T00:00:00Z`")
    return moment
