"""Laws of deciding that hold for every policy, request and world, on random ones.

Knowing less never allows more, with two exceptions that are of the law, not of the engine: what is not said to be part
of a thing is not part of it, so exclusions (`isNoneOf`, `neq`) rest on what is told, and so do prohibitions of
what is not said to be a collection (test_prohibition_laws.py); and an amount that a request does not name counts as
nothing beside what was already taken.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import random

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.every import every
from tests.fault.extent import tried
from tests.policy.oracle.door import decided
from tests.policy.oracle.operands import ASKED
from tests.policy.oracle.pools import POOLS
from tests.policy.oracle.strategies import Dice, case, condition, rule

CASES = int(os.environ.get("PENSTOCK_TEST_ORACLE", tried(3000))) // 10
REFUSALS = {"deny", "default-deny"}
SUMS = {"absoluteSize", "relativeSize", "percentage", "privacyBudget"}
EXCLUDING = ("isNoneOf", "neq", "xone")


def law(holds=None, *, operands=tuple(POOLS)):
    """Hold a law against many cases; the dice that made a case also make what the law changes in it."""
    if holds is None:
        return functools.partial(law, operands=operands)

    def test():
        for seed in range(CASES):
            dice = Dice(random.Random(seed).randrange, list(operands))
            made = case(dice)
            try:
                holds(dice, *made)
            except AssertionError as broken:
                raise AssertionError(f"seed {seed}: {json.dumps(made)}") from broken

    return test


def refused(policy, request, world):
    return decided(policy, request, world)["outcome"] in REFUSALS


def standing(decision):
    """What a decision says, whatever order it says it in and however its constraints are called."""
    rules = {rule["id"]: (rule["kind"], rule["active"]) for rule in decision["rules"]}
    return decision["outcome"], rules, {duty["id"]: duty["status"] for duty in decision["duties"]}


# more rules, more constraints ----------------------------------------------------------------------------------------


@law
def test_a_prohibition_more_never_allows_what_was_refused(dice, policy, request, world):
    # under `perm` too: that strategy lets a permission win over a prohibition, it never makes a permission
    more = [*policy.get("prohibition", []), rule(dice, "q9", policy)]
    assert refused({**policy, "prohibition": more}, request, world) or not refused(policy, request, world)


@law
def test_a_constraint_more_on_a_permission_never_allows_what_was_refused(dice, policy, request, world):
    narrower = copy.deepcopy(policy)
    permission = dice.pick(narrower["permission"])
    permission["constraint"] = [*permission.get("constraint", []), condition(dice, 3)]
    assert refused(narrower, request, world) or not refused(policy, request, world)


@law
def test_a_duty_more_never_allows_what_was_refused(dice, policy, request, world):
    # its action is one of no other duty: what is asked for beside a rule is no use of it, and is not counted
    stricter = copy.deepcopy(policy)
    permission = dice.pick(stricter["permission"])
    permission["duty"] = [*permission.get("duty", []), {"uid": "d9", "action": "acceptTracking"}]
    assert refused(stricter, request, world) or not refused(policy, request, world)


@law
def test_a_permission_more_never_refuses_what_was_allowed(dice, policy, request, world):
    wider = {**policy, "permission": [*policy["permission"], rule(dice, "p9", policy)]}
    assert not refused(wider, request, world) or refused(policy, request, world)


# order ---------------------------------------------------------------------------------------------------------------


@law
def test_the_order_of_rules_and_duties_decides_nothing(dice, policy, request, world):
    turned = copy.deepcopy(policy)
    for node in (turned, *turned["permission"], *turned.get("prohibition", [])):
        for key in {"permission", "prohibition", "obligation", "duty", "remedy"} & set(node):
            node[key] = shuffled(dice, node[key])
    assert standing(decided(turned, request, world)) == standing(decided(policy, request, world))


@law
def test_the_order_of_constraints_decides_nothing_but_in_a_sequence(dice, policy, request, world):
    turned = turn(dice, policy)
    assert standing(decided(turned, request, world)) == standing(decided(policy, request, world))


def turn(dice, node):
    """Shuffle constraints and the parts of logical ones, wherever they stand."""
    if isinstance(node, list):
        return [turn(dice, part) for part in node]
    if not isinstance(node, dict):
        return node
    turned = {key: turn(dice, value) for key, value in node.items()}
    for key in {"constraint", "refinement", "and", "or", "xone"} & set(turned):
        turned[key] = shuffled(dice, turned[key])
    return turned


def shuffled(dice, items):
    rest, order = list(items), []
    while rest:
        order.append(rest.pop(dice.below(len(rest))))
    return order


@law
def test_the_order_of_keys_changes_not_a_bit(dice, policy, request, world):
    turned = [rekeyed(dice, document) for document in (policy, request, world)]
    assert json.dumps(decided(*turned)) == json.dumps(decided(policy, request, world))


def rekeyed(dice, node):
    """Write the same document with the keys of every object in another order."""
    if isinstance(node, list):
        return [rekeyed(dice, part) for part in node]
    return {key: rekeyed(dice, node[key]) for key in shuffled(dice, node)} if isinstance(node, dict) else node


@law
def test_the_same_three_values_give_the_same_decision_bit_by_bit(dice, policy, request, world):
    first = json.dumps(decided(policy, request, world))
    assert json.dumps(decided(*copy.deepcopy((policy, request, world)))) == first
    logged = json.loads(json.dumps([Request.from_json(request).as_json(), World.from_json(world).as_json()]))
    compiled = compile_policy(parse(policy))
    for asked, told in ((request, world), logged):
        again = decide(compiled, Request.from_json(asked), World.from_json(told))
        assert json.dumps(again.as_json()) == first


ENDS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")
SPANNING = [
    ("timeWindow", "isPartOf", "Mo-Su 22:00-06:00 America/New_York"),
    ("timeWindow", "isNoneOf", "Mo-Su 22:00-06:00 Pacific/Kiritimati"),
    ("frequency", "lteq", "2/P30D"),
    ("frequency", "lteq", "2/P30D/fixed"),
    ("elapsedTime", "lteq", "P100Y"),
    ("timeInterval", "gteq", "P100Y"),
    ("delayPeriod", "lteq", "P100Y"),
]


@every("now", ENDS)
@every(("left", "operator", "right"), SPANNING)
def test_deciding_is_total_up_to_the_ends_of_the_calendar(left, operator, right, now):
    atom = {"leftOperand": left, "operator": operator, "rightOperand": right}
    policy = {"permission": [{"uid": "p", "action": "use", "constraint": [atom]}]}
    request = {"assignee": "urn:org", "action": "use", "target": "urn:whole"}
    done = [{"action": "read", "at": ENDS[0]}]
    for counter in (None, *ENDS, "P30D", [*ENDS]):
        counters = {} if counter is None else {"p": {left: counter}}
        decision = decided(policy, request, {"now": now, "counters": counters, "performed": done})
        assert decision["outcome"] in {"allow", "deny"}


# knowing less --------------------------------------------------------------------------------------------------------


@law
def test_a_request_that_says_less_is_not_allowed_more(dice, policy, request, world):
    kept = {key: value for key, value in request["context"].items() if key in SUMS or dice.chance(50)}
    assert refused(policy, request | {"context": kept}, world) or not refused(policy, request, world)


@law
def test_counters_that_cannot_be_read_allow_nothing_more(dice, policy, request, world):
    assert refused(policy, request, world | {"counters": None}) or not refused(policy, request, world)


@law(operands=tuple(name for name in POOLS if name in ASKED))
def test_a_permission_that_excludes_nothing_gains_nothing_from_places_being_unknown(dice, policy, request, world):
    permissions = [{key: value for key, value in one.items() if key != "duty"} for one in policy["permission"]]
    policy = policy | {"permission": permissions, "prohibition": [], "obligation": []}
    if any(f'"{word}"' in json.dumps(policy) for word in EXCLUDING):
        return
    kept = {member: groups for member, groups in world["partOf"].items() if dice.chance(50)}
    assert refused(policy, request, world | {"partOf": kept}) or not refused(policy, request, world)
