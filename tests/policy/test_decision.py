"""A decision as a record: what may be done now, what is still to do, and how all of it is written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.decision import (
    REASONS,
    ConstraintReport,
    Decision,
    DutyReport,
    Outcome,
    Reason,
    Reservation,
    RuleReport,
)

PURPOSE = "https://w3id.org/penstock/purpose#"


@pytest.mark.parametrize("outcome", Outcome)
def test_only_an_allowed_act_may_be_done_now(outcome):
    assert Decision(outcome).allowed is (outcome.value == "allow")


def test_what_is_outstanding_is_what_was_to_be_done_before_the_use_and_was_not():
    open_ones = (DutyReport("a", "inform", "unknown"), DutyReport("b", "inform", "violated"))
    others = (
        DutyReport("c", "inform", "fulfilled"),
        DutyReport("d", "inform", "unknown", "post"),
        DutyReport("e", "inform", "violated", "ongoing"),
        DutyReport("f", "inform", "fulfilled", "post"),
    )
    assert Decision(Outcome.CONDITIONAL, duties=(*others, *open_ones)).outstanding == open_ones


def test_a_reason_names_its_facts_and_has_a_sentence():
    reason = Reason("outside-region", "/permission/0/constraint/0", ("spatial", "isPartOf", "US", "DE"))
    assert reason.named_facts() == {"operand": "spatial", "operator": "isPartOf", "wanted": "US", "given": "DE"}
    assert reason.text == "required is that the place is in US; the place given is DE"
    assert Reason("offer-not-decided", "").named_facts() == {}


def test_a_reason_has_as_many_facts_as_its_code_names():
    for code, names in REASONS.items():
        assert tuple(Reason(code, "", names).named_facts()) == names
        with pytest.raises(ValueError, match="argument"):
            Reason(code, "", (*names, "more")).named_facts()


def test_a_decision_is_written_whole():
    constraints = (ConstraintReport("c", True), ConstraintReport("d", False), ConstraintReport("e", None))
    decision = Decision(
        Outcome.CONDITIONAL,
        (RuleReport("p", "permission", True, constraints), RuleReport("q", "prohibition", False, (), "clear")),
        (DutyReport("pay", "compensate", "unknown"),),
        (Reason("permitted", "/permission/0", ("read",)),),
        (Reservation("p", "count", 1, 3), Reservation("p", "percentage", Fraction(1, 2), None)),
    )
    assert decision.as_json() == {
        "outcome": "conditional",
        "rules": [
            {
                "id": "p",
                "kind": "permission",
                "active": True,
                "constraints": [
                    {"id": "c", "satisfied": True},
                    {"id": "d", "satisfied": False},
                    {"id": "e", "satisfied": "unknown"},
                ],
            },
            {"id": "q", "kind": "prohibition", "active": False, "constraints": [], "state": "clear"},
        ],
        "duties": [{"id": "pay", "action": "compensate", "status": "unknown", "mode": "pre"}],
        "reasons": [
            {
                "code": "permitted",
                "text": Reason("permitted", "", ("read",)).text,
                "path": "/permission/0",
                "facts": ["read"],
            }
        ],
        "reservations": [
            {"rule": "p", "operand": "count", "amount": "1", "limit": "3"},
            {"rule": "p", "operand": "percentage", "amount": "0.5", "limit": None},
        ],
    }


def test_decision_as_json(agreement, atom, ask):
    document = agreement(
        constraint=[
            {"uid": "n", **atom("count", "lteq", "3")},
            {"uid": "p", **atom("purpose", "isA", PURPOSE + "Audit")},
        ]
    )
    assert ask(document).as_json() == {
        "outcome": "deny",
        "rules": [
            {
                "id": "permission/0",
                "kind": "permission",
                "active": False,
                "constraints": [{"id": "n", "satisfied": True}, {"id": "p", "satisfied": "unknown"}],
            }
        ],
        "duties": [],
        "reasons": [
            {
                "code": "context-missing",
                "text": "required is that the purpose is audit or a kind of it; the purpose was not given",
                "path": "/permission/0/constraint/1",
                "facts": ["purpose", "isA", PURPOSE + "Audit", ""],
            }
        ],
        "reservations": [],
    }
