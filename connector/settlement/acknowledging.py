"""Asking a buyer for its acknowledgement: a voucher without a lock for what it has received (spec 4, row 5).

Law: it is asked for what was released already, so it costs the buyer nothing; what it signs is taken by the same act
as an acknowledgement that it sends of itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import release, wire
from connector.channel.messages import Released, VoucherMessage
from connector.runtime.errors import Absent
from connector.store.rows.channel import Side

if TYPE_CHECKING:
    from connector.channel.doors import Holder
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.settlement.paying import Payments
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx


PATH = "acknowledgement"


async def ask(core: Core, space: SpaceView, holder: Holder, payments: Payments, row: ChannelRow) -> None:
    """Ask the payer of a channel for its acknowledgement and take it.

    Raises Absent for one that is no member any more, PeerUnreachable, PeerRefused, and `ChannelFault` for what is wrong
    with its answer.
    """
    channel, peer = row.channel_id, row.peer
    if peer not in space.last().members:
        raise Absent(f"`{peer}` is no member of the space any more")
    account = await core.store.read(lambda tx: accounts.load(tx, channel, Side.PAYEE))
    told = Released(account.seq, account.account_hash)
    answer, keep = await payments.post(peer, channel, PATH, wire.encode(told))
    message = wire.decode(VoucherMessage, answer)

    def take(tx: Tx) -> None:
        keep(tx)
        release.on_acknowledge(tx, holder, peer, channel, message, core.clock.now())

    await core.store.write(take)
