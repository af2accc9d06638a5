"""Which state of a channel the chain paid for, asked by a payee whose back-up forgot it (decisions 0117, 0122).

Law: it is asked only where more is paid than is known as released, and again when more or less is paid than before. A
channel that the chain closed is no exception: what was released there counts in the books of its agreement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import account as accounts

if TYPE_CHECKING:
    from connector.store.row import Row
    from ledger.programs import Programs


async def account_hash(programs: Programs, row: Row, claimed: int) -> bytes | None:
    """Return the account hash of the newest claim on a channel of which `claimed` is paid, or what the row says of it.

    Raises ChainUnreachable.
    """
    known: bytes | None = row["claimed_as"]
    is_known = known is not None and claimed == row["claimed"]
    if row["role"] != accounts.PAYEE or claimed <= row["cumulative"] or is_known:
        return known
    claims = await programs.events("channels", "Claimed", channelId=bytes.fromhex(row["id"]))
    return claims[-1].fields["accountHash"] if claims else None
