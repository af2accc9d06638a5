"""Duties before, during and after: what fulfils them, deadlines, consequences, remedies."""

from __future__ import annotations

import pytest

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

BUYER, TARGET = "did:web:buyer.example", "urn:penstock:dataset:flights"
NOW = "2026-06-10T00:00:00Z"


def ask(document, action="read", **world):
    request = Request.from_json({"assignee": BUYER, "action": action, "target": TARGET})
    return decide(compile_policy(parse(document)), request, World.from_json({"now": NOW, **world}))


def with_duty(agreement, *constraint, **members):
    duty = {"uid": "d", "action": "delete", "constraint": list(constraint), **members}
    return agreement(permission=[{"action": "use", "duty": [duty]}])


def done(action, at="2026-06-09T00:00:00Z", **more):
    return {"action": action, "by": BUYER, "target": TARGET, "at": at, **more}


def paid(amount, unit="CNY", **context):
    return done("compensate", context={"payAmount": amount, "unit": unit, **context})


@pytest.fixture
def price(agreement, atom):
    amount = atom("payAmount", "eq", "100.00", unit="CNY")
    pay = {"uid": "pay", "action": [{"rdf:value": {"@id": "odrl:compensate"}, "refinement": [amount]}]}
    return agreement(permission=[{"action": "use", "duty": [pay]}])


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        ([], "conditional"),
        ([paid("100")], "allow"),
        ([paid(100.0)], "allow"),
        ([paid("99.99")], "conditional"),
        ([paid("100", "USD")], "conditional"),
        ([paid("100", agreement="urn:penstock:agreement:1")], "allow"),
        ([paid("100", agreement="urn:other")], "conditional"),
        ([paid("100", spent="true")], "conditional"),
        ([paid("60"), paid("40")], "conditional"),
        ([{**paid("100"), "by": "did:web:other.example"}], "conditional"),
        ([{**paid("100"), "at": "2026-06-11T00:00:00Z"}], "conditional"),
        ([{**paid("100"), "target": "urn:other"}], "conditional"),
    ],
)
def test_a_payment_counts_only_when_it_is_this_one(price, acts, outcome):
    assert ask(price, performed=acts).outcome.value == outcome


@pytest.mark.parametrize(
    ("written", "at", "outcome"),
    [
        ({"penstock:every": "P1M"}, "2026-05-10T00:00:01Z", "allow"),
        ({"penstock:every": "P1M"}, "2026-05-10T00:00:00Z", "conditional"),
        ({"dcterms:frequency": {"@id": "freq:annual"}}, "2025-07-01T00:00:00Z", "allow"),
        ({"dcterms:frequency": {"@id": "freq:annual"}}, "2025-06-01T00:00:00Z", "conditional"),
    ],
)
def test_a_rent_is_paid_anew(agreement, atom, written, at, outcome):
    rent = {"action": "compensate", "constraint": [atom("payAmount", "eq", "100", unit="CNY", **written)]}
    document = agreement(permission=[{"action": "use", "duty": [rent]}])
    assert ask(document, performed=[{**paid("100"), "at": at}]).outcome.value == outcome


def test_the_worlds_word_goes_before_the_acts(price):
    assert ask(price, performed=[paid("100")], duties={"pay": "unknown"}).outcome.value == "conditional"
    assert ask(price, duties={"pay": "violated"}).outcome.value == "deny"


@pytest.mark.parametrize(
    ("members", "mode"),
    [
        ({}, "pre"),
        ({"penstock:mode": "ongoing"}, "ongoing"),
        ({"https://w3id.org/penstock/ns/profile#mode": "penstock:post"}, "post"),
    ],
)
def test_the_mode_of_a_duty_is_written_or_before(agreement, members, mode):
    assert parse(with_duty(agreement, **members)).permissions[0].duties[0].mode.value == mode


@pytest.mark.parametrize(("operator", "mode"), [("lt", "pre"), ("gt", "post"), ("eq", "ongoing")])
def test_the_event_of_use_dates_a_duty(agreement, atom, operator, mode):
    duty = parse(with_duty(agreement, atom("event", operator, {"@id": "odrl:policyUsage"}))).permissions[0].duties[0]
    assert (duty.mode.value, duty.terms) == (mode, ())


USED = done("read", "2026-06-01T00:00:00Z")


@pytest.mark.parametrize(
    ("span", "acts", "outcome", "status"),
    [
        ("P30D", [], "allow", "unknown"),  # not used yet, nothing to delete
        ("P30D", [USED], "allow", "unknown"),
        ("P7D", [USED], "deny", "violated"),
        ("P7D", [USED, done("delete", "2026-06-08T00:00:00Z")], "allow", "fulfilled"),
        ("P7D", [USED, done("delete", "2026-05-31T00:00:00Z")], "deny", "violated"),  # before the use
        ("P7D", [USED, done("read", "2026-06-09T00:00:00Z")], "deny", "violated"),  # using again does not put it off
        ("P7D", [USED, done("delete", "2026-06-05T00:00:00Z"), done("read")], "allow", "unknown"),
        (
            "P7D",
            [USED, done("read", "2026-06-04T00:00:00Z"), done("delete", "2026-06-05T00:00:00Z")],
            "allow",
            "fulfilled",
        ),
    ],
)
def test_a_duty_of_after_falls_due_from_the_last_use(agreement, atom, span, acts, outcome, status):
    decision = ask(with_duty(agreement, atom("delayPeriod", "lteq", span)), performed=acts)
    assert (decision.outcome.value, decision.duties[0].status) == (outcome, status)


