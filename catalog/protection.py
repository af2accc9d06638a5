"""How well data are protected at least: class and grade → the weakest tier in which they may be delivered.

Law: (1) The rows of `catalog.codes.TIERS` stand in the order of how far control reaches: where a tier is enough, each
behind it is. (2) Of the rows of a table that cover a product the one that asks for most holds, so a higher grade is
never let off what a lower one is asked for. (3) A space whose rules name no table has TABLE; an empty one asks for
nothing. Provider and exchange ask `fault`, and nobody else decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from catalog.classes import DIMENSIONS
from catalog.codes import TIERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# tier above the weakest → how a provider says it when it publishes
TYPED: Mapping[str, str] = {
    "kept": "`--tier kept`",
    "leased": "`--tier leased --unit opening`",
    "computed": "`--tier computed --unit query --gate subject=COLUMN`",
}


class Described(Protocol):
    """What may be listed, a dataset or a service: its classes (dimension → code) and its security grade."""

    @property
    def classes(self) -> Mapping[str, str]:
        """Return dimension → code."""

    @property
    def grade(self) -> int:
        """Return the grade, 1 to 5."""


@dataclass(frozen=True, slots=True)
class Least:
    """The least tier of what is of a class (a code of each dimension named, or below it) and of at least a grade."""

    grade: int
    tier: str
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def covers(self, product: Described) -> bool:
        """Say whether it asks anything of a product."""
        return product.grade >= self.grade and all(lies(product, name, codes) for name, codes in self.classes.items())


# what a space asks for that says nothing of its own (decision 0208)
TABLE: tuple[Least, ...] = (
    Least(3, "kept"),  # about people: sealed, so that every piece that is handed over is counted and receipted
    Least(4, "leased"),  # very sensitive: the keys lapse, and can be refused
    Least(5, "computed"),  # the highest: it does not leave
)


def stronger(tier: str) -> tuple[str, ...]:
    """Return a tier and those whose control reaches further: the rows of TIERS stand in that order."""
    return tuple(TIERS)[_rank(tier) :]


def least(table: Sequence[Least], product: Described) -> str:
    """Return the weakest tier in which a table lets a product be delivered."""
    row = _holding(table, product)
    return next(iter(TIERS)) if row is None else row.tier


def fault(table: Sequence[Least], product: Described, tier: str) -> str:
    """Return why a tier is too little for a product, nothing if it is not; what is no tier, a service's, never is."""
    row = _holding(table, product)
    if row is None or tier not in TIERS or tier in (ways := stronger(row.tier)):
        return ""
    what = "".join(f" and {name} {either(codes)}" for name, codes in row.classes.items())
    return (
        f"data of grade {row.grade} or higher{what} are delivered here by {either(ways)}, and it is of grade "
        f"{product.grade} and delivered by the tier `{tier}`: publish it with {TYPED[row.tier]}, or mask what makes "
        "its grade"
    )


def lies(product: Described, dimension: str, codes: Collection[str]) -> bool:
    """Say whether a product's class lies in, or below, one of some codes of a dimension."""
    return bool(set(DIMENSIONS[dimension].line(product.classes.get(dimension, ""))) & set(codes))


def either(codes: Collection[str]) -> str:
    """Return codes as a sentence names them."""
    return " or ".join(f"`{code}`" for code in codes)


def _holding(table: Sequence[Least], product: Described) -> Least | None:
    return max((row for row in table if row.covers(product)), key=lambda row: _rank(row.tier), default=None)


def _rank(tier: str) -> int:
    return tuple(TIERS).index(tier)
