"""The newest space document this participant has: the exchange builds it, everybody else follows its heads.

Law: what was once had is kept in the store, so a participant starts and goes on while the exchange is away; a newer
head is asked for when the kept one is older than SPACE_FRESH_SECONDS and somebody needs it. Beside the exchange, a
document has those members alone whom its reader met or must know (`ledger.space.met`); `whole` has all. Nobody waits to
learn of a member that is known: the exchange is not in the way of any message between two others. Before a barred
member is refused we look once more: it may have been let in again a moment ago.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import orjson

from connector.identity.space import kept
from connector.identity.space.follower import Follower
from connector.runtime.errors import Absent, NotPermitted, PeerRefused, PeerUnreachable, explain_failure
from connector.store.topic import Topic
from contracts import address
from ledger.space.document import Space
from ledger.space.entry import ADDRESS, DID, ORIGIN, is_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from ledger.space.document import Member

SPACE_FRESH_SECONDS = 2.0  # a new member is known to everybody within this time
STRANGER_SECONDS = 0.05  # a stranger makes us look again, but not faster than this
SPACE_BYTES_MAX = 8 * 1_048_576
NOT_FOUND = 404

log = logging.getLogger(__name__)


class SpaceView:
    """Holds the space as last known; `changed` is told of each new document."""

    def __init__(
        self,
        store: Store,
        outbound: Outbound,
        exchange_url: str,
        clock: Clock,
        changed: Topic[[Space]] | None = None,
        own: str = "",
    ) -> None:
        self._store = store
        self._outbound = outbound
        self._url = exchange_url
        self._clock = clock
        self._known: Space | None = None
        self._follower = Follower(store, outbound, exchange_url, own)
        self._wanted: set[tuple[str, str]] = set()  # whom the next look is about
        self._served: tuple[Space | None, bytes] = (None, b"")
        self._body = b""  # of the whole document that was taken last
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

    def listed(self, did: str) -> Member | None:
        """Return a member as it is known now, None for a stranger, and where there is no space."""
        return None if self._known is None else self._known.members.get(did)

    async def served(self) -> bytes:
        """Return the document as it is sent, written once: a large one takes a second."""
        space = self.last()
        if self._served[0] is not space:
            self._served = space, await asyncio.to_thread(lambda: orjson.dumps(space.json()))
        return self._served[1]

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
        Raises PeerUnreachable for somebody whom we never met, when the exchange is away.
        """
        if self._known is not None and (found := self._known.members.get(did)):
            self._refresh()
            return found
        return (await self._met(DID, did)).members.get(did)

    async def of_account(self, account: bytes) -> Member | None:
        """Return the member that acts with an account; as `member`."""
        known = None if self._known is None else self._known.by_address(account)
        return known or (await self._met(ADDRESS, address.show(account))).by_address(account)

    async def of_origin(self, origin: str) -> Member | None:
        """Return the member whose log has an origin; as `member`."""
        known = None if self._known is None else self._known.by_origin(origin)
        return known or (await self._met(ORIGIN, origin)).by_origin(origin)

    async def meet_accounts(self, accounts: Iterable[bytes]) -> None:
        """Have those who act with these accounts among the members that are known; an exchange that is away has not."""
        met, names = self._follower.met, {(ADDRESS, address.show(one)) for one in accounts}
        unknown = [] if met.head is None else [one for one in names if not met.knows(*one)]
        try:
            if unknown:
                await self.renewed(*unknown)
        except Exception as fault:
            if explain_failure(fault).exit_code != 7:
                raise
            log.info("whose %d accounts are is not known: %s", len(unknown), fault)

    async def _met(self, kind: str, name: str) -> Space:
        """Return a document that was asked for from now on, in which whoever has this name is, if there is anybody."""
        space, met = await self.renewed(*([(kind, name)] if is_name(kind, name) else ())), self._follower.met
        if met.head is not None and is_name(kind, name) and not met.knows(kind, name):
            raise PeerUnreachable(
                f"the exchange does not say whether `{name[:200]}` is a member", "wait until it is back"
            )
        return space

    async def whole(self) -> Space:
        """Return the document with every member, for an audit and whoever else must know all; else as `current`.

        Raises SpaceError if it is not what the newest head says.
        """
        now = await self.current()
        if self._follower.met.head is None:
            return now
        try:
            return await self._follower.listed()
        except Exception as fault:
            if explain_failure(fault).exit_code != 7:
                raise
            log.info("the exchange is away, the members that we met are all we know: %s", fault)
            return self.last()

    async def renewed(self, *wanted: tuple[str, str]) -> Space:
        """Return a document asked for from now on, for somebody who missed something in the last one.

        A look that is under way may have begun before the change that is missed, so it does not count. It is about
        those `wanted` (kind, name), too (`ledger.space.entry`).
        """
        if self._url:
            self._wanted |= set(wanted)
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
        await self._refuse_barred(did)
        if found is None:
            raise Absent(f"`{did[:200]}` is not a member of the space", "ask the exchange to admit it")
        return found

    async def refuse_known_barred(self, did: str) -> None:
        """Raise NotPermitted for a member that the exchange has barred, as far as is known.

        Who is known to be in is not waited for, nor is an exchange that is away.
        """
        if did in self.last().members or self._follower.met.head is None:
            self._refresh()
        elif self._follower.met.knows(DID, did):
            self._refresh()
            return
        else:
            try:
                await self.member(did)
            except Exception as fault:
                if explain_failure(fault).exit_code != 7:
                    raise
                log.info("whether `%s` is barred is not known: %s", did[:200], fault)
        await self._refuse_barred(did)

    async def _refuse_barred(self, did: str) -> None:
        """Raise NotPermitted for a member whom the exchange has suspended or expelled, and not let in again since."""
        if did in self.last().barred:
            await self.renewed()
        if (state := self.last().barred.get(did)) is not None:
            raise NotPermitted(f"the membership of `{did}` is {state}", "the exchange of the space says why")

    async def recall(self) -> None:
        """Take up what an earlier run knew, if there was one."""
        if (space := await self._follower.recall()) is not None:
            self.take(space)

    def take(self, space: Space) -> None:
        """Go by another document from now on."""
        self._known = space
        self.changed.tell(space)

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
        """Ask what is new; an exchange that does not answer is not asked again at once."""
        self._fetched = self._clock.monotonic()
        wanted, self._wanted = self._wanted, set()
        try:
            space = await self._follower.follow(wanted)
        except PeerRefused as refusal:
            if refusal.status != NOT_FOUND or self._follower.met.head is not None:
                raise
            space = await self._document()  # an exchange of before there were heads
        self._fetched = self._clock.monotonic()
        if space is not None:
            self.take(space)

    async def _document(self) -> Space | None:
        """Return the whole document, None if it is the one that we had."""
        answer = await self._outbound.get(self._url + "/space", limit_bytes=SPACE_BYTES_MAX)
        if answer.body == self._body:  # reading what a large space has not changed costs more than asking for it
            return None
        document = answer.json()
        space = Space.from_json(document)
        if space != self._known:
            await self._store.write(lambda tx: kept.keep_document(tx, document))
        self._body, self._follower.former = answer.body, tuple(space.members)
        return None if space == self._known else space
