"""Lists of subjects that a browser sent to be tried, while the price is looked at: in memory alone, and not for long.

Law: (1) a list is its owner's secret: nothing of it is written, into no file, table or log, and who asks for it is the
account that sent it. (2) It is let go as soon as it is tried, as another one of the account comes, and after
HELD_SECONDS_MAX at the latest.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import Absent, Conflict, InvalidInput
from contracts.tried import ID_CHARACTERS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# of a file that is sent: 200,000 keys with some columns beside them
LIST_BYTES_MAX: Final = 16 << 20
# lists that wait for their buttons; the oldest makes room
HELD_LISTS_MAX: Final = 4
# as long as somebody reads a price, and asks whether it may be paid
HELD_SECONDS_MAX: Final = 900


@dataclass(frozen=True, slots=True)
class HeldList:
    """The keys of a list by groups, what product it is to be tried on, and what else was said in its form.

    `job` is the id under which it will be asked, and by which it is known here.
    """

    job: str
    account: str
    product: str
    mine: Mapping[str, Sequence[str]]
    said: Mapping[str, str]

    @property
    def keys(self) -> int:
        """How many keys it has."""
        return sum(map(len, self.mine.values()))


class HeldLists:
    """The lists that wait at one participant."""

    def __init__(self) -> None:
        self._held: dict[str, HeldList] = {}
        self._ends: dict[str, asyncio.TimerHandle] = {}
        self._coming = 0

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Have a list come in inside the block; raises Conflict while as many do as may be held."""
        if self._coming >= HELD_LISTS_MAX:
            raise Conflict("several lists are being sent", "wait a moment, and send it again")
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def hold(
        self, account: str, product: str, mine: Mapping[str, Sequence[str]], said: Mapping[str, str], job: str = ""
    ) -> HeldList:
        """Hold a list; with the `job` of one that was cut off its question is asked again. Raises InvalidInput."""
        if len(job) > ID_CHARACTERS_MAX or not job.isprintable():
            raise InvalidInput(f"the id of a list has at most {ID_CHARACTERS_MAX} printable characters")
        made = HeldList(job or uuid.uuid4().hex, account, product, mine, dict(said))
        stale = [one.job for one in self._held.values() if account == one.account or one.job == made.job]
        kept = [name for name in self._held if name not in stale]
        for name in [*stale, *kept[: max(0, len(kept) + 1 - HELD_LISTS_MAX)]]:
            self.let_go(name)
        self._held[made.job] = made
        self._ends[made.job] = asyncio.get_running_loop().call_later(HELD_SECONDS_MAX, self.let_go, made.job)
        return made

    def one(self, account: str, product: str, job: str) -> HeldList:
        """Return a list that an account sent for a product; raises Absent."""
        found = self._held.get(job)
        if found is None or (found.account, found.product) != (account, product):
            raise Absent(
                "the list is here no more", "send it again: a list waits for some minutes, and in memory alone"
            )
        return found

    def waits(self, job: str) -> bool:
        """Say whether a list waits."""
        return job in self._held

    def let_go(self, job: str) -> None:
        """Forget a list."""
        self._held.pop(job, None)
        if (end := self._ends.pop(job, None)) is not None:
            end.cancel()

    def close(self) -> None:
        """Forget all."""
        for job in list(self._held):
            self.let_go(job)
