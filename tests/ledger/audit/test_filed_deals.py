"""Filed deals in the audit: each word that the exchange took is in the log of the party, signed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts import signature
from contracts.filed_deal import CONFIRMED, FILED, digest_of, signed_part
from ledger.audit import filed_deals
from ledger.audit.report import Report
from tests.ledger.audit.shelf import book, event, found, shelf

EXCHANGE, PROVIDER, BUYER = (f"did:web:{name}" for name in ("exchange", "provider", "buyer"))
KEYS = {did: bytes([number]) * 32 for number, did in enumerate((EXCHANGE, PROVIDER, BUYER), 1)}
MEMBERS = {did: SimpleNamespace(accounts=(signature.address(key),)) for did, key in KEYS.items()}
SPACE = SimpleNamespace(members=MEMBERS, exchange=EXCHANGE)
DEAL = {"v": 1, "id": "tides"}
DIGEST = digest_of(DEAL)
PART = DIGEST.hex()


def moved(by, to):
    return event("deal.moved", PART, PART, **{"from": "x"}, to=to, by=by, reason="", digest=PART)


def signed(by, word, **more):
    proof = signature.sign(signed_part(DIGEST, word), KEYS[by]).hex()
    return event("deal.signed", PART, PART, **({"document": DEAL, "word": word, "signature": proof} | more))


def checked(*books):
    report = Report()
    filed_deals.check(SPACE, shelf(*books), report)
    return [(code, who) for code, who, _ in found(report)]


def test_words_that_both_signed_are_nobodys_fault():
    register = book(EXCHANGE, moved(PROVIDER, FILED), moved(BUYER, CONFIRMED), moved(PROVIDER, "withdrawn"))
    assert checked(register, book(PROVIDER, signed(PROVIDER, FILED)), book(BUYER, signed(BUYER, CONFIRMED))) == []
    assert checked(book(PROVIDER, signed(PROVIDER, FILED))) == [], "whom nobody told it says nothing of"
    assert checked(register) == [], "of who shows no log that is found by itself"


@pytest.mark.parametrize(
    "wrong",
    [
        signed(BUYER, FILED),
        signed(BUYER, CONFIRMED, signature=signed(BUYER, FILED).fields["signature"]),
        signed(BUYER, CONFIRMED, document=DEAL | {"id": "other"}),
        signed(PROVIDER, CONFIRMED),
        signed(BUYER, CONFIRMED, signature="zz"),
    ],
)
def test_a_word_that_its_party_did_not_sign_is_found(wrong):
    codes = checked(book(EXCHANGE, moved(BUYER, CONFIRMED)), book(BUYER, wrong))
    assert ("deal-unsigned", EXCHANGE) in codes


def test_an_exchange_that_speaks_for_a_silent_party_is_found():
    assert checked(book(EXCHANGE, moved(BUYER, CONFIRMED)), book(BUYER)) == [("deal-unsigned", EXCHANGE)]
