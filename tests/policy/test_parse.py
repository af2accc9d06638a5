"""What is read, and what is refused by name and place."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from policy.constraint_reading import MAX_CONSTRAINTS, MAX_NESTING_LEVELS
from policy.errors import PolicyError
from policy.model import PolicyKind
from policy.nodes import MAX_LIST_ITEMS, REFUSED_KEYS
from policy.parse import MAX_DUTIES, MAX_RULES, parse
from policy.vocabulary.actions import ACTIONS
from policy.vocabulary.names import PROFILE, operand_name
from policy.vocabulary.operands import OPERANDS
from policy.vocabulary.operands import REFUSED as REFUSED_OPERANDS
from policy.vocabulary.operators import OPERATORS
from tests.every import every

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
    assert (until.id, until.right) == ("until", (datetime(2025, 12, 31, 16, tzinfo=UTC),))
    assert either.parts[0].right == (PURPOSE + "Audit", PURPOSE + "Research")
    assert (count.id, count.right) == ("permission/0/constraint/2", (3,))
    assert permission.duties[0].id == "permission/0/duty/0"
    (paid,) = permission.duties[0].terms
    assert (paid.right, paid.unit) == ((Fraction(25, 2),), "EUR")
    assert (prohibition.actions, prohibition.assignees) == (("distribute",), (policy.assignee,))
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


ODRL = [
    "absolutePosition",
    "absoluteSize",
    "absoluteSpatialPosition",
    "absoluteTemporalPosition",
    "count",
    "dateTime",
    "delayPeriod",
    "deliveryChannel",
    "device",
    "elapsedTime",
    "event",
    "fileFormat",
    "industry",
    "language",
    "media",
    "meteredTime",
    "payAmount",
    "percentage",
    "product",
    "purpose",
    "recipient",
    "relativePosition",
    "relativeSize",
    "relativeSpatialPosition",
    "relativeTemporalPosition",
    "resolution",
    "spatial",
    "spatialCoordinates",
    "system",
    "systemDevice",
    "timeInterval",
    "unitOfCount",
    "version",
    "virtualLocation",
]
TC609 = [
    "time",
    "timeWindow",
    "region",
    "networkAddress",
    "physicalAddress",
    "count",
    "frequency",
    "dataSize",
    "dateRecord",
    "dataField",
    "valueExpression",
    "application",
    "algorithm",
    "machineLearningModels",
    "executionEnv",
    "encryptMode",
    "deliveryMethod",
    "payAmount",
]


@pytest.mark.parametrize(("names", "many"), [(ODRL, 34), (TC609, 18)])
def test_every_operand_of_odrl_and_tc609_has_a_row_or_a_reason(names, many):
    assert len(names) == many
    assert [name for name in names if operand_name(name) not in {*OPERANDS, *REFUSED_OPERANDS}] == []


@pytest.mark.parametrize("operand", sorted(REFUSED_OPERANDS))
def test_each_operand_that_cannot_be_enforced_is_refused_by_name(agreement, atom, operand):
    error = refusal(agreement(constraint=[atom(operand, "eq", "1")]))
    assert (error.code, error.path) == ("unsupported", "/permission/0/constraint/0/leftOperand")
    assert f"`{operand}`" in str(error)


@pytest.mark.parametrize("operator", sorted({"like", *OPERATORS} - OPERANDS["purpose"].operators))
def test_each_operator_that_does_not_fit_is_refused_by_name(agreement, atom, operator):
    error = refusal(agreement(constraint=[atom("purpose", operator, PURPOSE + "Audit")]))
    assert error.path == "/permission/0/constraint/0/operator"
    assert f"`{operator}`" in str(error)


@every("key", sorted(REFUSED_KEYS))
def test_each_key_that_cannot_be_enforced_is_refused_by_name_wherever_it_stands(agreement, atom, key):
    whole = {**agreement(), key: "x"}
    in_rule = agreement(permission=[{"action": "use", key: "x"}])
    in_constraint = agreement(constraint=[{**atom("count", "lteq", "3"), key: "x"}])
    for document in (whole, in_rule, in_constraint):
        error = refusal(document)
        assert error.code == "unsupported"
        assert error.path.endswith(f"/{key}")


@every("action", sorted(ACTIONS))
def test_every_action_may_be_a_duty(agreement, action):
    policy = parse(agreement(permission=[{"action": "use", "duty": [{"action": action}]}]))
    assert policy.permissions[0].duties[0].action == action


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
    ({"permission": []}, "missing", ""),
    ({"permission": ["use"]}, "bad-type", "/permission/0"),
    ({"permission": [{}]}, "missing", ""),
    ({"permission": [{"action": "fly"}]}, "unknown-term", "/permission/0/action"),
    ({"permission": [{"action": "cc:Lending"}]}, "unknown-term", "/permission/0/action"),
    ({"permission": [{"action": "cc:CommercialUse"}]}, "unsupported", "/permission/0/action"),
    (
        {"permission": [{"action": [{"rdf:value": "print", "refinement": [AUDIT]}, "read"]}]},
        "unsupported",
        "/permission/0/action",
    ),
    ({"permission": [{"action": {"refinement": [AUDIT]}}]}, "bad-value", "/permission/0/action"),
    (rule(note="x"), "unknown-term", "/permission/0/note"),
    (rule(**{"https://example.org/limit": "1"}), "unknown-term", "/permission/0/https:~1~1example.org~1limit"),
    (rule(leftOperand="count"), "misplaced", "/permission/0/leftOperand"),
    (rule(**{"@type": "Prohibition"}), "unknown-term", "/permission/0/@type"),
    (rule(uid="a", **{"@id": "b"}), "duplicate", "/permission/0"),
    ({"permission": [{"action": "use", "odrl:action": "read"}]}, "duplicate", "/permission/0"),
    ({"permission": [{"uid": "x", "action": "use"}, {"uid": "x", "action": "read"}]}, "duplicate", "/permission/1"),
    ({"duty": [{"action": "inform"}], **rule()}, "misplaced", "/duty"),
    ({"colour": "red", **rule()}, "unknown-term", "/colour"),
    ({"@type": "Ticket", **rule()}, "unknown-term", "/@type"),
    ({"@type": "Agreement", "assignee": "did:web:b", **rule()}, "missing", "/permission/0"),
    ({"@type": "Agreement", "target": "urn:t", **rule()}, "missing", "/permission/0"),
    ({"profile": "https://example.org/profile", **rule()}, "unknown-profile", "/profile/0"),
    ({"profile": [PROFILE, "https://example.org/profile"], **rule()}, "unknown-profile", "/profile/1"),
    ({"@context": "https://example.org/context", **rule()}, "unknown-context", "/@context/0"),
    ({"@context": [{"permission": "odrl:prohibition"}], **rule()}, "unknown-context", None),
    ({"conflict": "toss", **rule()}, "unknown-term", "/conflict"),
    ({"target": "urn:a", **rule(target="urn:b")}, "contradiction", "/permission/0/target"),
    ({"assigner": "urn:a", **rule(assigner="urn:b")}, "contradiction", "/permission/0/assigner"),
    (
        {"target": {"@type": "AssetCollection", "source": "urn:a", "refinement": [AUDIT]}, **rule()},
        "unsupported",
        "/target",
    ),
    (rule(target={"@type": "AssetCollection"}), "missing", "/permission/0/target"),
    (rule(target={"@type": "Party", "uid": "urn:a"}), "unknown-term", "/permission/0/target/@type"),
    ({"target": "", **rule()}, "bad-value", "/target"),
    ({"@id": "x" * 3000, **rule()}, "bad-value", "/@id"),
    (where("colour", "eq", "red"), "unknown-term", "/permission/0/constraint/0/leftOperand"),
    (where("count", "like", "3"), "unknown-term", "/permission/0/constraint/0/operator"),
    (where("count", "eq", "3"), "unsupported", "/permission/0/constraint/0/operator"),
    (where("count", "lteq", "-1"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", "03"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", "9" * 5000), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", 10**5000), "bad-type", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", True), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", 3.5), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", ["3", "4"]), "bad-type", "/permission/0/constraint/0/rightOperand"),
    (where("count", "lteq", "3", unit="day"), "unsupported", "/permission/0/constraint/0/unit"),
    (where("dateTime", "lt", "2026-01-01T00:00:00"), "no-time-zone", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "2026-01-01"), "no-time-zone", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "2026-02-30T00:00:00Z"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "0001-01-01T00:00:00+14:00"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("dateTime", "lt", "policyUsage"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (
        where("dateTime", "lt", {"@value": "2026-01-01T00:00:00Z", "@type": "xsd:date"}),
        "bad-value",
        "/permission/0/constraint/0/rightOperand",
    ),
    (where("count", "lteq", {"value": "3"}), "unknown-term", "/permission/0/constraint/0/rightOperand"),
    (where("purpose", "isA", PURPOSE + "Adit"), "unknown-purpose", "/permission/0/constraint/0/rightOperand"),
    (where("event", "lt", {"@id": "odrl:policyUsage"}), "misplaced", "/permission/0/constraint/0/rightOperand"),
    (where("meteredTime", "lteq", "P1M"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("frequency", "lteq", "100/P1M"), "bad-value", "/permission/0/constraint/0/rightOperand"),
    (where("timeWindow", "isPartOf", "Mo-Fr 09:00-17:00 Asia/Nowhere"), "bad-value", None),
    (where("executionEnv", "eq", "99"), "bad-value", None),
    (where("unitOfCount", "eq", "organisation"), "misplaced", "/permission/0"),
    (where("purpose", "isAnyOf", []), "too-large", None),
    (
        where("purpose", "isAnyOf", [PURPOSE + "Audit", PURPOSE + "x"]),
        "unknown-purpose",
        "/permission/0/constraint/0/rightOperand/1",
    ),
    (where("spatial", "isPartOf", "UK"), "unknown-region", None),
    (where("spatial", "isPartOf", "us"), "unknown-region", None),
    (where("recipient", "eq", "somebody"), "bad-value", None),
    (where("payAmount", "eq", "5"), "missing", "/permission/0/constraint/0"),
    ({"prohibition": [{"action": "use", "constraint": [COUNT]}]}, "misplaced", "/prohibition/0/constraint/0"),
    ({"prohibition": [{"action": "use", "duty": [{"action": "inform"}]}]}, "misplaced", "/prohibition/0/duty"),
    (rule(constraint=[{"leftOperand": "count", "operator": "lteq"}]), "missing", "/permission/0/constraint/0"),
    (rule(constraint=[{"operator": "lteq", "rightOperand": "3"}]), "missing", "/permission/0/constraint/0"),
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
    (rule(duty=[{"action": ["compensate", "inform"]}]), "unsupported", "/permission/0/duty/0/action"),
    (rule(duty=[{"action": "compensate", "mode": "later"}]), "unknown-term", "/permission/0/duty/0/mode"),
]


def pay(amount, **more):
    constraint = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": amount, **more}
    return {"action": "compensate", "constraint": [constraint]}


REFUSED += [
    (rule(duty=[pay("5")]), "missing", "/permission/0/duty/0/constraint/0"),
    (rule(duty=[pay("5,00", unit="EUR")]), "bad-value", "/permission/0/duty/0/constraint/0/rightOperand"),
    (rule(duty=[pay("5", unit="E" * 129)]), "too-large", "/permission/0/duty/0/constraint/0/unit"),
    (rule(duty=[{**pay("5", unit="EUR"), "action": "inform"}]), "misplaced", "/permission/0/duty/0"),
    (
        rule(duty=[{"action": "compensate", "constraint": [{"or": pay("5", unit="E")["constraint"]}]}]),
        "unsupported",
        None,
    ),
]


@every(("document", "code", "path"), REFUSED, ids=range(len(REFUSED)))
def test_refused(document, code, path):
    error = refusal(document)
    assert error.code == code
    if path is not None:
        assert error.path == path


@every(
    ("document", "path", "hint"),
    [
        ({"duty": [{"action": "inform"}], **rule()}, "/duty", "write `obligation` there"),
        (
            {"prohibition": [{"action": "use", "duty": [{"action": "inform"}]}]},
            "/prohibition/0/duty",
            "write `remedy` there",
        ),
        (
            rule(action={"rdf:value": "use", "constraint": [COUNT]}),
            "/permission/0/action/constraint",
            "write `refinement` there",
        ),
        (rule(consequence=[{"action": "inform"}]), "/permission/0/consequence", ""),
    ],
    ids=range(4),
)
def test_what_is_misplaced_is_told_its_name_there(document, path, hint):
    error = refusal(document)
    assert (error.code, error.path, error.hint) == ("misplaced", path, hint)


def test_an_error_says_what_where_and_what_to_do(agreement, atom):
    error = refusal(agreement(constraint=[atom("dateTime", "lt", "2026-01-01T00:00:00")]))
    assert str(error) == (
        "`2026-01-01T00:00:00` has no time zone at `/permission/0/constraint/0/rightOperand`: "
        "write it as 2026-01-31T18:00:00+08:00"
    )


def test_the_tables_name_operands_that_have_meaning_everywhere():
    for name, row in OPERANDS.items():
        assert row.operators, name
        assert row.rules, name
