"""Contracts that were filed with the exchange (备案): as its register keeps them."""

from datetime import datetime

from connector.store.table_row import TableRow, dataclass, table


@table(
    "filings",
    key=("code",),
    index=(("provider", "filed"), ("consumer", "filed"), ("filed",), ("agreement",), ("amends",)),
)
@dataclass(frozen=True, kw_only=True)
class FilingRow(TableRow):
    """A line of the register; `digest` (hex) is `contractHash`, `agreement` the digest that was signed."""

    code: str
    agreement: str
    name: str
    product: str
    provider: str
    consumer: str
    signed: datetime
    digest: str
    filer: str
    filed: datetime
    grade: str | None = (
        None  # `signed` of one that is under its parties' signatures alone; else its licence is on chain
    )
    amends: str | None = None  # the agreement in whose place it is, by who filed it
    ended: datetime | None = None  # of a `signed` one: when a party said that it is over


@table("filed_contracts", key=("code",))
@dataclass(frozen=True, kw_only=True)
class FiledContractRow(TableRow):
    """What only the two parties of a filed contract open; beside its line, which many read."""

    code: str
    sealed: bytes
