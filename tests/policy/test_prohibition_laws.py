"""What makes a permission fail closed makes a prohibition hold: however a party, an asset or an action is spelled.

Each rule is tried twice, alone as a permission and as a prohibition beside a permission for everything. Where the one
might be given by anybody who knew more, the other holds.
"""

from __future__ import annotations

import copy
import os
import random

import pytest

from policy.compare.document import write
from policy.errors import PolicyError
from policy.parse import parse
from tests.every import every
from tests.fault.extent import tried
from tests.policy.oracle.door import decided
from tests.policy.oracle.evaluator import evaluate
from tests.policy.oracle.facts import as_list
from tests.policy.oracle.operands import ODRL
from tests.policy.oracle.places import own_names
from tests.policy.oracle.pools import POOLS
from tests.policy.oracle.strategies import Dice, rolled

CASES = int(os.environ.get("PENSTOCK_TEST_ORACLE", tried(3000)))
# what a prohibition may ask about, too
OPERANDS = tuple(name for name in POOLS if name not in {"count", "frequency", "unitOfCount"})
REFUSALS = {"deny", "default-deny"}
SUMS = {"absoluteSize", "relativeSize", "percentage", "privacyBudget", "unit"}
EVERYTHING = [{"uid": "all", "action": "use"}, {"uid": "handed", "action": "transfer"}]
ALICE, BARRED, LIST = "did:web:alice", "urn:barred", "https://provider.example/barred.json"


def alone(rule):
    """The rule as the only permission, without what is owed for it."""
    kept = {key: value for key, value in rule.items() if key not in {"duty", "remedy"}}
    return {"@type": "Set", "permission": [kept]}


def beside(rule):
    """The same rule as a prohibition; everything else is permitted."""
    return {"@type": "Set", "permission": EVERYTHING, "conflict": "prohibit", "prohibition": alone(rule)["permission"]}


def allowed(policy, request, world):
    return decided(policy, request, world)["outcome"] not in REFUSALS


def cases():
    """Every rule of many cases with the dice that may change its request and its world."""
    for seed in range(CASES):
        policy, request, world = rolled(seed, OPERANDS)
        if policy["@type"] == "Set" and request["action"] != "teleport":
            dice = Dice(random.Random(-seed).randrange, list(POOLS))
            for rule in [*policy["permission"], *policy.get("prohibition", [])]:
                yield dice, rule, request, world | {"duties": {}}


def test_whoever_a_permission_lets_in_a_prohibition_keeps_out():
    tried = 0
    for _dice, rule, request, world in cases():
        if allowed(alone(rule), request, world):
            tried += 1
            assert not allowed(beside(rule), request, world), (rule, request, world)
    assert tried > CASES // 20


def test_whoever_might_be_let_in_if_more_were_known_is_kept_out():
    tried = 0
    for dice, rule, request, world in cases():
        more = copy.deepcopy(world)
        names = sorted(own_names(rule))
        for name in names:
            member = request["assignee" if name.startswith("Party") else "target"]
            more["partOf"][member] = [*more["partOf"].get(member, []), name]
        if not allowed(alone(rule), request, more):
            continue
        tried += 1
        kept = {key: one for key, one in request["context"].items() if key in SUMS or dice.chance(50)}
        heard = {*world["partOf"], *(name for groups in world["partOf"].values() for name in groups)}
        if all(heard.isdisjoint(names_of(one)) for one in places(rule) if own_names(one)):
            case = beside(rule), request | {"context": kept}, world
            assert not allowed(*case), case
            assert evaluate(*case)["outcome"] == "deny"
        blind = beside(rule), request | {"context": kept}, more | {"counters": None}
        assert not allowed(*blind), blind
    assert tried > CASES // 20


def places(rule):
    return [one for key in ("target", "assignee") for one in as_list(rule.get(key, [])) if isinstance(one, dict)]


def names_of(place):
    """Every name of a spelled place, whole."""
    read = [place[key] for key in ("uid", "@id", "source") if key in place]
    return {one["@id"] if isinstance(one, dict) else one for one in read}


# one party, one asset, one action in every spelling -------------------------------------------------------------------


def spellings(kind, name):
    return [
        name,
        [name],
        {"@id": name},
        {"uid": name},
        [{"@type": kind, "uid": name}],
        {"@type": ODRL + kind, ODRL + "uid": {"@id": name}},
        {"@type": f"{kind}Collection", "uid": name},
        {"@type": f"odrl:{kind}Collection", "source": name},
        {"odrl:source": {"@id": name}},
        {"@type": f"{kind}Collection", "uid": name, "source": "urn:another-name"},
        {"@type": f"{kind}Collection", "uid": "urn:another-name", "source": name},
        {"@type": f"{kind}Collection", "source": name, "refinement": [REFINED]},
        [name, "urn:somebody-else"],
    ]


REFINED = {"leftOperand": "resolution", "operator": "lteq", "rightOperand": "720"}
ACTIONS = [
    "read",
    "odrl:read",
    ODRL + "read",
    "idsc:READ",
    {"@id": "odrl:read"},
    {"uid": "read"},
    {"rdf:value": {"@id": ODRL + "read"}},
    {"rdf:value": {"@id": "odrl:read"}, "refinement": [REFINED]},
    ["print", "read"],
    "use",
    ODRL + "use",
]
KEYS = ["assignee", "odrl:assignee", ODRL + "assignee"]
ASKED = {"assignee": ALICE, "action": "read", "target": "urn:asset"}


