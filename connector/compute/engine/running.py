"""A run of an engine, seen from the connector: the reader process reads the rows, and says them to the engine.

with Running(attached, gate, columns, installed) as run:    as `connector.compute.computation`, and as it is used

Law: an engine gets numbers of rows that its terms let a buyer ask about, block by block, and no key and no file; what
it says goes back into the reader process, and leaves with noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from connector.compute.blocks import share
from connector.compute.computation import OWN_HINTS, Computation
from connector.compute.engine.started import start
from connector.compute.reader_process import ATTACHED
from connector.compute.sitting import SECONDS
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.compute.engine.attached import Attached
    from connector.compute.engine.installed import Installed
    from connector.compute.engine.started import Door
    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from contracts.gate import Gate

HINTS: Final[Mapping[str, str]] = {
    **OWN_HINTS,
    "statement": "a SELECT of numbers of each row, from one table",
    "program": "tell its provider",
}


class Running(Computation):
    """A process that has an engine answer blocks of rows."""

    hints = HINTS

    def __init__(
        self,
        attached: Attached,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        installed: Installed,
        waiting: Waiting | None = None,
    ) -> None:
        """Check it against its gate; raises InvalidInput, NotPermitted, SettingsError."""
        assert gate.engine is not None, "it was looked at before"
        attached.within(gate.engine.seconds)
        super().__init__(attached.rows, gate, columns, SECONDS + gate.engine.seconds, waiting, ATTACHED)
        self._attached, self._installed, self._source = attached, installed, installed.agreed(gate.engine)
        self._share = share(gate.engine.seconds, attached.blocks)
        self._door: Door | None = None

    def __enter__(self) -> Self:
        """Start the engine, and the process that will say the rows to it."""
        self._door = start(self._installed, self._source, self._attached, self._share)
        try:
            return super().__enter__()
        except BaseException:
            self._door.end()
            raise

    def __exit__(self, *error: object) -> None:
        """End both."""
        super().__exit__(*error)
        if self._door is not None:
            self._door.end()

    def cut(self, why: str) -> None:
        """End both at once."""
        super().cut(why)
        if self._door is not None:
            self._door.process.kill()

    def foresee(self) -> Foreseen:
        """Have it looked at, and the engine come up (blocking); raises InvalidInput, NotPermitted once it was cut."""
        found = self._looked({"statement": self.statement, "program": self._attached.about()})
        assert self._door is not None, "it was entered"
        try:
            self._confined += self._door.come()
        except InvalidInput as fault:
            raise (self._over() if self._why else fault) from fault
        self._lent = (self._door.line.fileno(),)
        return found
