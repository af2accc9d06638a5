"""Who asks the chain for something, and what each kind of caller may have of it.

Law: members come first, and nobody's share depends on how much others ask for. A member is known by its token or, when
it sends a transaction, by the account that signed it; a stranger by the address that it calls from.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# processor seconds of one body's calls and reads, on a machine of ordinary speed: a quorum's BLS signature is proven
# in one second, a member's longest honest call otherwise in a tenth
CHAIN_MEMBER_BODY_SECONDS = 5.0
# a stranger looks something up, which takes milliseconds
CHAIN_STRANGER_BODY_SECONDS = 0.5
# the same of one transaction in the thread that makes the blocks: what it holds up, it holds up for all
CHAIN_MEMBER_TRANSACTION_SECONDS = 3.0
CHAIN_STRANGER_TRANSACTION_SECONDS = 0.25
# bodies of one caller that wait for their turn; a whole space may stand behind one address
CHAIN_MEMBER_WAITING_MAX = 128
CHAIN_STRANGER_WAITING_MAX = 32
# what one member's transactions may make the chain grow by in a day (UTC): some thirty thousand claims or anchors
CHAIN_MEMBER_DAILY_BYTES_MAX = 256 * 1_048_576
# of one caller whose transactions are signed by accounts of no member: some hundred small ones
CHAIN_STRANGER_DAILY_BYTES_MAX = 1_048_576
# and of all of these together: a gigabyte and a half in a year
CHAIN_STRANGERS_DAILY_BYTES_MAX = 4 * 1_048_576


class Standing(IntEnum):
    """Kinds of callers, those who come first first."""

    HOST = 0
    MEMBER = 1
    STRANGER = 2


@dataclass(frozen=True, slots=True)
class Share:
    """What one caller may have."""

    body_seconds: float
    transaction_seconds: float
    waiting: int
    daily_bytes: int


SHARES: Mapping[Standing, Share] = MappingProxyType({
    Standing.MEMBER: Share(
        CHAIN_MEMBER_BODY_SECONDS,
        CHAIN_MEMBER_TRANSACTION_SECONDS,
        CHAIN_MEMBER_WAITING_MAX,
        CHAIN_MEMBER_DAILY_BYTES_MAX,
    ),
    Standing.STRANGER: Share(
        CHAIN_STRANGER_BODY_SECONDS,
        CHAIN_STRANGER_TRANSACTION_SECONDS,
        CHAIN_STRANGER_WAITING_MAX,
        CHAIN_STRANGER_DAILY_BYTES_MAX,
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a member by its DID or account, a stranger by its network address."""

    standing: Standing
    name: str

    @property
    def share(self) -> Share:
        """What it may have; the host has no share, it asks as it likes."""
        return SHARES[self.standing]


def stranger(place: str) -> Caller:
    """Return the caller behind a network address; of IPv6 a whole network of 64 bits is one, as one host has it."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return Caller(Standing.STRANGER, place)
    if address.version == 6 and address.ipv4_mapped is None:
        return Caller(Standing.STRANGER, str(ipaddress.ip_network((int(address), 64), strict=False)))
    return Caller(Standing.STRANGER, place)


HOST: Final = Caller(Standing.HOST, "")
