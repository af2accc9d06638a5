"""What becomes of a window, and the one place that writes it (spec 4, 7).

Law: (1) a `Turn` follows from the window, a message and what is known; whoever makes one has written nothing of it.
(2) `take` alone writes it, in one transaction: the row as its side's table moves it, the event that the table names,
and what the channel counts from then on. (3) What our side says by a window follows from its row (`said`), so it is
sent when that is durable, and again with the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import records, states, windows
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import WindowRow
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Turn:
    """A window with what is new in its row, and the acts of its side's table that move it, one after the other.

    `more` is what the event says besides. `sealed` makes what can only be said of the event's leaf (32 bytes): the
    receipt of a release, signed over it.
    """

    window: WindowRow
    acts: tuple[str, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    sealed: Callable[[bytes], Mapping[str, Any]] | None = None


def take(tx: Tx, desk: Desk, turn: Turn, now: datetime | None = None) -> WindowRow:
    """Write a turn and return the window as it is then; of one that the log tells nothing about, `now` is not asked."""
    window, counts = turn.window, False
    for act in turn.acts:
        move = states.move(window.role, window.state, act)
        window = replace(window, state=move.after)
        counts = counts or move.counts
        if move.event:
            assert now is not None, "an event has its time"
            index = records.keys_event(tx, desk, move.event, window, now, **turn.more)
            if turn.sealed is not None:
                window = replace(window, **turn.sealed(desk.evidence.leaf(tx, index)))
    windows.save(tx, window)
    _count(tx, window, counts=counts)
    return window


def _count(tx: Tx, window: WindowRow, *, counts: bool) -> None:
    """Note on the channel that the seq is used, and what was released, where these keys now were."""
    account = accounts.load(tx, bytes.fromhex(window.channel), window.role)
    seq = max(window.seq, account.seq)
    if counts:
        accounts.advance(tx, account, seq=seq, cumulative=window.cumulative, account_hash=window.account_hash)
    elif seq > account.seq:
        accounts.use_seq(tx, account, seq)
