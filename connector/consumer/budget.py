"""The budget of the month: what was spent, what purchases that are not over may still cost, and what is left.

Law: the console begins a purchase only within what is left, one at a time, and keeps beside it what it may cost until
it is over: of two that each fit alone, the second is refused. So does it with a list that is tried, while that runs.
Commands are the owner's and are not bounded by it, and what they spend is spent.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from connector.console.amounts import decimal
from connector.consumer import outlay
from connector.consumer.steps import FINAL
from connector.runtime.errors import PaymentRefused
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.console import FactRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.core.core import Core
    from connector.store.exclusive import Exclusive
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# fact of each purchase of the console's that is not over: what it may cost
MOST = "console.most/"
_MOST_END = MOST[:-1] + chr(ord(MOST[-1]) + 1)
PURCHASE = "console-purchase"


class Budget:
    """What the console of one participant may buy for."""

    def __init__(self, core: Core, exclusive: Exclusive) -> None:
        self._core, self._exclusive = core, exclusive
        self._turn = asyncio.Lock()
        # what runs in this process alone, and ends with it → what it may cost
        self._held: dict[str, int] = {}

    @property
    def named(self) -> bool:
        """Whether there is a budget at all."""
        return bool(self._core.settings.console.budget)

    async def page(self) -> JsonObject | None:
        """Return what was spent in this month of UTC, is being bought for, may be, and is left; None without one."""
        return await self._core.store.read(self._read) if self.named else None

    @asynccontextmanager
    async def room(self, key: str, most: int) -> AsyncIterator[None]:
        """Begin inside the block an acquisition that may cost `most`; raises PaymentRefused where that does not fit."""
        if not self.named:
            yield
            return
        async with self._turn, self._exclusive.alone(PURCHASE):
            await self._core.store.write(lambda tx: self._keep(tx, key, most))
            yield

    async def hold(self, key: str, most: int) -> None:
        """Keep what a question may cost until `let_go`; raises PaymentRefused where that does not fit."""
        if self.named:
            async with self._turn:
                await self._core.store.read(lambda tx: self._require(tx, most))
                self._held[key] = most

    def let_go(self, key: str) -> None:
        """Keep nothing any more: what it cost is spent, or was never."""
        self._held.pop(key, None)

    def _keep(self, tx: Tx, key: str, most: int) -> None:
        for name, over, _ in _begun(tx):
            if over:
                tx.delete(FactRow, name=name)
        self._require(tx, most)
        tx.put(FactRow(name=MOST + key, value={"most": str(most)}))

    def _require(self, tx: Tx, most: int) -> None:
        told = self._read(tx)
        if most > int(told["left"]):
            beside = f", beside {decimal(told['begun'])} for what is being bought" if int(told["begun"]) else ""
            raise PaymentRefused(
                f"it may cost {decimal(str(most))}, and {decimal(told['left'])} of this month's budget is left{beside}",
                "say less at most, or have the owner raise `console.budget`",
            )

    def _read(self, tx: Tx) -> JsonObject:
        most, month = self._core.settings.console.budget, self._core.clock.now().date().replace(day=1)
        spent = outlay.spent(tx, month) + outlay.answered(tx, month)
        begun = sum(self._held.values()) + sum(still for _, over, still in _begun(tx) if not over)
        told = {"budget": most, "spent": spent, "begun": begun, "left": max(0, most - spent - begun)}
        return {"month": month.isoformat()[:-3], **{name: str(amount) for name, amount in told.items()}}


def _begun(tx: Tx) -> list[tuple[str, bool, int]]:
    """Return of each purchase that was begun here its fact, whether it is over, and what it may still cost."""
    found = []
    for fact in tx.find(FactRow, "name >= ? and name < ?", (MOST, _MOST_END)):
        row = tx.get(AcquisitionRow, id=fact.name.removeprefix(MOST))
        over = row is None or row.state in FINAL  # one that is not there never began
        paid = outlay.spent_on(tx, row.channel) if row is not None and row.channel else 0
        found.append((fact.name, over, max(0, int(fact.value["most"]) - paid)))
    return found