def test_done_late_is_done_and_its_consequence_is_due(agreement, atom):
    fine = {"uid": "fine", "action": "compensate"}
    document = with_duty(agreement, atom("delayPeriod", "lteq", "P7D"), consequence=[fine])
    overdue = ask(document, performed=[USED])
    assert (overdue.outcome.value, [one.id for one in overdue.duties]) == ("deny", ["d", "fine"])
    late = ask(document, performed=[USED, done("delete", "2026-06-09T00:00:00Z")])
    assert [(one.id, one.status) for one in late.duties] == [("d", "fulfilled"), ("fine", "unknown")]
    assert late.outcome.value == "conditional"
    settled = ask(document, performed=[USED, done("delete"), done("compensate")])
    assert settled.outcome.value == "allow"


def test_a_date_is_a_deadline(agreement, atom):
    document = with_duty(agreement, atom("dateTime", "lteq", "2026-06-09T00:00:00Z"))
    assert ask(document).outcome.value == "deny"
    assert ask(document, performed=[done("delete", "2026-06-09T00:00:00Z")]).outcome.value == "allow"


def test_an_ongoing_duty_is_told_and_does_not_hold_up(agreement):
    decision = ask(with_duty(agreement, **{"penstock:mode": "ongoing"}))
    assert (decision.outcome.value, decision.duties[0].mode, decision.outstanding) == ("allow", "ongoing", ())


def test_who_was_to_be_told_is_who_was_told(agreement):
    document = agreement(permission=[{"action": "use", "duty": [{"action": "inform", "informedParty": "urn:a"}]}])
    assert ask(document, performed=[done("inform", context={"informedParty": "urn:a"})]).outcome.value == "allow"
    assert ask(document, performed=[done("inform", context={"informedParty": "urn:b"})]).outcome.value == "conditional"


def test_several_parties_must_each_be_asked(agreement):
    duty = {"action": "obtainConsent", "consentingParty": ["urn:sara", "urn:john"]}
    document = agreement(permission=[{"action": "use", "duty": [duty]}])
    asked = [done("obtainConsent", context={"consentingParty": name}) for name in ("urn:sara", "urn:john")]
    outcomes = [ask(document, performed=acts).outcome.value for acts in (asked[:1], [done("obtainConsent")], asked)]
    assert outcomes == ["conditional", "conditional", "allow"]


def test_what_one_of_them_paid_is_paid_for_all_of_them(agreement, atom):
    amount = atom("payAmount", "eq", "100", unit="CNY")
    document = agreement(
        assignee="urn:org", permission=[{"action": "use", "duty": [{"action": "compensate", "constraint": [amount]}]}]
    )
    part_of = {BUYER: ["urn:org"], "urn:cashier": ["urn:org"]}
    outcomes = [
        ask(document, partOf=part_of, performed=[{**paid("100"), "by": payer}]).outcome.value
        for payer in ("urn:org", "urn:cashier", "urn:stranger")
    ]
    assert outcomes == ["allow", "allow", "conditional"]


def test_what_was_done_before_the_infringement_does_not_mend_it(agreement):
    remedy = [{"action": "delete"}]
    document = agreement(prohibition=[{"action": "distribute", "remedy": remedy}], conflict="prohibit")
    early, late = "2026-06-01T00:00:00Z", "2026-06-09T12:00:00Z"
    states = [ask(document, performed=[done("distribute"), done("delete", at)]).rules[1].state for at in (early, late)]
    assert states == ["infringed", "remedied"]


def test_a_wait_is_kept_from_the_use(agreement, atom):
    document = with_duty(agreement, atom("delayPeriod", "gteq", "P3D"))
    statuses = [
        ask(document, performed=[USED, done("delete", at)]).duties[0].status
        for at in ("2026-06-03T00:00:00Z", "2026-06-04T00:00:00Z")
    ]
    assert statuses == ["unknown", "fulfilled"]


def test_an_obligation_binds_the_one_it_names(agreement):
    theirs = agreement(obligation=[{"action": "inform", "assignee": "did:web:provider.example"}])
    assert ask(theirs).outcome.value == "allow"
    assert ask(agreement(obligation=[{"action": "inform"}])).outcome.value == "conditional"


def test_a_remedy_is_due_once_the_prohibited_was_done(agreement):
    remedy = [{"uid": "rm", "action": "delete"}, {"uid": "tell", "action": "inform"}]
    document = agreement(prohibition=[{"action": "distribute", "remedy": remedy}], conflict="prohibit")
    states = []
    for acts in ([], [done("distribute")], [done("distribute"), done("delete"), done("inform")]):
        decision = ask(document, performed=acts)
        states.append((decision.outcome.value, decision.rules[1].state))
    assert states == [("allow", "clear"), ("conditional", "infringed"), ("allow", "remedied")]
    assert ask(document, action="distribute").outcome.value == "deny"
