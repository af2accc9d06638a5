"""A small agreement, an asker and a world, to be varied by each test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

PURPOSE = "https://w3id.org/penstock/purpose#"
TARGET = "urn:penstock:dataset:flights"
BUYER = "did:web:buyer.example"


@pytest.fixture(scope="session")
def atom():
    """Write one atomic constraint."""

    def write(left, operator, right, **more):
        return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}

    return write


@pytest.fixture(scope="session")
def agreement():
    """Write an agreement document around rules."""

    def write(*, constraint=None, permission=None, **members):
        document = {
            "@id": "urn:penstock:agreement:1",
            "@type": "Agreement",
            "target": TARGET,
            "assigner": "did:web:provider.example",
            "assignee": BUYER,
            "permission": permission or [{"action": "use", "constraint": constraint or []}],
            **members,
        }
        return {key: value for key, value in document.items() if value is not None}

    return write


@pytest.fixture(scope="session")
def ask():
    """Decide a request against a document, from a usual world."""

    def asked(document, action="read", target=TARGET, assignee=BUYER, context=None, **world):
        world.setdefault("now", datetime(2026, 6, 1, tzinfo=UTC))
        request = Request(assignee, action, target, context or {})
        return decide(compile_policy(parse(document)), request, World(**world))

    return asked


@pytest.fixture(scope="session")
def codes():
    """List the reason codes of a decision."""
    return lambda decision: [reason.code for reason in decision.reasons]
