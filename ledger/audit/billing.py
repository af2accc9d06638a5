"""What should have been charged: every order priced again from the agreed tariff and the edition's public row table.

Law (spec 3.6): an order costs `A(after) - A(before)`; the quantity follows from orders as `contracts.meter` says. Rows
paid before cost nothing again, within one opening where the tariff counts openings. A subscription is counted in the
period that its orders say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from contracts import meter
from contracts.canonical import load
from contracts.ranges import RowSet
from contracts.tariff import order_amount
from contracts.units import OPENING
from ledger.audit.asking import each
from ledger.audit.sources import Unavailable
from ledger.edition.header import agreed
from ledger.edition.row_table import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from contracts.tariff import Tariff
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.audit.sums import Edition
    from ledger.edition.row_table import RowTable
    from ledger.space.document import Member, Space

AGAIN = 2  # use code: keys given once more, free
OPEN = 1  # use code: one opening of a lease

Tables = dict[bytes, "RowTable"]
Opening = tuple[str, str, str]


class OrderLine(NamedTuple):
    """One order as `keys.released` and `keys.received` disclose it; amount in minor units."""

    agreement: str
    edition: bytes
    transfer: str
    use: int
    rows: RowSet
    amount: int
    reader_key: str
    period: str = ""

    @property
    def opening(self) -> Opening:
        """Return what makes an opening one (spec 5): agreement, transfer, reader key."""
        return self.agreement, self.transfer, self.reader_key


def read_orders(event: Event) -> list[OrderLine]:
    """Read an event's field `rows`; raises KeyError, TypeError or ValueError if it is malformed."""
    return [
        OrderLine(
            agreement=str(row["agreement"]),
            edition=bytes.fromhex(row["edition"]),
            transfer=str(row["transfer"]),
            use=int(row["use"]),
            rows=RowSet.from_json(row["ranges"], max_ranges=MAX_ROWS),
            amount=int(row["amount"]),
            reader_key=str(row["readerKey"]),
            period=str(row.get("period", "")),
        )
        for row in event.fields["rows"]
    ]


@dataclass(slots=True)
class Account:
    """What was paid under one agreement so far."""

    tariff: Tariff
    table: RowTable
    paid: RowSet = field(default_factory=RowSet)
    openings: dict[Opening, RowSet] = field(default_factory=dict)
    quantities: dict[str, int] = field(default_factory=dict)
    charged: int = 0
    due: int = 0

    def charge(self, line: OrderLine) -> tuple[int, int]:
        """Book an order; return the amount due and the bytes that were charged although paid before."""
        by_opening = self.tariff.counted.paid_within == OPENING
        paid = self.openings.get(line.opening, RowSet()) if by_opening else self.paid
        due = 0 if line.use == AGAIN else self._due(line)
        overlap = line.rows & paid
        self.paid = self.paid | line.rows
        self.openings[line.opening] = self.openings.get(line.opening, RowSet()) | line.rows
        self.charged += line.amount
        self.due += due
        return due, self.plain_bytes(overlap) if line.amount > due else 0

    def _due(self, line: OrderLine) -> int:
        before = self.quantities.get(line.period, 0)
        self.plain_bytes(line.rows)
        begins = line.use == OPEN and line.opening not in self.openings
        after = before + meter.added(self.tariff, line.rows - self.paid, self.table, begins=begins)
        self.quantities[line.period] = after
        return order_amount(self.tariff, before, after)

    def plain_bytes(self, rows: RowSet) -> int:
        """Return the plain bytes of rows; ValueError if the edition has not so many."""
        if rows.end > len(self.table):
            raise ValueError(f"piece `{rows.end - 1}` is beyond the edition's `{len(self.table)}` pieces")
        return sum(self.table.plain_bytes(first, count) for first, count in rows.ranges)


class Accounts:
    """The accounts of all agreements, as one log tells it; agreements without terms or rows have none."""

    def __init__(self, deals: Deals, tables: Tables) -> None:
        self._by_agreement: Mapping[str, Account] = {
            part: Account(deal.terms.tariff, tables[deal.terms.edition_id])
            for part, deal in deals.items()
            if deal.terms.edition_id in tables
        }

    def of(self, agreement: str) -> Account | None:
        """Return the account of an agreement."""
        return self._by_agreement.get(agreement)

    def charge(self, lines: Iterable[OrderLine]) -> tuple[int, int] | None:
        """Book a batch; return (due, bytes charged twice), None if an order cannot be priced."""
        due = twice = 0
        known = True
        for line in lines:
            account = self.of(line.agreement)
            if account is None:
                known = False
                continue
            one_due, one_twice = account.charge(line)
            due, twice = due + one_due, twice + one_twice
        return (due, twice) if known else None

    def items(self) -> Iterable[tuple[str, Account]]:
        """Return agreement → account."""
        return self._by_agreement.items()


async def collect_tables(sources: Sources, space: Space, editions: Iterable[Edition], report: Report) -> Tables:
    """Fetch the public header and rows of every agreed edition; they must be what `editionId` commits to."""
    providers = {one.id: space.members[one.provider] for one in editions}

    async def fetch(edition: tuple[bytes, Member], own: Report) -> RowTable | None:
        return await _table(sources, *edition, own)

    found = await each(providers.items(), fetch, report)
    return {edition_id: table for (edition_id, _), table in found if table is not None}


async def _table(sources: Sources, edition_id: bytes, provider: Member, report: Report) -> RowTable | None:
    url = f"{provider.url}/sealed/{edition_id.hex()}"
    try:
        header = load(await sources.fetch(f"{url}/header"))
        return agreed(edition_id, header, await sources.fetch(f"{url}/rows"))[1]
    except (Unavailable, ValueError) as error:
        report.find("edition-unavailable", provider.did, edition=edition_id.hex(), reason=error)
        return None
