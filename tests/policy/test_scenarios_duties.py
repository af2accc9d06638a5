"""Scenarios 16 to 22: what is owed before, after, for an infringement and on passing on."""

from __future__ import annotations

import pytest

from tests.every import every
from tests.policy.oracle.door import decided
from tests.policy.scenario import DATA, NOW, SELLER, act, agreement, asked, atom, check, states

PAID = agreement(
    {"duty": [{"uid": "pay", "action": "compensate", "constraint": [atom("payAmount", "eq", "100", unit="CNY")]}]}
)
PAYMENT = {"payAmount": "100.00", "unit": "CNY"}


@every(
    ("context", "fulfilled"),
    [
        (None, False),
        (PAYMENT | {"agreement": "urn:agreement:2"}, False),
        (PAYMENT | {"payAmount": "99.99"}, False),
        (PAYMENT | {"spent": True}, False),
        (PAYMENT | {"unit": "USD"}, False),
        ({"payAmount": "100"}, False),
        (PAYMENT, True),
        (PAYMENT | {"agreement": "urn:agreement:1"}, True),
    ],
)
def test_16_a_payment_must_be_the_one_agreed(context, fulfilled):
    done = [] if context is None else [act("compensate", "2026-11-20T11:00:00Z", context=context)]
    outcome, code = ("allow", "permitted") if fulfilled else ("conditional", "duty-outstanding")
    decision = check(PAID, asked(), NOW | {"performed": done}, outcome, code, ["p"])
    assert states(decision) == {"pay": "fulfilled" if fulfilled else "unknown"}


def test_16_a_payment_of_somebody_else_or_of_tomorrow_does_not_count():
    for change in ({"by": "urn:stranger"}, {"at": "2026-11-20T12:00:01Z"}, {"target": "urn:data:ships"}):
        done = [act("compensate", "2026-11-20T11:00:00Z", context=PAYMENT) | change]
        check(PAID, asked(), NOW | {"performed": done}, "conditional", "duty-outstanding", ["p"])


def test_17_what_must_be_done_before_is_a_condition():
    policy = agreement({"duty": [{"uid": "mask", "action": "anonymize"}]})
    decision = check(policy, asked(), NOW, "conditional", "duty-outstanding", ["p"])
    assert states(decision) == {"mask": "unknown"}
    check(policy, asked(), NOW | {"duties": {"mask": "fulfilled"}}, "allow", "permitted", ["p"])
    check(policy, asked(), NOW | {"duties": {"mask": "violated"}}, "deny", "duty-violated")


def test_17_what_is_owed_by_the_policy_binds_whom_it_names():
    owed = {"uid": "report", "action": "inform", "constraint": [atom("dateTime", "lteq", "2026-11-01T00:00:00Z")]}
    check(agreement(obligation=[owed]), asked(), NOW, "deny", "duty-violated", ["p"])
    check(agreement(obligation=[owed | {"assignee": SELLER}]), asked(), NOW, "allow", "permitted", ["p"])
    done = {"performed": [act("inform", "2026-10-31T00:00:00Z")]}
    check(agreement(obligation=[owed]), asked(), NOW | done, "allow", "permitted", ["p"])


DELETING = agreement(
    {
        "action": "read",
        "duty": [
            {
                "uid": "wipe",
                "action": "delete",
                "constraint": [atom("delayPeriod", "lteq", "P7D")],
                "consequence": [{"uid": "fine", "action": "compensate"}],
            }
        ],
    }
)
READ, DELETED = act("read", "2026-11-01T00:00:00Z"), act("delete", "2026-11-05T00:00:00Z")


