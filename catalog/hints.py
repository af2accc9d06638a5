"""What a column may hold about people, and the security grade that follows: a suggestion with its reasons.

The rules (`catalog.hint_rules`) find the obvious, miss the disguised and never lower what the provider says. Where a
column of text has many values and no rule knows them, it is said to be not checked: that is not "nothing was found".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from catalog.hint_rules import HARMLESS, OF_THINGS, RULES
from catalog.spread import CATEGORY_VALUES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.hint_rules import Form, Rule
    from catalog.profile import FileProfile

# Nothing found is no proof of harmlessness: public (1) is for the provider to say.
GRADE_WITHOUT_HINTS = 2
GRADE_OF_HINT: Mapping[str, int] = {rule.what: rule.grade for rule in RULES}
# of the columns and files that were not checked, so many are named
NAMED_MAX = 8
NOT_CHECKED = "not checked"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
# a word written together is looked into from so many letters on, or `restphone` and `mouse` would tell
TOGETHER_LETTERS_MIN = 7


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested security grade, 1 to 5, and why: one line a column."""

    grade: int
    reasons: tuple[str, ...]


def hint(name: str, values: Iterable[str] = ()) -> str | None:
    """Say what a column suggests by its name or by some of its different values, the gravest first; None if nothing."""
    seen = [value.strip() for value in values]
    found = _named(name)
    found |= {rule.what for rule in RULES if any(_has(form, seen) for form in rule.forms)}
    found |= {
        rule.what for rule in RULES if _only(name) in rule.alone and rule.alone_form and _has(rule.alone_form, seen)
    }
    return max(sorted(found), key=GRADE_OF_HINT.__getitem__, default=None)


def unread(values: Sequence[str], different: int | None) -> bool:
    """Say whether a column of text without a hint holds what no rule reads: many values, not all of them harmless.

    `different` is how many there are, None for very many; `values` are some of them.
    """
    many = different is None or different > CATEGORY_VALUES_MAX
    return many and not all(HARMLESS.fullmatch(value.strip()) for value in values)


def suggest_grade(files: Iterable[FileProfile]) -> Suggestion:
    """Suggest the security grade of a dataset from the hints of its columns."""
    files = list(files)
    columns = [(profile, column) for profile in files for column in profile.columns]
    hinted = [
        (GRADE_OF_HINT[str(column.hint)], f"`{profile.path}` column `{column.name}` looks like: {column.hint}")
        for profile, column in columns
        if column.hint in GRADE_OF_HINT
    ]
    blind = [f"`{profile.path}` column `{column.name}`" for profile, column in columns if column.hint == NOT_CHECKED]
    said = [f"{NOT_CHECKED}, because no rule reads such text: {_few(blind, ', ')}"] if blind else []
    noted = [f"`{profile.path}` {profile.note}" for profile in files if profile.note]
    said += [f"{NOT_CHECKED}: {_few(noted, '; ')}"] if noted else []
    if not hinted:
        return Suggestion(GRADE_WITHOUT_HINTS, tuple(said) or ("no column hints at personal data",))
    return Suggestion(max(grade for grade, _ in hinted), (*(reason for _, reason in hinted), *said))


def _few(named: Sequence[str], between: str) -> str:
    """Return the first few of many, and how many more there are."""
    more = f" and {len(named) - NAMED_MAX} more" if len(named) > NAMED_MAX else ""
    return between.join(named[:NAMED_MAX]) + more


def _named(name: str) -> set[str]:
    """Return what a column's name says; a phrase that was found says no more by its words."""
    said = " " + " ".join(word.lower() for word in _WORDS.findall(name)) + " "
    for thing in OF_THINGS:
        said = said.replace(f" {thing} ", "  ")
    chinese = "".join(_CHINESE.findall(name))
    found = set()
    for rule in RULES:
        for phrase in _phrases(rule):
            if f" {phrase} " in said or _together(phrase, said):
                said = said.replace(f" {phrase} ", "  ")
                found.add(rule.what)
        words = said.split()
        if rule.words.intersection(words) or any(word.endswith(rule.ends) for word in words if rule.ends):
            found.add(rule.what)
        if any(word in chinese for word in rule.chinese):
            found.add(rule.what)
    return found


@cache
def _phrases(rule: Rule) -> tuple[str, ...]:
    return tuple(sorted(rule.phrases, key=len, reverse=True))


def _together(phrase: str, said: str) -> bool:
    """Say whether a word of the name is this phrase written together, perhaps with more before it."""
    joined = phrase.replace(" ", "")
    return len(joined) >= TOGETHER_LETTERS_MIN and any(word.endswith(joined) for word in said.split())


def _only(name: str) -> str:
    """Return the one word that a name is, nothing for one of several."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return words[0] if len(words) == 1 else ""


def _has(form: Form, values: Sequence[str]) -> bool:
    """Say whether enough of the different values have a form."""
    hits = sum(form.pattern.fullmatch(value) is not None and (not form.luhn or _luhn(value)) for value in values)
    return hits > 0 and hits * 100 >= form.percent * len(values)


def _luhn(digits: str) -> bool:
    """Say whether a number ends with its check digit as those of cards do (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
