"""What is found in policies that read well: a table of mistakes, each with its place and a request that shows it."""

from __future__ import annotations

import random

from policy.compare.check import check, has_errors
from policy.compare.findings import FINDINGS, Finding, Level
from policy.compile import compile_policy
from policy.decide import decide
from policy.offer import offer_rules
from policy.parse import parse
from policy.words.contrast import COMPARING, finding
from tests.every import every
from tests.policy.compare import pairs
from tests.policy.compare.test_compare import RESEARCH, TRANSPORT, atom, pay, permits, policy

BEFORE, AFTER = "dateTime lt 2027-01-01T00:00:00Z", "dateTime gteq 2027-01-01T00:00:00Z"
SELL = {"action": "transfer"}
NEW_YEAR = {"constraint": [atom("dateTime lteq 2027-01-01T00:00:00Z")]}
IMPOSSIBLE = {"constraint": [atom("payAmount gt 7", "EUR"), atom("payAmount lt 5", "EUR")]}

# what is wrong -> (permissions, other members, [(code, path)])
ALONE = {
    "nothing": ([permits()], {}, []),
    "conditions that exclude one another": ([permits(BEFORE, AFTER)], {}, [("never-permits", "/permission/0")]),
    "two environments at once": (
        [permits("executionEnv eq tee", "executionEnv eq mpc")],
        {},
        [("never-permits", "/permission/0")],
    ),
    "a prohibition on all that is permitted": (
        [{"action": "read"}],
        {"prohibition": [{"action": "use"}]},
        [("always-forbidden", "/permission/0")],
    ),
    "nothing says who wins": (
        [permits()],
        {"prohibition": [{"action": "distribute"}], "conflict": "invalid"},
        [("policy-void", "/permission/0")],
    ),
    "apart, though nothing says who wins": (
        [permits("purpose isA " + RESEARCH)],
        {"prohibition": [SELL], "conflict": "invalid"},
        [],
    ),
    "a prohibition wins": (
        [permits()],
        {"prohibition": [{"action": "distribute"}]},
        [("prohibition-wins", "/permission/0")],
    ),
    "a permission wins": (
        [permits()],
        {"prohibition": [{"action": "distribute"}], "conflict": "perm"},
        [("permission-wins", "/permission/0")],
    ),
    "a prohibition that never holds": (
        [permits()],
        {"prohibition": [{**SELL, "constraint": [atom(BEFORE), atom(AFTER)]}]},
        [("never-forbids", "/prohibition/0")],
    ),
    "a narrower permission beside a wider one": (
        [permits("purpose isA " + TRANSPORT), permits("purpose isA " + RESEARCH)],
        {},
        [("says-nothing-new", "/permission/0")],
    ),
    "the same permission twice": ([permits(), permits()], {}, [("says-nothing-new", "/permission/1")]),
    "the same for less": ([permits(duty=[pay("eq", 5)]), permits()], {}, [("says-nothing-new", "/permission/0")]),
    "a prohibition within another": (
        [{"action": "read"}],
        {"prohibition": [{"action": "sell"}, SELL]},
        [("says-nothing-new", "/prohibition/0")],
    ),
    "two counters for one use": (
        [permits("count lteq 3"), permits("count lteq 5")],
        {},
        [("counted-apart", "/permission/1")],
    ),
    "to be done after a use that comes later": (
        [permits(AFTER.replace("gteq", "gt"), duty=[{"action": "delete", "mode": "post", **NEW_YEAR}])],
        {},
        [("late-for-its-use", "/permission/0/duty/0")],
    ),
    "to be paid before it is permitted": (
        [permits(AFTER.replace("gteq", "gt"), duty=[{"action": "inform", **NEW_YEAR}])],
        {},
        [("due-before-use", "/permission/0/duty/0")],
    ),
    "to be done in time": ([permits(AFTER, duty=[{"action": "delete", "mode": "post", **NEW_YEAR}])], {}, []),
    "terms that exclude one another": (
        [permits(duty=[{"action": "compensate", **IMPOSSIBLE}])],
        {},
        [("never-fulfilled", "/permission/0/duty/0")],
    ),
    "a duty to do what is forbidden": (
        [permits(duty=[{"action": "delete", "mode": "post"}])],
        {"prohibition": [{"action": "delete"}], "conflict": "prohibit"},
        [("duty-forbidden", "/permission/0/duty/0"), ("prohibition-wins", "/permission/0")],
    ),
    "an obligation that lies in what is forbidden": (
        [{"action": "read"}],
        {
            "obligation": [{"action": "alert", "assignee": "did:web:buyer.example"}],
            "prohibition": [{"action": "inform"}],
        },
        [("duty-forbidden", "/obligation/0")],
    ),
    "a duty around a use that is forbidden": (
        [{"action": "read", "duty": [{"action": "inform"}]}],
        {"prohibition": [{"action": "use"}], "conflict": "perm"},
        [("permission-wins", "/permission/0")],
    ),
    "thirty days and a month": (
        [permits("elapsedTime lteq P30D", "elapsedTime lteq P1M")],
        {},
        [("not-told", "")],
    ),
}


