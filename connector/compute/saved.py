"""A question of choices that is kept in a file, with values left open: what an application of a question is made of.

    {"question": {"count": true, "subjects": false, "sum": [], "average": ["revenue"], "by": ["district"],
                  "where": [["year", ">=", "", "from"]]},
     "columns": {"revenue": "number", "district": "text", "year": "number"}}

Law: (1) a file is read strictly and within `QUESTION_BYTES_MAX`; it is choices and never SQL, so what comes of it is
what may be chosen of the product that is asked (`choices`). (2) Whose columns are not there, or of another kind, is
not asked. (3) Each value that is left open has one kind, that of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute.choices import CUT, CUTS, Choices, Choosable, Condition
from connector.compute.kinds import Kind
from connector.runtime.errors import InvalidInput
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

QUESTION_BYTES_MAX: Final = 64 << 10
ENDING: Final = ".question.json"
# kind of a column → what it is called in a file, and in signed terms
CALLED: Final[Mapping[Kind, str]] = {one: one.name.lower() for one in Kind if one is not Kind.NOTHING}
_KINDS: Final = {name: kind for kind, name in CALLED.items()}
_TRUTHS, _LISTS = ("count", "subjects"), ("sum", "average", "by")
_MEMBERS: Final = frozenset({*_TRUTHS, *_LISTS, "where"})
# a column, a sign, a value, and the name under which it is left open
_CONDITION: Final = 4
# of its table nothing is known: where it is asked, one is chosen
_ANY, _ANYBODY = "rows", "subject"


@dataclass(frozen=True, slots=True)
class Saved:
    """A question, and the kinds of the columns that it names."""

    choices: Choices
    columns: Mapping[str, Kind]

    def __post_init__(self) -> None:
        named = _named(self.choices, self.columns)
        if set(named) != set(self.columns):
            raise InvalidInput("a question says the kind of each column that it names, and of no other", "save it anew")
        for left in {one.left for one in self.choices.where if one.left}:
            kinds = {self.columns[one.column] for one in self.choices.where if one.left == left}
            if len(kinds) > 1:
                raise InvalidInput(f"`{left}` is left open for columns of several kinds", "give each a name of its own")
        subject = _ANYBODY if self.choices.subjects else ""
        summed = frozenset(name for name, kind in self.columns.items() if kind is Kind.NUMBER)
        among = Choosable(_ANY, self.columns, summed, next_free(subject, self.columns))
        self._tried().statement(among)  # what could never be asked is refused as it is saved

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the columns that it names, in order."""
        return tuple(self.columns)

    @property
    def asks(self) -> tuple[tuple[str, str], ...]:
        """Return each value that is left open: its name, and what it is."""
        return tuple({one.left: CALLED[self.columns[one.column]] for one in self.choices.where if one.left}.items())

    def json(self) -> dict[str, Any]:
        """Return it as its file has it."""
        made = self.choices
        question = {
            "count": made.count,
            "subjects": made.subjects,
            "sum": list(made.sums),
            "average": list(made.averages),
            "by": list(made.by),
            "where": [[one.column, one.sign, one.value, one.left] for one in made.where],
        }
        return {"question": question, "columns": {name: CALLED[kind] for name, kind in self.columns.items()}}

    def filled(self, values: Mapping[str, str]) -> Choices:
        """Return the question with its values; raises InvalidInput for one too few or too many."""
        require(self.asks, values)
        told = [replace(one, value=values[one.left], left="") if one.left else one for one in self.choices.where]
        return replace(self.choices, where=tuple(told))

    def within(self, among: Choosable) -> Choosable:
        """Return of what a product lets be chosen its columns; raises InvalidInput where one is of another kind."""
        for name, kind in self.columns.items():
            if (found := among.columns.get(name)) is not kind:
                there = "is not there" if found is None else f"is {found.value} there"
                raise InvalidInput(
                    f"`{name[:100]}` {there}, and the question needs {kind.value}", "ask another product"
                )
        return among

    def _tried(self) -> Choices:
        """Return it with some value for each that is left open, to see that the rest can be asked."""
        return self.filled({name: _SOME[_KINDS[kind]] for name, kind in self.asks})


_SOME: Final[Mapping[Kind, str]] = {
    Kind.NUMBER: "0",
    Kind.TEXT: "",
    Kind.DAY: "2000-01-01",
    Kind.MOMENT: "2000-01-01",
    Kind.TRUTH: "true",
}


def saved(choices: Choices, among: Choosable) -> Saved:
    """Return a question with the kinds of its columns, as a product has them; raises InvalidInput."""
    named = _named(choices, among.columns)
    if odd := next((name for name in named if name not in among.columns), None):
        raise InvalidInput(f"`{odd[:100]}` is no column that can be asked about", "choose another one")
    return Saved(choices, {name: among.columns[name] for name in named})


def read(content: bytes) -> Saved:
    """Read a question from its file; raises InvalidInput."""
    if len(content) > QUESTION_BYTES_MAX:
        raise _wrong(f"it has more than {QUESTION_BYTES_MAX >> 10} KiB")
    try:
        told = orjson.loads(content)
    except ValueError as fault:
        raise _wrong("it is no JSON") from fault
    if not isinstance(told, dict) or set(told) != {"question", "columns"}:
        raise _wrong("it has exactly the members question and columns")
    question, columns = told["question"], told["columns"]
    if not isinstance(question, dict) or set(question) != _MEMBERS or not isinstance(columns, dict):
        raise _wrong(f"its question has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not all(isinstance(kind, str) and kind in _KINDS for kind in columns.values()):
        raise _wrong(f"a column is one of {', '.join(_KINDS)}")
    if not all(isinstance(question[name], bool) for name in _TRUTHS):
        raise _wrong(f"{' and '.join(_TRUTHS)} are true or false")
    lists = {name: _texts(question[name], name) for name in _LISTS}
    if not isinstance(question["where"], list):
        raise _wrong("where is a list")
    where = tuple(Condition(*_texts(one, "a condition", _CONDITION)) for one in question["where"])
    made = Choices(question["count"], question["subjects"], lists["sum"], lists["average"], lists["by"], where)
    return Saved(made, {name: _KINDS[kind] for name, kind in columns.items()})


def require(asks: tuple[tuple[str, str], ...], values: Mapping[str, str]) -> None:
    """Raise InvalidInput unless these are values for all that is left open."""
    names = [name for name, _ in asks]
    if set(values) != set(names):
        told = ", ".join(f"{name} ({kind})" for name, kind in asks) or "nothing"
        raise InvalidInput(f"the question leaves open: {told}", "say each once: --set NAME=VALUE")


def next_free(name: str, taken: Mapping[str, Kind]) -> str:
    """Return a name that no column has, nothing for no name."""
    return name + "_" * (1 + max(map(len, taken), default=0)) if name in taken else name


def _named(choices: Choices, columns: Mapping[str, Kind]) -> list[str]:
    """Return the columns that choices name, each once: those that make groups without what they are cut to."""
    groups = [one if one in columns or not _is_cut(one) else one.rpartition(CUT)[0] for one in choices.by]
    return list(dict.fromkeys([*groups, *choices.sums, *choices.averages, *(one.column for one in choices.where)]))


def _is_cut(told: str) -> bool:
    return told.rpartition(CUT)[2] in CUTS


def _texts(value: Any, name: str, many: int | None = None) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(f"{name} is a list of texts")
    if many is not None and len(value) != many:
        raise _wrong(f"{name} has {many} texts")
    return tuple(value)


def _wrong(why: str) -> InvalidInput:
    return InvalidInput(f"this is no question: {why}", "penstock program question saves one")
