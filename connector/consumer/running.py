"""Having a program of ours run where the data are (decision 0196): it goes there, and numbers with noise come back.

Law: (1) a program goes to the provider as it is: who must not show it, does not send it. (2) Under one id the same
program over the same rows is run once; of another one nothing is sent.
"""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute.epsilon import typed
from connector.compute.program import BLOCKS, PROGRAM_BYTES_MAX, Program, tells_of
from connector.compute.programmed import Rehearsed
from connector.consumer import own_list
from connector.consumer.querying import STATEMENT_CHARACTERS_MAX, Wanted, with_epsilon
from connector.runtime.errors import Absent, InvalidInput
from contracts import gate as gates
from contracts.gate import Gate
from contracts.noise import EPSILON_MAX, Noise
from contracts.program import Programs
from ledger.edition.index import IndexedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.consumer.querying import Querying
    from contracts.canonical import JsonObject

SECONDS: Final = 10
# a rehearsal has no noise: what its gate says of it is for nobody
ANY: Final = Noise(EPSILON_MAX, EPSILON_MAX)


class Running:
    """The programs that one buyer has run."""

    def __init__(self, querying: Querying) -> None:
        self._querying = querying

    async def ask(
        self,
        what: str,
        statement: str,
        file: str,
        tells: Sequence[str],
        parameters: Sequence[str] | None = None,
        blocks: int | None = None,
        epsilon: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Have a WebAssembly module (its absolute path) run on the rows of a statement, on each of some blocks.

        Returns what it tells, on the average of all blocks, with its margins and the provider's receipt. Raises
        InvalidInput, Absent, NotPermitted with the provider's reasons.
        """
        program = await self._program(statement, file, tells, parameters, blocks)
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        programs = gates.read(row.signed_terms["gate"]).programs
        if programs is None:
            raise InvalidInput("its terms have nobody's programs run", "ask its provider, or ask in SQL")
        program.within(programs.seconds)
        told = program.json()
        wanted = Wanted(row, name, program.words(), purpose or "", said, epsilon=typed(epsilon))
        sent = {"id": name, "statement": program.rows, "program": told.pop("code"), **told, **with_epsilon(wanted)}
        return await self._querying.settled(wanted, orjson.dumps(sent), lambda answer: answer)

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
    ) -> JsonObject:
        """Run a program on a table of ours as a provider would, without noise; nothing is sent.

        `key` is the column that says whom a row is about. Raises InvalidInput, Absent, SettingsError.
        """
        program = await self._program(statement, file, tells, parameters, blocks)
        return await asyncio.to_thread(_rehearsed, program, Path(on), key or "", seconds or SECONDS)

    async def _program(
        self,
        statement: str,
        file: str,
        tells: Sequence[str],
        parameters: Sequence[str] | None,
        blocks: int | None,
    ) -> Program:
        """Return a program as it is asked for; raises InvalidInput, Absent."""
        if not 0 < len(statement.strip()) <= STATEMENT_CHARACTERS_MAX:
            raise InvalidInput(f"a statement has 1 to {STATEMENT_CHARACTERS_MAX} characters")
        told, given = tuple(map(tells_of, tells)), tuple(map(_number, parameters or ()))
        code = await asyncio.to_thread(_code, Path(file))
        return Program(code, statement, told, given, BLOCKS if blocks is None else blocks)


def _rehearsed(program: Program, path: Path, key: str, seconds: int) -> JsonObject:
    """Return what a program tells of a table of ours (blocking); raises Absent, InvalidInput, SettingsError."""
    columns = own_list.names(path)
    if key and key not in columns:
        raise InvalidInput(f"`{path.name}` has no column `{key[:60]}`", f"it has {', '.join(columns[:20])}")
    asked = tuple(name for name in columns if name != key)
    content = path.read_bytes()
    file = IndexedFile(path.name, 0, len(content), 0, 1)
    with Rehearsed(program, Gate(asked, key, noise=ANY, programs=Programs(seconds))) as run:
        table = run.foresee().table
        if table not in (path.name, path.stem):
            raise InvalidInput(f"its rows are of `{table[:60]}`", f"the table is called {path.stem}")
        answered, numbers, fault = run.rehearse(table, file, content)
    return {
        "blocks": program.blocks,
        "answered": answered,
        "seconds": f"{run.seconds:.2f}",
        "numbers": numbers,
        "fault": fault,
    }


def _code(path: Path) -> bytes:
    """Return a module's bytes (blocking); raises Absent, InvalidInput."""
    if not path.is_absolute() or not path.is_file():
        raise Absent(f"`{path}` is no file here", "name a file by its absolute path")
    if path.stat().st_size > PROGRAM_BYTES_MAX:
        raise InvalidInput(
            f"`{path.name}` has more than {PROGRAM_BYTES_MAX >> 10} KiB", "strip its names and its debugging parts"
        )
    return path.read_bytes()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as fault:
        raise InvalidInput(f"`{text[:60]}` is no number", "a parameter is a number") from fault
