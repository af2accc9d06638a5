"""What callers get: blocks, transactions, receipts, logs and proofs as the Ethereum JSON-RPC shows them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eth._utils.address import generate_contract_address
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth_utils.address import to_checksum_address
from rlp import encode as rlp_encode

if TYPE_CHECKING:
    from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI

    from contracts.canonical import JsonObject
    from ledger.embedded.index import Log

ADDRESSES_KEPT = 256
_SUCCESS = b"\x01"
_BLOOM_BYTES = 256


def quantity(value: int) -> str:
    """Show a number as `0x2a`."""
    return hex(value)


def data(value: bytes) -> str:
    """Show bytes as `0x0042`."""
    return "0x" + value.hex()


def block(block: BlockAPI, *, full: bool) -> JsonObject:
    """Show a block with its transactions' hashes, or with the whole transactions."""
    header = block.header
    transactions = [
        transaction(each, header, position) if full else data(each.hash)
        for position, each in enumerate(block.transactions)
    ]
    return _header(header) | {
        "size": quantity(len(rlp_encode(block))),
        "totalDifficulty": "0x0",
        "transactions": transactions,
        "uncles": [],
    }


def _header(header: BlockHeaderAPI) -> JsonObject:
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.uncles_hash),
        "logsBloom": data(header.bloom.to_bytes(_BLOOM_BYTES, "big")),
        "transactionsRoot": data(header.transaction_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipt_root),
        "miner": to_checksum_address(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "baseFeePerGas": quantity(header.base_fee_per_gas or 0),
    }


def transaction(transaction: SignedTransactionAPI, header: BlockHeaderAPI, position: int) -> JsonObject:
    """Show a mined transaction."""
    kind = transaction.type_id or 0
    shown: JsonObject = {
        "hash": data(transaction.hash),
        "type": quantity(kind),
        "chainId": quantity(transaction.chain_id or 0),
        "nonce": quantity(transaction.nonce),
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "transactionIndex": quantity(position),
        "from": to_checksum_address(transaction.sender),
        "to": _receiver(transaction),
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(_price(transaction)),
        "input": data(transaction.data),
        "v": quantity(_parity(transaction)),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    return shown | _typed_fields(transaction) if kind else shown


def _parity(transaction: Any) -> int:
    """Return `v`: with the chain id in it for a legacy transaction, the bare parity for a typed one."""
    return int(transaction.v if transaction.type_id is None else transaction.y_parity)


def _typed_fields(transaction: SignedTransactionAPI) -> JsonObject:
    return {
        "yParity": quantity(transaction.y_parity),
        "maxFeePerGas": quantity(transaction.max_fee_per_gas),
        "maxPriorityFeePerGas": quantity(transaction.max_priority_fee_per_gas),
        "accessList": [
            {"address": to_checksum_address(address), "storageKeys": [data(key.to_bytes(32, "big")) for key in keys]}
            for address, keys in transaction.access_list
        ],
    }


def receipt(
    transaction: SignedTransactionAPI, receipt: ReceiptAPI, header: BlockHeaderAPI, logs: list[Log]
) -> JsonObject:
    """Show the receipt of the only transaction of a block."""
    created = None
    if transaction.to == CREATE_CONTRACT_ADDRESS:
        created = to_checksum_address(generate_contract_address(transaction.sender, transaction.nonce))
    return {
        "transactionHash": data(transaction.hash),
        "transactionIndex": "0x0",
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "type": quantity(transaction.type_id or 0),
        "from": to_checksum_address(transaction.sender),
        "to": _receiver(transaction),
        "contractAddress": created,
        "status": quantity(int(receipt.state_root == _SUCCESS)),
        "gasUsed": quantity(receipt.gas_used),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(_price(transaction)),
        "logs": [log(each) for each in logs],
        "logsBloom": data(receipt.bloom.to_bytes(_BLOOM_BYTES, "big")),
    }


@lru_cache(maxsize=ADDRESSES_KEPT)
def _shown(address: bytes) -> str:
    """Show an address; its checksum costs a hash, and a page of logs has few addresses."""
    return to_checksum_address(address)


def log(log: Log) -> JsonObject:
    """Show a log."""
    return {
        "address": _shown(log.address),
        "topics": [data(topic) for topic in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(log.block),
        "blockHash": data(log.block_hash),
        "transactionHash": data(log.transaction_hash),
        "transactionIndex": "0x0",
        "logIndex": quantity(log.position),
        "removed": False,
    }


def _receiver(transaction: SignedTransactionAPI) -> str | None:
    return None if transaction.to == CREATE_CONTRACT_ADDRESS else to_checksum_address(transaction.to)


def _price(transaction: SignedTransactionAPI) -> int:
    """Return what a unit of gas cost under the base fee of zero."""
    return min(transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas)
