"""What a constraint can ask about: who asks for what, with which context, when, and what the world says.

To judge an act that was done, put its context and its time in place of the request's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

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
    """Whether a rule is about an act, by its action, its party, its target; None where nobody can say."""
    inside = lambda one, other: values.within("term", one, other, part_of)  # noqa: E731 -- one line says it
    if not any(is_kind_of(action(act_action), wider) for wider in rule["actions"]):
        return False
    by = any_of([belongs(party, one, part_of) for one in rule["assignees"]] or [True])
    on = any_of([belongs(target, one, part_of) for one in rule["targets"]] or [True])
    if rule["kind"] == "prohibition" and any(inside(one, target) for each in rule["targets"] for one in each.names):
        on = True  # doing it to the whole touches the part
    return False if False in (by, on) else None if None in (by, on) else True


def any_of(verdicts):
    return True if True in verdicts else None if None in verdicts else False


def strict(rule, verdict):
    """Whether a rule acts on what may be so: to permit it must be so, to prohibit it is enough that it may."""
    return verdict is not False if rule["kind"] == "prohibition" else verdict is True


class Whole(NamedTuple):
    """What a rule names as one party or asset: all its names, and whether it is said to have members."""

    names: list
    collection: bool


def whole(written):
    """Read one party or asset as the document has it."""
    if not isinstance(written, dict):
        return Whole([written], collection=False)
    names = [plain(written[key]) for key in ("uid", "@id", "source") if key in written]
    many = "source" in written or "PartyCollection" in str(written.get("@type"))
    return Whole(names, many or "AssetCollection" in str(written.get("@type")))


def belongs(one, of, part_of):
    """Whether one is it, or in it; None for a collection that nobody has heard of."""
    if any(values.within("term", one, name, part_of) for name in of.names):
        return True
    heard = {*part_of, *(group for groups in part_of.values() for group in groups)}
    return None if of.collection and not heard & set(of.names) else False


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
        and strict(
            facts.rule,
            covers(
                facts.rule, act["action"], act.get("by", facts.party), act.get("target", facts.target), facts.part_of
            ),
        )
    ]
