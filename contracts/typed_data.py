"""The typed data both sides sign (spec 2), as EIP-712 lays it out.

Law: `TYPES` is the specification's own text; the layout of every digest is derived from it, once, at import. A value is
one dataclass of `typed_values` whose fields are the type's fields in snake_case and in the same order.

The encoding is laid by hand because a voucher is checked per window: a digest costs microseconds, not a schema walk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from contracts.errors import ContractError
from contracts.keccak import keccak
from contracts.typed_values import (
    Agreement,
    Batch,
    Edition,
    Final,
    Head,
    KeyOffer,
    Order,
    Range,
    Receipt,
    Refusal,
    SubLicence,
    Voucher,
)

__all__ = [
    "TYPES",
    "Agreement",
    "Batch",
    "Domain",
    "Edition",
    "Final",
    "Head",
    "KeyOffer",
    "Order",
    "Range",
    "Receipt",
    "Refusal",
    "SubLicence",
    "Voucher",
    "digest",
    "members",
    "struct_hash",
]

TYPES: Mapping[type, str] = MappingProxyType(
    {
        Agreement: "address provider,address buyer,bytes32 product,bytes32 editionId,bytes32 termsDigest,address token,"
        "uint128 priceCap,uint64 notAfter,bytes32 splitHash,string summary",
        Range: "uint64 first,uint64 count",
        Edition: "bytes32 editionId,bytes32 series,uint64 number",
        Refusal: "bytes32 voucherDigest,bytes32 reason,uint64 time",
        Order: "bytes32 agreementDigest,bytes32 transferId,bytes32 editionId,uint8 use,Range[] ranges,uint128 amount,"
        "bytes32 readerKey",
        Batch: "bytes32 prev,Order[] orders",
        KeyOffer: "bytes32 channelId,uint64 seq,bytes32 accountHash,uint128 cumulativeAmount,bytes32 lock,"
        "bytes32 maskedHash,bytes32 decisionDigest,uint64 validUntil",
        Voucher: "bytes32 channelId,uint64 seq,uint128 cumulativeAmount,bytes32 accountHash,bytes32 lock,"
        "uint64 validUntil",
        Receipt: "bytes32 channelId,uint64 seq,bytes32 voucherDigest,bytes32 offerDigest,bytes32 decisionDigest,"
        "bytes32 logLeaf,uint64 releasedAt",
        Final: "bytes32 channelId,uint128 finalAmount,bytes32 accountHash,uint64 validUntil",
        SubLicence: "bytes32 parent,address holder,address child,bytes32 termsDigest,bytes32 drawsOn,uint64 notAfter",
        Head: "bytes32 origin,uint64 size,bytes32 root,uint64 time",
    }
)

# a voucher, an offer and a receipt are asked for their digests some four times each while their window lasts
DIGESTS_KEPT = 1024

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
_DOMAIN_NAME = b"Penstock"
_DOMAIN_VERSION = b"1"

Encode = Callable[[Any], bytes]


@dataclass(frozen=True)
class Domain:
    """Where a signature counts: one chain, one program, one deployment (`salt`, 32 bytes drawn at deployment)."""

    chain_id: int
    verifying_contract: bytes
    salt: bytes

    @cached_property
    def separator(self) -> bytes:
        """Return the 32-byte domain separator."""
        where = _uint(256)(self.chain_id), _fixed(20)(self.verifying_contract), _fixed(32)(self.salt)
        words = (keccak(_DOMAIN_TYPE), keccak(_DOMAIN_NAME), keccak(_DOMAIN_VERSION), *where)
        return keccak(b"".join(words))


def struct_hash(value: Any) -> bytes:
    """Return `hashStruct(value)` (32 bytes) of one of the `typed_values`."""
    type_hash, parts = _LAYOUTS[type(value)]
    return keccak(b"".join((type_hash, *(encode(getattr(value, name)) for name, encode in parts))))


@lru_cache(maxsize=DIGESTS_KEPT)
def digest(domain: Domain, value: Any) -> bytes:
    """Return the 32-byte EIP-712 digest that is signed."""
    return keccak(b"\x19\x01" + domain.separator + struct_hash(value))


def members(kind: type) -> tuple[tuple[str, str, str], ...]:
    """Return (solidity type, name in the text, name of the field) for each member of a type."""
    return _MEMBERS[kind]


def _split(text: str) -> tuple[tuple[str, str, str], ...]:
    named = (member.split(" ") for member in text.split(","))
    snake = re.compile(r"[A-Z]")
    return tuple((solidity, name, snake.sub(lambda letter: "_" + letter[0].lower(), name)) for solidity, name in named)


_MEMBERS = MappingProxyType({kind: _split(text) for kind, text in TYPES.items()})


def _uint(bits: int) -> Encode:
    limit = 1 << bits

    def encode(number: int) -> bytes:
        if type(number) is not int or not 0 <= number < limit:
            raise ContractError("out-of-range", f"`{number}` is not a uint{bits}")
        return number.to_bytes(32, "big")

    return encode


def _fixed(size: int) -> Encode:
    def encode(value: bytes) -> bytes:
        if type(value) is not bytes or len(value) != size:
            raise ContractError("wrong-length", f"a value of {size} bytes was expected")
        return value.rjust(32, b"\0")

    return encode


def _text(value: str) -> bytes:
    return keccak(value.encode("utf-8"))


def _structs(values: tuple[Any, ...]) -> bytes:
    return keccak(b"".join(map(struct_hash, values)))


_ENCODERS: Mapping[str, Encode] = MappingProxyType(
    {
        "address": _fixed(20),
        "bytes32": _fixed(32),
        "uint8": _uint(8),
        "uint64": _uint(64),
        "uint128": _uint(128),
        "string": _text,
        "Range[]": _structs,
        "Order[]": _structs,
    }
)


def _referenced(text: str) -> set[type]:
    """Return the struct types that a member list names, through all levels."""
    direct = {kind for kind in TYPES if f"{kind.__name__}[]" in text}
    return direct.union(*(_referenced(TYPES[kind]) for kind in direct))


def _layout(kind: type) -> tuple[bytes, tuple[tuple[str, Encode], ...]]:
    others = sorted(_referenced(TYPES[kind]), key=lambda other: other.__name__)
    text = "".join(f"{each.__name__}({TYPES[each]})" for each in (kind, *others))
    parts = tuple((field, _ENCODERS[solidity]) for solidity, _, field in members(kind))
    assert [name for name, _ in parts] == [field.name for field in fields(kind)], kind
    return keccak(text.encode("ascii")), parts


_LAYOUTS: Mapping[type, tuple[bytes, tuple[tuple[str, Encode], ...]]] = MappingProxyType(
    {kind: _layout(kind) for kind in TYPES}
)
