"""CPU seconds as the price of an answer: what a buyer says it takes at most, what was measured, in tenths of seconds.

Law: (1) of a statement that would take more than its buyer said the process is ended at that moment, and nothing is
paid. (2) What was measured is rounded up to a tenth: an answer is a tenth at least, and never more than was said.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from connector.runtime.errors import InvalidInput
from contracts import answered
from contracts.errors import ContractError
from contracts.units import SECOND, UNITS

if TYPE_CHECKING:
    from contracts.tariff import Tariff


def typed(text: str | None) -> int | None:
    """Return the CPU seconds that somebody wrote, 2.5, in tenths, None for none; raises InvalidInput."""
    try:
        return None if text is None else answered.tenths(text)
    except ContractError as fault:
        raise InvalidInput(str(fault)) from fault


def at_most(tariff: Tariff, tenths: int | None) -> int:
    """Return what an answer may take, 0 where that has no price; raises InvalidInput where it is not said, or idle."""
    priced = answered.counted(tariff) == SECOND
    if priced and tenths is None:
        raise InvalidInput("it is priced by CPU seconds, and nobody says how many it may take", "such as --at-most 2.5")
    if not priced and tenths is not None:
        raise InvalidInput("its price counts no CPU seconds, so there is no most of them to say", "leave it out")
    return tenths or 0


def measured(seconds: float, most: int) -> int:
    """Return the tenths that an answer is billed as."""
    return min(max(1, ceil(seconds * UNITS[SECOND].parts)), most)
