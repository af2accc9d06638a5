"""Rules in words that the protocol's own context knows: they read back as they were, and as the same triples."""

import json

import pytest
from hypothesis import given
from rdflib import Graph
from rdflib.compare import isomorphic

from policy.errors import PolicyError
from policy.forms.protocol import LISTED, WORDS, local, named, shown
from policy.forms.terms import KEYS, Kind
from policy.parse import parse
from policy.templates import TEMPLATES, fill
from policy.vocabulary.names import ODRL, TERMS
from tests.policy.oracle.strategies import cases
from tests.protocol.published import resources

USABLE = [name for name, row in TEMPLATES.items() if not row.instead[0]]
# what W3C's context says of the values of a key
TYPED = {Kind.TERM: "@vocab", Kind.THING: "@id", Kind.LINK: "@id"}
OFFER = {"@id": "urn:test:offer", "@type": "Offer"}


def filled(name):
    return shown(fill([name], {one.name: one.example for one in TEMPLATES[name].parameters}))


@pytest.mark.parametrize("name", USABLE)
def test_what_is_written_for_others_reads_back(name):
    rules = filled(name)
    assert local(named(rules)) == rules
    assert parse({**OFFER, **named(rules)}) == parse({**OFFER, **rules})


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph")  # of rdflib's own reader
@pytest.mark.parametrize("name", USABLE)
def test_the_protocols_context_gives_the_triples_that_odrl_s_own_would(name, absent):
    if not resources().is_dir():
        absent(f"no reference contexts at `{resources()}`; set PENSTOCK_REFERENCE")
    rules = filled(name)
    narrow = json.loads((resources() / "context" / "odrl.jsonld").read_text())["@context"]
    assert {word for word in narrow if word[0].islower() and word != "odrl"} == WORDS
    wide = {"@vocab": ODRL} | {
        key: {"@id": ODRL + key, "@type": TYPED[kind]} for key, kind in KEYS.items() if kind in TYPED
    }
    wide |= narrow
    ours = {one: TERMS + one for one in _own_words(rules)}
    expected = Graph().parse(data=json.dumps({"@context": wide | ours, **OFFER, **rules}), format="json-ld")
    found = Graph().parse(data=json.dumps({"@context": narrow, **OFFER, **named(rules)}), format="json-ld")
    assert len(expected) > 2
    assert isomorphic(found, expected), (found.serialize(), expected.serialize())


def _own_words(rules):
    said = json.dumps(named(rules))
    return [word.split('"')[0] for word in said.split(f'"{TERMS}')[1:]]


@given(cases())
def test_any_policy_is_the_same_policy_to_others(case):
    rules = shown({name: value for name, value in case[0].items() if name in ("conflict", *LISTED)})
    try:
        expected = parse({**OFFER, **rules})
    except PolicyError as fault:
        with pytest.raises(PolicyError, match=fault.code):
            parse({**OFFER, **local(named(rules))})
        return
    assert parse({**OFFER, **local(named(rules))}) == expected
    assert parse({**OFFER, **named(rules)}) == expected
