"""A question that is put together from choices: what is counted of which groups of which rows, and its statement.

Law: (1) of a choice only constants of this file, quoted names of columns that may be asked about, and quoted values of
their kind reach the statement; what is none of these is refused. (2) The statement is asked as one that was typed: what
passes the gate is decided there, and nothing here has to be believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from connector.compute import kinds
from connector.compute.kinds import Kind
from connector.compute.plan import GROUPS_MAX
from connector.compute.statement import MAX_STATEMENT_CHARS
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MEASURES_MAX: Final = 16
CONDITIONS_MAX: Final = 16
COLUMN_CHARACTERS_SHOWN: Final = 100
# between a column of days or moments and what they are cut to: `opened:month`
CUT: Final = ":"
CUTS: Final = ("year", "quarter", "month", "week", "day", "hour")
# a value that a question leaves open, as it is typed
LEFT: Final = re.compile(r":[A-Za-z][A-Za-z0-9_]{0,39}")
_DATED: Final = frozenset({Kind.DAY, Kind.MOMENT})
_ORDERED: Final = _DATED | {Kind.NUMBER}
_ANY: Final = _ORDERED | {Kind.TEXT, Kind.TRUTH}
TRUTHS: Final[Mapping[str, str]] = {"true": "true", "yes": "true", "false": "false", "no": "false"}


@dataclass(frozen=True, slots=True)
class Sign:
    """How a column is compared: of which kinds it may be, how that is written, and whether with a value."""

    of: frozenset[Kind]
    sql: str
    valued: bool = True


# as it is typed; of two that begin alike the longer one stands first
SIGNS: Final[Mapping[str, Sign]] = {
    "<=": Sign(_ORDERED, "{0} <= {1}"),
    ">=": Sign(_ORDERED, "{0} >= {1}"),
    "!=": Sign(_ANY, "{0} <> {1}"),
    "<>": Sign(_ANY, "{0} <> {1}"),
    "<": Sign(_ORDERED, "{0} < {1}"),
    ">": Sign(_ORDERED, "{0} > {1}"),
    "=": Sign(_ANY, "{0} = {1}"),
    "contains": Sign(frozenset({Kind.TEXT}), "contains({0}, {1})"),
    "starts with": Sign(frozenset({Kind.TEXT}), "starts_with({0}, {1})"),
    "is empty": Sign(_ANY, "{0} IS NULL", valued=False),
    "is filled": Sign(_ANY, "{0} IS NOT NULL", valued=False),
}


@dataclass(frozen=True, slots=True)
class Choosable:
    """What there is to choose from: a table, its columns with their kinds, those that are summed, and the subject."""

    table: str
    columns: Mapping[str, Kind]
    summed: frozenset[str]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows: those whose `column` compares so with the value, which is text as it was typed.

    With `left` the value is left open under that name (`compute.saved`).
    """

    column: str
    sign: str
    value: str = ""
    left: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen: rows, subjects, sums and averages, by groups (`column` or `column:month`), of these rows."""

    count: bool = False
    subjects: bool = False
    sums: tuple[str, ...] = ()
    averages: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()

    def statement(self, among: Choosable) -> str:
        """Return the statement of it; raises InvalidInput for what cannot be chosen."""
        told = [*(_group(one, among) for one in self.by), *self._measures(among)]
        _require(len(self.by) <= GROUPS_MAX, f"at most {GROUPS_MAX} things make a group")
        _require(len(told) - len(self.by) <= MEASURES_MAX, f"at most {MEASURES_MAX} things are counted at a time")
        _require(len(self.where) <= CONDITIONS_MAX, f"at most {CONDITIONS_MAX} conditions go together")
        _require(len(told) > len(self.by), "nothing is chosen that is counted, summed or averaged")
        parts = ["select", ", ".join(told), "from", kinds.quote(among.table)]
        parts += ["where", " and ".join(_condition(one, among) for one in self.where)] if self.where else []
        places = ", ".join(str(at + 1) for at in range(len(self.by)))
        parts += [f"group by {places} order by {places}"] if self.by else []
        made = " ".join(parts)
        _require(len(made) <= MAX_STATEMENT_CHARS, f"the statement is longer than {MAX_STATEMENT_CHARS} characters")
        return made

    def _measures(self, among: Choosable) -> list[str]:
        told = ["count(*)"] if self.count else []
        if self.subjects:
            _require(bool(among.subject), "each row is a subject here: count the rows")
            told.append(f"count(distinct {kinds.quote(among.subject)})")
        for function, names in (("sum", self.sums), ("avg", self.averages)):
            for name in names:
                _kind(name, among)
                _require(name in among.summed, f"`{_short(name)}` is no column that is summed here")
                told.append(f"{function}({kinds.quote(name)})")
        return told


def read_condition(text: str, columns: Mapping[str, Kind], *, leaves: bool = False) -> Condition:
    """Read what was typed, `COLUMN SIGN VALUE`; a value may stand in single quotes. Raises InvalidInput.

    Where a question `leaves` values open, `:NAME` is one that it leaves.
    """
    said = text.strip()
    for name in sorted(columns, key=len, reverse=True):
        rest = said[len(name) :].lstrip()
        sign = next((one for one in SIGNS if _begins(rest, one)), None) if said.startswith(name) else None
        if sign is not None:
            value = rest[len(sign) :].strip()
            if leaves and LEFT.fullmatch(value):
                return Condition(name, sign, left=value[1:])
            inside = value[1:-1] if len(value) > 1 and value[0] == value[-1] == "'" else value
            return Condition(name, sign, inside)
    raise InvalidInput(f"`{_short(said)}` is no condition", f"COLUMN SIGN VALUE; a sign is one of {', '.join(SIGNS)}")


def cuts(kind: Kind) -> Sequence[str]:
    """Return what a column of a kind may be cut to."""
    return () if kind not in _DATED else CUTS if kind is Kind.MOMENT else CUTS[:-1]


def _begins(rest: str, sign: str) -> bool:
    """Say whether a sign comes next; one of letters ends where its word does."""
    following = rest[len(sign) : len(sign) + 1]
    return rest.startswith(sign) and not (sign[-1].isalpha() and following and not following.isspace())


def _group(told: str, among: Choosable) -> str:
    """Return what makes a group: a column, or days cut to months and the like under a name that says so."""
    if told in among.columns:
        return kinds.quote(told)
    name, _, cut = told.rpartition(CUT)
    kind = _kind(name if name in among.columns else told, among)
    _require(cut in cuts(kind), f"`{_short(name)}` is not cut to `{_short(cut)}`")
    return f"date_trunc('{cut}', {kinds.quote(name)}) as {kinds.quote(told)}"


def _condition(told: Condition, among: Choosable) -> str:
    kind, sign = _kind(told.column, among), SIGNS.get(told.sign)
    fits = sign is not None and kind in sign.of
    _require(fits, f"`{_short(told.column)}` is {kind.value}, and is not compared by `{_short(told.sign)}`")
    assert sign is not None, "it fits"
    return sign.sql.format(kinds.quote(told.column), _value(told, kind) if sign.valued else "")


def _value(told: Condition, kind: Kind) -> str:
    """Return a value as a literal of a column's kind; raises InvalidInput for one that is none."""
    _require(not told.left, f"`{_short(told.left)}` is left open")
    try:
        found = _LITERALS[kind](told.value)
    except ValueError:
        found = None
    if found is None or any(not one.isprintable() and not one.isspace() for one in told.value):
        raise InvalidInput(
            f"`{_short(told.value)}` is not {kind.value}", f"`{_short(told.column)}` is compared with it"
        )
    return found


def _number(text: str) -> str | None:
    return None if kinds.number(text.strip()) is None else text.strip()


def _text(text: str) -> str | None:
    return None if (found := kinds.text(text)) is None else found.sql


def _day(text: str) -> str:
    return kinds.literal(date.fromisoformat(text.strip()))


def _moment(text: str) -> str | None:
    found = datetime.fromisoformat(text.strip())
    return None if found.tzinfo else kinds.literal(found)


def _truth(text: str) -> str | None:
    return TRUTHS.get(text.strip().lower())


# kind of a column → what writes a value that it is compared with
_LITERALS: Final[Mapping[Kind, Callable[[str], str | None]]] = {
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.TRUTH: _truth,
}


def _kind(name: str, among: Choosable) -> Kind:
    found = among.columns.get(name)
    if found is None:
        known = ", ".join(list(among.columns)[:20])
        raise InvalidInput(f"`{_short(name)}` is no column that can be asked about", f"there are {known}")
    return found


def _require(holds: bool, text: str) -> None:  # noqa: FBT001  # an assertion of what a reader is told
    if not holds:
        raise InvalidInput(text, "choose otherwise")


def _short(text: str) -> str:
    return text[:COLUMN_CHARACTERS_SHOWN]
