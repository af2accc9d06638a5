"""How far a provider goes: the rules that buyers may bargain for, beside those that are offered (decision 0157).

Law: (1) what is negotiable allows at least what is offered, so that whoever asks for the offer as it stands gets it.
(2) It is held against the same checks as what is offered: what nobody here can keep is not bargained about. (3) The
agreement may last until the last day that is negotiable; until when it may be used, the agreed rules say.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from catalog.roles import ROLES
from connector.negotiation.assent import ASKS
from connector.negotiation.variants import FOR, VARIANTS, WIDER
from connector.provider.rules import offered, require_offerable
from connector.runtime.errors import InvalidInput
from contracts.decimals import read_typed
from contracts.errors import ContractError
from policy.amendment import last_day, openings, wanted
from policy.compare.cells import Effort
from policy.compare.compare import implied
from policy.compare.diff import diff
from policy.compare.onward import QUESTIONS_MAX
from policy.parse import parse
from policy.regions import is_code
from policy.words.contrast import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.model import Policy

# members of a brief, and options
NEGOTIABLE: Final = "negotiable"
ASKED: Final = "askFirst"
POLICY: Final = "policy"  # of a product's limits
# what is owed for keys not yet released is a limit that the asked price sets: a dearer variant must fit below it
TIMES_MAX = 4
WHOM, WITH = "for ", " with "
CLASS_HINT: Final = "such as `for role=service: 3.00`, `for region=CN|DE with openings=3: 2.00`, `for member=DID: 1.00`"
_IS: Mapping[str, Callable[[str], bool]] = {
    "member": lambda text: text.startswith("did:"),
    "role": ROLES.__contains__,
    "region": is_code,
}
DIFFERENCES_SAID = 2


def limits(brief: Mapping[str, Any], rounds: int, currency: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the offered rules of a checked brief and within what they are bargained about.

    Raises InvalidInput, PolicyError.
    """
    rules = offered(brief, datetime.fromisoformat(brief["until"]), currency)
    within: dict[str, Any] = {"ask": str(int(brief["price"])), "floor": str(int(brief["floor"])), "rounds": rounds}
    if (text := brief.get(NEGOTIABLE)) is not None:
        widest = wanted(text, rules)
        policy = require_offerable(widest, brief, currency)
        _require_allows(policy, parse({"@type": "Offer", **rules}), "what is offered", "widen it, or offer less")
        within |= {POLICY: widest}
    if brief.get(ASKED):
        within |= {ASKS: rules}
    told = [_variant(text, rules, brief, within.get(POLICY, rules), currency) for text in brief.get(VARIANTS) or ()]
    return rules, within | ({VARIANTS: told} if told else {})


def others(within: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rules that are agreed besides those that are offered: the widest, and those of variants."""
    return [one[POLICY] for one in (within, *within.get(VARIANTS, ())) if POLICY in one]


def _variant(
    text: str, rules: Mapping[str, Any], brief: Mapping[str, Any], most: Mapping[str, Any], currency: str
) -> dict[str, Any]:
    """Return a variant of the rules and its price, typed as `RULES: PRICE` or `for CLASS with RULES: PRICE`."""
    said, _, amount = text.rpartition(":")
    if not said.strip():
        raise InvalidInput(f"`{text[:100]}` is no variant", "write it as `purpose=Teaching: 3.00`")
    named = said.strip()[:100]
    whom, said = _whom(said)
    try:
        read = read_typed(amount, "price of a variant")
    except ContractError as error:
        raise InvalidInput(str(error), f"write it as `purpose=Teaching: 3.00 {currency}`") from error
    if read.bare or read.currency not in ("", currency):
        text = f"the price of the variant `{said.strip()[:100]}` is not an amount of {currency}"
        raise InvalidInput(text, f"write it as `purpose=Teaching: 3.00 {currency}`")
    price = read.minor
    if price > TIMES_MAX * int(brief["price"]):
        raise InvalidInput(
            f"the variant `{said.strip()[:100]}` costs more than {TIMES_MAX} times the asked price",
            "ask a higher price, and make what is cheaper a variant",
        )
    if not said and price > int(brief["price"]):
        raise InvalidInput("a class of buyers pays more than the asked price", "ask that price, and others less")
    policy = wanted(said, rules) if said else dict(rules)
    told = {POLICY: policy, "ask": str(price), "floor": str(price)} | ({FOR: whom} if whom else {})
    own, all_ = require_offerable(policy, brief, currency), parse({"@type": "Offer", **most})
    # what a class may bargain for beyond all others holds all that they may: so there is one widest for each
    if whom and implied(all_, own, Effort(QUESTIONS_MAX)).holds:
        return told | {WIDER: True}
    _require_allows(
        all_, own, f"the variant `{named}`", "say it by `--negotiable`, or let it allow all that is negotiable"
    )
    return told


def _whom(said: str) -> tuple[dict[str, list[str]], str]:
    """Return for whom a variant is, and its rules: of `for role=service,region=CN|HK with openings=3`, both parts."""
    if not said.lstrip().startswith(WHOM):
        return {}, said.strip()
    classes, _, rules = said.strip().removeprefix(WHOM).partition(WITH)
    whom: dict[str, list[str]] = {}
    for part in classes.split(","):
        name, _, told = part.strip().partition("=")
        values = [one.strip() for one in told.split("|")]
        if name not in _IS or name in whom or not all(_IS[name](one) for one in values):
            raise InvalidInput(f"`{part.strip()[:100]}` is no class of buyers", CLASS_HINT)
        whom[name] = values
    return whom, rules.strip()


def _require_allows(most: Policy, one: Policy, whose: str, hint: str) -> None:
    """Raise InvalidInput unless what is negotiable surely allows all that `one` does."""
    told = implied(one, most, Effort(QUESTIONS_MAX))
    if told.holds is None:
        raise InvalidInput(
            f"nobody can tell whether what is negotiable allows {whose}: {told.reason}",
            "leave out what cannot be compared",
        )
    if not told.holds:
        said = " ".join(differences(diff(one, most))[:DIFFERENCES_SAID])
        raise InvalidInput(f"what is negotiable does not allow {whose}: {said}", hint)


def widest(brief: Mapping[str, Any], within: Mapping[str, Any]) -> dict[str, Any]:
    """Return a brief with the last day and the most openings that an agreement about it may have."""
    told = dict(brief)
    wider = [one[POLICY] for one in within.get(VARIANTS, ()) if one.get(WIDER)]
    for rules in (*([within[POLICY]] if POLICY in within else []), *wider):
        last, many = last_day(rules), openings(rules)
        if last is not None and last > datetime.fromisoformat(told["until"]):
            told["until"] = last.isoformat()
        if told.get("openings"):
            told["openings"] = None if many is None else max(many, told["openings"])
    return told
