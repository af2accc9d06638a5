"""`penstock policy` on small files: valid and invalid ones, both languages, the four outcomes and their codes."""

from __future__ import annotations

import json

import pytest

from policy.inherit import digest

TARGET, BUYER = "urn:penstock:dataset:flights", "did:web:buyer.example"
UNTIL = {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2027-01-01T00:00:00Z"}
AGREEMENT = {
    "@id": "urn:penstock:agreement:1",
    "@type": "Agreement",
    "target": TARGET,
    "assigner": "did:web:provider.example",
    "assignee": BUYER,
    "permission": [{"@id": "p", "action": "use", "constraint": [UNTIL]}],
}
PAID = AGREEMENT | {"permission": [{"action": "use", "duty": [{"@id": "d", "action": "compensate"}]}]}
REQUEST = {"assignee": BUYER, "action": "use", "target": TARGET}
NOW, LATER = {"now": "2026-06-01T00:00:00Z"}, {"now": "2027-06-01T00:00:00Z"}

# (policy, request, world) → outcome, exit code
DECISIONS = [
    (AGREEMENT, REQUEST, NOW, "allow", 0),
    (AGREEMENT, REQUEST, LATER, "deny", 3),
    (AGREEMENT, REQUEST | {"target": "urn:other"}, NOW, "default-deny", 3),
    (PAID, REQUEST, NOW, "conditional", 10),
    (PAID, REQUEST, NOW | {"duties": {"d": "fulfilled"}}, "allow", 0),
    (AGREEMENT | {"@type": "Offer"}, REQUEST, NOW, "default-deny", 3),
]  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def write(name, value):
        path = tmp_path / f"{name}.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return write


def decided(penstock, file, policy, request, world, *more):
    files = [file(name, value) for name, value in (("p", policy), ("r", request), ("w", world))]
    return penstock("policy", "decide", "--policy", files[0], "--request", files[1], "--world", files[2], *more)


@pytest.mark.parametrize(("policy", "request_", "world", "outcome", "code"), DECISIONS)
def test_decide(penstock, file, policy, request_, world, outcome, code):
    said = decided(penstock, file, policy, request_, world, "--json")
    assert said.code == code
    assert said.json["outcome"] == outcome
    assert set(said.json) >= {"outcome", "rules", "duties", "reasons"}
    plain = decided(penstock, file, policy, request_, world)
    assert plain.code == code
    assert plain.out.splitlines()[0] == outcome
    assert len(plain.out.splitlines()) > 1


def test_rules_that_do_not_apply_are_named_with_why(penstock, file):
    policy = AGREEMENT | {"permission": [*AGREEMENT["permission"], {"@id": "later", "action": "print"}]}
    line = "the permission later does not apply: it is about another action: print"
    assert line in decided(penstock, file, policy, REQUEST, NOW).out
    [rule] = decided(penstock, file, policy, REQUEST, NOW, "--json").json["idle"]
    assert (rule["id"], [why["code"] for why in rule["why"]]) == ("later", ["other-action"])
    rules = file("rules", {"permission": policy["permission"]})
    assert line in penstock("policy", "try", rules).out
    assert "许可 later 不适用" in penstock("policy", "try", rules, "--lang", "zh").out


def test_a_pair_without_its_sign_is_a_fault_of_its_writer(penstock, file):
    for words in (("try", file("p", AGREEMENT), "--say", "alone"), ("template", "fill", "uses", "--set", "alone")):
        assert penstock("policy", *words).code == 2


INVALID = [
    ({"@type": "Agreement", "permission": [{"action": "teleport"}]}, REQUEST, NOW, "teleport"),
    (AGREEMENT, {"assignee": BUYER}, NOW, "action"),
    (AGREEMENT, REQUEST, {"now": "2026-06-01T00:00:00"}, "zone"),
    (AGREEMENT, REQUEST, NOW | {"weather": "fine"}, "weather"),
    ('{"a": 1, "a": 2}', REQUEST, NOW, "p.json"),
    ("not json", REQUEST, NOW, "p.json"),
]


@pytest.mark.parametrize(("policy", "request_", "world", "words"), INVALID)
def test_what_is_not_valid_is_2(penstock, file, policy, request_, world, words):
    said = decided(penstock, file, policy, request_, world, "--json")
    assert said.code == 2
    assert said.json["exit"] == 2
    assert words in said.json["text"]


def test_check(penstock, file):
    said = penstock("policy", "check", file("p", AGREEMENT))
    assert said.code == 0
    assert "valid Agreement with 1 rules" in said.out
    assert penstock("policy", "check", file("p", AGREEMENT), "--json").json == {
        "valid": True,
        "policies": [{"file": "p.json", "class": "Agreement", "id": AGREEMENT["@id"], "rules": 1}],
        "findings": [],
    }
    wrong = penstock("policy", "check", file("q", AGREEMENT | {"permission": [{"action": "use", "colour": "red"}]}))
    assert wrong.code == 2
    assert "/permission/0/colour" in wrong.err


def test_a_policy_in_any_form_is_the_same_policy(penstock, file):
    odrl = "http://www.w3.org/ns/odrl/2/"
    use = {odrl + "action": [{"@id": odrl + "use"}], odrl + "constraint": []}
    expanded = file("e", [{"@type": [odrl + "Set"], odrl + "permission": [use]}])
    turtle = file("t", f"PREFIX o: <{odrl}> [] a o:Set ; o:permission [ o:action o:use ] .")
    compact = file("c", {"@context": "http://www.w3.org/ns/odrl.jsonld", "permission": {"action": "use"}})
    said = [penstock("policy", "explain", path).out for path in (expanded, turtle, compact)]
    assert len(set(said)) == 1
    assert "may" in said[0]
    twice = penstock("policy", "check", file("two", json.dumps(AGREEMENT) + "\n" + json.dumps(AGREEMENT)))
    assert twice.code == 2
    assert "`two.json`: something follows the first JSON document in line 2, column 1" in twice.err


def test_explain_in_both_languages(penstock, file):
    path = file("p", AGREEMENT)
    english = penstock("policy", "explain", path, "--json").json
    chinese = penstock("policy", "explain", path, "--lang", "zh", "--json").json
    assert len(english["sentences"]) == len(chinese["sentences"]) > 1
    assert "2027" in " ".join(english["sentences"])
    assert any("一" <= character <= "鿿" for character in "".join(chinese["sentences"]))
    assert penstock("policy", "explain", path).out.splitlines() == english["sentences"]
    assert penstock("policy", "explain", path, "--lang", "fr").code == 2


def test_translate_there_and_back(penstock, file):
    said = penstock("policy", "translate", "--to", "tc609", file("p", AGREEMENT))
    assert said.code == 0
    assert json.loads(said.out)["permissionPolicies"][0]["executionNodeInfo"]["consumerNodeId"] == BUYER
    back = penstock("policy", "translate", "--to", "odrl", file("t", said.out), "--json")
    assert back.code == 0
    assert {key: member for key, member in back.json.items() if key != "@context"} == AGREEMENT
    again = penstock("policy", "translate", "--to", "tc609", file("b", back.json))
    assert json.loads(again.out) == json.loads(said.out)
    shortened = json.loads(said.out)
    del shortened["permissionPolicies"][0]["constraints"]
    refused = penstock("policy", "translate", "--to", "odrl", file("t", shortened), "--json")
    assert refused.code == 2
    assert "/permissionPolicies/0/constraints" in refused.json["text"]
    assert penstock("policy", "translate", "--to", "xml", file("t", said.out)).code == 2


def test_a_policy_is_decided_with_its_parent(penstock, file):
    parent = {"@id": "urn:parent", "@type": "Set", "conflict": "prohibit", "prohibition": [{"action": "distribute"}]}
    pin = {"@id": "urn:parent", "penstock:digest": digest(parent)}
    child = {"@type": "Set", "conflict": "prohibit", "inheritFrom": [pin], "permission": [{"action": "use"}]}
    named = {"policy": child, "request": REQUEST | {"action": "distribute"}, "world": NOW, "parent": parent}
    options = [part for name, value in named.items() for part in (f"--{name}", file(name, value))]
    assert penstock("policy", "decide", *options).code == 3
    assert penstock("policy", "decide", *options[:-2]).code == 2


def test_a_refusal_is_in_the_language_that_was_asked_for(penstock, file):
    path = file("p", {"@type": "Set", "permission": [{"action": "use"}], "duty": [{"action": "delete"}]})
    for verb in (("explain",), ("check",), ("diff", path), ("compare", path), ("try",)):
        said = penstock("policy", *verb, path, "--lang", "zh", "--json")
        assert (said.code, said.json["code"]) == (2, "misplaced")
        assert "不应出现在此处" in said.json["text"]
        assert "`obligation`" in said.json["hint"]
