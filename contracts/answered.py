"""What one answer counts as under a tariff: one table, by which its provider, its buyer and every auditor count.

Law: it is worked out of what both sides have signed of an answer: how many keys it is about, and of how many subjects
that are there it tells the rows, how much it tells (ε), how many rows its table has, and, where that has the price, the
CPU seconds that its provider measured and put into the receipt, never more than its buyer had said. The amount of a
bill follows from these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from contracts.errors import ContractError
from contracts.units import EPSILON, MATCH, SCANNED, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from contracts.noise import Noise
    from contracts.tariff import Tariff


# of CPU seconds of one answer: two threads for a minute, which is what a statement is given
TENTHS_MAX: Final = 1_200
# of the id that a question is asked under
ID_CHARACTERS_MAX: Final = 100
_TENTHS: Final = 10
_SECONDS: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: about so many `keys`, one where it is a statement, and with an `epsilon` of so many hundredths.

    `tenths` of CPU seconds it took, or may take at most. Of `matched` subjects, whom its buyer knows to be there,
    it tells the rows.
    """

    keys: int = 1
    epsilon: int = 0
    tenths: int = 0
    matched: int = 0


# what a tariff counts, or its quota → how many units an answer is; where there is no row it is one for each key
_UNITS: Final[Mapping[str, Callable[[Tariff, Answered], int]]] = MappingProxyType(
    {
        EPSILON: lambda _, of: of.epsilon,
        SCANNED: lambda tariff, _: sum(run.records for run in tariff.records),
        SECOND: lambda _, of: of.tenths,
        MATCH: lambda _, of: of.matched,
    }
)
# what has the price → the part that a gate needs for it, those that it may not have, and what is said otherwise
_PARTS: Final[Mapping[str, tuple[frozenset[str], frozenset[str], str]]] = MappingProxyType(
    {
        EPSILON: (
            frozenset({"noise"}),
            frozenset({"coverage", "reviewer"}),
            "a price of ε is for answers with noise: for no list, and no program that a reviewer assents to",
        ),
        SCANNED: (frozenset(), frozenset({"lookup"}), "who looks up a subject has no rows scanned: it is one query"),
        SECOND: (
            frozenset(),
            frozenset({"coverage", "lookup", "joint", "programs", "engine", "sketch", "learning"}),
            "CPU seconds are the price of statements alone: what else is answered is not measured, or hides its time",
        ),
        MATCH: (
            frozenset({"lookup"}),
            frozenset(),
            "a price of subjects found is for those that are looked up: the gate says how many keys (`lookup=1000`)",
        ),
    }
)
PARTS: Final = frozenset({part for needed, odd, _ in _PARTS.values() for part in needed | odd})


def counted(tariff: Tariff) -> str:
    """Return the unit that a tariff, or its quota, counts."""
    return tariff.of or tariff.unit


def says_epsilon(tariff: Tariff, noise: Noise | None) -> bool:
    """Say whether a receipt says the ε of its answer: where that is chosen, or priced, and not what the terms fix."""
    return noise is not None and (noise.choice is not None or counted(tariff) == EPSILON)


def units(tariff: Tariff, answered: Answered) -> int:
    """Return the units of a tariff that an answer is."""
    of = _UNITS.get(counted(tariff))
    return answered.keys if of is None else of(tariff, answered)


def tenths(text: str) -> int:
    """Return CPU seconds as a person writes them, 2.5, in tenths; raises ContractError."""
    found = _SECONDS.fullmatch(text)
    read = _TENTHS * int(found[1]) + int(found[2] or "0") if found is not None else 0
    if not 0 < read <= TENTHS_MAX:
        hint = f"0.1 to {TENTHS_MAX // _TENTHS}, with one decimal at most"
        raise ContractError("seconds", f"`{text[:40]}` is no number of CPU seconds of an answer", hint)
    return read


def seconds_text(tenths: int) -> str:
    """Return tenths of seconds as a person reads them: 2.5."""
    return f"{tenths // _TENTHS}.{tenths % _TENTHS}"


def require(unit: str, parts: Collection[str]) -> None:
    """Raise ContractError where answers of a gate with these of its `PARTS` cannot be counted by a unit."""
    needed, odd, text = _PARTS.get(unit, (frozenset(), frozenset(), ""))
    if not needed.issubset(parts) or odd.intersection(parts):
        raise ContractError("terms", text)
