"""Review by sample: rows drawn after registration, opened by the provider to us alone, checked against the root.

Law: the seed is fixed after the edition is on chain and by nobody alone: it is the root of our own log at a size that
our witnesses cosigned after the registration. What is published is the seed, the rows and the bound, never content.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from catalog.listing import REASON_CHARACTERS_MAX, Move, State
from connector.engine.driver import Driver
from connector.errors import Conflict, PeerMisbehaved
from connector.exchange import listings, spaces
from connector.vault import review, tickets
from ledger.edition import read_header
from ledger.opening import open_piece

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.base import Base
    from connector.vault.review import DrawnRow

PARALLEL_PIECES = 4


class Reviewer:
    """Reviews submitted listings for the exchange."""

    def __init__(self, participant: Base, changed: Callable[[], None]) -> None:
        self._participant = participant
        self._changed = changed  # called when a listing has moved
        self.driver = Driver("review", self._automatic, self._refuse)

    async def recover(self) -> None:
        """Go on with reviews that an earlier run left undone, where reviews are automatic."""
        if self._participant.settings.review.automatic:
            rows = await self._participant.store.read(
                lambda tx: tx.find("listings", "state = ?", (State.SUBMITTED.value,))
            )
            for row in rows:
                self.submitted(row["id"])

    def submitted(self, key: str) -> None:
        """Take note of a submission; reviewed at once where the settings say so, else when the operator asks."""
        if self._participant.settings.review.automatic:
            self.driver.wake(key)

    async def _automatic(self, key: str) -> None:
        await self.review(key)

    async def _refuse(self, key: str, fault: Exception) -> None:
        """Refuse a listing whose review failed for good, with the reason."""
        participant, reason = self._participant, str(fault)[:REASON_CHARACTERS_MAX]
        now = participant.clock.now()
        await participant.store.write(
            lambda tx: listings.move(
                tx, participant.evidence, key, Move.REFUSE, by=participant.did, role="exchange", reason=reason, now=now
            )
        )
        self._changed()

    async def review(self, key: str) -> dict[str, Any]:
        """Review and list `key`; an already listed one is returned as it is."""
        async with self._participant.exclusive.alone(f"review:{key}"):
            return await self._review(key)

    async def _review(self, key: str) -> dict[str, Any]:
        participant = self._participant
        row = await participant.store.read(lambda tx: listings.find(tx, key))
        if row["state"] == State.LISTED.value:
            return _view(row)
        if row["state"] not in (State.SUBMITTED.value, State.REVIEWED.value):
            raise Conflict(f"the listing `{key}` is {row['state']}")
        await participant.store.read(lambda tx: spaces.check(tx, row, row["provider"]))
        edition = bytes.fromhex(row["edition"])
        registered = await participant.programs.edition(edition)
        if registered is None:
            raise Conflict(f"the edition of `{key}` is not on chain yet", "ask again when it is mined")
        provider = participant.space.members[row["provider"]]
        if registered.provider != provider.address:
            raise Conflict(f"the edition of `{key}` was registered by somebody else")
        seed = await self._seed(row)
        header = read_header(row["header"])
        numbers = review.drawn(seed, header)
        drawn, ticket = await self._ask(provider, header, seed, numbers)
        await self._open_all(provider.url, row["edition"], drawn, ticket)
        return await self._publish(key, edition, review.finding(seed, numbers))

    async def _seed(self, row: dict[str, Any]) -> bytes:
        """Return the seed of this listing's one draw: the root of our log as anchored now, kept for a second try."""
        if row["seed"] is not None:
            return bytes(row["seed"])
        anchored = await self._participant.anchoring.anchor()
        seed = bytes.fromhex(anchored["root"])
        await self._participant.store.write(lambda tx: tx.update("listings", {"id": row["id"]}, seed=seed))
        return seed

    async def _ask(
        self, provider: Any, header: Any, seed: bytes, numbers: tuple[int, ...]
    ) -> tuple[list[DrawnRow], str]:
        participant = self._participant
        private = participant.keys.delivery
        body = {"seed": seed.hex(), "reader": private.public_key().public_bytes_raw().hex()}
        url = f"{provider.url}/review/{header.edition_id().hex()}"
        document = (await participant.outbound.post(url, body, headers=participant.authorization(provider.did))).json()
        if not isinstance(document, dict) or not {"rows", "ticket"} <= set(document):
            raise PeerMisbehaved(f"`{provider.did}` answered the review without `rows` and a `ticket`")
        drawn = await asyncio.to_thread(review.read_answer, header, numbers, document["rows"], private)
        return drawn, str(document["ticket"])

    async def _open_all(self, url: str, edition: str, drawn: list[DrawnRow], ticket: str) -> None:
        places = asyncio.Semaphore(PARALLEL_PIECES)

        async def one(row: DrawnRow) -> None:
            async with places:
                address = f"{url}/sealed/{edition}/pieces?first={row.number}&count=1"
                answer = await self._participant.outbound.get(
                    address,
                    headers={"Authorization": tickets.SCHEME + ticket},
                    limit_bytes=row.row.head.sealed_bytes,
                )
                if len(answer.body) != row.row.head.sealed_bytes:
                    raise PeerMisbehaved(f"row {row.number} came with {len(answer.body)} bytes")
                await asyncio.to_thread(open_piece, row.row, row.secret, answer.body)

        await asyncio.gather(*(one(row) for row in drawn))

    async def _publish(self, key: str, edition: bytes, finding: dict[str, Any]) -> dict[str, Any]:
        participant = self._participant
        now = participant.clock.now()

        def act(tx: Any) -> dict[str, Any]:
            row = listings.find(tx, key)
            if row["state"] == State.SUBMITTED.value:
                participant.evidence.record(tx, "edition.reviewed", part=edition.hex(), fields=finding, now=now)
                tx.update("listings", {"id": key}, review=finding)
                steps = [Move.REVIEW, Move.LIST]
            else:
                steps = [Move.LIST]
            for step in steps:
                listings.move(
                    tx, participant.evidence, key, step, by=participant.did, role="exchange", reason="", now=now
                )
            return listings.find(tx, key)

        row = await participant.store.write(act)
        self._changed()
        return _view(row)


def _view(row: dict[str, Any]) -> dict[str, Any]:
    finding = row["review"]
    return {
        "id": row["id"],
        "title": row["title"],
        "state": row["state"],
        "opened": len(finding["rows"]),
        "bound": finding["bound"],
        "seed": finding["seed"],
    }
