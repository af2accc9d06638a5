"""A block's header as the bytes that its hash is of, so that a state root is worth what the block's hash is worth.

Law: a header is the RLP list of `FIELDS` in their order; later rules of Ethereum append to it and never insert. A chain
that hashes its blocks in another way has no header here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rlp

from contracts.keccak import keccak
from ledger.chain.state_proof import StateProofError
from ledger.stamp import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# as JSON-RPC calls them → whether a number, which RLP writes without leading zeros
FIELDS: Mapping[str, bool] = {
    "parentHash": False, "sha3Uncles": False, "miner": False, "stateRoot": False, "transactionsRoot": False,
    "receiptsRoot": False, "logsBloom": False, "difficulty": True, "number": True, "gasLimit": True, "gasUsed": True,
    "timestamp": True, "extraData": False, "mixHash": False, "nonce": False, "baseFeePerGas": True,
    "withdrawalsRoot": False, "blobGasUsed": True, "excessBlobGas": True, "parentBeaconBlockRoot": False,
    "requestsHash": False,
}  # fmt: skip
# up to `nonce` every header has all
LEAST_FIELDS = 15
HEADER_BYTES_MAX = 4_096
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What a header says: its own hash and the state's root (32 bytes each), number and time (aware)."""

    hash: bytes
    number: int
    state_root: bytes
    at: datetime


def encode(block: Mapping[str, Any]) -> bytes:
    """Return the header of a block as `eth_getBlockByNumber` shows it; StateProofError if it is not what is hashed."""
    names = [name for name in FIELDS if block.get(name) is not None]
    raw = bytes(rlp.encode([_value(str(block[name]), number=FIELDS[name]) for name in names]))
    if keccak(raw).hex() != str(block["hash"]).removeprefix("0x"):
        raise StateProofError("this chain hashes its blocks in another way: a proof would rest on its word alone")
    return raw


def decode(raw: bytes) -> BlockHeader:
    """Read a header; StateProofError if it is none."""
    if len(raw) > HEADER_BYTES_MAX:
        raise StateProofError(f"a header has at most {HEADER_BYTES_MAX} bytes")
    try:
        values = rlp.decode(raw)
    except rlp.DecodingError as error:
        raise StateProofError("the header is no RLP list") from error
    if not isinstance(values, list) or not LEAST_FIELDS <= len(values) <= len(FIELDS):
        raise StateProofError(f"a header has {LEAST_FIELDS} to {len(FIELDS)} fields")
    named = dict(zip(FIELDS, values, strict=False))
    root, number, stamp = named["stateRoot"], named["number"], named["timestamp"]
    if not all(isinstance(value, bytes) for value in (root, number, stamp)) or len(root) != HASH_BYTES:
        raise StateProofError("the header has no state root, number and time")
    return BlockHeader(keccak(raw), int.from_bytes(number), root, read_time(int.from_bytes(stamp)))


def _value(shown: str, *, number: bool) -> int | bytes:
    return int(shown, 16) if number else bytes.fromhex(shown.removeprefix("0x"))
