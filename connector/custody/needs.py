"""What is still needed of the sealed bytes kept here, and by whom: a table, asked before anything is removed.

Law: (1) an edition or a replica is kept while one row of its table says why; only what nothing speaks for may go. A
later edition speaks for no earlier one: the rows that it repeats are in its own blob, their secrets under its own key.
(2) A file is kept while one edition or replica that is not erased names it: several agreements on one edition share
one. (3) A file that no row names is left alone for a while: somebody may be about to name it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.custody.blobs import SEALED_SUFFIX
from connector.custody.scrub import ERASED
from connector.negotiation.protocol.states import CONSUMER, FINAL, PROVIDER
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import BundleRow, ChannelRow, ChannelState
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.protocol import TransferRow
from connector.store.rows.vault import EditionRow, ReplicaRow
from contracts import lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from connector.store.transaction import Tx

    Holds = Callable[[Tx, EditionRow | ReplicaRow], bool]


EDITION, REPLICA, FILE = "edition", "replica", "file"
# products in these states sell nothing any more
SOLD_NO_MORE: Final = frozenset({ProductState.FAILED, ProductState.WITHDRAWN})
# the longest time between a blob's name and the row that names it is one commit; an hour forgives a stopped machine
UNNAMED_SECONDS_MIN = 3600


@dataclass(frozen=True, slots=True)
class Need:
    """One edition, replica or unnamed file, and the reasons to keep it: without one it may go."""

    kind: str
    id: str
    file: str
    sealed_bytes: int
    reasons: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """Return the row of `vault collect`."""
        told = {"kind": self.kind, "id": self.id, "file": self.file, "sealedBytes": str(self.sealed_bytes)}
        return told | {"reasons": list(self.reasons)}


def kept(tx: Tx) -> list[EditionRow | ReplicaRow]:
    """Return every edition and replica, editions first, the oldest of each first."""
    return [*tx.find(EditionRow, order="created"), *tx.find(ReplicaRow, order="created")]


def kind_of(row: EditionRow | ReplicaRow) -> str:
    """Return what a row of one of the two tables is of."""
    return EDITION if isinstance(row, EditionRow) else REPLICA


def needs(tx: Tx) -> list[Need]:
    """Return every edition and replica with bytes, with what speaks for it."""
    found = []
    for row in kept(tx):
        if row.state not in ERASED:
            why = tuple(reason for reason, holds in REASONS[kind_of(row)].items() if holds(tx, row))
            found.append(Need(kind_of(row), row.id, row.path, int(row.header["sealedBytes"]), why))
    return found


def named(tx: Tx) -> frozenset[str]:
    """Return the names of all files that an edition or a replica still has."""
    return frozenset(row.path for row in kept(tx) if row.state not in ERASED)


def unnamed(tx: Tx, folder: Path, now: datetime) -> list[Need]:
    """Return the sealed files in `folder` that no row names and that are not just being made."""
    known, oldest = named(tx), now.timestamp() - UNNAMED_SECONDS_MIN
    erased = {row.path for row in kept(tx)} - known
    found = []
    for path in sorted(folder.glob(f"*{SEALED_SUFFIX}")):
        with suppress(FileNotFoundError):  # somebody removed it while we looked
            if path.name not in known and (path.name in erased or path.stat().st_mtime < oldest):
                found.append(Need(FILE, path.stem, path.name, path.stat().st_size, ()))
    return found


def agreements(tx: Tx, row: EditionRow | ReplicaRow) -> Iterator[AgreementRow]:
    """Return the agreements under which an edition of ours is sold, or the one about a replica."""
    if isinstance(row, EditionRow):
        yield from tx.find(AgreementRow, "edition = ? and role = ?", (row.id, PROVIDER))
        return
    agreement = tx.get(AgreementRow, digest=row.agreement)
    if agreement is not None and agreement.role == CONSUMER:
        yield agreement


def _any(holds: Callable[[Tx, AgreementRow], bool]) -> Holds:
    return lambda tx, row: any(holds(tx, agreement) for agreement in agreements(tx, row))


def _agreed(_tx: Tx, agreement: AgreementRow) -> bool:
    return agreement.state not in lifecycle.OVER


def _moving(tx: Tx, agreement: AgreementRow) -> bool:
    transfers = tx.find(TransferRow, "agreement = ?", (agreement.digest,))
    return any(transfer.state not in FINAL for transfer in transfers)


def _unsettled(tx: Tx, agreement: AgreementRow) -> bool:
    channels = tx.find(ChannelRow, "agreement = ?", (agreement.digest,))
    return any(channel.state != ChannelState.CLOSED for channel in channels)


def _disputed(tx: Tx, agreement: AgreementRow) -> bool:
    """Say whether a bundle of evidence cites bytes under an agreement, ruled on or not."""
    channels = {channel.id for channel in tx.find(ChannelRow, "agreement = ?", (agreement.digest,))}
    return any(bundle.channel in channels for bundle in tx.find(BundleRow))


def _offered(tx: Tx, edition: EditionRow | ReplicaRow) -> bool:
    products = tx.find(ProductRow, "edition = ?", (edition.id,))
    own = tx.get(ProductRow, id=edition.product) if isinstance(edition, EditionRow) else None
    stands = own is not None and own.standing is not None and own.standing["edition"] == edition.id
    return stands or any(product.state not in SOLD_NO_MORE for product in products)


REASONS: Final[Mapping[str, Mapping[str, Holds]]] = {
    EDITION: {
        "an agreement on it is in force": _any(_agreed),
        "a transfer of it is not over": _any(_moving),
        "a channel that paid for it is not settled": _any(_unsettled),
        "a dispute cites its bytes": _any(_disputed),
        "a product offers it": _offered,
    },
    REPLICA: {
        "its agreement is in force": _any(_agreed),
        "a transfer of it is not over": _any(_moving),
        "a channel that paid for it is not settled": _any(_unsettled),
        "a dispute cites its bytes": _any(_disputed),
    },
}
