"""What the payee takes to the chain, and when it must (spec 3.2, 3.5, 4).

Law: the claimable amount never falls. It is the greatest for which a voucher is here that the program would take
(preimage known or no lock, not lapsed), whatever newer window was adopted without its preimage; amounts are cumulative,
so that voucher alone is claimed. An acknowledgement needs no preimage and never lapses: once there is one, nothing is
urgent before expiry. A channel that will never go on is claimed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import chain_time, states, windows
from connector.store.rows.channel import ChannelRow, ChannelState, Side, WindowState
from ledger.chain import acts
from ledger.chain.acts import NO_PREIMAGE
from ledger.stamp import at_second

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import WindowRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Voucher
    from ledger.chain.client import Act
    from ledger.chain.deployment import Deployment

# states of a channel on which nothing newer will be paid
_OVER = (ChannelState.CLOSING, ChannelState.STOPPED)


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


def newest(tx: Tx, desk: Desk, channel_id: bytes, now: datetime) -> Claim | None:
    """Return what to claim the channel's greatest amount with; None when the chain has paid as much already."""
    account = accounts.load(tx, channel_id, Side.PAYEE)
    window = _claimable(tx, account, chain_time.reckoned(tx, desk, now))
    return None if window is None or window.cumulative <= account.claimed else _claim(window)


def shortfall(tx: Tx, desk: Desk, account: ChannelRow, now: datetime) -> int:
    """Return how many of the minor units whose keys were released can be claimed by nothing that is here."""
    window = _claimable(tx, account, chain_time.reckoned(tx, desk, now))
    return max(account.cumulative - max(account.claimed, 0 if window is None else window.cumulative), 0)


def is_acknowledged(tx: Tx, channel_id: bytes) -> bool:
    """Say whether everything released on a channel of ours is acknowledged, or nothing was."""
    account = accounts.load(tx, channel_id, Side.PAYEE)
    last = windows.newest(tx, account, *sorted(states.CLAIMABLE))
    return account.state == ChannelState.STOPPED or (last is not None and last.state == WindowState.CLOSING)


def urgent(tx: Tx, desk: Desk, now: datetime) -> list[tuple[bytes, Claim]]:
    """Return (channel id, claim) for every channel that never goes on, or is within the claim margin of a lapse."""
    latest, seen = chain_time.reckoned(tx, desk, now), chain_time.seen(tx, desk)
    due = []
    for row in tx.find(ChannelRow, "role = ? and state in (?, ?, ?)", (Side.PAYEE, ChannelState.OPEN, *_OVER)):
        account = accounts.load(tx, row.channel_id, Side.PAYEE)
        window = _claimable(tx, account, seen)
        if window is None or window.cumulative <= account.claimed:
            continue
        if account.state in _OVER or _is_due(tx, desk, account, window, latest):
            due.append((account.channel_id, _claim(window)))
    return due


def in_hand(tx: Tx, desk: Desk, account: ChannelRow) -> int:
    """Return the greatest amount for which a voucher is here that had not lapsed by the newest block."""
    window = _claimable(tx, account, chain_time.seen(tx, desk))
    return 0 if window is None else window.cumulative


def _claimable(tx: Tx, account: ChannelRow, at: datetime) -> WindowRow | None:
    """Return the window of the greatest amount that could be claimed in a block of the time `at`.

    An ended freeze gave its time back; while one lasts, nothing lapses.
    """
    frozen = account.state == ChannelState.FROZEN
    return windows.claimable(tx, account, 0 if frozen else int(at.timestamp()) - (account.frozen_for or 0))


def margin(tx: Tx, desk: Desk, account: ChannelRow, window: WindowRow) -> timedelta:
    """Return the claim margin of a window's agreements; for an acknowledgement of the newest released one's."""
    released = window if window.orders else windows.newest(tx, account, WindowState.PAID, WindowState.ACKNOWLEDGED)
    assert released is not None, "what is acknowledged was released"
    cited = {order.agreement_digest for order in released.orders}
    return timedelta(seconds=max(desk.books.claim_margin(tx, digest) for digest in cited))


def _is_due(tx: Tx, desk: Desk, account: ChannelRow, window: WindowRow, latest: datetime) -> bool:
    then = latest + margin(tx, desk, account, window)
    lapses = window.valid_until != 0 and then >= at_second(window.valid_until)
    return lapses or then >= account.expiry


def _claim(window: WindowRow) -> Claim:
    assert window.voucher is not None
    assert window.voucher_signature is not None
    preimage = NO_PREIMAGE if window.state == WindowState.CLOSING else window.secret
    assert preimage is not None
    return Claim(window.voucher, window.voucher_signature, preimage)
