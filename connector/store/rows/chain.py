"""Transactions of the chain, and every form of them that was ever signed."""

from dataclasses import dataclass
from datetime import datetime

from connector.store.table_row import Document, TableRow, table


@table("chain_txs", key=("id",), index=(("state",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ChainTxRow(TableRow):
    """A transaction that is wanted on the chain."""

    id: str
    program: str | None = None
    function: str | None = None
    data: bytes | None = None
    nonce: int | None = None
    hash: str | None = None
    state: str
    block: int | None = None
    error: str | None = None
    created: datetime
    event: Document | None = None


@table("chain_sends", key=("hash",), index=(("nonce",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSendRow(TableRow):
    """A form of a transaction that was signed: several of one nonce where one replaces another."""

    hash: str
    nonce: int
    raw: bytes
    price: int
    tip: int | None = None
    sent: datetime
