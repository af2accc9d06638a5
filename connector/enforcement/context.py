"""What is known of a use: what its asker says of it, what was measured here, and what its agreement says of every use.

Law: what can be measured here is, and what was agreed is agreed, whatever the asker says of it; its purpose and what it
works with only the asker can say, and who of its people asks only its connector.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final

from contracts.every_use import every_use
from policy.nodes import MAX_TEXT_CHARS
from policy.vocabulary import catenax, registered

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from contracts.facts import Fact

PURPOSE: Final = "purpose"
# what is known of a use without being told, by the operand that asks for it
SIZE, UNIT, BYTE = "absoluteSize", "unit", "byte"
SHARES: Final = ("percentage", "relativeSize")
# a share has so many decimals, rounded up: never less than was used
SHARE_DECIMALS: Final = 6
# what only the asker can say of a use, beside its purpose
WORDS: Final = (
    "algorithm", "application", "environmentState", "industry", "machineLearningModel", "media", "networkAddress",
    "physicalAddress", "product", "spatialCoordinates", "systemDevice", catenax.FRAMEWORK, catenax.PURPOSE,
)  # fmt: skip
# the statement that the reader process answers, its spaces made one
QUERY: Final = "query"
# what a statement computes: COUNT, SUM, AVG
FUNCTION: Final = "computeFunction"
# the program that computes: its digest, or SQL where it is a statement; where data are delivered, the asker's word
ALGORITHM: Final = "algorithm"
# the ε of what is told, where it is told with noise
BUDGET: Final = "privacyBudget"
# who of the asker's people it is, as its connector says
USER, ROLE = "user", "role"
DEVICE: Final = "systemDevice"
PLACE: Final = "virtualLocation"


def measured(said: Mapping[str, str], plain_bytes: int, share: str = "") -> Mapping[str, str]:
    """Return what is said of a use, with its plain bytes as they were counted here, and its share (`share_of`).

    Whatever is said of these goes for nothing.
    """
    known = {name: text for name, text in said.items() if name not in SHARES}
    return {**known, **(dict.fromkeys(SHARES, share) if share else {}), SIZE: str(plain_bytes), UNIT: BYTE}


def share_of(part: int, whole: int) -> str:
    """Return hundredths of a whole as a decimal, never too few; empty where there is no whole to be part of."""
    if not whole:
        return ""
    found = Fraction(ceil(Fraction(100 * part, whole) * 10**SHARE_DECIMALS), 10**SHARE_DECIMALS)
    digits, rest = divmod(found.numerator * 10**SHARE_DECIMALS // found.denominator, 10**SHARE_DECIMALS)
    return f"{digits}.{rest:0{SHARE_DECIMALS}}".rstrip("0").rstrip(".")


def agreed(tier: str, by: str, facts: Mapping[str, Fact], asked: Container[str]) -> Mapping[str, Fact]:
    """Return what the terms say of a use by `by`, of that which a policy asks for."""
    return {name: value for name, value in every_use(tier, by, facts).items() if name in asked}


def words() -> tuple[str, ...]:
    """Return what only the asker can say of a use now: WORDS, and what profiles that were registered add."""
    return (*WORDS, *registered.operands())


def told(said: Mapping[str, str], asked: Container[str]) -> dict[str, str]:
    """Return what was said or measured of a use, of that which a policy asks for, beside purpose and size."""
    return {name: said[name] for name in (*words(), ROLE, *SHARES, BUDGET) if name in said and name in asked}


def needed(said: Mapping[str, str], asked: Container[str]) -> dict[str, str]:
    """Return of what is said what a policy asks for: the other side learns nothing else."""
    return {name: text[:MAX_TEXT_CHARS] for name, text in said.items() if name in asked}


def purpose_of(context: Mapping[str, str]) -> str:
    """Return the purpose that a context names, empty if none."""
    return context.get(PURPOSE, "")
