"""Having a program of ours run where the data are (decision 0196): it goes there, and numbers with noise come back.

Law: (1) a program goes to the provider as it is: who must not show it, does not send it. (2) Under one id the same
program over the same rows is run once; of another one nothing is sent. (3) An engine of the provider (0242) is asked
for by its name, and runs by the digest that both have signed. (4) With a reviewer's assent (0286) it runs once over all
rows and is told exactly; that it is the one that was assented to is seen before anything is sent. (5) An application
that was bought (0314) is such a program: what it tells, and between what, is what was signed of it. It is opened last,
when nothing else is wrong with the run, and only for what was not answered before.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute.assented import Assented
from connector.compute.engine.attached import Attached
from connector.compute.epsilon import typed
from connector.compute.program import BLOCKS, Named, Program, given, module, tells_of
from connector.compute.programmed import Rehearsed
from connector.consumer import own_list
from connector.consumer.bought_program import APPLICATION, run_of
from connector.consumer.querying import STATEMENT_CHARACTERS_MAX, Wanted, with_epsilon
from connector.runtime.errors import Absent, InvalidInput
from connector.store.table_row import replace
from contracts import assent as assents
from contracts.errors import ContractError
from contracts.gate import Gate
from contracts.noise import EPSILON_MAX, Noise
from contracts.program import Programs
from ledger.edition.index import IndexedFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.program import Tells
    from connector.consumer.bought_program import BoughtPrograms
    from connector.consumer.querying import Querying
    from connector.core.core import Core
    from contracts.assent import Signed
    from contracts.canonical import JsonObject
    from contracts.engine import Engine

    _Run = tuple[str, tuple[Tells, ...], tuple[float, ...], int]

SECONDS: Final = 10
# a rehearsal has no noise: what its gate says of it is for nobody
ANY: Final = Noise(EPSILON_MAX, EPSILON_MAX)


class Running:
    """The programs that one buyer has run."""

    def __init__(self, core: Core, querying: Querying, bought_programs: BoughtPrograms) -> None:
        self._core, self._querying, self._bought = core, querying, bought_programs

    async def ask(
        self,
        what: str,
        statement: str,
        file: str | None = None,
        tells: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        blocks: int | None = None,
        engine: str | None = None,
        application: str | None = None,
        assent: str | None = None,
        epsilon: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Have a WebAssembly module (its absolute path) run on the rows of a statement, on each of some blocks.

        Or the `engine` of the provider that its terms name, or an `application` that we bought: by what was got, its
        agreement or its product. Returns what is told, on the average of all blocks, with its margins and the
        provider's receipt. With the file of an `assent` (its absolute path) the module is run once over all rows, and
        what it tells is exact. Raises InvalidInput, Absent, NotPermitted with the reasons.
        """
        if [file, engine, application].count(None) != 2:
            text = "what is run is a program of ours, an engine of the provider, or an application that was bought"
            raise InvalidInput(text, "name one of them")
        if assent is not None and (engine is not None or blocks is not None or epsilon is not None):
            raise InvalidInput("an assent is to a program that runs once, without blocks and ε", "leave these out")
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        asked = Wanted(row, name, "", purpose or "", said, epsilon=typed(epsilon))
        run = _run(statement.strip() if assent else statement, tells or (), parameters, blocks)
        if engine is not None:
            return await self._attached(asked, run, engine)
        if application is None:
            assert file is not None, "one of them is named"
            program = Program(*run, code=await asyncio.to_thread(module, Path(file)))
            wanted, about = await self._wanted(asked, program, assent)
            return await self._querying.settled(wanted, _sent(wanted, program, program.code, about), lambda told: told)
        bought = await self._bought.one(application)
        bought.purpose(purpose)
        named = bought.named(run)
        wanted, about = await self._wanted(asked, named, assent)
        use = run_of(row.digest, name)

        async def opened() -> bytes:
            return _sent(wanted, named, await self._bought.opened(bought, use, purpose, said), about)

        await self._bought.foretell(bought)
        told = await self._querying.settled(wanted, opened, lambda told: told)
        return told | {APPLICATION: await self._bought.used(bought, use)}

    async def _attached(self, asked: Wanted, run: _Run, engine: str) -> JsonObject:
        """Have an engine of the provider run; raises as `ask`."""
        agreed = _agreed(asked.gate, engine)
        attached = Attached(*run, engine=agreed.digest)
        attached.within(agreed.seconds)
        wanted = replace(asked, statement=attached.words())
        body = {"id": wanted.job, "statement": attached.rows, "engine": attached.engine, **attached.about()}
        return await self._querying.settled(wanted, orjson.dumps(body | with_epsilon(wanted)), lambda told: told)

    async def _wanted(
        self, asked: Wanted, program: Program | Named, assent: str | None
    ) -> tuple[Wanted, dict[str, Any]]:
        """Return what is asked with a program, and what is sent beside it; raises as `ask` where it may not be run."""
        gate, row = asked.gate, asked.agreement
        if assent is None:
            _require_noise(gate)
            assert gate.programs is not None, "it was looked at"
            program.within(gate.programs.seconds)
            wanted = replace(asked, statement=program.words())
            return wanted, {**program.about(), **with_epsilon(wanted)}
        assented = Assented(program, await asyncio.to_thread(_assent, Path(assent)))
        # whether it is over its provider asks, who gives again what was answered before
        assented.require(gate, row.product, row.peer, self._core.identity.did, None)
        about = program.about()
        about.pop("blocks")
        wanted = replace(asked, statement=assented.words(), budgeted=False, assent=assented.assent)
        return wanted, about | {"assent": assented.signed.json()}

    async def rehearse(
        self,
        on: str,
        statement: str,
        file: str | None = None,
        tells: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        blocks: int | None = None,
        key: str | None = None,
        seconds: int | None = None,
        whole: bool = False,  # noqa: FBT001, FBT002  # a field of the act
        application: str | None = None,
        purpose: str | None = None,
    ) -> JsonObject:
        """Run a program on a table of ours as a provider would, without noise; nothing of the table is sent.

        In place of its `file` it is an `application` that we bought, which is opened for it: a use. `key` is the column
        that says whom a row is about; with `whole` it is run once, over all rows, as it is with a reviewer's assent.
        Raises InvalidInput, Absent, SettingsError, NotPermitted with the reasons.
        """
        if whole and blocks is not None:
            raise InvalidInput("what is run once, over all rows, has no blocks", "leave one of both out")
        if (file is None) == (application is None):
            raise InvalidInput("what is rehearsed is a program, or an application that was bought", "name one of them")
        run, path = _run(statement, tells or (), parameters, blocks), Path(on)
        gate = await asyncio.to_thread(_home, path, key or "", seconds or SECONDS)
        if file is not None:
            program = Program(*run, code=await asyncio.to_thread(module, Path(file)))
            return await asyncio.to_thread(_rehearsed, program, path, gate, whole=whole)
        assert application is not None, "one of them is named"
        bought, use = await self._bought.one(application), uuid.uuid4().hex
        named = bought.named(run)
        code = await self._bought.opened(bought, use, purpose, None)
        told = await asyncio.to_thread(_rehearsed, named.with_code(code), path, gate, whole=whole)
        return told | {APPLICATION: await self._bought.used(bought, use)}


