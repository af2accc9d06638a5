"""Passing on: the rules of a sub-licence out of those above it, and whether those above let it be granted.

Law: what a child may do must lie within what its parent's holder may do, and all of it must be something that the
parent lets its holder grant (`grantUse`) to this child. Both are proved by comparing; what cannot be told is refused.
A child's own rules forbid to pass it on, unless it is said that they do not. Of what is made out of licensed data the
same is asked where the licence stays with it, and always whether it may be made at all (`derive`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy.compare.compare import Implication, implied
from policy.compare.document import write
from policy.model import Conflict, Constraint, Policy, Rule, RuleKind
from policy.offer import ONWARD
from policy.vocabulary.actions import upwards

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from policy.compare.cells import Effort
    from policy.model import Condition

DERIVE, GRANT = "derive", "grantUse"
RECIPIENT = "recipient"
# of one comparison, in the transaction of a message: some ten milliseconds; an audit asks no more
QUESTIONS_MAX = 20_000
_UNTIL = frozenset({"lt", "lteq"})


@dataclass(frozen=True, slots=True)
class Narrower:
    """What a holder asks of a sub-licence: its end (aware), a purpose (IRI; None: as above), may it be passed on."""

    until: datetime
    purpose: str | None
    onward: bool


def derive(above: Policy, asked: Narrower) -> dict[str, object]:
    """Write the rules above with the end, and perhaps the purpose, that are asked; nothing is compared here."""
    made = replace(above, permissions=tuple(_derived(rule, asked) for rule in above.permissions))
    if not asked.onward:
        barred = tuple(Rule(f"onward-{name}", "", RuleKind.PROHIBITION, (name,)) for name in ONWARD)
        kept = tuple(rule for rule in above.prohibitions if rule.actions not in {one.actions for one in barred})
        made = replace(made, prohibitions=(*kept, *barred), conflict=Conflict.PROHIBIT)
    return write(made, anonymous=True)


def may_derive(above: Policy, effort: Effort | None = None) -> bool:
    """Say whether there is a case in which a holder of `above` may make something out of the data."""
    allowing = [rule for rule in above.permissions if not set(rule.actions).isdisjoint(upwards(DERIVE))]
    wish = replace(above, permissions=tuple(replace(rule, actions=(DERIVE,)) for rule in allowing))
    return implied(wish, replace(wish, permissions=()), effort).holds is False


def exceeds(child: Policy, above: Policy, party: str | None, effort: Effort | None = None) -> Implication | None:
    """Return what shows that `above` does not let its holder pass `child` on to `party`, None when it does.

    Without a party: to whomever the child's own rules name.
    """
    if implied(_for(child, party), replace(child, permissions=()), effort).holds is not False:
        return Implication(holds=None, reason="it would allow nothing")
    for wanted in (_for(child, party), _granting(child, party)):
        found = implied(wanted, above, effort)
        if found.holds is not True:
            return found
    return None


def _derived(rule: Rule, asked: Narrower) -> Rule:
    own: list[Condition] = [_atom("dateTime", "lteq", asked.until)]
    if asked.purpose is not None:
        own.append(_atom("purpose", "isA", asked.purpose))
    return replace(rule, constraints=(*_other(rule.constraints, asked), *own))


def _other(conditions: Iterable[Condition], asked: Narrower) -> list[Condition]:
    """Leave out what the holder says anew."""
    anew = {"dateTime"} | ({"purpose"} if asked.purpose is not None else set())
    return [one for one in conditions if not (isinstance(one, Constraint) and one.left in anew and _ends(one))]


def _ends(one: Constraint) -> bool:
    return one.left != "dateTime" or one.operator in _UNTIL


def _for(child: Policy, party: str | None) -> Policy:
    """Return what the child allows, to the one that it is for: whoever else its rules name is another's question."""
    if party is None:
        return child
    return replace(child, permissions=tuple(_given(rule, party) for rule in child.permissions))


def _given(rule: Rule, party: str) -> Rule:
    other = [one for one in rule.constraints if not (isinstance(one, Constraint) and one.left == RECIPIENT)]
    return replace(rule, constraints=(*other, _atom(RECIPIENT, "isAnyOf", party)))


def _granting(child: Policy, party: str | None) -> Policy:
    """Return the wish to grant, to the party, whatever the child allows."""
    granted = _for(child, party)
    permissions = tuple(replace(rule, actions=(GRANT,)) for rule in granted.permissions)
    return replace(granted, permissions=permissions, prohibitions=(), conflict=Conflict.INVALID)


def _atom(left: str, operator: str, value: datetime | str) -> Constraint:
    return Constraint(f"{left}-{operator}", f"/{left}", left, operator, (value,))
