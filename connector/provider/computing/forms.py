"""The forms that a question has: what each needs of the gate, and what is its own beside what the room does of all.

Law: a gate that tells of subjects one by one, or of several providers together, is asked in no other way: what two ways
of asking say together is more than either says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from connector.compute import epsilon
from connector.compute.assented import Assented
from connector.compute.cross_table import Cells
from connector.compute.engine.attached import Attached
from connector.compute.fitting import Groups
from connector.compute.lesson import Match, Step
from connector.compute.matched import Matched
from connector.compute.program import Program
from connector.compute.sketch import Sketch
from connector.compute.sought import Sought
from connector.compute.together import Together
from connector.provider.computing import privacy
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from connector.core.core import Core
    from connector.provider.computing.asked import Asked, Ground
    from connector.provider.computing.privacy import Held
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.compute import ComputationRow
    from connector.store.transaction import Tx
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

    Types = Mapping[str, Mapping[str, str]]


class Process(Protocol):
    """A process that answers one question (`connector.compute.one_table`)."""

    def __enter__(self) -> Self:
        """Begin it."""

    def __exit__(self, *error: object) -> None:
        """End it."""

    def cut(self, why: str) -> None:
        """End it at once."""

    def foresee(self) -> Foreseen:
        """Have it looked at (blocking)."""

    def compute(
        self, table: str, file: IndexedFile, placed: Iterable[tuple[int, bytes | memoryview]], kept: bytes
    ) -> Any:
        """Return what it finds (blocking)."""


class Form(ABC):
    """One form of question; what happens inside a transaction is the room's own transaction."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @abstractmethod
    async def process(self, ground: Ground, gate: Gate, types: Types, asked: Asked, waiting: Waiting) -> Process:
        """Return what answers it, before it is begun; raises InvalidInput."""

    def hold(self, tx: Tx, agreement: AgreementRow, asked: Asked, now: datetime) -> Held | None:  # noqa: ARG002  # others look at it
        """Hold what it costs beside what its policy counts; returns its ε. Raises NotPermitted."""
        return privacy.hold(tx, agreement, asked.job, asked.epsilon)

    async def found(self, ground: Ground, asked: Asked, file: str, found: Any) -> Any:  # noqa: ARG002  # others look at them
        """Return what is to be kept of what the process found in a file."""
        return found

    @abstractmethod
    def keep(self, tx: Tx, row: ComputationRow, found: Any, now: datetime) -> ComputationRow:
        """Write what is told, and return it as it leaves."""

    def give_back(self, tx: Tx, row: ComputationRow) -> None:  # noqa: B027  # most hold nothing else
        """Count no more what was held beside the policy's counters and ε, because it was cut."""

    def answered(self, tx: Tx, row: ComputationRow) -> ComputationRow:  # noqa: ARG002  # others look into it
        """Return what was answered before, as it left."""
        return row


# form → the member of a gate that it needs, what is said where that is lacking, and what to do instead
NEEDS: Final[Mapping[type, tuple[str, str, str]]] = {
    Groups: ("coverage", "its terms tell nobody how much of a list it covers", "ask its provider, or ask in SQL"),
    Sought: ("lookup", "its terms let nobody look up subjects", "ask in SQL"),
    Matched: ("lookup", "its terms let nobody look up subjects", "ask in SQL"),
    Cells: ("joint", "its terms name nobody beside whom it is answered", "penstock query"),
    Together: ("joint", "its terms name nobody beside whom it is answered", "penstock query"),
    Program: ("programs", "its terms have nobody's programs run", "ask its provider, or ask in SQL"),
    Assented: ("reviewer", "its terms name nobody by whose assent a program is run", "leave the assent out"),
    Attached: ("engine", "its terms have no engine run", "ask its provider, or ask in SQL"),
    Match: ("learning", "its terms have no label learned from its rows", "ask its provider, or ask in SQL"),
    Step: ("learning", "its terms have no label learned from its rows", "ask its provider, or ask in SQL"),
    Sketch: ("sketch", "its terms relate its rows to nobody's", "ask its provider, or ask in SQL"),
}
UNASSENTED: Final = "its terms run those programs alone that their reviewer assented to"
# member of a gate with which it is asked in that way alone → what is said, and what to do
ALONE: Final[Mapping[str, tuple[str, str]]] = {
    "lookup": ("its terms tell of subjects that are looked up, and of no groups", "penstock lookup"),
    "joint": ("its terms tell totals of several providers, and nothing of one alone", "penstock joint"),
}


def require(gate: Gate, asked: Asked) -> None:
    """Raise InvalidInput where a question has another form than its terms answer."""
    needed, text, hint = NEEDS.get(type(asked.about), ("", "", ""))
    if odd := next((name for name in ALONE if name != needed and getattr(gate, name) is not None), None):
        raise InvalidInput(*ALONE[odd])
    if needed and getattr(gate, needed) is None:
        raise InvalidInput(text, hint)
    if isinstance(asked.about, Program) and gate.noise is None:
        raise InvalidInput(UNASSENTED, "ask the reviewer whom they name: penstock program assent")
    epsilon.chosen(gate.noise, asked.epsilon)
