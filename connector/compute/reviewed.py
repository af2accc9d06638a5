"""A program that a reviewer assented to, run inside the reader process: once, over all rows, and told exactly.

    told    {…, gate, columns, statement, program: {code, tells, parameters, …}}       → {tables, functions, named}
    handed  the table's file                                                           → {bytes}, then JSON

Law: (1) of rows of fewer subjects than the gate's `least` nothing is run and nothing told. (2) Rows come in the order
of the table, so the same program tells the same of the same rows, and whoever has both can look. (3) Numbers are taken
within their bounds and told to the gate's digits; where one is no number, or the program ends otherwise, it is told
that it failed, and nothing else. (4) The run takes its time to the end, whatever became of it.
"""

from __future__ import annotations

import json
import time
from math import ceil, isnan
from typing import TYPE_CHECKING, Any, Final

from connector.compute import gate
from connector.compute.blocks import Programs, doubles, share, wait
from connector.compute.content import Content
from connector.compute.counting import ROW, whereas
from connector.compute.gated import Asking, open_to
from connector.compute.inputs import inputs
from connector.compute.kinds import quote
from connector.compute.statement import Refused
from connector.compute.webassembly import FUEL_A_SECOND, REVIEWED_MEMORY_BYTES_MAX, SLICES
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.inputs import Inputs
    from connector.compute.webassembly import Machine
    from contracts.gate import Gate

FAILED: Final = "the program failed on these rows"


class Reviewed(Programs):
    """What runs such a program, begun before the process is confined."""

    def answer(
        self, pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
    ) -> tuple[dict[str, Any], bytes]:
        """Return what the program tells, or no row where too few subjects are behind it; raises `Refused`."""
        passes, (file,), said = gates.read(asked["gate"]), files, asked["program"]
        asking = Asking(pa, engine, file["names"][0], Content(pa, file["kind"], opened[0]), passes)
        found = inputs(engine, asked["statement"], open_to(asking.types(), passes))
        asking.ready(found.named)
        began = time.monotonic()
        columns = rows(engine, found) if subjects(engine, found, passes) >= passes.least else None
        seconds = self.seconds(passes)
        end = began + ceil(time.monotonic() - began) + seconds
        row = None if columns is None else self._row(said, columns, passes)
        wait(end, seconds)
        if columns is not None and row is None:
            raise Refused("failed", FAILED)
        told: dict[str, Any] = {
            "columns": [name for name, _, _ in said["tells"]],
            "rows": [] if row is None else [row],
            "heldBack": row is None,
            "memory": None,
        }
        written = json.dumps(told, ensure_ascii=False).encode()
        return {"rows": len(told["rows"]), "bytes": len(written)}, written

    def _row(self, said: Mapping[str, Any], columns: list[memoryview[float]], passes: Gate) -> list[Any] | None:
        """Return what is told of all rows, None where the program failed."""
        told = once(self._machine, self._module, said, columns, self.seconds(passes))
        if told is None:
            return None
        bounds = [(least, most) for _, least, most in said["tells"]]
        within = [min(max(value, least), most) for value, (least, most) in zip(told, bounds, strict=True)]
        return [gate.told(float(one), passes) for one in within]


def once(
    machine: Machine, module: Any, said: Mapping[str, Any], columns: list[memoryview[float]], seconds: int
) -> list[float] | None:
    """Return what a program tells of all rows, None where it failed, or told no number."""
    many, fuel = len(columns[0]), seconds * FUEL_A_SECOND
    with machine.ticking(share(seconds, 1) / SLICES):
        told = machine.run(
            module, said["parameters"], columns, many, len(said["tells"]), fuel, REVIEWED_MEMORY_BYTES_MAX
        )
    return None if told is None or any(map(isnan, told)) else told


def subjects(engine: Any, found: Inputs, passes: Gate) -> int:
    """Return of how many subjects the rows are; without a subject each row is one."""
    counted = f"count(DISTINCT {quote(passes.subject)})" if passes.subject else "count(*)"
    written = f"SELECT {counted} FROM {quote(found.table)}{whereas(found.where)}"  # noqa: S608  # of `inputs`
    [(many,)] = engine.execute(written).fetchall()
    return int(many)


def rows(engine: Any, found: Inputs) -> list[memoryview[float]]:
    """Return the columns of all rows that the statement leaves, in the order of the table."""
    given = [f"coalesce({sql}, 'NaN'::DOUBLE) AS c{at}" for at, sql in enumerate(found.columns)]
    written = f"SELECT {', '.join(given)} FROM {quote(found.table)}"  # noqa: S608  # of `inputs`
    table = engine.sql(f"{written}{whereas(found.where)} ORDER BY {quote(ROW)}").to_arrow_table().combine_chunks()
    return [doubles(column.chunk(0)) for column in table.columns]
