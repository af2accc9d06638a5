"""What a product costs under other rules than those offered: a tariff by variants of the rules (decision 0157).

Law: rules cost what the cheapest variant costs that allows all of them; the offered rules are one, at the asked price.
What no variant covers costs the asked price, and what nobody can compare the dearest there is. The price of a variant
is fixed: its floor is its price. A mandate has them as

    "variants": [{"policy": {…}, "ask": "300", "floor": "300"}, …]

A variant may be for some alone, by what the space knows of them: `"for": {"role": ["service"]}`. To all others it is
not there. One that allows all that is negotiable, and more (`"wider": true`), is how far these may bargain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.store.table_row import replace
from policy.compare.cells import Effort
from policy.compare.compare import implied
from policy.errors import PolicyError
from policy.parse import parse
from policy.regions import canonical, line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.store.rows.protocol import NegotiationRow

VARIANTS: Final = "variants"
# what the space knows of who asks, by which a variant may be for some alone
FOR, REGION = "for", "region"
# a variant whose rules are all that those whom it is for may bargain about
WIDER: Final = "wider"
# a message of a peer is compared with each of them while others wait
VARIANTS_MAX = 8
QUESTIONS_MAX = 20_000


def begun(limits: Mapping[str, Any], rules: Mapping[str, Any], asker: Mapping[str, str]) -> dict[str, Any]:
    """Return the limits of a product with the offered rules among those variants that are for `asker`, if it has any.

    `asker` is what the space knows of it: `member` (its DID), `role`, `region`; empty of a stranger.
    """
    if not limits.get(VARIANTS):
        return dict(limits)
    own = {"policy": dict(rules), "ask": limits["ask"], "floor": limits["floor"]}
    mine = [one for one in limits[VARIANTS] if _is_for(one, asker)]
    wider = next((one["policy"] for one in mine if one.get(WIDER)), None)
    most = {} if wider is None else {"policy": wider}
    return {**limits, **most, VARIANTS: [own, *map(_without, mine)]}


def _is_for(variant: Mapping[str, Any], asker: Mapping[str, str]) -> bool:
    return all(_lies(asker.get(name, ""), name, told) for name, told in variant.get(FOR, {}).items())


def _lies(known: str, name: str, told: Sequence[str]) -> bool:
    """Say whether what is known of an asker is one of what is told, or lies in a region that is."""
    places = {canonical(one) for one in told} & line(known) if name == REGION and known else ()
    return known in told or bool(places)


def _without(variant: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variant.items() if name not in (FOR, WIDER)}


def priced(row: NegotiationRow) -> NegotiationRow:
    """Return a provider's negotiation with the price of the rules on its table as what it asks for."""
    mandate, table = row.mandate or {}, row.terms
    if not mandate.get(VARIANTS) or table is None:
        return row
    one = _covering(mandate, table["policy"])
    if (one["ask"], one["floor"]) == (mandate["ask"], mandate["floor"]):
        return row
    return replace(row, mandate={**mandate, "ask": one["ask"], "floor": one["floor"]}, own_price=int(one["ask"]))


def overpaid(row: NegotiationRow) -> bool:
    """Say whether a peer bids more than the rules on the table cost, and there is a round left to say so."""
    mandate = row.mandate or {}
    if not mandate.get(VARIANTS) or row.their_price is None:
        return False
    return row.their_price > int(mandate["ask"]) and row.rounds < int(mandate["rounds"])


def _covering(mandate: Mapping[str, Any], rules: Mapping[str, Any]) -> Mapping[str, Any]:
    effort, variants = Effort(QUESTIONS_MAX), mandate[VARIANTS]
    wanted = parse({"@type": "Offer", **rules})
    told = [(one, _covers(one["policy"], wanted, effort)) for one in variants]
    if covering := [one for one, covers in told if covers]:
        return min(covering, key=lambda one: int(one["ask"]))
    untold = any(covers is None for _, covers in told)
    own: Mapping[str, Any] = max(variants, key=lambda one: int(one["ask"])) if untold else variants[0]
    return own


def _covers(policy: Mapping[str, Any], wanted: Any, effort: Effort) -> bool | None:
    try:
        return implied(wanted, parse({"@type": "Offer", **policy}), effort).holds
    except PolicyError:
        return None