@pytest.mark.parametrize(
    ("now", "done", "outcome", "code", "active", "duties"),
    [
        ("2026-11-01T00:00:00Z", [], "allow", "permitted", ["p"], {"wipe": "unknown"}),
        ("2026-11-08T00:00:00Z", [READ], "allow", "permitted", ["p"], {"wipe": "unknown"}),
        ("2026-11-09T00:00:00Z", [READ], "deny", "duty-violated", [], {"wipe": "violated", "fine": "unknown"}),
        ("2026-11-09T00:00:00Z", [READ, DELETED], "allow", "permitted", ["p"], {"wipe": "fulfilled"}),
        (
            "2026-11-10T00:00:00Z",
            [READ, DELETED | {"at": "2026-11-09T00:00:00Z"}],
            "conditional",
            "duty-outstanding",
            ["p"],
            {"wipe": "fulfilled", "fine": "unknown"},
        ),
    ],
)
def test_18_what_is_to_be_deleted_later_must_be_in_time(now, done, outcome, code, active, duties):
    decision = check(DELETING, asked(), {"now": now, "performed": done}, outcome, code, active)
    assert states(decision) == duties


def test_18_a_consequence_that_was_violated_denies():
    late = [READ, DELETED | {"at": "2026-11-09T00:00:00Z"}]
    world = NOW | {"performed": late, "duties": {"fine": "violated"}}
    check(DELETING, asked(), world, "deny", "duty-violated")
    check(DELETING, asked(), NOW | {"performed": late, "duties": {"fine": "fulfilled"}}, "allow", "permitted", ["p"])


def test_18_deleting_after_a_use_is_no_use():
    policy = agreement({"duty": DELETING["permission"][0]["duty"]})
    late = [act("use", "2026-11-01T00:00:00Z"), DELETED | {"at": "2026-11-09T00:00:00Z"}]
    decision = check(policy, asked(), NOW | {"performed": late}, "conditional", "duty-outstanding", ["p"])
    assert states(decision) == {"wipe": "fulfilled", "fine": "unknown"}


REMEDIED = agreement(
    prohibition=[
        {
            "uid": "q",
            "action": "distribute",
            "remedy": [{"uid": "wipe", "action": "delete"}, {"uid": "tell", "action": "inform"}],
        }
    ]
)
PASSED_ON = act("distribute", "2026-11-10T00:00:00Z")
MENDED = [act("delete", "2026-11-11T00:00:00Z"), act("inform", "2026-11-12T00:00:00Z")]


@pytest.mark.parametrize(
    ("done", "outcome", "code", "state"),
    [
        ([], "allow", "permitted", "clear"),
        ([PASSED_ON], "conditional", "duty-outstanding duty-outstanding", "infringed"),
        ([PASSED_ON, MENDED[0]], "conditional", "duty-outstanding", "infringed"),
        ([PASSED_ON, *MENDED], "allow", "permitted", "remedied"),
    ],
)
def test_19_an_infringement_is_remedied_before_anything_else(done, outcome, code, state):
    decision = check(REMEDIED, asked(), NOW | {"performed": done}, outcome, code, ["p"])
    assert next(rule for rule in decision["rules"] if rule["id"] == "q")["state"] == state


def test_19_a_remedy_that_was_violated_denies():
    world = NOW | {"performed": [PASSED_ON], "duties": {"wipe": "violated"}}
    decision = check(REMEDIED, asked(), world, "deny", "duty-violated", ["p"])
    assert states(decision) == {"wipe": "violated", "tell": "unknown"}


@pytest.mark.parametrize(
    ("act_", "state"),
    [
        (PASSED_ON | {"by": "urn:stranger"}, "clear"),
        (PASSED_ON | {"at": "2026-11-20T12:00:01Z"}, "clear"),
        (PASSED_ON | {"action": "delivery"}, "infringed"),
        (PASSED_ON | {"target": "urn:data:ships"}, "clear"),
        (PASSED_ON | {"target": "urn:part"}, "infringed"),
    ],
)
def test_19_only_the_askers_own_acts_on_the_data_infringe(act_, state):
    decision = decided(REMEDIED, asked(), NOW | {"performed": [act_], "partOf": {"urn:part": [DATA]}})
    assert next(rule for rule in decision["rules"] if rule["id"] == "q")["state"] == state


def test_22_a_licence_is_passed_on_with_its_policy():
    policy = agreement({"action": "grantUse", "duty": [{"uid": "next", "action": "nextPolicy"}]})
    check(policy, asked("grantUse"), NOW, "conditional", "duty-outstanding", ["p"])
    check(policy, asked("grantUse"), NOW | {"duties": {"next": "fulfilled"}}, "allow", "permitted", ["p"])
