"""Where a rule applies, as it is read: actions, targets and parties, alone, among others, narrowed, in collections."""

from __future__ import annotations

import pytest

from policy.constraint_reading import Census
from policy.errors import PolicyError
from policy.model import RuleKind
from policy.nodes import Node
from policy.parse import parse
from policy.places import Place, read_place
from policy.vocabulary.actions import ACTIONS, REFUSED_ACTIONS
from policy.vocabulary.names import ACTION_ALIASES, CC
from tests.every import every

REFINED = {"leftOperand": "resolution", "operator": "lteq", "rightOperand": "720"}
KINDS = {"target": "Asset", "assignee": "Party", "assigner": "Party"}


def read(**members):
    return parse({"permission": [{"action": "use"} | members]}).permissions[0]


def refusal(**members):
    with pytest.raises(PolicyError) as caught:
        read(**members)
    return caught.value.code, caught.value.path, caught.value.problem, caught.value.hint


# actions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["print", ["odrl:print"], {"@id": "odrl:print"}, {"uid": "print"}, {"rdf:value": {"@id": "odrl:print"}}]
)
def test_an_action_is_written_by_its_name_or_as_a_node(written):
    rule = read(action=written)
    assert (rule.actions, rule.refinements) == (("print",), ())


def test_several_actions_are_each_read_once():
    assert read(action=["print", "idsc:READ", {"rdf:value": "print"}, "read"]).actions == ("print", "read")


def test_a_rule_has_an_action():
    said = ("no `action`", "name the action")
    assert refusal(action=[]) == ("missing", "/permission/0", *said)
    assert refusal(duty=[{"target": "urn:a"}]) == ("missing", "/permission/0/duty/0", *said)


def test_an_action_is_one_that_is_known():
    said = (
        "unknown-term",
        "/permission/0/action",
        "unknown action `fly`",
        "docs/policy.md lists the actions",
    )
    assert refusal(action="fly") == refusal(action={"rdf:value": "fly"}) == refusal(action=["use", "fly"]) == said


@every(
    ("written", "meant"),
    [("write", "modify"), ("odrl:appendTo", "modify"), ("http://www.w3.org/ns/odrl/2/copy", "reproduce")],
)
def test_a_deprecated_action_is_what_it_matches_exactly(written, meant):
    assert read(action=written).actions == (meant,)


@every(("written", "meant"), [("cc:Attribution", "attribute"), (CC + "Reproduction", "reproduce")])
def test_two_actions_of_creative_commons_are_odrls(written, meant):
    assert read(action=written).actions == read(action={"rdf:value": {"@id": written}}).actions == (meant,)


@every(("name", "hint"), REFUSED_ACTIONS.items())
def test_an_action_that_nobody_asks_for_is_refused_with_how_it_is_said(name, hint):
    said = ("unsupported", "/permission/0/action", f"the action `{name}` is not supported", hint)
    for written in (name, name.replace(CC, "cc:"), {"@id": name}):
        assert refusal(action=written) == said
        with pytest.raises(PolicyError) as caught:
            parse({"permission": [{"action": "use"}], "prohibition": [{"action": written}]})
        assert (caught.value.code, caught.value.hint) == ("unsupported", hint)


def test_what_is_named_in_place_of_a_refused_action_is_one():
    for hint in REFUSED_ACTIONS.values():
        named = set(hint.split("`")[1::2]) - {"purpose", "hasPolicy"}
        assert named <= ACTIONS.keys()


def test_no_refused_action_is_known_otherwise():
    assert REFUSED_ACTIONS.keys().isdisjoint(ACTIONS.keys() | ACTION_ALIASES.keys())


@every(("old", "new"), list(ACTION_ALIASES.items()))
def test_no_other_name_is_an_action_of_its_own(old, new):
    assert old not in ACTIONS
    assert new in ACTIONS


def test_an_action_is_narrowed_by_refinements():
    (one,) = read(action={"rdf:value": "print", "refinement": [REFINED]}).refinements
    assert (one.left, one.path) == ("resolution", "/permission/0/action/refinement/0")
    assert read(action=[{"uid": "print", "refinement": [REFINED]}]).refinements == (one,)


