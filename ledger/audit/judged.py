"""What was judged before, and need not be judged again: decisions entry by entry, channels as a whole.

Law: the same inputs have the same verdict. A verdict is kept only of what is without a finding, waits for nothing that
a log or the chain might still show, and rests on kept rows and verified agreements alone. It stands while the space's
document is the same, the same logs are read and extend what was proven, and of a channel: while no entry comes to it
that is not kept, and the chain says the same of it. Everything else is judged again, with all that was there before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.audit.facts import name_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ledger.audit.facts import ChainFacts


@dataclass(frozen=True, slots=True)
class Decided:
    """The kept decisions of one log: how many were made again, and the entries that have no verdict."""

    replayed: int
    again: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A channel that is as it should be: a digest of what the chain says of it, and what it paid in minor units."""

    facts: str
    amount: int


@dataclass(frozen=True, slots=True)
class Judged:
    """All verdicts; `space` is a digest of the space's document, `logs` are the DIDs of those that were read."""

    space: str
    logs: tuple[str, ...]
    decided: Mapping[str, Decided] = field(default_factory=dict)
    channels: Mapping[str, Settled] = field(default_factory=dict)

    def standing(self, channels: Iterable[str], facts: ChainFacts) -> dict[str, Settled]:
        """Return those of these channels whose verdict stands."""
        found = {name: self.channels[name] for name in channels if name in self.channels}
        return {name: one for name, one in found.items() if one.facts == digest_of(facts, name)}

    def without(self, parts: Iterable[str]) -> Judged:
        """Return the verdicts without those of channels that have an entry among these partitions."""
        gone = set(parts)
        return replace(self, channels={name: one for name, one in self.channels.items() if name not in gone})

    def json(self) -> dict[str, Any]:
        """Return the verdicts as JSON."""
        decided = {did: {"replayed": str(one.replayed), "again": list(one.again)} for did, one in self.decided.items()}
        channels = {name: [one.facts, str(one.amount)] for name, one in self.channels.items()}
        return {"space": self.space, "logs": list(self.logs), "decided": decided, "channels": channels}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Judged:
        """Read what `json` wrote; raises LookupError, TypeError or ValueError."""
        decided = {did: Decided(int(one["replayed"]), tuple(one["again"])) for did, one in said["decided"].items()}
        channels = {name: Settled(facts, int(amount)) for name, (facts, amount) in said["channels"].items()}
        return cls(said["space"], tuple(said["logs"]), decided, channels)


def digest_of(facts: ChainFacts, channel: str) -> str:
    """Return a digest of all that the chain says of a channel, in whatever order its events name their fields."""
    found = facts.channels.get(name_id(channel))
    if found is not None:
        found = replace(found, opened=dict(sorted(found.opened.items())), credits=dict(sorted(found.credits.items())))
    return sha256(repr(found).encode()).hexdigest()[:32]
