"""What stands on the list of this exchange, by kind: data sets and services, each with the same functions.

Law: an id says of which kind its thing is (`connector.exchange.numbering`), so nobody else asks. A kind is a module
that has what `Kind` names, and a row of KINDS under the class of its rows. What was found elsewhere is of none: it is
not listed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from connector.exchange import listings, services, standing
from connector.exchange.numbering import row_of
from connector.store.rows.catalogue import FederatedRow, ListingRow, ServiceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from catalog.dataset import Dataset
    from catalog.listing import Move, State
    from catalog.question import Entry
    from catalog.service import Service
    from connector.exchange.numbering import Stocked
    from connector.exchange.versions import Versions
    from connector.runtime.errors import Absent
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


class Kind(Protocol):
    """One kind; `NAME` is what a question calls it (`kind=`), `FACES` how other standards have one of it."""

    @property
    def NAME(self) -> str:  # noqa: N802  # a constant of the module
        """Return what a question calls it."""
        ...

    @property
    def VERSIONS(self) -> Versions:  # noqa: N802  # a constant of the module
        """Return what keeps the versions of these."""
        ...

    @property
    def FACES(self) -> Mapping[str, Callable[[JsonObject], JsonObject]]:  # noqa: N802  # a constant of the module
        """Return name → what makes that face of a view."""
        ...

    def find(self, tx: Tx, key: str) -> Stocked:
        """Return one in any state; raises Absent."""
        ...

    def listed(self, tx: Tx, key: str) -> Stocked:
        """Return one that members may see; raises Absent."""
        ...

    def absent(self, key: str) -> Absent:
        """Return the word that there is none of this id, the same for one that is not shown."""
        ...

    def page(self, tx: Tx, state: State, first: int) -> list[JsonObject]:
        """Return those of a state for the operator, those first that are in it longest."""
        ...

    def move(
        self, tx: Tx, evidence: Evidence, key: str, step: Move, *, by: str, role: str, reason: str, now: datetime
    ) -> str:
        """Make a move of the table; returns the new state."""
        ...

    def view(self, row: Stocked) -> JsonObject:
        """Return what members see of one."""
        ...

    def indexed(self, row: Stocked) -> Entry:
        """Return what the index holds of one."""
        ...

    def take_review(self, tx: Tx, evidence: Evidence, row: Stocked, finding: JsonObject, now: datetime, /) -> None:
        """Keep what a review found, with what the log is to have of it besides the moves."""
        ...

    def told(self, row: Stocked) -> JsonObject:
        """Return one as other exchanges are told of it, with its `kind`."""
        ...

    def described(self, document: JsonObject) -> Dataset | Service:
        """Return what its provider says of one, by the document that was handed in."""
        ...

    def ruled(self, document: JsonObject) -> tuple[JsonObject, str]:
        """Return the policy of one by the same document, and the tier that rules of a space may name."""
        ...


DATA_SETS: Kind = listings
KINDS: Mapping[type[ListingRow | ServiceRow], Kind] = {ListingRow: DATA_SETS, ServiceRow: services}
# their tables
LISTED = tuple(row.TABLE.name for row in KINDS)


def of(key: str) -> Kind:
    """Return the kind of an id; what was found elsewhere is asked for among the data sets, and is not there."""
    return next((kind for row, kind in KINDS.items() if row is row_of(key)), DATA_SETS)


def named(name: str) -> Kind:
    """Return the kind of a name, that of data sets for one that there is not."""
    return {kind.NAME: kind for kind in KINDS.values()}.get(name, DATA_SETS)


def shown(tx: Tx, key: str) -> JsonObject | None:
    """Return what members see of one, None when it is listed no more."""
    row = tx.get(row_of(key), id=key)
    if row is None or isinstance(row, FederatedRow):
        return None
    found = standing.shown(row)
    return None if found is None else of(key).view(found)


def document(row: Stocked) -> JsonObject:
    """Return what a row says, as it was handed in."""
    return {"id": row.id, **of(row.id).VERSIONS.of(row)}


def described(row: Stocked) -> Dataset | Service:
    """Return what the provider says of a row."""
    return of(row.id).described(document(row))
