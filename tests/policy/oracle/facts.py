"""What a constraint can ask about: who asks for what, with which context, when, and what the world says.

To judge an act that was done, put its context and its time in place of the request's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.policy.oracle import values
from tests.policy.oracle.operands import ACTIONS, action, is_kind_of


@dataclass(frozen=True)
class Facts:
    """One request in one world, seen from one rule."""

    rule: dict
    party: str
    target: str
    context: dict
    now: object
    world: dict

    @property
    def part_of(self):
        return self.world.get("partOf", {})

    def acts(self):
        """Everything done until now, in the order it was done."""
        done = [act for act in self.world.get("performed", []) if values.instant(act["at"]) <= self.now]
        return sorted(done, key=lambda act: values.instant(act["at"]))

    def at_the_time_of(self, act):
        return replace(self, context=act.get("context", {}), now=values.instant(act["at"]))


def as_list(value):
    return value if isinstance(value, list) else [value]


def plain(value):
    """Take the text out of a value as JSON writes it; None when there is none."""
    if isinstance(value, dict):
        value = value.get("@value", value.get("@id"))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def covers(rule, act_action, party, target, part_of):
    """Whether a rule is about an act: its action, its party, its target."""
    inside = lambda one, other: values.within("term", one, other, part_of)  # noqa: E731 -- one line says it
    if not any(is_kind_of(action(act_action), wider) for wider in rule["actions"]):
        return False
    if rule["assignees"] and not any(inside(party, one) for one in rule["assignees"]):
        return False
    if not rule["targets"] or any(inside(target, one) for one in rule["targets"]):
        return True
    # doing it to the whole touches the part
    return rule["kind"] == "prohibition" and any(inside(one, target) for one in rule["targets"])


def beside(rule, act):
    """Whether an act is what a duty of the rule asks for: to pay for a use, or to delete after it, is no use."""
    asked = [action(plain(duty["action"])) for duty in all_duties([*rule["duties"], *rule["remedies"]])]
    return any(is_kind_of(action(act["action"]), one) for one in asked) and action(act["action"]) not in rule["actions"]


def all_duties(duties):
    return [each for duty in duties for each in [duty, *all_duties(duty["consequences"])]]


def uses(facts, *, own):
    """The instants at which the rule was exercised: by everybody it is for, or by this party alone."""
    return [
        values.instant(act["at"])
        for act in facts.acts()
        if (not own or act.get("by", facts.party) == facts.party)
        and action(act["action"]) in ACTIONS
        and not beside(facts.rule, act)
        and covers(
            facts.rule, act["action"], act.get("by", facts.party), act.get("target", facts.target), facts.part_of
        )
    ]
