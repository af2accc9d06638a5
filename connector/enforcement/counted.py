"""What a decision takes of the counters of a rule, and how the uses under it are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction

    from policy.world import Counter

# the unit of an agreement whose policy does not say per whom it counts: everybody of the party together
EVERYBODY = ""

# (rule, operand) → what is left of it
Counters: TypeAlias = "dict[tuple[str, str], Counter]"


@dataclass(frozen=True, slots=True)
class Counted:
    """How the uses under a rule are counted: for whom, and how many of their newest instants a rate looks at."""

    unit: str = EVERYBODY
    instants: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An amount that a decision takes from a counter of a rule; never more than `limit` in all (None: as it is).

    `unit` is for whom it counts, empty for everybody together.
    """

    rule: str
    operand: str
    amount: int | Fraction
    limit: int | Fraction | None
    unit: str = ""
