"""The windows of a channel: which there are, and how one goes on.

Law: everything a step needs after a crash is in its row, which is written whole; the row is the value that steps take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import states
from connector.store.rows.channel import WindowRow, WindowState

if TYPE_CHECKING:
    from connector.store.rows.channel import ChannelRow, Side
    from connector.store.transaction import Tx

# one look at the index for each state, however many windows there were
_NEWEST = "SELECT max(seq) AS seq FROM windows WHERE state = ? AND channel = ?"
_AMONG = {
    count: f"SELECT max(seq) AS seq FROM ({' UNION ALL '.join([_NEWEST] * count)}) AS each"  # noqa: S608 - constants of ours
    for count in (1, 2, 3)
}
# code of a window that its payee refused because it knew no offer of it: it may have released it, and forgotten that
LOST = "lost"
# newer windows may have been adopted without their preimages; the one whose amount can be claimed is above those
_CLAIMABLE = (
    "channel = ? and state in (?, ?, ?) and (secret is not null or state = ?) and (valid_until = 0 or valid_until >= ?)"
)


def find(tx: Tx, account: ChannelRow, seq: int) -> WindowRow | None:
    """Return the window of a seq, None if that seq was never used here."""
    return tx.get(WindowRow, channel=account.id, seq=seq)


def newest(tx: Tx, account: ChannelRow, *among: WindowState) -> WindowRow | None:
    """Return the newest window whose state is among the one to three named."""
    for seq in (account.seq, account.seq - 1):  # as a rule it is one of these, and they are at hand
        found = find(tx, account, seq)
        if found is not None and found.state in among:
            return found
    about = [value for state in among for value in (state, account.id)]
    newest = tx.execute(_AMONG[len(among)], *about)[0]["seq"]
    return None if newest is None else find(tx, account, newest)


def claimable(tx: Tx, account: ChannelRow, alive_at: int) -> WindowRow | None:
    """Return the newest window whose voucher the program would take at `alive_at` (posix seconds), None if none is.

    It is the one of the greatest amount, for amounts never fall with the seq: an acknowledgement ends older offers.
    """
    about = account.id, *sorted(states.CLAIMABLE), WindowState.CLOSING, alive_at
    rows = tx.find(WindowRow, _CLAIMABLE, about, order="seq desc", limit=1)
    return rows[0] if rows else None


def unreleased(tx: Tx, account: ChannelRow) -> WindowRow | None:
    """Return the channel's one unreleased window, if there is one."""
    return newest(tx, account, *sorted(states.UNRELEASED[account.role]))


def all_unreleased(tx: Tx, role: Side, but: str = "") -> list[WindowRow]:
    """Return the unreleased windows of all channels `but` one: at most one a channel."""
    among = sorted(states.UNRELEASED[role])
    found = tx.find(WindowRow, "state in (?, ?) and channel != ?", (among[0], among[-1], but))
    return [window for window in found if window.role == role]


def lost(tx: Tx, account: ChannelRow, at: int) -> WindowRow | None:
    """Return the window on the newest state that was refused as lost and can be claimed at `at` (posix seconds).

    None as a rule. Of several it is the newest.
    """
    alive = at - (account.frozen_for or 0)
    about = (account.id, WindowState.VOID, LOST, account.account_hash, alive)
    where = "channel = ? and state = ? and code = ? and prev = ? and valid_until >= ?"
    rows = tx.find(WindowRow, where, about, order="seq desc", limit=1)
    return rows[0] if rows else None


def later(tx: Tx, account: ChannelRow, seq: int, limit: int) -> list[WindowRow]:
    """Return the first `limit` windows with a seq above `seq`, ascending."""
    return tx.find(WindowRow, "channel = ? and seq > ?", (account.id, seq), order="seq", limit=limit)


def lock_known(tx: Tx, lock: bytes) -> bool:
    """Say whether any window here ever had this lock; a preimage is never used twice."""
    return bool(tx.find(WindowRow, "lock = ?", (lock,), limit=1))


def claimed(tx: Tx, account: ChannelRow) -> WindowRow | None:
    """Return the window whose batch the chain paid last, None if nothing was claimed for a batch."""
    paid = "channel = ? and cumulative = ? and receipt is not null and orders <> ?"
    rows = tx.find(WindowRow, paid, (account.id, account.claimed, []), order="seq desc", limit=1)
    return rows[0] if rows else None


def by_lock(tx: Tx, account: ChannelRow, lock: bytes) -> WindowRow | None:
    """Return the window of a lock on this channel, None if there is none."""
    rows = tx.find(WindowRow, "lock = ? and channel = ?", (lock, account.id), limit=1)
    return rows[0] if rows else None


def save(tx: Tx, window: WindowRow) -> WindowRow:
    """Write the whole window; returns it. A move is written by `connector.channel.turn` alone."""
    tx.put(window)
    return window
