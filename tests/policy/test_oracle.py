"""The engine decides as the oracle does: every outcome, every rule, every constraint, every duty, on random cases.

`PENSTOCK_TEST_ORACLE=100000` makes the run longer; a case that differs is known by its seed.
"""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given

from tests.fault.extent import tried
from tests.policy.oracle.door import decided
from tests.policy.oracle.duties import mode
from tests.policy.oracle.evaluator import evaluate
from tests.policy.oracle.pools import POOLS
from tests.policy.oracle.strategies import cases, rolled, used

CASES = int(os.environ.get("PENSTOCK_TEST_ORACLE", tried(3000)))
PORTIONS = 4


def differences(policy, request, world):
    """Say where engine and oracle part, as (what, engine's, oracle's)."""
    engine, oracle = decided(policy, request, world), evaluate(policy, request, world)
    found = [("outcome", engine["outcome"], oracle["outcome"])]
    for rule in engine["rules"]:
        verdicts = {one["id"]: one["satisfied"] for one in rule["constraints"]}
        found.append((rule["id"], (rule["kind"], rule["active"], verdicts), oracle["rules"][rule["id"]]))
    found += [(duty["id"], duty["status"], oracle["duties"].get(duty["id"])) for duty in engine["duties"]]
    return [one for one in found if one[1] != one[2]]


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_the_engine_decides_as_the_oracle_does(portion):
    for seed in range(portion, CASES, PORTIONS):
        case = rolled(seed)
        assert not differences(*case), f"seed {seed}: {json.dumps(case)}"


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_what_has_no_id_is_called_by_its_place(portion):
    for seed in range(portion, CASES // 10, PORTIONS):
        policy, request, world = rolled(seed)
        places = dict(placed(policy, ""))
        counters = world["counters"] and {places[name]: told for name, told in world["counters"].items()}
        duties = {places[name]: status for name, status in world["duties"].items()}
        case = nameless(policy), request, world | {"counters": counters, "duties": duties}
        assert not differences(*case), f"seed {seed}: {json.dumps(case)}"


def placed(node, path):
    """Pair the id of every rule and duty with its place."""
    for key in ("permission", "prohibition", "obligation", "duty", "remedy", "consequence"):
        for number, part in enumerate(node.get(key, [])):
            yield part["uid"], f"{path}{key}/{number}"
            yield from placed(part, f"{path}{key}/{number}/")


def nameless(node):
    if isinstance(node, list):
        return [nameless(part) for part in node]
    if not isinstance(node, dict):
        return node
    # rules and duties are p0, q1d0 …; what has a colon names a party or an asset
    return {key: nameless(part) for key, part in node.items() if key != "uid" or ":" in part}


@given(cases())
def test_a_case_in_which_they_differ_is_made_small(case):
    assert not differences(*case)


def test_the_cases_reach_every_operand_and_every_outcome():
    made = [rolled(seed) for seed in range(800)]
    assert set(POOLS) <= {name for policy, _request, _world in made for name in used(policy)}
    assert {evaluate(*case)["outcome"] for case in made} == {"allow", "conditional", "deny", "default-deny"}
    verdicts = [one for case in made for _k, _a, found in evaluate(*case)["rules"].values() for one in found.values()]
    assert {True, False, "unknown"} == set(verdicts)
    duties = [duty for policy, _request, _world in made for one in policy["permission"] for duty in one.get("duty", [])]
    assert {mode(duty) for duty in duties} == {"pre", "ongoing", "post"}
