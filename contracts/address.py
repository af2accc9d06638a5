"""EVM addresses: 20 bytes inside, the checksummed EIP-55 string outside, nothing in between."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from contracts.errors import ContractError
from contracts.keccak import keccak

ADDRESS_BYTES = 20
NOBODY = bytes(ADDRESS_BYTES)
# a negotiation shows the same dozen addresses thirty times; a keccak in between costs more than all its look-ups
SHOWN_MAX = 4096
# of a byte of the hash, the two bits that raise the two digits of an address beside it → byte → those digits
RAISING = 0x88
DIGITS = {
    high | low: [
        (digits[0].upper() if high else digits[0]) + (digits[1].upper() if low else digits[1])
        for digits in (f"{byte:02x}" for byte in range(256))
    ]
    for high in (0, 0x80)
    for low in (0, 0x08)
}


@lru_cache(maxsize=SHOWN_MAX)
def show(address: bytes) -> str:
    """Return the EIP-55 string of 20 bytes."""
    assert len(address) == ADDRESS_BYTES
    marks = keccak(address.hex().encode("ascii"))
    return "0x" + "".join([DIGITS[mark & RAISING][byte] for byte, mark in zip(address, marks, strict=False)])


def read(value: Any, name: str = "address") -> bytes:
    """Return the 20 bytes of an EIP-55 string; a string whose checksum does not agree is refused."""
    address = _bytes_of(value) if isinstance(value, str) and len(value) == 2 + 2 * ADDRESS_BYTES else None
    if address is None:
        raise ContractError("not-address", f"`{name}` is not a checksummed address (EIP-55)")
    return address


@lru_cache(maxsize=SHOWN_MAX)
def _bytes_of(text: str) -> bytes | None:
    """Return the bytes of a checksummed address, None for any other text."""
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
    return address if len(address) == ADDRESS_BYTES and show(address) == text else None
