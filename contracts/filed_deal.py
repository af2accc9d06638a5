"""A deal that was made elsewhere and is filed afterwards (备案交易): its digest, and what a party signs of it.

Law: a party signs the digest of the deal together with its own word of it, so a word is of one deal and is no other
word. Whoever has the document finds both again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.canonical import canonical
from contracts.labels import H

if TYPE_CHECKING:
    from contracts.canonical import JsonObject

# what the party that files it says, and what the other one says of it
FILED, CONFIRMED, CONTESTED = "filed", "confirmed", "contested"
WORDS: Final = (FILED, CONFIRMED, CONTESTED)


def digest_of(document: JsonObject) -> bytes:
    """Return the 32 bytes that a filed deal is known by."""
    return H("filed-deal", canonical(document))


def signed_part(digest: bytes, word: str) -> bytes:
    """Return the 32 bytes that a party signs with its agreement key."""
    return H("filed-deal-word", digest, word.encode())
