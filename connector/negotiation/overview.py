"""What the operator sees of negotiations and transfers: one by one, or in pages of what has moved last.

Law: every process that is not at its end is shown with its state, whose turn it is, until when, and what went wrong
last; with the message that is under way, if there is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import TIERS
from connector.negotiation.protocol.offers import METERED, PLAIN
from connector.negotiation.protocol.states import NEGOTIATION, ROLES, STATES, TRANSFER
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.protocol import NegotiationRow, OutboxRow, TransferRow
from connector.store.rows.vault import CopyRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.negotiation.process import AnyProcess
    from connector.store.rows.protocol import ProcessRow
    from connector.store.transaction import Tx

OURS, PEERS, NOBODYS = "ours", "peer", "nobody"
_SIDES: Final = "('{}', '{}')".format(*ROLES)  # named, and `role` wrapped, so that the index of turns is taken
# whose turn -> how its rows are found
TURNS: Final[Mapping[str, str]] = {
    OURS: f"turn IN {_SIDES} AND turn = role || ''",
    PEERS: f"turn IN {_SIDES} AND turn <> role",
    NOBODYS: "turn = ''",
}
KNOWN_STATES: Final = sorted({state for states in STATES.values() for state in states if state})
CURSOR: Final = re.compile(r"([0-9]{1,18})-(.{1,200})")  # `updated` in microseconds and the id of a page's last row


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which processes to list: an empty member means any; `after` is the `next` of the page before."""

    kind: str = ""
    state: str = ""
    turn: str = ""
    after: str = ""
    rows: int = PAGE_ROWS_MAX

    def check(self) -> None:
        """Raise InvalidInput for what no page can be made of."""
        for name, value, known in (
            ("kind", self.kind, list(STATES)),
            ("state", self.state, KNOWN_STATES),
            ("turn", self.turn, list(TURNS)),
        ):
            if value and value not in known:
                raise InvalidInput(f"`{value[:100]}` is no {name}", f"one of {', '.join(known)}")
        if not 1 <= self.rows <= PAGE_ROWS_MAX:
            raise InvalidInput(f"a page has 1 to {PAGE_ROWS_MAX} rows")
        if self.after and not CURSOR.fullmatch(self.after):
            raise InvalidInput(f"`{self.after[:100]}` is no `next` of a page", "leave it out to begin")


def page(tx: Tx, processes: Mapping[str, AnyProcess], wanted: Wanted) -> dict[str, Any]:
    """Return `processes`, what moved last first, and `next` for the page after it, None at the end."""
    chosen = [process for process in processes.values() if wanted.kind in {"", process.process}]
    sql, values = statement(chosen, wanted)
    found = tx.execute(sql, *values)
    shown = found[: wanted.rows]
    views = [view(tx, row(tx, processes[one["kind"]], one["id"])) for one in shown]
    more = f"{shown[-1]['updated']}-{shown[-1]['id']}" if len(found) > len(shown) else None
    return {"processes": views, "next": more}


def statement(chosen: Sequence[AnyProcess], wanted: Wanted) -> tuple[str, list[Any]]:
    """Return the statement that finds the rows of a page and one more, and its values.

    Each table gives its newest by an index (`PAGED`), so a page costs the same however many have ended.
    """
    where, values = _where(wanted)
    newest, limit = "ORDER BY updated DESC, id DESC LIMIT ?", wanted.rows + 1
    each = [
        f"SELECT * FROM (SELECT '{one.process}' AS kind, id, updated FROM {one.table} WHERE {where} {newest}) AS one"  # noqa: S608 - kinds, tables and conditions are declared here
        for one in chosen
    ]
    return f"{' UNION ALL '.join(each)} {newest}", [*[*values, limit] * len(chosen), limit]


def row(tx: Tx, process: AnyProcess, pid: str) -> ProcessRow:
    """Return the row of a process that is there."""
    found: ProcessRow | None = tx.get(process.rows, id=pid)
    assert found is not None, "no process is ever deleted"
    return found


def view(tx: Tx, row: ProcessRow) -> dict[str, Any]:
    """Return one process as an operator sees it; moments are ISO 8601, None when there is none."""
    message = _message(tx, row.id) if row.pending else None
    turn = NOBODYS if not row.turn else OURS if row.turn == row.role else PEERS
    return {
        "id": row.id,
        "kind": NEGOTIATION if isinstance(row, NegotiationRow) else TRANSFER,
        "role": row.role,
        "peer": row.peer,
        "peerPid": row.peer_pid,
        "about": row.product if isinstance(row, NegotiationRow) else row.agreement,
        "state": row.state,
        "pending": row.pending,
        "reason": row.reason or (message["error"] if message else ""),
        "turn": turn,
        "deadline": _moment(row.deadline),
        "due": _moment(row.due),
        "message": message,
        "created": _moment(row.created),
        "updated": _moment(row.updated),
    } | _metered(tx, row)


def _metered(tx: Tx, row: ProcessRow) -> dict[str, Any]:
    """Return what a transfer of a plain copy shows besides: whose word its figures are, and at the provider these."""
    if not isinstance(row, TransferRow) or row.format not in TIERS[PLAIN].formats:
        return {}
    copy = tx.get(CopyRow, id=row.id)
    if copy is None:
        return {"metering": METERED}
    served = {"bytes": str(copy.bytes), "requests": copy.calls, "receipt": copy.receipt}
    return {"metering": METERED, "served": served | {"countersigned": copy.agreed is not None}}


def _message(tx: Tx, pid: str) -> dict[str, Any]:
    sent = tx.find(OutboxRow, "subject = ?", (pid,), limit=1)[0]
    told = {"kind": sent.kind, "url": sent.url, "attempts": sent.attempts, "error": sent.error}
    return told | {"due": _moment(sent.due), "deadline": _moment(sent.deadline)}


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    """Return the condition of a page and its values."""
    parts: list[str] = ["1"]
    values: list[Any] = []
    if wanted.state:
        parts.append("state = ?")
        values.append(wanted.state)
    if wanted.turn:
        parts.append(TURNS[wanted.turn])
    if found := CURSOR.fullmatch(wanted.after):
        parts.append("(updated, id) < (?, ?)")
        values += [int(found[1]), found[2]]
    return " AND ".join(parts), values


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
