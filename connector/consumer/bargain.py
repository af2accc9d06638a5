"""What a buyer asks for of an offer's rules, and the least that it takes (decision 0157).

Law: what is needed lies within what is preferred, and both can be kept here; a mandate that says neither asks for the
offer as it stands and takes nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.enforcement import supply
from connector.negotiation.protocol import offers
from connector.runtime.errors import InvalidInput
from policy.amendment import wanted
from policy.compare.cells import Effort
from policy.compare.compare import implied
from policy.compare.diff import diff
from policy.compare.meet import nearest
from policy.compare.onward import QUESTIONS_MAX
from policy.parse import parse
from policy.words.contrast import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.canonical import JsonObject
    from policy.model import Policy

NEED, PREFER = "need", "prefer"  # members of a mandate
POLICY: Final = "policy"  # of a negotiation's mandate: the least
DIFFERENCES_SAID = 2


def bargained(offer: JsonObject, mandate: Mapping[str, Any]) -> tuple[JsonObject, JsonObject]:
    """Return an offer under the rules that a mandate prefers, and what its negotiation must hold to.

    Raises InvalidInput, PolicyError for rules that make no bargain.
    """
    need, prefer = mandate.get(NEED), mandate.get(PREFER)
    if need is None and prefer is None:
        return offer, {}
    proposal = offers.read(offer)
    if proposal.terms is None or proposal.target is None:
        text = "the offer has no terms of ours, and its rules cannot be bargained over"
        raise InvalidInput(text, "leave out `--need` and `--prefer`")
    listed = proposal.policy
    least = None if need is None else wanted(need, listed)
    first = _first(least, listed) if prefer is None else wanted(prefer, listed)
    if least is None:
        least = _least(first, listed)
    for rules in (least, first):
        supply.require(_read(rules))
    _require_within(least, first)
    under = offers.offer(proposal.target, first, proposal.terms, target=proposal.target)
    return under | {"@id": offer["@id"]}, {POLICY: least}


def _first(least: JsonObject | None, listed: JsonObject) -> JsonObject:
    """Return what is asked for where nothing is preferred: the offer as it stands where that is enough."""
    assert least is not None, "who prefers nothing needs something"
    enough = implied(_read(least), _read(listed), Effort(QUESTIONS_MAX)).holds
    return listed if enough else least


def _least(first: JsonObject, listed: JsonObject) -> JsonObject:
    """Return what is needed where only a preference was said: what of it the offer gives as it stands, or all."""
    common = nearest(_read(first), _read(listed), Effort(QUESTIONS_MAX))
    return first if common is None else offers.rules(common)


def _require_within(least: JsonObject, first: JsonObject) -> None:
    told = implied(_read(least), _read(first), Effort(QUESTIONS_MAX))
    if told.holds is None:
        raise InvalidInput(f"nobody can tell whether `prefer` allows what you `need`: {told.reason}", "say one of them")
    if not told.holds:
        said = " ".join(differences(diff(_read(least), _read(first)))[:DIFFERENCES_SAID])
        raise InvalidInput(f"what you prefer does not allow what you need: {said}", "prefer more, or need less")


def _read(rules: Mapping[str, Any]) -> Policy:
    return parse({"@type": "Offer", **rules})
