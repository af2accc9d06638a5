"""The newest space document this participant has: the exchange builds it, everybody else fetches and keeps it.

Law: a document that was once had is kept in the store, so a participant starts and goes on while the exchange is away;
a fresh one is asked for when the kept one is older than SPACE_FRESH_SECONDS and somebody needs it. Nobody waits for it
to learn of a member that is known: the exchange is not in the way of any message between two others.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import Absent, NotPermitted, PeerUnreachable, explain_failure
from connector.store.rows.console import FactRow
from connector.store.rows.space import MemberRow
from connector.store.topic import Topic
from ledger.space.document import REVOKED, SUSPENDED, Member, Space

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx

SPACE_FRESH_SECONDS = 2.0  # a new member is known to everybody within this time
STRANGER_SECONDS = 0.05  # a stranger makes us look again, but not faster than this
SPACE_BYTES_MAX = 8 * 1_048_576
FACT = "space"

log = logging.getLogger(__name__)


class SpaceView:
    """Holds the space as last known; `changed` is told of each new document."""

    def __init__(
        self, store: Store, outbound: Outbound, exchange_url: str, clock: Clock, changed: Topic[[Space]] | None = None
    ) -> None:
        self._store = store
        self._outbound = outbound
        self._url = exchange_url
        self._clock = clock
        self._known: Space | None = None
        self._body = b""  # of the document that was taken last
        self._fetched = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self.changed: Topic[[Space]] = changed or Topic()
        self._building = asyncio.Lock()
        # builds the document anew, where other processes of the exchange admit members, too
        self.build: Callable[[], Awaitable[None]] | None = None

    def last(self) -> Space:
        """Return the space as last known; raises PeerUnreachable when it never was."""
        if self._known is None:
            raise PeerUnreachable("the space's document was never had", "start the exchange, or check `space.exchange`")
        return self._known

    def known_currency(self) -> str:
        """Return the currency of the space, empty while its document was never had."""
        return "" if self._known is None else self._known.currency

    async def current(self) -> Space:
        """Return a fresh document, or the last known one when the exchange is away."""
        if fetching := self._refresh():
            try:
                await asyncio.shield(fetching)
            except Exception as fault:
                if self._known is None or explain_failure(fault).exit_code != 7:
                    raise
                log.info("the exchange is away, the last space document counts: %s", fault)
        return self.last()

    async def member(self, did: str) -> Member | None:
        """Return the member `did`, None for somebody who is not in the space; for a stranger we look once more.

        Who is known is not waited for: the answer may be older than SPACE_FRESH_SECONDS by the time one look takes.
        """
        if self._known is not None and (found := self._known.members.get(did)):
            self._refresh()
            return found
        return (await self.renewed()).members.get(did)

    async def renewed(self) -> Space:
        """Return a document asked for from now on, for somebody who missed something in the last one.

        A look that is under way may have begun before the change that is missed, so it does not count.
        """
        if self._url:
            if self._fetching is not None:
                await asyncio.wait([self._fetching])
            await asyncio.sleep(max(0.0, STRANGER_SECONDS - (self._clock.monotonic() - self._fetched)))
            if self._fetching is None:
                self._fetched = float("-inf")
        elif self.build is not None:
            await self._build_anew(self.build)
        return await self.current()

    async def _build_anew(self, build: Callable[[], Awaitable[None]]) -> None:
        """Build the document from now on, or wait for somebody who began after we asked."""
        asked = self._clock.monotonic()
        async with self._building:
            if self._fetched < asked:
                await asyncio.sleep(max(0.0, STRANGER_SECONDS - (asked - self._fetched)))
                self._fetched = self._clock.monotonic()
                await build()

    async def require(self, did: str) -> Member:
        """Return the member `did`; raises Absent, and NotPermitted for one that is barred."""
        found = await self.member(did)
        self.refuse_barred(did)
        if found is None:
            raise Absent(f"`{did[:200]}` is not a member of the space", "ask the exchange to admit it")
        return found

    async def refuse_known_barred(self, did: str) -> None:
        """Raise NotPermitted for a member that the exchange has barred, as far as is known; nobody is waited for."""
        if did in self.last().members:
            await self.member(did)
            self.refuse_barred(did)

    def refuse_barred(self, did: str) -> None:
        """Raise NotPermitted for a member whom the exchange has suspended or expelled."""
        if (state := self.last().barred.get(did)) is not None:
            raise NotPermitted(f"the membership of `{did}` is {state}", "the exchange of the space says why")

    async def recall(self) -> None:
        """Take up the document that an earlier run kept, if there is one."""
        row = await self._store.read(lambda tx: tx.get(FactRow, name=FACT))
        if row is not None:
            self._set(Space.from_json(row.value))

    async def rebuild(self, deployment: Mapping[str, Any], own: Member, fee_bps: int, label: str) -> Space:
        """Build the document from the members table; the exchange's way."""
        rows = await self._store.read(lambda tx: tx.find(MemberRow, order="created"))
        members = {own.did: own} | {row.did: Member.from_json(row.document) for row in rows}
        barred = {row.did: row.state.value for row in rows if row.state in (SUSPENDED, REVOKED)}
        self._set(Space(own.did, deployment, members, fee_bps, label, barred))
        return self.last()

    def _refresh(self) -> asyncio.Task[None] | None:
        """Return the look at the exchange that is under way, a new one if the document is old, None if it is fresh."""
        old = self._known is None or self._clock.monotonic() - self._fetched > SPACE_FRESH_SECONDS
        if self._fetching is None and self._url and old:
            self._fetching = asyncio.get_running_loop().create_task(self._fetch(), name="space")
            self._fetching.add_done_callback(self._ended)
        return self._fetching

    def _ended(self, fetching: asyncio.Task[None]) -> None:
        self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # whoever waits gets it; if nobody does, the last known document counts

    async def _fetch(self) -> None:
        """Fetch the document; an exchange that does not answer is not asked again at once."""
        self._fetched = self._clock.monotonic()
        answer = await self._outbound.get(self._url + "/space", limit_bytes=SPACE_BYTES_MAX)
        self._fetched = self._clock.monotonic()
        if answer.body == self._body:  # reading what a large space has not changed costs more than asking for it
            return
        document = answer.json()
        space = Space.from_json(document)
        if space != self._known:
            await self._store.write(lambda tx: self._keep(tx, document))
            self._set(space)
        self._body = answer.body

    def _keep(self, tx: Tx, document: Any) -> None:
        tx.put(FactRow(name=FACT, value=document))

    def _set(self, space: Space) -> None:
        self._known = space
        self.changed.tell(space)
