"""Duties before, during and after: what fulfils them, deadlines, consequences, remedies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policy.calendar import duration
from policy.compile import compile_policy
from policy.decide import decide
from policy.duties import compile_duty
from policy.parse import parse
from policy.request import Request
from policy.world import Act, World

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


# one duty, judged by itself ------------------------------------------------------------------------------------------

TODAY = datetime(2026, 6, 10, tzinfo=UTC)
TICK = timedelta(microseconds=1)
WEEK = {"leftOperand": "delayPeriod", "operator": "lteq", "rightOperand": "P7D"}
FINE = {"uid": "fine", "action": "compensate"}


def ago(days):
    return TODAY - timedelta(days=days)


def deleted(days, by=BUYER, target="", **context):
    return Act("delete", ago(days), by, target, context)


def compiled(*terms, holders=(), **members):
    """Compile a duty to delete."""
    duty = {"uid": "d", "action": "delete", "constraint": list(terms)} | members
    (permission,) = parse({"permission": [{"action": "use", "duty": [duty]}]}).permissions
    return compile_duty(permission.duties[0], "urn:agreement", holders)


def stands(duty, *acts, uses=(), asker=BUYER, **world):
    """Tell (status, …) of a duty and of each consequence that is due, for uses so many days ago."""
    request = Request(asker, "read", TARGET)
    found = duty.standing(request, World(TODAY, performed=acts, **world), [ago(days) for days in uses])
    return found.status, *(one.status for one in found.due)


@pytest.mark.parametrize(
    ("told", "standing"),
    [("fulfilled", ("fulfilled",)), ("unknown", ("unknown",)), ("violated", ("violated", "unknown"))],
)
def test_what_the_world_says_of_a_duty_is_so_and_only_a_violation_has_consequences(told, standing):
    duty = compiled(WEEK, consequence=[FINE])
    assert stands(duty, deleted(1), uses=[9], duties={"d": told}) == standing
    assert stands(duty, deleted(1), uses=[9], duties={"d": "perhaps"}) == ("fulfilled", "unknown")


@pytest.mark.parametrize(
    ("acts", "uses", "standing"),
    [
        ([], [7], ("unknown",)),
        ([], [7 + 1e-6], ("violated", "unknown")),
        ([3], [7], ("fulfilled",)),
        ([7], [7], ("fulfilled",)),
        ([2], [9], ("fulfilled",)),
        ([1], [9], ("fulfilled", "unknown")),
        ([18], [20, 10], ("violated", "unknown")),
        ([18, 8], [20, 10], ("fulfilled",)),
        ([8, 18], [10, 20], ("fulfilled",)),
        ([18], [20, 3], ("unknown",)),
        ([18], [30, 3], ("unknown", "unknown")),
        ([9], [20, 15, 10], ("fulfilled", "unknown")),
    ],
)
def test_each_use_asks_anew_and_the_worst_of_them_is_how_the_duty_stands(acts, uses, standing):
    """Its consequence is due where it was done late or not at all."""
    duty = compiled(WEEK, consequence=[FINE])
    assert stands(duty, *(deleted(days) for days in acts), uses=uses) == standing


def test_a_consequence_is_asked_from_the_uses_that_were_missed():
    duty = compiled(WEEK, consequence=[FINE | {"constraint": [WEEK | {"rightOperand": "P20D"}]}])
    assert stands(duty, deleted(29), uses=[30, 15]) == ("violated", "unknown")
    assert stands(duty, deleted(21), uses=[30, 15]) == ("violated", "violated")
    early, since = Act("compensate", ago(16), BUYER), Act("compensate", ago(1), BUYER)
    assert stands(duty, deleted(29), early, uses=[30, 15]) == ("violated", "unknown")
    assert stands(duty, deleted(29), early, since, uses=[30, 15]) == ("violated", "fulfilled")


def test_a_missed_date_has_consequences_whenever_they_were_done():
    date = WEEK | {"leftOperand": "dateTime", "rightOperand": "2026-06-05T00:00:00Z"}
    duty = compiled(date, consequence=[FINE])
    assert stands(duty, Act("compensate", ago(30), BUYER)) == ("violated", "fulfilled")
    assert stands(duty, deleted(5)) == ("fulfilled",)
    assert stands(duty, deleted(4)) == ("fulfilled", "unknown")


def test_a_duty_of_before_is_asked_once_and_one_of_after_by_each_use():
    assert stands(compiled(), deleted(9), uses=[3]) == ("fulfilled",)
    assert stands(compiled(mode="post"), deleted(9), uses=[3]) == ("unknown",)
    assert stands(compiled(mode="post"), deleted(9)) == ("fulfilled",)
    assert stands(compiled(mode="ongoing"), deleted(9), uses=[3]) == ("fulfilled",)


@pytest.mark.parametrize(("operator", "last"), [("lteq", True), ("eq", True), ("lt", False)])
def test_the_last_instant_is_in_time_unless_it_is_to_be_before(operator, last):
    for term in (
        {"leftOperand": "dateTime", "operator": operator, "rightOperand": "2026-06-03T00:00:00Z"},
        {"leftOperand": "elapsedTime", "operator": operator, "rightOperand": "P2D"},
    ):
        duty = compiled(term, consequence=[FINE])
        in_time, late = ("fulfilled",), ("fulfilled", "unknown")
        assert stands(duty, deleted(7), uses=[9]) == (in_time if last else late)
        assert stands(duty, Act("delete", ago(7) - TICK, BUYER), uses=[9]) == in_time
        assert stands(duty, Act("delete", ago(7) + TICK, BUYER), uses=[9]) == late
    today = {"leftOperand": "dateTime", "operator": operator, "rightOperand": "2026-06-10T00:00:00Z"}
    assert stands(compiled(today)) == (("unknown" if last else "violated"),)


def test_of_several_deadlines_the_earliest_holds():
    later = WEEK | {"rightOperand": "P20D"}
    assert stands(compiled(WEEK, later), uses=[8]) == stands(compiled(later, WEEK), uses=[8]) == ("violated",)
    assert stands(compiled(WEEK, WEEK | {"operator": "lt"}), uses=[7]) == ("violated",)


def test_a_wait_goes_from_the_use_and_a_deadline_may_stand_beside_it():
    wait = WEEK | {"operator": "gteq", "rightOperand": "P3D"}
    duty = compiled(wait, WEEK)
    assert [stands(duty, deleted(days), uses=[8])[0] for days in (6, 5, 1)] == ["violated", "fulfilled", "fulfilled"]
    assert stands(duty, deleted(5)) == ("unknown",), "nothing to wait for yet"
    assert stands(compiled(wait | {"operator": "gt"}), deleted(5), uses=[8]) == ("unknown",)


def test_what_a_duty_waits_for_may_be_counted():
    """An instant, or the time since; whatever the uses were."""
    duty = compiled(WEEK)
    for begun in (ago(8), duration("P8D")):
        assert stands(duty, counters={("d", "delayPeriod"): begun}, uses=[1]) == ("violated",)
        assert stands(duty, deleted(2), counters={("d", "delayPeriod"): begun}) == ("fulfilled",)
    assert stands(duty, counters={("d", "delayPeriod"): 8}, uses=[1]) == ("unknown",)
    assert stands(duty, counters={("d", "elapsedTime"): ago(8)}, uses=[1]) == ("unknown",)
    assert stands(duty, counters=None, uses=[8]) == ("violated",)


def test_a_date_from_which_on_is_asked_of_the_act():
    since = {"leftOperand": "dateTime", "operator": "gteq", "rightOperand": "2026-06-10T00:00:00Z"}
    assert [stands(compiled(since), deleted(days)) for days in (1, 0)] == [("unknown",), ("fulfilled",)]


def test_a_term_is_asked_of_the_act_in_the_world_of_now():
    place = {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "urn:zone"}
    zone = {"DE": frozenset({"urn:zone"})}
    assert stands(compiled(place), deleted(1, spatial="DE"), part_of=zone) == ("fulfilled",)
    assert stands(compiled(place), deleted(1, spatial="DE")) == ("unknown",)
    assert stands(compiled(place), deleted(1), part_of=zone) == ("unknown",)


# whose act it was, and on what ---------------------------------------------------------------------------------------


def test_what_one_of_the_holders_did_is_done_for_all_of_them():
    of_team = {"urn:member": frozenset({"urn:team"})}
    duty = compiled(holders=["urn:team"])
    done = [stands(duty, deleted(1, by), part_of=of_team)[0] for by in ("", BUYER, "urn:team", "urn:member", "urn:x")]
    assert done == ["fulfilled", "fulfilled", "fulfilled", "fulfilled", "unknown"]


def test_a_duty_of_one_is_done_by_that_one():
    of_team = {"urn:member": frozenset({"urn:team"})}
    duty = compiled(assignee="urn:team", holders=[BUYER])
    done = [stands(duty, deleted(1, by), part_of=of_team)[0] for by in ("", BUYER, "urn:team", "urn:member")]
    assert done == ["fulfilled", "unknown", "fulfilled", "fulfilled"]


def test_where_nobody_knows_whom_a_duty_binds_it_binds_the_asker_and_the_askers_act_is_its():
    duty, asked = compiled(assignee={"source": "urn:team"}), Request(BUYER, "read", TARGET)
    told = World(TODAY, {"urn:x": frozenset({"urn:team"})})
    assert duty.binds(asked, World(TODAY)) is True
    assert duty.binds(asked, told) is False
    assert duty.binds(Request("urn:x", "read", TARGET), told) is True
    assert compiled().binds(asked, told) is True
    assert [stands(duty, deleted(1, by))[0] for by in ("", BUYER, "urn:y")] == ["fulfilled", "fulfilled", "unknown"]


def test_an_act_is_on_the_target_of_the_duty_or_else_on_what_is_asked_for():
    shelf = {TARGET: frozenset({"urn:shelf"})}
    anything, shelves = compiled(), compiled(target="urn:shelf")
    for duty, done in ((anything, ["fulfilled", "fulfilled", "unknown"]), (shelves, ["fulfilled"] * 3)):
        assert [stands(duty, deleted(1, target=on), part_of=shelf)[0] for on in ("", TARGET, "urn:shelf")] == done


def test_several_parties_are_each_told_in_time():
    duty = compiled(WEEK, consequence=[FINE], informedParty=["urn:a", "urn:b"], consentingParty="urn:c")

    def told(days, name):
        return deleted(days, informedParty=name, consentingParty="urn:c")

    assert stands(duty, told(5, "urn:a"), told(4, "urn:b"), uses=[9]) == ("fulfilled",)
    assert stands(duty, told(5, "urn:a"), told(1, "urn:b"), uses=[9]) == ("fulfilled", "unknown")
    assert stands(duty, told(5, "urn:a"), uses=[9]) == ("violated", "unknown")
    assert stands(duty, told(5, ("urn:a", "urn:b")), uses=[9]) == ("fulfilled",)
    assert stands(duty, told(5, ("urn:a", "urn:b", "urn:x")), uses=[9]) == ("violated", "unknown")
    assert stands(duty, deleted(5, informedParty=("urn:a", "urn:b")), uses=[9]) == ("fulfilled",)
