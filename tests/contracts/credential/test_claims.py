"""Claims of the types that are known here: what each must say, and of a person nothing beside what is needed."""

from __future__ import annotations

import pytest

from contracts.credential.claims import check
from contracts.credential.kinds import CERTIFICATION, HANDLING_PERSON, LEGAL_PERSON
from contracts.credential.proven import OF_SPACE, PROVEN
from contracts.errors import ContractError
from policy.vocabulary.operands import OPERANDS
from policy.words.sentences import CHINESE, ENGLISH
from tests.every import every

CODE = "9144030071526726XG"
LEGAL = {"unifiedSocialCreditCode": CODE, "legalName": "Tide", "legalForm": "159", "country": "CN", "level": "3"}
PERSON = {"person": "5f" * 32, "organisation": CODE, "mandate": "buy", "until": "2027-01-01T00:00:00Z", "level": "2"}
RIGHT = {
    "a company of China": (LEGAL_PERSON, LEGAL),
    "by a number": (LEGAL_PERSON, LEGAL | {"level": 1}),
    "by an LEI": (LEGAL_PERSON, LEGAL | {"lei": "5493001KJTIIGC8Y1R12"}),
    "with more of a company": (LEGAL_PERSON, LEGAL | {"address": "Shenzhen", "id": "did:web:x"}),
    "a person": (HANDLING_PERSON, PERSON | {"id": "did:web:x"}),
    "a person with two mandates": (HANDLING_PERSON, PERSON | {"mandate": ["buy", "sign"]}),
    "a certificate": (CERTIFICATION, {"certification": "ISO/IEC 27001"}),
    "of another type": ("AuditCredential", {"whatever": ["it", "says"]}),
}
WRONG = {
    "a wrong check character": (LEGAL_PERSON, LEGAL | {"unifiedSocialCreditCode": CODE[:-1] + "H"}),
    "an LEI that is none": (LEGAL_PERSON, LEGAL | {"lei": "5493001KJTIIGC8Y1R13"}),
    "no code": (LEGAL_PERSON, {name: value for name, value in LEGAL.items() if name != "unifiedSocialCreditCode"}),
    "no name": (LEGAL_PERSON, LEGAL | {"legalName": ""}),
    "a level of its own": (LEGAL_PERSON, LEGAL | {"level": "4"}),
    "a level that nobody verified": (LEGAL_PERSON, LEGAL | {"level": 0}),
    "a country by its name": (LEGAL_PERSON, LEGAL | {"country": "China"}),
    "a name of a person": (HANDLING_PERSON, PERSON | {"name": "Li Lei"}),
    "a person by a number": (HANDLING_PERSON, PERSON | {"person": "11010519491231002X"}),
    "a mandate of nobody": (HANDLING_PERSON, PERSON | {"organisation": "Tide"}),
    "a mandate without an end": (HANDLING_PERSON, {name: value for name, value in PERSON.items() if name != "until"}),
    "an end without a zone": (HANDLING_PERSON, PERSON | {"until": "2027-01-01T00:00:00"}),
    "no certificate": (CERTIFICATION, {"securityLevel": "trust"}),
}


@every("name", RIGHT)
def test_claims_that_a_type_can_have(name):
    check(*RIGHT[name])


@every("name", WRONG)
def test_claims_that_it_cannot_have(name):
    with pytest.raises(ContractError):
        check(*WRONG[name])


def test_a_refusal_does_not_repeat_what_was_said_of_a_person():
    for name in ("a person by a number", "a name of a person"):
        with pytest.raises(ContractError) as fault:
            check(*WRONG[name])
        assert "11010519491231002X" not in str(fault.value)
        assert "Li Lei" not in str(fault.value)


@every("name", sorted(PROVEN.keys() - OF_SPACE))
def test_the_words_of_an_operand_name_the_credential_that_proves_it(name):
    """So a reason says what is missing."""
    assert PROVEN[name].type in ENGLISH.operands[name]
    assert PROVEN[name].type in CHINESE.operands[name]
    assert PROVEN[name].type in OPERANDS[name].meaning
