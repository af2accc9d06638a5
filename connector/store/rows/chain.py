"""Transactions of the chain, and every form of them that was ever signed."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, TableRow, dataclass, table


class ActState(StrEnum):
    """The life of a row of `chain_txs`; what a reorganisation takes back is signed again."""

    WANTED = "wanted"
    SIGNED = "signed"
    MINED = "mined"
    REVERTED = "reverted"


@table("chain_txs", key=("id",), index=(("state", "block"),))
@dataclass(frozen=True, kw_only=True)
class ChainTxRow(TableRow):
    """A transaction that is wanted on the chain."""

    id: str
    # what is called; of an act that its maker makes later, nothing before it is signed
    program: str | None = None
    function: str | None = None
    data: bytes | None = None
    nonce: int | None = None
    hash: str | None = None
    state: ActState
    block: int | None = None
    error: str | None = None
    created: datetime
    # the event that follows, until the act is mined
    event: Document | None = None
    # which of our accounts sends it, in hex; None for the first that we had
    account: str | None = None

    @property
    def call(self) -> tuple[str, str, bytes]:
        """Return program, function and data of an act that is made."""
        assert self.program is not None
        assert self.function is not None
        assert self.data is not None
        return self.program, self.function, self.data


@table("chain_sends", key=("hash",), index=(("nonce",),))
@dataclass(frozen=True, kw_only=True)
class ChainSendRow(TableRow):
    """A form of a transaction that was signed: several of one nonce where one replaces another."""

    hash: str
    nonce: int
    raw: bytes
    price: int
    tip: int | None = None
    sent: datetime
    # whose number it is, in hex; None for the first account that we had
    account: str | None = None
