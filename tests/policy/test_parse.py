"""What is read, and what is refused by name and place."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from policy.constraints import MAX_CONSTRAINTS, MAX_NESTING_LEVELS
from policy.errors import PolicyError
from policy.model import PolicyKind
from policy.nodes import KEYS_TO_COME, MAX_LIST_ITEMS
from policy.parse import MAX_DUTIES, MAX_RULES, parse
from policy.vocabulary import ACTIONS, OPERANDS, OPERANDS_TO_COME, OPERATORS_TO_COME, PROFILE

PURPOSE = "https://w3id.org/penstock/purpose#"


def refusal(document):
    with pytest.raises(PolicyError) as caught:
        parse(document)
    return caught.value


def test_a_whole_agreement(agreement, atom):
    pay = {"action": "compensate", "constraint": [atom("payAmount", "eq", "12.50", unit="EUR")]}
    constraint = [
        {"uid": "until", **atom("dateTime", "lteq", {"@value": "2026-01-01T00:00:00+08:00", "@type": "xsd:dateTime"})},
        {"or": [atom("purpose", "isAnyOf", [PURPOSE + "Audit", {"@id": PURPOSE + "Research"}])]},
        atom("count", "lteq", {"@value": 3, "@type": "http://www.w3.org/2001/XMLSchema#integer"}),
    ]
    policy = parse(
        agreement(
            permission=[{"uid": "p", "@type": "Permission", "action": "use", "constraint": constraint, "duty": [pay]}],
            prohibition=[{"action": "odrl:distribute"}],
            obligation=[{"action": "inform"}],
            profile=[PROFILE],
            conflict="prohibit",
            timestamp="2026-01-01T00:00:00Z",
            **{"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "https://example.org/extra": {"a": [1]}},
        )
    )
    (permission,), (prohibition,), (obligation,) = policy.permissions, policy.prohibitions, policy.obligations
    until, either, count = permission.constraints
    assert (policy.kind, policy.id) == (PolicyKind.AGREEMENT, "urn:penstock:agreement:1")
    assert (until.id, until.right) == ("until", datetime(2025, 12, 31, 16, tzinfo=UTC))
    assert either.parts[0].right == (PURPOSE + "Audit", PURPOSE + "Research")
    assert (count.id, count.right) == ("permission/0/constraint/2", 3)
    assert permission.duties[0].id == "permission/0/duty/0"
    assert (permission.duties[0].constraints[0].right, permission.duties[0].constraints[0].unit) == (
        Fraction(25, 2),
        "EUR",
    )
    assert (prohibition.action, prohibition.assignee) == ("distribute", policy.assignee)
    assert obligation.action == "inform"


def test_prefixed_keys_and_single_objects_are_the_same_policy(agreement, atom):
    bare = agreement(constraint=[atom("count", "lteq", "3")])
    constraint = {
        "odrl:leftOperand": {"@id": "odrl:count"},
        "http://www.w3.org/ns/odrl/2/operator": "odrl:lteq",
        "odrl:rightOperand": "3",
    }
    spelled = {**bare, "odrl:permission": {"odrl:action": {"@id": "odrl:use"}, "odrl:constraint": constraint}}
    del spelled["permission"]
    assert parse(spelled) == parse(bare)


def test_a_policy_without_class_is_a_set():
    assert parse({"permission": [{"action": "use"}]}).kind is PolicyKind.SET
    assert parse({"@type": "odrl:Policy", "permission": [{"action": "use"}]}).kind is PolicyKind.SET


@pytest.mark.parametrize("operand", sorted(OPERANDS_TO_COME))
def test_each_operand_to_come_is_refused_by_name(agreement, atom, operand):
    error = refusal(agreement(constraint=[atom(operand, "eq", "1")]))
    assert (error.code, error.path) == ("unsupported", "/permission/0/constraint/0/leftOperand")
    assert f"`{operand}`" in str(error)


def test_odrls_34_left_operands_are_all_accounted_for():
    assert len(set(OPERANDS) | OPERANDS_TO_COME) == 34
    assert not set(OPERANDS) & OPERANDS_TO_COME


@pytest.mark.parametrize("operator", sorted({*OPERATORS_TO_COME, "term-lteq", "like", "neq"}))
def test_each_operator_that_does_not_fit_is_refused_by_name(agreement, atom, operator):
    error = refusal(agreement(constraint=[atom("purpose", operator, PURPOSE + "Audit")]))
    assert error.path == "/permission/0/constraint/0/operator"
    assert f"`{operator}`" in str(error)


@pytest.mark.parametrize("key", sorted(KEYS_TO_COME))
def test_each_key_to_come_is_refused_by_name_wherever_it_stands(agreement, atom, key):
    whole = {**agreement(), key: "x"}
    in_rule = agreement(permission=[{"action": "use", key: "x"}])
    in_constraint = agreement(constraint=[{**atom("count", "lteq", "3"), key: "x"}])
    for document in (whole, in_rule, in_constraint):
        error = refusal(document)
        assert error.code == "unsupported"
        assert error.path.endswith(f"/{key}")


@pytest.mark.parametrize("action", sorted(name for name, row in ACTIONS.items() if not row.as_duty))
def test_a_duty_that_cannot_come_before_is_refused_by_name(agreement, action):
    error = refusal(agreement(permission=[{"action": "use", "duty": [{"action": action}]}]))
    assert (error.code, error.path) == ("unsupported", "/permission/0/duty/0/action")
    assert f"`{action}`" in str(error)


def rule(**members):
    return {"permission": [{"action": "use", **members}]}


def where(left, operator, right, **more):
    return rule(constraint=[{"leftOperand": left, "operator": operator, "rightOperand": right, **more}])


COUNT = {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"}
AUDIT = {"leftOperand": "purpose", "operator": "isA", "rightOperand": PURPOSE + "Audit"}
NESTED = AUDIT
for _ in range(MAX_NESTING_LEVELS):
    NESTED = {"and": [NESTED]}

REFUSED = [
    (None, "bad-type", ""),
    ([], "bad-type", ""),
    ({}, "missing", ""),
    ({"obligation": [{"action": "inform"}]}, "missing", ""),
    ({"permission": []}, "missing", ""),
    ({"permission": ["use"]}, "bad-type", "/permission/0"),
    ({"permission": [{}]}, "missing", "/permission/0"),
    ({"permission": [{"action": "fly"}]}, "unknown-term", "/permission/0/action"),
    ({"permission": [{"action": "cc:Reproduction"}]}, "unknown-term", "/permission/0/action"),
    ({"permission": [{"action": ["use", "read"]}]}, "unsupported", "/permission/0/action"),
    ({"permission": [{"action": {"rdf:value": "print", "refinement": []}}]}, "unsupported", "/permission/0/action"),
    (rule(note="x"), "unknown-term", "/permission/0/note"),
    (rule(**{"https://example.org/limit": "1"}), "unknown-term", "/permission/0/https:~1~1example.org~1limit"),
    (rule(leftOperand="count"), "misplaced", "/permission/0/leftOperand"),
    (rule(**{"@type": "Prohibition"}), "unknown-term", "/permission/0/@type"),
    (rule(uid="a", **{"@id": "b"}), "duplicate", "/permission/0"),
    ({"permission": [{"action": "use", "odrl:action": "read"}]}, "duplicate", "/permission/0"),
    ({"permission": [{"uid": "x", "action": "use"}, {"uid": "x", "action": "read"}]}, "duplicate", "/permission/1"),
    ({"action": "use", **rule()}, "misplaced", "/action"),
    ({"colour": "red", **rule()}, "unknown-term", "/colour"),
    ({"@type": "Ticket", **rule()}, "unknown-term", "/@type"),
    ({"@type": "Agreement", "assignee": "did:web:b", **rule()}, "missing", "/permission/0"),
    ({"@type": "Agreement", "target": "urn:t", **rule()}, "missing", "/permission/0"),
    ({"profile": "https://example.org/profile", **rule()}, "unknown-profile", "/profile/0"),
    ({"profile": [PROFILE, "https://example.org/profile"], **rule()}, "unknown-profile", "/profile/1"),
    ({"@context": "https://example.org/context", **rule()}, "unknown-context", "/@context/0"),
    ({"@context": [{"use": "odrl:read"}], **rule()}, "unknown-context", "/@context/0"),
    ({"conflict": "perm", **rule()}, "unsupported", "/conflict"),
    ({"conflict": "odrl:invalid", **rule()}, "unsupported", "/conflict"),
    ({"target": "urn:a", **rule(target="urn:b")}, "contradiction", "/permission/0/target"),
    ({"assigner": "urn:a", **rule(assigner="urn:b")}, "contradiction", "/permission/0/assigner"),
    ({"target": {"@type": "AssetCollection", "source": "urn:a"}, **rule()}, "unsupported", "/target"),
    ({"target": "", **rule()}, "bad-value", "/target"),
    ({"@id": "x" * 3000, **rule()}, "bad-value", "/@id"),
    (where("colour", "eq", "red"), "unknown-term", "/permission/0/constraint/0/leftOperand"),
    (where("count", "like", "3"), "unknown-term", "/permission/0/constraint/0/operator"),
    (where("count", "eq", "3"), "unsupported", "/permission/0/constraint/0/operator"),
    (where("count", "lteq", "-1"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", "03"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", "9" * 5000), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", 10**5000), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", True), "bad-type", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", 3.0), "bad-type", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", ["3"]), "bad-type", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", "3", unit="day"), "unsupported", "/permission/0/constraint/0/unit"),
    (where("dateTime", "lt", "2026-01-01T00:00:00"), "no-time-zone", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "2026-01-01"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "2026-02-30T00:00:00Z"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "0001-01-01T00:00:00+14:00"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "policyUsage"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (
        where("dateTime", "lt", {"@value": "2026-01-01T00:00:00Z", "@type": "xsd:date"}),
        "bad-value",
        "/permission/0/constraint/0/rightOperand",
    ),
    (where("count", "lteq", {"value": "3"}), "unknown-term", "/permission/0/constraint/0/rightOperand"),
    (where("purpose", "isA", "Audit"), "unknown-purpose", "/permission/0/constraint/0/rightOperand"),
    (where("purpose", "isA", "https://w3id.org/dpv#Marketing"), "unknown-purpose", None),
    (where("purpose", "isAnyOf", []), "too-large", None),
    (
        where("purpose", "isAnyOf", [PURPOSE + "Audit", "x"]),
        "unknown-purpose",
        "/permission/0/constraint/0/rightOperand/1",
    ),
    (where("spatial", "isPartOf", "UK"), "unknown-region", None),
    (where("spatial", "isPartOf", "us"), "unknown-region", None),
    (where("recipient", "eq", "somebody"), "bad-value", None),
    (where("payAmount", "eq", "5", unit="EUR"), "misplaced", "/permission/0/constraint/0"),
    ({"prohibition": [{"action": "use", "constraint": [COUNT]}]}, "misplaced", "/prohibition/0/constraint/0"),
    ({"prohibition": [{"action": "use", "duty": []}]}, "misplaced", "/prohibition/0/duty"),
    (rule(constraint=[{"leftOperand": "count", "operator": "lteq"}]), "missing", "/permission/0/constraint/0"),
    (rule(constraint=[{"operator": "lteq", "rightOperand": "3"}]), "missing", "/permission/0/constraint/0"),
    (rule(constraint=[{"or": [COUNT, AUDIT]}]), "unsupported", "/permission/0/constraint/0"),
    (rule(constraint=[{"or": []}]), "missing", "/permission/0/constraint/0/or"),
    (rule(constraint=[{"or": [AUDIT], "and": [AUDIT]}]), "misplaced", "/permission/0/constraint/0"),
    (rule(constraint=[{"or": [AUDIT], **AUDIT}]), "misplaced", "/permission/0/constraint/0"),
    (rule(constraint=[NESTED]), "too-large", None),
    (rule(constraint=[AUDIT] * (MAX_LIST_ITEMS + 1)), "too-large", "/permission/0/constraint"),
    (
        {"permission": [{"action": "use", "constraint": [AUDIT] * 250}] * (MAX_CONSTRAINTS // 250 + 1)},
        "too-large",
        None,
    ),
    (
        {"permission": [{"action": "use"}] * 200, "prohibition": [{"action": "sell"}] * (MAX_RULES - 199)},
        "too-large",
        "",
    ),
    (rule(duty=[{"action": "inform"}] * (MAX_DUTIES + 1)), "too-large", "/permission/0/duty"),
    (rule(duty=[{"action": "compensate", "constraint": [COUNT]}]), "misplaced", "/permission/0/duty/0/constraint/0"),
    (rule(duty=[{"action": "compensate", "assignee": "urn:x"}]), "misplaced", "/permission/0/duty/0/assignee"),
]


def pay(amount, **more):
    constraint = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": amount, **more}
    return {"action": "compensate", "constraint": [constraint]}


REFUSED += [
    (rule(duty=[pay("5")]), "missing", "/permission/0/duty/0/constraint/0"),
    (rule(duty=[pay("5,00", unit="EUR")]), "bad-value", "/permission/0/duty/0/constraint/0/rightOperand"),
    (rule(duty=[pay("5", unit="E" * 65)]), "too-large", "/permission/0/duty/0/constraint/0/unit"),
    (rule(duty=[{**pay("5", unit="EUR"), "action": "inform"}]), "misplaced", "/permission/0/duty/0"),
    (rule(duty=[{"action": "compensate", "constraint": pay("5", unit="EUR")["constraint"] * 2}]), "duplicate", None),
    (
        rule(duty=[{"action": "compensate", "constraint": [{"and": pay("5", unit="E")["constraint"]}]}]),
        "unsupported",
        None,
    ),
]


@pytest.mark.parametrize(("document", "code", "path"), REFUSED, ids=range(len(REFUSED)))
def test_refused(document, code, path):
    error = refusal(document)
    assert error.code == code
    if path is not None:
        assert error.path == path


def test_an_error_says_what_where_and_what_to_do(agreement, atom):
    error = refusal(agreement(constraint=[atom("dateTime", "lt", "2026-01-01T00:00:00")]))
    assert str(error) == (
        "`2026-01-01T00:00:00` has no time zone at `/permission/0/constraint/0/rightOperand`: "
        "add Z or an offset such as +08:00"
    )


def test_the_tables_name_operands_that_have_meaning_everywhere():
    for name, row in OPERANDS.items():
        assert row.operators, name
        assert row.rules, name
