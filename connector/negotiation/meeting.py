"""The rules a peer offers, against those of our mandate: a provider's template, or the least that a buyer needs.

A provider takes rules that lie within its template as they are, since whoever asks for less may have less; for others
there are the nearest that do. A buyer takes rules that allow all it needs, and for no more duties. Rules that
contradict themselves, or have nothing in common with ours, are refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from connector.enforcement import supply
from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol import offers
from connector.runtime.limits import REASON_CHARACTERS_MAX
from policy.compare.cells import Effort
from policy.compare.check import check
from policy.compare.compare import implied
from policy.compare.diff import diff
from policy.compare.findings import Level
from policy.compare.meet import nearest
from policy.errors import PolicyError
from policy.parse import parse
from policy.words.contrast import differences, finding

if TYPE_CHECKING:
    from typing import Any

    from connector.negotiation.protocol.messages import Document
    from policy.model import Policy

# A peer waits, and so does everybody behind it: a tenth of a second or two of comparing, and rules that a person reads.
QUESTIONS_MAX = 20_000
RULES_MAX = 12
DIFFERENCES_SAID = 2


class ShortError(DeclinedError):
    """What is offered does not allow what we need."""


class Met(NamedTuple):
    """The rules to go on with; `within` when they are those that were offered."""

    rules: Document
    within: bool


def meet(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Met:
    """Find the rules within ours that are nearest to theirs; `DeclinedError` says why there are none."""
    effort = Effort(QUESTIONS_MAX)
    template, offered = _read("our", ours), _sound(theirs, effort)
    _require_kept(offered)
    if implied(offered, template, effort).holds:
        return Met(dict(theirs), within=True)
    met = nearest(offered, template, effort)
    if met is None:
        raise _refusal("nothing it asks for lies within ours", template, offered)
    return Met(offers.rules(met), within=False)


def suffice(needed: Mapping[str, Any], theirs: Mapping[str, Any]) -> Met:
    """Take their rules where they allow all that is needed; `DeclinedError` says what is missing."""
    effort = Effort(QUESTIONS_MAX)
    least, offered = _read("our", needed), _sound(theirs, effort)
    if not implied(least, offered, effort).holds:
        raise ShortError(_refusal("it does not allow what we need", least, offered).args[0])
    return Met(dict(theirs), within=True)


def _sound(rules: Mapping[str, Any], effort: Effort) -> Policy:
    """Read the offer's rules; `DeclinedError` for too many, and for such as nobody should sign."""
    offered = _read("the offer's", rules)
    if len(offered.permissions) + len(offered.prohibitions) > RULES_MAX:
        raise DeclinedError(f"the offer has more than {RULES_MAX} rules; only shorter ones are bargained about")
    for found in check([offered], effort):
        if found.level is Level.ERROR:
            raise DeclinedError(f"the offer's rules at `{found.path}` contradict themselves: {finding(found)[0]}")
    return offered


def _require_kept(offered: Policy) -> None:
    """Raise DeclinedError for rules that nobody here can say anything of: each use under them would be refused."""
    try:
        supply.require(offered)
    except PolicyError as error:
        raise DeclinedError(
            f"the offer changes `policy`, and it could not be kept: {error}"[:REASON_CHARACTERS_MAX]
        ) from error


def _refusal(why: str, ours: Policy, offered: Policy) -> DeclinedError:
    said = " ".join(differences(diff(ours, offered))[:DIFFERENCES_SAID])
    return DeclinedError(f"the offer changes `policy`, and {why}: {said}"[:REASON_CHARACTERS_MAX])


def _read(whose: str, rules: object) -> Policy:
    try:
        return parse({"@type": "Offer", **rules} if isinstance(rules, Mapping) else rules)
    except PolicyError as error:
        raise DeclinedError(f"{whose} rules cannot be read: {error}") from error
