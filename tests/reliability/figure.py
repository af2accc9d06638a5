"""What a figure of the reliability scorecard is, where it is tried, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

SHORT, LONG = "short", "long"
# what a row says of money and data where the tests behind it hold that nothing is lost, or paid a second time
LOST, TWICE = "lost", "twice"


@dataclass(frozen=True)
class Suite:
    """Tests of pytest: those of `short` in the short form, of these and of `more` in the long one.

    With `named`, what each of them says by `record_property(named, count)` is counted, otherwise the tests themselves.
    """

    short: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def paths(self, form):
        """Return what is run."""
        return self.short if form == SHORT else self.short + self.more


@dataclass(frozen=True)
class Command:
    """A module that ends with `N passed, M failed`; with `counted`, a pattern whose number is what was tried."""

    module: str
    long: tuple[str, ...]
    short: tuple[str, ...] | None = None  # None: not in the short form
    counted: str = ""
    target: str = ""  # how a person runs it

    def words(self, form):
        """Return its arguments, None if this form leaves it out."""
        return self.short if form == SHORT else self.long


@dataclass(frozen=True)
class Figure:
    """A row: `least` must be tried in the long form, and survived; `holds`: what its tests see besides."""

    number: str
    what: str
    by: tuple[Suite | Command, ...]
    least: int
    unit: str
    holds: frozenset[str] = frozenset()
    lacks: str = ""  # what of the scorecard's row nobody tries yet
    percent: int = 100  # of what is tried, this must be survived


@dataclass
class Came:
    """What came of a figure in one run."""

    tried: int = 0
    survived: int = 0
    absent: set[str] = field(default_factory=set)  # why something could not be tried here
    left_out: list[str] = field(default_factory=list)  # targets that the short form leaves out

    def met(self, figure, form):
        """Return whether it is as it must be; None where nothing of it was tried here."""
        if not self.tried:
            return None
        enough = form == SHORT or self.tried >= figure.least
        return self.survived * 100 >= self.tried * figure.percent and enough


def row(figure, came, form):
    """Return the row as it is printed and recorded; what is lost or paid twice is known only if all survived."""
    whole = came.survived == came.tried and came.tried > 0
    harm = {name: (0 if whole else None) if name in figure.holds else "" for name in (LOST, TWICE)}
    return {
        "figure": figure.number,
        "what": figure.what,
        "unit": figure.unit,
        "tried": came.tried,
        "survived": came.survived,
        **harm,
        "least": figure.least,
        "met": came.met(figure, form),
        "absent": sorted(came.absent),
        "leftOut": came.left_out,
        "lacks": figure.lacks,
    }
