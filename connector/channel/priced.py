"""What is paid under an agreement, and an order of a batch with its price: values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.ranges import RowSet

if TYPE_CHECKING:
    from connector.channel.doors import Deal
    from contracts.typed_data import Order

NOTHING = RowSet()


@dataclass(frozen=True, slots=True)
class Tally:
    """What is paid under one agreement: rows, the tariff's quantity of them, minor units; `plain` bytes of the rows.

    Under a subscription `quantity` and `amount` are those of one `period`; `other_quantity` and `other_amount` those of
    all others.
    """

    rows: RowSet = NOTHING
    quantity: int = 0
    amount: int = 0
    period: int = 0
    other_quantity: int = 0
    other_amount: int = 0
    plain: int = 0

    @property
    def total(self) -> int:
        """Return the minor units of the whole agreement."""
        return self.amount + self.other_amount


@dataclass(frozen=True, slots=True)
class Line:
    """One order of a batch with its price. `fresh`: it starts an opening; `after`: the tally once it is released."""

    order: Order
    deal: Deal
    rows: RowSet
    plain_bytes: int
    amount: int
    fresh: bool
    after: Tally
