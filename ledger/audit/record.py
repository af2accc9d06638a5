"""The chain's events, packed: they are gone through several times, and unpacked they take ten times the room."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.audit.sources import ChainEvent

EVENTS_PER_PACK = 1024


class Recorded(NamedTuple):
    """`ledger.audit.sources.ChainEvent`: packed as a bare tuple it is unpacked three times as fast as an object."""

    name: str
    fields: Mapping[str, Any]
    block: int
    transaction: bytes


class ChainRecord:
    """All events in chain order, as often as they are asked for; only a pack of them is open at a time."""

    def __init__(self, events: Sequence[ChainEvent]) -> None:
        firsts = range(0, len(events), EVENTS_PER_PACK)
        self._packs = [pickle.dumps(_bare(events[at : at + EVENTS_PER_PACK])) for at in firsts]

    def followed_by(self, events: Sequence[ChainEvent]) -> ChainRecord:
        """Return these events and then those that came later."""
        later = ChainRecord(events)
        later._packs[:0] = self._packs  # its own
        return later

    def __iter__(self) -> Iterator[ChainEvent]:
        for pack in self._packs:
            yield from map(Recorded._make, pickle.loads(pack))  # noqa: S301 - packed above


def _bare(events: Sequence[ChainEvent]) -> list[tuple[str, dict[str, Any], int, bytes]]:
    return [(event.name, dict(event.fields), event.block, event.transaction) for event in events]
