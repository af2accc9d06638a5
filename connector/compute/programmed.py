"""A program of a buyer, run where the data are by the reader process, for as long as its terms say.

with Programmed(program, gate, columns) as run:    as `connector.compute.computation`, and as it is used
with Reviewed(assented, gate, columns) as run:     the same of a program that a reviewer assented to, told exactly
with Rehearsed(program, gate) as run:              the same at home, on a table of one's own
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from connector.compute.computation import OWN_HINTS, Computation
from connector.compute.one_table import OneTable
from connector.compute.program import Program, require_wasmtime
from connector.compute.reader_process import PROGRAMMED, REHEARSED, REVIEWED
from connector.compute.sitting import SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.compute.assented import Assented
    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

HINTS: Final[Mapping[str, str]] = {
    **OWN_HINTS,
    "statement": "a SELECT of numbers of each row, from one table",
    "program": "docs/compute.md says what a program exports; try it at home first",
    "failed": "try it on a table of your own: penstock rehearse",
}


class _Run(Computation):
    """A process that runs a program of a buyer on rows that stay."""

    hints = HINTS

    def __init__(
        self,
        program: Program,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        waiting: Waiting | None,
        mode: str,
    ) -> None:
        assert gate.programs is not None, "it was looked at before"
        require_wasmtime("here", "its provider installs penstock[programs]")
        super().__init__(program.rows, gate, columns, SECONDS + gate.programs.seconds, waiting, mode)
        self._about = program.json()

    def foresee(self) -> Foreseen:
        """Have the program looked at (blocking); raises InvalidInput, NotPermitted once it was cut."""
        return self._looked({"statement": self.statement, "program": self._about})


class Programmed(_Run):
    """A process that runs a program on blocks of rows."""

    def __init__(
        self,
        program: Program,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        waiting: Waiting | None = None,
    ) -> None:
        """Check it against its gate; raises InvalidInput, SettingsError."""
        assert gate.programs is not None, "it was looked at before"
        program.within(gate.programs.seconds)
        super().__init__(program, gate, columns, waiting, PROGRAMMED)


class Reviewed(_Run):
    """A process that runs a program once, over all rows that its statement leaves."""

    def __init__(
        self,
        about: Assented,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        waiting: Waiting | None = None,
    ) -> None:
        """Check it against its gate, and not its assent (`connector.compute.assented`); raises as `Programmed`."""
        assert isinstance(about.program, Program), "what is run is here"
        super().__init__(about.program, gate, columns, waiting, REVIEWED)


class Rehearsed(OneTable):
    """A process that runs a program of ours on a table of ours, exactly, for so long as the gate says."""

    hints = HINTS

    def __init__(self, program: Program, gate: Gate, *, whole: bool = False) -> None:
        """Check it; `whole`: it is run once, over all rows. Raises InvalidInput, SettingsError."""
        assert gate.programs is not None, "it says for how long"
        program.within(gate.programs.seconds)
        require_wasmtime("here", "pip install 'penstock[programs]'")
        super().__init__(program.rows, gate, {}, SECONDS + gate.programs.seconds, REHEARSED)
        self._about = program.json() | ({"blocks": 1} if whole else {})

    def foresee(self) -> Foreseen:
        """Have the program looked at (blocking); raises InvalidInput."""
        return self._looked({"statement": self.statement, "program": self._about})

    def rehearse(self, table: str, file: IndexedFile, content: bytes) -> tuple[int, list[list[Any]], str]:
        """Return how many blocks answered, of each number name, mean, spread and how many were beyond, and a fault."""
        _, written = self._given(table, file, [(0, content)], b"")
        try:
            found = json.loads(written)
            return int(found["answered"]), list(found["numbers"]), str(found["fault"])
        except (ValueError, KeyError, TypeError) as fault:
            raise self._over() from fault
