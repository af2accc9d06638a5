"""Sealing an edition: stream the source once, piece by piece, into a blob, rows and an index (spec 1).

The life of a sealing run:
1. the run's key and name are durable (`Keys.draw_run`), before anything here begins;
2. everything's place is planned from names and sizes (`layout`);
3. each piece is read once, digested with the whole, and alone; its secret is drawn of that digest, and it is encrypted;
4. the index, which now knows the digest of the whole, is sealed into the place kept for it at the front;
5. the header is made and checked against the rows; the blob is synced and gets the edition's name.

Law: a crash leaves a part without a name. Repeating a run over a source that changed is safe: the secret of a piece
depends on its plaintext, so no key and nonce ever meet two plaintexts. Memory is the conveyor's
slots and 184 bytes per row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from connector.custody.conveyor import Slot, carry
from connector.custody.errors import VaultError
from connector.custody.feed import Feed
from connector.custody.layout import Layout, plan, with_digest
from connector.custody.places import places_of, sectors
from connector.custody.sealed import Sealed
from connector.runtime.files import Part, remove
from connector.runtime.room import FULL
from ledger.edition.header import DEFAULT_PIECE_BYTES, Header, check_table, checked_piece_bytes
from ledger.edition.index import check_tiling
from ledger.edition.row import INDEX, RUN_BYTES
from ledger.edition.row_table import SHARED, RowTable
from ledger.edition.sealing import seal_piece
from ledger.edition.suite import AES_256, Suite

if TYPE_CHECKING:
    from datetime import datetime

    from connector.custody.blobs import Blobs
    from connector.custody.conveyor import Piece
    from connector.custody.feed import Progress
    from connector.custody.former import Former
    from connector.custody.secrets import Run
    from connector.custody.sources import Source

FIXED = "fixed"
DEFAULT_MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Brief:
    """What the sealer is told: series (32 bytes), number and predecessor of the edition, who holds its keys.

    `schema` is any JSON; `padding` is the multiple of bytes pieces are padded to (a power of two up to `piece_bytes`).
    """

    series: bytes
    number: int
    key_holder: str
    prev: bytes | None = None
    piece_bytes: int = DEFAULT_PIECE_BYTES
    padding: int = 0
    layout: str = FIXED
    suite: Suite = AES_256
    media_type: str = DEFAULT_MEDIA_TYPE
    schema: Any = None


def seal(
    source: Source,
    run: Run,
    blobs: Blobs,
    brief: Brief,
    *,
    sealed_at: datetime,
    progress: Progress | None = None,
    former: Former | None = None,
) -> Sealed:
    """Seal `source` as one edition (blocking: call it in a thread); `progress(plain bytes done, of)` after each piece.

    Pieces that `former`, an earlier edition of the same series, has already are repeated from it (spec 1.7).
    Raises `VaultError` `source` if a file cannot be read as planned; nothing is left but a part to sweep.
    """
    assert sealed_at.tzinfo is not None
    _check_padding(brief)
    assert former is None or former.header.series == brief.series, "rows are repeated within one series only"
    size = checked_piece_bytes(brief.piece_bytes)
    layout = plan(source, brief.layout, size, brief.padding, brief.media_type, brief.schema)
    part = Part(blobs.part(run.run), layout.size)  # whoever makes a file longer has to be alone with it
    try:
        work = _Work(layout, run, part, progress or _ignore, former, brief.suite.flag)
        digest = work.seal_data(source)
        index = with_digest(layout, digest)
        work.seal_index(index.encode())
        table = RowTable(b"".join(work.rows))
        header = _header(brief, table, sealed_at)
        check_table(header, table)
        check_tiling(index, table)
        assert layout.size == places_of(table).size
        path = blobs.path(header.edition_id())
        part.finish(path)
    except OSError as fault:
        if fault.errno in FULL:  # what did not fit leaves the room to others; the run begins anew
            remove(part.path)
        raise
    finally:
        part.close()
    digests = b"".join(work.digests)
    return Sealed(header, header.edition_id(), table, index, digests, run, source, path, work.repeated)


class _Work:
    """The growing rows of one run."""

    def __init__(
        self, layout: Layout, run: Run, part: Part, progress: Progress, former: Former | None, flags: int
    ) -> None:
        self.repeated: dict[int, bytes] = {}
        self._former, self._flags = former, flags
        self.rows = [b""] * (layout.index_rows + layout.data_rows)
        self.digests = [b""] * len(self.rows)
        self._layout = layout
        self._run = run
        self._part = part
        self._progress = progress

    def seal_data(self, source: Source) -> bytes:
        """Seal all files behind the place of the index; return the digest of the whole plaintext."""
        feed = Feed(source, self._layout, self._progress)
        carry(feed.fill, self._seal)
        return feed.digest()

    def seal_index(self, document: bytes) -> None:
        """Seal the index into the first rows."""
        size, slot, place = self._layout.piece_bytes, Slot.new(), 0
        for row in range(self._layout.index_rows):
            piece = document[row * size : (row + 1) * size]
            slot.clear(place)
            slot.add(row, SHARED, len(piece), self._layout.sealed_bytes(len(piece)))[:] = piece
            self._seal(slot, flags=INDEX)
            place += slot.size
        assert place == self._layout.data_place

    def _seal(self, slot: Slot, *, flags: int = 0) -> None:
        """Seal what is in the slot and write it (in any thread)."""
        for piece in slot.pieces:
            self._seal_piece(slot, piece, flags)
        self._part.write_sectors(slot.sealed[: slot.size], slot.place)

    def _seal_piece(self, slot: Slot, piece: Piece, flags: int) -> None:
        """Seal one piece as its row, whose number is also the piece's in the run."""
        begin, size = piece.at, self._layout.sealed_bytes(piece.size)
        plain, sealed = slot.plain[begin : begin + size], slot.sealed[begin:]
        plain[piece.size :] = bytes(size - piece.size)
        made = seal_piece(
            self._run.key,
            self._run.run,
            piece.row,
            plain,
            piece.size,
            sealed,
            group=piece.group,
            flags=flags | self._flags,
            former=None if flags & INDEX else self._former,
        )
        if made.row.head.slot[:RUN_BYTES] != self._run.run:
            self.repeated[piece.row] = made.secret
        self.rows[piece.row], self.digests[piece.row] = made.row.encode(), made.plain_digest
        sealed[size : sectors(size)] = bytes(sectors(size) - size)


def _header(brief: Brief, table: RowTable, sealed_at: datetime) -> Header:
    return Header(
        series=brief.series,
        number=brief.number,
        prev=brief.prev,
        key_holder=brief.key_holder,
        piece_bytes=brief.piece_bytes,
        rows=len(table),
        sealed_bytes=table.sealed_bytes,
        plain_bytes=table.plain_bytes(),
        root=table.root(),
        table_digest=table.digest(),
        sealed_at=sealed_at.astimezone(UTC).replace(microsecond=0),
        padding=brief.padding,
        layout=brief.layout,
        suite=brief.suite.name,
    )


def _check_padding(brief: Brief) -> None:
    padding = brief.padding
    if padding < 0 or padding & (padding - 1) or padding > brief.piece_bytes:
        raise VaultError("source", f"the padding `{padding}` is neither 0 nor a power of two up to {brief.piece_bytes}")


def _ignore(_done: int, _total: int) -> None:
    """Take no notice."""
