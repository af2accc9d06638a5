"""The engine decides as the oracle does: every outcome, every rule, every constraint, every duty, on random cases."""

from __future__ import annotations

import json
import os

import pytest

from tests.policy.oracle.door import decided
from tests.policy.oracle.evaluator import evaluate
from tests.policy.oracle.strategies import rolled

CASES = int(os.environ.get("PENSTOCK_TEST_ORACLE", "4000"))
PORTIONS = 4


def differences(policy, request, world):
    """Say where engine and oracle part, as (what, engine's, oracle's)."""
    engine, oracle = decided(policy, request, world), evaluate(policy, request, world)
    found = [("outcome", engine["outcome"], oracle["outcome"])]
    for rule in engine["rules"]:
        if rule["kind"] in ("permission", "prohibition"):
            verdicts = {one["id"]: one["satisfied"] for one in rule["constraints"]}
            found.append((rule["id"], (rule["kind"], rule["active"], verdicts), oracle["rules"][rule["id"]]))
    found += [(duty["id"], duty["status"], oracle["duties"].get(duty["id"])) for duty in engine["duties"]]
    return [one for one in found if one[1] != one[2]]


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_the_engine_decides_as_the_oracle_does(portion):
    for seed in range(portion, CASES, PORTIONS):
        case = rolled(seed)
        assert not differences(*case), f"seed {seed}: {json.dumps(case)}"
