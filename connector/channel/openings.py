"""Leased openings: one row of `openings` for each agreement, transfer and reader key (spec 5).

Law: an opening is counted once, when its first keys are released; until its lease ends more rows of it cost no opening;
after that its reader key is spent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.channel.errors import fault
from connector.enforcement import uses
from connector.store.rows.use import OpeningRow, OpeningState
from connector.store.table_row import replace
from contracts.labels import H
from contracts.ranges import RowSet
from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.channel.doors import Deal
    from connector.channel.priced import Line
    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx
    from contracts.typed_data import Order


def identity(role: str, order: Order) -> str:
    """Return the id of the opening that an order belongs to, on the side of `role`."""
    return f"{role}-{H('opening', order.agreement_digest, order.transfer_id, order.reader_key).hex()}"


def is_counted(tx: Tx, opening: str) -> bool:
    """Say whether the opening was released before, so that it is not counted again."""
    return tx.get(OpeningRow, id=opening) is not None


def rows(tx: Tx, opening: str) -> RowSet | None:
    """Return the rows released to an opening so far, None for one that is not counted yet."""
    row = tx.get(OpeningRow, id=opening)
    return None if row is None else RowSet.from_json(row.rows)


def require_lease(tx: Tx, role: str, order: Order, now: datetime) -> None:
    """Refuse an order whose opening is over; one not yet begun is fine."""
    row = tx.get(OpeningRow, id=identity(role, order))
    if row is not None and (row.state != OpeningState.OPEN or now >= row.lease_until):
        raise fault("lease-ended", "the lease of this opening has ended")


def released(tx: Tx, evidence: Recorder, role: str, line: Line, purpose: str, released_at: int, now: datetime) -> None:
    """Count the opening of a released order, or add the rows to the one that runs; `released_at` as in the receipt."""
    if not adopt(tx, role, line, purpose, released_at):
        return
    row = tx.get(OpeningRow, id=identity(role, line.order))
    assert row is not None
    fields = _fields(row.transfer, row.number, row.reader_key, purpose)
    fields |= {"rows": line.rows.json(), "bytes": str(line.plain_bytes), "agreementDigest": line.deal.digest.hex()}
    _record(tx, evidence, "opening.started", line.deal.digest.hex(), fields, now)


def adopt(tx: Tx, role: str, line: Line, purpose: str, released_at: int) -> bool:
    """Write the opening of a released order without an event; return whether it is a new one."""
    opening = identity(role, line.order)
    before = rows(tx, opening)
    if before is not None:
        tx.update(OpeningRow, {"id": opening}, rows=(before | line.rows).json())
        return False
    start = at_second(released_at)
    tx.insert(
        OpeningRow(
            id=opening,
            agreement=line.deal.digest.hex(),
            transfer=line.order.transfer_id.hex(),
            reader_key=line.order.reader_key,
            number=_next_number(tx, role, line.deal),
            role=role,
            purpose=purpose,
            state=OpeningState.OPEN,
            rows=line.rows.json(),
            lease_until=start + timedelta(seconds=line.deal.terms.lease_seconds),
            created=start,
        )
    )
    return True


def end(tx: Tx, evidence: Recorder, opening: str, reason: str, now: datetime) -> bool:
    """End an opening (closed by its reader, lease over, revoked); return whether it was running."""
    row = tx.get(OpeningRow, id=opening)
    if row is None or row.state != OpeningState.OPEN:
        return False
    tx.change(row, replace(row, state=OpeningState.ENDED, ended=now, reason=reason))
    uses.end(tx, opening, min(now, row.lease_until))
    fields = _fields(row.transfer, row.number, row.reader_key, row.purpose)
    fields["duration"] = str(max(int((now - row.created).total_seconds()), 0))
    _record(tx, evidence, "opening.ended", row.agreement, fields, now)
    return True


def end_lapsed(tx: Tx, evidence: Recorder, now: datetime) -> int:
    """End every opening whose lease is over; return how many there were."""
    rows = tx.find(OpeningRow, "state = ? and lease_until <= ?", (OpeningState.OPEN, now))
    return sum(end(tx, evidence, row.id, "lease over", now) for row in rows)


def _next_number(tx: Tx, role: str, deal: Deal) -> int:
    rows = tx.find(OpeningRow, "agreement = ? and role = ?", (deal.digest.hex(), role), order="number desc", limit=1)
    return rows[0].number + 1 if rows else 1


def _fields(transfer: str, number: int, reader_key: bytes, purpose: str) -> dict[str, Any]:
    return {"transfer": transfer, "opening": str(number), "readerKey": reader_key.hex(), "purpose": purpose}


def _record(tx: Tx, evidence: Recorder, kind: str, agreement: str, fields: Mapping[str, Any], now: datetime) -> None:
    evidence.record(tx, kind, part=agreement, link=[fields["transfer"], fields["opening"]], fields=fields, now=now)
