"""Each kind of operand, joint constraints, parties and assets: where values come from, what they do to the outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from policy.compile import compile_policy
from policy.decide import decide
from policy.decision import Outcome
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.every import every

BUYER, TARGET = "did:web:buyer.example", "urn:penstock:dataset:flights"
WINDOW = "Mo-Fr 09:00-17:00 Asia/Shanghai"
MONTH = "P1M"
PURPOSE = "https://w3id.org/penstock/purpose#"
FIRST = "2026-08-31T00:00:00Z"
MINUTE = [f"2026-06-01T10:00:{second:02}+00:00" for second in range(20, 60)]


@every(
    ("constraint", "context", "counters", "now", "code"),
    [
        (("language", "isPartOf", "zh"), {"language": "zh-Hant-TW"}, {}, None, "permitted"),
        (("language", "isPartOf", "zh"), {"language": "en"}, {}, None, "manner-not-allowed"),
        (("fileFormat", "isAnyOf", ["text/*"]), {"fileFormat": "text/csv"}, {}, None, "permitted"),
        (("networkAddress", "isPartOf", "10.1.0.0/16"), {"networkAddress": "10.1.7.9"}, {}, None, "permitted"),
        (("networkAddress", "eq", "10.1.0.0/16"), {"networkAddress": "10.2.0.0"}, {}, None, "environment-not-allowed"),
        (("legalForm", "isNoneOf", ["500"]), {"legalForm": "159"}, {}, None, "permitted"),
        (("country", "isAnyOf", ["CN", "SG"]), {"country": "US"}, {}, None, "party-not-allowed"),
        (("identityLevel", "gteq", "2"), {"identityLevel": "1"}, {}, None, "party-not-allowed"),
        (("mandate", "isAnyOf", ["buy"]), {}, {}, None, "context-missing"),
        (("version", "gteq", "1.4"), {"version": "1.10.0"}, {}, None, "permitted"),
        (("version", "gteq", "1.4"), {"version": "1.3.9"}, {}, None, "data-not-allowed"),
        (("resolution", "lteq", 720), {"resolution": 720}, {}, None, "permitted"),
        (("resolution", "lteq", 720), {"resolution": "720.5"}, {}, None, "manner-not-allowed"),
        (("resolution", "lteq", 720), {}, {}, None, "context-missing"),
        (("dataField", "isPartOf", ["a", "b"]), {"dataField": ["a", "b"]}, {}, None, "permitted"),
        (("dataField", "isPartOf", ["a", "b"]), {"dataField": ["a", "c"]}, {}, None, "data-not-allowed"),
        (("dataField", "isAnyOf", ["a", "b"]), {"dataField": ["a", "c"]}, {}, None, "context-unclear"),
        (("dataField", "isNoneOf", ["c"]), {"dataField": ["a", "c"]}, {}, None, "context-unclear"),
        (("artifactState", "isAllOf", ["enc", "anon"]), {"artifactState": ["anon", "enc", "x"]}, {}, None, "permitted"),
        (("artifactState", "isAllOf", ["enc", "anon"]), {"artifactState": "enc"}, {}, None, "data-not-allowed"),
        (("executionEnv", "eq", "05"), {"executionEnv": "tee"}, {}, None, "permitted"),
        (("spatial", "isPartOf", "CN-44"), {"spatial": "440300"}, {}, None, "permitted"),
        (("spatial", "isPartOf", "CN-44"), {"spatial": "450100"}, {}, None, "outside-region"),
        (("spatial", "isPartOf", "CN"), {"spatial": "HK"}, {}, None, "outside-region"),
        (("timeWindow", "isPartOf", WINDOW), {}, {}, "2026-11-20T08:59:59+08:00", "outside-time"),
        (("timeWindow", "isPartOf", WINDOW), {}, {}, "2026-11-20T09:00:00+08:00", "permitted"),
        (("timeWindow", "isPartOf", WINDOW), {}, {}, "2026-11-20T17:00:00+08:00", "outside-time"),
        (("timeWindow", "isPartOf", "Fr 22:00-06:00 UTC"), {}, {}, "2026-11-21T05:59:00+00:00", "permitted"),
        (("absoluteSize", "lteq", 1000), {"absoluteSize": 100}, {"absoluteSize": 900}, None, "permitted"),
        (("absoluteSize", "lteq", 1000), {"absoluteSize": 101}, {"absoluteSize": 900}, None, "limit-exhausted"),
        (("absoluteSize", "lteq", 1000), {}, {}, None, "context-missing"),
        (("privacyBudget", "lteq", "1.0"), {"privacyBudget": "0.6"}, {"privacyBudget": "0.5"}, None, "limit-exhausted"),
        (("elapsedTime", "lteq", "P30D"), {}, {"elapsedTime": "P31D"}, None, "time-used-up"),
        (("elapsedTime", "lteq", "P3M"), {}, {"elapsedTime": FIRST}, "2026-11-30T00:00:00Z", "permitted"),
        (("elapsedTime", "lteq", "P30D"), {}, {}, None, "permitted"),
        (("meteredTime", "lteq", "PT1H"), {}, {"meteredTime": "PT59M"}, None, "permitted"),
        (("meteredTime", "lt", "PT1H"), {}, {"meteredTime": 3600}, None, "time-used-up"),
        (("timeInterval", "gteq", "P1D"), {}, {"timeInterval": "PT23H"}, None, "too-soon"),
        (("timeInterval", "gteq", "P1D"), {}, {}, None, "permitted"),
        (("delayPeriod", "gteq", "P1D"), {}, {}, None, "context-missing"),
        (("delayPeriod", "gteq", "P1D"), {}, {"delayPeriod": "P2D"}, None, "permitted"),
        (("frequency", "lteq", "40/PT1M"), {}, {"frequency": MINUTE}, "2026-06-01T10:01:00+00:00", "too-often"),
        (("frequency", "lteq", "40/PT1M/fixed"), {}, {"frequency": MINUTE}, "2026-06-01T10:01:00+00:00", "permitted"),
        (("frequency", "lteq", "40/PT1M"), {}, {"frequency": MINUTE}, "2026-06-01T10:01:20+00:00", "permitted"),
        (("absoluteTemporalPosition", "lteq", "PT1H"), {"absoluteTemporalPosition": "PT9M"}, {}, None, "permitted"),
        (("absoluteTemporalPosition", "lt", "PT1H"), {"absoluteTemporalPosition": MONTH}, {}, None, "context-unclear"),
        (("event", "eq", "urn:fair"), {"event": "urn:fair"}, {}, None, "permitted"),
        (("event", "gt", "urn:fair"), {}, {}, None, "event-not-met"),
        (("event", "lt", "urn:fair"), {}, {}, None, "permitted"),
    ],
)  # fmt: skip
def test_other_operands(agreement, atom, codes, constraint, context, counters, now, code):
    document = agreement(constraint=[atom(*constraint)])
    asked = Request.from_json({"assignee": BUYER, "action": "read", "target": TARGET, "context": context})
    world = {"now": now or "2026-06-01T00:00:00Z", "counters": {"permission/0": counters}}
    assert codes(decide(compile_policy(parse(document)), asked, World.from_json(world))) == [code]


@every(
    ("operator", "before", "same", "after"),
    [
        ("lt", True, False, False),
        ("lteq", True, True, False),
        ("eq", False, True, False),
        ("neq", True, False, True),
        ("gteq", False, True, True),
        ("gt", False, False, True),
    ],
)
def test_date_time_operators(agreement, atom, ask, operator, before, same, after):
    document = agreement(constraint=[atom("dateTime", operator, "2026-01-01T00:00:00Z")])
    moments = ["2025-12-31T23:59:59.999999+00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.000001+00:00"]
    assert [ask(document, now=datetime.fromisoformat(now)).allowed for now in moments] == [before, same, after]


def test_date_time_is_exact_over_time_zones(agreement, atom, ask, codes):
    document = agreement(constraint=[atom("dateTime", "lt", "2026-01-01T00:00:00+08:00")])
    assert ask(document, now=datetime.fromisoformat("2025-12-31T15:59:59+00:00")).allowed
    late = ask(document, now=datetime.fromisoformat("2025-12-31T16:30:00+00:00"))  # half past midnight in Beijing
    assert (late.outcome, codes(late)) == (Outcome.DENY, ["outside-time"])
    assert ask(document, now=datetime(2025, 12, 31, 10, 59, tzinfo=timezone(-timedelta(hours=5)))).allowed


def test_the_clock_is_the_worlds_not_the_askers(agreement, atom, ask):
    document = agreement(constraint=[atom("dateTime", "lt", "2026-01-01T00:00:00Z")])
    late = ask(document, now=datetime(2026, 2, 1, tzinfo=UTC), context={"dateTime": "2025-01-01T00:00:00Z"})
    assert late.outcome is Outcome.DENY


@every(
    ("operator", "right", "given", "code"),
    [
        ("isA", "Research", "AirTrafficResearch", "permitted"),
        ("isA", "Research", "Research", "permitted"),
        ("isA", "Research", "Marketing", "purpose-not-allowed"),
        ("isA", "TransportResearch", "Research", "context-unclear"),
        ("isA", "Research", None, "context-missing"),
        ("isA", "Research", "https://example.org/other", "context-unclear"),
        ("eq", "Research", "Research", "permitted"),
        ("eq", "Research", "AirTrafficResearch", "context-unclear"),
        ("eq", "Research", "Marketing", "purpose-not-allowed"),
        ("isAnyOf", ["Research", "Statistics"], "TradeStatistics", "permitted"),
        ("isAnyOf", ["Research", "Statistics"], "Marketing", "purpose-not-allowed"),
        ("isNoneOf", ["Marketing"], "Research", "permitted"),
        ("isNoneOf", ["Marketing"], "EmailMarketing", "purpose-not-allowed"),
        ("isNoneOf", ["Marketing"], "Commercial", "context-unclear"),
        ("isNoneOf", ["Marketing"], None, "context-missing"),
    ],
)
def test_purpose(agreement, atom, ask, codes, operator, right, given, code):
    iri = [PURPOSE + name for name in right] if isinstance(right, list) else PURPOSE + right
    document = agreement(constraint=[atom("purpose", operator, iri)])
    context = {} if given is None else {"purpose": given if ":" in given else PURPOSE + given}
    assert codes(ask(document, context=context)) == [code]


@every(
    ("operator", "right", "given", "code"),
    [
        ("isPartOf", "US", "US-NY", "permitted"),
        ("isPartOf", "US", "US", "permitted"),
        ("isPartOf", "US", "CN-GD", "outside-region"),
        ("isPartOf", "US-NY", "US", "context-unclear"),
        ("isPartOf", "US", None, "context-missing"),
        ("isPartOf", "US", "ZZ", "context-unclear"),
        ("isPartOf", "urn:zone:pacific", "US-NY", "permitted"),
        ("isPartOf", "urn:zone:pacific", "DE", "outside-region"),
        ("isPartOf", "US", "urn:site:7", "permitted"),
        ("eq", "US", "US-NY", "context-unclear"),
        ("isAnyOf", ["DE", "US"], "US-NY", "permitted"),
        ("isNoneOf", ["US"], "US-NY", "outside-region"),
        ("isNoneOf", ["US-NY"], "US", "context-unclear"),
        ("isNoneOf", ["US-NY"], "DE", "permitted"),
    ],
)
def test_spatial(agreement, atom, ask, codes, operator, right, given, code):
    document = agreement(constraint=[atom("spatial", operator, right)])
    part_of = {"US": frozenset({"urn:zone:pacific"}), "urn:site:7": frozenset({"US-NY"})}
    assert codes(ask(document, context={} if given is None else {"spatial": given}, part_of=part_of)) == [code]


@every(
    ("operator", "right", "given", "code"),
    [
        ("eq", "did:web:lab.example", "did:web:lab.example", "permitted"),
        ("isPartOf", "urn:org:y", "did:web:lab.example", "permitted"),
        ("isPartOf", "urn:org:y", "did:web:left.example", "recipient-not-allowed"),
        ("isAnyOf", ["urn:org:y"], "did:web:lab.example", "permitted"),
        ("isNoneOf", ["urn:org:y"], "did:web:lab.example", "recipient-not-allowed"),
        ("isNoneOf", ["did:web:lab.example"], "urn:org:y", "context-unclear"),
        ("eq", "did:web:lab.example", None, "context-missing"),
        ("eq", "did:web:lab.example", "not an iri", "context-unclear"),
    ],
)
def test_recipient(agreement, atom, ask, codes, operator, right, given, code):
    document = agreement(constraint=[atom("recipient", operator, right)])
    part_of = {"did:web:lab.example": frozenset({"urn:group:g"}), "urn:group:g": frozenset({"urn:org:y"})}
    assert codes(ask(document, context={} if given is None else {"recipient": given}, part_of=part_of)) == [code]


@every(
    ("operator", "purposes", "allowed"),
    [
        ("or", ["Research", "Statistics"], True),
        ("or", ["Marketing", "Statistics"], False),
        ("and", ["Research", "ScientificResearch"], True),
        ("and", ["Research", "Statistics"], False),
        ("xone", ["Research", "Statistics"], True),
        ("xone", ["Research", "ScientificResearch"], False),
        ("xone", ["Statistics", "Marketing"], False),
    ],
)
def test_logical_constraints(agreement, atom, ask, operator, purposes, allowed):
    parts = [atom("purpose", "isA", PURPOSE + name) for name in purposes]
    context = {"purpose": PURPOSE + "WeatherResearch"}
    assert ask(agreement(constraint=[{operator: parts}]), context=context).allowed is allowed


def test_or_with_one_satisfied_and_one_unknown_holds(agreement, atom, ask, codes):
    parts = [atom("purpose", "isA", PURPOSE + "Research"), atom("spatial", "isPartOf", "US")]
    assert ask(agreement(constraint=[{"or": parts}]), context={"spatial": "US-NY"}).allowed
    assert codes(ask(agreement(constraint=[{"or": parts}]))) == ["no-alternative"]
    assert codes(ask(agreement(constraint=[{"and": parts}]))) == ["context-missing", "context-missing"]


# parties and assets --------------------------------------------------------------------------------------------------


def test_membership_of_party_and_asset_comes_from_the_world(agreement, ask):
    document = agreement(assignee="urn:org:y", target="urn:collection:c")
    member = {"did:web:u.example": frozenset({"urn:org:y"}), "urn:c1": frozenset({"urn:collection:c"})}
    wanted = {"assignee": "did:web:u.example", "target": "urn:c1"}
    assert ask(document, **wanted, part_of=member).allowed
    assert ask(document, **wanted).outcome is Outcome.DEFAULT_DENY


def test_prohibition_on_a_member_stops_the_act_on_the_whole(agreement, ask):
    document = {
        "@type": "Set",
        "permission": [{"action": "read", "target": "urn:collection:c"}],
        "prohibition": [{"action": "read", "target": "urn:c1"}],
    }
    part_of = {name: frozenset({"urn:collection:c"}) for name in ("urn:c1", "urn:c2")}
    outcomes = [
        ask(document, target=name, part_of=part_of).outcome for name in ("urn:c1", "urn:c2", "urn:collection:c")
    ]
    assert outcomes == [Outcome.DENY, Outcome.ALLOW, Outcome.DENY]


def test_membership_in_a_circle_ends(agreement, ask):
    part_of = {"urn:a": frozenset({"urn:b"}), "urn:b": frozenset({"urn:a"})}
    assert ask(agreement(target="urn:b"), target="urn:a", part_of=part_of).allowed
