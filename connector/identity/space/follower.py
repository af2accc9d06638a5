"""How a member follows its space: head by head from its exchange, with a proof for each member that it meets.

Law: what is asked for is what this participant needs to know, never the list of all. What an answer says counts when
all of it is proven (`ledger.space.met`) and is kept before it counts, so that a head is never followed by an older one
after a restart either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from connector.store.rows.console import FactRow
from connector.store.rows.space import MetMemberRow
from ledger.space.answer import ASKED_MAX, Answer
from ledger.space.document import Space, SpaceError
from ledger.space.entry import DID, Entry
from ledger.space.head import Head
from ledger.space.met import Met

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connector.net.outbound import Outbound
    from connector.store.store import Store
    from connector.store.transaction import Tx

PATH = "/space/changes"
# as many changes and members as an answer has (`ledger.space.answer`), of 2 KB each
ANSWER_BYTES_MAX = 4 * 1_048_576
# the document as far as it is known, and the head that it is of
DOCUMENT, HEAD = "space", "space_head"
# so many questions catch up with an exchange: one is enough but for who comes back after long, and knows many
QUESTIONS_MAX = 1000


class Follower:
    """Follows the heads of one exchange at `url`; `met` is what is known."""

    def __init__(self, store: Store, outbound: Outbound, url: str) -> None:
        self._store, self._outbound, self._url = store, outbound, url
        self.met = Met()
        self._former: tuple[str, ...] = ()  # members that an older program kept, to be proven

    async def recall(self) -> Space | None:
        """Return the space as an earlier run knew it, None if it never did; a document of older programs counts."""

        def read(tx: Tx) -> tuple[FactRow | None, FactRow | None, list[MetMemberRow]]:
            return tx.get(FactRow, name=DOCUMENT), tx.get(FactRow, name=HEAD), tx.find(MetMemberRow)

        document, head, rows = await self._store.read(read)
        if head is not None:
            self.met = Met.of(Head.from_json(head.value), [Entry.from_json(row.document) for row in rows])
            return self.met.space()
        if document is None:
            return None
        space = Space.from_json(document.value)
        self._former = tuple(space.members)
        return space

    async def follow(self, wanted: Collection[tuple[str, str]]) -> Space | None:
        """Return the space by the newest head, with the `wanted` (kind, name) in it; None if nothing is new to us.

        Raises SpaceError for what is not proven, and as `Outbound.request`.
        """
        before = met = self.met
        mine = dict.fromkeys([*wanted, *((DID, did) for did in (*self._former, *before.entries))])
        for _ in range(QUESTIONS_MAX):
            needed = [one for one in (*mine, *((DID, did) for did in met.missing())) if not met.knows(*one)][:ASKED_MAX]
            if met is not before and not needed:
                break
            met = met.take(await self._ask(met.number, needed), needed)
            if met == before and not needed:
                return None
        else:
            raise SpaceError("the exchange has another head of its space at every question")
        await self._store.write(lambda tx: self._keep(tx, before, met))
        self.met, self._former = met, ()
        return met.space()

    async def _ask(self, since: int | None, wanted: Sequence[tuple[str, str]]) -> Answer:
        query = [*wanted, *([] if since is None else [("since", str(since))])]
        answer = await self._outbound.get(f"{self._url}{PATH}?{urlencode(query)}", limit_bytes=ANSWER_BYTES_MAX)
        return Answer.from_json(answer.json())

    def _keep(self, tx: Tx, before: Met, after: Met) -> None:
        """Keep what changed; the document is there for commands that read a folder, and for older programs."""
        assert after.head is not None
        if before.head != after.head:
            tx.put(FactRow(name=HEAD, value=after.head.json()))
            tx.put(FactRow(name=DOCUMENT, value=after.common().json()))
        for did, entry in after.entries.items():
            if before.entries.get(did) != entry:
                tx.put(MetMemberRow(did=did, document=entry.json()))
        for did in before.entries.keys() - after.entries.keys():
            tx.delete(MetMemberRow, did=did)
