"""Contracts of the interfaces in the audit: signed by those whom they name, in force by the exchange's word alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from contracts import signature
from contracts.ndi import strategy
from contracts.ndi.interfaces import contract_digest
from contracts.ndi.proof import FormerKey, Signer
from contracts.ndi.services import ServiceParty
from ledger.audit import contracts
from ledger.audit.report import Report
from policy.vocabulary.names import PROFILE
from tests.ledger.audit.shelf import book, event, found, shelf

EXCHANGE, PROVIDER, CONSUMER, OTHER = (f"did:web:{name}" for name in ("exchange", "provider", "consumer", "other"))
KEYS = {did: bytes([number]) * 32 for number, did in enumerate((EXCHANGE, PROVIDER, CONSUMER, OTHER), 1)}
SECOND = timedelta(seconds=1)
# one of SM2, with a signature that OpenSSL made by it over the contract below: nobody needs OpenSSL to audit
NATIONAL = SimpleNamespace(
    public=bytes.fromhex(
        "f74a2b9cc64f03c807097cb6d15a5533833698de169a2b6a7dbea119b3523017"
        "e8236b08a29f2c37e7867bc0296da75c38fcdf01743c8372b5b2b3f7df49152e"
    ),
    signed="b8ef6d18596a81a2d78d6f9dc043e387a3ba01044e6cdf26f46deeb40e71bdaf"
    "3117bc28819db0d41110941d1cdff981fe76eb32c9fe3e8445f32ae258e609fe",
)
MEMBERS = {did: SimpleNamespace(signer=Signer(signature.address(key))) for did, key in KEYS.items()}
MEMBERS[CONSUMER].signer = replace(MEMBERS[CONSUMER].signer, sm2=NATIONAL.public)
SPACE = SimpleNamespace(members=MEMBERS, exchange=EXCHANGE)
STRATEGY = {"actions": ["read"], "subjectInfo": {"dataProductId": "p"}}
OVER = contract_digest("Tides", "8", STRATEGY)
PART = OVER.hex()


def signed(part=PART, **more):
    by = [signature.sign(OVER, KEYS[did]).hex() for did in (PROVIDER, CONSUMER)]
    said = {"contract": "8", "name": "Tides", "strategy": STRATEGY, "provider": PROVIDER, "consumer": CONSUMER}
    return event("contract.signed", part, part, **(said | {"signatures": by} | more))


def instructed(to, sender=EXCHANGE):
    fields = {"contract": "8", "instruction": PART[:32], "from": sender, "to": to, "version": "1"}
    return event("instruction.moved", PART, PART, **fields)


def filed():
    return event("contract.filed", PART, PART, contract="8", hash="00", by=PROVIDER)


def checked(*books):
    report = Report()
    contracts.check(SPACE, shelf(*books), report)
    return [(code, who) for code, who, _ in found(report)]


def test_a_contract_that_both_signed_and_the_exchange_filed_is_nobodys_fault():
    ours = (filed(), instructed(PROVIDER), instructed(CONSUMER))
    parties = (book(PROVIDER, signed(), instructed(PROVIDER)), book(CONSUMER, signed(), instructed(CONSUMER)))
    assert checked(book(EXCHANGE, *ours), *parties) == []
    # of what was not disclosed nobody says that it is wrong
    assert checked(book(PROVIDER, event("contract.signed", PART))) == []


@pytest.mark.parametrize(
    "more",
    [
        {"name": "Other tides"},
        {"strategy": {**STRATEGY, "actions": ["sell"]}},
        {"provider": OTHER},
        {"consumer": OTHER},
        {"signatures": ["00" * 65, "00" * 65]},
        {"signatures": []},
        {"signatures": ["zz"] * 2},
        {"part": "00" * 32},
    ],
)
def test_a_contract_that_is_not_what_was_signed_is_found(more):
    assert checked(book(PROVIDER, signed(**more))) == [("contract-unsigned", PROVIDER)]


def test_a_signature_by_sm2_counts_for_whose_key_the_space_knows():
    by = [signature.sign(OVER, KEYS[PROVIDER]).hex(), NATIONAL.signed]
    assert checked(book(PROVIDER, signed(signatures=by))) == []
    assert checked(book(PROVIDER, signed(signatures=by[::-1]))) == [("contract-unsigned", PROVIDER)]
    nobody = signed(signatures=by, consumer=OTHER)
    assert checked(book(PROVIDER, nobody)) == [("contract-unsigned", PROVIDER)]
    changed = signed(signatures=[by[0], by[1][:-2] + "00"])
    assert checked(book(PROVIDER, changed)) == [("contract-unsigned", PROVIDER)]


def test_a_former_key_of_sm2_counts_for_what_its_log_had_in_time(monkeypatch):
    by = [signature.sign(OVER, KEYS[PROVIDER]).hex(), NATIONAL.signed]
    told = signed(signatures=by)
    for until, expected in ((SECOND, []), (-SECOND, [("contract-unsigned", PROVIDER)])):
        was = (FormerKey(NATIONAL.public, told.time + until),)
        monkeypatch.setattr(MEMBERS[CONSUMER], "signer", Signer(None, None, was))
        assert checked(book(PROVIDER, told)) == expected


def test_a_contract_of_two_others_is_found():
    assert checked(book(OTHER, signed())) == [("contract-unsigned", OTHER)]


def test_an_instruction_that_the_exchange_did_not_give_is_found():
    assert checked(book(EXCHANGE, filed()), book(CONSUMER, instructed(CONSUMER))) == [
        ("instruction-unfounded", CONSUMER)
    ]
    ours = (filed(), instructed(PROVIDER))
    assert checked(book(EXCHANGE, *ours), book(CONSUMER, instructed(CONSUMER))) == [("instruction-unfounded", CONSUMER)]
    by_another = instructed(CONSUMER, OTHER)
    whole = (filed(), instructed(CONSUMER))
    assert checked(book(EXCHANGE, *whole), book(CONSUMER, by_another)) == [("instruction-unfounded", CONSUMER)]


def test_an_instruction_of_what_was_not_filed_is_found():
    assert checked(book(EXCHANGE, instructed(CONSUMER))) == [("instruction-unfounded", EXCHANGE)]


SERVED = strategy.written(
    {
        "@type": "Agreement",
        "profile": PROFILE,
        "target": "urn:p",
        "assigner": PROVIDER,
        "assignee": CONSUMER,
        "permission": [{"action": "read"}],
    },
    [ServiceParty(OTHER, "host", 500)],
)


def served(*, by=OTHER, told=True):
    """Make the log of a provider whose contract a third one serves; somebody makes that one's signature, or nobody."""
    over = contract_digest("Tides", "8", SERVED)
    proofs = [signature.sign(over, KEYS[did]).hex() for did in (PROVIDER, CONSUMER)]
    fields = {"contract": "8", "party": OTHER, "role": "host", "share": 500}
    proof = {"signature": signature.sign(over, KEYS[by]).hex()} if by and told else {}
    part = over.hex()
    instruction = {"contract": "8", "instruction": part[:32], "from": EXCHANGE, "to": PROVIDER, "version": "1"}
    consent = [event("contract.consented", part, part, **fields, **proof)] if by else []
    return (
        book(EXCHANGE, event("contract.filed", part, part), event("instruction.moved", part, part, **instruction)),
        book(
            PROVIDER,
            signed(part, strategy=SERVED, signatures=proofs),
            *consent,
            event("instruction.moved", part, part, **instruction),
        ),
    )


