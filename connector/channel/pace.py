"""How many rows the payer asks for at a time: few at first, then as many as make the round trips cheap.

Law: what is at stake grows only with what was delivered: each released window may double the next one, and only while
round trips take more than `TRIP_SHARE` of the time. A purchase begins where windows of the same provider have come to,
and with few rows again once one of them was wrong. What may be unreleased, in money and in rows, bounds it in any case
(`plan`), and towards the end windows halve (`window`).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from connector.channel.window import MAX_BATCH_ROWS
from connector.runtime.limits import PEERS_KNOWN_MAX

FIRST_ROWS = 8  # the first keys come soon, and little is promised to a provider that has not delivered yet
TRIP_SHARE = 0.02  # waiting for answers costs no more of a transfer than this


@dataclass(slots=True)
class Pace:
    """The pace of one purchase; `rows` is the most to ask for now."""

    rows: int = FIRST_ROWS

    def released(self, trip_seconds: float, window_seconds: float) -> None:
        """Take note of a released window: how long its round trip took, and how long since the one before."""
        if trip_seconds > TRIP_SHARE * window_seconds:
            self.rows = min(2 * self.rows, MAX_BATCH_ROWS)


class Paces:
    """What providers have delivered to one participant, in memory: the largest window of each, in rows."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, int] = OrderedDict()

    def begin(self, provider: str) -> Pace:
        """Return the pace of a new purchase."""
        return Pace(self._rows.get(provider, FIRST_ROWS))

    def delivered(self, provider: str, rows: int) -> None:
        """Take note of a window whose keys have opened what they were bought for."""
        self._rows[provider] = max(rows, self._rows.pop(provider, FIRST_ROWS))
        if len(self._rows) > PEERS_KNOWN_MAX:
            self._rows.popitem(last=False)

    def disappointed(self, provider: str) -> None:
        """Trust a provider no further than one that was never met: something it released was wrong."""
        self._rows.pop(provider, None)
