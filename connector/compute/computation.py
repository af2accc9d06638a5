"""One statement that is answered where the data are: by the reader process, through the gate that was agreed.

with Computation(statement, gate, columns) as computation:    the process runs, and nothing of the data is in it
computation.foresee()                      what it asks for; what is refused here is not counted
computation.compute(file, placed, kept)    what passes the gate, with what is to be remembered of it
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from connector.compute.gated import ANSWER_BYTES_MAX
from connector.compute.one_table import OneTable
from connector.compute.reader_process import GATED, NOISED
from connector.compute.sitting import HINTS, SECONDS
from connector.runtime.errors import InvalidInput, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

ANOTHER: Final = (
    "the reader of its provider is another one than was agreed on: its program, or what confines it, changed"
)
WITHOUT: Final = "noise is drawn by OpenDP, which is not installed here"
# what to do instead, where that is another thing than for what was opened
OWN_HINTS: Final[Mapping[str, str]] = {
    **HINTS,
    "statement": "one SELECT of groups of one table, and COUNT, SUM or AVG of each",
    "table": "ask one of its tables, by its name",
    "column": "ask about the columns that its terms name",
    "function": "docs/compute.md says which functions are answered, and which are told of a group",
    "answer": "ask for fewer groups",
    "history": "ask for larger groups",
    "bounds": "count it, or sum a column that its terms bound",
    "noise": "tell its provider",
    "engine": "ask in another way; what a cell says is not told",
}


@dataclass(frozen=True, slots=True)
class Computed:
    """What passed: `rows` of `columns`; `held_back` says that some did not; `memory` is for later statements.

    With noise there is nothing to remember; `margins` has of each number how far it is off, 95 times of 100, and
    `needs` says of how many subjects a group must be to be told, some more or fewer by its noise. `cpu` is the CPU
    seconds that it took.
    """

    columns: tuple[str, ...]
    rows: list[list[Any]]
    held_back: bool
    memory: dict[str, Any] | None
    confined: tuple[str, ...]
    seconds: float
    margins: list[list[Any]] | None = None
    needs: int = 0
    cpu: float = 0
    # where it is attested: what its reader reports of the answer (hex), and what the answer says of its reader
    report: str = ""
    attested: Mapping[str, str] | None = None

    @property
    def told(self) -> int:
        """How many rows leave."""
        return len(self.rows)

    @property
    def members(self) -> dict[str, Any]:
        """What the answer says of them."""
        told = {"columns": self.columns, "rows": self.rows, "heldBack": self.held_back}
        return told if self.margins is None else {**told, "margins": self.margins, "needs": self.needs}


class Computation(OneTable):
    """A process that answers a statement through a gate."""

    hints = OWN_HINTS

    def __init__(
        self,
        statement: str,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        seconds: int = SECONDS,
        waiting: Waiting | None = None,
        mode: str = "",
        tenths: int | None = None,
        attested: Mapping[str, str] | None = None,
    ) -> None:
        """Check it; with `tenths` of CPU seconds it is ended after so many. Raises InvalidInput, SettingsError.

        Where the gate has answers attested, `attested` is what its reader reports beside: agreement, job and nonce.
        """
        super().__init__(statement, gate, columns, seconds, mode or (GATED if gate.noise is None else NOISED), waiting)
        require_noise(gate)
        self._besides: dict[str, Any] = {} if tenths is None else {"tenths": tenths}
        self._agreed = "" if gate.attested is None else gate.attested.measurement
        if self._agreed:
            assert attested is not None, "its nonce was asked for before"
            self._besides |= {"attested": dict(attested)}

    def foresee(self) -> Foreseen:
        """Have the statement looked at (blocking); raises InvalidInput, NotPermitted once it was cut.

        NotPermitted as well where its reader is another one than was agreed on.
        """
        found = self._looked({"statement": self.statement, **self._besides})
        if self._measured != self._agreed:
            raise NotPermitted(ANOTHER, "ask its provider: its next edition names the reader of now")
        return found

    def compute(
        self, table: str, file: IndexedFile, placed: Iterable[tuple[int, bytes | memoryview]], kept: bytes
    ) -> Computed:
        """Return what passes of a table, held against what was told before (`kept`, JSON); raises as `foresee`."""
        head, written = self._given(table, file, placed, kept)
        try:
            found = json.loads(written)
        except ValueError as fault:
            raise self._over() from fault
        columns, rows = tuple(map(str, found["columns"])), list(found["rows"])
        if len(json.dumps(rows)) > ANSWER_BYTES_MAX:
            raise InvalidInput(f"its answer has more than {ANSWER_BYTES_MAX >> 10} KiB", "ask for fewer groups")
        held, memory, margins = bool(found["heldBack"]), found["memory"], found.get("margins")
        needs = int(found.get("needs", 0))
        report = str(head.get("report", ""))
        return Computed(columns, rows, held, memory, self._confined, self.seconds, margins, needs, head["cpu"], report)


def require_noise(gate: Gate) -> None:
    """Raise InvalidInput where answers have noise, and nothing here draws it."""
    if gate.noise is not None and find_spec("opendp") is None:
        raise InvalidInput(WITHOUT, "its provider installs penstock[noise]")
