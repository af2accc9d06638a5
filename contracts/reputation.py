"""The reputation of a participant: one public formula over what chain and logs say, and nothing anybody could rate.

    score = 100 (deals + 1) / (deals + 2 + 4 rulings + 3 upheld + late + 4 unpaid)

Law: only acts count that others can prove: `deals` are channels that the chain closed with a payment, on either side;
`rulings` are divisions on chain for which an arbitrator found the participant at fault; `upheld` are complaints that
the exchange decided against it, `late` those that it let wait beyond their time, `unpaid` those whose amount it has not
given back although the time for it is over: one counts no more once the chain shows that it did. Who has done nothing
yet stands at 50; one ruling weighs as much as four further deals that it had instead. Rounded down to a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction

FORMULA = "100 (deals + 1) / (deals + 2 + 4 rulings + 3 upheld + late + 4 unpaid)"
FULL = 100
RULING_WEIGHT, UPHELD_WEIGHT, UNPAID_WEIGHT = 4, 3, 4
TENTHS = 10


@dataclass(slots=True)
class Record:
    """What is counted of one participant."""

    deals: int = 0
    rulings: int = 0
    upheld: int = 0
    late: int = 0
    unpaid: int = 0

    @property
    def score(self) -> Fraction:
        """Return the score, above 0 and below 100."""
        against = RULING_WEIGHT * self.rulings + UPHELD_WEIGHT * self.upheld + self.late
        against += UNPAID_WEIGHT * self.unpaid
        return Fraction(FULL * (self.deals + 1), self.deals + 2 + against)

    def json(self) -> dict[str, str]:
        """Return the counts and the score, with one digit behind the point."""
        tenths = self.score * TENTHS // 1
        counts = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {**counts, "score": f"{tenths // TENTHS}.{tenths % TENTHS}"}
