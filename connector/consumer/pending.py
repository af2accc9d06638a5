"""What is bought and not here yet, and openings that were begun and not ended: whose turn it is, and how each ends.

Law: the same id always goes on, and every row has an act that ends it. What is paid into a channel and not used comes
back: that is `connector.settlement.pending`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.consumer import waiting
from connector.consumer.steps import IS_UNENDED, UNENDED
from connector.custody import joined
from connector.negotiation.pending import Pending
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.use import ReadRow, ReadState

if TYPE_CHECKING:
    from connector.store.transaction import Tx

ORDER, OPENING = "order", "opening"


def orders(tx: Tx) -> list[Pending]:
    """Return the orders that are not at their end, the oldest first; `why` is what the rows say of it."""
    return [_order(tx, row) for row in tx.find(AcquisitionRow, IS_UNENDED, UNENDED, "updated")]


def processes_of_orders(tx: Tx) -> frozenset[str]:
    """Return the ids of negotiations and transfers of orders that are not at their end."""
    found = tx.find(AcquisitionRow, IS_UNENDED, UNENDED)
    return frozenset(one for row in found for one in (row.negotiation, row.transfer) if one)


def openings(tx: Tx) -> list[Pending]:
    """Return the openings that were begun and neither done nor denied, the oldest first."""
    states = ReadState.ASKED, ReadState.DECIDED
    rows = tx.find(ReadRow, "state in (?, ?)", states, "created")
    return [_opening(tx, row) for row in rows if not (joined.reading_of(row.id) or ("", ""))[1]]


def _order(tx: Tx, row: AcquisitionRow) -> Pending:
    turn = waiting.turn(tx, row, None, "")
    assert turn is not None, "what is not at its end has a turn"
    if row.paused is not None:
        goes, goes_on = f"`penstock transfer resume {row.id}` goes on", f"`penstock transfer resume {row.id}` 继续"
    else:
        goes, goes_on = "it goes on by itself, and with the same id", "系统会自动继续,也可用同一编号再次提交"
    ends = f"`penstock transfer cancel {row.id}`"
    if row.channel:  # money lies there
        revokes = f"`penstock admin revoke {row.agreement}`"
        en, zh = f"{ends}, then {revokes}, brings the unused deposit back", f"{ends},再 {revokes},退回未用押金"
    else:
        en, zh = f"{ends} ends it, nothing is paid", f"{ends} 终止,未付款"
    return Pending(
        kind=ORDER,
        id=row.id,
        about=row.product,
        peer=row.provider or "",
        state=row.state,
        whose=turn.whose,
        since=row.paused or row.updated,
        until=turn.until,
        why=turn.why,
        en=f"{goes}; {en}",
        zh=f"{goes_on};{zh}",
    )


def _opening(tx: Tx, row: ReadRow) -> Pending:
    got = tx.get(AcquisitionRow, id=row.acquisition)
    reading = joined.reading_of(row.id)
    how, key = (" --query … --with …", reading[0]) if reading else ("", row.id)
    again = f"`penstock open {row.acquisition} --purpose {row.purpose}{how} --id {key}`"
    return Pending(
        kind=OPENING,
        id=row.id,
        about="" if got is None else got.product,
        peer="" if got is None else got.provider or "",
        state=row.state,
        whose=waiting.BUYER,
        since=row.created,
        until=None,
        why="",
        en=f"{again} goes on, and pays again only for keys that were lost between two batches; "
        "left alone it costs nothing more",
        zh=f"{again} 继续,仅对两批密钥之间因中断丢失的部分重新付费;不处理也不再产生费用",
    )