def test_an_action_has_one_name():
    two = {"uid": "urn:scan", "rdf:value": {"@id": "odrl:print"}}
    code, path, problem, hint = refusal(action=two)
    assert (code, path) == ("contradiction", "/permission/0/action")
    assert problem == "an action named both `print` and `urn:scan`"
    assert hint == "write its name once, as `rdf:value`"
    assert refusal(action={"refinement": [REFINED]})[:2] == ("bad-value", "/permission/0/action")
    assert refusal(action={"note": "x"})[:2] == ("unknown-term", "/permission/0/action/note")


# targets and parties -------------------------------------------------------------------------------------------------


def names(rule, key):
    return (rule.targets, rule.asset_collections) if key == "target" else (rule.assignees, rule.party_collections)


@pytest.mark.parametrize("key", ["target", "assignee"])
def test_one_that_is_no_collection_is_written_by_its_name(key):
    for written in ("urn:a", ["urn:a"], {"@id": "urn:a"}, {"uid": "urn:a"}, {"@type": KINDS[key], "uid": "urn:a"}):
        assert names(read(**{key: written}), key) == (("urn:a",), ())
        node = Node("", {key: written})
        assert read_place(node, key, RuleKind.PERMISSION, Census()) == Place(("urn:a",))


@pytest.mark.parametrize("key", ["target", "assignee"])
def test_a_collection_has_one_name_or_two(key):
    kind = KINDS[key] + "Collection"
    own, source = {"@type": kind, "uid": "urn:a"}, {"source": "urn:s"}
    assert names(read(**{key: own}), key) == (("urn:a",), (frozenset({"urn:a"}),))
    assert names(read(**{key: source}), key) == (("urn:s",), (frozenset({"urn:s"}),))
    both = frozenset({"urn:a", "urn:s"})
    assert names(read(**{key: own | source}), key) == (("urn:a", "urn:s"), (both,))
    assert names(read(**{key: own | {"source": "urn:a"}}), key) == (("urn:a",), (frozenset({"urn:a"}),))
    several = [own | source, "urn:b", "urn:a", {"source": "urn:t"}, {"source": "urn:t"}]
    assert names(read(**{key: several}), key) == (
        ("urn:a", "urn:s", "urn:b", "urn:t"),
        (both, frozenset({"urn:t"})),
    )


@pytest.mark.parametrize("key", ["target", "assignee"])
def test_a_collection_is_narrowed_by_refinements(key):
    rule = read(**{key: {"source": "urn:s", "refinement": [REFINED]}})
    assert (names(rule, key)[0], rule.refinements[0].path) == (("urn:s",), f"/permission/0/{key}/refinement/0")


@pytest.mark.parametrize("key", ["target", "assignee"])
def test_a_narrowed_one_stands_alone_and_is_named_by_its_source_alone(key):
    path, narrowed = f"/permission/0/{key}", {"source": "urn:s", "refinement": [REFINED]}
    beside = ("unsupported", path, "a refinement beside other alternatives", "write a rule for each")
    assert refusal(**{key: [narrowed, "urn:b"]}) == refusal(**{key: ["urn:b", narrowed]}) == beside
    assert refusal(**{key: narrowed | {"uid": "urn:a"}}) == (
        "unsupported",
        path,
        f"the refined `{key}` has a name of its own, `urn:a`",
        "name the collection that is narrowed, by `source` alone",
    )


@pytest.mark.parametrize(("key", "kind"), KINDS.items())
def test_a_node_has_a_name_and_its_own_class(key, kind):
    path = f"/permission/0/{key}"
    assert refusal(**{key: {"@type": kind}}) == (
        "missing",
        path,
        f"the `{key}` has neither `source` nor `uid`",
        "name what is narrowed",
    )
    other = "Party" if kind == "Asset" else "Asset"
    assert refusal(**{key: {"@type": other, "uid": "urn:a"}}) == (
        "unknown-term",
        path + "/@type",
        f"class `{other}` does not belong here",
        f"write {kind} or {kind}Collection",
    )
    assert read(**{key: {"@type": kind + "Collection", "uid": "urn:a"}})
    assert refusal(**{key: {"uid": "urn:a", "note": "x"}})[:2] == ("unknown-term", path + "/note")
    assert refusal(**{key: 3})[:2] == ("bad-type", path)
