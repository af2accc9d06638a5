"""Duties against the facts: fulfilled, violated or unknown; and what is owed because another duty was not done in time.

The world's word on a duty goes before what its acts show.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.policy.oracle import values
from tests.policy.oracle.comparing import compare, read
from tests.policy.oracle.constraints import verdict
from tests.policy.oracle.counters import UP_TO, money
from tests.policy.oracle.facts import Facts, as_list, plain, uses
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


def owed(duty, policy, facts, permission):
    """Judge the duty, and with it its consequences once they are due."""
    done, deadline = fulfilments(duty, policy, facts, permission)
    told = facts.world.get("duties", {}).get(duty["id"])
    missed = deadline is not None and over(deadline, facts.now)
    status = told or ("fulfilled" if done else "violated" if missed else "unknown")
    late = told is None and done and deadline is not None and over(deadline, min(done))
    yield Owed(duty, status)
    if status == "violated" or late:
        for consequence in duty["consequences"]:
            yield from owed(consequence, policy, facts, permission)


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
    return "assignee" not in duty or within(facts.party, plain(duty["assignee"]), facts)


def terms(duty):
    return as_list(duty.get("constraint", []))


def within(one, other, facts):
    return values.within("party", one, other, facts.part_of)


def fulfilments(duty, policy, facts, permission):
    """When the duty was done, and until when it had to be: (instants, None or (operator, instant))."""
    # only a use of this party sets its later duties going
    trigger = None if permission is None else max(uses(facts, own=True), default=None)
    done = [act for act in facts.acts() if fulfils(act, duty, policy, facts, trigger)]
    moments = [values.instant(act["at"]) for act in done]
    if mode(duty) == "post" and trigger is not None:
        moments = [moment for moment in moments if moment >= trigger]
    return moments, until(duty, trigger)


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


def fulfils(act, duty, policy, facts, trigger):
    told = act.get("context", {})
    if not is_kind_of(action(act["action"]), action(plain(duty["action"]))) or not done_by(act, duty, facts):
        return False
    if "target" in act and not within(act["target"], plain(duty.get("target", facts.target)), facts):
        return False
    if told.get("spent") is True or plain(told.get("agreement", policy.get("@id"))) != policy.get("@id"):
        return False
    then = Facts({"id": duty["id"]}, facts.party, facts.target, told, values.instant(act["at"]), facts.world)
    return all(term_holds(term, then, trigger) is True for term in terms(duty))


def done_by(act, duty, facts):
    if "by" not in act:
        return True
    return within(act["by"], plain(duty["assignee"]), facts) if "assignee" in duty else act["by"] == facts.party


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
