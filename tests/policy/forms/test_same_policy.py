"""One policy, one tree, in whatever form it was written."""

from __future__ import annotations

import json

import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.forms.compact import compact
from policy.forms.document import read
from policy.forms.settled import is_settled
from tests.fault.extent import tried

IRIS = st.sampled_from(["urn:x:1", "urn:x:2", "did:web:a.example", "https://b.example/c#d", "https://b.example/é"])
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=6)
TYPED = st.sampled_from(
    [
        {"@value": "1.50", "@type": "xsd:decimal"},
        {"@value": "P7D", "@type": "xsd:duration"},
        {"@value": "2026-01-01T00:00:00+08:00", "@type": "xsd:dateTime"},
        {"@value": "https://x.example/", "@type": "xsd:anyURI"},
    ]
)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(1, 9999).map(lambda n: n / 8) | st.booleans()
DATA = st.one_of(WORDS, TYPED, NUMBERS, IRIS.map(lambda iri: {"@id": iri}))
OPERANDS = st.sampled_from(["count", "dateTime", "timeWindow", "https://w3id.org/idsa/code/CONNECTOR"])
ACTIONS = st.sampled_from(["use", "read", "print", "https://w3id.org/idsa/code/READ"])


def one_or_more(values):
    """One value, or several different ones: RDF knows each once."""
    several = st.lists(
        values, min_size=2, max_size=3, unique_by=lambda item: json.dumps(compact({"rightOperand": item}))
    )
    return values | several


ATOMS = st.fixed_dictionaries(
    {"leftOperand": OPERANDS, "operator": st.sampled_from(["eq", "isAnyOf"]), "rightOperand": one_or_more(DATA)},
    optional={"unit": st.sampled_from(["EUR", "http://dbpedia.org/resource/Euro"]), "@type": st.just("Constraint")},
)
CONSTRAINTS = st.recursive(
    ATOMS,
    lambda inner: st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["and", "or", "xone", "andSequence"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
SOME = st.lists(CONSTRAINTS, max_size=2)
COLLECTIONS = st.builds(
    lambda kind, source, refinement: {"@type": kind, "source": source, "refinement": refinement},
    st.sampled_from(["PartyCollection", "AssetCollection"]),
    IRIS,
    SOME,
)
ACTION = one_or_more(ACTIONS) | st.builds(
    lambda name, refinement: [{"value": name, "refinement": refinement}], ACTIONS, SOME
)
DUTIES = st.fixed_dictionaries({"action": ACTION}, optional={"constraint": SOME, "informedParty": one_or_more(IRIS)})
RULES = st.fixed_dictionaries(
    {"action": ACTION},
    optional={
        "target": one_or_more(IRIS) | COLLECTIONS,
        "assignee": IRIS | COLLECTIONS,
        "constraint": SOME,
        "duty": st.lists(DUTIES, max_size=2),
        "@id": st.just("named"),
    },
)


def named_once(policy):
    for kind in ("permission", "prohibition"):
        for number, rule in enumerate(policy.get(kind, [])):
            if "@id" in rule:
                rule["@id"] = f"urn:x:{kind}:{number}"
    return policy


POLICIES = st.fixed_dictionaries(
    {"@type": st.sampled_from(["Set", "Offer", "Agreement"]), "permission": st.lists(RULES, min_size=1, max_size=3)},
    optional={
        "@id": st.just("urn:x:policy"),
        "prohibition": st.lists(RULES, max_size=2),
        "conflict": st.sampled_from(["perm", "prohibit"]),
        "assigner": IRIS,
        "http://purl.org/dc/terms/title": WORDS,
    },
).map(named_once)


@given(policy=POLICIES)
@settings(max_examples=tried(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_form_gives_the_same_tree(forms, policy):
    tree = compact(policy)
    expanded = forms.expand(policy)
    flat = forms.flat(expanded)
    assert compact(expanded) == tree
    assert compact([expanded]) == tree
    assert compact({"@graph": flat}) == tree
    assert compact(forms.prefixed(policy)) == tree
    assert compact({"@context": ["http://www.w3.org/ns/odrl.jsonld"], **policy}) == tree
    assert read(json.dumps(policy).encode()) == tree
    assert read(forms.turtle(flat)) == tree
    assert _bytes(compact(flat)) == _bytes(read(forms.turtle(flat))) == _bytes(tree)


@given(policy=POLICIES)
@settings(max_examples=tried(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_in_the_one_form_is_given_back_untouched(policy):
    tree = compact(policy)
    assert is_settled(tree)
    assert compact(tree) is tree


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
@given(policy=POLICIES)
@settings(max_examples=tried(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_turtle_that_another_program_wrote_is_the_same_policy(forms, policy):
    kept, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False  # else it rewrites `1.50` before we see it
    try:
        graph = rdflib.Graph().parse(data=json.dumps(forms.expand(policy)), format="json-ld")
        written = graph.serialize(format="turtle")
    finally:
        rdflib.NORMALIZE_LITERALS = kept
    assert forms.unordered(read(written.encode())) == forms.unordered(compact(policy))


def _bytes(tree):
    return json.dumps(tree, sort_keys=True)
