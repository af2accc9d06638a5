"""What waits, and how it ends: whose turn it is, since when and until when, why, and what to do (docs/processes.md).

Law: whatever is begun and not at its end is listed with a way to end it. Who lists reads rows and changes nothing, so
it can be done beside a server, and without one. Here are the processes of the protocol; what is bought is in
`connector.consumer.pending`, the money in `connector.settlement.pending`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.negotiation.protocol.states import NEGOTIATION, STARTED, TRANSFER, other
from connector.store.rows.protocol import NegotiationRow, OutboxRow, TransferRow

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from connector.store.rows.protocol import ProcessRow
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing that waits; `until` is when it is given up unless something happens, None if it may wait for ever.

    `whose` has to act: a role of the trade, or the chain. `en` and `zh` say what the reader can do.
    """

    kind: str
    id: str
    about: str
    peer: str
    state: str
    whose: str
    since: datetime
    until: datetime | None
    why: str
    en: str
    zh: str

    def json(self) -> dict[str, Any]:
        """Return it with moments in ISO 8601."""
        told = {name: getattr(self, name) for name in ("kind", "id", "about", "peer", "state", "whose")}
        until = None if self.until is None else self.until.isoformat()
        return {**told, "since": self.since.isoformat(), "until": until, "why": self.why, "en": self.en, "zh": self.zh}


def processes(tx: Tx, but: Container[str]) -> list[Pending]:
    """Return the negotiations and transfers that somebody has to move, without those of the ids `but`."""
    found: list[ProcessRow] = [
        *tx.find(NegotiationRow, "turn <> '' or pending <> ''", (), "updated"),
        # one that runs waits for nobody, until it is told to end
        *tx.find(TransferRow, "(turn <> '' and state <> ?) or pending <> ''", (STARTED,), "updated"),
    ]
    return [_process(tx, row) for row in found if row.id not in but]


def _process(tx: Tx, row: ProcessRow) -> Pending:
    sent = tx.find(OutboxRow, "subject = ?", (row.id,), limit=1)
    is_talk = isinstance(row, NegotiationRow)
    ours = row.turn == row.role and not row.pending
    state = f"{row.state} > {row.pending}" if row.pending else str(row.state)
    return Pending(
        kind=NEGOTIATION if is_talk else TRANSFER,
        id=row.id,
        about=row.product if isinstance(row, NegotiationRow) else row.agreement,
        peer=row.peer,
        state=state,
        whose=row.role if ours else other(row.role),
        since=row.updated,
        until=row.deadline,
        why=row.reason or (sent[0].error if sent else ""),
        en=f"it is tried again by itself; `penstock admin retry {row.id}` at once, `penstock admin terminate {row.id}` "
        "ends it",
        zh=f"系统会自动重试;`penstock admin retry {row.id}` 立即重试,`penstock admin terminate {row.id}` 终止",
    )
