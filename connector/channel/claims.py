"""What the payee takes to the chain, and when it must (spec 3.2, 3.5, 4).

Law: only the newest claimable voucher of a channel is claimed, since amounts are cumulative; an acknowledgement needs
no preimage and never lapses, so once there is one, nothing is urgent before expiry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import batch, states, windows
from ledger import acts
from ledger.stamp import at_second

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.account import Account
    from connector.channel.doors import Desk
    from connector.channel.windows import Window
    from connector.store.transaction import Tx
    from contracts.typed_data import Voucher
    from ledger.chain import Act
    from ledger.deployment import Deployment

NO_PREIMAGE = bytes(32)


@dataclass(frozen=True, slots=True)
class Claim:
    """A voucher to claim with, its signature, and the preimage that the program asks for."""

    voucher: Voucher
    signature: bytes
    preimage: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """Return what the transaction is called: a claim is sent once, whoever finds that it is time."""
        return f"claim:{self.voucher.channel_id.hex()}:{self.voucher.seq}"

    def act(self, deployment: Deployment) -> Act:
        """Return the claim as an act on the chain."""
        return acts.claim(deployment, self.voucher, self.signature, self.preimage)


def newest(tx: Tx, channel_id: bytes) -> Claim | None:
    """Return what to claim the channel's newest amount with; None when that is claimed already or nothing was paid."""
    account = accounts.load(tx, channel_id, accounts.PAYEE)
    window = _claimable(tx, account)
    return None if window is None or window.cumulative <= account.claimed else _claim(window)


def urgent(tx: Tx, desk: Desk, now: datetime) -> list[tuple[bytes, Claim]]:
    """Return (channel id, claim) for every open channel whose voucher or own expiry is within the claim margin."""
    latest = max(now, desk.chain.sight(tx).block_time)
    due = []
    for row in tx.find("channels", "role = ? and state = ?", (accounts.PAYEE, accounts.OPEN)):
        account = accounts.load(tx, bytes.fromhex(row["id"]), accounts.PAYEE)
        window = _claimable(tx, account)
        if window is not None and window.cumulative > account.claimed and _is_due(tx, desk, account, window, latest):
            due.append((account.id, _claim(window)))
    return due


def _claimable(tx: Tx, account: Account) -> Window | None:
    """Return the newest window with a voucher that can be claimed; one adopted after a loss has no preimage."""
    window = windows.newest(tx, account, *sorted(states.CLAIMABLE))
    return window if window is not None and (window.preimage or window.state == states.CLOSING) else None


def _is_due(tx: Tx, desk: Desk, account: Account, window: Window, latest: datetime) -> bool:
    orders = window.orders or (windows.newest(tx, account, states.PAID, states.ACKNOWLEDGED) or window).orders
    margin = timedelta(seconds=batch.margins(batch.deals(tx, desk, account, orders).values()).claim)
    lapses = window.valid_until != 0 and latest + margin >= at_second(window.valid_until)
    return lapses or latest + margin >= account.expiry


def _claim(window: Window) -> Claim:
    assert window.voucher is not None
    assert window.voucher_signature is not None
    preimage = NO_PREIMAGE if window.state == states.CLOSING else window.preimage
    assert preimage is not None
    return Claim(window.voucher, window.voucher_signature, preimage)
