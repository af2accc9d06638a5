"""Writing the usual rules of an offer: use for a purpose, in a region, until a day, so many times, not passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.parse import parse
from policy.purposes import resolve
from policy.values import show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Passing on, each by its own action: a sub-licence and a copy lie below `use`, selling and giving below `transfer`.
ONWARD = ("distribute", "grantUse", "transfer")


def offer_rules(
    *,
    purpose: str,
    until: datetime,
    region: str | None,
    openings: int | None = None,
    recipients: Sequence[str] = (),
    onward: bool = False,
    price: tuple[str, str] | None = None,
    action: str = "use",
) -> dict[str, object]:
    """Build `{"permission": […], "prohibition"?: […], "conflict"?: "prohibit"}` for a DSP offer or agreement.

    `purpose` is an IRI, name or label of the scheme, `until` an aware instant (the last one allowed), `region` an ISO
    3166 code or IRI (None: anywhere, also where nobody knows), `openings` the number of uses allowed, `price` (decimal
    text, unit) a duty to compensate before use. Raises PolicyError when what comes out would not parse.
    """
    if until.utcoffset() is None:
        raise PolicyError("no-time-zone", "", "`until` has no time zone", "pass an aware datetime")
    constraints = [
        _atom("purpose", "isA", resolve(purpose)),
        _atom("dateTime", "lteq", show(until)),
    ]
    if region is not None:
        constraints.append(_atom("spatial", "isPartOf", region))
    if recipients:
        constraints.append(_atom("recipient", "isAnyOf", list(recipients)))
    if openings is not None:
        constraints.append(_atom("count", "lteq", str(openings)))
    permission: dict[str, object] = {"action": action, "constraint": constraints}
    if price is not None:
        permission["duty"] = [_compensate(*price)]
    rules: dict[str, object] = {"permission": [permission]}
    if not onward:
        # without it ODRL voids a policy in which a permission to use meets a prohibition to pass on
        rules["conflict"] = "prohibit"
        rules["prohibition"] = [{"action": passing} for passing in ONWARD]
    parse({"@type": "Offer", **rules})
    return rules


def _atom(left: str, operator: str, right: str | list[str]) -> dict[str, object]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _compensate(amount: str, unit: str) -> dict[str, object]:
    return {"action": "compensate", "constraint": [{**_atom("payAmount", "eq", amount), "unit": unit}]}
