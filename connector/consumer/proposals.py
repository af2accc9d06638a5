"""Purchases that an agent proposes and a person begins: what is beyond its key's budget, or is for a person to sign.

Law: (1) a proposal signs, sends and costs nothing. (2) Who assents begins the purchase in their own name, under the
proposal's id, so that to assent twice begins it once; no agent's key does (`connector.client.acts.agents`). (3) What an
agent says of it is its word alone: what a person assents to is the product and the limits.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from catalog.printable import is_text
from connector.consumer import mandate as mandates
from connector.enforcement.person import OWNER, Person
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import PROPOSALS_MAX
from connector.store.rows.console import ProposalRow, ProposalState
from connector.store.table_row import replace

if TYPE_CHECKING:
    from connector.consumer.acquisition import Acquisitions
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

WHY_CHARACTERS_MAX = 500


class Proposals:
    """What agents propose to one buyer."""

    def __init__(self, core: Core, acquisitions: Acquisitions) -> None:
        self._core, self._acquisitions = core, acquisitions

    async def propose(self, product: str, mandate: Any, why: str) -> JsonObject:
        """Keep a purchase for a person to begin; raises InvalidInput for what nobody could assent to."""
        mandates.checked(mandate)
        if not 0 < len(why) <= WHY_CHARACTERS_MAX or not is_text(why):
            raise InvalidInput(f"`why` is a text of 1 to {WHY_CHARACTERS_MAX} characters that all show")
        if not product:
            raise InvalidInput("a proposal names a product")
        now = self._core.clock.now()

        def act(tx: Tx) -> ProposalRow:
            _make_room(tx)
            row = ProposalRow(
                id=uuid.uuid4().hex, by=tx.actor, product=product, mandate=mandate, why=why,
                state=ProposalState.WAITING, created=now, updated=now,
            )  # fmt: skip
            tx.insert(row)
            return row

        return _view(await self._core.store.write(act))

    async def page(self) -> list[JsonObject]:
        """Return all that is kept, the newest first."""
        rows = await self._core.store.read(lambda tx: tx.find(ProposalRow, order="created DESC", limit=PROPOSALS_MAX))
        return [_view(row) for row in rows]

    async def assent(self, proposal: str, person: Person = OWNER) -> JsonObject:
        """Begin what was proposed, as whoever assents; raises Absent, Conflict, and what the purchase does."""
        row = await self._core.store.read(lambda tx: _found(tx, proposal))
        if row.state is ProposalState.DECLINED:
            raise Conflict(f"`{row.id}` was declined", "have it proposed again")
        await self._acquisitions.acquire(row.id, row.product, row.mandate, person)
        return await self._turned(proposal, ProposalState.BEGUN, "")

    async def decline(self, proposal: str, reason: str) -> JsonObject:
        """Decline what was proposed, with a reason that its agent reads; raises Absent, Conflict."""
        if not 0 < len(reason) <= WHY_CHARACTERS_MAX or not is_text(reason):
            raise InvalidInput(f"`reason` is a text of 1 to {WHY_CHARACTERS_MAX} characters that all show")
        return await self._turned(proposal, ProposalState.DECLINED, reason)

    async def _turned(self, name: str, state: ProposalState, reason: str) -> JsonObject:
        now = self._core.clock.now()

        def act(tx: Tx) -> ProposalRow:
            row = _found(tx, name)
            if row.state not in (ProposalState.WAITING, state):
                raise Conflict(f"`{row.id}` is {row.state.value}", "penstock agent proposals")
            return tx.change(row, replace(row, state=state, reason=reason, updated=now))

        return _view(await self._core.store.write(act))


def _make_room(tx: Tx) -> None:
    """Forget the oldest that is over where there is no room; raises Conflict where all of them wait."""
    if len(tx.find(ProposalRow, limit=PROPOSALS_MAX)) < PROPOSALS_MAX:
        return
    over = tx.find(ProposalRow, "state != ?", (ProposalState.WAITING,), order="updated", limit=1)
    if not over:
        raise Conflict(f"{PROPOSALS_MAX} proposals wait", "somebody assents to some, or declines them, first")
    tx.delete(ProposalRow, id=over[0].id)


def _found(tx: Tx, name: str) -> ProposalRow:
    row = tx.get(ProposalRow, id=name)
    if row is None:
        raise Absent(f"there is no proposal `{name[:100]}`", "penstock agent proposals")
    return row


def _view(row: ProposalRow) -> JsonObject:
    said = {name: row.mandate.get(name) for name in ("limit", "cap", "bid", "purpose")}
    return {
        "id": row.id, "by": row.by, "product": row.product, **said, "why": row.why, "state": row.state.value,
        "reason": row.reason, "created": row.created.isoformat(timespec="seconds"),
    }  # fmt: skip
