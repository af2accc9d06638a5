"""The model beside the real payee: what it released and what it can claim, one dictionary a channel.

It knows nothing of windows, seqs and states: a release brings a voucher that can be claimed until it lapses, an
acknowledgement one that never lapses, the chain what it has paid, a back-up what was known when it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NEVER = 0
# who comes back finds a block and a round of chores before anything lapses under its hands
COMING_BACK_SECONDS = 900


@dataclass
class Entry:
    """One channel: cumulative amount → until when it can be claimed (posix seconds, 0: for ever).

    `ever` is the most that was ever released, `floor` what must never be lost again.
    """

    claimable: dict[int, int] = field(default_factory=dict)
    ever: int = 0
    floor: int = 0
    known: int = 0  # what of it a back-up has not lost
    stopped: bool = False
    rounds_stopped: int = 0

    def released(self, amount, until):
        """A release is durable at the payee; said again, it brings nothing new."""
        if self.claimable.get(amount) in (NEVER, until):
            return
        self.claimable[amount] = until and max(until, self.claimable.get(amount, 0))
        self.ever, self.known = max(self.ever, amount), max(self.known, amount)
        self.floor = max(self.floor, amount)

    def acknowledged(self, amount):
        """A voucher without a lock is there; it brings no more than was released."""
        self.released(min(amount, self.ever), NEVER)

    def fell_back(self, saved, claimed, now):
        """The payee goes on with a back-up; what the chain has paid stays."""
        self.claimable, self.known = dict(saved.claimable), saved.known
        self.stopped = False
        self.came_back(claimed, now)

    def came_back(self, claimed, now):
        """The payee was away and did not claim in time: what lapsed meanwhile is lost."""
        alive = [amount for amount, until in self.claimable.items() if until in (NEVER, max(until, now))]
        self.floor = max([claimed, *alive])

    def copy(self):
        return Entry(dict(self.claimable), self.ever, self.floor, self.known, self.stopped)
