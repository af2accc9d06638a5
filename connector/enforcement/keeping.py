"""How far each rule of a policy is kept in a tier: by technique, watched, or by a promise alone.

Law: a rule is kept as far as the weakest part of it is. What forbids is a promise once somebody has read the data; only
what our own program would have to do for it (a licence passed on) is kept by technique.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.enforcement.supply import Kept, kept, supplier
from policy.model import atoms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model import Condition, Constraint, Duty, Policy, Rule

# the worst last
_ORDER: Final = (Kept.TECHNIQUE, Kept.WATCHED, Kept.PROMISED)
# duties by who does them: the connector with the release, or its holder afterwards, who records it
DUTIES: Final[Mapping[str, Kept]] = {
    "compensate": Kept.TECHNIQUE,
    "inform": Kept.TECHNIQUE,
    "alert": Kept.TECHNIQUE,
    "logRecordSend": Kept.TECHNIQUE,
    "delete": Kept.WATCHED,
}
# what no connector does against the policy: a sub-licence is signed by the licence above it, or gets no keys
FORBIDDEN: Final[Mapping[str, Kept]] = {"grantUse": Kept.TECHNIQUE}


@dataclass(frozen=True, slots=True)
class Keeping:
    """One condition, duty or prohibition, and how far it is kept."""

    node: Condition | Duty | Rule
    kept: Kept


def keeping(policy: Policy, tier: str) -> Iterator[Keeping]:
    """Yield what a policy asks in its order, each with how far it is kept in a tier (`plain`, `kept` or `leased`)."""
    for rule in policy.permissions:
        for condition in rule.conditions:
            yield Keeping(condition, _weakest([_known(atom, tier) for atom in atoms([condition])]))
        yield from (Keeping(duty, DUTIES.get(duty.action, Kept.PROMISED)) for duty in rule.duties)
    yield from (Keeping(duty, DUTIES.get(duty.action, Kept.PROMISED)) for duty in policy.obligations)
    for rule in policy.prohibitions:
        yield Keeping(rule, _weakest([FORBIDDEN.get(action, Kept.PROMISED) for action in rule.actions]))


def _known(atom: Constraint, tier: str) -> Kept:
    return kept(atom, tier) if supplier(atom.left) else Kept.PROMISED


def _weakest(found: list[Kept]) -> Kept:
    return max(found, key=_ORDER.index, default=Kept.PROMISED)
