"""What a context may say and what it may not."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.names import MAX_CONTEXT_TERMS, MAX_CONTEXTS, Names
from policy.forms.terms import CONTEXTS, KEYS
from policy.vocabulary.names import ODRL
from tests.every import every

RULE = {"permission": [{"action": "use"}]}
IDSC = "https://w3id.org/idsa/code/"


@pytest.mark.parametrize("iri", sorted(CONTEXTS))
def test_known_contexts_are_understood_and_left_out(iri):
    assert compact({"@context": iri, **RULE}) == RULE
    assert compact({"@context": [iri, {"@version": 1.1, "@protected": True}], **RULE}) == RULE


REFUSED = {
    "unknown": "https://evil.example/context.jsonld",
    "unknown beside a known one": ["http://www.w3.org/ns/odrl.jsonld", "https://evil.example/c"],
    "a term of ODRL renamed": {"use": "odrl:read"},
    "a key moved away": {"prohibition": "https://evil.example/p"},
    "a key moved to another": {"prohibition": {"@id": "odrl:permission"}},
    "a key removed": {"prohibition": None},
    "a prefixed key moved": {"odrl:prohibition": "https://evil.example/p"},
    "a prefix moved": {"odrl": "https://evil.example/"},
    "the datatypes moved": {"xsd": "https://evil.example/"},
    "our profile moved": {"penstock": "https://evil.example/#"},
    "a name for another of our terms": {"frequency": "penstock:count"},
    "an identifier that is none": {"uid": "https://evil.example/uid"},
    "another vocabulary": {"@vocab": "https://evil.example/"},
    "a base": {"@base": "https://evil.example/"},
    "a language": {"@language": "zh"},
    "an import": {"@import": "http://www.w3.org/ns/odrl.jsonld"},
    "a datatype for what is compared": {"rightOperand": {"@id": "odrl:rightOperand", "@type": "xsd:integer"}},
    "reversed": {"partOf": {"@reverse": "odrl:partOf"}},
    "scoped": {"duty": {"@id": "odrl:duty", "@context": {"action": "odrl:target"}}},
    "nothing": None,
    "a number": 1,
    "a term that is no name": {"x": "no name"},
}


@every("context", REFUSED.values(), ids=REFUSED)
def test_a_context_that_could_rename_terms_is_refused(context):
    with pytest.raises(PolicyError) as caught:
        compact({"@context": context, **RULE})
    assert caught.value.code == "unknown-context"
    assert caught.value.path.startswith("/@context/")


def test_contexts_are_few_and_short():
    for context in (["http://www.w3.org/ns/odrl.jsonld"] * (MAX_CONTEXTS + 1),
                    {f"p{n}": f"urn:{n}:" for n in range(MAX_CONTEXT_TERMS + 1)}):  # fmt: skip
        with pytest.raises(PolicyError) as caught:
            compact({"@context": context, **RULE})
        assert caught.value.code == "too-large"


def test_a_context_inside_a_node_is_refused():
    with pytest.raises(PolicyError) as caught:
        compact({"permission": [{"action": "use", "@context": {"use": "odrl:read"}}]})
    assert (caught.value.code, caught.value.path) == ("unknown-context", "/permission/0/@context")


def test_what_a_context_may_say():
    names = Names.of(
        [
            {"code": IDSC, "mine": "code:mine/", "@vocab": ODRL},
            {"kind": "@type", "name": {"@id": "@id"}, "author": {"@id": "dct:creator", "@type": "@id"}},
            {"permission": {"@id": "odrl:permission", "@type": "@id", "@container": "@set"}, "o": ODRL},
            {"sum": "code:SUM"},
        ]
    )
    assert names.key("o:permission") == names.key("permission") == names.key(ODRL + "permission") == "permission"
    assert (names.key("kind"), names.key("name"), names.key("rdf:value")) == ("@type", "@id", "value")
    assert names.key("author") == names.key("dcterms:creator") == "http://purl.org/dc/terms/creator"
    assert names.term("sum") == names.term("idsc:SUM") == IDSC + "SUM"
    assert names.iri("mine:x") == IDSC + "mine/x"
    assert names.iri("code://x") == "code://x"
    assert names.term("penstock:timeWindow") == "timeWindow"


@every("key", sorted(key for key in KEYS if key[0] != "@" and ":" not in key))
def test_no_key_may_be_moved(key):
    with pytest.raises(PolicyError):
        Names.of({key: "https://evil.example/other"})
    Names.of({key: {"value": "rdf:value", "timestamp": "dspace:timestamp"}.get(key, ODRL + key)})
