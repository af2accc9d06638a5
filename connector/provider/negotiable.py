"""How far a provider goes: the rules that buyers may bargain for, beside those that are offered (decision 0157).

Law: (1) what is negotiable allows at least what is offered, so that whoever asks for the offer as it stands gets it.
(2) It is held against the same checks as what is offered: what nobody here can keep is not bargained about. (3) The
agreement may last until the last day that is negotiable; until when it may be used, the agreed rules say.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from connector.provider.rules import offered, require_offerable
from connector.runtime.errors import InvalidInput
from policy.amendment import last_day, openings, wanted
from policy.compare.cells import Effort
from policy.compare.compare import implied
from policy.compare.diff import diff
from policy.compare.onward import QUESTIONS_MAX
from policy.parse import parse
from policy.words.contrast import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

NEGOTIABLE: Final = "negotiable"  # a brief's member, and the option
POLICY: Final = "policy"  # of a product's limits
DIFFERENCES_SAID = 2


def limits(brief: Mapping[str, Any], rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the offered rules of a checked brief and within what they are bargained about; raises InvalidInput."""
    rules = offered(brief, datetime.fromisoformat(brief["until"]))
    within = {"ask": str(int(brief["price"])), "floor": str(int(brief["floor"])), "rounds": rounds}
    if (text := brief.get(NEGOTIABLE)) is None:
        return rules, within
    widest = wanted(text, rules)
    policy = require_offerable(widest, brief["tier"])
    own = parse({"@type": "Offer", **rules})
    told = implied(own, policy, Effort(QUESTIONS_MAX))
    if told.holds is None:
        hint = "leave out what cannot be compared, or make what is offered its own limit"
        raise InvalidInput(f"nobody can tell whether what is negotiable allows what is offered: {told.reason}", hint)
    if not told.holds:
        said = " ".join(differences(diff(own, policy))[:DIFFERENCES_SAID])
        raise InvalidInput(f"what is negotiable does not allow what is offered: {said}", "widen it, or offer less")
    return rules, within | {POLICY: widest}


def widest(brief: Mapping[str, Any], within: Mapping[str, Any]) -> dict[str, Any]:
    """Return a brief with the last day and the most openings that an agreement about it may have."""
    rules = within.get(POLICY)
    if rules is None:
        return dict(brief)
    last, many = last_day(rules), openings(rules)
    told = dict(brief)
    if last is not None and last > datetime.fromisoformat(brief["until"]):
        told["until"] = last.isoformat()
    if brief.get("openings"):
        told["openings"] = None if many is None else max(many, brief["openings"])
    return told
