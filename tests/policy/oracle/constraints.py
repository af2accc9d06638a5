"""A constraint of a document against the facts: True, False, or None when it cannot be known."""

from __future__ import annotations

from tests.policy.oracle import values
from tests.policy.oracle.comparing import all_of, compared, exactly_one_of, one_of, placed
from tests.policy.oracle.counters import COUNTS
from tests.policy.oracle.facts import as_list, plain
from tests.policy.oracle.operands import COUNTED, operand

LOGICAL = ("and", "or", "xone", "andSequence")


def verdict(condition, facts):
    """Judge a constraint or a logical constraint."""
    for operator in LOGICAL:
        if operator in condition:
            return logical(operator, condition[operator], facts)
    left = operand(condition["leftOperand"])
    if left == "unitOfCount":
        return True
    if left == "event":
        return event(condition, facts)
    if left in COUNTED:
        return None if facts.world.get("counters", {}) is None else COUNTS[left](condition, facts)
    given = facts.now if left in ("dateTime", "timeWindow") else facts.context.get(left)
    return compared(left, condition["operator"], given, condition["rightOperand"], facts)


def logical(operator, parts, facts):
    if operator == "andSequence":
        return in_sequence(parts, facts)
    judge = {"and": all_of, "or": one_of, "xone": exactly_one_of}[operator]
    return judge([verdict(part, facts) for part in parts])


def in_sequence(parts, facts):
    moments = [satisfied_at(part, facts) for part in parts]
    if not all(moments):
        return all_of([True if found else verdict(part, facts) for part, found in zip(parts, moments, strict=True)])
    if in_order(moments):
        return True
    # a part of which the request says nothing may hold now
    unsaid = [verdict(part, facts) is None for part in parts]
    maybe = [[*found, facts.now] if one else found for found, one in zip(moments, unsaid, strict=True)]
    return None if in_order(maybe) else False


def in_order(moments):
    reached = min(moments[0])
    for found in moments[1:]:
        later = [moment for moment in found if moment >= reached]
        if not later:
            return False
        reached = min(later)
    return True


def satisfied_at(part, facts):
    """Every instant at which a part held: by acts of this party on this target, and now."""
    own = [act for act in facts.acts() if act.get("by", facts.party) == facts.party]
    own = [act for act in own if act.get("target", facts.target) == facts.target]
    held = [values.instant(act["at"]) for act in own if verdict(part, facts.at_the_time_of(act)) is True]
    return [*held, facts.now] if verdict(part, facts) is True else held


def event(condition, facts):
    operator, right = condition["operator"], condition["rightOperand"]
    if operator not in ("lt", "lteq", "gt", "gteq"):
        return placed("event", operator, facts.context.get("event"), right, facts.part_of)
    name = plain(right)
    happened = any(name in [act["action"], *events(act)] for act in facts.acts())
    return happened == (operator in ("gt", "gteq"))


def events(act):
    return [plain(one) for one in as_list(act.get("context", {}).get("event", []))]
