"""Deals that were made elsewhere and are filed afterwards (备案交易): as the exchange keeps them."""

from datetime import datetime

from connector.store.rows.space import CaseRow
from connector.store.table_row import Document, dataclass, table


@table(
    "filed_deals",
    key=("id",),
    index=(("provider", "updated"), ("consumer", "updated"), ("updated",), ("filer", "state")),
)
@dataclass(frozen=True, kw_only=True)
class FiledDealRow(CaseRow):
    """A filed deal; `digest` (hex) is what its parties sign, `document` as of `catalog.deal`.

    `signatures` has the words that were said of it: DID → word and signature (hex), the newest of each.
    """

    id: str
    digest: str
    provider: str
    consumer: str
    filer: str
    document: Document
    signatures: Document
    state: str  # of catalog.deal.State
    reason: str = ""
    created: datetime
    updated: datetime
