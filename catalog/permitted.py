"""Whether an offer would permit a use: its policy, asked as it will be when keys are released.

It is asked for nobody in particular, with the purpose and the place that are told, and with nothing used so far; what
must be done first (a payment) is no obstacle. So the answer is what an honest buyer may expect, and binds nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.codes import TIERS
from policy.compile import compile_policy
from policy.decide import decide
from policy.decision import Outcome
from policy.errors import PolicyError
from policy.parse import parse
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ANYBODY = "urn:penstock:anybody"


def permitted(
    policy: Mapping[str, Any], product: str, tier: str, *, purpose: str, place: str, now: datetime
) -> tuple[bool, str]:
    """Return whether the rules of an offer permit the use, and why not, in one sentence."""
    context = {"purpose": purpose} | ({"spatial": place} if place else {})
    try:
        compiled = compile_policy(parse({"@type": "Set", **policy, "target": product}))
        decision = decide(compiled, Request(ANYBODY, TIERS[tier].action, product, context), World(now))
    except PolicyError as error:
        return False, str(error)
    if decision.outcome in (Outcome.ALLOW, Outcome.CONDITIONAL):
        return True, ""
    return False, "; ".join(reason.text for reason in decision.reasons[:2])
