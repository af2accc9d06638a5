"""Status lists: one bit for each credential of an issuer, set when it does not hold any more.

    'u' + base64url( gzip( bits ) )       Bitstring Status List 1.0; StatusList2021 has no letter before it

Law: bit 0 is the most significant one of the first byte; a list that is written has at least 131,072 bits, so that the
one that is asked for hides among many. One that is read may be shorter, and is never longer than BITS_MAX.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import TYPE_CHECKING, Any, Final

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable

BITS: Final = 131_072
# what an issuer with a million credentials puts into one list; unpacked it takes as many bytes as an eighth of this
BITS_MAX: Final = 8 * 1_048_576
# multibase: base64url without padding
MULTIBASE: Final = "u"


def write(places: Iterable[int]) -> str:
    """Return a list of BITS bits in which those at `places` are set."""
    bits = bytearray(BITS // 8)
    for place in places:
        bits[place // 8] |= 0x80 >> place % 8
    packed = gzip.compress(bytes(bits), mtime=0)
    return MULTIBASE + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read(text: Any) -> bytes:
    """Return the bits of a list; raises ContractError for what is none, or unpacks to more than BITS_MAX."""
    if not isinstance(text, str):
        raise ContractError("status-list", "`encodedList` is text")
    # the first letter of gzip's base64 is `H`, so a `u` is multibase
    coded = text.removeprefix(MULTIBASE).rstrip("=").replace("+", "-").replace("/", "_")
    try:
        packed = base64.b64decode((coded + "=" * (-len(coded) % 4)).encode("ascii"), b"-_", validate=True)
        unpacking = zlib.decompressobj(wbits=31)
        bits = unpacking.decompress(packed, BITS_MAX // 8 + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ContractError("status-list", f"`encodedList` cannot be unpacked: {error}") from error
    if len(bits) > BITS_MAX // 8:
        raise ContractError("status-list", f"`encodedList` has more than {BITS_MAX} bits")
    if not unpacking.eof:
        raise ContractError("status-list", "`encodedList` breaks off")
    return bits


def is_set(bits: bytes, place: int) -> bool:
    """Say whether the bit at `place` is set; raises ContractError for one beyond the list's end."""
    if not 0 <= place < 8 * len(bits):
        raise ContractError("status-list", f"the status list has {8 * len(bits)} places, and `{place}` is none of them")
    return bool(bits[place // 8] & 0x80 >> place % 8)
