"""A plain strategy and a policy, to be varied by each test."""

from __future__ import annotations

import copy

import pytest

PRODUCT, PROVIDER, CONSUMER = "urn:penstock:dataset:flights", "did:web:provider.example", "did:web:buyer.example"


@pytest.fixture(scope="session")
def strategy():
    """Write a strategy with other members, or without those that are None."""

    def write(*constraints, actions=("read",), consumer=CONSUMER, provider=PROVIDER, product=PRODUCT, **more):
        nodes = {"providerNodeId": provider} | ({"consumerNodeId": consumer} if consumer else {})
        document = {"subjectInfo": {"dataProductId": product}, "executionNodeInfo": nodes, "actions": list(actions)}
        if constraints:
            keys = ("constraintName", "constraintOperator", "constraintValue")
            document["constraints"] = [dict(zip(keys, each, strict=True)) for each in constraints]
        return copy.deepcopy({key: value for key, value in (document | more).items() if value is not None})

    return write


@pytest.fixture(scope="session")
def plain(strategy):
    """Write a document with one permission."""
    return lambda *constraints, **more: {"permissionPolicies": [strategy(*constraints, **more)]}