def forbidden(rule, part_of):
    world = {"now": "2026-11-20T01:00:00Z", "partOf": part_of}
    case = {"@type": "Set", "conflict": "prohibit", "permission": EVERYTHING, "prohibition": [rule]}, ASKED, world
    written = write(parse(case[0]))
    outcomes = {decided(policy, *case[1:])["outcome"] for policy in (case[0], written)}
    assert len(outcomes) == 1, "written anew it says the same"
    return outcomes == {"deny"}


@every("key", KEYS)
@every("written", spellings("Party", BARRED))
def test_a_member_is_barred_however_the_party_is_spelled(written, key):
    rule = {"action": "use", key: written}
    assert forbidden(rule, {ALICE: [BARRED]})
    assert forbidden(rule, {ALICE: ["urn:team"], "urn:team": [BARRED]})


@every("written", spellings("Asset", "urn:barred-assets"))
def test_an_asset_is_barred_however_it_is_spelled(written):
    assert forbidden({"action": "use", "target": written}, {"urn:asset": ["urn:barred-assets"]})


@every("action", ACTIONS)
def test_an_action_is_barred_however_it_is_spelled(action):
    assert forbidden({"action": action}, {})


@every("written", spellings("Party", ALICE))
def test_who_is_named_is_barred_without_any_world(written):
    assert forbidden({"action": "use", "assignee": written}, {})


BOTH = {"@type": "PartyCollection", "uid": BARRED, "source": LIST}


@pytest.mark.parametrize("name", [BARRED, LIST])
def test_membership_under_either_name_counts(name):
    rule = {"action": "use", "assignee": BOTH}
    assert forbidden(rule, {ALICE: [name]})
    assert not forbidden(rule, {"did:web:bob": [name]}), "of a collection that is told, who is not in it is not barred"


@pytest.mark.parametrize(
    "assignee", [BOTH, {"@type": "PartyCollection", "uid": BARRED}, {"source": LIST}, [BOTH, "did:web:bob"]]
)
def test_who_is_in_a_collection_that_nobody_tells_of_may_be_anybody(assignee):
    world = {"now": "2026-11-20T01:00:00Z", "partOf": {"did:web:bob": ["urn:team"]}}
    policy = beside({"uid": "q", "action": "use", "assignee": assignee})
    decision = decided(policy, ASKED, world)
    assert (decision["outcome"], decision["reasons"][0]["code"]) == ("deny", "prohibition-possible")
    assert decided(alone({"uid": "p", "action": "use", "assignee": assignee}), ASKED, world)["outcome"] in REFUSALS


def test_an_obligation_of_a_collection_that_nobody_tells_of_binds_everybody():
    duty = {"uid": "o", "action": "inform", "assignee": BOTH | {"uid": LIST}}
    world = {"now": "2026-11-20T01:00:00Z", "partOf": {}, "duties": {"o": "violated"}}
    policy = {"@type": "Set", "permission": EVERYTHING, "obligation": [duty]}
    assert decided(policy, ASKED, world)["outcome"] == "deny"
    assert decided(policy, ASKED, world | {"partOf": {"did:web:bob": [LIST]}})["outcome"] == "allow"


REFUSED = {
    "a refined collection with a name of its own": {"assignee": {"uid": BARRED, "refinement": [REFINED]}},
    "and a source": {"assignee": BOTH | {"refinement": [REFINED]}},
    "an asset alike": {"target": {"@type": "AssetCollection", "uid": "urn:a", "refinement": [REFINED]}},
    "an action with two names": {"action": {"uid": "use", "rdf:value": {"@id": "odrl:read"}}},
    "a party that says where it is": {"assignee": {"uid": ALICE, "partOf": BARRED}},
    "an action that says where it is": {"action": {"uid": "urn:scan", "includedIn": "use"}},
    "an action that nobody knows": {"action": "urn:scan"},
}


@every("rule", REFUSED.values(), ids=REFUSED)
@every("kind", ["permission", "prohibition"])
def test_what_could_be_read_in_two_ways_is_refused_when_it_is_written(rule, kind):
    rules = {"permission": EVERYTHING} | {kind: [{"action": "use"} | rule]}
    with pytest.raises(PolicyError):
        parse({"@type": "Set", **rules})


def test_a_rule_that_repeats_the_collection_of_its_policy_still_means_a_collection():
    policy = {"@type": "Set", "conflict": "prohibit", "assignee": {"source": LIST}}
    rules = {"permission": [{"action": "use"}], "prohibition": [{"action": "read", "assignee": LIST}]}
    told = {"now": "2026-11-20T01:00:00Z", "partOf": {}}
    assert decided(policy | rules, ASKED, told)["reasons"][0]["code"] == "prohibition-possible"


def test_a_prohibition_of_others_stands_in_an_agreement_with_one_buyer_and_a_permission_for_others_does_not():
    agreement = {"@type": "Agreement", "assigner": "urn:seller", "assignee": ALICE, "target": "urn:asset"}
    others = {"action": "use", "assignee": BOTH}
    forbidding = agreement | {"conflict": "prohibit", "permission": [{"action": "use"}], "prohibition": [others]}
    told = {"now": "2026-11-20T01:00:00Z"}
    assert decided(forbidding, ASKED, told | {"partOf": {"did:web:bob": [BARRED]}})["outcome"] == "allow"
    assert decided(forbidding, ASKED, told | {"partOf": {ALICE: [BARRED]}})["outcome"] == "deny"
    with pytest.raises(PolicyError, match="is not that of the policy"):
        parse(agreement | {"permission": [others]})
