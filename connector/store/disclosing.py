"""Disclosing past events to a supervisor who came after them: the keys of their boxes are wrapped once more (spec 7).

Law: values go only to the supervisor that the space names, whole boxes of events, and the disclosure is an event itself
in the same transaction. What was erased, or came back from a mirror after a restore, has no box and stays undisclosed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.rows.evidence import BoxKeyRow
from ledger.log import disclosure

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from ledger.space.document import Member

KIND = "disclosure.made"
_COUNT = "SELECT count(*) FROM log_entries WHERE box_key = ?"


def disclose(
    tx: Tx, evidence: Evidence, key: X25519PrivateKey, supervisor: Member, now: datetime
) -> tuple[int, int | None]:
    """Wrap the keys of all boxes that `supervisor` cannot open; `key` is the owner's, to whom every box is disclosed.

    Returns how many events it can open now that it could not, and the index of the event that says so, None where
    there were none.
    """
    to, own = disclosure.recipient_id(supervisor.delivery), disclosure.recipient_id(key.public_key().public_bytes_raw())
    wrapped = {row.name: row.wrapped for row in tx.find(BoxKeyRow, "recipient = ?", (own,))}
    known = {row.name for row in tx.find(BoxKeyRow, "recipient = ?", (to,))}
    events = 0
    for name in wrapped.keys() - known:
        again = disclosure.wrap_again(wrapped[name], key, supervisor.delivery)
        tx.put(BoxKeyRow(name=name, recipient=to, wrapped=again))
        events += int(tx.column(_COUNT, name)[0])
    if not events:
        return 0, None
    fields = {"to": supervisor.did, "events": str(events)}
    return events, evidence.record(tx, KIND, part=evidence.origin, link=[to], fields=fields, now=now)
