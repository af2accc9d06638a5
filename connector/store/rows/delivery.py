"""Deliveries by NDI-TR-2025-05, as a connector keeps them, and who may have what it delivers."""

from datetime import datetime

from connector.store.table_row import TableRow, dataclass, table


@table("deliveries", key=("peer", "sequence"), index=(("transfer",), ("product", "code"), ("created",)))
@dataclass(frozen=True, kw_only=True)
class DeliveryRow(TableRow):
    """One delivery by its number, which whoever asked for it drew: a call, or a transport that was agreed."""

    peer: str  # DID of the other side: of who asked, or of whom we have called
    sequence: str
    kind: str  # call, pull or push
    product: str  # our id of it
    named: str  # what it is called in the contract
    instruction: str
    transfer: str  # our id of the transfer that it belongs to, empty for a call of ours
    caller: str  # what who asked called itself: its code, or its DID
    callee: str  # what it called the other side
    code: str = ""  # the return code that it ended with, empty while it is under way
    bytes: int = 0
    created: datetime
    ended: datetime | None = None


@table("white_lists", key=("product", "caller"))
@dataclass(frozen=True, kw_only=True)
class WhiteListRow(TableRow):
    """One who may have what a product of ours delivers, where not everybody with a contract may."""

    product: str
    caller: str  # a subject's code of 18 characters, a connector's of 32, or a DID
    created: datetime
