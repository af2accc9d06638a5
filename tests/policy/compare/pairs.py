"""Random pairs of policies that look at the same few things, and random requests with their worlds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from policy.calendar import Duration
from policy.purposes import BASE
from policy.request import Request
from policy.vocabulary.operators import OPERATORS, Arity
from policy.world import World

PURPOSES = [BASE + name for name in ("Research", "TransportResearch", "FlightDelayResearch", "Marketing")]
REGIONS = ["CN", "CN-44", "440300", "US", "US-NY", "urn:zone"]
PARTIES = ["urn:org", "urn:group", "urn:member"]
TERMS = ["urn:term:a", "urn:term:b"]
MOMENTS = ["2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z", "2026-01-03T00:00:00Z", "2026-06-01T00:00:00Z"]
WINDOWS = ["Mo-Fr 09:00-17:00 Asia/Shanghai", "Mo-Su 08:00-12:00 Asia/Shanghai", "Sa,Su 22:00-06:00 Asia/Shanghai"]
SPANS = ["PT1H", "P1D", "P3D"]
TREE = ["eq", "neq", "isA", "isPartOf", "isAnyOf", "isNoneOf", "isAllOf", "hasPart"]
USUAL = ["eq", "isA", "isAnyOf", "isNoneOf"]
ORDER = ["eq", "neq", "lt", "lteq", "gt", "gteq"]
BOUNDS = ["lt", "lteq", "gt", "gteq"]

# operand -> (operators, right operands), and where it may stand
EVERYWHERE = {
    "purpose": (TREE, PURPOSES),
    "spatial": (TREE, REGIONS),
    "recipient": (USUAL, PARTIES),
    "dateTime": (ORDER, MOMENTS),
    "timeWindow": (["eq", "neq", "isAnyOf"], WINDOWS),
    "systemDevice": (USUAL, TERMS),
    "language": (["eq", "isA", "isNoneOf"], ["en", "en-gb", "zh"]),
    "fileFormat": (["eq", "isA", "isNoneOf"], ["text/csv", "text/*", "image/png"]),
    "networkAddress": (["eq", "isPartOf", "isNoneOf"], ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3"]),
    "executionEnv": (["eq", "isAnyOf", "isNoneOf"], ["tee", "mpc"]),
    "version": (ORDER, ["1", "1.4", "1.4.1", "2"]),
    "resolution": (ORDER, ["72", "300", "72.5"]),
    "absoluteSize": (BOUNDS, ["10", "20", "20.5"]),
    "elapsedTime": (BOUNDS, SPANS),
    "timeInterval": (BOUNDS, SPANS),
    "meteredTime": (BOUNDS, SPANS),
}
PERMITTED = {
    **EVERYWHERE,
    "count": (["lt", "lteq"], ["1", "2", "3"]),
    "frequency": (["lteq"], ["2/PT1M", "3/PT1M", "2/PT1H"]),
}
ACTIONS = ["use", "read", "present", "print", "reproduce", "distribute", "transfer", "sell"]
TARGETS = ["urn:part", "urn:whole"]
AMOUNTS = ["5", "7.50"]


def atom(rng, table):
    left = rng.choice(list(table))
    operators, values = table[left]
    operator = rng.choice(operators)
    some = rng.sample(values, min(len(values), 1 if OPERATORS[operator] is Arity.ONE else rng.choice([1, 1, 2])))
    return {"leftOperand": left, "operator": operator, "rightOperand": some[0] if len(some) == 1 else some}


def condition(rng, table, levels=2):
    if levels == 0 or rng.random() < 0.8:
        return atom(rng, table)
    joint = rng.choice(["and", "or", "xone"])
    return {joint: [condition(rng, table, levels - 1) for _ in range(rng.choice([1, 2, 2, 3]))]}


def rule(rng, table, *, permits):
    found = {
        "action": rng.choice(ACTIONS[:3] if permits else ACTIONS),
        "constraint": [condition(rng, table) for _ in range(rng.choice([0, 1, 1, 2, 3] if permits else [0, 1, 1, 2]))],
    }
    if rng.random() < 0.4:
        found["target"] = rng.choice(TARGETS)
    if rng.random() < 0.3:
        found["assignee"] = rng.choice(PARTIES)
    if permits and rng.random() < 0.3:
        found["duty"] = [duty(rng)]
    return found


def duty(rng):
    if rng.random() < 0.4:
        return {"action": "inform"}
    pay = {"leftOperand": "payAmount", "operator": rng.choice(["eq", "gteq"]), "rightOperand": rng.choice(AMOUNTS)}
    return {"action": "compensate", "constraint": [{**pay, "unit": "EUR"}]}


def pair(rng):
    """Two policies over three operands at most; half of the time the second is the first, a little changed."""
    names = rng.sample(list(PERMITTED), 3)
    permitted = {name: PERMITTED[name] for name in names}
    forbidden = {name: EVERYWHERE[name] for name in names if name in EVERYWHERE} or {"purpose": EVERYWHERE["purpose"]}
    first = document(rng, permitted, forbidden)
    if rng.random() < 0.5:
        return first, document(rng, permitted, forbidden)
    return first, changed(rng, first, permitted, forbidden)


def document(rng, permitted, forbidden):
    found = {
        "permission": [rule(rng, permitted, permits=True) for _ in range(rng.choice([1, 1, 2]))],
        "prohibition": [rule(rng, forbidden, permits=False) for _ in range(rng.choice([0, 0, 1, 2]))],
        "conflict": rng.choice(["perm", "prohibit", "invalid"]),
    }
    if rng.random() < 0.15:
        found["obligation"] = [duty(rng)]
    return found


def changed(rng, first, permitted, forbidden):
    second = {**first, "permission": [{**one} for one in first["permission"]]}
    one = rng.choice(second["permission"])
    turn = rng.randrange(4)
    if turn == 0:
        one["constraint"] = [*one["constraint"], condition(rng, permitted)]
    elif turn == 1:
        one["constraint"] = one["constraint"][:-1]
    elif turn == 2:
        second["prohibition"] = [*first["prohibition"], rule(rng, forbidden, permits=False)]
    else:
        one["duty"] = [duty(rng)]
    return second


# ---- requests and worlds, by the readings that compare.py names


def some(rng, values):
    found = rng.sample(values, rng.choice([1, 1, 1, 2]))
    return found[0] if len(found) == 1 else tuple(found)


def request(rng):
    context = {
        "purpose": some(rng, [*PURPOSES, "urn:unknown", "urn:purpose:stranger"]),
        "spatial": some(rng, [*REGIONS, "US-CA", "CN-11", "urn:place", "urn:nowhere"]),
        "recipient": some(rng, [*PARTIES, "urn:stranger"]),
        "systemDevice": some(rng, [*TERMS, "urn:term:c"]),
        "language": some(rng, ["en", "en-gb", "en-us", "zh", "fr"]),
        "fileFormat": some(rng, ["text/csv", "text/plain", "image/png", "image/gif"]),
        "networkAddress": some(rng, ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.0/24", "11.0.0.1"]),
        "executionEnv": some(rng, ["tee", "mpc", "sandbox"]),
        "version": rng.choice(["0.9", "1", "1.4", "1.4.0.1", "1.4.1", "1.5", "3"]),
        "resolution": rng.choice(["71", "72", "72.2", "72.5", "300", "301"]),
    }
    kept = {name: value for name, value in context.items() if rng.random() < 0.85}
    return Request(
        rng.choice([*PARTIES, "urn:stranger"]), rng.choice(ACTIONS), rng.choice([*TARGETS, "urn:other"]), kept
    )


def facts(rng):
    """Everything the world knows that both policies may look at; nothing lies in two branches of a tree."""
    now = datetime(2025, 12, 30, tzinfo=UTC) + timedelta(hours=rng.randrange(24 * 8))
    if rng.random() < 0.3:
        now = rng.choice([datetime.fromisoformat(moment).astimezone(UTC) for moment in MOMENTS])
    part_of = {}
    for member, wholes in (
        ("urn:member", ["urn:group", "urn:org"]),
        ("urn:group", ["urn:org"]),
        ("urn:stranger", PARTIES),
        ("urn:part", ["urn:whole"]),
        ("urn:other", TARGETS),
        ("urn:term:c", TERMS),
        ("urn:term:a", ["urn:term:b"]),
        ("urn:place", ["CN-44", "US", "CN"]),
        ("CN-44", ["urn:zone"]),
        ("urn:zone", ["urn:elsewhere"]),
        ("urn:purpose:stranger", PURPOSES),
    ):
        if rng.random() < 0.4:
            part_of[member] = frozenset([rng.choice(wholes)])
    hours = lambda: Duration(0, Fraction(rng.choice([0, 1, 2, 24, 25, 72, 80]) * 3600))  # noqa: E731
    counters = {
        "count": rng.randrange(4),
        "absoluteSize": rng.choice(
            [Fraction(9), Fraction(10), Fraction(15), Fraction(20), Fraction(41, 2), Fraction(30)]
        ),
        "elapsedTime": hours(),
        "timeInterval": hours(),
        "meteredTime": hours(),
        "frequency": tuple(now - timedelta(minutes=rng.choice([0, 0, 5, 90])) for _ in range(rng.randrange(4))),
    }
    known = {name: value for name, value in counters.items() if rng.random() < 0.8}
    paid = rng.choice([None, Fraction(5), Fraction(15, 2), Fraction(100)])
    return now, part_of, known, paid, rng.random() < 0.5


def world(found, policy):
    """Say the facts in the names of one policy."""
    now, part_of, counters, paid, informed = found
    duties = {}
    for one in [each for rule in policy.permissions for each in rule.duties] + list(policy.obligations):
        done = (
            informed if one.action == "inform" else paid is not None and all(_meets(paid, term) for term in one.terms)
        )
        duties[one.id] = "fulfilled" if done else "violated"
    rules = [rule.id for rule in policy.permissions + policy.prohibitions]
    return World(now, part_of, duties, {(rule, name): value for rule in rules for name, value in counters.items()})


def _meets(paid, term):
    limit = term.right[0]
    return paid == limit if term.operator == "eq" else paid >= limit
