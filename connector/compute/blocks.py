"""A buyer's program run inside the reader process: on each of some blocks of rows, and what all tell, with noise.

    told    {…, gate, columns, statement, program: {code, tells, parameters, blocks}}  → {tables, functions, named}
    handed  the table's file                                                           → {bytes}, then JSON

Law: (1) All rows of a subject are in one block, and chance says in which: so one subject moves one block, and the sum
of what all tell by no more than between what a number lies, whatever the program does. (2) What blocks tell is counted
in steps of that, whole numbers, before noise is added. (3) The run takes its time to the end, whatever it did with it:
what blocks may take together is less, so a program that takes long where one subject is, is not seen to.

With it all that leaves has a privacy loss of the ε of an answer for adding or removing a subject's rows.
"""

from __future__ import annotations

import base64
import json
import os
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import ceil, isnan
from typing import TYPE_CHECKING, Any, Final

from connector.compute import gate, noisy
from connector.compute.content import Content
from connector.compute.counting import whereas
from connector.compute.gated import Asking, open_to
from connector.compute.inputs import inputs
from connector.compute.kinds import quote
from connector.compute.noisy import CELLS, STEPPED, STEPS, Loss, Number
from connector.compute.plan import table_of
from connector.compute.webassembly import FUEL_A_SECOND, SLICES, Machine
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.compute.inputs import Inputs
    from contracts.gate import Gate

FUNCTION: Final = "PROGRAM"
ANSWERED: Final = "answered"
# of the time of a run blocks have so much together; the rest is for beginning each, and for what is not interrupted
RUNNING: Final = 0.5
NO_ROWS: Final[memoryview[float]] = memoryview(b"").cast("B").cast("d")


@dataclass(frozen=True, slots=True)
class OneBlock(Loss):
    """How the ε of a run is shared: one subject moves one block, however many rows it has."""

    def moved(self, number: Number) -> int:
        """Return by how much one subject moves the sum of all blocks."""
        return STEPS if number.kind == STEPPED else 1


