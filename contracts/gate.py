"""What must hold of an answer before it leaves the compute room: signed by both sides with the terms (decision 0189).

Law: (1) a gate is part of what was agreed, so neither side can make it wider or narrower later, and an auditor reads
what was promised. (2) It has one spelling: what is not said of it is left out, and every number is a decimal text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from contracts import attested as attestations
from contracts import coverage as coverages
from contracts import engine as engines
from contracts import joint as joints
from contracts import learning as learnings
from contracts import lookup as lookups
from contracts import noise as noises
from contracts import program as programs
from contracts import sketch as sketches
from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contracts.attested import Attested
    from contracts.coverage import Coverage
    from contracts.engine import Engine
    from contracts.joint import Joint
    from contracts.learning import Learning
    from contracts.lookup import LookUp
    from contracts.noise import Noise
    from contracts.program import Programs
    from contracts.sketch import Sketches

MAX_COLUMNS: Final = 1_024
MAX_COLUMN_CHARACTERS: Final = 512
# fewer than three, and whoever is one of them subtracts itself and reads the other
LEAST_MIN, LEAST_MAX = 3, 1_000_000
SHARE_MIN, SHARE_MAX = 10, 100
DIGITS_MAX: Final = 15  # what a double has
LEAST, SHARE, DIGITS = 10, 80, 5
_MEMBERS: Final = frozenset({"columns", "least", "share", "digits"})
_SUBJECT: Final = "subject"
# member of a gate → what reads it; each is written as it writes itself, and may be left out
_PARTS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "coverage": coverages.read,
    "noise": noises.read,
    "lookup": lookups.read,
    "joint": joints.read,
    "programs": programs.read,
    "engine": engines.read,
    "sketch": sketches.read,
    "learning": learnings.read,
    "attested": attestations.read,
}
# those that answer in another way than by a statement over one product
_OTHER_WAYS: Final = ("coverage", "lookup", "joint", "programs", "engine", "sketch", "learning")
_OPTIONAL: Final = frozenset({_SUBJECT, *_PARTS})


@dataclass(frozen=True, slots=True)
class Gate:
    """What passes: an aggregate over `columns`, of at least `least` different subjects, none of them most of it.

    `subject` is the column that says whom a row is about; empty: each row is about somebody else. A sum passes where no
    subject is more than `share` per cent of it. Numbers are told to `digits` significant digits. With `noise` they are
    told with noise, which takes the place of `share`. `coverage` says what a buyer may learn of a list of its own;
    without it nothing. With `lookup` rows are told of subjects that a buyer names, and nothing of groups. With `joint`
    nothing is told alone: totals of several providers are. `programs` says that programs of a buyer are run, and who
    may assent to one that is told exactly,
    `engine` that one of the provider is, `sketch` that rows are related to those of others, `learning` that labels of a
    buyer are learned from them. With `attested` an answer comes with evidence of the reader that gave it.
    """

    columns: tuple[str, ...]
    subject: str = ""
    least: int = LEAST
    share: int = SHARE
    digits: int = DIGITS
    coverage: Coverage | None = None
    noise: Noise | None = None
    lookup: LookUp | None = None
    joint: Joint | None = None
    programs: Programs | None = None
    engine: Engine | None = None
    sketch: Sketches | None = None
    learning: Learning | None = None
    attested: Attested | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.columns) <= MAX_COLUMNS or len(set(self.columns)) != len(self.columns):
            raise ContractError("terms", f"a gate names 1 to {MAX_COLUMNS} columns, each once")
        for name in (*self.columns, *([self.subject] if self.subject else [])):
            if not 0 < len(name) <= MAX_COLUMN_CHARACTERS or not name.isprintable():
                raise ContractError("terms", f"a column's name is 1 to {MAX_COLUMN_CHARACTERS} printable characters")
        if self.subject in self.columns:
            raise ContractError("terms", f"`{self.subject}` is the subject: it is counted, and never asked for")
        for name, least, most in (
            ("least", LEAST_MIN, LEAST_MAX),
            ("share", SHARE_MIN, SHARE_MAX),
            ("digits", 1, DIGITS_MAX),
        ):
            if not least <= getattr(self, name) <= most:
                raise ContractError("terms", f"`{name}` of a gate is a whole number from {least} to {most}")
        self._check_parts()

    def _check_parts(self) -> None:
        """Raise ContractError where a part does not go with the others."""
        for about in (self.coverage, self.noise):
            if about is not None:
                about.check(self.subject, self.columns)
        if self.lookup is not None:
            self.lookup.check(self.subject, (self.coverage, self.noise))
        if self.joint is not None:
            self.joint.check(self.noise, (self.coverage, self.lookup))
        for run in (self.programs, self.engine):
            if run is not None:
                run.check(self.noise, (self.lookup, self.joint))
        for part in (self.sketch, self.learning):
            if part is not None:
                part.check(self.subject, self.noise, (self.lookup, self.joint))
        if self.attested is not None:
            self.attested.check({name: getattr(self, name) for name in _OTHER_WAYS})

    def at(self, epsilon: int | None) -> Gate:
        """Return it as one answer passes it, with the ε (in hundredths) that was chosen, None for the usual one."""
        if self.noise is None or epsilon is None:
            return self
        return replace(self, noise=replace(self.noise, epsilon=epsilon))

    @property
    def reviewer(self) -> str | None:
        """Return by whose assent a program is told exactly, None where by nobody's."""
        return (self.programs.reviewer or None) if self.programs is not None else None

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        numbers = {name: str(getattr(self, name)) for name in ("least", "share", "digits")}
        told: dict[str, Any] = {"columns": list(self.columns), **numbers}
        told |= {_SUBJECT: self.subject} if self.subject else {}
        return told | {name: getattr(self, name).json() for name in _PARTS if getattr(self, name) is not None}


def read(value: Any, name: str = "gate") -> Gate:
    """Read a gate as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) - _OPTIONAL != _MEMBERS:
        needed, may = ", ".join(sorted(_MEMBERS)), ", ".join(sorted(_OPTIONAL))
        words = f"`{name}` has exactly the members {needed}, and may have {may}"
        raise ContractError("terms", words)
    columns = value["columns"]
    if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
        raise ContractError("terms", f"the columns of `{name}` are a list of texts")
    if _SUBJECT in value and (not isinstance(value[_SUBJECT], str) or not value[_SUBJECT]):
        raise ContractError("terms", f"the subject of `{name}` is a column, or left out")
    known: dict[str, Any] = {one: part(value[one], f"{name}.{one}") for one, part in _PARTS.items() if one in value}
    return Gate(tuple(columns), value.get(_SUBJECT, ""), **_numbers(value, name), **known)


def _numbers(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    limits = {"least": LEAST_MAX, "share": SHARE_MAX, "digits": DIGITS_MAX}
    return {one: read_decimal(value[one], f"{name}.{one}", limit=most) for one, most in limits.items()}
