"""`penstock policy check`, `compare` and `diff` on small files."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_policy import AGREEMENT, UNTIL

SHORTER = {**UNTIL, "rightOperand": "2026-07-01T00:00:00Z"}
NARROW = AGREEMENT | {"permission": [{"@id": "p", "action": "use", "constraint": [SHORTER]}]}
VOID = AGREEMENT | {"prohibition": [{"action": "distribute"}]}


@pytest.fixture
def file(tmp_path):
    def write(name, value):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(value))
        return path

    return write


def test_a_policy_with_an_error_exits_with_2_and_says_what_to_change(penstock, file):
    said = penstock("policy", "check", file("p", VOID), "--json")
    assert said.code == 2
    (finding,) = said.json["findings"]
    assert (finding["level"], finding["code"], finding["path"]) == ("error", "policy-void", "/permission/0")
    assert "conflict" in finding["hint"]
    assert finding["example"]["request"]["action"] == "distribute"
    plain = penstock("policy", "check", file("p", VOID), "--lang", "zh")
    assert plain.code == 2
    assert "策略无效" in plain.out


def test_who_is_in_a_collection_is_told(penstock, file):
    policy = file(
        "p",
        {
            "@type": "Set",
            "permission": [{"action": "use", "assignee": "urn:a"}],
            "prohibition": [{"action": "use", "assignee": "urn:group"}],
        },
    )
    assert penstock("policy", "check", policy).code == 0
    said = penstock("policy", "check", policy, "--member", "urn:a=urn:group", "--json")
    assert said.code == 2
    assert "always-forbidden" in [finding["code"] for finding in said.json["findings"]]
    for wrong in ("urn:a", "=urn:group", "urn:a=", "urn:b=urn:elsewhere"):
        assert penstock("policy", "check", policy, "--member", wrong).code == 2


def test_several_policies_are_checked_against_one_another(penstock, file):
    said = penstock("policy", "check", file("p", AGREEMENT), file("q", NARROW), "--json")
    assert said.code == 2
    assert [(finding["code"], finding["file"]) for finding in said.json["findings"]] == [("same-id", "q.json")]


def test_compare(penstock, file):
    a, b = file("a", NARROW), file("b", AGREEMENT)
    said = penstock("policy", "compare", a, b, "--json").json
    assert said["relation"] == "a-implies-b"
    assert said["forward"] is None
    example = said["backward"]
    files = [file("request", example["request"]), file("world", example["world"])]
    for policy, code in ((a, 3), (b, 0)):
        decided = penstock("policy", "decide", "--policy", policy, "--request", files[0], "--world", files[1])
        assert decided.code == code
    plain = penstock("policy", "compare", b, b)
    assert plain.out.splitlines() == ["equivalent", "Both policies allow the same."]
    assert "完全相同" in penstock("policy", "compare", a, a, "--lang", "zh").out


def test_diff(penstock, file):
    said = penstock("policy", "diff", file("a", AGREEMENT), file("b", NARROW), "--json").json
    assert said["changes"] == [{"subject": "condition", "turn": "narrower", "path": "/permission/0/constraint/0"}]
    assert said["sentences"][0].startswith("The permission to use is narrower")
    assert penstock("policy", "diff", file("a", NARROW), file("b", NARROW)).code == 0


def test_a_file_that_is_no_policy_is_named(penstock, file):
    said = penstock("policy", "compare", file("a", AGREEMENT), file("b", {"permission": []}))
    assert said.code == 2
    assert "b.json" in said.err
