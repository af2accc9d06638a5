"""How the uses under a policy are counted: for everybody of the buyer together, or for each user or device apart.

Law: `unitOfCount` says for whom. Under one agreement there is one organisation, one assignee and one connector, so to
count for these is to count for all; a user or a device is named by the context of the use, and a use that does not
name it cannot be counted and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from connector.enforcement.context import DEVICE, USER
from connector.enforcement.scopes import operands
from policy.calendar import Rate
from policy.model import atoms
from policy.vocabulary.operands import OPERANDS, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from policy.model import Policy, Rule
    from policy.world import Counter

TOGETHER: Final = frozenset({"agreement", "organisation", "assignee", "connector"})
UNIT: Final = "unitOfCount"
# for whom it is counted apart → what of the context names it
APART: Final[Mapping[str, str]] = {"user": USER, "device": DEVICE}
# the unit of an agreement whose policy does not say per whom it counts: everybody of the party together
EVERYBODY = ""

# (rule, operand) → what is left of it
Counters: TypeAlias = "dict[tuple[str, str], Counter]"


@dataclass(frozen=True, slots=True)
class Counted:
    """How the uses under a rule are counted: for whom, and how many of their newest instants a rate looks at."""

    unit: str = EVERYBODY
    instants: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """An amount that a decision takes from a counter of a rule; never more than `limit` in all (None: as it is).

    `unit` is for whom it counts, empty for everybody together.
    """

    rule: str
    operand: str
    amount: int | Fraction
    limit: int | Fraction | None
    unit: str = ""


def counted(policy: Policy, context: Mapping[str, str]) -> Mapping[str, Counted] | None:
    """Return rule → how its uses are counted; None when the context does not say for whom."""
    found = {rule.id: _counted(rule, context) for rule in policy.permissions}
    return None if None in found.values() else {key: one for key, one in found.items() if one is not None}


def remembers(policy: Policy) -> bool:
    """Say whether a policy asks anything of the uses before, or for whom they count."""
    named = operands(policy)
    return UNIT in named or any(OPERANDS[left].state is not State.NONE for left in named)


def named(policy: Policy) -> frozenset[str]:
    """Return what of the context says for whom the uses under a policy count."""
    return frozenset(APART[kind] for rule in policy.permissions for kind in _kinds(rule) if kind in APART)


def _counted(rule: Rule, context: Mapping[str, str]) -> Counted | None:
    every, kinds = list(atoms(rule.conditions)), _kinds(rule)
    if any(not context.get(APART.get(kind, kind)) for kind in kinds):
        return None
    unit = "/".join(f"{kind}={context[APART.get(kind, kind)]}" for kind in kinds) or EVERYBODY
    rates = [one.count for atom in every for one in atom.right if isinstance(one, Rate)]
    return Counted(unit, max(rates, default=0))


def _kinds(rule: Rule) -> list[str]:
    """Return for whom a rule counts apart."""
    return sorted({str(one) for atom in atoms(rule.conditions) if atom.left == UNIT for one in atom.right} - TOGETHER)
