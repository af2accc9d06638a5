"""Lists that are tried on a product from the console: priced first, then agreed on where nothing is, asked, and told.

Law: (1) what a trial costs is worked out before it is begun, and what it may cost is held from the month's budget until
it is over. (2) It is agreed on at the price that was looked at, or at nothing. (3) The list is in memory alone: what a
crash cuts off is asked again under its id with the list sent again, and counts once (`fitting`).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from connector.compute.fitting import coverage_of
from connector.consumer.fitting import parts
from connector.consumer.steps import FINAL
from connector.enforcement.person import OWNER
from connector.negotiation.protocol import offers
from connector.runtime.errors import (
    Absent,
    Conflict,
    InvalidInput,
    NotPermitted,
    PeerUnreachable,
    PenstockError,
    PurchaseRefused,
    as_reason,
    from_reason,
)
from connector.store.rows.agreement import AcquisitionState
from connector.store.rows.compute import AnswerRow
from contracts import answered
from contracts import gate as gates
from contracts.answered import Answered
from contracts.coverage import KEYS_LEAST
from contracts.errors import ContractError
from contracts.tariff import Tariff, order_amount
from contracts.tried import part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.consumer.acquisition import Acquisitions
    from connector.consumer.budget import Budget
    from connector.consumer.fitting import FittingRoom
    from connector.consumer.held_lists import HeldList
    from connector.consumer.prospect import Prospects
    from connector.consumer.querying import Querying
    from connector.consumer.quoting import Quotes
    from connector.core.core import Core
    from connector.enforcement.person import Person
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.coverage import Coverage
    from contracts.gate import Gate

log = logging.getLogger(__name__)
# under which id a product is agreed on to be tried, as `penstock try` does: the same each time, so it is agreed on once
AGREED: Final = "try-{}"
# at a time: each holds its list, and up to nine questions of twenty thousand keys
RUNNING_MAX: Final = 4
# trials that are over and of which it is known here how they ended
ENDED_KEPT_MAX: Final = 64
# a provider that agrees does so at once; a list is not held for one that does not
AGREE_SECONDS_MAX: Final = 300.0
LOOK_SECONDS: Final = 5.0
# in what was said with a list: the beginning of the names of what a policy asks for
USE: Final = "use."
_ANSWERED: Final = "SELECT coalesce(sum(coalesce(units, 1)), 0) FROM answers WHERE agreement = ? AND ended IS NOT NULL"


class TrialState(StrEnum):
    """How far a trial is."""

    AGREEING = "agreeing"
    ASKING = "asking"
    ANSWERED = "answered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Offered:
    """On what terms a product is tried: those that were agreed, or those that are on offer at `price` a unit."""

    product: str
    title: str
    provider: str
    agreement: AgreementRow | None
    terms: JsonObject
    policy: JsonObject
    tariff: Tariff
    gate: Gate

    @property
    def coverage(self) -> Coverage:
        """What is told of a list; raises InvalidInput where nothing is."""
        return coverage_of(self.gate)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a trial costs: of its `parts` so many are `open`, not answered yet; `amount` is in minor units."""

    parts: int
    open: int
    amount: int


@dataclass(slots=True)
class Trial:
    """A list that is tried, or was in this run of the program; `reason` says why it failed."""

    job: str
    product: str
    delivered: str
    state: TrialState = TrialState.AGREEING
    reason: str = ""


