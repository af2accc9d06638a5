"""A demand that is pursued: what matches it best is negotiated and got within the mandate, the next if that fails.

Law: the exchange has the demand's state, our row what we do about it; a step looks at both, so a crash repeats at most
one look. Nothing is agreed beyond the mandate, and each product is tried once. While nothing matches, the demand is
looked at again in each round of the monitor, until it is met, withdrawn or over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog.demand import State
from connector.consumer import mandate as mandates
from connector.core.driver import Driver
from connector.enforcement.person import words_of
from connector.negotiation import authority
from connector.runtime.errors import Absent, Conflict, PeerRefused, as_reason
from connector.store.rows.agreement import AcquisitionState, PursuitRow, PursuitState

if TYPE_CHECKING:
    from connector.consumer.acquisition import Acquisitions
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


UNDER_WAY = (PursuitState.LOOKING, PursuitState.GETTING)
# states of an acquisition in which its licence is not on chain yet
UNLICENSED = frozenset({AcquisitionState.WANTED, AcquisitionState.NEGOTIATING, AcquisitionState.AGREED})
PATH = "/exchange/demands/"
SHOWN = ("id", "state", "product", "acquisition", "tried", "reason")


class Pursuits:
    """The demands that this buyer has pursued."""

    def __init__(self, core: Core, exchange: ExchangeDoor, acquisitions: Acquisitions) -> None:
        self._core, self._exchange, self._acquisitions = core, exchange, acquisitions
        self._getting: dict[str, str] = {}  # acquisition → the demand that its moves wake, while it is got
        self.driver = Driver("pursuit", self._advance, self._fail)

    async def recover(self) -> None:
        """Go on with what an earlier run left unfinished; also a chore of the monitor."""
        for row in await self._core.store.read(
            lambda tx: tx.find(PursuitRow, "state in (?, ?)", (PursuitState.LOOKING, PursuitState.GETTING))
        ):
            self.driver.wake(row.id)

    def moved(self, acquisition: str) -> None:
        """Take note that an acquisition moved, perhaps one of a pursuit."""
        if (demand := self._getting.get(acquisition)) is not None:
            self.driver.wake(demand)

    async def begin(self, demand: str, mandate: Any) -> JsonObject:
        """Pursue a demand of ours within a mandate; asked again, with the mandate of now, go on."""
        checked, now = mandates.checked(mandate), self._core.clock.now()
        told = await self._ask("GET", demand)
        if told["member"] != self._core.identity.did:
            raise Conflict(f"the demand `{demand[:100]}` is somebody else's", "penstock demand list --mine")

        def act(tx: Tx) -> None:
            kept = checked | authority.hand(tx)
            if tx.get(PursuitRow, id=demand) is None:
                row = PursuitRow(
                    id=demand,
                    mandate=kept,
                    state=PursuitState.LOOKING,
                    product="",
                    acquisition="",
                    tried=[],
                    reason="",
                    created=now,
                    updated=now,
                )
                tx.insert(row)
            else:
                tx.update(PursuitRow, {"id": demand, "state": PursuitState.LOOKING}, mandate=kept, updated=now)

        await self._core.store.write(act)
        self.driver.wake(demand)
        return await self.show(demand)

    async def show(self, demand: str) -> JsonObject:
        """Return how a pursuit stands; raises Absent."""
        row = await self._row(demand)
        return {name: getattr(row, name) for name in SHOWN}

    # ---- the steps

    async def _advance(self, key: str) -> None:
        steps = {PursuitState.LOOKING: self._look, PursuitState.GETTING: self._get}
        while (step := steps.get((row := await self._row(key)).state)) is not None:
            if not await step(row):
                return

    async def _look(self, row: PursuitRow) -> bool:
        """Choose the best match that was not tried, and begin to get it."""
        demand = await self._ask("GET", row.id)
        if demand["state"] in (State.MET.value, State.WITHDRAWN.value):
            return await self._move(
                row, replace(row, state=PursuitState.ENDED, reason=f"the demand is {demand['state']}")
            )
        product = demand.get("product", "") if demand["state"] == State.NEGOTIATING.value else ""
        if not product:
            left = [one["product"] for one in demand.get("matches", ()) if one["product"] not in row.tried]
            if not left:
                return False  # the monitor looks again
            product = left[0]
            await self._ask("POST", row.id, "negotiate", product=product)
        acquisition = f"{row.id}:{product}"
        self._getting[acquisition] = row.id  # before it is begun: its first move may come at once
        # it names who asked, which nobody may say who asks again
        said = {mandates.SAID: words_of(row.mandate.get(mandates.SAID))}
        mandate = row.mandate | said
        signer = mandate.pop(authority.SIGNER, None)
        await self._acquisitions.acquire(acquisition, product, mandate, signer=signer)
        tried = [*row.tried, product]
        after = replace(row, state=PursuitState.GETTING, product=product, acquisition=acquisition, tried=tried)
        return await self._move(row, after)

    async def _get(self, row: PursuitRow) -> bool:
        """Say that it is met once the licence is there; look on when it came to nothing."""
        self._getting[row.acquisition] = row.id  # also what an earlier run began
        view = await self._acquisitions.view(row.acquisition)
        if view["state"] in UNLICENSED:
            return False  # the acquisition's next step wakes us
        demand = await self._ask("GET", row.id)
        negotiating = demand["state"] == State.NEGOTIATING.value
        if view["state"] == AcquisitionState.FAILED and not view["agreement"]:
            if negotiating:
                await self._ask("POST", row.id, "reopen", reason=f"no agreement about {row.product}")
            return await self._move(row, replace(row, state=PursuitState.LOOKING, reason=str(view["reason"] or "")))
        if negotiating:
            await self._ask("POST", row.id, "meet", agreement=view["agreement"])
        return await self._move(row, replace(row, state=PursuitState.MET, reason=""))

    async def _move(self, row: PursuitRow, after: PursuitRow) -> bool:
        """Write what follows a row, if that is still where this step found it; say whether there is more to do."""
        where, changes = {"id": row.id, "state": row.state}, row.differs(replace(after, updated=self._core.clock.now()))
        await self._core.store.write(lambda tx: tx.update(PursuitRow, where, **changes))
        if after.state != PursuitState.GETTING:
            self._forget(row.id)
        return after.state in UNDER_WAY

    def _forget(self, demand: str) -> None:
        """Be woken by no acquisition of a demand any more."""
        self._getting = {key: of for key, of in self._getting.items() if of != demand}

    async def _fail(self, key: str, fault: Exception) -> None:
        self._forget(key)
        changes = {"state": PursuitState.ENDED, "reason": as_reason(fault), "updated": self._core.clock.now()}
        await self._core.store.write(lambda tx: tx.update(PursuitRow, {"id": key}, **changes))

    async def _ask(self, method: str, demand: str, move: str = "", **body: str) -> JsonObject:
        path = PATH + quote(demand, safe="") + (f"/{move}" if move else "")
        try:
            found: JsonObject = await self._exchange.ask(method, path, body or None)
        except PeerRefused as refusal:
            if refusal.status == 404:
                raise Absent(f"there is no demand `{demand[:100]}`", "penstock demand list --mine") from refusal
            raise
        return found

    async def _row(self, key: str) -> PursuitRow:
        row = await self._core.store.read(lambda tx: tx.get(PursuitRow, id=key))
        if row is None:
            raise Absent(f"the demand `{key[:100]}` is not pursued", "penstock demand pursue")
        return row
