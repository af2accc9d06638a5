"""What a column may hold about people, and the security grade that follows: a suggestion with its reasons.

The rules are two tables, one for names and one for values; a row found raises the suggested grade to the row's. They
find the obvious, miss the disguised and never lower what the provider says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.profile import Column, FileProfile

# Nothing found is no proof of harmlessness: public (1) is for the provider to say.
GRADE_WITHOUT_HINTS = 2

GRADE_OF_HINT: Mapping[str, int] = {
    "e-mail address": 3,
    "telephone number": 3,
    "postal address": 3,
    "date of birth": 3,
    "personal name": 3,
    "health": 4,
    "account number": 4,
    "identity number": 4,
    "biometric": 5,
}

# Words of a column's name (any of them, as whole words or Chinese bigrams) → what it suggests.
NAME_HINTS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"email", "mail", "邮箱"}), "e-mail address"),
    (frozenset({"phone", "telephone", "mobile", "手机", "电话"}), "telephone number"),
    (frozenset({"address", "street", "地址", "住址"}), "postal address"),
    (frozenset({"birth", "birthday", "birthdate", "dob", "生日", "出生"}), "date of birth"),
    (frozenset({"surname", "firstname", "lastname", "fullname", "姓名"}), "personal name"),
    (frozenset({"diagnosis", "disease", "诊断", "病历"}), "health"),
    (frozenset({"iban", "bankcard", "账号", "卡号"}), "account number"),
    (frozenset({"ssn", "passport", "idcard", "身份", "护照"}), "identity number"),
    (frozenset({"fingerprint", "iris", "指纹", "人脸"}), "biometric"),
)

# Whole values → what they suggest.
VALUE_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}"), "e-mail address"),
    (re.compile(r"(?:\+86)?1[3-9]\d{9}"), "telephone number"),
    (re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"), "identity number"),
    (re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"), "account number"),
)
# One odd value is an accident; this share of a column's different values is a kind of content.
VALUE_SHARE_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested security grade, 1 to 5, and why: one line a column."""

    grade: int
    reasons: tuple[str, ...]


def hint(name: str, values: Iterable[str] = ()) -> str | None:
    """Say what a column suggests by its name or by some of its different values, the gravest first; None if nothing."""
    found = {what for terms, what in NAME_HINTS if terms.intersection(words(name))}
    seen = list(values)
    for pattern, what in VALUE_HINTS:
        hits = sum(pattern.fullmatch(value) is not None for value in seen)
        if hits * 100 >= VALUE_SHARE_PERCENT * len(seen) and hits:
            found.add(what)
    return max(sorted(found), key=GRADE_OF_HINT.__getitem__, default=None)


def suggest_grade(files: Iterable[FileProfile]) -> Suggestion:
    """Suggest the security grade of a dataset from the hints of its columns."""
    hinted: list[tuple[int, str]] = [
        (GRADE_OF_HINT[column.hint], _reason(profile, column))
        for profile in files
        for column in profile.columns
        if column.hint is not None and column.hint in GRADE_OF_HINT
    ]
    if not hinted:
        return Suggestion(GRADE_WITHOUT_HINTS, ("no column hints at personal data",))
    return Suggestion(max(grade for grade, _ in hinted), tuple(reason for _, reason in hinted))


def _reason(profile: FileProfile, column: Column) -> str:
    return f"`{profile.path}` column `{column.name}` looks like: {column.hint}"
