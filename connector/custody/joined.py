"""The openings of a joined reading: how they are called, what each has besides, and which of one reading there are.

    joined//ID          the opening of the product that was asked first; `said` has which others, name → acquisition
    joined/NAME/ID      the opening of each other one, under its name in the statement; `said` has the reading's id

Law: a name has no `/` and no opening of another kind begins so, so an id says which of them it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.store.rows.use import ReadRow, ReadState
from contracts.canonical import canonical, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.transaction import Tx

PREFIX: Final = "joined/"
# in `said`: with what an opening is joined, and the number that hides its statement from who would guess it
JOINED, BLIND = "joined", "blind"


def opening_id(reading: str, name: str) -> str:
    """Return the id of the opening of a product under its name in a reading; the first has no name."""
    return f"{PREFIX}{name}/{reading}"


def reading_of(opening: str) -> tuple[str, str] | None:
    """Return the reading that an opening is part of, and its name in it; None for one that was not joined."""
    name, mark, reading = opening.removeprefix(PREFIX).partition("/")
    return (reading, name) if opening.startswith(PREFIX) and mark else None


def written(others: Mapping[str, str]) -> str:
    """Return what the first opening has in `said`: name → acquisition of the others."""
    return canonical(dict(others)).decode()


def opened_under(tx: Tx, reading: str) -> list[str]:
    """Return the agreements (digests, hex) that were read under an id: one, or all that were joined; none for none."""
    first = tx.get(ReadRow, id=opening_id(reading, ""))
    names = [] if first is None else ["", *load((first.said or {})[JOINED].encode())]
    rows = [tx.get(ReadRow, id=reading), *(tx.get(ReadRow, id=opening_id(reading, name)) for name in names)]
    return [row.agreement for row in rows if row is not None and row.state == ReadState.DONE]
