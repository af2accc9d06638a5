"""How a member follows its space: head by head from its exchange, with a proof for each member that it meets.

Law: what is asked for is what this participant needs to know, never the list of all. What an answer says counts when
all of it is proven (`ledger.space.met`) and is kept before it counts, so that a head is never followed by an older one
after a restart either.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from connector.identity.space import kept
from connector.runtime.errors import PeerUnreachable
from ledger.space.answer import ASKED_MAX, Answer
from ledger.space.document import MEMBERS_MAX, Space, SpaceError
from ledger.space.entry import DID, Entry
from ledger.space.head import Head
from ledger.space.met import Met
from ledger.space.roll import Roll

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from connector.net.outbound import Outbound
    from connector.store.store import Store

PATH, MEMBERS = "/space/changes", "/space/members"
# as many changes and members as an answer has (`ledger.space.answer`), of 2 KB each
ANSWER_BYTES_MAX = 4 * 1_048_576
# so many questions catch up with an exchange: one is enough but for who comes back after long, and knows many
QUESTIONS_MAX = 1000


class Follower:
    """Follows the heads of one exchange at `url`; `met` is what is known."""

    def __init__(self, store: Store, outbound: Outbound, url: str) -> None:
        self._store, self._outbound, self._url = store, outbound, url
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
        mine = dict.fromkeys([*wanted, *((DID, did) for did in (*self.former, *before.entries))])
        for _ in range(QUESTIONS_MAX):
            needed = [one for one in (*mine, *((DID, did) for did in met.missing())) if not met.knows(*one)][:ASKED_MAX]
            if met is not before and not needed:
                break
            since = [] if met.head is None else [("since", str(met.head.number))]
            met = met.take(await self._get([*needed, *since]), needed)
            if met is before and not needed:
                return None
        else:
            raise SpaceError("the exchange has another head of its space at every question")
        await self._store.write(lambda tx: kept.keep(tx, before, met))
        self.met, self.former = met, ()
        return met.space()

    async def _get(self, query: Sequence[tuple[str, str]], path: str = PATH) -> Answer:
        answer = await self._outbound.get(f"{self._url}{path}?{urlencode(query)}", limit_bytes=ANSWER_BYTES_MAX)
        return Answer.from_json(answer.json())

    async def listed(self) -> Space:
        """Return the document with all members, of the newest head or a later one, read anew where that is another.

        Raises SpaceError where the list is not that of a head that the exchange signed.
        """
        met = self.met
        assert met.head is not None
        if self._whole is not None and self._whole[0] == met.head:
            return self._whole[1]
        began, found = await self._pages()
        now = await self._get([("since", str(began.number))])
        head = now.head or began
        if head is not began and now.since is None:
            raise PeerUnreachable("the members changed too much while they were listed", "ask again")
        found |= {entry.member.did: entry for entry in now.entries}
        head.check(met.entries[met.head.exchange].member)
        if head != met.head and head.number <= met.head.number:
            raise SpaceError(f"the exchange lists its members by head {head.number}, after head {met.head.number}")
        space = await asyncio.to_thread(_proven, head, found.values())
        self._whole = head, space
        return space

    async def _pages(self) -> tuple[Head, dict[str, Entry]]:
        """Return the head when the list was begun, and all entries as they are listed; some changed meanwhile."""
        began, found = None, dict[str, Entry]()
        while len(found) <= MEMBERS_MAX:
            page = await self._get([("first", str(len(found)))], MEMBERS)
            new = {entry.member.did: entry for entry in page.entries}
            began = began or page.head
            if began is None:
                raise SpaceError("the exchange lists its members without a head")
            if not new.keys() - found.keys():
                return began, found
            found |= new
        raise SpaceError(f"the space lists more than {MEMBERS_MAX} members")


def _proven(head: Head, entries: Iterable[Entry]) -> Space:
    """Return the document of all entries if they are those of the head."""
    roll = Roll.of(head.space(entries))
    if roll.map.root != head.root or Head.of(roll.space, head.number, head.root) != replace(head, note=""):
        raise SpaceError(f"the list of members is not that of head {head.number} of the space")
    return roll.space
