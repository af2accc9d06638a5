"""Cells: the domain of each thing a policy looks at, cut into finitely many parts, one representative a part.

Three rules. What is looked at is an axis: the action, the target, the assignee, the clock, one operand of the context
or of the counters, one duty, what was done before. An axis is cut by asking the engine's own compiled tests about
candidates: two candidates that no test tells apart are one cell, so there is one source of meaning. The candidates
(cuts.py, kin.py) reach every answer the tests can give; what would need more than a named limit is not told at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from policy.errors import UntoldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.verdict import Verdict

# Two policies with a dozen constraints on one operand stay below a hundred.
MAX_CELLS = 512
# A second or two of asking for all axes together; two policies of a data space need a hundredth of it.
MAX_QUESTIONS = 200_000

# In a world that mentions it, a value is known to lie nowhere else.
ELSEWHERE = "urn:penstock:example:elsewhere"

Key: TypeAlias = tuple[str, ...]


class Place(StrEnum):
    """Where a representative is put when a request and its world are made of it."""

    ACTION = "action"
    TARGET = "target"
    ASSIGNEE = "assignee"
    CLOCK = "now"
    CONTEXT = "context"
    COUNTER = "counters"
    EVENTS = "performed"
    DUTY = "duties"
    REMEDY = "infringed"
    SEQUENCE = "in sequence"


class Axis(NamedTuple):
    """One dimension; `name` is the operand, or the duty's action and terms in one form, and `unit` its unit."""

    place: Place
    name: str = ""
    unit: str = ""


class Deed(NamedTuple):
    """One act of the past; its context says one thing, or nothing."""

    action: str
    target: str = ""
    operand: str = ""
    value: Any = None


class Cell(NamedTuple):
    """A representative: the value (None: nothing is said) and what the world must say for it to mean what it does.

    `part_of` holds pairs of a member and a collection, `acts` what has been done before, in order.
    """

    value: Any = None
    part_of: tuple[tuple[str, str], ...] = ()
    acts: tuple[Deed, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing that the policies name has to lie in anything else."""
        return all(whole == ELSEWHERE for _member, whole in self.part_of)


class Probe(NamedTuple):
    """One question that a policy puts to one axis; `constants` are the values it compares with.

    `finer` questions are asked only while cells are sought: of a question that several values can answer together,
    what each single one contributes.
    """

    key: Key
    axis: Axis
    constants: tuple[Any, ...]
    ask: Callable[[Cell], Verdict]
    finer: tuple[Callable[[Cell], Verdict], ...] = ()


@dataclass(frozen=True, slots=True)
class Mask:
    """The cells in which a question is answered by yes, and those in which it is not answered by no."""

    holds: int
    possible: int


@dataclass(slots=True)
class Effort:
    """How many questions may still be asked: about all axes of a space, or for as long as somebody has to wait."""

    left: int = MAX_QUESTIONS


class Deck:
    """The cells of one axis as they are found: a candidate that answers like an earlier one is passed over."""

    def __init__(self, probes: list[Probe], effort: Effort) -> None:
        self._probes = probes
        self._asked = [probe.ask for probe in probes] + [finer for probe in probes for finer in probe.finer]
        self._found: dict[tuple[Verdict, ...], Cell] = {}
        self._effort = effort

    def add(self, cell: Cell) -> bool:
        """Keep a candidate if it answers as none before it; tell whether it was kept."""
        answers = tuple([ask(cell) for ask in self._asked])
        self._effort.left -= len(answers)
        if self._effort.left < 0 or (len(self._found) >= MAX_CELLS and answers not in self._found):
            raise UntoldError(f"`{self._probes[0].axis.name or self._probes[0].axis.place}` is cut too finely")
        if answers in self._found:
            return False
        self._found[answers] = cell
        return True

    def unsure(self, cell: Cell) -> bool:
        """Tell whether some question cannot be answered about a candidate."""
        return any(ask(cell) is None for ask in self._asked)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The representatives, in the order they were found."""
        return tuple(self._found.values())

    def answers(self) -> Iterator[tuple[Cell, Verdict]]:
        """Go through the cells with what the first question says of each."""
        return ((cell, answers[0]) for answers, cell in self._found.items())

    def masks(self) -> dict[Key, Mask]:
        """Give the mask of each question over the cells."""
        rows = list(self._found)
        return {
            probe.key: Mask(
                sum(1 << place for place, row in enumerate(rows) if row[number] is True),
                sum(1 << place for place, row in enumerate(rows) if row[number] is not False),
            )
            for number, probe in enumerate(self._probes)
        }
