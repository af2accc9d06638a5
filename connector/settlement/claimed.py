"""Which window of a channel the chain paid for, asked by a payee whose back-up forgot it (decisions 0117, 0123).

Law: it is asked only where more is paid than is known as released, and again when more or less is paid than before. A
channel that the chain closed is no exception: what was released there counts in the books of its agreement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.rows.channel import Side
from ledger.edition import mask

if TYPE_CHECKING:
    from connector.store.rows.channel import ChannelRow
    from ledger.chain.programs import Programs


async def lock(programs: Programs, row: ChannelRow, claimed: int) -> bytes | None:
    """Return the lock that the newest claim on a channel opened of which `claimed` is paid, or what the row says of it.

    A claim of free money opens none and names no window: a payer signs and claims that itself, for any account hash.
    Raises ChainUnreachable.
    """
    known = row.claimed_lock
    is_known = known is not None and claimed == row.claimed
    if row.role != Side.PAYEE or claimed <= row.cumulative or is_known:
        return known
    claims = await programs.events("channels", "Claimed", channelId=row.channel_id)
    opened = [claim.fields["preimage"] for claim in claims if any(claim.fields["preimage"])]
    return mask.lock(opened[-1]) if opened else None