def _run(statement: str, tells: Sequence[str], parameters: Sequence[str] | None, blocks: int | None) -> _Run:
    """Return what is said of a run beside what is run; raises InvalidInput."""
    if not 0 < len(statement.strip()) <= STATEMENT_CHARACTERS_MAX:
        raise InvalidInput(f"a statement has 1 to {STATEMENT_CHARACTERS_MAX} characters")
    return statement, tuple(map(tells_of, tells)), given(parameters or ()), BLOCKS if blocks is None else blocks


def _require_noise(gate: Gate) -> None:
    """Raise InvalidInput where terms have no program run that nobody assented to."""
    if gate.programs is None:
        raise InvalidInput("its terms have nobody's programs run", "ask its provider, or ask in SQL")
    if gate.noise is None:
        text = f"its terms run those programs alone that {gate.reviewer} assented to"
        raise InvalidInput(text, "say the file: `--assent`")


def _sent(wanted: Wanted, program: Program | Named, code: bytes, about: Mapping[str, Any]) -> bytes:
    """Return what is sent: a program, and what is said about it."""
    body: dict[str, Any] = {"id": wanted.job, "statement": program.rows, "program": base64.b64encode(code).decode()}
    return orjson.dumps(body | dict(about))


def _agreed(gate: Gate, name: str) -> Engine:
    """Return the engine of a name that was agreed on; raises InvalidInput."""
    if gate.engine is None:
        raise InvalidInput("its terms have no engine run", "ask its provider, or ask in SQL")
    if gate.engine.name != name:
        raise InvalidInput(f"its terms have no engine `{name[:60]}` run", f"they name {gate.engine.name}")
    return gate.engine


def _home(path: Path, key: str, seconds: int) -> Gate:
    """Return the gate of a table of ours (blocking); raises Absent, InvalidInput."""
    columns = own_list.names(path)
    if key and key not in columns:
        raise InvalidInput(f"`{path.name}` has no column `{key[:60]}`", f"it has {', '.join(columns[:20])}")
    return Gate(tuple(name for name in columns if name != key), key, noise=ANY, programs=Programs(seconds))


def _rehearsed(program: Program, path: Path, gate: Gate, *, whole: bool) -> JsonObject:
    """Return what a program tells of a table of ours (blocking); raises Absent, InvalidInput, SettingsError."""
    content = path.read_bytes()
    file = IndexedFile(path.name, 0, len(content), 0, 1)
    with Rehearsed(program, gate, whole=whole) as run:
        table = run.foresee().table
        if table not in (path.name, path.stem):
            raise InvalidInput(f"its rows are of `{table[:60]}`", f"the table is called {path.stem}")
        answered, numbers, fault = run.rehearse(table, file, content)
    return {
        "blocks": 1 if whole else program.blocks,
        "answered": answered,
        "seconds": f"{run.seconds:.2f}",
        "numbers": numbers,
        "fault": fault,
    }


def _assent(path: Path) -> Signed:
    """Return the assent in a file (blocking); raises Absent, InvalidInput."""
    if not path.is_absolute() or not path.is_file():
        raise Absent(f"`{path}` is no file here", "name a file by its absolute path")
    try:
        with path.open("rb") as content:
            return assents.read(content.read(assents.ASSENT_BYTES_MAX + 1))
    except ContractError as fault:
        raise InvalidInput(f"`{path.name}` is no assent: {fault}", "its reviewer writes it with --out") from fault
