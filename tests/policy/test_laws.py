"""Laws of deciding that hold for every policy, request and world, on random ones.

Knowing less never allows more, with two exceptions that are of the law, not of the engine: what is not said to be part
of a thing is not part of it, so exclusions (`isNoneOf`, `neq`) and prohibitions rest on the world's being told; and an
amount that a request does not name counts as nothing beside what was already taken.
"""

from __future__ import annotations

import copy
import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.policy.oracle.door import decided
from tests.policy.oracle.operands import ASKED
from tests.policy.oracle.pools import POOLS
from tests.policy.oracle.strategies import Dice, cases, condition, rule

REFUSALS = {"deny", "default-deny"}
SUMS = {"absoluteSize", "relativeSize", "percentage", "privacyBudget"}
EXCLUDING = ("isNoneOf", "neq", "xone")
EXAMPLES = settings(max_examples=150)


def refused(policy, request, world):
    return decided(policy, request, world)["outcome"] in REFUSALS


def standing(decision):
    """What a decision says, whatever order it says it in and however its constraints are called."""
    rules = {rule["id"]: (rule["kind"], rule["active"]) for rule in decision["rules"]}
    return decision["outcome"], rules, {duty["id"]: duty["status"] for duty in decision["duties"]}


@st.composite
def additions(draw, make):
    """Draw a rule or a condition to be added to a policy."""
    return make(Dice(lambda count: draw(st.integers(0, count - 1)), list(POOLS)))


def shuffled(node, order):
    """Write the same document with the keys of every object in another order."""
    if isinstance(node, list):
        return [shuffled(part, order) for part in node]
    if not isinstance(node, dict):
        return node
    keys = sorted(node, key=lambda key: hash((order, key)))
    return {key: shuffled(node[key], order) for key in keys}


# more rules, more constraints ----------------------------------------------------------------------------------------


@EXAMPLES
@given(cases(), additions(lambda dice: rule(dice, "q9", {})))
def test_a_prohibition_more_never_allows_what_was_refused(case, extra):
    # under `perm` too: that strategy lets a permission win over a prohibition, it never makes a permission
    policy, request, world = case
    assume(refused(*case))
    assume("target" not in extra or "target" not in policy)
    assume("assignee" not in extra or "assignee" not in policy)
    assert refused({**policy, "prohibition": [*policy.get("prohibition", []), extra]}, request, world)


@EXAMPLES
@given(cases(), additions(lambda dice: condition(dice, 3)), st.integers(0, 2))
def test_a_constraint_more_on_a_permission_never_allows_what_was_refused(case, extra, which):
    policy, request, world = case
    assume(refused(*case))
    narrower = copy.deepcopy(policy)
    permission = narrower["permission"][which % len(narrower["permission"])]
    permission["constraint"] = [*permission.get("constraint", []), extra]
    assert refused(narrower, request, world)


@EXAMPLES
@given(cases(), st.integers(0, 2))
def test_a_duty_more_never_allows_what_was_refused(case, which):
    policy, request, world = case
    assume(refused(*case))
    stricter = copy.deepcopy(policy)
    permission = stricter["permission"][which % len(stricter["permission"])]
    permission["duty"] = [*permission.get("duty", []), {"uid": "d9", "action": "inform"}]
    assert refused(stricter, request, world)


@EXAMPLES
@given(cases(), additions(lambda dice: rule(dice, "p9", {})))
def test_a_permission_more_never_refuses_what_was_allowed(case, extra):
    policy, request, world = case
    assume(not refused(*case))
    assume("target" not in extra or "target" not in policy)
    assume("assignee" not in extra or "assignee" not in policy)
    assert not refused({**policy, "permission": [*policy["permission"], extra]}, request, world)


# order ---------------------------------------------------------------------------------------------------------------


@EXAMPLES
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rules_and_duties_decides_nothing(case, chance):
    policy, request, world = case
    turned = copy.deepcopy(policy)
    for node in (turned, *turned["permission"], *turned.get("prohibition", [])):
        for key in {"permission", "prohibition", "obligation", "duty", "remedy"} & set(node):
            chance.shuffle(node[key])
    assert standing(decided(turned, request, world)) == standing(decided(policy, request, world))


@EXAMPLES
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_constraints_decides_nothing_but_in_a_sequence(case, chance):
    policy, request, world = case
    turned = copy.deepcopy(policy)
    turn(turned, chance)
    assert standing(decided(turned, request, world)) == standing(decided(policy, request, world))


def turn(node, chance):
    """Shuffle constraints and the parts of logical ones, wherever they stand."""
    if isinstance(node, list):
        for part in node:
            turn(part, chance)
    if isinstance(node, dict):
        for key, value in node.items():
            turn(value, chance)
            if key in ("constraint", "refinement", "and", "or", "xone") and isinstance(value, list):
                chance.shuffle(value)


@EXAMPLES
@given(cases(), st.integers())
def test_the_order_of_keys_changes_not_a_bit(case, order):
    assert json.dumps(decided(*(shuffled(document, order) for document in case))) == json.dumps(decided(*case))


@EXAMPLES
@given(cases())
def test_the_same_three_values_give_the_same_decision_bit_by_bit(case):
    policy, request, world = case
    first = json.dumps(decided(*case))
    assert json.dumps(decided(*copy.deepcopy(case))) == first
    logged = json.loads(json.dumps([Request.from_json(request).as_json(), World.from_json(world).as_json()]))
    compiled = compile_policy(parse(policy))
    for asked, told in ((request, world), logged):
        again = decide(compiled, Request.from_json(asked), World.from_json(told))
        assert json.dumps(again.as_json()) == first


# knowing less --------------------------------------------------------------------------------------------------------


@EXAMPLES
@given(cases(), st.randoms(use_true_random=False))
def test_a_request_that_says_less_is_not_allowed_more(case, chance):
    policy, request, world = case
    assume(refused(*case))
    kept = {key: value for key, value in request["context"].items() if key in SUMS or chance.random() < 0.5}
    assert refused(policy, request | {"context": kept}, world)


@EXAMPLES
@given(cases())
def test_counters_that_cannot_be_read_allow_nothing_more(case):
    policy, request, world = case
    assume(refused(*case))
    assert refused(policy, request, world | {"counters": None})


@EXAMPLES
@given(cases(operands=tuple(name for name in POOLS if name in ASKED)), st.randoms(use_true_random=False))
def test_a_permission_that_excludes_nothing_gains_nothing_from_what_lies_where_being_unknown(case, chance):
    policy, request, world = case
    policy = copy.deepcopy(policy)
    for key in ("prohibition", "obligation"):
        policy.pop(key, None)
    for permission in policy["permission"]:
        permission.pop("duty", None)
    assume(not any(f'"{word}"' in json.dumps(policy) for word in EXCLUDING))
    assume(refused(policy, request, world))
    kept = {member: groups for member, groups in world["partOf"].items() if chance.random() < 0.5}
    assert refused(policy, request, world | {"partOf": kept})
