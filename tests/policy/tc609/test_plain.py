"""Plain strategies: what they become in ODRL, what is normalised, and what is refused where."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.tc609.express import NAMES
from policy.tc609.translate import to_odrl, to_tc609
from tests.every import every

UNTIL = ("time", "11", "2027-01-01T00:00:00+08:00")


def constraint(policy):
    return policy["permission"][0]["constraint"][0]


def test_what_all_share_stands_on_the_policy(strategy):
    document = {
        "permissionPolicies": [strategy(UNTIL, actions=["read", "download"])],
        "prohibitionPolicies": [strategy(actions=["sell"])],
        "obligationPolicies": [strategy(actions=["delete"])],
    }
    policy = to_odrl(document)
    assert {key: policy[key] for key in ("@type", "target", "assigner", "assignee")} == {
        "@type": "Agreement",
        "target": "urn:penstock:dataset:flights",
        "assigner": "did:web:provider.example",
        "assignee": "did:web:buyer.example",
    }
    assert policy["permission"][0]["action"] == ["read", "download"]
    assert [rule["action"] for key in ("prohibition", "obligation") for rule in policy[key]] == ["sell", "delete"]
    assert to_tc609(policy) == document


def test_what_they_do_not_share_stands_on_each_rule(strategy):
    document = {"permissionPolicies": [strategy(product="urn:a", consumer="did:web:x"), strategy(product="urn:b")]}
    policy = to_odrl(document)
    assert "target" not in policy
    assert [(rule["target"], rule["assignee"]) for rule in policy["permission"]] == [
        ("urn:a", "did:web:x"),
        ("urn:b", "did:web:buyer.example"),
    ]
    assert to_tc609(policy) == document


def test_without_a_consumer_it_is_an_offer(plain):
    document = plain(UNTIL, consumer=None)
    policy = to_odrl(document)
    assert policy["@type"] == "Offer"
    assert "assignee" not in policy
    assert to_tc609(policy) == document


def test_names_are_kept(plain):
    document = plain()
    document["permissionPolicies"][0]["subjectInfo"]["dataProductName"] = "航班"
    document["permissionPolicies"][0]["executionNodeInfo"] |= {"providerNodeName": "甲", "consumerNodeName": "乙"}
    policy = to_odrl(document)
    assert set(policy[NAMES].values()) == {"航班", "甲", "乙"}
    assert to_tc609(policy) == document


# what is written otherwise than it was read → how it comes back
NORMALISED = [
    (("time", "11", "20261231235959"), ("time", "11", "2026-12-31T23:59:59+08:00")),
    (("dataRecord", "07", ["a", "b"]), ("dateRecord", "07", ["a", "b"])),
    (("application", "07", ["a"]), ("application", "07", "a")),
    (("dataField", "07", "a"), ("dataField", "07", ["a"])),
    (("payAmount", "11", "12.50 CNY"), ("payAmount", "11", "12.50")),
]


@pytest.mark.parametrize(("given", "back"), NORMALISED)
def test_what_is_normalised(plain, given, back):
    assert to_tc609(to_odrl(plain(given))) == plain(back) == to_tc609(to_odrl(plain(back)))


def test_other_normal_forms(plain, strategy):
    assert to_tc609(to_odrl({"obligationPolicies": [strategy(actions=["delete", "alert"])]})) == {
        "obligationPolicies": [strategy(actions=["delete"]), strategy(actions=["alert"])]
    }
    empty = plain(constraints=[], policyExpansion="") | {"prohibitionPolicies": []}
    assert to_tc609(to_odrl(empty)) == plain()
    older = plain()
    older["permissionPolicies"][0]["executionNodeInfo"] = {
        "assignerId": "did:web:provider.example",
        "assigneeId": "did:web:buyer.example",
    }
    assert to_tc609(to_odrl(older)) == plain()


@pytest.mark.parametrize(
    ("given", "right", "unit"),
    [("100", "100", "CNY"), ("0.5 USD", "0.5", "USD"), (100, 100, "CNY"), ("1 urn:token", "1", "urn:token")],
)
def test_amounts_have_a_currency(plain, given, right, unit):
    document = plain(("payAmount", "01", given))
    found = constraint(to_odrl(document))
    assert (found["rightOperand"], found["unit"]) == (right, unit)
    assert to_tc609(to_odrl(document)) == document


def without(document, *keys):
    *inner, last = keys
    node = document["permissionPolicies"][0]
    for key in inner:
        node = node[key]
    del node[last]
    return document


HERE = "/permissionPolicies/0"
VALUE = f"{HERE}/constraints/0/constraintValue"
REFUSED = [
    (lambda plain: [], "bad-type", ""),
    (lambda plain: {}, "missing", ""),
    (lambda plain: {"permissionPolicies": []}, "missing", ""),
    (lambda plain: {"permissionPolicies": {}}, "bad-type", "/permissionPolicies"),
    (lambda plain: plain() | {"contractId": "1"}, "unknown-term", "/contractId"),
    (lambda plain: plain(conditions=[]), "unknown-term", f"{HERE}/conditions"),
    (lambda plain: without(plain(), "subjectInfo"), "missing", HERE),
    (lambda plain: without(plain(), "subjectInfo", "dataProductId"), "missing", f"{HERE}/subjectInfo"),
    (lambda plain: without(plain(), "executionNodeInfo", "providerNodeId"), "missing", f"{HERE}/executionNodeInfo"),
    (lambda plain: plain(provider=7), "bad-type", f"{HERE}/executionNodeInfo/providerNodeId"),
    (lambda plain: plain(product=""), "bad-value", f"{HERE}/subjectInfo/dataProductId"),
    (lambda plain: plain(actions=[]), "missing", HERE),
    (lambda plain: plain(actions=["read", "export"]), "unknown-term", f"{HERE}/actions/1"),
    (lambda plain: plain(actions=["plicyTransmit", "policyTransmit"]), "duplicate", f"{HERE}/actions"),
    (lambda plain: plain(actions=["expansionItem"]), "missing", f"{HERE}/actions/0"),
    (lambda plain: plain(("purpose", "05", "x")), "unknown-term", f"{HERE}/constraints/0/constraintName"),
    (lambda plain: plain(("compensate", "01", "1")), "misplaced", f"{HERE}/constraints/0/constraintName"),
    (lambda plain: plain(("expansionItem", "01", "x")), "missing", f"{HERE}/constraints/0/constraintName"),
    (lambda plain: plain(UNTIL, ("count", "13", "1")), "unknown-term", f"{HERE}/constraints/1/constraintOperator"),
    (lambda plain: plain(("count", "lteq", "1")), "unknown-term", f"{HERE}/constraints/0/constraintOperator"),
    (lambda plain: plain(("executionEnv", "01", "08")), "unknown-term", VALUE),
    (lambda plain: plain(("executionEnv", "07", ["05", "x"])), "unknown-term", f"{VALUE}/1"),
    (lambda plain: plain(("encryptMode", "01", 1)), "bad-type", VALUE),
    (lambda plain: plain(("count", "11", None)), "bad-type", VALUE),
    (lambda plain: plain(("count", "11", True)), "bad-type", VALUE),
    (lambda plain: plain(("count", "11", [])), "missing", VALUE),
    (lambda plain: plain(("payAmount", "11", "1 US dollar")), "bad-value", VALUE),
    (lambda plain: plain(("payAmount", "07", ["1", "2"])), "bad-type", VALUE),
    (lambda plain: plain(policyExpansion="前置义务"), "unsupported", f"{HERE}/policyExpansion"),
    (lambda plain: plain(policyExpansion="{}"), "unsupported", f"{HERE}/policyExpansion"),
    (lambda plain: plain(policyExpansion={}), "bad-type", f"{HERE}/policyExpansion"),
]  # fmt: skip


@every(("document", "code", "path"), REFUSED)
def test_what_is_refused_and_where(plain, document, code, path):
    with pytest.raises(PolicyError) as refused:
        to_odrl(document(plain))
    assert (refused.value.code, refused.value.path) == (code, path)


# what the engine cannot enforce is refused where the strategy says it
UNENFORCEABLE = [
    ({"permissionPolicies": [{}]}, ("time", "11", "2027-01-01T00:00"), "no-time-zone",
     "0/constraints/0/constraintValue"),
    ({"permissionPolicies": [{}]}, ("valueExpression", "01", "a > 1"), "unsupported", "0/constraints/0/constraintName"),
    ({"permissionPolicies": [{}]}, ("region", "10", "CN"), "unsupported", "0/constraints/0/constraintOperator"),
    ({"permissionPolicies": [{}]}, ("dataField", "01", ["a", "b"]), "bad-type", "0/constraints/0/constraintValue"),
    ({"permissionPolicies": [{}]}, ("count", "11", "many"), "bad-value", "0/constraints/0/constraintValue"),
    ({"prohibitionPolicies": [{}]}, ("count", "11", "3"), "misplaced", "0/constraints/0"),
    ({"obligationPolicies": [{"actions": ["delete", "alert"]}, {"actions": ["alert"]}]}, ("time", "11", "soon"),
     "bad-value", "1/constraints/0/constraintValue"),
]  # fmt: skip


@every(("document", "limit", "code", "path"), UNENFORCEABLE)
def test_what_cannot_be_enforced_is_refused_where_it_stands(strategy, document, limit, code, path):
    ((key, parts),) = document.items()
    last = len(parts) - 1
    strategies = [strategy(*([limit] if place == last else []), **part) for place, part in enumerate(parts)]
    with pytest.raises(PolicyError) as refused:
        to_odrl({key: strategies})
    assert (refused.value.code, refused.value.path) == (code, f"/{key}/{path}")


def test_one_policy_has_one_provider_and_a_product_one_name(strategy):
    with pytest.raises(PolicyError) as refused:
        to_odrl({"permissionPolicies": [strategy(), strategy(provider="did:web:other")]})
    assert refused.value.path == "/permissionPolicies/1/executionNodeInfo/providerNodeId"
    two = [strategy(), strategy()]
    for name, each in zip("ab", two, strict=True):
        each["subjectInfo"]["dataProductName"] = name
    with pytest.raises(PolicyError) as refused:
        to_odrl({"permissionPolicies": two})
    assert refused.value.path == "/permissionPolicies/1/subjectInfo/dataProductName"
