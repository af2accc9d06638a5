"""Scenarios 1 to 15: what is permitted, how often and how long, what for, where and by whom."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.parse import parse
from tests.every import every
from tests.policy.scenario import BUYER, NOW, PURPOSE, act, agreement, asked, atom, check, only

# what is permitted ---------------------------------------------------------------------------------------------------


def test_01_nothing_is_allowed_that_no_permission_is_about():
    check(agreement({"action": "read"}), asked("compute"), NOW, "default-deny", "no-permission")


def test_01_an_offer_permits_nothing():
    check(agreement(**{"@type": "Offer"}), asked(), NOW, "default-deny", "offer-not-decided")


@pytest.mark.parametrize(
    ("action", "outcome", "code", "active"),
    [("read", "allow", "permitted", ["p"]), ("sell", "default-deny", "no-permission", [])],
)
def test_02_reading_is_a_use_and_selling_is_not(action, outcome, code, active):
    check(agreement(), asked(action), NOW, outcome, code, active)


def test_03_a_prohibition_beside_a_permission_is_no_conflict():
    policy = agreement({"action": "read"}, prohibition=[{"uid": "q", "action": "distribute"}])
    check(policy, asked("distribute"), NOW, "deny", "prohibited", ["q"])
    check(policy, asked("read"), NOW, "allow", "permitted", ["p"])


@pytest.mark.parametrize(
    ("strategy", "outcome", "code"),
    [
        ({"conflict": "perm"}, "allow", "permitted"),
        ({"conflict": "prohibit"}, "deny", "prohibited"),
        ({"conflict": "invalid"}, "deny", "policy-void"),
        ({}, "deny", "policy-void"),
    ],
)
def test_04_a_conflict_is_decided_by_the_strategy(strategy, outcome, code):
    policy = agreement({"action": "read"}, prohibition=[{"uid": "q", "action": "use"}], **strategy)
    check(policy, asked("read"), NOW, outcome, code, ["p", "q"])


@pytest.mark.parametrize("strategy", ["perm", "prohibit", "invalid"])
def test_04_a_prohibition_without_a_permission_that_holds_denies_under_every_strategy(strategy):
    late = {"constraint": [atom("dateTime", "lt", "2026-01-01T00:00:00Z")]}
    policy = agreement(late, prohibition=[{"uid": "q", "action": "use"}], conflict=strategy)
    check(policy, asked(), NOW, "deny", "prohibited", ["q"])


COLLECTED = {
    "@type": "Set",
    "conflict": "prohibit",
    "permission": [{"uid": "p", "action": "read", "target": "urn:all"}],
    "prohibition": [{"uid": "q", "action": "read", "target": "urn:one"}],
}


@pytest.mark.parametrize(
    ("target", "part_of", "outcome", "code", "active"),
    [
        ("urn:one", {"urn:one": ["urn:all"], "urn:two": ["urn:all"]}, "deny", "prohibited", ["p", "q"]),
        ("urn:two", {"urn:one": ["urn:all"], "urn:two": ["urn:all"]}, "allow", "permitted", ["p"]),
        ("urn:two", {"urn:one": ["urn:all"]}, "default-deny", "other-target", []),
        ("urn:two", {"urn:two": ["urn:one"], "urn:one": ["urn:all"]}, "deny", "prohibited", ["p", "q"]),
        ("urn:all", {"urn:one": ["urn:all"]}, "deny", "prohibited", ["p", "q"]),
    ],
)
def test_05_members_of_a_collection_are_told_by_the_world(target, part_of, outcome, code, active):
    check(COLLECTED, asked("read") | {"target": target}, NOW | {"partOf": part_of}, outcome, code, active)


# how often, how long -------------------------------------------------------------------------------------------------

THRICE = only(atom("count", "lteq", "3"))


@pytest.mark.parametrize(
    ("taken", "outcome", "code", "active"),
    [("2", "allow", "permitted", ["p"]), ("3", "deny", "count-exhausted", []), (3, "deny", "count-exhausted", [])],
)
def test_06_the_fourth_of_three_is_refused(taken, outcome, code, active):
    check(THRICE, asked(), NOW | {"counters": {"p": {"count": taken}}}, outcome, code, active)


def test_07_a_cap_of_an_organisation_sums_its_users():
    policy = only(atom("count", "lteq", "3"), atom("unitOfCount", "eq", "organisation"))
    users = {"urn:u1": [BUYER], "urn:u2": [BUYER]}
    done = [
        act("read", f"2026-11-20T1{hour}:00:00Z") | {"by": by} for hour, by in enumerate(["urn:u1", "urn:u1", "urn:u2"])
    ]
    for user in users:
        request = asked() | {"assignee": user}
        check(policy, request, NOW | {"partOf": users, "performed": done[:2]}, "allow", "permitted", ["p"])
        check(policy, request, NOW | {"partOf": users, "performed": done}, "deny", "count-exhausted")


BURST = {"counters": {"p": {"frequency": ["2026-11-20T10:00:59.900000Z"] * 100}}, "now": "2026-11-20T10:01:00.100000Z"}


@pytest.mark.parametrize(
    ("rate", "outcome", "code", "active"),
    [
        ("100/PT1M", "deny", "too-often", []),
        ("100/PT1M/fixed", "allow", "permitted", ["p"]),
        ("101/PT1M", "allow", "permitted", ["p"]),
        ("100/PT0.2S", "allow", "permitted", ["p"]),
    ],
)
def test_08_a_rate_slides_unless_its_windows_are_fixed(rate, outcome, code, active):
    check(only(atom("frequency", "lteq", rate)), asked(), BURST, outcome, code, active)


@pytest.mark.parametrize(
    ("now", "outcome", "code", "active"),
    [
        ("2025-12-31T15:59:59Z", "allow", "permitted", ["p"]),
        ("2025-12-31T16:00:00Z", "deny", "outside-time", []),
        ("2025-12-31T16:30:00Z", "deny", "outside-time", []),
        ("2026-01-01T00:30:00+08:00", "deny", "outside-time", []),
    ],
)
def test_09_the_year_ends_earlier_in_beijing(now, outcome, code, active):
    policy = only(atom("dateTime", "lt", "2026-01-01T00:00:00+08:00"))
    check(policy, asked(), {"now": now}, outcome, code, active)


@pytest.mark.parametrize("naive", ["2026-01-01T00:00:00", "2026-01-01"])
def test_09_an_instant_without_a_zone_is_refused_when_written(naive):
    with pytest.raises(PolicyError) as refused:
        parse(only(atom("dateTime", "lt", naive)))
    assert refused.value.code in ("no-time-zone", "bad-value")
    assert refused.value.path == "/permission/0/constraint/0/rightOperand"


@every(
    ("now", "outcome", "code", "active"),
    [
        ("2026-11-20T08:59:59+08:00", "deny", "outside-time", []),
        ("2026-11-20T09:00:00+08:00", "allow", "permitted", ["p"]),
        ("2026-11-20T16:59:59.999999+08:00", "allow", "permitted", ["p"]),
        ("2026-11-20T17:00:00+08:00", "deny", "outside-time", []),
        ("2026-11-21T12:00:00+08:00", "deny", "outside-time", []),
        ("2026-11-20T04:00:00Z", "allow", "permitted", ["p"]),
    ],
)
def test_10_office_hours_are_half_open_and_of_their_zone(now, outcome, code, active):
    policy = only(atom("timeWindow", "isPartOf", "Mo-Fr 09:00-17:00 Asia/Shanghai"))
    check(policy, asked(), {"now": now}, outcome, code, active)


def test_10_the_askers_clock_is_not_asked():
    policy = only(atom("timeWindow", "isPartOf", "Mo-Fr 09:00-17:00 Asia/Shanghai"))
    told = asked(timeWindow="Mo-Fr 09:00-17:00 Asia/Shanghai", dateTime="2026-11-20T09:30:00+08:00")
    check(policy, told, {"now": "2026-11-20T08:30:00+08:00"}, "deny", "outside-time")


MONTH = only(atom("elapsedTime", "lteq", "P30D"))


@pytest.mark.parametrize(
    ("counters", "outcome", "code", "active"),
    [
        ({"elapsedTime": "2026-11-01T00:00:00Z"}, "deny", "time-used-up", []),
        ({"elapsedTime": "2026-11-02T00:00:00Z"}, "allow", "permitted", ["p"]),
        ({"elapsedTime": "P31D"}, "deny", "time-used-up", []),
        ({}, "allow", "permitted", ["p"]),
    ],
)
def test_11_thirty_days_begin_with_the_first_use(counters, outcome, code, active):
    world = {"now": "2026-12-02T00:00:00Z", "counters": {"p": counters}}
    check(MONTH, asked(), world, outcome, code, active)


def test_11_the_first_use_may_be_read_from_what_was_done():
    done = [act("read", "2026-11-30T00:00:00Z"), act("read", "2026-11-01T00:00:00Z")]
    check(MONTH, asked(), {"now": "2026-12-02T00:00:00Z", "performed": done}, "deny", "time-used-up")
    check(MONTH, asked(), {"now": "2026-12-02T00:00:00Z", "performed": done[:1]}, "allow", "permitted", ["p"])


@pytest.mark.parametrize(
    ("used", "outcome", "code", "active"),
    [
        ("PT59M", "allow", "permitted", ["p"]),
        ("PT1H", "allow", "permitted", ["p"]),
        ("3601", "deny", "time-used-up", []),
    ],
)
def test_12_an_hour_of_use_is_used_up(used, outcome, code, active):
    policy = only(atom("meteredTime", "lteq", "PT1H"))
    check(policy, asked(), NOW | {"counters": {"p": {"meteredTime": used}}}, outcome, code, active)


@pytest.mark.parametrize(
    ("taken", "context", "outcome", "code", "active"),
    [
        ("9", {"absoluteSize": "1"}, "allow", "permitted", ["p"]),
        ("9", {"absoluteSize": "1.5"}, "deny", "limit-exhausted", []),
        ("9", {"absoluteSize": "some"}, "deny", "context-unclear", []),
        ("13", {"absoluteSize": "-5"}, "deny", "context-unclear", []),
        (None, {}, "deny", "context-missing", []),
    ],
)
def test_12_a_limit_is_on_what_was_taken_and_what_is_asked_for(taken, context, outcome, code, active):
    counters = {} if taken is None else {"p": {"absoluteSize": taken}}
    policy = only(atom("absoluteSize", "lteq", "10"))
    check(policy, asked(**context), NOW | {"counters": counters}, outcome, code, active)


# what for, where, who ------------------------------------------------------------------------------------------------


@every(
    ("operator", "right", "context", "outcome", "code", "active"),
    [
        ("isA", "Research", {"purpose": PURPOSE + "CancerResearch"}, "allow", "permitted", ["p"]),
        ("isA", "Research", {"purpose": PURPOSE + "Marketing"}, "deny", "purpose-not-allowed", []),
        ("isA", "Research", {}, "deny", "context-missing", []),
        ("isNoneOf", "Marketing", {}, "deny", "context-missing", []),
        ("isNoneOf", "Marketing", {"purpose": PURPOSE + "Research"}, "allow", "permitted", ["p"]),
        ("isA", "Research", {"purpose": "urn:purpose:unheard"}, "deny", "context-unclear", []),
        ("isNoneOf", "Marketing", {"purpose": "urn:purpose:unheard"}, "deny", "context-unclear", []),
        # broader than what was agreed
        ("isA", "CancerResearch", {"purpose": PURPOSE + "Research"}, "deny", "context-unclear", []),
    ],
)
def test_13_a_purpose_must_be_said_and_lie_within_what_was_agreed(operator, right, context, outcome, code, active):
    wanted = PURPOSE + right if operator == "isA" else [PURPOSE + right]
    check(only(atom("purpose", operator, wanted)), asked(**context), NOW, outcome, code, active)


@every(
    ("context", "part_of", "outcome", "code", "active"),
    [
        ({"spatial": "440300"}, {}, "allow", "permitted", ["p"]),
        ({"spatial": "CN-GD"}, {}, "allow", "permitted", ["p"]),
        ({"spatial": "450100"}, {}, "deny", "outside-region", []),
        ({"spatial": "HK"}, {}, "deny", "outside-region", []),
        ({"spatial": "HK"}, {"HK": ["CN-44"]}, "allow", "permitted", ["p"]),
        ({"spatial": "HK"}, {"CN-HK": ["CN-GD"]}, "allow", "permitted", ["p"]),
        ({"spatial": "CN"}, {}, "deny", "context-unclear", []),
        ({"spatial": "urn:place:depot"}, {}, "deny", "context-unclear", []),
        ({"spatial": "urn:place:depot"}, {"urn:place:depot": ["440300"]}, "allow", "permitted", ["p"]),
        ({}, {}, "deny", "context-missing", []),
        # where the address seems to be, and where the connector is registered
        ({"spatial": ["440300", "450100"]}, {}, "deny", "outside-region", []),
        ({"spatial": ["440300", "440100"]}, {}, "allow", "permitted", ["p"]),
    ],
)
def test_14_a_place_lies_in_its_province_by_its_code(context, part_of, outcome, code, active):
    policy = only(atom("spatial", "isPartOf", "CN-44"))
    check(policy, asked(**context), NOW | {"partOf": part_of}, outcome, code, active)


@pytest.mark.parametrize(
    ("part_of", "outcome", "code", "active"),
    [({"urn:user": [BUYER]}, "allow", "permitted", ["p"]), ({}, "default-deny", "other-party", [])],
)
def test_15_whoever_left_the_organisation_is_not_its_member(part_of, outcome, code, active):
    check(agreement(), asked() | {"assignee": "urn:user"}, NOW | {"partOf": part_of}, outcome, code, active)


def test_15_a_recipient_is_a_member_too():
    policy = only(atom("recipient", "isPartOf", BUYER))
    check(policy, asked(recipient="urn:user"), NOW | {"partOf": {"urn:user": [BUYER]}}, "allow", "permitted", ["p"])
    check(policy, asked(recipient="urn:user"), NOW, "deny", "recipient-not-allowed")
