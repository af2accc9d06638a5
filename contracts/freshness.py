"""How old what covered subjects have may be told to be: a member of the coverage, signed with the terms.

Law: ages are counted back from the day on which the edition was sealed. That instant is in the edition's header, which
its id is the digest of, and its id is in the terms: both sides have signed it, and no clock moves it (decision 0296).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

# ages that are told, and the greatest of them: a hundred years
AGES_MAX: Final = 4
DAYS_MAX: Final = 36_500
COLUMN_CHARACTERS_MAX: Final = 512
_MEMBERS: Final = frozenset({"column", "days"})
# between the parts of a question's name: it is in no column's name
_APART: Final = "\n"


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of so many covered subjects the newest day in `column` is at most so many `days` before that of the sealing."""

    column: str
    days: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.column) <= COLUMN_CHARACTERS_MAX or not self.column.isprintable():
            words = f"the column of a freshness has a name of 1 to {COLUMN_CHARACTERS_MAX} printable characters"
            raise ContractError("terms", words)
        if not 0 < len(self.days) <= AGES_MAX:
            raise ContractError("terms", f"a freshness tells of 1 to {AGES_MAX} ages")
        if not all(0 < one <= DAYS_MAX for one in self.days) or list(self.days) != sorted(set(self.days)):
            raise ContractError("terms", f"ages of a freshness are 1 to {DAYS_MAX} days, each greater than the last")

    @property
    def questions(self) -> dict[str, int]:
        """What is told of a key, in order: the name of each question, by which its coins are thrown, and its age."""
        return {f"{days}{_APART}{self.column}": days for days in self.days}

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"column": self.column, "days": [str(one) for one in self.days]}


def read(value: Any, name: str) -> Freshness:
    """Read a freshness as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not isinstance(value["column"], str) or not isinstance(value["days"], list):
        raise ContractError("terms", f"`{name}` has a column, and a list of days")
    days = tuple(read_decimal(one, f"{name}.days", limit=DAYS_MAX) for one in value["days"][: AGES_MAX + 1])
    return Freshness(value["column"], days)
