"""The life of one window on each side, as two tables (spec 4).

Law: a window moves by a row of its side's table or not at all (`connector.channel.turn`). On a channel at most one
window is unreleased; while it is, the payer signs nothing else. `closing` is not a window of keys: it holds the final
acknowledgement, whose seq no window may use again.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from connector.store.rows.channel import Side, WindowState

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Move:
    """Where an act leads; `event` is what the log calls it (spec 7), empty where it says nothing of it.

    `counts`: the keys were released, so the channel's amount and account hash are the window's from then on.
    """

    after: WindowState
    event: str = ""
    counts: bool = False


# the payer's `want` has no row of its own: before an offer nothing but the wish is durable
PAYER_MOVES: Mapping[tuple[WindowState, str], Move] = MappingProxyType({
    (WindowState.NEW, "offer"): Move(WindowState.OFFERED),
    (WindowState.OFFERED, "sign"): Move(WindowState.SIGNED),
    (WindowState.OFFERED, "lapse"): Move(WindowState.VOID),
    (WindowState.SIGNED, "release"): Move(WindowState.RELEASED, "keys.received", counts=True),
    (WindowState.SIGNED, "claimed"): Move(WindowState.RELEASED, "keys.received", counts=True),
    (WindowState.SIGNED, "refuse"): Move(WindowState.VOID),
    (WindowState.SIGNED, "lapse"): Move(WindowState.VOID),
    (WindowState.VOID, "claimed"): Move(WindowState.VOID),
    (WindowState.VOID, "late"): Move(WindowState.RELEASED, "keys.received", counts=True),
    # a window learnt from the other side was in the log before the back-up, so it is not again
    (WindowState.VOID, "resume"): Move(WindowState.RELEASED, counts=True),
    (WindowState.NEW, "lost"): Move(WindowState.VOID),
    (WindowState.NEW, "resume"): Move(WindowState.RELEASED, counts=True),
    (WindowState.RELEASED, "acknowledge"): Move(WindowState.ACKNOWLEDGED),
    (WindowState.RELEASED, "fault"): Move(WindowState.FAULT, "keys.faulted"),
    (WindowState.NEW, "close"): Move(WindowState.CLOSING),
})  # fmt: skip

PAYEE_MOVES: Mapping[tuple[WindowState, str], Move] = MappingProxyType({
    (WindowState.NEW, "offer"): Move(WindowState.OFFERED, "keys.offered"),
    (WindowState.OFFERED, "pay"): Move(WindowState.PAID, "keys.released", counts=True),
    (WindowState.OFFERED, "refuse"): Move(WindowState.VOID, "keys.refused"),
    (WindowState.OFFERED, "supersede"): Move(WindowState.VOID),
    (WindowState.OFFERED, "lapse"): Move(WindowState.VOID),
    (WindowState.VOID, "refuse"): Move(WindowState.VOID, "keys.refused"),  # its voucher came when it was given up
    (WindowState.PAID, "acknowledge"): Move(WindowState.ACKNOWLEDGED, "keys.acknowledged"),
    (WindowState.NEW, "resume"): Move(WindowState.ACKNOWLEDGED, counts=True),
    (WindowState.OFFERED, "resume"): Move(WindowState.ACKNOWLEDGED, counts=True),
    (WindowState.VOID, "resume"): Move(WindowState.ACKNOWLEDGED, counts=True),
    (WindowState.NEW, "lost"): Move(WindowState.VOID, "keys.refused"),
    (WindowState.NEW, "close"): Move(WindowState.CLOSING),
    (WindowState.OFFERED, "close"): Move(WindowState.CLOSING),
    (WindowState.VOID, "close"): Move(WindowState.CLOSING),
})  # fmt: skip

MOVES: Mapping[Side, Mapping[tuple[WindowState, str], Move]] = MappingProxyType(
    {Side.PAYER: PAYER_MOVES, Side.PAYEE: PAYEE_MOVES}
)

# money is promised and no key is known yet
UNRELEASED: Mapping[Side, frozenset[WindowState]] = MappingProxyType(
    {
        Side.PAYER: frozenset({WindowState.OFFERED, WindowState.SIGNED}),
        Side.PAYEE: frozenset({WindowState.OFFERED}),
    }
)
# the payee may claim these, each with its preimage or with none at all
CLAIMABLE = frozenset({WindowState.PAID, WindowState.ACKNOWLEDGED, WindowState.CLOSING})


def move(role: Side, state: WindowState, act: str) -> Move:
    """Return what an act does; a missing row is a mistake of this side, and all of the transaction is rolled back."""
    found = MOVES[role].get((state, act))
    assert found is not None, f"a {role}'s window that is `{state}` cannot `{act}`"
    return found
