"""Having a program of ours run where the data are (decision 0196): it goes there, and numbers with noise come back.

Law: (1) a program goes to the provider as it is: who must not show it, does not send it. (2) Under one id the same
program over the same rows is run once; of another one nothing is sent. (3) An engine of the provider (0242) is asked
for by its name, and runs by the digest that both have signed. (4) With a reviewer's assent (0286) it runs once over all
rows and is told exactly; that it is the one that was assented to is seen before anything is sent.
"""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute.assented import Assented
from connector.compute.engine.attached import Attached
from connector.compute.epsilon import typed
from connector.compute.program import BLOCKS, Program, given, module, tells_of
from connector.compute.programmed import Rehearsed
from connector.consumer import own_list
from connector.consumer.querying import STATEMENT_CHARACTERS_MAX, Wanted, with_epsilon
from connector.runtime.errors import Absent, InvalidInput
from contracts import assent as assents
from contracts import gate as gates
from contracts.errors import ContractError
from contracts.gate import Gate
from contracts.noise import EPSILON_MAX, Noise
from contracts.program import Programs
from ledger.edition.index import IndexedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.compute.program import Tells
    from connector.consumer.querying import Querying
    from connector.core.core import Core
    from connector.store.rows.agreement import AgreementRow
    from contracts.assent import Signed
    from contracts.canonical import JsonObject
    from contracts.engine import Engine

SECONDS: Final = 10
# a rehearsal has no noise: what its gate says of it is for nobody
ANY: Final = Noise(EPSILON_MAX, EPSILON_MAX)


class Running:
    """The programs that one buyer has run."""

    def __init__(self, core: Core, querying: Querying) -> None:
        self._core, self._querying = core, querying

    async def ask(
        self,
        what: str,
        statement: str,
        file: str | None = None,
        tells: Sequence[str] = (),
        parameters: Sequence[str] | None = None,
        blocks: int | None = None,
        engine: str | None = None,
        assent: str | None = None,
        epsilon: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Have a WebAssembly module (its absolute path) run on the rows of a statement, on each of some blocks.

        Or the `engine` of the provider that its terms name. Returns what is told, on the average of all blocks, with
        its margins and the provider's receipt. With the file of an `assent` (its absolute path) the module is run once
        over all rows, and what it tells is exact. Raises InvalidInput, Absent, NotPermitted with the reasons.
        """
        if (file is None) == (engine is None):
            raise InvalidInput("what is run is a program of ours, or an engine of the provider", "name one of them")
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        gate = gates.read(row.signed_terms["gate"])
        if assent is not None:
            if file is None or blocks is not None or epsilon is not None:
                raise InvalidInput("an assent is to a program that runs once, without blocks and ε", "leave these out")
            run = _run(statement.strip(), tells, parameters, None)
            program = Program(*run, code=await asyncio.to_thread(module, Path(file)))
            return await self._assented(row, name, program, Path(assent), purpose or "", said)
        run = _run(statement, tells, parameters, blocks)
        if engine is not None:
            agreed = _agreed(gate, engine)
            attached = Attached(*run, engine=agreed.digest)
            attached.within(agreed.seconds)
            words, sent = attached.words(), {"engine": attached.engine, **attached.about()}
        else:
            assert file is not None, "one of them is named"
            program = Program(*run, code=await asyncio.to_thread(module, Path(file)))
            if gate.programs is None:
                raise InvalidInput("its terms have nobody's programs run", "ask its provider, or ask in SQL")
            if gate.noise is None:
                raise InvalidInput(
                    f"its terms run those programs alone that {gate.reviewer} assented to", "say the file: `--assent`"
                )
            program.within(gate.programs.seconds)
            told = program.json()
            words, sent = program.words(), {"program": told.pop("code"), **told}
        wanted = Wanted(row, name, words, purpose or "", said, epsilon=typed(epsilon))
        body = {"id": name, "statement": statement, **sent, **with_epsilon(wanted)}
        return await self._querying.settled(wanted, orjson.dumps(body), lambda answer: answer)

    async def _assented(
        self, row: AgreementRow, name: str, program: Program, file: Path, purpose: str, said: Any
    ) -> JsonObject:
        """Have a program run by the assent in a file; raises as `ask`."""
        assented = Assented(program, await asyncio.to_thread(_assent, file))
        # whether it is over its provider asks, who gives again what was answered before
        gate = gates.read(row.signed_terms["gate"])
        assented.require(gate, row.product, row.peer, self._core.identity.did, None)
        told = program.json()
        sent = {"program": told["code"], "tells": told["tells"], "parameters": told["parameters"]}
        body = {"id": name, "statement": program.rows, **sent, "assent": assented.signed.json()}
        wanted = Wanted(row, name, assented.words(), purpose, said, budgeted=False, assent=assented.assent)
        return await self._querying.settled(wanted, orjson.dumps(body), lambda answer: answer)

    async def rehearse(
        self,
        on: str,
        statement: str,
        file: str,
        tells: Sequence[str],
        parameters: Sequence[str] | None = None,
        blocks: int | None = None,
        key: str | None = None,
        seconds: int | None = None,
        whole: bool = False,  # noqa: FBT001, FBT002  # a field of the act
    ) -> JsonObject:
        """Run a program on a table of ours as a provider would, without noise; nothing is sent.

        `key` is the column that says whom a row is about; with `whole` it is run once, over all rows, as it is with a
        reviewer's assent. Raises InvalidInput, Absent, SettingsError.
        """
        if whole and blocks is not None:
            raise InvalidInput("what is run once, over all rows, has no blocks", "leave one of both out")
        run = _run(statement, tells, parameters, blocks)
        program = Program(*run, code=await asyncio.to_thread(module, Path(file)))
        return await asyncio.to_thread(_rehearsed, program, Path(on), key or "", seconds or SECONDS, whole=whole)


def _run(
    statement: str, tells: Sequence[str], parameters: Sequence[str] | None, blocks: int | None
) -> tuple[str, tuple[Tells, ...], tuple[float, ...], int]:
    """Return what is said of a run beside what is run; raises InvalidInput."""
    if not 0 < len(statement.strip()) <= STATEMENT_CHARACTERS_MAX:
        raise InvalidInput(f"a statement has 1 to {STATEMENT_CHARACTERS_MAX} characters")
    return statement, tuple(map(tells_of, tells)), given(parameters or ()), BLOCKS if blocks is None else blocks


def _agreed(gate: Gate, name: str) -> Engine:
    """Return the engine of a name that was agreed on; raises InvalidInput."""
    if gate.engine is None:
        raise InvalidInput("its terms have no engine run", "ask its provider, or ask in SQL")
    if gate.engine.name != name:
        raise InvalidInput(f"its terms have no engine `{name[:60]}` run", f"they name {gate.engine.name}")
    return gate.engine


def _rehearsed(program: Program, path: Path, key: str, seconds: int, *, whole: bool) -> JsonObject:
    """Return what a program tells of a table of ours (blocking); raises Absent, InvalidInput, SettingsError."""
    columns = own_list.names(path)
    if key and key not in columns:
        raise InvalidInput(f"`{path.name}` has no column `{key[:60]}`", f"it has {', '.join(columns[:20])}")
    asked = tuple(name for name in columns if name != key)
    content = path.read_bytes()
    file = IndexedFile(path.name, 0, len(content), 0, 1)
    with Rehearsed(program, Gate(asked, key, noise=ANY, programs=Programs(seconds)), whole=whole) as run:
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
