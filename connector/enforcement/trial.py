"""A policy tried on a sample request, as a connector here would decide it; nothing is counted or recorded.

Law: the sample has what a running connector is told of a use, from where it is told it
(`connector.enforcement.supply`): who asks is a member in a region, what its terms say follows from the tier, and the
rest it says itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connector.enforcement.context import PURPOSE, QUERY, SIZE, UNIT, told
from connector.enforcement.judge import PAID
from connector.enforcement.rules import in_force
from contracts.credential.proven import ACTIVE, PROVEN
from contracts.every_use import every_use
from policy.decide import decide
from policy.model import DutyMode, atoms
from policy.request import Request
from policy.vocabulary.catenax import MEMBERSHIP
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from policy.compile import Compiled
    from policy.decision import Decision
    from policy.model import Policy

PRODUCT: Final = "product"
BUYER: Final = "did:web:buyer.example"
COUNT: Final = "count"
NAMING: Final = frozenset({"@context", "@id", "@type", "uid", "target", "assigner", "assignee"})


@dataclass(frozen=True, slots=True)
class Sample:
    """Who asks for what, when: `used` uses were counted before, `size` are the bytes of this one.

    `said` is what else its asker says of it, left operand → value.
    """

    at: datetime
    by: str = BUYER
    region: str = ""
    action: str = "use"
    purpose: str = ""
    tier: str = "kept"
    used: int = 0
    size: int = 0
    said: Mapping[str, str] = field(default_factory=dict)


def tried(policy: Mapping[str, Any], sample: Sample) -> Decision:
    """Return how a policy, whoever it names, decides a sample; raises PolicyError for one that cannot be read."""
    return decide(*posed(policy, sample))


def posed(policy: Mapping[str, Any], sample: Sample) -> tuple[Compiled, Request, World]:
    """Return what a sample is decided from; raises PolicyError for a policy that cannot be read."""
    rules = {name: value for name, value in policy.items() if name not in NAMING}
    compiled = in_force(rules, PRODUCT, sample.by).compiled
    asked = {atom.left for rule in _rules(compiled.policy) for atom in atoms(rule.conditions)}
    known = {name: value for name, value in every_use(sample.tier, sample.by, {}).items() if name in asked}
    said = {PURPOSE: sample.purpose, SIZE: str(sample.size), UNIT: "byte", "spatial": sample.region}
    statement = {QUERY: sample.said[QUERY]} if QUERY in asked & sample.said.keys() else {}
    known |= {MEMBERSHIP: ACTIVE} if MEMBERSHIP in asked else {}
    # as if a credential of who asks said it
    shown = {name: sample.said[name] for name in PROVEN if name in asked & sample.said.keys()}
    context = {**told(sample.said, asked), **statement, **known, **shown, "recipient": sample.by}
    context |= {name: value for name, value in said.items() if value}
    # what a release itself does is done: the payment with it
    kept = [duty for rule in compiled.policy.permissions for duty in rule.duties] + list(compiled.policy.obligations)
    duties = {duty.id: "fulfilled" for duty in kept if duty.action in PAID and duty.mode is not DutyMode.POST}
    counters = {(rule.id, COUNT): sample.used for rule in compiled.policy.permissions} if sample.used else {}
    world = World(now=sample.at, duties=duties, counters=counters)
    return compiled, Request(sample.by, sample.action, PRODUCT, context), world


def _rules(policy: Policy) -> list[Any]:
    return [*policy.permissions, *policy.prohibitions]
