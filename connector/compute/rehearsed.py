"""A program of our own rehearsed on a table of our own, inside a reader process: exactly, block by block or at once.

    told    {statement, program: {code, tells, parameters, blocks}, gate}    → {tables, functions, named, confined}
    handed  the table's file                                                 → {bytes}, then JSON

It is run as a provider runs it (`connector.compute.blocks`), but for the noise, and for the time that it waits. In one
block it is run over all rows, as with a reviewer's assent (`connector.compute.reviewed`).
"""

from __future__ import annotations

import base64
import json
from math import sqrt
from statistics import fmean, pvariance
from typing import TYPE_CHECKING, Any, Final

from connector.compute.blocks import FUNCTION, Rows, each
from connector.compute.content import Content
from connector.compute.gated import Asking
from connector.compute.inputs import inputs
from connector.compute.kinds import column
from connector.compute.plan import table_of
from connector.compute.reviewed import once, rows
from connector.compute.webassembly import Machine
from contracts import gate as gates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


FAULT_MAX: Final = 300
WHOLE: Final = 1


class Rehearsal:
    """What rehearses a program, begun before the process is confined."""

    def __init__(self) -> None:
        self._machine = Machine()
        self._module: Any = None

    def look(self, engine: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Compile a program, and return what its rows are of; raises `Refused`."""
        self._module = self._machine.module(base64.b64decode(asked["program"]["code"]))
        return {"tables": [table_of(engine, asked["statement"])], "functions": [FUNCTION], "named": []}

    def answer(
        self, pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
    ) -> tuple[dict[str, Any], bytes]:
        """Return how many blocks answered, and of each number its mean, its spread, and how many were beyond."""
        passes, (file,), said = gates.read(asked["gate"]), files, asked["program"]
        assert passes.programs is not None, "it says for how long"
        asking = Asking(pa, engine, file["names"][0], Content(pa, file["kind"], opened[0]), passes)
        columns = {name: column(name, kind) for name, kind in asking.types().items()}
        asks = inputs(engine, asked["statement"], {name: one for name, one in columns.items() if one is not None})
        asking.ready(asks.named)
        seconds, blocks = passes.programs.seconds, int(said["blocks"])
        if blocks == WHOLE:
            runs = iter([once(self._machine, self._module, said, rows(engine, asks), seconds)])
        else:
            runs = each(self._machine, self._module, said, Rows(engine, asks, passes, blocks), seconds)
        told = [one for one in runs if one is not None]
        numbers = [_number(said["tells"][at], [one[at] for one in told]) for at in range(len(said["tells"]))]
        fault = self._machine.fault or ("it told no number" if len(told) < blocks else "")
        found = {"answered": len(told), "numbers": numbers, "fault": fault[:FAULT_MAX]}
        written = json.dumps(found, ensure_ascii=False).encode()
        return {"rows": len(numbers), "bytes": len(written)}, written


def _number(tells: Sequence[Any], values: Sequence[float]) -> list[Any]:
    """Return a name, the mean of what blocks told within its bounds, how far they differ, and how many were beyond."""
    name, least, most = tells
    within = [min(max(one, least), most) for one in values]
    beyond = sum(one != other for one, other in zip(within, values, strict=True))
    return [name, fmean(within) if within else None, sqrt(pvariance(within)) if within else None, beyond]
