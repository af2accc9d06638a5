"""The table of JSON-RPC methods: a name, and the function that answers it. A missing row is `UnknownMethodError`.

Each function takes the engine and its positional arguments as sent, and returns a JSON value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from eth.exceptions import TransactionNotFound
from eth_typing import Address, BlockNumber, Hash32

from ledger.embedded import codec, documents, proof
from ledger.embedded.documents import data, quantity
from ledger.embedded.errors import InvalidParamsError, OverLimitError
from ledger.embedded.index import MAX_LOG_RANGE_BLOCKS, Filter

if TYPE_CHECKING:
    from eth.abc import BlockHeaderAPI

    from ledger.embedded.engine import Engine

CLIENT_VERSION = "penstock-embedded/1"
MAX_PROOF_SLOTS = 64
MAX_RAW_TRANSACTION_BYTES = 128 * 1024
# of a filter without an end
MAX_BLOCK = 2**63 - 1

# the methods that run programs, and the one that makes a block; all others look something up
TRIED = frozenset(("eth_call", "eth_estimateGas"))
SENT = "eth_sendRawTransaction"

Method = Callable[..., Any]


def _header(engine: Engine, where: Any) -> BlockHeaderAPI:
    """Return the header that a tag, number, hash or EIP-1898 object names."""
    if isinstance(where, dict) and set(where) == {"blockHash"}:
        found = engine.header_by_hash(codec.data(where["blockHash"], codec.WORD_BYTES))
    else:
        number = where.get("blockNumber") if isinstance(where, dict) else where
        head = engine.head
        wanted = codec.block_number(number, head.block_number)
        found = head if wanted == head.block_number else engine.header(wanted)
    if found is None:
        raise InvalidParamsError("no such block")
    return found


def _address(value: Any) -> Address:
    return Address(codec.data(value, codec.ADDRESS_BYTES))


def _balance(engine: Engine, address: Any, where: Any = "latest") -> str:
    return quantity(engine.state(_header(engine, where)).get_balance(_address(address)))


def _nonce(engine: Engine, address: Any, where: Any = "latest") -> str:
    return quantity(engine.state(_header(engine, where)).get_nonce(_address(address)))


def _code(engine: Engine, address: Any, where: Any = "latest") -> str:
    return data(engine.state(_header(engine, where)).get_code(_address(address)))


def _storage(engine: Engine, address: Any, slot: Any, where: Any = "latest") -> str:
    number = int.from_bytes(codec.slot(slot), "big")
    value = engine.state(_header(engine, where)).get_storage(_address(address), number)
    return data(value.to_bytes(codec.WORD_BYTES, "big"))


def _call(engine: Engine, call: Any, where: Any = "latest") -> str:
    return data(engine.call(codec.call(call), _header(engine, where)))


def _estimate(engine: Engine, call: Any, where: Any = "latest") -> str:
    if _header(engine, where).hash != engine.head.hash:
        raise InvalidParamsError("gas is estimated for the next block only; name `latest`")
    return quantity(engine.estimate(codec.call(call)))


def _send(engine: Engine, raw: Any) -> str:
    return data(engine.send(signed(raw)))


def signed(raw: Any) -> bytes:
    """Read a raw transaction."""
    read = codec.data(raw)
    if len(read) > MAX_RAW_TRANSACTION_BYTES:
        raise OverLimitError(f"a transaction has at most {MAX_RAW_TRANSACTION_BYTES} bytes")
    return read


def _block_by_number(engine: Engine, where: Any, full: Any = False) -> Any:  # noqa: FBT002  # the protocol's default
    wanted = codec.block_number(where, engine.head.block_number)
    return _block(engine, engine.header(wanted), full)


def _block_by_hash(engine: Engine, block_hash: Any, full: Any = False) -> Any:  # noqa: FBT002  # the protocol's default
    return _block(engine, engine.header_by_hash(codec.data(block_hash, codec.WORD_BYTES)), full)


def _block(engine: Engine, header: BlockHeaderAPI | None, full: Any) -> Any:
    if not isinstance(full, bool):
        raise InvalidParamsError("whether transactions are shown whole is true or false")
    return None if header is None else documents.block(engine.chain.get_block_by_header(header), full=full)


def _place(engine: Engine, transaction_hash: Any) -> tuple[BlockHeaderAPI, int] | None:
    try:
        number, position = engine.chain.get_canonical_transaction_index(
            Hash32(codec.data(transaction_hash, codec.WORD_BYTES))
        )
    except TransactionNotFound:
        return None
    return engine.chain.get_canonical_block_header_by_number(number), position


def _transaction(engine: Engine, transaction_hash: Any) -> Any:
    place = _place(engine, transaction_hash)
    if place is None:
        return None
    header, position = place
    transaction = engine.chain.get_canonical_transaction_by_index(BlockNumber(header.block_number), position)
    return documents.transaction(transaction, header, position)


def _receipt(engine: Engine, transaction_hash: Any) -> Any:
    place = _place(engine, transaction_hash)
    if place is None:
        return None
    header, position = place
    assert position == 0, "one transaction a block"
    number = BlockNumber(header.block_number)
    transaction = engine.chain.get_canonical_transaction_by_index(number, position)
    receipt = engine.chain.get_transaction_receipt_by_index(number, position)
    return documents.receipt(transaction, receipt, header, engine.index.of_block(number))


def _filter(engine: Engine, wanted: Any) -> Filter:
    def number_of(block_hash: bytes) -> int:
        return int(_header(engine, {"blockHash": data(block_hash)}).block_number)

    return codec.log_filter(wanted, engine.head.block_number, number_of)


def _logs(engine: Engine, wanted: Any) -> list[Any]:
    return [documents.log(log) for log in engine.index.find(_filter(engine, wanted))]


def _new_filter(engine: Engine, wanted: Any) -> str:
    read = _filter(engine, wanted)
    endless = isinstance(wanted, dict) and wanted.get("toBlock") in (None, "latest", "pending")
    kept = replace(read, last=MAX_BLOCK) if endless else read
    return quantity(engine.filters.keep(kept, engine.head.block_number + 1, engine.now))


def _new_block_filter(engine: Engine) -> str:
    return quantity(engine.filters.keep(None, engine.head.block_number + 1, engine.now))


def _changes(engine: Engine, number: Any) -> list[Any]:
    kept, newest = engine.filters.ask(codec.quantity(number), engine.now), engine.head.block_number
    first = max(kept.next, newest + 1 - MAX_LOG_RANGE_BLOCKS)
    kept.next = newest + 1
    if kept.wanted is None:
        return [data(engine.block(each).hash) for each in range(first, newest + 1)]
    return _within(engine, replace(kept.wanted, first=max(first, kept.wanted.first)))


def _filter_logs(engine: Engine, number: Any) -> list[Any]:
    kept = engine.filters.ask(codec.quantity(number), engine.now)
    if kept.wanted is None:
        raise InvalidParamsError("a filter of blocks has no logs")
    return _within(engine, kept.wanted)


def _within(engine: Engine, wanted: Filter) -> list[Any]:
    ending = replace(wanted, last=min(wanted.last, engine.head.block_number))
    return [documents.log(log) for log in engine.index.find(ending)]


def _drop_filter(engine: Engine, number: Any) -> bool:
    return engine.filters.drop(codec.quantity(number))


def _raw_block(engine: Engine, where: Any) -> str:
    return data(engine.raw_block(_header(engine, where).block_number))


def _proof(engine: Engine, address: Any, slots: Any, where: Any = "latest") -> Any:
    if not isinstance(slots, list) or len(slots) > MAX_PROOF_SLOTS:
        raise InvalidParamsError(f"storage keys are a list of at most {MAX_PROOF_SLOTS}")
    keys = [codec.slot(slot) for slot in slots]
    return proof.prove(engine.store, _header(engine, where), _address(address), keys)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "web3_clientVersion": lambda _engine: CLIENT_VERSION,
        "net_version": lambda engine: str(engine.chain_id),
        "eth_chainId": lambda engine: quantity(engine.chain_id),
        "eth_syncing": lambda _engine: False,
        "eth_accounts": lambda _engine: [],
        "eth_blockNumber": lambda engine: quantity(engine.head.block_number),
        "eth_gasPrice": lambda _engine: "0x0",
        "eth_maxPriorityFeePerGas": lambda _engine: "0x0",
        "eth_getBalance": _balance,
        "eth_getTransactionCount": _nonce,
        "eth_getCode": _code,
        "eth_getStorageAt": _storage,
        "eth_call": _call,
        "eth_estimateGas": _estimate,
        SENT: _send,
        "eth_getBlockByNumber": _block_by_number,
        "eth_getBlockByHash": _block_by_hash,
        "eth_getTransactionByHash": _transaction,
        "eth_getTransactionReceipt": _receipt,
        "eth_getLogs": _logs,
        "eth_newFilter": _new_filter,
        "eth_newBlockFilter": _new_block_filter,
        "eth_getFilterChanges": _changes,
        "eth_getFilterLogs": _filter_logs,
        "eth_uninstallFilter": _drop_filter,
        "eth_getProof": _proof,
        "debug_getRawBlock": _raw_block,
    }
)
