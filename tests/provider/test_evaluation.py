"""The plan of a policy in a scope: what is asked there, and what is told as filtered."""

from __future__ import annotations

import pytest

from connector.enforcement.scopes import KNOWN
from connector.operation.management.shape import Violations
from connector.provider.assets import evaluation


def atom(left, right="x"):
    return {"leftOperand": left, "operator": "eq", "rightOperand": right}


RULES = {
    "permission": [{"action": "use", "constraint": [atom("recipient"), {"or": [atom("spatial"), atom("count", "3")]}]}],
    "prohibition": [{"action": "distribute", "constraint": [atom("purpose")]}, {"action": "sell"}],
    "obligation": [{"action": "delete", "constraint": [atom("elapsedTime", "P30D")]}],
}


def atoms(step):
    for one in step["constraintSteps"]:
        if one["@type"] == "AtomicConstraintStep":
            yield one
        else:
            yield from atoms(one)


@pytest.mark.parametrize("scope", evaluation.SCOPES)
def test_what_a_scope_knows_is_asked_and_the_rest_is_told_as_filtered(scope):
    told, known = evaluation.plan(RULES, scope), KNOWN[evaluation.SCOPES[scope]]
    assert told["@type"] == "PolicyEvaluationPlan"
    assert [len(told[member]) for member, _ in evaluation.STEPS.values()] == [1, 2, 1]
    seen = [one for member, _ in evaluation.STEPS.values() for step in told[member] for one in atoms(step)]
    assert [one["functionParams"][0] for one in seen] == ["recipient", "spatial", "count", "purpose", "elapsedTime"]
    for one in seen:
        filtered = known is not None and one["functionParams"][0] not in known
        assert (one["isFiltered"], bool(one["filteringReasons"]), bool(one["functionName"])) == (
            filtered,
            filtered,
            not filtered,
        )
    assert [step["isFiltered"] for step in told["prohibitionSteps"]] == [known is not None, False]


def test_a_scope_that_nobody_knows_is_refused_by_name():
    with pytest.raises(Violations, match=r"`shop` is no scope here; it is one of catalog"):
        evaluation.plan(RULES, "shop")
