"""What one answer counts as under a tariff: one table, by which its provider, its buyer and every auditor count.

Law: it is worked out of what both sides know of an answer: how many keys it is about, and how much it tells (ε). So the
amount of a bill follows from what was asked and signed, and nobody's meter is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from contracts.units import EPSILON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contracts.noise import Noise
    from contracts.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: about so many `keys`, one where it is a statement, and with an `epsilon` of so many hundredths."""

    keys: int = 1
    epsilon: int = 0


# what a tariff counts, or its quota → how many units an answer is; where there is no row it is one for each key
_UNITS: Final[Mapping[str, Callable[[Answered], int]]] = MappingProxyType({EPSILON: lambda of: of.epsilon})


def says_epsilon(tariff: Tariff, noise: Noise | None) -> bool:
    """Say whether a receipt says the ε of its answer: where that is chosen, or priced, and not what the terms fix."""
    return noise is not None and (noise.choice is not None or _counted(tariff) == EPSILON)


def units(tariff: Tariff, answered: Answered) -> int:
    """Return the units of a tariff that an answer is."""
    of = _UNITS.get(_counted(tariff))
    return answered.keys if of is None else of(answered)


def _counted(tariff: Tariff) -> str:
    return tariff.of or tariff.unit
