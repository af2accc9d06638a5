"""What we tell the exchange of our uses that run, where it watches, and how its stops are obeyed.

Law: (1) nothing is told before the exchange has said that it watches; then what runs is told as often as it wants, by
each process of ours of its own. (2) A stop is stored, and what runs under it cut, before we say that we obey; we say so
when nothing runs under it any more. (3) An exchange that is away changes nothing: what it stopped stays so.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from catalog import watching
from catalog.watching import PRODUCT_CHARACTERS_MAX, USES_TOLD_MAX, RunningUse, Telling
from connector.identity.space.exchange import EXCHANGE
from connector.licence import halts
from connector.runtime.cancellation import cancel
from connector.runtime.errors import explain_failure
from connector.runtime.limits import REASON_CHARACTERS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.watched import HaltRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.licence.running_uses import Running, RunningUses
    from connector.store.transaction import Tx

PATH: Final = "/exchange/uses"
# how soon an exchange is asked again whether it watches: by each member of a space, so seldom
IDLE_SECONDS: Final = 600
# and one that could not be asked
AWAY_SECONDS: Final = 15
# between what we are told to stop and the word that nothing runs there any more
CUT_SECONDS: Final = 1

log = logging.getLogger(__name__)


class UseTelling:
    """Tells the exchange of our space which uses run here, and obeys what it stops."""

    def __init__(self, core: Core, exchange: ExchangeDoor, running_uses: RunningUses) -> None:
        self._core, self._exchange, self._running = core, exchange, running_uses
        self._watched = 0
        self._told: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to tell."""
        if self._core.settings.space.exchange and EXCHANGE not in self._core.identity.roles:
            self._task = asyncio.create_task(self._tell_on(), name="use telling")

    async def close(self) -> None:
        """Tell it no longer."""
        await cancel(self._task)

    async def _tell_on(self) -> None:
        while True:
            try:
                rest = await self.tell()
            except Exception as fault:  # noqa: BLE001 - an exchange that is away shows us as silent; nothing else happens
                log.info("the exchange was not told of our uses: %s", explain_failure(fault).text)
                rest = self._watched or AWAY_SECONDS
            await asyncio.sleep(rest)

    async def tell(self) -> int:
        """Tell once, and obey; returns in how many seconds to do so again."""
        under_way = self._running.page()
        running = under_way[:USES_TOLD_MAX] if self._watched else []
        names = {one.use for one in running}
        ended = sorted(self._told - names)[:USES_TOLD_MAX]
        busy = {one.agreement for one in under_way}
        telling, before = await self._core.store.read(lambda tx: self._telling(tx, running, ended, busy))
        answer: Any = await self._exchange.ask("POST", PATH, telling.json())
        self._watched, stops = watching.answer(answer, REASON_CHARACTERS_MAX)
        self._told = (self._told - set(ended)) | names
        if {stop.stop for stop in stops} != before:
            await self._core.store.write(lambda tx: self._follow(tx, stops))
            return CUT_SECONDS
        obeyed = {stop.stop for stop in stops} <= set(telling.obeyed)
        return self._watched or IDLE_SECONDS if obeyed else CUT_SECONDS

    def _telling(self, tx: Tx, running: list[Running], ended: list[str], busy: set[str]) -> tuple[Telling, set[str]]:
        """Return what is told, and which stops we know."""
        halted = tx.find(HaltRow)
        uses = tuple(self._use(tx, one) for one in running)
        obeyed = tuple(row.stop for row in halted if row.agreement not in busy)
        return Telling(uses, tuple(ended), obeyed), {row.stop for row in halted}

    def _use(self, tx: Tx, one: Running) -> RunningUse:
        agreement = tx.get(AgreementRow, digest=one.agreement)
        product = "" if agreement is None or agreement.terms is None else str(agreement.terms["product"])
        return RunningUse(one.use, one.agreement, product[:PRODUCT_CHARACTERS_MAX], one.action, one.since)

    def _follow(self, tx: Tx, stops: tuple[watching.Stop, ...]) -> None:
        by, me = self._exchange.space.last().exchange, self._core.identity.did
        for digest in halts.follow(tx, self._core.evidence, stops, by, me, self._core.clock.now()):
            self._core.topics.agreement_touched.after(tx, digest)
