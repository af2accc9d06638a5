"""Contract templates: as the exchange keeps them for its members."""

from datetime import datetime

from connector.store.rows.space import CaseRow
from connector.store.table_row import Document, dataclass, table


@table("contract_templates", key=("id",), index=(("state", "created"), ("created",), ("supersedes",)))
@dataclass(frozen=True, kw_only=True)
class ContractTemplateRow(CaseRow):
    """A contract template; `supersedes` is the id of the one in whose place it is, empty for none."""

    id: str
    document: Document
    supersedes: str
    state: str
    reason: str
    created: datetime
    updated: datetime