class Trials:
    """The lists that one buyer tries from its console."""

    def __init__(
        self,
        core: Core,
        querying: Querying,
        quotes: Quotes,
        prospects: Prospects,
        acquisitions: Acquisitions,
        fitting: FittingRoom,
        budget: Budget,
    ) -> None:
        self._core, self._querying, self._quotes, self._prospects = core, querying, quotes, prospects
        self._acquisitions, self._fitting, self._budget = acquisitions, fitting, budget
        self._trials: dict[str, Trial] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()  # two may press a button at once

    async def offered(self, product: str) -> Offered:
        """Return on what terms a product is tried; raises Absent, InvalidInput where they tell nothing of lists."""
        try:
            row = await self._querying.meant(product)
        except Absent:
            row = None
        if row is not None:
            terms = row.signed_terms
            return _on(product, row.peer, row, terms, terms["policy"])
        found = await self._quotes.meant(product, {}, lambda _whom: None)
        proposal = offers.read(found.offer)
        if proposal.terms is None:
            raise InvalidInput(f"the offer of `{product[:200]}` has no terms of ours", "ask its provider")
        return _on(product, found.provider.did, None, offers.at_price(proposal.terms, found.asked), proposal.policy)

    async def cost(self, offered: Offered, mine: Mapping[str, Sequence[str]], job: str) -> Cost:
        """Return what it costs to try a list; raises InvalidInput, NotPermitted for one of too few or too many keys."""
        many = len(parts(mine))
        if few := next((keys for keys in map(len, mine.values()) if keys < KEYS_LEAST), None):
            raise InvalidInput(f"a group has {few} keys", f"an answer is of {KEYS_LEAST} and more: less is noise alone")
        if not sum(map(len, mine.values())):
            raise InvalidInput("the column has no keys", "name the column that says whom a line is about")
        if (keys := sum(map(len, mine.values()))) > offered.coverage.keys:
            text = f"the list has {keys} keys, and its terms let {offered.coverage.keys} be asked about"
            raise NotPermitted(text, "send a part of the list")
        before, answers = await self._core.store.read(lambda tx: _known(tx, offered.agreement, job, many))
        unit = answered.units(offered.tariff, Answered())
        try:
            amount = order_amount(offered.tariff, before, before + unit * (many - answers))
        except ContractError as fault:
            raise NotPermitted(
                f"its terms let it be tried no more: {fault}", "another agreement begins anew"
            ) from fault
        return Cost(many, many - answers, amount)

    async def begin(self, held: HeldList, limit: int, person: Person = OWNER) -> None:
        """Begin to try a list, once, for no more a unit than `limit`, and go on by itself; `seen` says how far it is.

        Raises PaymentRefused, PurchaseRefused, and what an acquisition would refuse; then nothing was begun.
        """
        async with self._turn:
            if held.job not in self._running:
                await self._begin(held, limit, person)

    def seen(self, job: str) -> Trial | None:
        """Return how far a trial is that was begun in this run of the program."""
        return self._trials.get(job)

    async def close(self) -> None:
        """Stop what runs; it is asked again under its id."""
        running = list(self._running.values())
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _begin(self, held: HeldList, limit: int, person: Person) -> None:
        if len(self._running) >= RUNNING_MAX:
            raise Conflict(f"{RUNNING_MAX} lists are being tried", "wait until one is answered")
        offered = await self.offered(held.product)
        cost = await self.cost(offered, held.mine, held.job)
        if offered.tariff.minor > limit:
            raise PurchaseRefused("its price is another one by now", "look at it again: nothing was asked")
        trial = Trial(held.job, held.product, held.said.get("delivered", ""))
        await self._budget.hold(held.job, cost.amount)
        try:
            if offered.agreement is None:
                await self._agree(held, limit, person)
        except BaseException:
            self._budget.let_go(held.job)
            raise
        self._remember(trial)
        self._running[held.job] = asyncio.create_task(self._run(trial, held, offered.agreement), name="trial")

    def _remember(self, trial: Trial) -> None:
        over = [job for job in self._trials if job not in self._running]
        for job in over[: max(0, len(over) + 1 - ENDED_KEPT_MAX)]:
            del self._trials[job]
        self._trials[trial.job] = trial

    async def _agree(self, held: HeldList, limit: int, person: Person) -> None:
        mandate: JsonObject = {"limit": str(limit), "purpose": held.said.get("purpose", ""), "said": _uses(held)}
        mandate |= dict.fromkeys(("bid", "deposit", "cap"))
        await self._prospects.foresee(held.product, mandate, person)
        await self._acquisitions.acquire(AGREED.format(held.product), held.product, mandate, person)

    async def _run(self, trial: Trial, held: HeldList, agreement: AgreementRow | None) -> None:
        try:
            row = agreement or await self._querying.meant(await self._agreed(held.product))
            trial.state = TrialState.ASKING
            said = {name: held.said.get(name) or None for name in ("table", "delivered", "purpose")}
            await self._fitting.ask_of(row, held.mine, said=_uses(held) or None, job=held.job, **said)
            trial.state = TrialState.ANSWERED
        except Exception as fault:  # noqa: BLE001  # whatever it is, who waits on the page reads it
            trial.state, trial.reason = TrialState.FAILED, as_reason(fault)
            if not isinstance(fault, PenstockError):  # without its words: they may have a key in them
                log.warning("the trial `%s` failed with %s", held.job, type(fault).__name__)
        finally:
            self._running.pop(held.job, None)
            self._budget.let_go(held.job)

    async def _agreed(self, product: str) -> str:
        """Wait for the agreement on a product, and return its digest; raises why there is none."""
        key = AGREED.format(product)
        view = await self._acquisitions.view(key)
        try:
            async with asyncio.timeout(AGREE_SECONDS_MAX):
                while view["state"] not in FINAL:
                    view = await self._acquisitions.wait(key, view["mark"], LOOK_SECONDS)
        except TimeoutError as fault:
            text = "its provider has not agreed in time"
            raise PeerUnreachable(text, "the purchase goes on; send the list again once it is agreed") from fault
        if view["state"] == AcquisitionState.FAILED:
            raise from_reason(view["reason"])
        return str(view["agreement"])


def _on(product: str, provider: str, row: AgreementRow | None, terms: JsonObject, policy: JsonObject) -> Offered:
    if "gate" not in terms:
        raise InvalidInput(f"`{product[:200]}` is delivered, and tells of no list", "ask its provider for a trial")
    tariff, gate = Tariff.from_json(terms["tariff"]), gates.read(terms["gate"])
    made = Offered(product, str(terms.get("title", product)), provider, row, terms, policy, tariff, gate)
    coverage_of(gate)
    return made


def _known(tx: Tx, agreement: AgreementRow | None, job: str, many: int) -> tuple[int, int]:
    """Return how many units were answered under an agreement, and how many parts of a list are."""
    if agreement is None:
        return 0, 0
    [before] = map(int, tx.column(_ANSWERED, agreement.digest))
    rows = [tx.get(AnswerRow, agreement=agreement.digest, job=part(job, number)) for number in range(many)]
    return before, sum(row is not None and row.answer is not None for row in rows)


def _uses(held: HeldList) -> dict[str, str]:
    """Return what else is said of the use, beside its purpose."""
    return {name.removeprefix(USE): text for name, text in held.said.items() if name.startswith(USE)}
