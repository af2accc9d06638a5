"""Scenarios of usage control: small documents as a user would write them, and what is held against a decision.

The numbers in the tests' names are those of the list the product was planned by; what a scenario asks of counters that
are reserved, of running transfers and of computing is tested where those are. Every scenario is also put to the oracle.
"""

from __future__ import annotations

from tests.policy.oracle.door import decided
from tests.policy.oracle.evaluator import evaluate

DATA, BUYER, SELLER = "urn:data:flights", "did:web:buyer.example", "did:web:seller.example"
PURPOSE = "https://w3id.org/penstock/purpose#"
NOW = {"now": "2026-11-20T12:00:00Z"}


def atom(left, operator, right, **more):
    return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}


def agreement(permission=None, **members):
    """Write an agreement of one permission `p`, or of the permissions given."""
    written = permission if isinstance(permission, list) else [{"uid": "p", "action": "use", **(permission or {})}]
    return {
        "@id": "urn:agreement:1",
        "@type": "Agreement",
        "assigner": SELLER,
        "assignee": BUYER,
        "target": DATA,
        "permission": written,
    } | members


def only(*constraints):
    return agreement({"constraint": list(constraints)})


def asked(action="read", **context):
    return {"assignee": BUYER, "action": action, "target": DATA, "context": context}


def act(action, at, **more):
    return {"action": action, "by": BUYER, "target": DATA, "at": at, **more}


def check(policy, request, world, outcome, codes, active=()):
    """Hold the decision against what is expected of it, and the oracle as well."""
    decision = decided(policy, request, world)
    assert decision["outcome"] == outcome
    assert [reason["code"] for reason in decision["reasons"]] == codes.split()
    assert {rule["id"] for rule in decision["rules"] if rule["active"]} == set(active)
    assert evaluate(policy, request, world)["outcome"] == outcome
    return decision


def states(decision):
    return {duty["id"]: duty["status"] for duty in decision["duties"]}
