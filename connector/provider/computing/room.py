"""The compute room: each statement decided, answered by a process of its own, held against the gate, counted, signed.

Law: (1) A statement is a use of its own: what it asks for is read before it is decided, and its share of the counters
is held before its process is handed a byte. (2) What is told is durable, with what later statements are held against,
before it leaves: under one id a statement is answered once and counted once, however often it is asked. (3) Of what
was told of an edition no two answers are made beside each other: who was overtaken is computed again. (4) An answer is
paid; a statement that broke, or of which nothing passed, is counted by the policy and not billed: asking is not free.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import orjson

from catalog.dataset import dataset_from_json
from connector.channel.errors import ChannelFault
from connector.compute import cpu
from connector.compute.assented import Assented
from connector.compute.cross_table import Cells
from connector.compute.engine.attached import Attached
from connector.compute.extents import extents
from connector.compute.fitting import Groups
from connector.compute.lesson import Match, Step
from connector.compute.matched import Matched
from connector.compute.program import Program
from connector.compute.sitting import names_of
from connector.compute.sketch import Sketch
from connector.compute.sought import Sought
from connector.compute.together import Together
from connector.compute.waiting import Waiting
from connector.enforcement import uses
from connector.licence.running_uses import COMPUTE
from connector.provider.computing import attestation, forms, offered, privacy
from connector.provider.computing.asked import (
    agreement_of,
    copy_of,
    ground_of,
    known,
    permitted,
    record,
    row_for,
    row_of,
    run_of,
    take,
)
from connector.provider.computing.attestation import Attestation
from connector.provider.computing.cancellable import Cancellable
from connector.provider.computing.coverages import Coverages
from connector.provider.computing.ended import billed, end
from connector.provider.computing.jointly import Jointly
from connector.provider.computing.lessons import Matches, Steps
from connector.provider.computing.look_ups import LookUps
from connector.provider.computing.run_engines import RunEngines
from connector.provider.computing.run_programs import RunPrograms
from connector.provider.computing.run_reviewed import RunReviewed
from connector.provider.computing.sketches import MadeSketches
from connector.provider.computing.statements import Statements
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, RequestRefused
from connector.store.rows.compute import ComputationRow
from connector.store.rows.compute import ComputationState as State
from connector.store.table_row import replace
from contracts import gate as gates
from contracts.answered import ID_CHARACTERS_MAX, seconds_text
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.compute.one_table import Foreseen
    from connector.core.core import Core
    from connector.custody.secrets import Keys
    from connector.custody.tickets import Ticket
    from connector.enforcement.enforce import Enforcement
    from connector.enforcement.use import Granted
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.licence.carriage import Carriage
    from connector.licence.duties import Duties
    from connector.licence.running_uses import RunningUses
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.forms import Form, Process
    from connector.provider.plain.copies import Copies
    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx

# processes at once; who comes meanwhile waits its turn, so many at most under one agreement
COMPUTATIONS_AT_ONCE: Final = 4
WAITING_MAX: Final = 16
# answers of one edition that later ones are held against: when there are so many it answers no more
REMEMBERED_MAX: Final = 2_000
OVERTAKEN_MAX: Final = 3
REASON_MAX: Final = 500
HALTED: Final = "its transfer, or its agreement, is over"
STOPPED: Final = "the connector was stopped meanwhile: ask again"


class ComputeRoom:
    """The statements that one provider answers."""

    def __init__(
        self,
        core: Core,
        secrets: Keys,
        copies: Copies,
        enforcement: Enforcement,
        duties: Duties,
        carriage: Carriage,
        peers: Peers,
        space: SpaceView,
        running_uses: RunningUses,
    ) -> None:
        self._running = running_uses
        self._core, self._secrets, self._copies, self._enforcement = core, secrets, copies, enforcement
        self._duties, self._carriage = duties, carriage
        self._seats = asyncio.Semaphore(COMPUTATIONS_AT_ONCE)
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}
        self._processes, self._cancellable = Waiting(), Cancellable()
        self._look_ups = LookUps(core, secrets, copies, enforcement, duties)
        self._jointly, self._engines = Jointly(core, secrets, peers, copies, duties), RunEngines(core)
        self._reviewed = RunReviewed(core, space)
        self._attestation = Attestation(core)
        self._forms: Mapping[type, Form] = {
            NoneType: Statements(core),
            Groups: Coverages(core, secrets),
            Cells: self._jointly,
            Program: RunPrograms(core),
            Assented: self._reviewed,
            Attached: self._engines,
            Sketch: MadeSketches(core),
            Match: Matches(core, secrets),
            Step: Steps(core, secrets),
        }

    async def recover(self) -> None:
        """Let what an earlier run left undone be asked again; what it held of counters stays counted."""

        def act(tx: Tx) -> None:
            for row in tx.find(ComputationRow, "state = ?", (State.RUNNING,)):
                after = privacy.given_back(agreement_of(tx, row), row)
                tx.change(row, replace(after, state=State.FAILED, reason=STOPPED, ended=self._core.clock.now()))

        await self._core.store.write(act)
        await self._look_ups.tables.sweep()

    async def answer(self, ticket: Ticket, asked: Asked) -> ComputationRow:
        """Answer a statement, or return its answer of before; raises NotPermitted, InvalidInput, Conflict, Absent."""
        if not 0 < len(asked.job) <= ID_CHARACTERS_MAX or not asked.job.isprintable():
            raise InvalidInput(f"a statement has an id of 1 to {ID_CHARACTERS_MAX} printable characters")
        ground = await self._core.store.read(lambda tx: self._ground(tx, ticket))
        terms = ground.agreement.signed_terms
        forms.require(gate := gates.read(terms[offered.MEMBER]), asked)
        attestation.require(gate, asked)
        cpu.at_most(Tariff.from_json(terms["tariff"]), asked.tenths)
        if isinstance(asked.about, Sought | Matched):
            return await self._look_ups.answer(ticket, ground, asked)
        if isinstance(asked.about, Together):
            return await self._jointly.together(ticket, ground, asked)
        if (before := await self._core.store.read(lambda tx: self._known(tx, ground, asked))) is not None:
            return before
        agreement = ground.agreement.digest
        if self._waiting.get(agreement, 0) >= WAITING_MAX:
            raise RequestRefused("too-many", f"{WAITING_MAX} statements are under way under this agreement")
        self._waiting[agreement] = self._waiting.get(agreement, 0) + 1
        with self._cancellable.under((agreement, asked.job)):
            return await self._in_turn(ticket, ground, asked)

    async def cancel(self, ticket: Ticket, job: str) -> int:
        """End what is asked under an id and not answered; returns how many there were. It costs nothing."""
        ground = await self._core.store.read(lambda tx: self._ground(tx, ticket))
        return self._cancellable.cancel((ground.agreement.digest, job))

    async def _in_turn(self, ticket: Ticket, ground: Ground, asked: Asked) -> ComputationRow:
        agreement = ground.agreement.digest
        try:
            async with self._turns.setdefault(ground.agreement.signed_edition, asyncio.Lock()), self._seats:
                # who waited behind itself, because it asked twice at once, is answered by then
                before = await self._core.store.read(lambda tx: self._known(tx, ground, asked))
                return before or await self._compute(ticket, ground, asked)
        finally:
            self._waiting[agreement] -= 1
            if not self._waiting[agreement]:
                del self._waiting[agreement]

    async def _compute(self, ticket: Ticket, ground: Ground, asked: Asked) -> ComputationRow:
        held: list[Granted] = []
        try:
            with self._running.of(ground.agreement.digest, COMPUTE):
                return await self._until_told(ticket, ground, asked, held)
        except BaseException as fault:
            if held:
                await asyncio.shield(self._broke(held[0], asked, fault))
            raise

    async def described(self, product: ProductRow, *, kept: bool) -> ProductRow:
        """Return a product with the reader that answers for it now, where its answers are attested; raises as it is."""
        return await self._attestation.described(product, kept=kept)

    async def prepare(self, product: ProductRow) -> None:
        """Make what subjects of a product are looked up in, and see that its engine is there, before it is offered.

        And that its reviewer is a member, and its reader the one of now. Raises InvalidInput, Absent, NotPermitted,
        Conflict where that has changed since it was described.
        """
        await self._engines.require(product)
        await self._reviewed.require(product)
        await self._attestation.require(product)
        await self._look_ups.tables.make(product)

    def end(self) -> None:
        """Have no process wait for statements, and none make a table."""
        self._processes.end()
        self._look_ups.tables.end()

    async def _until_told(self, ticket: Ticket, ground: Ground, asked: Asked, held: list[Granted]) -> ComputationRow:
        """Compute over what was told so far, and keep what is told now; again where others were faster."""
        for _ in range(OVERTAKEN_MAX):
            with ExitStack() as open_:
                computation = await self._began(open_, ticket, ground, asked)
                foreseen = await asyncio.to_thread(computation.foresee)
                if not held:
                    held.append(await self._core.store.write(partial(self._begin, ticket, asked, foreseen)))
                told = await self._told(ticket, ground, asked, computation, foreseen, held[0])
                if told is not None:
                    return told
        raise Conflict("others were answered over the same edition meanwhile", "ask again")

    async def _began(self, open_: ExitStack, ticket: Ticket, ground: Ground, asked: Asked) -> Process:
        """Return a process that answers, and that ends when its transfer is halted."""
        types = offered.types_of(dataset_from_json(ground.product.dataset).files)
        gate = gates.read(ground.agreement.signed_terms[offered.MEMBER]).at(asked.epsilon)
        computation = await self._form(asked).process(ground, gate, types, asked, self._processes)
        await asyncio.to_thread(open_.enter_context, computation)
        open_.enter_context(self._carriage.carrying(ticket, partial(computation.cut, HALTED)))
        return computation

    def _form(self, asked: Asked) -> Form:
        return self._forms[type(asked.about)]

    async def _told(
        self, ticket: Ticket, ground: Ground, asked: Asked, computation: Process, foreseen: Foreseen, granted: Granted
    ) -> ComputationRow | None:
        """Compute once; None where another statement was answered over the edition meanwhile."""
        edition = ticket.edition.hex()
        before = await self._core.store.read(lambda tx: _remembered(tx, edition))
        if len(before) >= REMEMBERED_MAX:
            text = f"{REMEMBERED_MAX} statements were answered over this edition, and more are not held against them"
            raise NotPermitted(text, "ask its provider for the next edition")
        kept = orjson.dumps([one.memory for one in before])
        with await self._copies.open(ticket) as opened:
            index = await asyncio.to_thread(opened.index)
            file = names_of(index.files)[foreseen.table]
            columns = {*foreseen.named, *(name for one in before for name in (one.memory or {})["named"])}
            subject = gates.read(ground.agreement.signed_terms[offered.MEMBER]).subject
            within = await asyncio.to_thread(
                extents, file.name, file.size, partial(opened.read, file), columns | ({subject} - {""})
            )
            placed = opened.placed(file, within)
            found = await asyncio.to_thread(computation.compute, foreseen.table, file, placed, kept)
        found = await self._form(asked).found(ground, asked, file.name, found)
        return await self._core.store.write(partial(self._keep, ticket, asked, found, granted, len(before)))

    # ---- inside one transaction

    def _ground(self, tx: Tx, ticket: Ticket) -> Ground:
        return ground_of(self._copies, tx, ticket)

    def _begin(self, ticket: Ticket, asked: Asked, foreseen: Foreseen, tx: Tx) -> Granted:
        """Decide a statement, hold its share, and write that it runs; raises NotPermitted with the reasons."""
        ground, now = self._ground(tx, ticket), self._core.clock.now()
        agreement = ground.agreement
        if known(tx, ground, asked) is not None:  # by another process of ours
            raise Conflict(f"`{asked.job}` was answered meanwhile", "ask again under the same id")
        held = self._form(asked).hold(tx, agreement, asked, now)
        cost = privacy.cost(agreement, held)
        granted = permitted(self._enforcement, tx, ground, asked, foreseen.functions, cost, now)
        row = row_for(ground, asked, State.RUNNING, now)
        row = row if held is None else replace(row, epsilon=held.total, each=held.each if held.said else None)
        copy = copy_of(self._copies, tx, ground, row.purpose, now)
        self._copies.within_quota(tx, agreement, replace(copy, calls=copy.calls + billed(agreement, row)))
        tx.put(row)
        most = {} if row.at_most is None else {"atMost": seconds_text(row.at_most)}
        begun = {"purpose": row.purpose, **cost, **most, **run_of(asked)}
        record(self._core, tx, "computation.started", row, begun, now)
        return granted

    def _known(self, tx: Tx, ground: Ground, asked: Asked) -> ComputationRow | None:
        row = known(tx, ground, asked)
        if row is not None:
            attestation.require_same(row, asked)
        return None if row is None else self._form(asked).answered(tx, row)

    def _keep(
        self, ticket: Ticket, asked: Asked, found: Any, granted: Granted, before: int, tx: Tx
    ) -> ComputationRow | None:
        """Write what is told and count it; None if another statement was answered over the edition meanwhile."""
        self._ground(tx, ticket)  # a transfer that was ended since is billed, and tells no more
        now, row = self._core.clock.now(), row_of(tx, granted, asked)
        if row is None or row.state is not State.RUNNING:  # another process of ours began, and let it be asked again
            raise Conflict(f"`{asked.job}` was asked again meanwhile", "ask again under the same id")
        if found.memory is not None and len(_remembered(tx, row.edition)) != before:
            return None
        take(self._enforcement, tx, granted, now)
        return self._form(asked).keep(tx, row, found, now)

    async def _broke(self, granted: Granted, asked: Asked, fault: BaseException) -> None:
        """Write that a statement was not answered: counted where it is its own fault, given back where it was cut."""
        own, now = isinstance(fault, InvalidInput), self._core.clock.now()

        def act(tx: Tx) -> None:
            row = row_of(tx, granted, asked)
            if row is None or row.state is not State.RUNNING:
                return
            if own:
                take(self._enforcement, tx, granted, now)
            else:
                uses.give_back(tx, granted.use.taker)
                self._form(asked).give_back(tx, row)
            after = row if own else privacy.given_back(agreement_of(tx, row), row)
            failed = replace(after, state=State.FAILED, reason=str(fault)[:REASON_MAX], ended=now)
            end(self._core, tx, row, failed, now)

        await self._core.store.write(act)
        if isinstance(fault, ChannelFault):
            await self._duties.note(fault, [granted.use.own.agreement])


def _remembered(tx: Tx, edition: str) -> list[ComputationRow]:
    """Return the statements that were answered over an edition, whoever asked: two who tell each other are one."""
    told = "edition = ? and state = ? and memory is not null"
    return tx.find(ComputationRow, told, (edition, State.RELEASED), order="ended")
