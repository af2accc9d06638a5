"""The version of a listing that stands while the next one waits for its review (decision 0136).

Law: a row says what was handed in last. Where that is not reviewed yet and something was listed before, what was listed
is kept beside it, whole, with its review, and whatever is shown or found, here and at other exchanges, is that. It ends
when the next version is listed, and takes its place again when that is refused; a suspension is of what stands, and the
next version has to be handed in again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from catalog.listing import FOUND_IN, State
from connector.store.rows.catalogue import ListingRow

if TYPE_CHECKING:
    from typing import Any

    from connector.exchange.numbering import Stocked

# states of a row beside which an earlier version may stand
WAITING = (State.SUBMITTED, State.REVIEWED)


def kept(row: ListingRow, said: dict[str, Any]) -> dict[str, Any] | None:
    """Return what is kept of a row that gets its next version: of what is listed all that it `said`."""
    if row.state in FOUND_IN:
        # an edition has one draw: its seed is needed again for a version of the same edition
        seed = None if row.seed is None else row.seed.hex()
        return {"said": said, "review": row.review, "skeleton": row.skeleton, "seed": seed}
    return row.standing if row.state in WAITING else None


def stands(row: Stocked) -> bool:
    """Say whether an earlier version stands beside a row."""
    return isinstance(row, ListingRow) and row.standing is not None


def over(row: Stocked) -> Stocked:
    """Return a row beside which nothing stands any more."""
    return replace(row, standing=None) if isinstance(row, ListingRow) else row


def stood(row: Stocked) -> ListingRow:
    """Return the row of what stands, in the place of what was handed in after it."""
    assert isinstance(row, ListingRow), "services have one version that is shown"
    assert row.standing is not None, "something stands beside it"
    told = row.standing
    seed = None if told["seed"] is None else bytes.fromhex(told["seed"])
    back = {"review": told["review"], "skeleton": told["skeleton"], "seed": seed}
    return replace(row, **told["said"], **back, state=State.LISTED, standing=None)


def told(row: Stocked) -> dict[str, Any]:
    """Return what its provider is told of a row beside what all see: the state of a version that waits, or why not."""
    waits = row.state.value if row.state in WAITING else None
    return {"waits": waits, "reason": row.reason or ""}


def shown(row: Stocked) -> Stocked | None:
    """Return what members see of a row, None where it is nothing."""
    if row.state in FOUND_IN:
        return row
    return stood(row) if stands(row) and row.state in WAITING else None
