"""The life of a contract, as a table: what may happen to it, and what it then is.

Law: everything that moves a contract is a row of `MOVES`; an act without a row is refused and moves nothing.
`CODES` gives each state's contract status of TC609-6-2025-14; a state it has no code for carries the next best one and
its own name in the extension (`filed` is never written as 04).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOVES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("drafted", "offer"): "negotiating",
        ("negotiating", "offer"): "negotiating",
        ("negotiating", "sign"): "half-signed",
        ("negotiating", "refuse"): "failed",
        ("half-signed", "sign"): "signed",
        ("half-signed", "refuse"): "failed",
        ("half-signed", "lapse"): "failed",
        ("signed", "grant"): "performing",
        ("signed", "file"): "filed",
        ("signed", "amend"): "ended",
        ("signed", "end"): "ended",
        ("filed", "grant"): "performing",
        ("filed", "amend"): "ended",
        ("filed", "end"): "ended",
        ("performing", "suspend"): "suspended",
        ("performing", "dispute"): "disputed",
        ("performing", "amend"): "ended",
        ("performing", "end"): "ended",
        ("performing", "lapse"): "ended",
        ("suspended", "resume"): "performing",
        ("suspended", "end"): "ended",
        ("suspended", "lapse"): "ended",
        ("disputed", "rule"): "performing",
        ("disputed", "end"): "ended",
    }
)

# both have signed, and its licence is not on the chain
SIGNED: Final = "signed"
CODES: Mapping[str, str] = MappingProxyType(
    {
        "drafted": "01",
        "negotiating": "02",
        "half-signed": "03",
        "signed": "0301",
        "failed": "0302",
        "filed": "0301",
        "performing": "05",
        "suspended": "05",
        "disputed": "05",
        "ended": "06",
    }
)

OVER = frozenset({"failed", "ended"})


def move(state: str, act: str) -> str:
    """Return the state after an act; `ContractError` when the table has no such row."""
    after = MOVES.get((state, act))
    if after is None:
        may = ", ".join(sorted(known for at, known in MOVES if at == state)) or "nothing"
        raise ContractError("illegal-move", f"a contract that is `{state}` cannot `{act}`", f"it can: {may}")
    return after
