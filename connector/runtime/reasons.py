"""The words that an act is given as its reason: somebody reads them, so there are some, and not too many."""

from __future__ import annotations

from connector.runtime.errors import InvalidInput
from connector.runtime.limits import REASON_CHARACTERS_MAX


def check(reason: str, reader: str, *, called: str = "a reason has", most: int = REASON_CHARACTERS_MAX) -> str:
    """Return a reason of 1 to `most` characters; raises InvalidInput, which says who reads it."""
    if not reason.strip() or len(reason) > most:
        raise InvalidInput(f"{called} 1 to {most} characters: {reader}")
    return reason