def test_a_contract_in_force_without_its_service_party_is_found():
    assert checked(*served()) == []
    assert checked(*served(told=False)) == []
    for by in (None, CONSUMER):
        assert checked(*served(by=by)) == [("contract-consent-missing", PROVIDER)]


RULES = {"@type": "Agreement", "profile": PROFILE, "target": "urn:p", "assigner": PROVIDER, "assignee": CONSUMER}
RULES |= {"permission": [{"action": "read"}]}


def contract(code, old="", buyer=CONSUMER, **policy):
    """Make the events that a contract was signed and is in force, at a party of it, and that it was filed."""
    said = strategy.written({**RULES, "assignee": buyer, **policy}, supersedes=old)
    over = contract_digest("Tides", code, said)
    part = over.hex()
    proofs = [signature.sign(over, KEYS[did]).hex() for did in (PROVIDER, buyer)]
    told = {"contract": code, "strategy": said, "signatures": proofs, "consumer": buyer}
    number = {"contract": code, "instruction": part[:32], "from": EXCHANGE, "version": "1"}
    return SimpleNamespace(
        part=part,
        signed=lambda: signed(part, **told),
        filed=lambda: event("contract.filed", part, part),
        instructed=lambda to: event("instruction.moved", part, part, **number, to=to),
        ended=lambda: event("agreement.ended", part),
    )


def in_place(first, *later, ends=True):
    """Make the logs of the exchange and of the provider of a contract and of those in its place."""
    both = (first, *later)
    platform = [each for one in both for each in (one.filed(), one.instructed(PROVIDER))]
    ended = [first.ended()] if ends else []
    return book(EXCHANGE, *platform), book(
        PROVIDER, *(each for one in both for each in (one.signed(), one.instructed(PROVIDER))), *ended
    )


def test_a_contract_in_place_of_another_of_the_same_two_is_nobodys_fault():
    first = contract("1")
    assert checked(*in_place(first, contract("2", first.part))) == []


@pytest.mark.parametrize(
    ("later", "code"),
    [
        (lambda old: [contract("2", "00" * 32)], "amendment-orphaned"),
        (lambda old: [contract("2", old, target="urn:other")], "amendment-differs"),
        (lambda old: [contract("2", old, buyer=OTHER)], "amendment-differs"),
        (lambda old: [contract("2", old), contract("3", old)], "amendment-forked"),
    ],
)
def test_a_contract_that_is_in_place_of_what_it_cannot_be_is_found(later, code):
    first = contract("1")
    assert code in {name for name, _ in checked(*in_place(first, *later(first.part)))}


def test_a_log_whose_former_contract_did_not_end_is_found():
    first = contract("1")
    found = checked(*in_place(first, contract("2", first.part), ends=False))
    assert found == [("amendment-both-stand", PROVIDER)]
