"""The model beside the real books: of each channel what its payee has released, as it was answered on the network.

It knows nothing of windows, seqs and states: a release for a voucher brings its amount, and that is never lost again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass
class Entry:
    """One channel: its two sides, the most that was ever released, and what must never be lost again."""

    payee: Any
    buyer: Any
    ever: int = 0
    floor: int = 0
    looked: Any = None  # at which state of disk and chain `worth` was found
    worth: int = 0


class Books:
    """Channel id (hex) → its entry, made when something is released on it."""

    def __init__(self):
        self.entries = {}

    def heard(self, buyer, payee, path, body, answer):
        """Take note of an answer that releases; return its entry, None for any other."""
        place = path.split("/")
        paid = PAID.get(place[-1]) if place[1] == "channel" else None
        if paid is None:
            return None
        member, of = paid
        if of not in orjson.loads(answer):
            return None
        said = orjson.loads(body)
        said = said if member is None else said[member]
        entry = self.entries.setdefault(place[2], Entry(payee, buyer))
        entry.ever = max(entry.ever, int(said["voucher"]["cumulativeAmount"]))
        entry.floor = max(entry.floor, int(said["voucher"]["cumulativeAmount"]))
        return entry


# what is asked → where the voucher is in the body, and by what an answer that releases is known
PAID = {"voucher": (None, "receipt"), "step": ("paid", "released")}
