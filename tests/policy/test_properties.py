"""Laws that hold for every policy, checked on random ones; a second, slow evaluator as the oracle of the first."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from itertools import permutations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from policy.compile import compile_policy
from policy.decide import decide
from policy.decision import Outcome
from policy.errors import PolicyError
from policy.model import Policy
from policy.nodes import CONSTRAINT_KEYS, LOGICAL_KEYS, PERMISSION_KEYS, POLICY_KEYS
from policy.parse import parse
from policy.purposes import BASE, SCHEME
from policy.request import Request
from policy.vocabulary import ACTIONS, OPERANDS, OPERATORS
from policy.words.speak import explain, reason
from policy.world import World

PURPOSES = ["Research", "TransportResearch", "FlightDelayResearch", "Commercial", "Marketing", "EmailMarketing"]
REGIONS = ["US", "US-NY", "CN", "CN-GD", "urn:zone"]
PARTIES = ["urn:org", "urn:group", "urn:member"]
MOMENTS = ["2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z", "2026-01-01T00:00:00Z"]
PART_OF = {
    "US": frozenset({"urn:zone"}),
    "urn:member": frozenset({"urn:group"}),
    "urn:group": frozenset({"urn:org"}),
    "urn:part": frozenset({"urn:whole"}),
}


def atoms(left, operators, values):
    def build(operator, some):
        right = some if OPERATORS[operator].many else some[0]
        return {"leftOperand": left, "operator": operator, "rightOperand": right}

    return st.builds(build, st.sampled_from(operators), st.lists(st.sampled_from(values), min_size=1, max_size=2))


STATELESS = st.one_of(
    atoms("purpose", ["eq", "isA", "isAnyOf", "isNoneOf"], [BASE + name for name in PURPOSES]),
    atoms("spatial", ["eq", "isPartOf", "isAnyOf", "isNoneOf"], REGIONS),
    atoms("recipient", ["eq", "isPartOf", "isAnyOf", "isNoneOf"], PARTIES),
    atoms("dateTime", ["eq", "neq", "lt", "lteq", "gt", "gteq"], MOMENTS),
)
LOGIC = st.recursive(
    STATELESS,
    lambda inner: st.builds(
        lambda operator, parts: {operator: parts},
        st.sampled_from(["and", "or", "xone"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
COUNTS = atoms("count", ["lt", "lteq"], ["0", "1", "2", "3"])
SOME_ACTIONS = ["use", "read", "present", "print", "reproduce", "distribute", "transfer", "sell"]


@st.composite
def rules(draw, kind):
    rule = {"action": draw(st.sampled_from(SOME_ACTIONS))}
    conditions = st.one_of(LOGIC, COUNTS) if kind == "permission" else LOGIC
    rule["constraint"] = draw(st.lists(conditions, max_size=2))
    if draw(st.booleans()):
        rule["target"] = draw(st.sampled_from(["urn:part", "urn:whole"]))
    if draw(st.booleans()):
        rule["assignee"] = draw(st.sampled_from(PARTIES))
    if kind == "permission":
        rule["duty"] = draw(st.lists(st.just({"action": "inform"}), max_size=1))
    return rule


@st.composite
def documents(draw):
    """Write a Set whose rules and duties carry ids of their own, so that order does not name them."""
    document = {
        "permission": draw(st.lists(rules("permission"), min_size=1, max_size=3)),
        "prohibition": draw(st.lists(rules("prohibition"), max_size=2)),
        "obligation": draw(st.lists(st.just({"action": "reviewPolicy"}), max_size=1)),
    }
    for number, rule in enumerate(document["permission"] + document["prohibition"]):
        rule["uid"] = f"r{number}"
        rule.update({"duty": [{**duty, "uid": f"d{number}"} for duty in rule["duty"]]} if rule.get("duty") else {})
    document["obligation"] = [{**duty, "uid": "o"} for duty in document["obligation"]]
    return document


def maybe(values):
    return st.one_of(st.none(), st.sampled_from(values))


CONTEXTS = st.builds(
    lambda **given: {left: value for left, value in given.items() if value is not None},
    purpose=maybe([*(BASE + name for name in PURPOSES), "urn:unknown"]),
    spatial=maybe([*REGIONS, "ZZ"]),
    recipient=maybe(PARTIES),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(PARTIES),
    st.sampled_from(SOME_ACTIONS),
    st.sampled_from(["urn:part", "urn:whole", "urn:other"]),
    CONTEXTS,
)
WORLDS = st.builds(
    World,
    now=st.sampled_from([datetime(2025, 12, 31, 15, 59, tzinfo=UTC), datetime(2025, 12, 31, 16, tzinfo=UTC)]),
    part_of=st.sampled_from([PART_OF, {}]),
    duties=st.dictionaries(
        st.sampled_from(["d0", "d1", "d2", "o"]), st.sampled_from(["fulfilled", "violated", "unknown"])
    ),
    counters=st.one_of(
        st.none(),
        st.dictionaries(st.tuples(st.sampled_from(["r0", "r1", "r2"]), st.just("count")), st.integers(0, 3)),
    ),
)
ALLOWANCES = {Outcome.ALLOW, Outcome.CONDITIONAL}


def outcome(document, request, world):
    return decide(compile_policy(parse(document)), request, world).outcome


# the oracle: reads the document as it stands, looks everything up anew, goes through possible worlds for logic ------


def up(member, parents):
    chain = {member}
    for parent in parents(member):
        chain |= up(parent, parents)
    return chain


def oracle_line(left, value, world):
    if left == "purpose":
        return up(value, lambda p: [SCHEME[p].broader] if SCHEME[p].broader else []) if value in SCHEME else None
    if left == "spatial":
        if value == "ZZ" or (value.startswith("urn:") and value not in world.part_of):
            return None
        return up(value, lambda r: [*world.part_of.get(r, ()), *([r[:2]] if r[2:3] == "-" else [])])
    return up(value, lambda p: world.part_of.get(p, ()))


def oracle_atom(atom, rule, request, world):
    left, operator, right = atom["leftOperand"], atom["operator"], atom["rightOperand"]
    if left == "dateTime":
        limit = datetime.fromisoformat(right)
        comparisons = {"lt": world.now < limit, "gt": world.now > limit, "eq": world.now == limit}
        comparisons |= {"lteq": not comparisons["gt"], "gteq": not comparisons["lt"], "neq": not comparisons["eq"]}
        return comparisons[operator]
    if left == "count":
        if world.counters is None:
            return None
        attempt = world.counters.get((rule["uid"], "count"), 0) + 1
        return attempt < int(right) if operator == "lt" else attempt <= int(right)
    value = request.context.get(left)
    if value is None or oracle_line(left, value, world) is None:
        return None
    verdicts = [oracle_near(left, operator == "eq", value, one, world) for one in as_list(right)]
    verdict = True if True in verdicts else None if None in verdicts else False
    return verdict if operator != "isNoneOf" or verdict is None else not verdict


def oracle_near(left, exact, value, wanted, world):
    if value == wanted:
        return True
    below = wanted in oracle_line(left, value, world)
    above = value in (oracle_line(left, wanted, world) or set())
    if below and not exact:
        return True
    return None if above or below else False


def as_list(value):
    return value if isinstance(value, list) else [value]


def oracle_condition(condition, rule, request, world):
    """Say what all ways of settling the unknowns agree on, or None."""
    if "leftOperand" in condition:
        return oracle_atom(condition, rule, request, world)
    ((operator, parts),) = condition.items()
    verdicts = [oracle_condition(part, rule, request, world) for part in parts]
    results = {
        {"and": all(settled), "or": any(settled), "xone": sum(settled) == 1}[operator]
        for settled in settlements(verdicts)
    }
    return results.pop() if len(results) == 1 else None


def settlements(verdicts):
    if not verdicts:
        return [[]]
    heads = [True, False] if verdicts[0] is None else [verdicts[0]]
    return [[head, *rest] for head in heads for rest in settlements(verdicts[1:])]


def oracle_covers(rule, kind, request, world):
    groups = lambda name: up(name, lambda n: world.part_of.get(n, ()))  # noqa: E731 -- one line says it
    if rule["action"] not in up(request.action, lambda a: [ACTIONS[a].parent] if ACTIONS[a].parent else []):
        return False
    for key, value in (("target", request.target), ("assignee", request.assignee)):
        meets = key not in rule or rule[key] in groups(value)
        if not meets and not (kind == "prohibition" and value in groups(rule[key])):
            return False
    return True


def oracle(document, request, world):
    for rule in document["prohibition"]:
        verdicts = [oracle_condition(part, rule, request, world) for part in rule["constraint"]]
        if oracle_covers(rule, "prohibition", request, world) and False not in verdicts:
            return Outcome.DENY
    owed = [duty["uid"] for duty in document["obligation"]]
    if any(world.duties.get(uid) == "violated" for uid in owed):
        return Outcome.DENY
    covering = [rule for rule in document["permission"] if oracle_covers(rule, "permission", request, world)]
    results = {oracle_permission(rule, owed, request, world) for rule in covering}
    for result in (Outcome.ALLOW, Outcome.CONDITIONAL, Outcome.DENY):
        if result in results:
            return result
    return Outcome.DEFAULT_DENY


def oracle_permission(rule, owed, request, world):
    statuses = [world.duties.get(duty["uid"]) for duty in rule["duty"]]
    verdicts = [oracle_condition(part, rule, request, world) for part in rule["constraint"]]
    if "violated" in statuses or any(verdict is not True for verdict in verdicts):
        return Outcome.DENY
    statuses += [world.duties.get(uid) for uid in owed]
    return Outcome.ALLOW if all(status == "fulfilled" for status in statuses) else Outcome.CONDITIONAL


# the laws ----------------------------------------------------------------------------------------------------------


@settings(max_examples=600)
@given(documents(), REQUESTS, WORLDS)
def test_the_slow_evaluator_agrees(document, request_, world):
    assert outcome(document, request_, world) == oracle(document, request_, world)


@given(documents(), rules("prohibition"), REQUESTS, WORLDS)
def test_adding_a_prohibition_never_allows_what_was_refused(document, extra, request_, world):
    assume(outcome(document, request_, world) not in ALLOWANCES)
    wider = {**document, "prohibition": [*document["prohibition"], extra]}
    assert outcome(wider, request_, world) not in ALLOWANCES


@given(documents(), st.one_of(LOGIC, COUNTS), st.integers(0, 2), REQUESTS, WORLDS)
def test_adding_a_constraint_never_allows_what_was_refused(document, extra, which, request_, world):
    assume(outcome(document, request_, world) not in ALLOWANCES)
    narrower = copy.deepcopy(document)
    narrower["permission"][which % len(narrower["permission"])]["constraint"].append(extra)
    assert outcome(narrower, request_, world) not in ALLOWANCES


@given(documents(), REQUESTS, WORLDS)
def test_taking_context_away_never_allows_what_was_refused(document, request_, world):
    assume(outcome(document, request_, world) not in ALLOWANCES)
    silent = Request(request_.assignee, request_.action, request_.target)
    # a constraint such as `or` can only lose satisfied parts, a prohibition only gain doubt
    assert outcome(document, silent, world) not in ALLOWANCES


@given(documents(), REQUESTS, WORLDS)
def test_outcome_and_reservations_do_not_depend_on_the_order_of_rules(document, request_, world):
    decisions = [
        decide(compile_policy(parse({**document, "permission": list(order)})), request_, world)
        for order in permutations(document["permission"])
    ]
    assert len({(decision.outcome, decision.reservations, decision.duties) for decision in decisions}) == 1


@given(documents(), REQUESTS, WORLDS)
def test_a_logged_decision_can_be_made_again_bit_by_bit(document, request_, world):
    first = decide(compile_policy(parse(document)), request_, world).as_json()
    logged = json.loads(json.dumps([document, request_.as_json(), world.as_json()]))
    again = decide(compile_policy(parse(logged[0])), Request.from_json(logged[1]), World.from_json(logged[2]))
    assert json.dumps(again.as_json()) == json.dumps(first)


@given(documents(), REQUESTS, WORLDS)
def test_a_reservation_always_fits_and_every_reason_has_words(document, request_, world):
    decision = decide(compile_policy(parse(document)), request_, world)
    assert decision.reasons
    assert all(reason(each, lang) for each in decision.reasons for lang in ("en", "zh"))
    if decision.outcome not in ALLOWANCES:
        assert not decision.reservations
    for held in decision.reservations:
        assert world.counters.get((held.rule, held.operand), 0) + held.amount <= held.limit


# the parser takes anything -----------------------------------------------------------------------------------------

KEYS = sorted(
    POLICY_KEYS | PERMISSION_KEYS | CONSTRAINT_KEYS | LOGICAL_KEYS | {"@value", "inheritFrom", "odrl:uid", ""}
)
WORDS = sorted({*OPERANDS, *OPERATORS, *ACTIONS, "Agreement", "Offer", "3", "US", BASE + "Audit", MOMENTS[0]})
ANY_TEXT = st.one_of(st.sampled_from(WORDS), st.text(st.characters(), max_size=5))
ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), ANY_TEXT), inner, max_size=4),
    ),
    max_leaves=20,
)


def policy_or_error(document):
    try:
        policy = parse(document)
    except PolicyError:
        return
    assert isinstance(policy, Policy)
    compile_policy(policy)
    assert explain(policy, "en")
    assert explain(policy, "zh")


@settings(max_examples=300)
@given(ANY_JSON)
@example({"profile": {"@id": {}}})
def test_any_json_gives_a_policy_or_a_policy_error(document):
    policy_or_error(document)


@settings(max_examples=500)
@given(documents(), st.data())
def test_a_broken_policy_gives_a_policy_or_a_policy_error(document, data):
    place = document = copy.deepcopy(document)
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(ANY_JSON)
            break
        place = place[key]
    policy_or_error(document)


def test_deep_nesting_is_refused_and_not_a_crash():
    deep = {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"}
    for _ in range(100_000):
        deep = {"and": [deep]}
    for document in ({"permission": [{"action": "use", "constraint": [deep]}]}, deep, {"profile": deep}):
        try:
            parse(document)
        except PolicyError:
            continue
        raise AssertionError("deep nesting was accepted")
