"""A verified agreement, as all rules that rest on agreements take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
