"""What a buyer sees of what it is getting: how far it is, whose turn it is, what it has paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.channel import tally
from connector.consumer import copying, waiting
from connector.custody import replicas
from connector.licence.licensed import rows_of
from connector.negotiation.agreement import USABLE
from connector.negotiation.protocol.states import CONSUMER, TERMINATED
from connector.runtime.errors import DISK_EXIT, Absent
from connector.runtime.local_names import renamed
from connector.store.rows.agreement import AcquisitionRow, AcquisitionState, AgreementRow
from connector.store.rows.channel import PaidRowsRow
from connector.store.rows.protocol import NegotiationRow
from connector.store.rows.use import ReadRow
from contracts import price_words
from contracts.tariff import Tariff
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from contracts.unit_price import MIB
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.runtime.errors import Failure
    from connector.store.rows.vault import ReplicaRow
    from connector.store.transaction import Tx


# windows whose keys are here
STAYS = "agreed; nothing is delivered, the data stay at their provider and are asked"
# of many about one product the first row of their index is read, not all
_RUNNING = f"product = ? AND role = ? AND not_after > ? AND state IN ({', '.join(repr(one) for one in sorted(USABLE))})"
_RELEASED = "SELECT count(*) AS windows FROM windows WHERE channel = ? AND state IN ('released', 'acknowledged')"


def _unknown(_size: int) -> None:
    """Know nothing of the speed."""


def view(
    tx: Tx, key: str, trouble: Failure | None, asked: str, saw: Callable[[int], float | None] = _unknown
) -> dict[str, Any]:
    """Return an acquisition as its buyer sees it; raises Absent. See `waiting.turn` for `trouble` and `asked`.

    `saw` is told the plain bytes that are here and returns how many come a second, if that is known.
    """
    row = tx.get(AcquisitionRow, id=key)
    if row is None:
        raise Absent(f"there is no acquisition `{key[:100]}`")
    released = tx.execute(_RELEASED, row.channel or "")[0]["windows"]
    talk = tx.get(NegotiationRow, id=row.negotiation) if row.negotiation else None
    agreement = tx.get(AgreementRow, digest=row.agreement) if row.agreement else None
    paid = tx.get(PaidRowsRow, agreement=row.agreement) if row.agreement else None
    replica = replicas.seen(tx, row.agreement or "")
    keys = sum(count for _, count in replica.key_rows) if replica else 0
    held = sum(count for _, count in replica.bytes_rows) if replica else 0
    rows, size = _due(tx, agreement, replica) if agreement and replica else (0, 0)
    here = size * max(held, keys) // rows if rows else 0  # where nothing sealed is kept, what has its key came
    speed = saw(here) if row.state == AcquisitionState.RECEIVING and replica else None
    turn = waiting.turn(tx, row, trouble, asked)
    cost = "0" if paid is None else str(paid.amount)
    price, cap, currency = _price(agreement)
    due = price_words.money(int(cost), currency) if currency else cost
    told = f"{held} of {rows} pieces here, {keys} keys, {released} windows, paid {due}" + _told(size - here, speed)
    copied = (row.progress or {}).get("files")
    tier = agreement.terms["tier"] if agreement and agreement.terms else ""
    if tier == COMPUTED:
        told = STAYS
    return {
        "id": row.id,
        "product": row.product,
        "title": agreement.terms["title"] if agreement and agreement.terms else row.product,
        "tier": tier,
        "state": row.state,
        "reason": row.reason,
        "turn": None if turn is None else turn.json(),
        "mark": f"{row.state}-{released}" + _rests(row, trouble),
        "agreement": row.agreement,
        "channel": row.channel,
        "transfer": row.transfer,
        "price": price,
        "cap": None if cap is None else str(cap),
        "most": None if cap is None else price_words.money(cap, currency),
        "renamed": _renamed(tx, row, list(copied or ())),
        "negotiation": None if talk is None else {"rounds": talk.rounds, "price": _said(talk.price)},
        "progress": {
            "windows": released,
            "rowsHeld": held,
            "sealedBytes": replica.header["sealedBytes"] if replica else "0",
            "keysHeld": keys,
            "rows": rows,
            "paid": cost,
            "sum": due,
            "bytes": str(size),
            "bytesHeld": str(here),
            "bytesPerSecond": None if speed is None else str(round(speed)),
            "secondsLeft": None if speed is None else str(round((size - here) / speed)),
            "text": told if copied is None else copying.text(row.progress),
        },
    }


def begun(tx: Tx, key: str) -> AcquisitionRow | None:
    """Return the acquisition that goes on under an id, None where the id is free, as of one that failed unsigned."""
    row = tx.get(AcquisitionRow, id=key)
    if row is None or row.state is not AcquisitionState.FAILED or row.agreement:
        return row
    talk = tx.get(NegotiationRow, id=row.negotiation) if row.negotiation else None
    if talk is None:
        return row if row.negotiation else None
    return None if talk.state == TERMINATED and talk.digest is None else row


def bought(tx: Tx, product: str, now: datetime) -> str | None:
    """Return an agreement of ours about a product that still runs, the one that runs longest; None where none does."""
    found = tx.find(AgreementRow, _RUNNING, (product, CONSUMER, now), "not_after desc", 1)
    return found[0].digest if found else None


def _rests(row: AcquisitionRow, trouble: Failure | None) -> str:
    """Return what a mark has besides while nothing moves until a person does something."""
    full = trouble is not None and trouble.exit_code == DISK_EXIT
    return "-paused" if row.paused is not None else "-disk" if full else ""


def _renamed(tx: Tx, row: AcquisitionRow, copied: list[str]) -> dict[str, str]:
    """Return the files that are called otherwise where they were put, told name → name there."""
    if copied:
        return renamed(copied)
    opening = tx.get(ReadRow, id=f"{row.id}/to")
    return dict(((opening and opening.result) or {}).get("renamed", {}))


def _told(left: int, speed: float | None) -> str:
    return "" if speed is None else f", {speed / MIB:.1f} MiB/s, {left / speed:.0f} s left"


def _due(tx: Tx, agreement: AgreementRow, replica: ReplicaRow) -> tuple[int, int]:
    """Return how many rows, and plain bytes, an agreement is about."""
    if "columns" not in agreement.signed_terms:
        return int(replica.header["rows"]), int(replica.header["plainBytes"])
    table = replicas.table(tx, replica)
    rows = rows_of(agreement.signed_terms, table)
    return len(rows), tally.plain_bytes(table, rows)


def _price(agreement: AgreementRow | None) -> tuple[str, int | None, str]:
    """Return the agreed price in words, the most that is ever due (None before it is agreed on), and the currency."""
    if agreement is None or not agreement.terms:
        return "", None, ""
    signed = agreement.agreement
    tariff = Tariff.from_json(agreement.terms["tariff"])
    cap = None if signed is None else int(from_json(Agreement, signed).price_cap)
    return price_words.price(tariff), cap, tariff.currency


def _said(price: int | None) -> str:
    return "" if price is None else str(price)
