"""Which logs there are: rows beside the chain, written in the block's own transaction and found by SQL.

A filter names addresses and, position by position, the topics it takes; None takes any topic that is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth.db.schema import SchemaV1
from eth_typing import Hash32

from ledger.embedded.errors import OverLimitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eth.abc import BlockAPI, ReceiptAPI

    from ledger.embedded.store import Store

MAX_LOGS = 10_000
MAX_LOG_RANGE_BLOCKS = 100_000
MAX_FILTER_ALTERNATIVES = 64
# of a row beside its data, with its three indexes
ROW_BYTES = 512

_COLUMNS = "block, position, block_hash, transaction_hash, address, topic0, topic1, topic2, topic3, data"
_TOPICS = ("topic0", "topic1", "topic2", "topic3")
_WORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Filter:
    """Blocks `first` to `last`, both included; no addresses means any."""

    first: int
    last: int
    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """One log where it stands on the chain."""

    block: int
    position: int
    block_hash: bytes
    transaction_hash: bytes
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class LogIndex:
    """The log rows of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def knows(self, transaction_hash: bytes) -> bool:
        """Say whether a transaction was mined."""
        return SchemaV1.make_transaction_hash_to_block_lookup_key(Hash32(transaction_hash)) in self._store

    def add(self, block: BlockAPI, receipts: Sequence[ReceiptAPI]) -> None:
        """Index a block's logs, inside the transaction that stores the block."""
        rows = list(_logs(block, receipts))
        self._store.written += sum(ROW_BYTES + len(row[-1]) for row in rows)
        self._store.connection.executemany(
            f"INSERT INTO logs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants
            ((block.number, position, block.hash, *row) for position, row in enumerate(rows)),
        )

    def find(self, wanted: Filter) -> list[Log]:
        """Return the logs in chain order; `OverLimitError` rather than a shortened answer."""
        if wanted.last - wanted.first >= MAX_LOG_RANGE_BLOCKS:
            raise OverLimitError(f"at most {MAX_LOG_RANGE_BLOCKS} blocks a filter; ask in pieces")
        clauses, values = _where(wanted)
        rows = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM logs WHERE {' AND '.join(clauses)} ORDER BY block, position LIMIT ?",  # noqa: S608  # constants
            (*values, MAX_LOGS + 1),
        ).fetchall()
        if len(rows) > MAX_LOGS:
            raise OverLimitError(f"more than {MAX_LOGS} logs; ask for fewer blocks")
        return [_log(row) for row in rows]

    def agrees(self, block: BlockAPI, receipts: Sequence[ReceiptAPI]) -> bool:
        """Say whether the rows of a block are the logs of its receipts."""
        said = [(log.transaction_hash, log.address, log.topics, log.data) for log in self.of_block(block.number)]
        own = [(row[0], row[1], tuple(topic for topic in row[2:6] if topic), row[6]) for row in _logs(block, receipts)]
        return said == own

    def of_block(self, number: int) -> list[Log]:
        """Return one block's logs."""
        return self.find(Filter(number, number, (), ()))


def _logs(block: BlockAPI, receipts: Sequence[ReceiptAPI]) -> Iterator[tuple[Any, ...]]:
    for transaction, receipt in zip(block.transactions, receipts, strict=True):
        for log in receipt.logs:
            topics = [topic.to_bytes(_WORD_BYTES, "big") for topic in log.topics]
            yield transaction.hash, log.address, *topics, *(None,) * (len(_TOPICS) - len(topics)), log.data


def _where(wanted: Filter) -> tuple[list[str], list[Any]]:
    values: list[Any]
    clauses, values = ["block BETWEEN ? AND ?"], [wanted.first, wanted.last]
    columns = [("address", wanted.addresses or None), *zip(_TOPICS, wanted.topics, strict=False)]
    for column, alternatives in columns:
        if alternatives is not None:
            clauses.append(f"{column} IN ({', '.join('?' * len(alternatives))})")
            values.extend(alternatives)
        elif column != "address":
            clauses.append(f"{column} IS NOT NULL")
    return clauses, values


def _log(row: tuple[Any, ...]) -> Log:
    topics = tuple(topic for topic in row[5:9] if topic is not None)
    return Log(row[0], row[1], row[2], row[3], row[4], topics, row[9])
