"""What callers send, read strictly: quantities, data, calls and filters of the Ethereum JSON-RPC.

A quantity is `0x` and no leading zero, data is `0x` and two digits a byte; anything else is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.embedded.errors import InvalidParamsError, OverLimitError
from ledger.embedded.index import MAX_FILTER_ALTERNATIVES, Filter

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS_BYTES = 20
WORD_BYTES = 32
MAX_CALL_DATA_BYTES = 256 * 1024
_MAX_TOPICS = 4
_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,63})", re.IGNORECASE)
_DATA = re.compile(r"0x([0-9a-f]{2})*", re.IGNORECASE)
_CALL_KEYS = frozenset(("from", "to", "data", "input", "gas", "value"))
# accepted and of no effect: a trial pays no fee and needs no nonce
_CALL_KEYS_UNUSED = frozenset(
    ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "nonce", "chainId", "type", "accessList")
)
_FILTER_KEYS = frozenset(("fromBlock", "toBlock", "blockHash", "address", "topics"))


@dataclass(frozen=True, slots=True)
class Call:
    """A trial run: no signature, no nonce, no fee. `to` is empty for a creation."""

    sender: bytes
    to: bytes
    data: bytes
    gas: int | None
    value: int


def quantity(value: Any) -> int:
    """Read `0x2a`."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise InvalidParamsError(f"`{str(value)[:80]}` is not a hexadecimal quantity")
    return int(value, 16)


def data(value: Any, size: int | None = None) -> bytes:
    """Read `0x0042`, of exactly `size` bytes if given."""
    if not isinstance(value, str) or len(value) > 2 + 2 * MAX_CALL_DATA_BYTES or not _DATA.fullmatch(value):
        raise InvalidParamsError(f"`{str(value)[:80]}` is not hexadecimal data")
    read = bytes.fromhex(value[2:])
    if size is not None and len(read) != size:
        raise InvalidParamsError(f"`{value[:80]}` is not {size} bytes long")
    return read


def slot(value: Any) -> bytes:
    """Read a storage key, given as a quantity or as 32 bytes of data."""
    if isinstance(value, str) and len(value) == 2 + 2 * WORD_BYTES:
        return data(value, WORD_BYTES)
    return quantity(value).to_bytes(WORD_BYTES, "big")


def call(value: Any) -> Call:
    """Read the object of `eth_call` and `eth_estimateGas`."""
    fields = _object(value, _CALL_KEYS | _CALL_KEYS_UNUSED)
    to = fields.get("to")
    return Call(
        sender=data(fields["from"], ADDRESS_BYTES) if fields.get("from") else bytes(ADDRESS_BYTES),
        to=data(to, ADDRESS_BYTES) if to else b"",
        data=data(fields.get("input") or fields.get("data") or "0x"),
        gas=quantity(fields["gas"]) if fields.get("gas") else None,
        value=quantity(fields.get("value") or "0x0"),
    )


def log_filter(value: Any, newest: int, number_of_hash: Callable[[bytes], int]) -> Filter:
    """Read the object of `eth_getLogs`; `number_of_hash(hash)` finds the number of a block."""
    fields = _object(value, _FILTER_KEYS)
    if fields.get("blockHash") is not None:
        first = last = number_of_hash(data(fields["blockHash"], WORD_BYTES))
    else:
        first = block_number(fields.get("fromBlock") or "latest", newest)
        last = block_number(fields.get("toBlock") or "latest", newest)
    topics = fields.get("topics") or []
    if not isinstance(topics, list) or len(topics) > _MAX_TOPICS:
        raise InvalidParamsError(f"`topics` is a list of at most {_MAX_TOPICS}")
    addresses = _alternatives(fields.get("address"), ADDRESS_BYTES) or ()
    return Filter(first, min(last, newest), addresses, tuple(_alternatives(topic, WORD_BYTES) for topic in topics))


def block_number(value: Any, newest: int) -> int:
    """Read a block tag or number; what is not mined yet has the newest block's number."""
    match value:
        case "earliest":
            return 0
        case "latest" | "pending" | "safe" | "finalized":
            return newest
        case _:
            return quantity(value)


def _object(value: Any, known: frozenset[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParamsError("an object was expected")
    unknown = value.keys() - known
    if unknown:
        raise InvalidParamsError(f"`{min(unknown)[:80]}` is not known here")
    return value


def _alternatives(value: Any, size: int) -> tuple[bytes, ...] | None:
    """Return the values of which one must be met, or None if anything will do."""
    if value is None or value == []:
        return None
    several = value if isinstance(value, list) else [value]
    if len(several) > MAX_FILTER_ALTERNATIVES:
        raise OverLimitError(f"at most {MAX_FILTER_ALTERNATIVES} alternatives in a filter")
    return tuple(data(each, size) for each in several)
