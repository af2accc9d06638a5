"""Running values over verified agreements: what figures and some rules need of all of them, folded in one by one.

Law: what an agreement is good for is counted once in all audits, when its matter has been judged and nothing of it is
open; what it says (edition, payees, price) may be taken in any number of times.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.audit.report import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.audit.deal import Deal

# what was moved under an agreement: orders, minor units, plain bytes of the rows released
MOVED = ("orders", "amount", "bytes")


class Edition(NamedTuple):
    """An edition that was sold: its id, its provider's DID, the id under which the chain knows it."""

    id: bytes
    provider: str
    known: bytes


class Sold(NamedTuple):
    """What orders are added up by: product, tier, and the DIDs of the two sides."""

    product: str
    tier: str
    provider: str
    buyer: str


class Priced(NamedTuple):
    """Agreements that ask for the same quantity of the same: product, tier, unit, currency."""

    product: str
    tier: str
    unit: str
    currency: str


@dataclass(slots=True)
class Sums:
    """`counts` are those of a report, `sold` what was moved; prices are minor units for a unit, lowest and highest."""

    counts: Counter[str] = field(default_factory=Counter)
    sold: dict[Sold, Counter[str]] = field(default_factory=dict)
    editions: set[Edition] = field(default_factory=set)
    payees: set[bytes] = field(default_factory=set)
    prices: dict[Priced, tuple[Fraction, Fraction]] = field(default_factory=dict)

    def say(self, deals: Iterable[Deal]) -> None:
        """Take in what agreements say."""
        for deal in deals:
            terms, tariff = deal.terms, deal.terms.tariff
            self.editions.add(Edition(terms.edition_id, deal.provider, terms.registered_id))
            self.payees.update(payee for payee, _ in terms.split.parts)
            key = Priced(terms.product, terms.tier, tariff.unit, tariff.currency)
            asked = Fraction(tariff.minor, tariff.per)
            lowest, highest = self.prices.get(key, (asked, asked))
            self.prices[key] = min(lowest, asked), max(highest, asked)

    def take(self, counts: Mapping[str, int], deal: Deal | None) -> None:
        """Add what a partition is good for (`Report.tally`); `deal` is its agreement, if it is verified."""
        self.counts.update({name: counts[name] for name in counts.keys() & COUNTS})
        if deal is not None and counts.keys() & set(MOVED):
            sold = Sold(deal.terms.product, deal.terms.tier, deal.provider, deal.buyer)
            self.sold.setdefault(sold, Counter()).update({name: counts[name] for name in MOVED})

    def add(self, other: Sums) -> None:
        """Add the values of other agreements."""
        self.counts.update(other.counts)
        for sold, moved in other.sold.items():
            self.sold.setdefault(sold, Counter()).update(moved)
        self.editions |= other.editions
        self.payees |= other.payees
        for key, (least, most) in other.prices.items():
            lowest, highest = self.prices.get(key, (least, most))
            self.prices[key] = min(lowest, least), max(highest, most)

    def copy(self) -> Sums:
        """Return values that go on from these by themselves."""
        sold = {key: Counter(moved) for key, moved in self.sold.items()}
        return Sums(Counter(self.counts), sold, set(self.editions), set(self.payees), dict(self.prices))

    def json(self) -> dict[str, Any]:
        """Return the values as JSON."""
        return {
            "counts": {name: str(count) for name, count in self.counts.items()},
            "sold": [[*key, *(str(moved[name]) for name in MOVED)] for key, moved in self.sold.items()],
            "editions": [[one.id.hex(), one.provider, one.known.hex()] for one in sorted(self.editions)],
            "payees": sorted(payee.hex() for payee in self.payees),
            "prices": [[*key, str(lowest), str(highest)] for key, (lowest, highest) in self.prices.items()],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Sums:
        """Read what `json` wrote; raises LookupError, TypeError or ValueError."""
        return cls(
            Counter({name: int(count) for name, count in said["counts"].items()}),
            {Sold(*row[:4]): Counter(dict(zip(MOVED, map(int, row[4:]), strict=True))) for row in said["sold"]},
            {Edition(bytes.fromhex(one), did, bytes.fromhex(known)) for one, did, known in said["editions"]},
            {bytes.fromhex(one) for one in said["payees"]},
            {Priced(*row[:4]): (Fraction(row[4]), Fraction(row[5])) for row in said["prices"]},
        )
