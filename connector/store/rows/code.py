"""Codes of the national infrastructure: those that a node has assigned, and at everybody else the own ones."""

from datetime import datetime

from connector.store.table_row import TableRow, dataclass, table


@table("codes", key=("code",), index=(("holder", "kind", "about"), ("assigned", "code")))
@dataclass(frozen=True, kw_only=True)
class CodeRow(TableRow):
    """A code and what it is of; `filer` is the DID of who registered it, its holder or the exchange for it.

    `level` of a connector's or a platform's is how far it is proven whose it is (`contracts.credential.kinds.LEVELS`);
    codes of before that was asked have none.
    """

    code: str
    kind: str
    holder: str
    about: str
    title: str
    subject: str
    place: str
    filer: str
    assigned: datetime
    level: int | None = None

    @property
    def proven(self) -> int:
        """How far it is proven whose it is: 0 for not at all."""
        return self.level or 0
