"""What was judged before and need not be judged again: all matters but those that are open.

Law: the same inputs have the same verdict. A matter (`ledger.audit.matters`) is closed when nothing was found of it,
nothing of it waits for what a log or the chain might still show, and all its rows and the chain's events that name it
are kept or final. Its verdict stands while the space's document is the same, the same logs are read and extend what was
proven, the chain has the same events up to its final block, the editions that were sold can be read, and nothing new
names one of its partitions. Everything else is judged again, with all that was there before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.audit.matters import told_of
from ledger.audit.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.audit.recalled import Bounds
    from ledger.audit.sources import ChainEvent

# partitions of matters that are open: with more of them all is judged again, which takes less room
OPEN_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts; `space` and `chain` are digests of the space's document and of the events up to the final block.

    `logs` are the DIDs of those that were read, `sums` what the closed matters are good for. `open` are the partitions
    of all others: number of a log → the index below which their rows have been counted.
    """

    space: str
    logs: tuple[str, ...]
    chain: str
    sums: Sums = field(default_factory=Sums)
    open: Bounds = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the verdicts as JSON."""
        bounds = {part: {str(log): str(index) for log, index in below.items()} for part, below in self.open.items()}
        named = {"space": self.space, "logs": list(self.logs), "chain": self.chain}
        return {**named, "sums": self.sums.json(), "open": bounds}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Judged:
        """Read what `json` wrote; raises LookupError, TypeError or ValueError."""
        bounds = {part: {int(log): int(index) for log, index in below.items()} for part, below in said["open"].items()}
        return cls(said["space"], tuple(said["logs"]), said["chain"], Sums.from_json(said["sums"]), bounds)


@dataclass(slots=True)
class Heard:
    """The chain's events up to a block, by their digest, and the partitions that those after it name."""

    block: int
    new: set[str] = field(default_factory=set)
    _hash: Any = field(default_factory=sha256)

    def take(self, event: ChainEvent, said: bytes) -> None:
        """Take the next event, and what it says as bytes."""
        if event.block <= self.block:
            self._hash.update(said)
        else:
            self.new |= told_of(event)

    @property
    def digest(self) -> str:
        """Return the digest in hex."""
        return str(self._hash.hexdigest())


def hear(events: Iterable[ChainEvent], *blocks: int) -> list[Heard]:
    """Go through the chain's events once for each of these blocks; the order in which they name fields is theirs."""
    heard = [Heard(block) for block in blocks]
    for event in events:
        said = repr((event.name, event.block, sorted(event.fields.items()))).encode()
        for one in heard:
            one.take(event, said)
    return heard
