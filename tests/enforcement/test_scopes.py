"""A narrower scope refuses nothing that the whole policy allows; when time alone may change an answer is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.enforcement.scopes import DISPLAY, MOMENT, ORDER, PARTY, STANDING, narrowed, next_change
from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.every import every

NOW = datetime(2026, 11, 20, 10, 30, 15, tzinfo=UTC)
ME, OTHER = "did:web:me.example", "did:web:other.example"
HOLDS = {"allow", "conditional"}


def atom(left, operator, right):
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


ATOMS = [
    atom("dateTime", "lt", "2026-11-20T12:00:00Z"),
    atom("dateTime", "lt", "2026-11-20T09:00:00Z"),
    atom("timeWindow", "eq", "Mo-Fr 09:00-17:00 UTC"),
    atom("spatial", "isPartOf", "US"),
    atom("spatial", "isPartOf", "CN"),
    atom("recipient", "isAnyOf", [ME]),
    atom("recipient", "isAnyOf", [OTHER]),
    atom("purpose", "isA", "https://w3id.org/penstock/purpose#Research"),
    atom("count", "lteq", "3"),
    atom("elapsedTime", "lteq", "P30D"),
    {"or": [atom("purpose", "isA", "urn:p"), atom("dateTime", "lt", "2026-11-20T12:00:00Z")]},
]
CONDITIONS = st.lists(st.sampled_from(ATOMS), max_size=3)
ACTIONS = st.sampled_from(["use", "read", "distribute"])
PARTIES = st.sampled_from([None, ME, OTHER])


@st.composite
def rules(draw, *, prohibits):
    rule = {"action": draw(ACTIONS), "constraint": [c for c in draw(CONDITIONS) if not (prohibits and _counts(c))]}
    party = draw(PARTIES)
    return rule if party is None else {**rule, "assignee": party}


def _counts(condition):
    return condition.get("leftOperand") == "count"


POLICIES = st.fixed_dictionaries(
    {
        "@type": st.just("Set"),
        "permission": st.lists(rules(prohibits=False), min_size=1, max_size=3),
        "prohibition": st.lists(rules(prohibits=True), max_size=2),
        "conflict": st.sampled_from(["perm", "prohibit"]),
    }
)
CONTEXTS = st.fixed_dictionaries(
    {"spatial": st.sampled_from(["US", "CN"]), "recipient": st.just(ME)},
    optional={"purpose": st.sampled_from(["urn:p", "https://w3id.org/penstock/purpose#Research"])},
)


def outcome(document, scope, action, context, counters):
    compiled = compile_policy(narrowed(parse(document), scope))
    return decide(compiled, Request(ME, action, "urn:x", context), World(NOW, counters=counters)).outcome.value


@given(POLICIES, CONTEXTS, st.sampled_from(["use", "read"]))
def test_a_narrower_scope_never_refuses_what_the_whole_policy_allows(document, context, action):
    counters = {(f"permission/{number}", "count"): 1 for number in range(3)}
    if outcome(document, ORDER, action, context, counters) not in HOLDS:
        return
    known = {name: context[name] for name in ("spatial", "recipient")}
    assert outcome(document, STANDING, action, known, counters) in HOLDS
    assert outcome(document, PARTY, "use", known, {}) in HOLDS
    assert outcome(document, DISPLAY, "use", {"recipient": ME}, {}) in HOLDS


def moment(text):
    return datetime.fromisoformat(text)


FIRST = NOW - timedelta(days=2)
MOMENTS = [
    ([], {}, None),
    ([atom("dateTime", "lteq", "2026-11-20T12:00:00Z")], {}, moment("2026-11-20T12:00:00+00:00")),
    ([atom("dateTime", "lteq", "2026-11-20T10:30:15Z")], {}, NOW + MOMENT),
    ([atom("dateTime", "lteq", "2026-11-20T10:30:14Z")], {}, None),
    ([atom("timeWindow", "eq", "Mo-Fr 09:00-17:00 Asia/Shanghai")], {}, moment("2026-11-20T10:31:00+00:00")),
    ([atom("elapsedTime", "lteq", "P3D")], {}, None),
    ([atom("elapsedTime", "lteq", "P3D")], {"elapsedTime": FIRST}, FIRST + timedelta(days=3)),
    ([atom("meteredTime", "lteq", "PT1H")], {"meteredTime": 3590}, NOW + timedelta(seconds=10)),
    ([atom("meteredTime", "lteq", "PT1H")], {"meteredTime": 3600}, NOW + MOMENT),
    ([atom("purpose", "isA", "urn:p"), atom("count", "lteq", "3")], {"count": 3}, None),
]


@every(("constraints", "counters", "expected"), MOMENTS)
def test_the_next_moment_at_which_time_alone_may_change_the_answer(constraints, counters, expected):
    policy = parse({"@type": "Set", "permission": [{"action": "use", "constraint": constraints}]})
    known = {("permission/0", name): value for name, value in counters.items()}
    assert next_change(policy, known, None, NOW) == expected


def test_the_term_of_a_duty_runs_from_the_last_use():
    duty = {"action": "delete", "constraint": [atom("delayPeriod", "lteq", "P7D")]}
    policy = parse({"@type": "Set", "permission": [{"action": "read", "duty": [duty]}]})
    assert next_change(policy, {}, None, NOW) is None
    assert next_change(policy, {}, FIRST, NOW) == FIRST + timedelta(days=7)
