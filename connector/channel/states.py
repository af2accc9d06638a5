"""The life of one window on each side, as two tables (spec 4).

Law: a window moves by a row of its side's table or not at all. On a channel at most one window is unreleased; while it
is, the payer signs nothing else. `closing` is not a window of keys: it holds the final acknowledgement, whose seq no
window may use again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW = ""
OFFERED = "offered"
PAID = "paid"
SIGNED = "signed"
RELEASED = "released"
ACKNOWLEDGED = "acknowledged"
FAULT = "fault"
VOID = "void"
CLOSING = "closing"

# the payer's `want` has no row of its own: before an offer nothing but the wish is durable
PAYER_MOVES: Mapping[tuple[str, str], str] = MappingProxyType({
    (NEW, "offer"): OFFERED,
    (OFFERED, "sign"): SIGNED,
    (OFFERED, "lapse"): VOID,
    (SIGNED, "release"): RELEASED,
    (SIGNED, "claimed"): RELEASED,
    (SIGNED, "refuse"): VOID,
    (SIGNED, "lapse"): VOID,
    (VOID, "claimed"): VOID,
    (VOID, "late"): RELEASED,
    (VOID, "resume"): RELEASED,
    (NEW, "lost"): VOID,
    (NEW, "resume"): RELEASED,
    (RELEASED, "acknowledge"): ACKNOWLEDGED,
    (RELEASED, "fault"): FAULT,
    (NEW, "close"): CLOSING,
})  # fmt: skip

HOLDER_MOVES: Mapping[tuple[str, str], str] = MappingProxyType({
    (NEW, "offer"): OFFERED,
    (OFFERED, "pay"): PAID,
    (OFFERED, "refuse"): VOID,
    (OFFERED, "supersede"): VOID,
    (OFFERED, "lapse"): VOID,
    (PAID, "acknowledge"): ACKNOWLEDGED,
    (NEW, "resume"): ACKNOWLEDGED,
    (OFFERED, "resume"): ACKNOWLEDGED,
    (VOID, "resume"): ACKNOWLEDGED,
    (NEW, "lost"): VOID,
    (NEW, "close"): CLOSING,
    (OFFERED, "close"): CLOSING,
    (VOID, "close"): CLOSING,
})  # fmt: skip

MOVES: Mapping[str, Mapping[tuple[str, str], str]] = MappingProxyType({"payer": PAYER_MOVES, "payee": HOLDER_MOVES})

# money is promised and no key is known yet
UNRELEASED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "payer": frozenset({OFFERED, SIGNED}),
        "payee": frozenset({OFFERED}),
    }
)
# the payee may claim these, each with its preimage or with none at all
CLAIMABLE = frozenset({PAID, ACKNOWLEDGED, CLOSING})


def move(role: str, state: str, act: str) -> str:
    """Return the state after an act; a missing row is a mistake of this side, the act is rolled back."""
    after = MOVES[role].get((state, act))
    assert after is not None, f"a {role}'s window that is `{state}` cannot `{act}`"
    return after
