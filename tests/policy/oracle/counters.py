"""Constraints on what is counted: by the world's counter of the rule, or else by the acts that were done."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from tests.policy.oracle import values
from tests.policy.oracle.comparing import compare, read
from tests.policy.oracle.facts import as_list, plain, uses
from tests.policy.oracle.operands import operand


def counter(condition, facts):
    """What the world has counted for this rule: None when it has not."""
    return facts.world.get("counters", {}).get(facts.rule["id"], {}).get(operand(condition["leftOperand"]))


def used(facts):
    """The uses that are counted: of everybody under the agreement, unless a constraint beside says for each apart."""
    beside = [one for _name, one in facts.rule["conditions"] if one.get("leftOperand") == "unitOfCount"]
    shared = all(plain(one["rightOperand"]) in ("agreement", "organisation") for one in beside)
    return uses(facts, own=not shared)


def count(condition, facts):
    counted = counter(condition, facts)
    taken = len(used(facts)) if counted is None else int(counted)
    return compare(condition["operator"], taken + 1, [int(plain(condition["rightOperand"]))])


def total(condition, facts):
    """What was taken and what is asked for, together; unknown when neither is said."""
    left = operand(condition["leftOperand"])
    taken, asked = counter(condition, facts), facts.context.get(left)
    if taken is None and asked is None:
        return None
    parts = [Fraction(0) if one is None else read(left, one) for one in (taken, asked)]
    if None in parts:
        return None
    return compare(condition["operator"], sum(parts), [read(left, one) for one in as_list(condition["rightOperand"])])


def paid(condition, facts):
    """What was paid: counted, or told by the request in the same currency."""
    counted = counter(condition, facts)
    value = read("payAmount", counted if counted is not None else money(facts.context, condition["unit"]))
    return None if value is None else compare(
        condition["operator"], value, [read("payAmount", one) for one in as_list(condition["rightOperand"])]
    )  # fmt: skip


def money(context, unit):
    """Give the amount of a context, when it is in the currency."""
    told = context.get("payAmount")
    currency = told.get("unit", context.get("unit")) if isinstance(told, dict) else context.get("unit")
    return told if currency is not None and plain(currency) == plain(unit) else None


def metered(condition, facts):
    counted = plain(counter(condition, facts) or "0")
    used = values.number(counted) if values.duration(counted) is None else values.duration(counted).seconds
    limit = values.duration(plain(condition["rightOperand"])).seconds
    return None if used is None else compare(UP_TO.get(condition["operator"], condition["operator"]), used, [limit])


UP_TO, FROM_ON = {"eq": "lteq"}, {"eq": "gteq"}


def since(condition, facts, start, sense):
    """Compare the time from an instant until now with a duration; None when there is no instant."""
    if start is None:
        return None
    bound = values.after(start, values.duration(plain(condition["rightOperand"])))
    return compare(sense.get(condition["operator"], condition["operator"]), facts.now, [bound])


def start(condition, facts):
    """Read a counter that tells an instant, or how long ago it was."""
    counted = counter(condition, facts)
    if counted is None:
        return None
    ago = values.duration(plain(counted))
    return values.instant(plain(counted)) if ago is None else facts.now - timedelta(seconds=float(ago.seconds))


def elapsed(condition, facts):
    moments = used(facts)
    first = start(condition, facts) or min(moments, default=facts.now)
    return since(condition, facts, first, UP_TO)


def interval(condition, facts):
    moments = used(facts)
    last = start(condition, facts) or max(moments, default=None)
    return condition["operator"] in ("eq", "gt", "gteq") if last is None else since(condition, facts, last, FROM_ON)


def delay(condition, facts):
    return since(condition, facts, start(condition, facts), FROM_ON)


def frequency(condition, facts):
    limit, period, fixed = values.rate(plain(condition["rightOperand"]))
    counted = counter(condition, facts)
    if counted is None or isinstance(counted, list):
        moments = used(facts) if counted is None else [values.instant(moment) for moment in counted]
        opens = facts.now - (facts.now - values.EPOCH) % period if fixed else facts.now - period
        inside = [moment for moment in moments if opens < moment <= facts.now or (fixed and moment == opens)]
        counted = len(inside)
    return compare(condition["operator"], int(counted) + 1, [limit])


COUNTS = {
    "count": count,
    "absoluteSize": total,
    "relativeSize": total,
    "percentage": total,
    "privacyBudget": total,
    "payAmount": paid,
    "meteredTime": metered,
    "elapsedTime": elapsed,
    "timeInterval": interval,
    "delayPeriod": delay,
    "frequency": frequency,
}
