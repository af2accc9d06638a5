"""Codes of the national infrastructure: those that a node has assigned, and at everybody else the own ones."""

from datetime import datetime

from connector.store.table_row import TableRow, dataclass, table


@table("codes", key=("code",), index=(("holder", "kind", "about"), ("assigned", "code")))
@dataclass(frozen=True, kw_only=True)
class CodeRow(TableRow):
    """A code and what it is of; `filer` is the DID of who registered it, its holder or the exchange for it."""

    code: str
    kind: str
    holder: str
    about: str
    title: str
    subject: str
    place: str
    filer: str
    assigned: datetime