class Blocks(ABC):
    """What answers a question that is run on blocks, whatever it is that is run."""

    function: str

    def look(self, engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is asked for; raises `Refused`."""
        known, passes = asked["columns"], gates.read(asked["gate"])
        types = known[table_of(engine, asked["statement"], known)]
        found = inputs(engine, asked["statement"], open_to(types, passes))
        return {"tables": [found.table], "functions": [self.function], "named": list(found.named)}

    @abstractmethod
    def seconds(self, passes: Gate) -> int:
        """Return what a run is given by the terms."""

    @abstractmethod
    def each(self, said: Mapping[str, Any], rows: Rows, seconds: int) -> Iterator[Sequence[float] | None]:
        """Yield what is told of one block after the other, None where it failed, or told no number."""

    def answer(
        self, pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
    ) -> tuple[dict[str, Any], bytes]:
        """Return what the blocks tell together, with noise; what is `opened` is the table."""
        passes, (file,), said = gates.read(asked["gate"]), files, asked["program"]
        assert passes.noise is not None, "what is run on blocks is told with noise"
        asking = Asking(pa, engine, file["names"][0], Content(pa, file["kind"], opened[0]), passes)
        found = inputs(engine, asked["statement"], open_to(asking.types(), passes))
        asking.ready(found.named)
        began = time.monotonic()
        rows = Rows(engine, found, passes, int(said["blocks"]))
        seconds = self.seconds(passes)
        end = began + ceil(time.monotonic() - began) + seconds
        exact = self._run(said, rows, seconds)
        wanted = [Number(CELLS), *(Number(STEPPED, str(at)) for at in range(len(said["tells"])))]
        loss = OneBlock(passes.noise, len(wanted))
        [drawn] = zip(*(noisy.laplace(loss, one, [exact[at]]) for at, one in enumerate(wanted)), strict=True)
        written = json.dumps(_told(said, drawn, loss, wanted, passes), ensure_ascii=False).encode()
        wait(end, seconds)
        return {"rows": 1, "bytes": len(written)}, written

    def _run(self, said: Mapping[str, Any], rows: Rows, seconds: int) -> list[int]:
        """Return how many blocks told something, and the sum of each number in steps from its middle."""
        tells, found = said["tells"], [0] * (1 + len(said["tells"]))
        for told in self.each(said, rows, seconds):
            if told is None:
                continue
            found[0] += 1
            for place, value in enumerate(told):
                found[1 + place] += _steps(value, *tells[place][1:])
        return found


class Programs(Blocks):
    """What runs programs, begun before the process is confined."""

    function = FUNCTION

    def __init__(self) -> None:
        self._machine = Machine()
        self._module: Any = None

    def look(self, engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a program asks for, and compile it; raises `Refused`."""
        found = super().look(engine, asked)
        self._module = self._machine.module(base64.b64decode(asked["program"]["code"]))
        return found

    def seconds(self, passes: Gate) -> int:
        """Return what a run of a program is given."""
        assert passes.programs is not None, "it was looked at before"
        return passes.programs.seconds

    def each(self, said: Mapping[str, Any], rows: Rows, seconds: int) -> Iterator[Sequence[float] | None]:
        """Yield what the program tells of each block."""
        return each(self._machine, self._module, said, rows, seconds)


def wait(end: float, seconds: int) -> None:
    """Wait until a run is over, by the clock that only goes on; on a slow machine as long again."""
    while (left := end - time.monotonic()) < 0:
        end += seconds
    time.sleep(left)


def share(seconds: int, blocks: int) -> float:
    """Return how long each block of a run may take, in seconds."""
    return RUNNING * seconds / blocks


def each(
    machine: Machine, module: Any, said: Mapping[str, Any], rows: Rows, seconds: int
) -> Iterator[list[float] | None]:
    """Yield what the program tells of one block after the other, None where it failed, or told no number."""
    blocks = int(said["blocks"])
    fuel = seconds * FUEL_A_SECOND // blocks
    with machine.ticking(share(seconds, blocks) / SLICES):
        for block in range(blocks):
            columns, count = rows.of(block)
            told = machine.run(module, said["parameters"], columns, count, len(said["tells"]), fuel)
            yield None if told is None or any(map(isnan, told)) else told


class Rows:
    """The rows that the program is given, those of each block behind each other, in the order of chance."""

    def __init__(self, engine: Any, found: Inputs, passes: Gate, blocks: int) -> None:
        salt = int.from_bytes(os.urandom(8), "big")
        # chance decides anew for each row where each is a subject, so that none depends on how many are before it
        chance = f"floor(random() * {blocks})"
        block = f"hash({quote(passes.subject)}, {salt}::UBIGINT) % {blocks}" if passes.subject else chance
        given = [f"coalesce({sql}, 'NaN'::DOUBLE) AS c{at}" for at, sql in enumerate(found.columns)]
        parted = f"SELECT ({block})::INTEGER AS block, {', '.join(given)}"
        parted += f" FROM {quote(found.table)}{whereas(found.where)}"
        lists = [f"list(c{at}) AS c{at}" for at in range(len(found.columns))]
        written = f"SELECT block, {', '.join(lists)} FROM ({parted}) GROUP BY block"  # noqa: S608  # of `inputs`
        table = engine.sql(written).to_arrow_table().combine_chunks()
        self._places = {block: at for at, block in enumerate(table.column("block").to_pylist())}
        self._lists: list[Any] = [column.chunk(0) if column.num_chunks else None for column in table.columns[1:]]

    def of(self, block: int) -> tuple[list[memoryview[float]], int]:
        """Return the columns of a block, and how many rows it has."""
        if block not in self._places:
            return [NO_ROWS] * len(self._lists), 0
        columns = [doubles(one[self._places[block]].values) for one in self._lists]
        return columns, len(columns[0])


def doubles(cells: Any) -> memoryview[float]:
    """Return doubles, none of which lacks, as they lie."""
    lying = memoryview(cells.buffers()[1] or b"").cast("B").cast("d")
    return lying[cells.offset : cells.offset + len(cells)]


def _steps(value: float, least: float, most: float) -> int:
    """Return a number within its bounds, in steps from its middle: of them there are STEPS from end to end."""
    within = min(max(value, least), most)
    return round((within - (least + most) / 2) / (most - least) * STEPS)


def _told(
    said: Mapping[str, Any], drawn: Sequence[int], loss: OneBlock, wanted: Sequence[Number], passes: Gate
) -> dict[str, Any]:
    """Return what is told: how many blocks answered, and the mean of each number over them, with its margin."""
    blocks, both = int(said["blocks"]), (1 + noisy.WITHIN) / 2
    answered = min(max(drawn[0], 0), blocks)
    row: list[Any] = [answered]
    margins: list[Any] = [gate.told(loss.margin(wanted[0]), passes)]
    off = min(loss.margin(wanted[0], both), blocks)
    for number, total, (_, least, most) in zip(wanted[1:], drawn[1:], said["tells"], strict=True):
        step, middle = (most - least) / STEPS, (least + most) / 2
        if answered - off < 1:
            row.append(None)
            margins.append(None)
            continue
        mean = total * step / answered
        row.append(gate.told(min(max(middle + mean, least), most), passes))
        margins.append(gate.told((loss.margin(number, both) * step + abs(mean) * off) / (answered - off), passes))
    return {
        "columns": [ANSWERED, *(name for name, _, _ in said["tells"])],
        "rows": [row],
        "margins": [margins],
        "heldBack": False,
        "needs": 0,
        "memory": None,
    }
