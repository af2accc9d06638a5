"""The model beside the real books: of each channel what its payee has released, as it was answered on the network.

It knows nothing of windows, seqs and states: a release for a voucher brings its amount, and that is never lost again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass
class Entry:
    """One channel: its two sides, the most that a voucher said that came, and what was released for."""

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

    def saved(self, payee):
        """What a back-up of a payee knows: channel → what was released on it."""
        return {channel: entry.floor for channel, entry in self.entries.items() if entry.payee is payee}

    def fell_back(self, payee, saved, claimed):
        """A payee goes on with a back-up; what the chain has paid stays (`claimed(channel)`)."""
        for channel, entry in self.entries.items():
            if entry.payee is payee:
                entry.floor, entry.looked = max(saved.get(channel, 0), claimed(channel)), None

    def asked(self, buyer, payee, path, body):
        """Take note of a voucher that arrives: from now on it may be released for."""
        place = path.split("/")
        if place[1] != "channel" or place[-1] not in PAID:
            return
        entry = self.entries.setdefault(place[2], Entry(payee, buyer))
        entry.ever = max(entry.ever, _amount(place[-1], body))

    def answered(self, path, body, answer):
        """Take note of an answer that releases; return its channel, None for any other."""
        place = path.split("/")
        if place[1] != "channel" or place[-1] not in PAID or PAID[place[-1]][1] not in orjson.loads(answer):
            return None
        entry = self.entries[place[2]]
        entry.floor = max(entry.floor, _amount(place[-1], body))
        return place[2]


def _amount(what, body):
    said, member = orjson.loads(body), PAID[what][0]
    return int((said if member is None else said[member])["voucher"]["cumulativeAmount"])


# what is asked → where the voucher is in the body, and by what an answer that releases is known
PAID = {"voucher": (None, "receipt"), "step": ("paid", "released")}
