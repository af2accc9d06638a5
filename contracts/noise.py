"""The noise that answers have, and how much one buyer may ask: a member of the gate (decision 0191).

Law: what all answers to one buyer about one product say of a subject is at most `budget`, by the sum of what each
costs; an answer costs its ε, whatever it tells: `epsilon`, or what its buyer chose where the terms leave a choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# ε of one answer, in hundredths: below the least it is noise, above the most it hides nobody
EPSILON_MIN, EPSILON_MAX = 5, 500
BUDGET_MAX: Final = 100_000
# rows of one subject that are looked at for one statement
ROWS: Final = 1
ROWS_MAX: Final = 1_000
BOUND_MAX: Final = 10**15
_BOUND = re.compile(r"0|-?[1-9][0-9]{0,15}", re.ASCII)
_EPSILON = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,2}))?", re.ASCII)
_MEMBERS: Final = frozenset({"epsilon", "budget", "rows", "bounds"})
_CHOICE: Final = "choice"


@dataclass(frozen=True, slots=True)
class Noise:
    """Each answer has a privacy loss of `epsilon` hundredths, and all that one buyer gets of a product of `budget`.

    Of a subject at most `rows` rows are looked at. `bounds` are column → least and greatest value: what is beyond is
    taken for the bound, and a column without them is counted and not summed. `choice` is between which ε a buyer may
    choose for an answer; without it each has `epsilon`, and with it one of which nothing is said.
    """

    epsilon: int
    budget: int
    rows: int = ROWS
    bounds: tuple[tuple[str, int, int], ...] = ()
    choice: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not EPSILON_MIN <= self.epsilon <= EPSILON_MAX:
            words = f"ε of an answer is from {EPSILON_MIN / 100} to {EPSILON_MAX / 100:.0f}, in hundredths"
            raise ContractError("terms", words)
        if not self.epsilon <= self.budget <= BUDGET_MAX:
            words = f"a budget is at least the ε of one answer, and at most {BUDGET_MAX // 100}"
            raise ContractError("terms", words)
        if not 1 <= self.rows <= ROWS_MAX:
            raise ContractError("terms", f"`rows` of a noise is a whole number from 1 to {ROWS_MAX}")
        for name, least, most in self.bounds:
            if not -BOUND_MAX <= least < most <= BOUND_MAX:
                raise ContractError("terms", f"the bounds of `{name[:60]}` are a least and a greater whole number")
        least, most = self.choice or (self.epsilon, self.epsilon)
        if not EPSILON_MIN <= least <= self.epsilon <= most <= min(self.budget, EPSILON_MAX):
            words = f"ε is chosen between a least of {EPSILON_MIN / 100} or more and a greatest that the budget holds, "
            raise ContractError("terms", f"{words}and the usual one, {epsilon_text(self.epsilon)}, is between them")
        if self.choice is not None and least == most:
            raise ContractError("terms", "between a least ε and the same greatest one there is nothing to choose")

    def check(self, subject: str, columns: Sequence[str]) -> None:
        """Raise ContractError unless its bounds are of columns of the gate, each once, and rows are a subject's."""
        if self.rows != 1 and not subject:
            raise ContractError("terms", "without a subject each row is about somebody else: `rows` of a noise is 1")
        names = [name for name, _, _ in self.bounds]
        if odd := next((name for name in names if name not in columns or names.count(name) > 1), None):
            raise ContractError("terms", f"`{odd[:60]}` is no column of the gate, or is bounded twice")

    def chosen(self, epsilon: int | None) -> int:
        """Return the ε of an answer for which a buyer chose one, or none; raises ContractError for what it may not."""
        found = self.epsilon if epsilon is None else epsilon
        least, most = self.choice or (self.epsilon, self.epsilon)
        if not least <= found <= most:
            told = f"from {epsilon_text(least)} to {epsilon_text(most)}" if self.choice else epsilon_text(self.epsilon)
            raise ContractError("epsilon", f"the terms tell an answer with ε {told}, not with {epsilon_text(found)}")
        return found

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        numbers = {name: str(getattr(self, name)) for name in ("epsilon", "budget", "rows")}
        told = numbers | {"bounds": {name: [str(least), str(most)] for name, least, most in self.bounds}}
        return told | ({_CHOICE: list(map(str, self.choice))} if self.choice else {})


def read(value: Any, name: str) -> Noise:
    """Read a noise as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) - {_CHOICE} != _MEMBERS or not isinstance(value["bounds"], dict):
        members = ", ".join(sorted(_MEMBERS))
        raise ContractError("terms", f"`{name}` has exactly the members {members}, and may have `{_CHOICE}`")
    limits = {"epsilon": EPSILON_MAX, "budget": BUDGET_MAX, "rows": ROWS_MAX}
    numbers = {one: read_decimal(value[one], f"{name}.{one}", limit=most) for one, most in limits.items()}
    choice = _choice(value[_CHOICE], f"{name}.{_CHOICE}") if _CHOICE in value else None
    return Noise(**numbers, bounds=_bounds(value["bounds"], f"{name}.bounds"), choice=choice)


def _choice(value: Any, name: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ContractError("terms", f"`{name}` is a list of a least and a greatest ε, as texts")
    least, most = (read_decimal(one, name, limit=EPSILON_MAX) for one in value)
    return least, most


def _bounds(value: Mapping[str, Any], name: str) -> tuple[tuple[str, int, int], ...]:
    found = []
    for column, pair in value.items():
        if not isinstance(pair, list) or [type(one) for one in pair] != [str, str]:
            raise ContractError("terms", f"`{name}.{column[:60]}` is a list of two whole numbers, as texts")
        if not all(_BOUND.fullmatch(one) for one in pair):
            raise ContractError("terms", f"`{name}.{column[:60]}` is a list of two whole numbers such as `-5`")
        found.append((column, int(pair[0]), int(pair[1])))
    # terms are compared by their canonical form, which orders members: so does the value
    return tuple(sorted(found))


def hundredths(text: str) -> int:
    """Return an ε as a person writes it, 1.4, in hundredths; raises ContractError."""
    found = _EPSILON.fullmatch(text)
    if found is None:
        raise ContractError("epsilon", f"`{text[:40]}` is no ε", "a number such as 1.4, with two decimals at most")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def epsilon_text(hundredths: int) -> str:
    """Return an ε as a person reads it: 0.50."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"
