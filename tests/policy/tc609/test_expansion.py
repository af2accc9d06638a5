"""What plain fields cannot hold: where it is carried, how it is marked, and that neither side changes alone."""

from __future__ import annotations

import copy
import json

import pytest

from policy.canonical import canonical, digest
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.tc609.translate import to_odrl, to_tc609
from tests.every import every

UNTIL = {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2027-01-01T00:00:00Z"}
PURPOSE = {"leftOperand": "purpose", "operator": "isA", "rightOperand": "https://w3id.org/penstock/purpose#Research"}
POLICY = {
    "@id": "urn:penstock:agreement:1",
    "@type": "Agreement",
    "target": "urn:penstock:dataset:flights",
    "assigner": "did:web:provider.example",
    "assignee": "did:web:buyer.example",
    "permission": [{"action": "read", "constraint": [UNTIL]}],
    "prohibition": [{"action": "distribute"}],
    "obligation": [{"action": "delete"}],
}
SIZE = {"leftOperand": "absoluteSize", "operator": "lteq", "rightOperand": 5, "unit": "megabyte"}
BOTH = ["did:web:a", "did:web:b"]
COUNT = {"leftOperand": "count", "operator": "lteq", "rightOperand": 3}
MORE = {"leftOperand": "absoluteSize", "operator": "gt", "rightOperand": 5}
PERMISSION, PROHIBITION, OBLIGATION = "permissionPolicies", "prohibitionPolicies", "obligationPolicies"


def varied(**members):
    """Write the policy with other members or without them, its first rules with more."""
    document = copy.deepcopy(POLICY)
    for key, member in members.items():
        if key in ("permission", "prohibition", "obligation") and isinstance(member, dict):
            document[key][0] |= member
        else:
            document[key] = member
    return {key: member for key, member in document.items() if member is not None}


# a change → what is marked: a constraint of the permission, an action of the prohibition, one of the obligation
MARKED = [
    ({}, (False, False, False)),
    ({"conflict": "perm"}, (False, False, False)),
    ({"https://example.org/terms": {"a": 1}}, (False, False, False)),
    ({"permission": {"@id": "p"}}, (False, False, False)),
    ({"permission": {"constraint": UNTIL}}, (False, False, False)),
    ({"permission": {"constraint": [UNTIL | {"@id": "c"}]}}, (False, False, False)),
    ({"inheritFrom": "urn:parent"}, (True, True, True)),
    ({"permission": {"constraint": [PURPOSE]}}, (True, False, False)),
    ({"permission": {"constraint": [{"or": [UNTIL, UNTIL]}]}}, (True, False, False)),
    ({"permission": {"constraint": [SIZE]}}, (True, False, False)),
    ({"permission": {"duty": [{"action": "compensate"}]}}, (True, False, False)),
    ({"permission": {"action": [{"value": "read", "refinement": [UNTIL]}]}}, (True, False, False)),
    ({"target": None, "permission": {"target": {"source": "urn:all", "refinement": [UNTIL]}},
      "prohibition": {"target": "urn:b"}, "obligation": {"target": "urn:b"}}, (True, False, False)),
    ({"assignee": None, "permission": {"assignee": BOTH}}, (False, False, False)),
    ({"assignee": None, "permission": {"assignee": BOTH, "constraint": [COUNT]}}, (True, False, False)),
    ({"permission": {"constraint": [COUNT]}}, (False, False, False)),
    ({"permission": {"action": "print"}}, (False, False, False)),
    ({"permission": {"action": "print", "constraint": [COUNT]}}, (True, False, False)),
    ({"prohibition": {"constraint": [PURPOSE]}}, (False, True, False)),
    ({"prohibition": {"remedy": [{"action": "delete"}]}}, (True, True, False)),
    ({"prohibition": {"action": "transfer"}}, (False, True, False)),
    ({"obligation": {"consequence": [{"action": "compensate"}]}}, (False, False, True)),
    ({"obligation": {"action": "inform"}}, (False, False, True)),
    ({"obligation": {"informedParty": "did:web:a"}}, (False, False, True)),
    ({"obligation": {"https://w3id.org/penstock/ns/profile#mode": "post"}}, (False, False, True)),
]  # fmt: skip


@every(("change", "marked"), MARKED)
def test_what_narrows_is_marked_where_the_reader_errs_to_caution(change, marked):
    policy = varied(**change)
    document = to_tc609(policy)
    permissions = [
        [each["constraintName"] for each in strategy.get("constraints", [])] for strategy in document[PERMISSION]
    ]
    actions = [[each["actions"] for each in document[key]] for key in (PROHIBITION, OBLIGATION)]
    assert ["expansionItem" in names for names in permissions] == [marked[0]] * len(permissions)
    assert [all("expansionItem" in each for each in found) for found in actions] == list(marked[1:])
    for strategy in document[PERMISSION] if marked[0] else []:
        mark = strategy["constraints"][-1]
        assert mark == {
            "constraintName": "expansionItem",
            "constraintOperator": "01",
            "constraintValue": digest(policy),
        }
    assert to_odrl(document) == compact(policy)


def test_what_plain_fields_hold_stays_plain():
    strategy = to_tc609(varied(permission={"constraint": [PURPOSE, UNTIL]}))[PERMISSION][0]
    assert strategy["actions"] == ["read"]
    assert strategy["constraints"][0] == {
        "constraintName": "time",
        "constraintOperator": "11",
        "constraintValue": "2027-01-01T00:00:00Z",
    }


def test_an_action_without_a_word_is_said_by_those_below_it_less_what_is_prohibited():
    document = to_tc609(varied(permission={"action": "use"}, prohibition={"action": ["distribute", "grantUse"]}))
    actions = document[PERMISSION][0]["actions"]
    assert {"read", "reproduce", "transform", "expansionItem"} <= set(actions)
    assert not {"distribute", "delivery", "grantUse", "sell"} & set(actions)
    assert to_tc609(varied(prohibition={"action": "transfer"}))[PROHIBITION][0]["actions"] == ["sell", "expansionItem"]


def test_a_count_is_kept_where_it_narrows_and_left_out_where_it_would_widen():
    counted = to_tc609(varied(permission={"action": "use", "constraint": [COUNT]}))[PERMISSION][0]
    assert [each["constraintName"] for each in counted["constraints"]] == ["count", "expansionItem"]
    assert "constraints" in to_tc609(varied(prohibition={"constraint": [MORE]}))[PROHIBITION][0]
    several = {"action": ["distribute", "print"], "constraint": [MORE]}
    assert "constraints" not in to_tc609(varied(prohibition=several))[PROHIBITION][0]


def test_an_obligation_without_a_word_is_not_said_by_those_below_it():
    assert to_tc609(varied(obligation={"action": "inform"}))[OBLIGATION][0]["actions"] == ["expansionItem"]


def test_only_the_first_strategy_carries_the_frame():
    document = to_tc609(POLICY)
    first, *others = (json.loads(document[key][0]["policyExpansion"]) for key in (PERMISSION, PROHIBITION, OBLIGATION))
    assert first["policy"] == {key: POLICY[key] for key in ("@id", "@type", "target", "assigner", "assignee")}
    assert first["rule"] == POLICY["permission"][0]
    assert all("policy" not in each for each in others)
    assert {each["digest"] for each in (first, *others)} == {digest(POLICY)}


def expanded(change):
    """Edit the first expansion; what comes out is canonical again."""

    def edit(document):
        said = json.loads(document[PERMISSION][0]["policyExpansion"])
        change(said)
        document[PERMISSION][0]["policyExpansion"] = canonical(said)

    return edit


def rewritten(change):
    """Edit the policy and all that names it in the expansions, and leave the plain fields."""

    def edit(document):
        other = copy.deepcopy(POLICY)
        change(other)
        for key in (PERMISSION, PROHIBITION, OBLIGATION):
            document[key][0]["policyExpansion"] = to_tc609(other)[key][0]["policyExpansion"]

    return edit


FIRST = f"/{PERMISSION}/0"
TAMPERED = [
    (lambda d: d[PERMISSION][0]["constraints"].clear(), "contradiction", f"{FIRST}/constraints"),
    (lambda d: d[PERMISSION][0]["constraints"][0].update(constraintValue="2030-01-01T00:00:00Z"), "contradiction",
     f"{FIRST}/constraints/0/constraintValue"),
    (lambda d: d[PERMISSION][0]["actions"].append("sell"), "contradiction", f"{FIRST}/actions"),
    (lambda d: d[PERMISSION][0]["subjectInfo"].update(dataProductId="urn:b"), "contradiction",
     f"{FIRST}/subjectInfo/dataProductId"),
    (lambda d: d[PERMISSION][0]["subjectInfo"].update(dataProductName="b"), "contradiction",
     f"{FIRST}/subjectInfo/dataProductName"),
    (lambda d: d[PERMISSION].append(d[PERMISSION][0]), "bad-value", f"/{PERMISSION}/1/policyExpansion"),
    (lambda d: d[PROHIBITION].append(d[PROHIBITION][0]), "contradiction", f"/{PROHIBITION}"),
    (lambda d: d.pop(PROHIBITION), "contradiction", f"{FIRST}/policyExpansion"),
    (lambda d: d.pop(PERMISSION), "bad-value", f"/{PROHIBITION}/0/policyExpansion"),
    (lambda d: d[PROHIBITION][0].pop("policyExpansion"), "missing", f"/{PROHIBITION}/0"),
    (lambda d: d[PERMISSION][0].pop("policyExpansion"), "missing", FIRST),
    (lambda d: d[PROHIBITION][0].update(policyExpansion="x"), "unsupported", f"/{PROHIBITION}/0/policyExpansion"),
    (lambda d: d[PERMISSION][0].update(policyExpansion=" " + d[PERMISSION][0]["policyExpansion"]), "bad-value",
     f"{FIRST}/policyExpansion"),
    (expanded(lambda said: said["rule"].pop("constraint")), "contradiction", f"{FIRST}/policyExpansion"),
    (expanded(lambda said: said["policy"].update(conflict="perm")), "contradiction", f"{FIRST}/policyExpansion"),
    (expanded(lambda said: said.update(more=1)), "bad-value", f"{FIRST}/policyExpansion"),
    (expanded(lambda said: said.update(policy=1)), "bad-type", f"{FIRST}/policyExpansion"),
    (rewritten(lambda p: p["permission"][0].pop("constraint")), "contradiction", f"{FIRST}/constraints"),
    (rewritten(lambda p: p["prohibition"][0].update(action="sell")), "contradiction", f"/{PROHIBITION}/0/actions/0"),
    (rewritten(lambda p: p.update(target="urn:b")), "contradiction", f"{FIRST}/subjectInfo/dataProductId"),
]  # fmt: skip


@every(("tamper", "code", "path"), TAMPERED)
def test_neither_side_changes_alone(tamper, code, path):
    document = to_tc609(POLICY)
    tamper(document)
    with pytest.raises(PolicyError) as refused:
        to_odrl(document)
    assert (refused.value.code, refused.value.path) == (code, path)


def deep(levels):
    constraint = UNTIL
    for _ in range(levels):
        constraint = {"and": [constraint]}
    return constraint


MANY = {"target": [f"urn:{n}" for n in range(200)], "assignee": [f"did:web:{n}" for n in range(3)]}
NO_STRATEGY = [
    ("text", "bad-type", ""),
    (varied(target=None), "missing", "/permission/0"),
    (varied(assigner=None), "missing", "/permission/0"),
    (varied(**{"@type": "Set"}, target=None), "missing", "/permission/0"),
    ({"@type": "Set"}, "missing", ""),
    (varied(permission=[7]), "bad-type", "/permission/0"),
    (varied(permission={"action": "teleport"}), "unknown-term", "/permission/0/action"),
    (varied(permission={"constraint": [{"leftOperand": "valueExpression", "operator": "eq", "rightOperand": "x"}]}),
     "unsupported", "/permission/0/constraint/0/leftOperand"),
    (varied(permission={"note": 1 << 60}), "bad-value", ""),
    (varied(permission={"note": float("nan")}), "bad-value", ""),
    (varied(permission={"note": "\ud800"}), "bad-value", ""),
    (varied(target=None, assignee=None, permission=MANY), "too-large", "/permission/0"),
]  # fmt: skip


@every(("document", "code", "path"), NO_STRATEGY, ids=range(len(NO_STRATEGY)))
def test_what_cannot_be_a_strategy(document, code, path):
    with pytest.raises(PolicyError) as refused:
        to_tc609(document)
    assert (refused.value.code, refused.value.path) == (code, path)


def test_what_is_nested_too_deep_is_refused():
    with pytest.raises(PolicyError, match="deep"):
        to_tc609(varied(permission={"constraint": [deep(5000)]}))
    document = to_tc609(POLICY)
    document[PERMISSION][0]["policyExpansion"] = "[" * 100_000
    with pytest.raises(PolicyError, match="policyExpansion"):
        to_odrl(document)


def test_an_inheriting_policy_is_marked_and_comes_back():
    policy = varied(inheritFrom="urn:parent")
    assert all(strategy["policyExpansion"] for key in to_tc609(policy) for strategy in to_tc609(policy)[key])
    assert to_odrl(to_tc609(policy)) == policy
