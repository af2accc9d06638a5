"""The law of deciding, a second time: slow, plain, and read from the documents themselves.

    1  an Offer, or an action nobody knows, permits nothing
    2  a prohibition that is about the request and is not surely untrue goes against it, unless `perm` lets a
       permission win
    3  a violated obligation of the asker denies everything
    4  a permission that holds allows, or allows on condition that what is owed before is done
    5  a permission that is about the request and does not hold denies
    6  nothing about the request: denied by default

Nothing is shared with the engine but the purpose scheme. The other files of this folder have one part of the law each.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.policy.oracle import values
from tests.policy.oracle.comparing import all_of
from tests.policy.oracle.constraints import verdict
from tests.policy.oracle.duties import binds, owed
from tests.policy.oracle.facts import Facts, as_list, beside, covers, plain, strict, uses, whole
from tests.policy.oracle.operands import action


class Standing(NamedTuple):
    """One rule against one request."""

    rule: dict
    covers: bool | None
    verdicts: dict  # condition id -> True, False, None
    owed: tuple  # of Owed

    @property
    def holds(self):
        return all_of(list(self.verdicts.values()))

    @property
    def active(self):
        return self.covers is True and self.holds is True and not any(one.status == "violated" for one in self.owed)


def evaluate(policy, request, world):
    """Decide: {"outcome", "rules": {id: (kind, active, {condition id: verdict})}, "duties": {id: status}}."""
    rules = [] if policy.get("@type") == "Offer" else read_rules(policy)
    facts = Facts({}, request["assignee"], request["target"], context(request), values.instant(world["now"]), world)
    standings = [stand(rule, policy, request, facts) for rule in rules]
    obligations = [
        {"assignee": policy["assignee"], **duty} if "assignee" in policy else duty
        for duty in read_duties(policy, "obligation", "")
    ]
    due = [(duty, one) for duty in obligations for one in owed(duty, policy, facts, [], [])]
    remedies = [
        one
        for rule in rules
        if rule["kind"] == "prohibition" and (since := infringed(rule, facts))
        for duty in rule["remedies"]
        for one in owed(duty, policy, facts, holders(rule), since, follows=True)
    ]
    binding = [one for duty, one in due if binds(duty, facts)]
    everything = [*(one for _duty, one in due), *remedies, *(one for each in standings for one in each.owed)]
    return {
        "outcome": outcome(policy, request, standings, binding, remedies),
        "rules": {one.rule["id"]: (one.rule["kind"], one.active, spoken(one.verdicts)) for one in standings},
        "duties": {one.duty["id"]: one.status for one in everything},
    }


def outcome(policy, request, standings, binding, remedies):
    if policy.get("@type") == "Offer" or action(request["action"]) is None:
        return "default-deny"
    permissions = [one for one in standings if one.rule["kind"] == "permission"]
    barring = [one for one in standings if one.rule["kind"] == "prohibition"]
    against = [one for one in barring if one.covers is not False and one.holds is not False]
    usable = [one for one in permissions if one.active and not any(due.status == "violated" for due in remedies)]
    if against and not (policy.get("conflict") == "perm" and usable):
        return "deny"
    if any(due.status == "violated" for due in binding):
        return "deny"
    if usable:
        outstanding = [[due for due in (*one.owed, *binding, *remedies) if due.outstanding] for one in usable]
        return "conditional" if all(outstanding) else "allow"
    return "deny" if any(one.covers for one in permissions) else "default-deny"


def stand(rule, policy, request, facts):
    seen = Facts(rule, facts.party, facts.target, facts.context, facts.now, facts.world)
    about = action(request["action"]) is not None and covers(
        rule, request["action"], facts.party, facts.target, facts.part_of
    )
    due = tuple(one for duty in rule["duties"] for one in owed(duty, policy, seen, holders(rule), uses(seen, own=True)))
    return Standing(rule, about, {name: verdict(one, seen) for name, one in rule["conditions"]}, due)


def infringed(rule, facts):
    """When this party did what the prohibition forbids, as far as the act's own context and time can tell."""
    found = []
    for act in facts.acts():
        if act.get("by", facts.party) != facts.party or beside(rule, act):
            continue
        # what is counted or done by now was not counted or done then
        others = [one for one in facts.world["performed"] if one is not act]
        world = facts.world | {"counters": {}, "performed": others}
        then = Facts(rule, facts.party, facts.target, act.get("context", {}), values.instant(act["at"]), world)
        about = covers(rule, act["action"], then.party, act.get("target", then.target), facts.part_of)
        if strict(rule, about) and all_of([verdict(one, then) for _name, one in rule["conditions"]]) is not False:
            found.append(then.now)
    return found


def context(request):
    return request.get("context", {})


def spoken(verdicts):
    return {name: "unknown" if one is None else one for name, one in verdicts.items()}


# reading the document ------------------------------------------------------------------------------------------------


def read_rules(policy):
    return [
        read_rule(node, kind, f"{kind}/{number}", policy)
        for kind in ("permission", "prohibition")
        for number, node in enumerate(as_list(policy.get(kind, [])))
    ]


def read_rule(node, kind, path, policy):
    rule = {"id": identity(node, path), "kind": kind}
    conditions = [
        (f"{path}/constraint/{number}", one) for number, one in enumerate(as_list(node.get("constraint", [])))
    ]
    for key, many in (("action", "actions"), ("target", "targets"), ("assignee", "assignees")):
        written = node[key] if key in node else policy.get(key, [])
        rule[many] = [named(one) if key == "action" else whole(one) for one in as_list(written)]
        conditions += [
            (f"{path}/{key}/refinement/{number}", one)
            for part in as_list(written)
            if isinstance(part, dict)
            for number, one in enumerate(as_list(part.get("refinement", [])))
        ]
    rule["actions"] = [action(one) for one in rule["actions"]]
    rule["conditions"] = [(identity(one, where), one) for where, one in conditions]
    rule["duties"] = read_duties(node, "duty", path + "/")
    rule["remedies"] = read_duties(node, "remedy", path + "/")
    return rule


def read_duties(node, key, path):
    return [
        {**duty, "id": identity(duty, f"{path}{key}/{number}"), "consequences": consequences}
        for number, duty in enumerate(as_list(node.get(key, [])))
        for consequences in [read_duties(duty, "consequence", f"{path}{key}/{number}/")]
    ]


def identity(node, path):
    return node.get("uid", node.get("@id", path))


def named(part):
    """Name an action, alone or with a refinement."""
    return plain(part.get("rdf:value", part)) if isinstance(part, dict) else part


def holders(rule):
    return [name for one in rule["assignees"] for name in one.names]
