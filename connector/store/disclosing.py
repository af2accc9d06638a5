"""Disclosing past events to a supervisor who came after them: the keys of their boxes are wrapped once more (spec 7).

Law: values go only to the supervisor that the space names, whole boxes of events, and the disclosure is an event itself
in the same transaction. What was erased, or came back from a mirror after a restore, has no box and stays undisclosed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.store.rows.evidence import BoxKeyRow
from ledger.log import disclosure, wrapping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from ledger.log.wrapping import Opener

KIND = "disclosure.made"
_COUNT = "SELECT count(*) FROM log_entries WHERE box_key = ?"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Whom a space names to read events: its DID and its public keys; what is sealed to it is sealed to the first."""

    did: str
    keys: tuple[bytes, ...]


def disclose(
    tx: Tx, evidence: Evidence, keys: Sequence[Opener], supervisor: Supervisor, now: datetime
) -> tuple[int, int | None]:
    """Wrap the keys of all boxes that `supervisor` cannot open; `keys` are the owner's, to whom every box is disclosed.

    Returns how many events it can open now that it could not, and the index of the event that says so, None where
    there were none.
    """
    to = disclosure.recipient_id(supervisor.keys[0])
    known = {row.name for public in supervisor.keys for row in _filed(tx, public)}
    events = 0
    for key in keys:
        for row in _filed(tx, wrapping.public_of(key)):
            if row.name in known:
                continue
            known.add(row.name)
            again = disclosure.wrap_again(row.wrapped, key, supervisor.keys[0])
            tx.put(BoxKeyRow(name=row.name, recipient=to, wrapped=again))
            events += int(tx.column(_COUNT, row.name)[0])
    if not events:
        return 0, None
    fields = {"to": supervisor.did, "events": str(events)}
    return events, evidence.record(tx, KIND, part=evidence.origin, link=[to], fields=fields, now=now)


def _filed(tx: Tx, public: bytes) -> list[BoxKeyRow]:
    return tx.find(BoxKeyRow, "recipient = ?", (disclosure.recipient_id(public),))
