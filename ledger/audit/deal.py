"""A verified agreement, as all rules that rest on agreements take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contracts.terms import Terms
    from contracts.typed_data import Agreement


@dataclass(frozen=True, slots=True)
class Deal:
    """A verified agreement: its digest, what was signed, its terms, and the two members' DIDs."""

    digest: bytes
    agreement: Agreement
    terms: Terms
    provider: str
    buyer: str


Deals = dict[str, Deal]


def linked(deal: Deal, deals: Deals, link: Callable[[Terms], bytes], most: int) -> Iterator[Deal]:
    """Yield the agreements that one leads to by a digest in its terms, the nearest first, as far as they are verified.

    A chain that is longer than `most`, or bites its own tail, is cut there.
    """
    for _ in range(most):
        found = deals.get(digest.hex()) if (digest := link(deal.terms)) else None
        if found is None:
            return
        yield found
        deal = found
