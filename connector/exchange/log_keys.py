"""A member's log goes on under another key: what an exchange takes over, and what becomes of the former one.

Law: (1) the former key has signed the next one in the member's document, and the registry on chain has it from the
member's account. (2) Up to a size heads count by the former key for as long as the space is there; that size is said
once. What we cosigned beyond it bears both signatures, or is disowned, and the key is not taken. (3) A key that
was comes back for nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.runtime.errors import Conflict
from connector.runtime.limits import FORMER_LOG_SECONDS
from connector.store.rows.evidence import WitnessedRow
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.note import NoteError
from ledger.space.log_keys import FORMER_LOG_MAX

if TYPE_CHECKING:
    from datetime import datetime

    from connector.identity.did import Document
    from connector.store.transaction import Tx
    from ledger.space.document import Member


def followed(tx: Tx, found: Member, known: Member, document: Document, now: datetime) -> Member:
    """Return a member as it describes itself with the keys of its log that were; raises Conflict."""
    if found.log_key == known.log_key:
        return replace(found, log_former=known.log_former)
    told = next(iter(document.log_former), None)
    if told is None or told.key != known.log_key:
        text = f"nothing shows that `{found.did}` has another log key itself"
        raise Conflict(text, "its former one signs the next: penstock key rotate log")
    if found.log_key in known.log_keys:
        raise Conflict(f"`{found.did}` has had that log key before", "it draws another: penstock key rotate log")
    if len(known.log_former) >= FORMER_LOG_MAX:
        raise Conflict(f"`{found.did}` has had {FORMER_LOG_MAX} former log keys", "it joins under another DID")
    # nobody says that a former key counts for longer than we have known of the next one
    latest = now.replace(microsecond=0) + timedelta(seconds=FORMER_LOG_SECONDS)
    _require_kept(tx, found, told.size)
    return replace(found, log_former=(replace(told, until=min(told.until, latest)), *known.log_former))


def _require_kept(tx: Tx, found: Member, size: int) -> None:
    """Raise Conflict where we cosigned more by the former key than the member says that it signed."""
    row = tx.get(WitnessedRow, origin=found.origin)
    if row is None or row.size <= size:
        return
    try:
        checkpoints.verify(notes.parse(row.note), found.log_vkey)
    except NoteError as error:
        text = f"`{found.did}` signed {row.size} entries by its former key, and tells of {size}"
        raise Conflict(text, "that is a log with two histories, or another member") from error
