"""Each outcome, one small agreement at a time: which rule decides, with which reasons, and what is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest

from policy.decision import REASONS, Outcome
from policy.world import Act
from tests.every import every

PURPOSE = "https://w3id.org/penstock/purpose#"
PAY = {"uid": "pay", "action": "compensate"}
NOW, BUYER = datetime(2026, 6, 1, tzinfo=UTC), "did:web:buyer.example"


def whys(decision):
    return [tuple(reason) for reason in decision.reasons]


def owed(decision):
    return [(duty.id, duty.status) for duty in decision.duties]


def taken(decision):
    return [tuple(held) for held in decision.reservations]


# the four outcomes ---------------------------------------------------------------------------------------------------


def test_permission_that_holds_allows_what_lies_below_its_action(agreement, ask, codes):
    decision = ask(agreement(), action="read")
    assert decision.outcome is Outcome.ALLOW
    assert codes(decision) == ["permitted"]
    assert decision.rules[0].active


@every(
    ("permitted", "asked", "outcome"),
    [
        ("use", "read", "allow"),
        ("use", "extract", "allow"),  # extract < reproduce < use
        ("odrl:use", "http://www.w3.org/ns/odrl/2/read", "allow"),
        ("reproduce", "extract", "allow"),
        ("read", "use", "default-deny"),
        ("read", "reproduce", "default-deny"),
        ("use", "sell", "default-deny"),  # sell < transfer
        ("transfer", "sell", "allow"),
        ("use", "teleport", "default-deny"),
    ],
)
def test_action_hierarchy(agreement, ask, permitted, asked, outcome):
    assert ask(agreement(permission=[{"action": permitted}]), action=asked).outcome.value == outcome


def test_nothing_permitted_is_default_deny_with_the_reason(agreement, ask):
    assert whys(ask(agreement(), action="odrl:sell")) == [("no-permission", "", ("sell",))]
    assert whys(ask(agreement(), action="odrl:teleport")) == [("unknown-action", "", ("odrl:teleport",))]
    assert whys(ask(agreement(), target="urn:other")) == [("other-target", "", ("urn:other",))]
    assert whys(ask(agreement(), assignee="urn:other")) == [("other-party", "", ("urn:other",))]
    assert ask(agreement(), target="urn:other").rules == ask(agreement(), assignee="urn:other").rules != ()


def test_what_is_not_covered_is_the_action_else_the_target_else_the_party(ask, codes):
    read, printing = {"action": "read", "target": "urn:a"}, {"action": "print", "target": "urn:b", "assignee": "urn:p"}
    document = {"permission": [read, printing]}
    asked = [("read", "urn:b"), ("print", "urn:a"), ("print", "urn:b"), ("play", "urn:a"), ("read", "urn:a")]
    codes_found = [codes(ask(document, action=action, target=target)) for action, target in asked]
    assert codes_found == [["other-target"], ["other-target"], ["other-party"], ["no-permission"], ["permitted"]]
    unknown = {"permission": [{"action": "read", "target": {"source": "urn:shelf"}}]}
    assert codes(ask(unknown, target="urn:a")) == ["other-target"]


def test_prohibition_overrides_permission(agreement, ask, codes):
    document = agreement(prohibition=[{"action": "distribute"}], conflict="prohibit")
    decision = ask(document, action="distribute")
    assert decision.outcome is Outcome.DENY
    assert codes(decision) == ["prohibited"]
    assert decision.reasons[0].path == "/prohibition/0"
    assert ask(document, action="read").outcome is Outcome.ALLOW


def test_prohibition_that_may_hold_denies(agreement, atom, ask, codes):
    marketing = atom("purpose", "isA", PURPOSE + "Marketing")
    document = agreement(prohibition=[{"action": "use", "constraint": [marketing]}], conflict="prohibit")
    assert codes(ask(document)) == ["prohibition-possible"]
    assert codes(ask(document, context={"purpose": PURPOSE + "Commercial"})) == ["prohibition-possible"]
    assert codes(ask(document, context={"purpose": PURPOSE + "EmailMarketing"})) == ["prohibited"]
    assert ask(document, context={"purpose": PURPOSE + "Research"}).outcome is Outcome.ALLOW


def test_offer_is_never_decided(agreement, ask, codes):
    decision = ask(agreement(**{"@type": "Offer"}))
    assert decision.outcome is Outcome.DEFAULT_DENY
    assert codes(decision) == ["offer-not-decided"]


def test_pre_duty_makes_the_outcome_conditional_until_it_is_fulfilled(agreement, ask, codes):
    document = agreement(permission=[{"action": "use", "duty": [PAY]}])
    open_duty = ask(document)
    assert open_duty.outcome is Outcome.CONDITIONAL
    assert codes(open_duty) == ["duty-outstanding"]
    assert [duty.id for duty in open_duty.outstanding] == ["pay"]
    assert open_duty.rules[0].active
    assert ask(document, duties={"pay": "fulfilled"}).outcome is Outcome.ALLOW
    assert ask(document, duties={"pay": "nonsense"}).outcome is Outcome.CONDITIONAL
    violated = ask(document, duties={"pay": "violated"})
    assert (violated.outcome, codes(violated)) == (Outcome.DENY, ["duty-violated"])
    assert not violated.rules[0].active


def test_obligation_of_the_policy_is_a_pre_duty_of_every_permission(agreement, ask, codes):
    document = agreement(obligation=[{"uid": "tell", "action": "inform"}])
    assert ask(document).outcome is Outcome.CONDITIONAL
    assert ask(document, duties={"tell": "fulfilled"}).outcome is Outcome.ALLOW
    assert codes(ask(document, duties={"tell": "violated"})) == ["duty-violated"]


def test_permission_without_open_duty_is_preferred(agreement, atom, ask):
    counted = {"uid": "a", "action": "use", "constraint": [atom("count", "lteq", "3")]}
    paid = {"uid": "b", "action": "use", "duty": [PAY]}
    free = {"uid": "c", "action": "read"}
    for order in permutations([counted, paid]):
        assert [held.rule for held in ask(agreement(permission=list(order))).reservations] == ["a"]
    for order in permutations([paid, counted, free]):
        decision = ask(agreement(permission=list(order)))
        assert (decision.outcome, decision.reservations) == (Outcome.ALLOW, ())


# conflicts and counts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conflict", "outcome", "code"),
    [
        ("perm", "allow", "permitted"),
        ("prohibit", "deny", "prohibited"),
        ("invalid", "deny", "policy-void"),
        (None, "deny", "policy-void"),
    ],
)
def test_conflict_strategies(agreement, ask, codes, conflict, outcome, code):
    document = agreement(permission=[{"action": "read"}], prohibition=[{"action": "use"}], conflict=conflict)
    decision = ask(document)
    assert (decision.outcome.value, codes(decision)) == (outcome, [code])
    assert codes(ask(document, action="print")) == ["prohibited"]


@pytest.mark.parametrize(("operator", "limit"), [("lteq", 3), ("lt", 4)])
def test_count_includes_the_attempt_and_returns_a_reservation(agreement, atom, ask, codes, operator, limit):
    document = agreement(constraint=[atom("count", operator, str(limit))])
    third = ask(document, counters={("permission/0", "count"): 2})
    assert third.allowed
    assert taken(third) == [("permission/0", "count", 1, 3)]
    fourth = ask(document, counters={("permission/0", "count"): 3})
    assert (fourth.outcome, codes(fourth), fourth.reservations) == (Outcome.DENY, ["count-exhausted"], ())
    assert ask(document, counters={("other", "count"): 3}).allowed


def test_counters_that_cannot_be_read_deny(agreement, atom, ask, codes):
    assert codes(ask(agreement(constraint=[atom("count", "lteq", "3")]), counters=None)) == ["state-unavailable"]


def test_two_limits_on_one_counter_take_the_smaller(agreement, atom, ask):
    document = agreement(constraint=[atom("count", "lteq", "5"), {"and": [atom("count", "lteq", "2")]}])
    assert taken(ask(document)) == [("permission/0", "count", 1, 2)]


def test_conditional_outcome_brings_its_reservation(agreement, atom, ask):
    permission = {"action": "use", "constraint": [atom("count", "lteq", "3")], "duty": [PAY]}
    decision = ask(agreement(permission=[permission]))
    assert decision.outcome is Outcome.CONDITIONAL
    assert len(decision.reservations) == 1


# duties and remedies -------------------------------------------------------------------------------------------------


def test_what_is_still_to_do_is_told_with_its_terms(agreement, atom, ask):
    amount = atom("payAmount", "eq", "12.50", unit="CNY")
    duty = PAY | {"constraint": [amount, atom("media", "eq", "print")]}
    decision = ask(agreement(permission=[{"action": "use", "duty": [duty]}]))
    assert whys(decision) == [("duty-outstanding", "/permission/0/duty/0", ("compensate", "12.5 CNY, print"))]
    assert [tuple(one) for one in decision.duties] == [("pay", "compensate", "unknown", "pre")]


def test_a_duty_of_after_does_not_hold_up(agreement, ask, codes):
    duties = [PAY, {"uid": "later", "action": "delete", "penstock:mode": "post"}]
    document = agreement(permission=[{"action": "use", "duty": duties}])
    assert codes(ask(document)) == ["duty-outstanding"]
    done = ask(document, duties={"pay": "fulfilled"})
    assert (codes(done), owed(done)) == (["permitted"], [("pay", "fulfilled"), ("later", "unknown")])


def test_of_several_permissions_the_one_with_the_least_to_do_and_to_count_decides(agreement, atom, ask):
    counted = {"uid": "a", "action": "use", "constraint": [atom("count", "lteq", "3")]}
    paid = {"uid": "b", "action": "use", "duty": [PAY, {"uid": "later", "action": "delete", "penstock:mode": "post"}]}
    for order in permutations([counted, paid]):
        decision = ask(agreement(permission=list(order)), duties={"pay": "fulfilled"})
        assert (decision.outcome, taken(decision)) == (Outcome.ALLOW, []), "what is fulfilled costs nothing more"
    for order in permutations([counted, counted | {"uid": "c"}]):
        assert [held.rule for held in ask(agreement(permission=list(order))).reservations] == ["a"]


def test_an_obligation_that_was_violated_denies_whoever_it_binds(agreement, ask, codes):
    fine = {"uid": "fine", "action": "compensate"}
    theirs = {"uid": "theirs", "action": "inform", "assignee": "urn:other"}
    document = agreement(obligation=[{"uid": "tell", "action": "inform", "consequence": [fine]}, theirs])
    violated = ask(document, duties={"tell": "violated", "fine": "violated"})
    assert (violated.outcome, owed(violated)) == (Outcome.DENY, [("tell", "violated"), ("fine", "violated")])
    assert whys(violated) == [
        ("duty-violated", "/obligation/0", ("inform", "")),
        ("duty-violated", "/obligation/0/consequence/0", ("compensate", "")),
    ]
    assert len(violated.rules) == 1
    allowed = ask(document, duties={"tell": "fulfilled", "theirs": "violated"})
    assert (codes(allowed), owed(allowed)) == (["permitted"], [("tell", "fulfilled")])
    assert codes(ask(document, action="sell", duties={"tell": "violated"})) == ["duty-violated"]
    assert codes(ask(document, action="sell")) == ["no-permission"]


@pytest.fixture
def forbidden(agreement, atom):
    """Printing is forbidden to a party whose role is lead; who does it informs within a week."""
    remedy = {"uid": "tell", "action": "inform", "constraint": [atom("delayPeriod", "lteq", "P7D")]}
    rule = {"action": "print", "constraint": [atom("role", "eq", "lead")], "remedy": [remedy]}
    return lambda **members: agreement(prohibition=[rule | members], conflict="prohibit")


def did(action, days, by=BUYER, **context):
    return Act(action, NOW - timedelta(days=days), by, context=context)


@pytest.mark.parametrize(
    ("acts", "state", "code", "duties"),
    [
        ([], "clear", "permitted", []),
        ([did("print", 8, role="staff")], "clear", "permitted", []),
        ([did("print", 8, "urn:other", role="lead")], "clear", "permitted", []),
        ([did("print", 1, role="lead")], "infringed", "permitted", [("tell", "unknown")]),
        ([did("print", 8, role="lead")], "infringed", "duty-violated", [("tell", "violated")]),
        ([did("print", 8), did("inform", 7)], "remedied", "permitted", [("tell", "fulfilled")]),
    ],
)
def test_what_was_forbidden_and_done_is_remedied_before_the_next_use(forbidden, ask, codes, acts, state, code, duties):
    decision = ask(forbidden(), performed=tuple(acts))
    assert (decision.rules[1].state, codes(decision), owed(decision)) == (state, [code], duties)
    assert codes(ask(forbidden(), action="sell", performed=tuple(acts))) == ["no-permission"]


def test_a_remedy_that_is_due_is_asked_for_beside_the_duties(forbidden, ask, codes):
    before = forbidden(remedy=[{"uid": "tell", "action": "inform"}])
    decision = ask(before, performed=(did("print", 1),))
    assert whys(decision) == [("duty-outstanding", "/prohibition/0/remedy/0", ("inform", ""))]
    bare = ask(forbidden(remedy=[]), performed=(did("print", 1),))
    assert (bare.rules[1].state, codes(bare)) == ("infringed", ["permitted"])


def test_every_prohibition_that_may_hold_is_named(agreement, atom, ask):
    lead = {"action": "use", "constraint": [atom("role", "eq", "lead")]}
    document = agreement(prohibition=[{"action": "read"}, lead, {"action": "print"}], conflict="prohibit")
    decision = ask(document)
    assert whys(decision) == [
        ("prohibited", "/prohibition/0", ("read",)),
        ("prohibition-possible", "/prohibition/1", ("read",)),
    ]
    assert [(rule.id, rule.active) for rule in decision.rules] == [
        ("permission/0", True),
        ("prohibition/0", True),
        ("prohibition/1", False),
        ("prohibition/2", False),
    ]


# reasons and reservations --------------------------------------------------------------------------------------------


def test_a_violated_duty_and_what_does_not_hold_are_told_together(agreement, atom, ask):
    duties = [PAY, {"uid": "tell", "action": "inform"}]
    permission = {"action": "use", "duty": duties, "constraint": [atom("spatial", "isPartOf", "US")]}
    decision = ask(
        agreement(permission=[permission, {"action": "print"}]), context={"spatial": "DE"}, duties={"tell": "violated"}
    )
    assert whys(decision) == [
        ("duty-violated", "/permission/0/duty/1", ("inform", "")),
        ("outside-region", "/permission/0/constraint/0", ("spatial", "isPartOf", "US", "DE")),
    ]
    assert (decision.outcome, owed(decision)) == (Outcome.DENY, [("tell", "violated")])


@every(
    ("constraint", "context", "counters", "code", "given"),
    [
        (("dateTime", "lt", "2026-01-01T00:00:00Z"), {}, {}, "outside-time", "2026-06-01T00:00:00Z"),
        (("role", "eq", "lead"), {}, {}, "context-missing", ""),
        (("role", "eq", "lead"), {}, None, "context-missing", ""),
        (("role", "isPartOf", "lead"), {"role": ["a", "b"]}, {}, "environment-not-allowed", "a, b"),
        (("count", "lteq", "0"), {}, {}, "count-exhausted", "0"),
        (("count", "lteq", "3"), {}, {"count": 3}, "count-exhausted", "3"),
        (("count", "lteq", "3"), {"count": "9"}, None, "state-unavailable", "0"),
        (("percentage", "lteq", "3"), {"percentage": "9"}, {}, "limit-exhausted", "9"),
        (("percentage", "lteq", "3"), {"percentage": "9"}, {"percentage": 1}, "limit-exhausted", "1"),
        (("percentage", "lteq", "3"), {"percentage": "x"}, {}, "context-unclear", "x"),
        (("delayPeriod", "gteq", "P1D"), {"delayPeriod": "x"}, {}, "context-unclear", "x"),
        (("timeInterval", "gteq", "P1D"), {"timeInterval": "P9D"}, {"timeInterval": 7}, "too-soon", "7"),
        (("frequency", "lteq", "1/P1D"), {}, {"frequency": (NOW, NOW)}, "too-often", "2"),
    ],
)  # fmt: skip
def test_a_reason_tells_what_was_wanted_and_what_was_given(
    agreement, atom, ask, constraint, context, counters, code, given
):
    told = None if counters is None else {("permission/0", left): known for left, known in counters.items()}
    decision = ask(agreement(constraint=[atom(*constraint)]), context=context, counters=told)
    assert whys(decision) == [(code, "/permission/0/constraint/0", (*constraint, given))]


def test_of_what_must_hold_together_each_part_that_does_not_is_told(agreement, atom, ask):
    lead, printed, either = atom("role", "eq", "lead"), atom("media", "eq", "print"), atom("product", "eq", "p")
    joined = {"and": [lead, printed, {"and": [either, {"or": [either, printed]}]}]}
    decision = ask(
        agreement(constraint=[joined, {"andSequence": [lead, printed]}]), context={"role": "lead", "media": "web"}
    )
    assert [
        (code, path.removeprefix("/permission/0/constraint/"), facts[-1]) for code, path, facts in whys(decision)
    ] == [
        ("manner-not-allowed", "0/and/1", "web"),
        ("context-missing", "0/and/2/and/0", ""),
        ("no-alternative", "0/and/2/and/1", "or"),
        ("no-alternative", "1", "andSequence"),
    ]


@pytest.mark.parametrize(
    ("constraint", "context", "amount", "limit"),
    [
        (("count", "lteq", "3"), {}, 1, 3),
        (("percentage", "lteq", "50"), {"percentage": "12.5"}, Fraction(25, 2), 50),
        (("percentage", "lteq", "50"), {}, 0, 50),
        (("meteredTime", "lteq", "PT1H"), {}, 0, 3600),
        (("timeInterval", "gteq", "P1D"), {}, 1, None),
    ],
)
def test_a_use_takes_what_it_names_one_of_a_count_and_no_time_yet(
    agreement, atom, ask, constraint, context, amount, limit
):
    left = constraint[0]
    known = {("permission/0", left): 7} if left == "percentage" else {}
    decision = ask(agreement(constraint=[atom(*constraint)]), context=context, counters=known)
    assert taken(decision) == [("permission/0", left, amount, limit)]


def test_one_way_of_several_is_taken_only_where_it_holds(agreement, atom, ask):
    either = {"or": [atom("count", "lteq", "3"), atom("role", "eq", "lead")]}
    used_up = {("permission/0", "count"): 3}
    assert taken(ask(agreement(constraint=[either]))) == [("permission/0", "count", 1, 3)]
    assert taken(ask(agreement(constraint=[either]), context={"role": "lead"}, counters=used_up)) == []


# the record ----------------------------------------------------------------------------------------------------------


def test_every_reason_code_is_reached_by_a_test_in_this_folder():
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))
    assert [code for code in REASONS if f'"{code}"' not in source] == []
