"""Duties against the facts: fulfilled, violated or unknown; and what is owed because another duty was not done in time.

The world's word on a duty goes before what its acts show.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.policy.oracle import values
from tests.policy.oracle.comparing import compare, read
from tests.policy.oracle.constraints import verdict
from tests.policy.oracle.counters import UP_TO, money
from tests.policy.oracle.facts import Facts, as_list, belongs, plain, whole
from tests.policy.oracle.operands import action, is_kind_of, operand

MODE = "https://w3id.org/penstock/ns/profile#mode"
PERIODS = ("delayPeriod", "elapsedTime")
BEFORE = ("lt", "lteq", "eq")
USAGE = {"lt": "pre", "gt": "post", "gteq": "post", "eq": "ongoing"}


class Owed(NamedTuple):
    """One duty and where it stands."""

    duty: dict
    status: str

    @property
    def outstanding(self):
        """Whether it must be done before the act, and is not."""
        return mode(self.duty) == "pre" and self.status != "fulfilled"


def owed(duty, policy, facts, holders, triggers, *, follows=False):
    """Judge the duty for each thing that asks for it, and with it its consequences once they are due.

    A duty of after is asked for by each use, a remedy or consequence (`follows`) by each thing that it answers.
    """
    told = facts.world.get("duties", {}).get(duty["id"])
    asked = triggers if triggers and (follows or mode(duty) == "post") else [None]
    judged = [judge(duty, policy, facts, holders, trigger) for trigger in asked]
    statuses = [status for status, _late in judged]
    worst = next(status for status in ("violated", "unknown", "fulfilled") if status in statuses)
    yield Owed(duty, told or worst)
    missed = [trigger for trigger, (status, late) in zip(asked, judged, strict=True) if late or status == "violated"]
    if told == "violated" or (told is None and missed):
        since = [] if told else [trigger for trigger in missed if trigger is not None]
        for consequence in duty["consequences"]:
            yield from owed(consequence, policy, facts, holders, since, follows=True)


def judge(duty, policy, facts, holders, trigger):
    """Judge it from one instant on: (status, whether it was done late)."""
    done = [values.instant(act["at"]) for act in facts.acts() if fulfils(act, duty, policy, facts, holders, trigger)]
    done = [moment for moment in done if trigger is None or moment >= trigger]
    deadline = until(duty, trigger)
    if any(deadline is None or not over(deadline, moment) for moment in done):
        return "fulfilled", False
    if done:
        return "fulfilled", True
    return ("violated" if deadline is not None and over(deadline, facts.now) else "unknown"), False


def mode(duty):
    """Say when it is to be done: before the act, while it lasts, or after it."""
    if MODE in duty:
        return plain(duty[MODE])
    for term in terms(duty):
        if operand(term["leftOperand"]) == "event" and plain(term["rightOperand"]) == "policyUsage":
            return USAGE[term["operator"]]
    return "post" if any(operand(term["leftOperand"]) in PERIODS for term in terms(duty)) else "pre"


def binds(duty, facts):
    """Whether the asker is the one who owes it."""
    return "assignee" not in duty or belongs(facts.party, whole(duty["assignee"]), facts.part_of) is not False


def terms(duty):
    return as_list(duty.get("constraint", []))


def within(one, other, facts):
    return values.within("party", one, other, facts.part_of)


def until(duty, trigger):
    """The earliest deadline among the terms."""
    found = []
    for term in terms(duty):
        left, operator, right = operand(term["leftOperand"]), term["operator"], plain(term["rightOperand"])
        if left == "dateTime" and operator in ("lt", "lteq"):
            found.append((operator, values.instant(right)))
        if left in PERIODS and operator in BEFORE and trigger is not None:
            found.append((UP_TO.get(operator, operator), values.after(trigger, values.duration(right))))
    return min(found, key=lambda one: (one[1], one[0] == "lteq"), default=None)


def over(deadline, moment):
    operator, instant = deadline
    return not compare(operator, moment, [instant])


def fulfils(act, duty, policy, facts, holders, trigger):
    told = act.get("context", {})
    if not is_kind_of(action(act["action"]), action(plain(duty["action"]))) or not done_by(act, duty, facts, holders):
        return False
    if "target" in act and not within(act["target"], plain(duty.get("target", facts.target)), facts):
        return False
    if told.get("spent") is True or plain(told.get("agreement", policy.get("@id"))) != policy.get("@id"):
        return False
    then = Facts({"id": duty["id"]}, facts.party, facts.target, told, values.instant(act["at"]), facts.world)
    return all(term_holds(term, then, trigger) is True for term in terms(duty))


def done_by(act, duty, facts, holders):
    """Whether it was done by whom it binds: who is named, else the asker, or one of those the rule is for."""
    if "by" not in act:
        return True
    if "assignee" in duty:
        bound = belongs(act["by"], whole(duty["assignee"]), facts.part_of)
        # if the asker is not in it, nothing is asked of it; if it is, it has done it
        return bound is True or (bound is None and act["by"] == facts.party)
    return act["by"] == facts.party or any(within(act["by"], holder, facts) for holder in holders)


def term_holds(term, then, trigger):
    """Whether an act is what a term asks for; a deadline does not decide that, and a mode says nothing of the act."""
    left, operator, right = operand(term["leftOperand"]), term["operator"], term["rightOperand"]
    if left == "event" and plain(right) == "policyUsage":
        return True
    if (left == "dateTime" and operator in ("lt", "lteq")) or (left in PERIODS and operator in BEFORE):
        return True
    if left in PERIODS:
        return trigger and compare(operator, then.now, [values.after(trigger, values.duration(plain(right)))])
    if left == "payAmount":
        given = read("payAmount", money(then.context, term["unit"]))
        return None if given is None else compare(operator, given, [read("payAmount", one) for one in as_list(right)])
    return verdict(term, then)
