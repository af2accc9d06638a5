"""What one covered subject comes to: the whole price of a product that is delivered, over those that are covered.

Law: (1) it is said of a price for the whole alone: what is paid by use, by answer or by period has no whole. (2) Each
amount is rounded up to a minor unit, so it is never said too low. (3) That what is delivered covers what the trial said
is the word of one provider, so both are its products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from connector.runtime.errors import InvalidInput
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from connector.compute.marks import Estimate
    from connector.consumer.quoting import Quotes
    from contracts.canonical import JsonObject

# what a quote is of, where it is of the whole
ALL: Final = "all"
STAYS: Final = "its data stay at their provider, and answers are paid"
BY_USE: Final = "its price is for one {of}, and what all of it comes to nobody knows"
NOBODY: Final = "perhaps no key is covered"


@dataclass(frozen=True, slots=True)
class CoveredPrice:
    """The price of a product as it is listed (`quoting.Quotes.total`)."""

    quote: JsonObject

    @classmethod
    async def listed(cls, quotes: Quotes, product: str, provider: str) -> Self:
        """Look a product up that one provider delivers; raises Absent, InvalidInput for another's."""
        quote = await quotes.total(product)
        if quote["provider"] != provider:
            text = f"`{product[:200]}` is not of the provider whose product is tried"
            raise InvalidInput(text, "name a product of the same provider that is delivered")
        return cls(quote)

    def told(self, covered: Estimate) -> JsonObject:
        """Return what one of so many covered subjects costs, in minor units with limits; None and `why` for nothing."""
        names = ("product", "price", "sum", "amount", "currency")
        about = {name: self.quote[name] for name in names}
        if why := self._why(covered):
            return {**about, "each": None, "low": None, "high": None, "why": why}
        each = {"each": covered.count, "low": covered.high, "high": covered.low}
        return {**about, **{name: self._share(int(count)) for name, count in each.items()}, "why": ""}

    def _share(self, subjects: int) -> str | None:
        """Return the price of one of so many, rounded up; None where there may be none of them."""
        return None if subjects < 1 else str(-(-int(self.quote["amount"]) // subjects))

    def _why(self, covered: Estimate) -> str:
        """Return why nothing can be said, empty where it can."""
        if self.quote["tier"] == COMPUTED:
            return STAYS
        if self.quote["of"] != ALL:
            return BY_USE.format(of=self.quote["of"])
        return NOBODY if covered.count < 1 else ""
