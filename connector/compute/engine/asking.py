"""An engine of the provider asked inside the reader process: each block is said to it, and what all tell has noise.

    told    {…, gate, columns, statement, program: {tells, parameters, blocks}}     → {tables, functions, named}
    handed  the table's file, nothing beside it, and the line to the engine's door  → {bytes}, then JSON

Law: what an engine says is read like a stranger's: so many numbers, or a block that failed. A door that is gone has
answered nothing: no part of its blocks leaves.
"""

from __future__ import annotations

import socket
import struct
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from connector.compute import frames
from connector.compute.blocks import Blocks, share
from connector.compute.statement import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.compute.blocks import Rows
    from contracts.gate import Gate

FUNCTION: Final = "ENGINE"
# a door has answered by then: a fork, its end, and a busy machine come on top of a block's own time
PATIENCE_SECONDS: Final = 10.0


class Asking(Blocks):
    """What says blocks to an engine."""

    function = FUNCTION

    def __init__(self) -> None:
        self._line: socket.socket | None = None

    def seconds(self, passes: Gate) -> int:
        """Return what a run of an engine is given."""
        assert passes.engine is not None, "it was looked at before"
        return passes.engine.seconds

    def answer(
        self, pa: Any, engine: Any, asked: Mapping[str, Any], files: Sequence[Mapping[str, Any]], opened: Sequence[Any]
    ) -> tuple[dict[str, Any], bytes]:
        """Return what the blocks tell together, with noise; raises `Refused` where the engine is gone."""
        self._line = opened[2]
        return super().answer(pa, engine, asked, files, opened)

    def each(self, said: Mapping[str, Any], rows: Rows, seconds: int) -> Iterator[Sequence[float] | None]:
        """Yield what the engine tells of each block."""
        blocks, many = int(said["blocks"]), len(said["tells"])
        assert self._line is not None, "it was handed over"
        _patient(self._line, share(seconds, blocks) + PATIENCE_SECONDS)
        for block in range(blocks):
            columns, count = rows.of(block)
            try:
                frames.send(self._line, {"rows": count, "columns": len(columns)})
                for one in columns:
                    self._line.sendall(one)
                told, _ = frames.receive(self._line)
            except (EOFError, OSError, ValueError) as fault:
                raise Refused("program", "the engine has ended") from fault
            yield _numbers(told.get("told"), many)


def _patient(line: socket.socket, seconds: float) -> None:
    """Have the kernel wait for so long: a process that may open nothing more may not poll, either."""
    line.setblocking(True)
    wait = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        line.setsockopt(socket.SOL_SOCKET, option, wait)


def _numbers(told: Any, many: int) -> list[float] | None:
    """Return so many numbers, None for anything else."""
    if not isinstance(told, list) or len(told) != many:
        return None
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and isfinite(one) for one in told):
        return None
    return list(map(float, told))
