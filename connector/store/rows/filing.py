"""Contracts that were filed with the exchange (备案): as its register keeps them."""

from datetime import datetime

from connector.store.table_row import TableRow, dataclass, table


@table("filings", key=("code",), index=(("provider", "filed"), ("consumer", "filed"), ("filed",), ("agreement",)))
@dataclass(frozen=True, kw_only=True)
class FilingRow(TableRow):
    """A filed contract; `digest` (hex) is `contractHash`, `sealed` what only its two parties open."""

    code: str
    agreement: str
    name: str
    product: str
    provider: str
    consumer: str
    signed: datetime
    digest: str
    sealed: bytes
    filer: str
    filed: datetime
