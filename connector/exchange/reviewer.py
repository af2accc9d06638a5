"""Review of what is handed in, each kind in its own way, and what becomes of it: listed, or refused with the reason.

Law: what an operator asks for is done at once. Where the settings say so, what is handed in is reviewed by itself, and
what time cannot mend refuses it. What a review found, or failed at, is of the version that it read: with another one
handed in meanwhile it is dropped, and that one is reviewed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from catalog.listing import REASON_CHARACTERS_MAX, Move, State
from connector.core.driver import Driver
from connector.custody import review
from connector.exchange import drawing, kinds, listings, services, spaces, spot_checks
from connector.runtime.errors import Conflict
from connector.runtime.limits import MEMBER_REVIEWS_MAX
from connector.store.rows.catalogue import ListingRow, ServiceRow
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from datetime import datetime

    from connector.chain.anchoring import Anchoring
    from connector.core.core import Core
    from connector.exchange.finding import Finding
    from connector.exchange.numbering import Numbered, Stocked
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.exclusive import Exclusive
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

ROWS_SHOWN = 5  # of each piece, where nobody says how many
# what is said of a review in which nothing could be drawn
NOT_DRAWN = "nothing is drawn of what is computed at its provider"
READ = "read"  # the result of a reading: nothing was decided


class Reviewer:
    """Reviews what is submitted to the exchange."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        peers: Peers,
        exclusive: Exclusive,
        anchoring: Anchoring,
        finding: Finding,
    ) -> None:
        self._core, self._space, self._programs, self._peers = core, space, programs, peers
        self._exclusive, self._anchoring = exclusive, anchoring
        self._changed = finding.changed  # called when a listing has moved
        self._under_way: dict[str, set[str]] = {}
        # kind of rows → what is found of one, by an operator's hand or not
        self.checks = {ListingRow: self._draw, ServiceRow: self._read}
        self.driver = Driver("review", self._automatic, self._refuse)

    async def recover(self) -> None:
        """Go on with reviews that an earlier run left undone, where reviews are automatic."""
        for kind in kinds.KINDS if self._core.settings.review.automatic else ():
            query = f"SELECT provider FROM {kind.TABLE.name} WHERE state = ? GROUP BY provider"  # noqa: S608 - a name of ours
            what = query, State.SUBMITTED.value
            for provider in await self._core.store.read(lambda tx, what=what: tx.column(*what)):  # type: ignore[misc]  # a default binds the loop's value
                await self._more(kind, provider)

    def submitted(self, key: str, provider: str) -> None:
        """Take note of a submission; reviewed at once where the settings say so, else when the operator asks.

        What is too much for one member at once waits in its rows for the end of another.
        """
        if not self._core.settings.review.automatic or self.driver.resting:
            return
        under_way = self._under_way.setdefault(provider, set())
        if len(under_way - {key}) < MEMBER_REVIEWS_MAX:
            under_way.add(key)
            self.driver.wake(key)

    async def _more(self, kind: type[Numbered], provider: str) -> None:
        """Begin to review what a member has waiting longest, as far as there is room."""
        query = f"SELECT id FROM {kind.TABLE.name} WHERE provider = ? AND state = ? ORDER BY updated LIMIT ?"  # noqa: S608 - a name of ours
        what = provider, State.SUBMITTED.value, MEMBER_REVIEWS_MAX
        for key in await self._core.store.read(lambda tx: tx.column(query, *what)):
            if not self.driver.runs(key):  # one whose end is being written would hold its place for good
                self.submitted(key, provider)

    async def _automatic(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: kinds.of(key).find(tx, key))
        await self.review(key, by_hand=False)
        await self._ended(key, row.provider)

    async def _ended(self, key: str, provider: str) -> None:
        """Make room for another review of a member's."""
        under_way = self._under_way.get(provider, set())
        under_way.discard(key)
        if not under_way:
            self._under_way.pop(provider, None)
        for kind in kinds.KINDS:
            await self._more(kind, provider)

    async def _refuse(self, key: str, fault: Exception) -> None:
        """Refuse a listing whose review failed for good, with the reason."""
        now = self._core.clock.now()
        why = {"by": self._core.identity.did, "role": "exchange", "reason": str(fault)[:REASON_CHARACTERS_MAX]}
        row = await self._core.store.read(lambda tx: kinds.of(key).find(tx, key))
        try:
            await self._core.store.write(
                lambda tx: kinds.of(key).move(tx, self._core.evidence, key, Move.REFUSE, **why, now=now)
            )
        finally:
            await self._ended(key, row.provider)
        self._changed()

    async def review(
        self, key: str, version: int | None = None, *, by_hand: bool = True, despite: bool = False
    ) -> JsonObject:
        """Review and list `key`, for an operator or by itself; an already listed one is returned as it is.

        `version` is the one that the operator has read; raises Conflict if another was handed in meanwhile, and
        PeerMisbehaved where drawn pieces certainly speak against the description, unless it is listed `despite` that.
        """
        async with self._exclusive.alone(f"review:{key}"):
            return await self._review(key, version, by_hand, despite)

    async def _review(self, key: str, version: int | None, by_hand: bool, despite: bool) -> JsonObject:  # noqa: FBT001  # as `review`
        store = self._core.store
        while True:
            row = await store.read(partial(_read_version, key=key, version=version))
            if row.state is State.LISTED:
                return _view(row)
            if row.state not in (State.SUBMITTED, State.REVIEWED):
                raise Conflict(f"the listing `{key}` is {row.state}")
            try:
                finding = await self._found(row, by_hand)
                if not despite:
                    spot_checks.require(key, finding)
            except Exception:
                if await store.read(partial(_same, reviewed=row)):
                    raise
                continue
            now = self._core.clock.now()
            listed = await store.write(partial(self._publish, reviewed=row, finding=finding, now=now))
            if listed is not None:
                self._changed()
                return _view(listed)

    async def _found(self, row: Stocked, by_hand: bool) -> JsonObject:  # noqa: FBT001  # as `review`
        """Return what is found of a version; raises what refuses it."""
        await self._core.store.read(lambda tx: spaces.check(tx, kinds.document(row), row.provider))
        return await self.checks[type(row)](row, by_hand)

    async def _draw(self, row: Stocked, _by_hand: bool) -> JsonObject:  # noqa: FBT001  # a row of the checks
        listing = listings.STOCK.own(row)
        if listing.tier == COMPUTED:
            return {"seed": "", "rows": [], "bound": NOT_DRAWN}
        return await drawing.reviewed(self._core, listing, await self._drawn(listing))

    async def _drawn(self, row: ListingRow) -> drawing.Drawn:
        return await drawing.draw(self._core, self._space, self._programs, self._peers, self._anchoring, row)

    async def read(self, product: str, rows: int = ROWS_SHOWN) -> JsonObject:
        """Open the pieces that are drawn of a product again; return their first `rows`, for a reviewer's eyes alone.

        Our log keeps that it was done, and nothing keeps what was read. Raises Conflict for a service, PeerMisbehaved.
        """
        row = await self._core.store.read(lambda tx: kinds.of(product).find(tx, product))
        if not isinstance(row, ListingRow):
            raise Conflict(f"`{product}` is a data service: it has no pieces", f"penstock show {product}")
        if row.tier == COMPUTED:
            raise Conflict(f"`{product}` stays at its provider: nothing of it is shown", f"penstock show {product}")
        found = await self._drawn(row)
        excerpt = await drawing.read(self._core, row, found, rows)
        await self._core.store.write(partial(self._keep_reading, row=row, found=found))
        return {"id": row.id, "title": row.title, "edition": row.edition, "opened": len(found.rows)} | excerpt

    def _keep_reading(self, tx: Tx, row: ListingRow, found: drawing.Drawn) -> None:
        of, now = review.finding(found.seed, found.numbers), self._core.clock.now()
        fields = of | {"product": row.id, "reviewer": self._core.identity.did, "result": READ}
        self._core.evidence.record(tx, "edition.reviewed", part=row.edition, fields=fields, now=now)

    async def _read(self, row: Stocked, by_hand: bool) -> JsonObject:  # noqa: FBT001  # a row of the checks
        """Take the word of the operator who has read a service; by itself look for what it says that it works on."""
        served = () if by_hand else services.described(kinds.document(row)).serves
        await self._core.store.read(lambda tx: [listings.listed(tx, key) for key in served])
        return {"rows": [], "bound": services.READ if by_hand else services.CHECKED}

    def _publish(self, tx: Tx, reviewed: Stocked, finding: JsonObject, now: datetime) -> Stocked | None:
        """Keep what was found, and make the moves that are left; None if another version was handed in meanwhile."""
        key = reviewed.id
        kind, steps = kinds.of(key), [Move.LIST]
        row = kind.find(tx, key)
        if not _same(tx, reviewed):
            return None
        if row.state is State.SUBMITTED:
            kind.take_review(tx, self._core.evidence, row, finding, now)
            steps = [Move.REVIEW, Move.LIST]
        for step in steps:
            kind.move(
                tx, self._core.evidence, key, step, by=self._core.identity.did, role="exchange", reason="", now=now
            )
        return kind.find(tx, key)


def _read_version(tx: Tx, key: str, version: int | None) -> Stocked:
    """Return a row, if it is still the version that was read."""
    kind = kinds.of(key)
    row = kind.find(tx, key)
    if version is not None and version != (newest := kind.VERSIONS.number(tx, row)):
        raise Conflict(f"version {newest} of `{key}` was handed in, not {version}", "read it, then review that one")
    return row


def _same(tx: Tx, reviewed: Stocked) -> bool:
    """Say whether what was reviewed is still what was handed in last."""
    kind = kinds.of(reviewed.id)
    return kind.VERSIONS.of(kind.find(tx, reviewed.id)) == kind.VERSIONS.of(reviewed)


def _view(row: Stocked) -> JsonObject:
    """Return what came of a review; a service of before its reviews were kept was read by an operator."""
    finding = row.review or {"rows": [], "bound": services.READ}
    told = {"id": row.id, "title": row.title, "state": row.state} | {"bound": finding["bound"]}
    seed = {"seed": finding["seed"]} if "seed" in finding else {}
    looked = {name: finding[name] for name in ("looked", "doubts", "more") if name in finding}
    return told | {"opened": len(finding["rows"])} | seed | looked
