"""Masks: what is done to a column before anybody else sees it, as its provider writes it and as everybody reads it.

    mask   step *( "+" step )        in this order
    step   method [ ":" parameter ]  a row of METHODS; `none` stands alone: the column is delivered as it is

A masked column has the hint `masked: METHOD+METHOD` in its profile, so whoever reads the profile knows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS_MAX: Final = 4
MASKED: Final = "masked: "
WATERMARK: Final = "watermark"
NONE: Final = "none"


class Method(NamedTuple):
    """A row: what its parameter looks like, and what it does, in words."""

    parameter: str
    said: str  # of the parameter, for who wrote another
    en: str
    zh: str


METHODS: Final[Mapping[str, Method]] = {
    "hash": Method(
        r"(shared)?", "nothing, or `shared` for one key over all products",
        "a keyed digest: equal values stay equal", "加盐散列: 相同的值仍相同",
    ),
    "tokenise": Method(r"", "nothing", "a short token for each value", "每个值换为短标记"),
    "truncate": Method(r"[1-9][0-9]{0,3}", "a number of characters", "the first characters alone", "仅保留前几个字符"),
    "generalise": Method(
        r"(year|month|day|hour|(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?)", "year, month, day, hour, or a step such as 10",
        "coarser: the span or step it lies in", "泛化: 所在的时段或区间",
    ),
    "redact": Method(r"", "nothing", "left empty", "留空"),
    "noise": Method(
        r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?", "a scale such as 2.5", "with noise of Laplace's distribution",
        "加入拉普拉斯噪声",
    ),
    WATERMARK: Method(
        r".{1,200}", "the column that names a row, such as id", "the last digit marked for each buyer",
        "末位数字带有按买方区分的水印",
    ),
    NONE: Method(r"", "nothing", "delivered as it is", "原样交付"),
}  # fmt: skip


class Step(NamedTuple):
    """One method with its parameter, empty where it has none."""

    method: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.method}:{self.parameter}" if self.parameter else self.method


def read(column: str, text: object) -> tuple[Step, ...]:
    """Return the steps of a column's mask; raises CatalogError that names the column."""
    steps = tuple(_step(column, part) for part in text.split("+")) if isinstance(text, str) else ()
    if not 0 < len(steps) <= STEPS_MAX:
        raise CatalogError(f"the mask of `{column[:100]}` has 1 to {STEPS_MAX} steps", path="mask", hint=_methods())
    if any(step.method == WATERMARK for step in steps[:-1]):
        raise CatalogError(f"`{WATERMARK}` of `{column[:100]}` comes last: each copy has another", path="mask")
    if len(steps) > 1 and any(step.method == NONE for step in steps):
        raise CatalogError(f"`none` stands alone: `{column[:100]}` is masked or it is not", path="mask")
    return steps


def of(brief: Mapping[str, object]) -> dict[str, tuple[Step, ...]]:
    """Return column → steps of a brief that was checked; nothing for columns that stay as they are."""
    told = brief.get("mask") or {}
    assert isinstance(told, dict)
    read_ = {column: read(column, text) for column, text in told.items()}
    return {column: steps for column, steps in read_.items() if steps[0].method != NONE}


def watermarks(brief: Mapping[str, object]) -> dict[str, str]:
    """Return column → the column that names its row, of those that each buyer's copy has marked."""
    return {column: steps[-1].parameter for column, steps in of(brief).items() if steps[-1].method == WATERMARK}


def hides(steps: tuple[Step, ...]) -> bool:
    """Say whether steps hide anything: a watermark does not."""
    return any(step.method != WATERMARK for step in steps)


def hint(steps: tuple[Step, ...]) -> str:
    """Return the hint of a column that was masked so."""
    return MASKED + "+".join(step.method for step in steps)


def is_hidden(told: str | None) -> bool:
    """Say by its hint whether a column's cells are other than they were: marked digits are not."""
    return told is not None and told.startswith(MASKED) and told != MASKED + WATERMARK


def words(told: str | None) -> dict[str, str] | None:
    """Return how a column was masked in both languages, by its hint; None for one that was not."""
    if not told or not told.startswith(MASKED):
        return None
    rows = [METHODS.get(name, Method("", "", name, name)) for name in told.removeprefix(MASKED).split("+")]
    return {"en": ", ".join(row.en for row in rows), "zh": "、".join(row.zh for row in rows)}


def _step(column: str, text: str) -> Step:
    method, _, parameter = text.strip().partition(":")
    row = METHODS.get(method)
    if row is None:
        raise CatalogError(f"`{text[:100]}` is no mask for `{column[:100]}`", path="mask", hint=_methods())
    if not re.fullmatch(row.parameter, parameter) or (parameter and not parameter.strip("0.")):
        raise CatalogError(f"`{method}` of `{column[:100]}` takes {row.said}", path="mask", hint=_methods())
    return Step(method, parameter)


def _methods() -> str:
    return "one of hash, tokenise, truncate:4, generalise:10, generalise:month, redact, noise:2.5, watermark:id, none"
