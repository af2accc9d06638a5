"""When an edition or a replica was used last: opened, served to somebody, or pulled here.

Law: a use leaves its moment in a row; what was never used counts from the day on which it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.custody import needs
from connector.custody.scrub import ERASED
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import OpeningRow, ReadRow
from connector.store.rows.vault import CopyRow, EditionRow, ReplicaRow, ServedRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from connector.store.table_row import TableRow
    from connector.store.transaction import Tx

# rows with the agreement under which something was used, and their moment of the use
USES_UNDER_AN_AGREEMENT: Final[Sequence[tuple[type[TableRow], str]]] = (
    (OpeningRow, "created"),
    (ReadRow, "created"),
    (TransferRow, "updated"),
    (CopyRow, "created"),
)


@dataclass(frozen=True, slots=True)
class Idle:
    """Something kept, its size, and when it was used last."""

    kind: str
    id: str
    sealed_bytes: int
    used: datetime

    def json(self) -> dict[str, Any]:
        """Return the row of `vault idle`."""
        told = {"kind": self.kind, "id": self.id, "sealedBytes": str(self.sealed_bytes)}
        return told | {"used": self.used.isoformat()}


def idle(tx: Tx, now: datetime, longer_than: timedelta) -> list[Idle]:
    """Return what nobody has used for so long, the longest idle first."""
    found = [
        Idle(needs.kind_of(row), row.id, int(row.header["sealedBytes"]), max(_moments(tx, row)))
        for row in needs.kept(tx)
        if row.state not in ERASED
    ]
    return sorted((one for one in found if now - one.used >= longer_than), key=lambda one: one.used)


def note_served(tx: Tx, edition: str, now: datetime) -> None:
    """Note that sealed pieces of an edition were served."""
    tx.put(ServedRow(edition=edition, at=now))


def _moments(tx: Tx, row: EditionRow | ReplicaRow) -> Iterator[datetime]:
    yield row.created
    edition = row.id if isinstance(row, EditionRow) else row.edition
    if (served := tx.get(ServedRow, edition=edition)) is not None:
        yield served.at
    for agreement in needs.agreements(tx, row):
        for table, moment in USES_UNDER_AN_AGREEMENT:
            newest = tx.find(table, "agreement = ?", (agreement.digest,), order=f"{moment} desc", limit=1)
            yield from (getattr(each, moment) for each in newest)
