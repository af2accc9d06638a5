"""A question to the catalogue, words and conditions (`facet=value,value`, `measure=low..high`), and what answers it.

A product is found that has every word, of each named facet one of the values, and each named measure in its range.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.classes import DIMENSIONS
from catalog.errors import CatalogError
from catalog.facets import DATASET, FACETS, MEASURES, place
from catalog.spaces import MAIN, sights
from catalog.words import words
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from catalog.facets import Listed
    from catalog.foreign import Foreign

QUERY_WORDS_MAX = 32
CONDITIONS_MAX = 16
VALUES_MAX = 32
VALUE_CHARACTERS_MAX = 256
MEASURE_MAX = (1 << 63) - 1
# a word in the title says more about the whole than a word somewhere in the description
TITLE_WEIGHT = 3

# of what a plain catalogue tells everybody without saying how secret it is
UNTOLD_GRADE = 1

# such as `of`, `the`, `and`
JOINING_CHARACTERS_MAX = 3

_CONDITION = re.compile(r"([a-z]+)=(.+)", re.DOTALL)
_RANGE = re.compile(r"(\d{0,19})\.\.(\d{0,19})")
_HINT = f"one of {', '.join([*(f'{key}=VALUE' for key in FACETS), *(f'{key}=FROM..TO' for key in MEASURES)])}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What an index holds of one product; `words` repeat. One without words is no longer to be found.

    `seq` grows with every change of any product, so the largest tells how far an index is; `sights` are all that
    may find it (`catalog.spaces`).
    """

    key: str
    seq: int
    words: Sequence[str] = ()
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    measures: Mapping[str, int] = field(default_factory=dict)
    sights: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for; ranges are inclusive, None is open. With `any_word` one of the words is enough.

    `sight` is what whoever asks may find, one mark a space, None for all.
    """

    words: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    any_word: bool = False
    sight: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The keys of one page, best first (newest first without words), and how many were found in all."""

    keys: tuple[str, ...]
    total: int


def entry(key: str, seq: int, title: str, body: str, listed: Listed) -> Entry:
    """Return what an index holds of a listed product."""
    return Entry(
        key,
        seq,
        (*words(title) * TITLE_WEIGHT, *words(body)),
        {name: facet.values(listed) for name, facet in FACETS.items()},
        {name: measure.value(listed) for name, measure in MEASURES.items()},
        sights(listed.space, listed.dataset.grade),
    )


def foreign_entry(key: str, seq: int, foreign: Foreign, updated: datetime, sources: tuple[str, ...]) -> Entry:
    """Return what an index holds of a product of a plain catalogue: nothing of what that does not tell."""
    tariff = foreign.priced_in
    told = {name: DIMENSIONS[name].line(code) for name, code in foreign.classes.items()}
    told |= {"tier": foreign.tiers, "region": place(foreign.region), "provider": (foreign.provider,), "source": sources}
    told["kind"] = (DATASET,)
    told |= {name: (value,) for name in ("grade", "frequency") if (value := getattr(foreign, name))}
    told |= {"unit": (tariff.unit,), "currency": (tariff.currency,)} if tariff else {}
    counts = {"rows": foreign.rows, "bytes": foreign.size}
    measures = {name: int(count) for name, count in counts.items() if count} | {"updated": int(updated.timestamp())}
    seen = sights(MAIN, int(foreign.grade or UNTOLD_GRADE))
    return Entry(key, seq, (*words(foreign.title) * TITLE_WEIGHT, *words(foreign.searchable)), told, measures, seen)


def question(text: str, conditions: Sequence[str] = ()) -> Question:
    """Read a question; words after the QUERY_WORDS_MAX-th are ignored, a condition that is none is refused."""
    if len(conditions) > CONDITIONS_MAX:
        raise CatalogError(f"{len(conditions)} conditions, the limit is {CONDITIONS_MAX}", path="where")
    facets: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, tuple[int | None, int | None]] = {}
    for condition in conditions:
        name, value = _split(condition)
        if name in facets or name in ranges:
            raise CatalogError(f"`{name}` is asked for twice", path="where", hint=f"{name}=ONE,OTHER finds either")
        if name in FACETS:
            facets[name] = _values(name, value)
        else:
            ranges[name] = _range(name, value)
    return Question(tuple(dict.fromkeys(words(text)))[:QUERY_WORDS_MAX], facets, ranges)


def like(title: str, keywords: Sequence[str]) -> Question:
    """Return the question for what is similar to a product: any of its keywords, and of the words that name it.

    Short words of a spaced script are left out: they join others and name nothing.
    """
    named = [word for word in words(title) if len(word) > JOINING_CHARACTERS_MAX or not word.isascii()]
    told = dict.fromkeys([*words(" ".join(keywords)), *named])
    return Question(tuple(told)[:QUERY_WORDS_MAX], any_word=True)


def _split(condition: str) -> tuple[str, str]:
    match = _CONDITION.fullmatch(condition)
    if match is None or match[1] not in FACETS | MEASURES:  # type: ignore[operator]  # both are mappings by name
        raise CatalogError(f"`{condition[:80]}` is no condition", path="where", hint=_HINT)
    return match[1], match[2]


def _values(name: str, text: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(text.split(",")))
    if len(values) > VALUES_MAX or not all(0 < len(value) <= VALUE_CHARACTERS_MAX for value in values):
        raise CatalogError(f"`{name}` has at most {VALUES_MAX} values, none of them empty or long", path="where")
    facet = FACETS[name]
    if unknown := [value for value in values if facet.words(value) is None]:
        raise CatalogError(f"unknown {name} `{unknown[0]}`", path="where", hint=f"such as {', '.join(facet.codes)}")
    return tuple(regions.canonical(value) for value in values) if name == "region" else values


def _range(name: str, text: str) -> tuple[int | None, int | None]:
    match = _RANGE.fullmatch(text)
    low, high = (int(end) if end else None for end in match.groups()) if match else (None, None)
    if (low, high) == (None, None) or max(low or 0, high or 0) > MEASURE_MAX:
        raise CatalogError(f"`{text[:40]}` is no range of {name}", path="where", hint=f"{name}=1000.. or {name}=..9999")
    return low, high
