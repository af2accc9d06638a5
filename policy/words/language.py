"""What a language must say: a dataclass of tables, filled in from the rows of `policy.words.sentences`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model import Conflict, DutyMode, PolicyKind


@dataclass(frozen=True, slots=True)
class Language:
    """Sentence patterns of one language; names in braces are filled in by speak.py.

    A condition is said by its row in `conditions` (left operand, operator); without a row by `measures` if its values
    are ordered and by `places` if they lie in one another, with the operand's name. `duties` are the actions whose
    duty has words of its own, the others are said by `duty`. `modes` say when a duty falls.
    """

    code: str
    heads: Mapping[PolicyKind, str]
    anybody: str
    somebody: str
    anything: str
    anonymous: str
    permission: str
    prohibition: str
    conflicts: Mapping[Conflict, str]
    provided: str
    where: str
    modes: Mapping[DutyMode, str]
    obligations: Mapping[DutyMode, str]
    consequence: str
    remedy: str
    joint: str
    either: str
    stop: str
    closing: str
    conditions: Mapping[tuple[str, str], str]
    measures: Mapping[str, str]
    places: Mapping[str, str]
    logical: Mapping[str, tuple[str, str]]
    operands: Mapping[str, str]
    actions: Mapping[str, str]
    duty: str
    duties: Mapping[str, str]
    bound: str
    upon: str
    by: str
    terms: str
    every: str
    nothing: str
    listing: str
    reasons: Mapping[str, str]


def column(words: Any, at: int) -> Any:
    """Return of a table of rows what one language says in each: the first of a row, or the second."""
    return {key: column(row, at) for key, row in words.items()} if isinstance(words, dict) else words[at]
