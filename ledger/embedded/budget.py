"""How much of the disk each caller's transactions took today, by what was really written.

Law: a transaction is taken back before it is durable when what it writes is more than is left. Strangers have a share
each, and one that they have together; a day is one in UTC. Kept in memory: a host that begins anew begins a new day.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from ledger.embedded.caller import CHAIN_STRANGERS_DAILY_BYTES_MAX, Standing
from ledger.embedded.errors import OverLimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.embedded.caller import Caller

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400
# of a block with one small transaction
LEAST_BYTES = 2_048


class Budget:
    """The day's account of one chain; `clock` gives posix seconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._day = -1
        self._spent: Counter[Caller] = Counter()
        self._told: set[str] = set()

    def left(self, caller: Caller) -> int:
        """Return how many bytes a caller's next transaction may write; `OverLimitError` when there are none."""
        self._turn_page()
        left = caller.share.daily_bytes - self._spent[caller]
        if caller.standing is Standing.STRANGER:
            together = sum(spent for each, spent in self._spent.items() if each.standing is Standing.STRANGER)
            left = min(left, CHAIN_STRANGERS_DAILY_BYTES_MAX - together)
        if left < LEAST_BYTES:
            self._tell(caller)
            raise OverLimitError(over(LEAST_BYTES, max(left, 0)))
        return left

    def spend(self, caller: Caller, written: int) -> None:
        """Count what a caller's transaction wrote."""
        self._turn_page()
        self._spent[caller] += written

    def _tell(self, caller: Caller) -> None:
        whose = "those of strangers" if caller.standing is Standing.STRANGER else f"those of `{caller.name}`"
        if whose not in self._told:
            self._told.add(whose)
            log.warning(
                "transactions on the hosted chain wrote their share of today: %s wait for tomorrow (UTC)", whose
            )

    def _turn_page(self) -> None:
        day = self._clock() // DAY_SECONDS
        if day != self._day:
            self._day, self._spent, self._told = day, Counter(), set()


def over(written: int, left: int) -> str:
    """Return the words for a transaction that writes more than its sender has left today (bytes)."""
    return (
        f"the transaction would write {written} bytes on this chain, and its sender has {left} left today; accounts "
        "that no member of the space owns have little: let the exchange admit their owner, or send less tomorrow (UTC)"
    )
