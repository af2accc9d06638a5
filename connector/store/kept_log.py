"""A participant's own log as `ledger.log.fsck` reads it: from its tables, row by row, whether a server runs or not.

Besides the tree there is what only the tables hold: every head that was ever signed, the columns by which entries are
found, and the encrypted disclosures, which must open to exactly what their entries commit to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.store.entries import entries_of
from connector.store.errors import StoreError
from connector.store.shelf import TxShelf
from ledger.log import disclosure, events, merkle
from ledger.log.fsck import CHECKPOINT, ResourceLost
from ledger.log.tiles import TileError, parse_path
from ledger.log.tree import Log

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.store.entries import KeptEntry
    from connector.store.transaction import Tx
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.fsck import Report
    from ledger.log.wrapping import Opener

_NEWEST = "SELECT coalesce(cosigned, note) AS note FROM checkpoints ORDER BY size DESC LIMIT 1"
_BEGUN = (
    "SELECT 1 AS begun FROM log_entries UNION ALL SELECT 1 FROM checkpoints UNION ALL SELECT 1 FROM anchors LIMIT 1"
)
_HEADS = "SELECT size, note, cosigned FROM checkpoints WHERE size > ? AND size <= ? ORDER BY size"
_KEY = "SELECT recipient, wrapped FROM box_keys WHERE name = ?"


class KeptLog:
    """The log in `tx`, whose boxes keys of its owner's open: `ledger.log.fsck.Beside`, and its `fetch`."""

    def __init__(self, tx: Tx, openers: tuple[Opener, ...]) -> None:
        self._tx = tx
        self._openers = disclosure.filed_for(openers)
        self._keys: dict[str | None, tuple[str, bytes] | None] = {}

    def is_empty(self) -> bool:
        """Say whether nothing was ever recorded, signed or anchored here."""
        return not self._tx.execute(_BEGUN)

    async def fetch(self, path: str) -> bytes:
        """Return a file of the log as it would be served, under the newest head; raises `ResourceLost`."""
        try:
            if path == CHECKPOINT:
                rows = self._tx.execute(_NEWEST)
                if not rows:
                    raise ResourceLost("no checkpoint was ever signed here")
                return str(rows[0]["note"]).encode()
            return Log(TxShelf(self._tx)).tile(parse_path(path))
        except (StoreError, TileError) as error:
            raise ResourceLost(str(error)) from error

    def survey(self, head: Checkpoint, report: Report) -> None:
        """Compare the number of entries with that of the newest head; every commit that holds events holds one."""
        size = TxShelf(self._tx).size()
        if size < head.size:
            report.add("head-lost", f"size {head.size}", f"the head is signed, and the table has {size} entries")
        elif size > head.size:
            seen = f"the table has {size} entries, and the newest head is of {head.size}"
            report.add("entries-unsigned", f"entry {head.size}", seen)

    def heads(self, above: int, upto: int) -> Iterable[tuple[int, str]]:
        """Return size and note of every head of a size in (above, upto], as signed and as cosigned."""
        for row in self._tx.execute(_HEADS, above, upto):
            yield from ((row["size"], note) for note in (row["note"], row["cosigned"]) if note is not None)

    def examine(self, first: int, entries: Sequence[bytes | None], report: Report) -> None:
        """Check the columns and the boxes of the entries from `first` on that stand."""
        try:
            rows = list(entries_of(self._tx, first, first + len(entries)))
        except StoreError:
            return  # an object that is lost was told when the bundle was asked for
        for row in rows:
            raw, place = entries[row.idx - first], f"entry {row.idx}"
            if raw is None:
                continue
            try:
                entry = events.decode(raw)
            except events.EventError as error:
                report.add("entry-misfiled", place, error)
                continue
            if (entry.kind, entry.part) != (row.kind, row.part):
                report.add("entry-misfiled", place, f"it is filed as `{row.kind}` of `{row.part}`")
            if row.box is None:
                report.erased += 1
                continue
            report.boxes += 1
            if (fault := self._boxed(row, raw, entry)) is not None:
                report.add("box-false", place, fault)

    def _boxed(self, row: KeptEntry, raw: bytes, entry: events.Entry) -> Any:
        """Return why a box does not hold what its entry commits to, None if it does."""
        wrapped = self._wrapped(row.box_key)
        if wrapped is None or row.box is None:
            return "the key of its box is not wrapped for this participant"
        try:
            recipient, key = wrapped
            opened = disclosure.unseal(key + row.box, self._openers[recipient], merkle.leaf_hash(raw))
            fields = disclosure.check(opened, entry.sd)
        except disclosure.DisclosureError as error:
            return error
        return None if len(fields) == len(entry.sd) else f"it discloses {len(fields)} of {len(entry.sd)} fields"

    def _wrapped(self, name: str | None) -> tuple[str, bytes] | None:
        """Return for which of our keys the key of a box is wrapped, and how; many boxes have one key."""
        if name not in self._keys:
            found = [(row["recipient"], row["wrapped"]) for row in self._tx.execute(_KEY, name)]
            self._keys[name] = next((one for one in found if one[0] in self._openers), None)
        return self._keys[name]
