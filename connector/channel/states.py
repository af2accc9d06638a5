"""The life of one window on each side, as two tables (spec 4).

Law: a window moves by a row of its side's table or not at all. On a channel at most one window is unreleased; while it
is, the payer signs nothing else. `closing` is not a window of keys: it holds the final acknowledgement, whose seq no
window may use again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from connector.store.rows.channel import Side, WindowState

if TYPE_CHECKING:
    from collections.abc import Mapping

# the payer's `want` has no row of its own: before an offer nothing but the wish is durable
PAYER_MOVES: Mapping[tuple[WindowState, str], WindowState] = MappingProxyType({
    (WindowState.NEW, "offer"): WindowState.OFFERED,
    (WindowState.OFFERED, "sign"): WindowState.SIGNED,
    (WindowState.OFFERED, "lapse"): WindowState.VOID,
    (WindowState.SIGNED, "release"): WindowState.RELEASED,
    (WindowState.SIGNED, "claimed"): WindowState.RELEASED,
    (WindowState.SIGNED, "refuse"): WindowState.VOID,
    (WindowState.SIGNED, "lapse"): WindowState.VOID,
    (WindowState.VOID, "claimed"): WindowState.VOID,
    (WindowState.VOID, "late"): WindowState.RELEASED,
    (WindowState.VOID, "resume"): WindowState.RELEASED,
    (WindowState.NEW, "lost"): WindowState.VOID,
    (WindowState.NEW, "resume"): WindowState.RELEASED,
    (WindowState.RELEASED, "acknowledge"): WindowState.ACKNOWLEDGED,
    (WindowState.RELEASED, "fault"): WindowState.FAULT,
    (WindowState.NEW, "close"): WindowState.CLOSING,
})  # fmt: skip

HOLDER_MOVES: Mapping[tuple[WindowState, str], WindowState] = MappingProxyType({
    (WindowState.NEW, "offer"): WindowState.OFFERED,
    (WindowState.OFFERED, "pay"): WindowState.PAID,
    (WindowState.OFFERED, "refuse"): WindowState.VOID,
    (WindowState.OFFERED, "supersede"): WindowState.VOID,
    (WindowState.OFFERED, "lapse"): WindowState.VOID,
    (WindowState.PAID, "acknowledge"): WindowState.ACKNOWLEDGED,
    (WindowState.NEW, "resume"): WindowState.ACKNOWLEDGED,
    (WindowState.OFFERED, "resume"): WindowState.ACKNOWLEDGED,
    (WindowState.VOID, "resume"): WindowState.ACKNOWLEDGED,
    (WindowState.NEW, "lost"): WindowState.VOID,
    (WindowState.NEW, "close"): WindowState.CLOSING,
    (WindowState.OFFERED, "close"): WindowState.CLOSING,
    (WindowState.VOID, "close"): WindowState.CLOSING,
})  # fmt: skip

MOVES: Mapping[Side, Mapping[tuple[WindowState, str], WindowState]] = MappingProxyType(
    {Side.PAYER: PAYER_MOVES, Side.PAYEE: HOLDER_MOVES}
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


def move(role: Side, state: WindowState, act: str) -> WindowState:
    """Return the state after an act; a missing row is a mistake of this side, the act is rolled back."""
    after = MOVES[role].get((state, act))
    assert after is not None, f"a {role}'s window that is `{state}` cannot `{act}`"
    return after
