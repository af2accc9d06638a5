"""What each spelling of a policy becomes, and what is never dropped in silence."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.document import read
from policy.forms.graph import MAX_TREE_NODES
from policy.forms.nodes import MAX_DEPTH_LEVELS
from policy.forms.settled import is_settled
from policy.forms.terms import ANNOTATIONS, KEYS, MAY_BE_EMPTY, Kind
from policy.parse import parse
from tests.every import every

ODRL = "http://www.w3.org/ns/odrl/2/"
XSD = "http://www.w3.org/2001/XMLSchema#"
IDSC = "https://w3id.org/idsa/code/"
DC = "http://purl.org/dc/terms/"


def rule(**members):
    return {"permission": [{"action": "use", **members}]}


def atom(right, **members):
    return {"leftOperand": "count", "operator": "eq", "rightOperand": right, **members}


# what is written in a rule -> what the rule becomes
SPELLED = {
    "a list of one target": ({"target": ["urn:x:1"]}, {"target": "urn:x:1"}),
    "two targets": ({"target": [{"@id": "urn:x:1"}, "urn:x:2"]}, {"target": ["urn:x:1", "urn:x:2"]}),
    "one constraint": ({"constraint": atom("3")}, {"constraint": [atom("3")]}),
    "no duty": ({"duty": []}, {}),
    "an identifier": ({"uid": "r"}, {"@id": "r"}),
    "both identifiers": ({"uid": "r", "@id": "r"}, {"@id": "r"}),
    "a blank node": ({"@id": "_:r"}, {}),
    "its class": ({"type": "odrl:Permission"}, {"@type": "Permission"}),
    "a class of others": ({"@type": ["ids:Permission", "Permission"]}, {"@type": "Permission"}),
    "only a class of others": ({"@type": "ids:Permission"}, {"@type": "https://w3id.org/idsa/core/Permission"}),
    "a label": ({"rdfs:label": "x", DC + "title": {"a": 1}, "ids:pipEndpoint": [{"@type": "ids:PIP"}]}, {}),
    "a party": (
        {"assignee": {"@type": ["Party", "vcard:Individual"], "uid": "urn:x:1", "vcard:fn": "Li"}},
        {"assignee": "urn:x:1"},
    ),
    "a party of an odd class": (
        {"assignee": {"@type": "odrl:Permission", "uid": "urn:x:1"}},
        {"assignee": {"@type": "Permission", "@id": "urn:x:1"}},
    ),
    "a party by name only": ({"assignee": {"uid": "urn:x:1", "vcard:fn": "Li"}}, {"assignee": "urn:x:1"}),
    "a collection": (
        {"target": {"@type": "AssetCollection", "source": {"@id": "urn:x:1"}, "refinement": atom(1)}},
        {"target": {"@type": "AssetCollection", "source": "urn:x:1", "refinement": [atom(1)]}},
    ),
    "a unit": ({"constraint": [atom(1, unit={"@id": "EUR"})]}, {"constraint": [atom(1, unit="EUR")]}),
    "the mode of a duty": (
        {"duty": [{"action": "inform", "penstock:mode": {"@id": "penstock:post"}}]},
        {"duty": [{"action": "inform", "mode": "post"}]},
    ),
    "an unknown key": ({"ex:onSundays": True}, {"ex:onSundays": True}),
    "a known key of others": ({"dct:frequency": "daily"}, {"every": "daily"}),
    "nothing as a party": ({"assignee": None}, {"assignee": None}),
    "no party in a list": ({"assignee": []}, {"assignee": []}),
    "nothing as a constraint": ({"constraint": None}, {"constraint": [None]}),
    "a constraint by name": ({"constraint": "urn:x:c"}, {"constraint": ["urn:x:c"]}),
}


@every(("written", "expected"), SPELLED.values(), ids=SPELLED)
def test_a_rule(written, expected):
    assert compact(rule(**written)) == rule(**expected)


ACTIONS = [
    ("odrl:use", "use"),
    (ODRL + "use", "use"),
    ({"@id": "use"}, "use"),
    ("idsc:READ", IDSC + "READ"),
    (["use", {"@id": "odrl:read"}], ["use", "read"]),
    ([{"rdf:value": {"@id": "odrl:print"}}], [{"value": "print"}]),
    ({"value": "idsc:MPC", "refinement": atom(1)}, [{"value": IDSC + "MPC", "refinement": [atom(1)]}]),
    (["use", {"value": "print"}], ["use", {"value": "print"}]),
    ("penstock:compute", "compute"),
    ({"@value": "use"}, [{"@value": "use"}]),
]


@every(("written", "expected"), ACTIONS)
def test_an_action(written, expected):
    assert compact({"permission": {"odrl:action": written}}) == {"permission": [{"action": expected}]}


VALUES = [
    ("3", "3"),
    (["3"], "3"),
    ({"@list": ["3", 4]}, ["3", 4]),
    ([{"@set": ["3"]}], "3"),
    ([["3"], [{"@list": [4]}]], ["3", 4]),
    ({"@value": "3"}, "3"),
    ({"@value": "3", "@type": "xsd:string"}, "3"),
    ({"@value": "3", "@type": XSD + "integer"}, 3),
    ({"@value": 3, "@type": "xsd:integer"}, 3),
    ({"@value": "03", "@type": "xsd:integer"}, {"@value": "03", "@type": "xsd:integer"}),
    ({"@value": str(2**53), "@type": "xsd:integer"}, {"@value": str(2**53), "@type": "xsd:integer"}),
    ({"@value": 5, "@type": "xsd:decimal"}, {"@value": "5", "@type": "xsd:decimal"}),
    ({"@value": "500.00", "@type": XSD + "decimal"}, {"@value": "500.00", "@type": "xsd:decimal"}),
    ({"@value": "1.5E0", "@type": "xsd:double"}, 1.5),
    ({"@value": "NaN", "@type": "xsd:double"}, {"@value": "NaN", "@type": "xsd:double"}),
    ({"@value": "1E999", "@type": "xsd:double"}, {"@value": "1E999", "@type": "xsd:double"}),
    ({"@value": "true", "@type": "xsd:boolean"}, True),
    ({"@value": "x", "@type": "ids:odd"}, {"@value": "x", "@type": "https://w3id.org/idsa/core/odd"}),
    ({"@value": "integer", "@type": "integer"}, {"@value": "integer", "@type": "integer"}),
    (3.0, 3),
    (2.5, 2.5),
    ({"@id": "odrl:policyUsage"}, {"@id": ODRL + "policyUsage"}),
    ("odrl:policyUsage", "odrl:policyUsage"),
    ({"@value": "x", "@language": "en"}, {"@value": "x", "@language": "en"}),
    ({"@value": ["x"]}, {"@value": ["x"]}),
    ({"@value": "x", "@type": ["xsd:string"]}, {"@value": "x", "@type": ["xsd:string"]}),
    ({"a": "b"}, {"a": "b"}),
    (None, None),
]


@every(("written", "expected"), VALUES, ids=range(len(VALUES)))
def test_a_value(written, expected):
    read = compact(rule(constraint=[atom(written)]))["permission"][0]["constraint"][0]["rightOperand"]
    assert (read, type(read)) == (expected, type(expected))


def test_what_is_said_about_the_policy_stays_under_whole_names():
    terms = {"price": [1, {"@id": "x"}]}
    tree = compact(
        {"dc:creator": ["Li"], "ids:provider": {"@id": "ids:x"}, "https://w3id.org/penstock/ns/terms": terms, **rule()}
    )
    assert tree == {
        DC + "creator": "Li",
        "https://w3id.org/idsa/core/provider": {"@id": "https://w3id.org/idsa/core/x"},
        "https://w3id.org/penstock/ns/terms": terms,
        **rule(),
    }
    assert parse(tree) == parse(rule())


def test_a_key_of_our_profile_is_no_remark():
    for key in ("penstock:prohibition", "https://w3id.org/penstock/ns/profile#prohibition"):
        assert compact({key: {"action": "read"}, **rule()}) == {"prohibition": [{"action": "read"}], **rule()}
    with pytest.raises(PolicyError, match="colour"):
        parse({"https://w3id.org/penstock/ns/profile#colour": "red", **rule()})


@every("key", sorted(ANNOTATIONS))
def test_an_annotation_says_nothing_in_a_rule(key):
    duty = {"action": "inform", key: "x", "constraint": [{**atom(1), key: {"@id": "urn:x"}}]}
    assert compact(rule(**{key: "x", "duty": [duty]})) == rule(duty=[{"action": "inform", "constraint": [atom(1)]}])
    assert compact({key: "x", **rule()}) == {key: "x", **rule()}


def test_no_key_of_odrl_is_an_annotation():
    assert not {key.rpartition("/")[2] for key in ANNOTATIONS} & (
        KEYS.keys() | {"frequency", "hasRole", "hasGeo", "valid"}
    )
    assert {key for key in MAY_BE_EMPTY if KEYS[key] is not Kind.NODES} == set()


def test_a_tree_in_the_one_form_is_not_copied():
    tree = {"@id": "urn:x", "@type": "Offer", **rule(constraint=[atom({"@value": "P1D", "@type": "xsd:duration"})])}
    assert compact(tree) is tree
    assert compact({"@context": "http://www.w3.org/ns/odrl.jsonld", **tree})["permission"] is tree["permission"]


def graph(*nodes):
    return {
        "@context": {"o": ODRL},
        "@graph": [{"@id": "urn:p", "@type": "o:Set", "o:permission": {"@id": "_:r"}}, *nodes],
    }


SHARED = {
    "@id": "urn:x:staff",
    "@type": "o:PartyCollection",
    "o:source": {"@id": "urn:x:all"},
    "o:refinement": {"@id": "_:c"},
}
READER = {"@id": "_:r", "o:action": {"@id": "o:read"}, "o:assignee": {"@id": "urn:x:staff"}}
ROLE = {
    "@id": "_:c",
    "o:leftOperand": {"@id": "vcard:hasRole"},
    "o:operator": {"@id": "o:eq"},
    "o:rightOperand": "pilot",
}


def test_a_graph_becomes_a_tree():
    about = {"@id": "urn:x:all", "vcard:fn": "everybody"}
    refinement = {"leftOperand": "http://www.w3.org/2006/vcard/ns#hasRole", "operator": "eq", "rightOperand": "pilot"}
    staff = {"@id": "urn:x:staff", "@type": "PartyCollection", "source": "urn:x:all", "refinement": [refinement]}
    assert compact(graph(ROLE, about, SHARED, READER)) == {
        "@id": "urn:p",
        "@type": "Set",
        "permission": [{"action": "read", "assignee": staff}],
    }


def test_a_parent_keeps_its_pin_in_every_form(forms):
    parent = {"@id": "urn:x:parent", "digest": "sha-256:00"}
    tree = {"@id": "urn:p", "@type": "Set", "inheritFrom": parent, **rule()}
    flat = forms.flat(forms.expand(tree))
    assert compact(flat) == read(forms.turtle(flat)) == compact(tree) == tree
    assert compact(forms.prefixed(tree)) == tree


def test_a_party_described_in_one_place_is_that_party_everywhere():
    staff = {"@id": "urn:x:staff", "@type": "PartyCollection", "source": "urn:x:all", "refinement": [atom("pilot")]}
    tree = compact(
        {"permission": [{"action": "use", "assignee": staff}, {"action": "read", "assignee": "urn:x:staff"}]}
    )
    assert [each["assignee"] for each in tree["permission"]] == [staff, staff]
    assert not is_settled(tree)
    assert compact(tree) == tree


def test_a_party_of_which_only_the_class_is_said_is_its_name():
    """Said once, it is said of the party everywhere, and changes nothing where it fits."""
    told = {"action": "inform", "informedParty": "urn:x:li"}
    tree = rule(assigner={"@type": "Party", "@id": "urn:x:li"}, duty=[told])
    assert compact(tree) == rule(assigner="urn:x:li", duty=[told])
    assert compact(graph({**READER, "o:assignee": {"@id": "urn:x:li"}}, {"@id": "urn:x:li", "@type": "o:Party"})) == {
        "@id": "urn:p",
        "@type": "Set",
        "permission": [{"action": "read", "assignee": "urn:x:li"}],
    }
    with pytest.raises(PolicyError, match="class `Party` does not belong here"):
        parse(rule(target="urn:x:li", assigner={"@type": "Party", "@id": "urn:x:li"}))


DEEP = {"action": "use"}
for _ in range(MAX_DEPTH_LEVELS + 2):
    DEEP = {"action": "use", "consequence": [DEEP]}
DOUBLING = [{"@id": f"_:{n}", "o:and": [{"@id": f"_:{n + 1}"}, {"@id": f"_:{n + 1}"}]} for n in range(30)]
assert MAX_TREE_NODES < 2**30

REFUSED = {
    "no object": ("policy", "bad-type"),
    "nothing": (None, "bad-type"),
    "an empty list": ([], "bad-type"),
    "a list of texts": (["a", "b"], "bad-type"),
    "an empty graph": ({"@graph": []}, "bad-type"),
    "a named graph": ({"@id": "urn:g", "@graph": [rule()]}, "misplaced"),
    "no policy among nodes": ([{"@id": "urn:a", "dc:title": "x"}, {"@id": "urn:b"}], "missing"),
    "two policies": ([{"@type": [ODRL + "Set"]}, {"@type": [ODRL + "Offer"]}], "duplicate"),
    "a prohibition that nobody links": (graph(READER, {"@id": "_:q", "o:action": {"@id": "o:use"}}), "misplaced"),
    "a rule without anything": (graph(READER, {"@id": "_:q", "@type": "o:Prohibition"}), "misplaced"),
    "a membership": (graph(READER, {"@id": "urn:x:li", "o:partOf": {"@id": "urn:x:staff"}}), "misplaced"),
    "within itself": (graph({**READER, "o:duty": {"@id": "_:r"}}), "contradiction"),
    "described twice": (graph(READER, SHARED, {**SHARED, "o:source": "urn:x:1"}), "duplicate"),
    "one key in two spellings": ({"odrl:permission": [], **rule()}, "duplicate"),
    "nearly a term of ODRL": (
        {"https://www.w3.org/ns/odrl/2/prohibition": [{"action": "use"}], **rule()},
        "unknown-term",
    ),
    "two identifiers": (rule(uid="a", **{"@id": "b"}), "duplicate"),
    "too deep": ({"permission": [{"action": "use", "duty": [DEEP]}]}, "too-large"),
    "too many when written out": (graph({"@id": "_:r", "o:constraint": {"@id": "_:0"}}, *DOUBLING), "too-large"),
    "more nodes than anybody writes": ([{"@id": f"urn:{n}"} for n in range(10_001)], "too-large"),
}


@every(("tree", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_one_policy_is_refused(tree, code):
    with pytest.raises(PolicyError) as caught:
        compact(tree)
    assert caught.value.code == code


def test_a_blank_node_with_a_uid_has_that_name():
    rule = {"@id": "_:r", ODRL + "uid": {"@id": "urn:r"}, ODRL + "action": {"@id": ODRL + "use"}}
    policy = {"@id": "urn:p", "@type": ODRL + "Set", ODRL + "permission": {"@id": "_:r"}}
    assert compact({"@graph": [policy, rule]}) == {
        "@id": "urn:p",
        "@type": "Set",
        "permission": [{"@id": "urn:r", "action": "use"}],
    }
    with pytest.raises(PolicyError, match="written twice"):
        compact({"@graph": [policy, rule | {"@id": "urn:other"}]})
