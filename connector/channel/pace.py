"""How many rows the payer asks for at a time: few at first, then as many as make the round trips cheap.

Law: what is at stake grows only with what was delivered: each released window may double the next one, and only while
round trips take more than `TRIP_SHARE` of the time. What may be unreleased, in money and in rows, bounds it in any case
(`plan`), and towards the end windows halve (`window`).
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.channel.window import MAX_BATCH_ROWS

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
