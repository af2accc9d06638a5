"""How a member follows its space: head by head from its exchange, with a proof for each member that it meets.

Law: what is asked for is what this participant needs to know, never the list of all. What an answer says counts when
all of it is proven (`ledger.space.met`) and is kept before it counts, so that a head is never followed by an older one
after a restart either.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from connector.identity.space import kept, listing
from ledger.log.note import NoteError
from ledger.space.document import Space, SpaceError
from ledger.space.entry import DID
from ledger.space.head import contradict
from ledger.space.met import Met

if TYPE_CHECKING:
    from collections.abc import Collection

    from connector.net.outbound import Outbound
    from connector.store.store import Store
    from ledger.space.head import Head

# so many questions catch up with an exchange: one is enough but for who comes back after long, and knows many
QUESTIONS_MAX = 1000

log = logging.getLogger(__name__)


class Follower:
    """Follows the heads of one exchange at `url`; `met` is what is known, `own` our DID, asked for until we are in."""

    def __init__(self, store: Store, outbound: Outbound, url: str, own: str = "") -> None:
        self._store, self._outbound, self._url, self._own = store, outbound, url, [own] if own else []
        self.met = Met()
        self._whole: tuple[Head, Space] | None = None
        self._turn = asyncio.Lock()
        self.former: tuple[str, ...] = ()  # members of a document of before there were heads, to be proven

    async def recall(self) -> Space | None:
        """Return the space as an earlier run knew it, None if it never did."""
        self.met = await self._store.read(kept.met)
        found = await self._store.read(kept.space)
        if self.met.head is None and found is not None:
            self.former = tuple(found.members)
        return found

    async def follow(self, wanted: Collection[tuple[str, str]]) -> Space | None:
        """Return the space by the newest head, with the `wanted` (kind, name) in it; None if nothing is new to us.

        Raises SpaceError for what is not proven, and as `Outbound.request`.
        """
        async with self._turn:
            return await self._follow(wanted)

    async def _follow(self, wanted: Collection[tuple[str, str]]) -> Space | None:
        before = met = self.met
        for _ in range(QUESTIONS_MAX):
            needed = self._needed(before, met, wanted)
            if met is not before and not needed:
                break
            since = [] if met.head is None else [("since", str(met.head.number))]
            answer = await listing.ask(self._outbound, self._url, [*needed, *since])
            await self._look_twice(met, answer.head)
            met = met.take(answer, needed)
            if met is before and not needed:
                return None
        else:
            raise SpaceError("the exchange has another head of its space at every question")
        if (met.head, met.entries) == (before.head, before.entries):  # a stranger was asked for, and is one
            self.met = met
            return None
        await self._store.write(lambda tx: kept.keep(tx, before, met))
        self.met, self.former = met, ()
        return met.space()

    async def _look_twice(self, met: Met, shown: Head | None) -> None:
        """Keep what convicts the exchange: another head of the number that we know, signed by it."""
        known = met.head
        if known is None or shown is None or shown.number != known.number:
            return
        with suppress(NoteError):
            if contradict(known.note, shown.note, met.entries[known.exchange].member):
                log.error("the exchange signed two heads %d of its space; both notes are kept", shown.number)
                await self._store.write(lambda tx: kept.keep_contradiction(tx, known, shown))

    def _needed(self, before: Met, met: Met, wanted: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return whom to ask for next: who is wanted, was known and is not proven now, or acts for all.

        That a name is nobody's is asked again of who is wanted: the process of the exchange that answers may not have
        heard yet of whom another one admitted, and what changed since our head is nothing, by its own.
        """
        lost = [did for did in before.entries if did not in met.entries] if met is not before else []
        names = [*wanted, *((DID, did) for did in (*self._own, *self.former, *lost, *met.missing()))]
        again = {one for one in wanted if not met.finds(*one)} if met is before else set()
        return listing.at_once(self._url, (one for one in dict.fromkeys(names) if one in again or not met.knows(*one)))

    async def listed(self) -> Space:
        """Return the document with all members, of the newest head or a later one, read anew where that is another.

        Raises SpaceError where the list is not that of a head that the exchange signed.
        """
        met = self.met
        assert met.head is not None
        if self._whole is None or self._whole[0] != met.head:
            head, space = await listing.listed(self._outbound, self._url)
            head.check(met.entries[met.head.exchange].member)
            if head != met.head and head.number <= met.head.number:
                raise SpaceError(f"the exchange lists its members by head {head.number}, after head {met.head.number}")
            self._whole = head, space
        return self._whole[1]
