"""A use that somebody has in mind, and whether an offer would permit it: its policy, asked as when keys are released.

It is asked for nobody in particular, with the purpose and the place that are told, and with nothing used so far; what
must be done first (a payment) is no obstacle. So the answer is what an honest buyer may expect, and binds nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.codes import TIERS
from catalog.errors import CatalogError
from policy import regions
from policy.compile import compile_policy
from policy.decide import decide
from policy.decision import Outcome
from policy.errors import PolicyError
from policy.model import atoms
from policy.parse import parse
from policy.purposes import resolve
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from policy.model import Policy

ANYBODY = "urn:penstock:anybody"
PLACE = "spatial"
PLACES_TRIED_MAX = 32  # each is a decision of its own


@dataclass(frozen=True, slots=True)
class Use:
    """`purpose` is an IRI of the scheme, `place` a region in its one form, empty if it is left open."""

    purpose: str
    place: str

    def permitted(self, policy: Mapping[str, Any], product: str, tier: str, now: datetime) -> tuple[bool, str]:
        """Return whether the rules of an offer permit it, and why not, in one sentence.

        A place that is left open is any that the rules let: who names none can use it there.
        """
        context, why = {"purpose": self.purpose}, ""
        try:
            read = parse({"@type": "Set", **policy, "target": product})
            compiled = compile_policy(read)
            for place in [self.place] if self.place else _places(read):
                told = context | ({"spatial": place} if place else {})
                decision = decide(compiled, Request(ANYBODY, TIERS[tier].action, product, told), World(now))
                if decision.outcome in (Outcome.ALLOW, Outcome.CONDITIONAL):
                    return True, ""
                why = why or "; ".join(reason.text for reason in decision.reasons[:2])
        except PolicyError as error:
            return False, str(error)
        return False, why


def _places(policy: Policy) -> list[str]:
    """Return places one of which will do if any does: none, those that the rules name, and one that they do not."""
    rules = (*policy.permissions, *policy.prohibitions)
    found = [atom for rule in rules for atom in atoms(rule.conditions) if atom.left == PLACE]
    named = list(dict.fromkeys(str(value) for atom in found for value in atom.right))[:PLACES_TRIED_MAX]
    if not named:
        return [""]
    near = frozenset().union(*(regions.line(place) for place in named if regions.is_code(place)))
    other = next(place for place in sorted(regions.COUNTRIES) if place not in near)
    return ["", *named, other]


def use(purpose: str, place: str) -> Use | None:
    """Read a purpose (IRI, name or label) and a region; None without a purpose, CatalogError for what is neither."""
    if place and not regions.is_code(place):
        raise CatalogError(f"unknown region `{place[:40]}`", path="place", hint="ISO 3166 or GB/T 2260")
    if not purpose:
        return None
    try:
        return Use(resolve(purpose), regions.canonical(place) if place else "")
    except PolicyError as error:
        raise CatalogError(str(error), path="purpose") from error
