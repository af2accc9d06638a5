"""Money that lies in channels and does not move by itself: a payer's deposit, a channel that its payee must look after.

Law: a deposit is the payer's to take back when its channel expires, whatever anybody does; a payee's claim is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.negotiation.pending import Pending
from connector.store.rows.agreement import AcquisitionRow, AcquisitionState, AgreementRow
from connector.store.rows.channel import ChannelRow, ChannelState, Side
from contracts import lifecycle

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx

DEPOSIT, CLAIM = "deposit", "claim"
PROVIDER, BUYER = "provider", "buyer"
# state of a channel whose payee must look → why, what to do, 做法
KEPT_BACK = {
    ChannelState.CLOSING: (
        "it is being settled",
        "it goes on by itself; {settle} tries at once",
        "系统会自动继续;{settle} 立即重试",
    ),
    ChannelState.STOPPED: (
        "its buyer contradicted itself",
        "what was paid is claimed by itself; {settle} closes it, `penstock doctor` has the alarm",
        "已付款项自动领取;{settle} 关闭通道,`penstock doctor` 显示告警",
    ),
    ChannelState.FROZEN: ("an arbitrator holds it", "wait for the ruling", "等待裁决"),
}


def channels(tx: Tx, now: datetime) -> list[Pending]:
    """Return what lies in channels under agreements that are over, or past their expiry, and what a payee must end."""
    rows = tx.find(ChannelRow, accounts.IS_LIVE, accounts.LIVE, "created")
    found = [_deposit(tx, row, now) if row.role == Side.PAYER else _claim(tx, row) for row in rows]
    return [one for one in found if one is not None]


def _deposit(tx: Tx, row: ChannelRow, now: datetime) -> Pending | None:
    """Return a deposit that nobody uses any more, None where an order may still use it."""
    agreement = tx.get(AgreementRow, digest=row.agreement)
    revoke = f"`penstock admin revoke {row.agreement}`"
    settle = f"`penstock settle {row.agreement}`"
    if row.expiry <= now:
        whose, why = BUYER, "its channel has expired"
        en, zh = f"{settle} takes back what was not used", f"{settle} 取回未用部分"
    elif agreement is None or agreement.state in lifecycle.OVER:
        whose, why = PROVIDER, "its agreement is over, and the provider has not closed its channel"
        en = f"it is asked back by itself; from the expiry on {settle} takes back what was not used"
        zh = f"系统会自动要求退回;到期后 {settle} 取回未用部分"
    elif _is_forsaken(tx, row):
        whose, why = BUYER, "its order has failed, and its agreement still runs"
        en, zh = f"{revoke} ends the agreement; then it is asked back by itself", f"{revoke} 终止合约后自动要求退回"
    else:
        return None
    about = row.agreement if agreement is None else agreement.product
    told = {"kind": DEPOSIT, "id": row.id, "about": about, "peer": row.peer, "state": row.state}
    return Pending(**told, whose=whose, since=row.created, until=row.expiry, why=why, en=en, zh=zh)


def _is_forsaken(tx: Tx, row: ChannelRow) -> bool:
    """Say whether every order under a channel's agreement has failed."""
    found = tx.find(AcquisitionRow, "agreement = ?", (row.agreement,))
    return bool(found) and all(one.state == AcquisitionState.FAILED for one in found)


def _claim(tx: Tx, row: ChannelRow) -> Pending | None:
    if row.state not in KEPT_BACK:
        return None
    agreement = tx.get(AgreementRow, digest=row.agreement)
    settle = f"`penstock settle {row.agreement}`"
    why, en, zh = KEPT_BACK[row.state]
    return Pending(
        kind=CLAIM,
        id=row.id,
        about=row.agreement if agreement is None else agreement.product,
        peer=row.peer,
        state=row.state,
        whose=PROVIDER,
        since=row.created,
        until=row.expiry,
        why=why,
        en=en.format(settle=settle),
        zh=zh.format(settle=settle),
    )
