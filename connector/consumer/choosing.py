"""Questions that are put together from choices: what may be chosen of a product, and the statement that comes of it.

Law: (1) what may be chosen follows from what both sides signed, or would, and from the description that the exchange
lists; its provider decides on the statement as on any other (`compute.choices`). (2) Which statement was made is said
with its answer, and in a rehearsal before it is asked.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from catalog.dataset import dataset_from_json
from catalog.errors import CatalogError
from connector.compute import cpu, kinds
from connector.compute import saved as questions
from connector.compute.choices import COLUMN_CHARACTERS_SHOWN, Choices, Choosable, read_condition
from connector.compute.epsilon import typed
from connector.compute.sitting import kind_of
from connector.consumer.bought_program import APPLICATION, run_of
from connector.consumer.querying import Wanted
from connector.runtime import rehearsal
from connector.runtime.errors import Absent, InvalidInput, PeerMisbehaved
from connector.store.rows.compute import AnswerRow
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.profile import FileProfile
    from connector.consumer.bought_program import BoughtPrograms
    from connector.consumer.querying import Querying
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.store.rows.agreement import AgreementRow
    from contracts.canonical import JsonObject
    from contracts.gate import Gate

    # ε, CPU seconds at most, purpose, what else is said of the use
    _Asking = tuple[str | None, str | None, str | None, Any]

# what a gate lets pass instead of statements, so that there is nothing to choose
OTHERWISE: Final = frozenset({"lookup", "joint"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A product whose answers are asked for: under what was agreed, if it is, or as it is on offer."""

    product: str
    title: str
    provider: str
    agreement: AgreementRow | None
    terms: JsonObject
    gate: Gate
    # table → what may be chosen of it, the first one first
    tables: Mapping[str, Choosable]

    def among(self, table: str | None) -> Choosable:
        """Return what may be chosen of a table, the first where none is named; raises InvalidInput."""
        found = self.tables.get(table) if table else next(iter(self.tables.values()), None)
        if found is None:
            known = ", ".join(list(self.tables)[:20])
            raise InvalidInput(f"there is no table `{(table or '')[:100]}`", f"there are {known}")
        return found


