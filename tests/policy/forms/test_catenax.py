"""Policies of Catena-X: read by their context or their IRIs, explained, decided; else their names are unknown."""

from __future__ import annotations

import json

import pytest

from policy.compile import compile_policy
from policy.errors import PolicyError
from policy.forms.document import read
from policy.parse import parse
from policy.vocabulary import catenax
from policy.vocabulary.operands import OPERANDS
from policy.words.speak import explain
from tests.every import every

CONTEXT = [
    catenax.NAMESPACE + "odrl.jsonld",
    catenax.NAMESPACE + "context.jsonld",
    {"@vocab": "https://w3id.org/edc/v0.0.1/ns/"},
]
FRAMEWORK = ("FrameworkAgreement", "eq", "DataExchangeGovernance:1.0")
MEMBER = ("Membership", "eq", "active")
PURPOSES = ("UsagePurpose", "isAnyOf", ["cx.core.industrycore:1", "cx.pcf.base:1"])


def document(*asked, context=None, action="use", spelled="{}"):
    atoms = [
        {"leftOperand": spelled.format(left), "operator": operator, "rightOperand": right}
        for left, operator, right in asked
    ]
    rule = {"action": action, "constraint": [{"and": atoms}]}
    return {"@context": CONTEXT if context is None else context, "@type": "Set", "@id": "p", "permission": [rule]}


def policy(document):
    return parse(read(json.dumps(document).encode()))


SPELLINGS = {
    "by its context": {},
    "by its context alone": {"context": CONTEXT[:2]},
    "by its context and ODRL's": {"context": ["http://www.w3.org/ns/odrl.jsonld", CONTEXT[1]]},
    "by its prefix": {"spelled": "cx-policy:{}", "context": "http://www.w3.org/ns/odrl.jsonld"},
    "by its IRI": {"spelled": catenax.NAMESPACE + "{}", "context": "http://www.w3.org/ns/odrl.jsonld"},
    "by its IRI of before": {"spelled": catenax.OTHERS[0] + "{}", "context": "http://www.w3.org/ns/odrl.jsonld"},
}


@every("name", SPELLINGS)
def test_however_it_is_spelled_it_is_the_same_policy(name):
    usual, spelled = policy(document(FRAMEWORK, PURPOSES)), policy(document(FRAMEWORK, PURPOSES, **SPELLINGS[name]))
    assert explain(spelled, "en") == explain(usual, "en")
    assert "the framework agreement is exactly DataExchangeGovernance:1.0" in " ".join(explain(usual, "en"))
    assert "框架协议恰为" in " ".join(explain(usual, "zh"))


def test_every_term_of_its_context_has_a_meaning():
    for name in catenax.TERMS:
        assert catenax.NAMESPACE + name in OPERANDS
        compile_policy(policy(document((name, "eq", "x"))))


def test_its_profiles_may_be_named():
    for name in sorted(catenax.PROFILES):
        named = policy({**document(FRAMEWORK), "profile": name})
        assert explain(named, "en") == explain(policy(document(FRAMEWORK)), "en")


def test_access_is_the_action_that_it_is_here():
    [rule] = policy(document(MEMBER, action="access")).permissions
    assert rule.actions == ("access",)


def test_the_policy_of_a_definition_is_read():
    """As EDC's management interface takes it: with the context above the policy, within it, or both."""
    inner = document(FRAMEWORK, PURPOSES)
    context = inner.pop("@context")
    above = {"@context": CONTEXT[2], "@type": "PolicyDefinition", "@id": "x", "policy": {**inner, "@context": context}}
    beside = {"@context": context, "@type": "PolicyDefinitionRequestDto", "@id": "x", "policy": inner}
    for one in (above, beside):
        assert explain(policy(one), "en") == explain(policy(document(FRAMEWORK, PURPOSES)), "en")
    with pytest.raises(PolicyError):
        policy({**beside, "@type": "Set"})


def test_a_list_under_and_is_what_a_duty_says_without_it():
    """As the profile's own examples write obligations, and constraints by EDC's class."""
    atom = {"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": "P30D", "@type": "AtomicConstraint"}
    joined = [
        {"@type": "Set", "obligation": [{"action": "delete", "constraint": one}]} for one in ([{"and": [atom]}], atom)
    ]
    assert len({tuple(explain(parse(one), "en")) for one in joined}) == 1


REFUSED = {
    "a name without its context": document(FRAMEWORK, context="http://www.w3.org/ns/odrl.jsonld"),
    "a name of nobody": document(("Colour", "eq", "red")),
    "a name that only we give a meaning, of another vocabulary": document(("frequency", "lteq", "1/P1D")),
    "another vocabulary for all": document(FRAMEWORK, context=[*CONTEXT[:2], {"@vocab": "https://example.org/"}]),
}


@every("name", REFUSED)
def test_what_could_mean_something_else_is_refused(name):
    with pytest.raises(PolicyError):
        policy(REFUSED[name])
