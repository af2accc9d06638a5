"""What is told of memberships when policies are checked: found, shown for anybody to decide again, or refused."""

from __future__ import annotations

from itertools import product

import pytest

from policy.compare.check import check
from policy.compare.members import MAX_MEMBERSHIPS, Members
from policy.compile import compile_policy
from policy.decide import decide
from policy.errors import PolicyError
from policy.parse import parse
from policy.request import Request
from policy.world import World

GROUP = {"@type": "PartyCollection", "@id": "urn:group"}
BOTH = {
    "@type": "Set",
    "permission": [{"action": "use", "assignee": "urn:a"}],
    "prohibition": [{"action": "use", "assignee": "urn:group"}],
}
NOW = {"now": "2026-06-01T00:00:00Z"}


def told(policies, **part_of):
    read = [parse(policy) for policy in policies]
    members = Members({f"urn:{one}": frozenset({f"urn:{group}"}) for one, group in part_of.items()}, read)
    return [members.shown(one) for one in check([members.applied(policy) for policy in read])]


def test_a_member_who_is_permitted_and_forbidden_is_found_once_it_is_told():
    assert "always-forbidden" not in {one.code for one in told([BOTH])}
    assert "always-forbidden" in {one.code for one in told([BOTH], a="group")}
    assert "always-forbidden" in {one.code for one in told([BOTH], a="inner", inner="group")}
    assert "always-forbidden" not in {one.code for one in told([BOTH], b="group")}


def test_an_example_is_decided_again_with_the_policies_as_they_were():
    permits, forbids = ({"@type": "Set", key: BOTH[key]} for key in ("permission", "prohibition"))
    open_to_all = {"@type": "Set", "permission": [{"action": "use"}], **forbids, "conflict": "invalid"}
    found = [one for one in told([open_to_all], a="group") if one.code == "policy-void"]
    assert found
    shown = found[0].example.as_json()
    decision = decide(
        compile_policy(parse(open_to_all)), Request.from_json(shown["request"]), World.from_json(shown["world"])
    )
    assert decision.reasons[0].code == "policy-void"
    assert "no-common-law" in {one.code for one in told([permits, {**forbids, "permission": []}], a="group")}


RULES = [
    {"action": "use", "assignee": "urn:group"},
    {"action": "use", "assignee": GROUP},
    {"action": "use", "target": "urn:whole"},
    {"action": "use", "target": "urn:part", "assignee": "urn:a"},
    {"action": "use", "target": {"@type": "AssetCollection", "@id": "urn:whole"}},
]
TOLD = {"urn:a": ["urn:inner"], "urn:inner": ["urn:group"], "urn:part": ["urn:whole"]}


@pytest.mark.parametrize("conflict", ["perm", "prohibit", "invalid"])
def test_a_policy_with_its_members_by_name_decides_as_one_whose_world_tells_them(conflict):
    part_of = {member: frozenset(groups) for member, groups in TOLD.items()}
    everything, decided = World.from_json(NOW | {"partOf": TOLD}), set()
    for permitted, forbidden in product(RULES, RULES):
        policy = parse({"@type": "Set", "conflict": conflict, "permission": [permitted], "prohibition": [forbidden]})
        rules = policy.permissions + policy.prohibitions
        names = {name for rule in rules for name in (*rule.targets, *rule.assignees)}
        asked = {one: groups for one, groups in part_of.items() if everything.collections(one) & names}
        by_name = compile_policy(Members(asked, [policy]).applied(policy))
        plain = compile_policy(policy)
        for party, target in product(["urn:a", "urn:b", "urn:inner", "urn:group"], ["urn:part", "urn:whole", "urn:x"]):
            request = Request(party, "use", target, {})
            world = World(World.from_json(NOW).now, asked)
            outcome = decide(plain, request, world).outcome
            assert decide(by_name, request, World.from_json(NOW)).outcome == outcome, (permitted, forbidden, request)
            decided.add(outcome.value)
    assert len(decided) > 1


def test_what_would_be_looked_at_without_the_membership_is_refused():
    aside = {"leftOperand": "recipient", "operator": "isPartOf", "rightOperand": "urn:group"}
    rule = {"action": "use", "assignee": "urn:group", "constraint": [aside]}
    with pytest.raises(PolicyError, match="condition or duty"):
        told([{"@type": "Set", "permission": [rule]}], a="group")
    with pytest.raises(PolicyError, match="no rule has"):
        told([BOTH], b="elsewhere")
    with pytest.raises(PolicyError, match="memberships"):
        told([BOTH], **{f"m{number}": "group" for number in range(MAX_MEMBERSHIPS + 1)})