@every("name", ALONE)
def test_one_policy(name):
    permissions, members, wanted = ALONE[name]
    found = check([policy(*permissions, **members)])
    assert [(one.code, one.path) for one in found] == wanted


def test_the_usual_offer_has_no_error(until):
    found = check([parse({"@type": "Offer", **offer_rules(purpose="Research", until=until, region="CN", openings=3)})])
    assert {one.code for one in found} == {"prohibition-wins"}
    assert not has_errors(found)


def test_a_finding_shows_a_request():
    read = policy(permits(), prohibition=[{"action": "distribute"}], conflict="invalid")
    (found,) = check([read])
    decision = decide(compile_policy(read), found.example.request, found.example.worlds[0])
    assert decision.reasons[0].code == "policy-void"
    assert has_errors([found])


def named(name, *permissions, **members):
    return policy(*permissions, **{"@id": name, **members})


FORBIDS = {"prohibition": [{"action": "distribute"}]}
BETWEEN = {
    "nothing": (named("urn:1", permits()), named("urn:2", {"action": "read"}), []),
    "the same": (named("urn:1", permits()), named("urn:1", permits()), [("same-elsewhere", 1, "")]),
    "another under one id": (named("urn:1", permits()), named("urn:1", {"action": "read"}), [("same-id", 1, "/@id")]),
    "one forbids what the other allows": (
        named("urn:1", permits()),
        named("urn:2", {"action": "read"}, **FORBIDS),
        [("forbidden-here", 1, "/prohibition/0")],
    ),
    "with other strategies": (
        named("urn:1", permits(), conflict="perm"),
        named("urn:2", {"action": "read"}, **FORBIDS),
        [("no-common-law", 1, "/prohibition/0")],
    ),
    "where permissions win": (
        named("urn:1", permits(), conflict="perm"),
        named("urn:2", {"action": "read"}, **FORBIDS, conflict="perm"),
        [],
    ),
    "on other assets": (
        named("urn:1", permits(target="urn:t")),
        named(
            "urn:2", {"action": "read", "target": "urn:s"}, prohibition=[{"action": "distribute", "target": "urn:s"}]
        ),
        [],
    ),
    "with other parties": (
        named("urn:1", permits(assignee="urn:a")),
        named("urn:2", {"action": "read"}, prohibition=[{"action": "distribute", "assignee": "urn:b"}]),
        [],
    ),
}


@every("name", BETWEEN)
def test_two_policies(name):
    one, other, wanted = BETWEEN[name]
    found = [(each.code, each.policy, each.path) for each in check([one, other])]
    assert [each for each in found if each[0] != "prohibition-wins"] == wanted


@every("lang", sorted(COMPARING))
@every("code", FINDINGS)
def test_every_finding_has_words(code, lang):
    facts = {"duty": "compensate", "operand": "count"}
    text, hint = finding(Finding(code, 0, "", tuple(facts.get(name, "urn:x") for name in FINDINGS[code][1])), lang)
    assert text
    assert hint
    assert "{" not in text + hint


def test_checking_is_total_and_what_never_permits_never_does():
    for seed in range(30):
        rng = random.Random(seed)
        one, other = (parse(document) for document in pairs.pair(rng))
        found = check([one, other])
        assert all(each.level in Level for each in found)
        idle = {each.path for each in found if each.policy == 0 and each.code == "never-permits"}
        compiled = compile_policy(one)
        for _ in range(20):
            decision = decide(compiled, pairs.request(rng), pairs.world(pairs.facts(rng), one))
            active = {report.id for report in decision.rules if report.active}
            assert not active & {rule.id for rule in one.permissions if rule.path in idle}, seed