class Choosing:
    """The questions that one buyer puts together."""

    def __init__(self, core: Core, querying: Querying, exchange: ExchangeDoor, bought_programs: BoughtPrograms) -> None:
        self._core, self._querying, self._exchange, self._bought = core, querying, exchange, bought_programs

    async def ask(
        self,
        what: str,
        statement: str | None = None,
        *,
        count: bool | None = None,
        subjects: bool | None = None,
        sums: Sequence[str] | None = None,
        averages: Sequence[str] | None = None,
        by: Sequence[str] | None = None,
        where: Sequence[str] | None = None,
        table: str | None = None,
        application: str | None = None,
        values: Mapping[str, str] | None = None,
        epsilon: str | None = None,
        at_most: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Ask a statement, or what is chosen instead of one; `made` is the statement that was made of choices.

        Or a question that was bought as an `application`, with `values` for what it leaves open: it is opened for the
        answer, which is a use of it. Raises InvalidInput for none or several of these, and what `Querying.ask` raises.
        """
        choice = any((count, subjects, sums, averages, by, where))
        if [choice, statement is not None, application is not None].count(True) != 1:
            text = "a question is a statement, or chosen, or one that was bought: say one of these"
            raise InvalidInput(text, "say a SELECT, or choose by --count, --sum, --average, --by and --where")
        if statement is not None and table:
            raise InvalidInput("a statement names its table itself", "leave --table out")
        asking = (epsilon, at_most, purpose, said)
        if application is not None:
            return await self._ask_bought(what, application, values or {}, table, asking, job or uuid.uuid4().hex)
        if values:
            raise InvalidInput("values are of a question that was bought", "say which: --application")
        made = None
        if statement is None:
            among = (await self.offered(what)).among(table)
            chosen = _chosen(among, (count, subjects, sums, averages), by, where)
            made = statement = chosen.statement(among)
            rehearsal.note(rehearsal.ASK, made, what)
        return await self._querying.ask(what, statement, *asking, job) | {"made": made}

    async def _ask_bought(
        self, what: str, application: str, values: Mapping[str, str], table: str | None, asking: _Asking, job: str
    ) -> JsonObject:
        """Ask a question that was bought: what can be refused is, before it is opened; what is answered opens none."""
        epsilon, at_most, purpose, said = asking
        row, bought = await self._querying.meant(what), await self._bought.one(application)
        bought.purpose(purpose)
        if (asks := bought.sold.asks) is None:
            raise InvalidInput(f"`{application[:100]}` is a program, and no question", "penstock run --application")
        questions.require(asks, values)
        among = (await self.offered(row.digest)).among(table)
        if lacks := [one for one in bought.sold.needs if one not in among.columns]:
            names = ", ".join(lacks)[:COLUMN_CHARACTERS_SHOWN]
            text = f"the application needs columns that may not be asked about here: {names}"
            raise InvalidInput(text, "ask another product")
        await self._bought.foretell(bought)
        if rehearsal.current() is not None:
            wanted = Wanted(row, job, "", purpose or "", said, epsilon=typed(epsilon), tenths=cpu.typed(at_most))
            await self._querying.foretell([wanted])
        use = run_of(row.digest, job)
        before = await self._core.store.read(lambda tx: tx.get(AnswerRow, agreement=row.digest, job=job))
        if before is not None and before.answer is not None:
            statement = before.statement
        else:
            question = questions.read(await self._bought.opened(bought, use, purpose, said))
            if (question.needs, question.asks) != (bought.sold.needs, asks):
                raise PeerMisbehaved("the application is another question than its terms say", "complain about it")
            statement = question.filled(values).statement(question.within(among))
        told = await self._querying.ask(row.digest, statement, epsilon, at_most, purpose, said, job)
        return told | {"made": statement, APPLICATION: await self._bought.used(bought, use)}

    async def saved(
        self,
        what: str,
        *,
        count: bool | None = None,
        subjects: bool | None = None,
        sums: Sequence[str] | None = None,
        averages: Sequence[str] | None = None,
        by: Sequence[str] | None = None,
        where: Sequence[str] | None = None,
        table: str | None = None,
    ) -> JsonObject:
        """Return a question as its file has it, with what it leaves open; nothing is asked. Raises InvalidInput."""
        among = (await self.offered(what)).among(table)
        made = questions.saved(_chosen(among, (count, subjects, sums, averages), by, where, leaves=True), among)
        return {"document": made.json(), "asks": [list(one) for one in made.asks]}

    async def offered(self, what: str) -> Asked:
        """Return what may be chosen of a product, or of what was agreed on; raises Absent, InvalidInput, Conflict."""
        try:
            row = await self._querying.meant(what)
        except Absent:
            row = None
        product = what if row is None else row.product
        listing = await self._exchange.ask("GET", f"/exchange/products/{quote(product, safe='')}")
        terms = row.signed_terms if row is not None else (listing.get("offer") or {}).get("terms") or {}
        if "gate" not in terms:
            raise InvalidInput(f"`{product[:200]}` is no product that is asked where it is", "penstock show says how")
        gate = gates.read(terms["gate"])
        if odd := next((name for name in OTHERWISE if getattr(gate, name) is not None), None):
            raise InvalidInput(f"`{product[:200]}` answers another way (`{odd}`)", "see its page for how it is asked")
        provider = listing["provider"] if row is None else row.peer
        return Asked(product, str(terms.get("title", product)), provider, row, terms, gate, _tables(listing, gate))


def _chosen(
    among: Choosable,
    measures: tuple[bool | None, bool | None, Sequence[str] | None, Sequence[str] | None],
    by: Sequence[str] | None,
    where: Sequence[str] | None,
    *,
    leaves: bool = False,
) -> Choices:
    """Return what was chosen of a table; where it `leaves` values open, with these."""
    conditions = tuple(read_condition(one, among.columns, leaves=leaves) for one in where or ())
    count, subjects, sums, averages = measures
    told = tuple(sums or ()), tuple(averages or ()), tuple(by or ())
    return Choices(bool(count), bool(subjects), *told, conditions)


def _tables(listing: JsonObject, gate: Gate) -> dict[str, Choosable]:
    """Return what may be chosen of each table that a listing describes; raises InvalidInput where it describes none."""
    try:
        files = dataset_from_json(listing.get("dataset")).files
    except CatalogError as fault:
        raise InvalidInput(f"its description cannot be read: {fault}", "type a statement") from fault
    tables = [one for one in files if kind_of(one.path) and one.columns]
    short = Counter(PurePosixPath(one.path).stem for one in tables)
    found: dict[str, Choosable] = {}
    for one in tables:
        stem = PurePosixPath(one.path).stem
        name = stem if short[stem] == 1 else one.path
        found[name] = _choosable(name, one, gate)
    return found


def _choosable(name: str, file: FileProfile, gate: Gate) -> Choosable:
    typed = {
        one.name: kinds.column(one.name, kinds.OF_PROFILE[one.kind])
        for one in file.columns
        if one.name in gate.columns and one.kind in kinds.OF_PROFILE
    }
    columns = {column: found.kind for column, found in typed.items() if found is not None}
    numbers = {column for column, kind in columns.items() if kind is kinds.Kind.NUMBER}
    if gate.noise is not None:  # with noise only what has bounds is summed
        numbers &= {column for column, _, _ in gate.noise.bounds}
    return Choosable(name, columns, frozenset(numbers), gate.subject)
