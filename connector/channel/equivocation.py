"""Two different signed messages with one seq and one signer: both are kept, and the channel stops (spec 4, resume)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel.messages import Equivocation
from connector.store.rows.channel import BundleRow
from contracts.canonical import sha
from ledger.dispute import equivocation

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx
    from ledger.dispute.equivocation import Signed

CODE = "equivocation"


def keep(tx: Tx, desk: Desk, account: ChannelRow, first: Signed, second: Signed, now: datetime) -> Equivocation:
    """Keep both signed messages as proof, stop the channel and have it known; return what to answer.

    A payee claims what was paid on a stopped channel at once (`connector.settlement.receivables`).
    """
    seq = first[0].seq
    assert second[0].seq == seq
    assert type(first[0]) is type(second[0])
    proof = equivocation.document(account.channel_id, first, second)
    bundle = sha(proof).hex()
    tx.put(BundleRow(id=bundle, channel=account.id, seq=seq, code=CODE, bundle=proof, created=now))
    accounts.stop(tx, account)
    desk.contradicted(tx, account, bundle, now)
    return Equivocation(seq, bundle)
