"""The agreement both sides sign: what it says follows from its terms, and each side's signature is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import signature
from contracts.agreement import agreement_urn, build, check_signature, check_terms, verify
from contracts.errors import ContractError
from contracts.lifecycle import CODES, MOVES, OVER, move
from contracts.summary import summary
from contracts.terms import product_key
from contracts.typed_data import Domain, digest
from tests.contracts.refusal import refused
from tests.contracts.weather import TERMS
from tests.every import every

PROVIDER, BUYER = b"\x01" * 32, b"\x02" * 32
DOMAIN = Domain(77, b"\x11" * 20, b"\x22" * 32)


def signed(terms=TERMS):
    agreement = build(
        terms, provider=signature.address(PROVIDER), buyer=signature.address(BUYER), price_cap=1500, lang="en"
    )
    value = digest(DOMAIN, agreement)
    return agreement, signature.sign(value, PROVIDER), signature.sign(value, BUYER)


def test_both_sides_signatures_terms_and_words_verify():
    agreement, provider, buyer = signed()
    found = verify(DOMAIN, agreement, TERMS, provider, buyer)
    assert found == digest(DOMAIN, agreement)
    assert agreement_urn(found) == "urn:penstock:agreement:" + found.hex()


def test_an_agreement_says_what_its_terms_say_and_the_price_cap():
    agreement = build(TERMS, provider=b"\x01" * 20, buyer=b"\x02" * 20, price_cap=1500, lang="zh")
    assert (agreement.provider, agreement.buyer) == (b"\x01" * 20, b"\x02" * 20)
    assert (agreement.product, agreement.edition_id) == (product_key(TERMS.product), TERMS.edition_id)
    assert (agreement.terms_digest, agreement.split_hash) == (TERMS.digest, TERMS.split.hash)
    assert (agreement.token, agreement.price_cap, agreement.not_after) == (TERMS.token, 1500, 1_801_353_600)
    assert agreement.summary == summary(TERMS, "zh")
    check_terms(agreement, TERMS)
    assert build(TERMS, provider=b"\x01" * 20, buyer=b"\x02" * 20, price_cap=0).summary == summary(TERMS)


def test_other_words_than_the_terms_give_are_refused():
    agreement, *_ = signed()
    lie = replace(agreement, summary=agreement.summary.replace("at most 3", "at most 9"))
    assert lie != agreement
    value = digest(DOMAIN, lie)
    with refused("summary", "the words of the agreement are not those its terms give"):
        verify(DOMAIN, lie, TERMS, signature.sign(value, PROVIDER), signature.sign(value, BUYER))


@every(
    ("change", "code"),
    [
        ({"terms_digest": b"\x00" * 32}, "terms-digest"),
        ({"product": b"\x00" * 32}, "product"),
        ({"edition_id": b"\x00" * 32}, "edition-id"),
        ({"token": b"\x00" * 20}, "token"),
        ({"not_after": 1}, "not-after"),
        ({"split_hash": b"\x00" * 32}, "split-hash"),
        ({"provider": b"\x0f" * 20}, "foreign-signer"),
        ({"buyer": b"\x0f" * 20}, "foreign-signer"),
    ],
)
def test_an_agreement_that_differs_from_its_terms_is_refused_even_when_signed(change, code):
    agreement = replace(signed()[0], **change)
    value = digest(DOMAIN, agreement)
    with refused(code):
        verify(DOMAIN, agreement, TERMS, signature.sign(value, PROVIDER), signature.sign(value, BUYER))


def test_signatures_count_in_one_deployment_and_for_one_side_only():
    agreement, provider, buyer = signed()
    for domain in (
        replace(DOMAIN, salt=bytes(32)),
        replace(DOMAIN, chain_id=78),
        replace(DOMAIN, verifying_contract=bytes(20)),
    ):
        with refused("foreign-signer", "the provider's signature is by somebody else"):
            verify(domain, agreement, TERMS, provider, buyer)
    with refused("foreign-signer", "the provider's signature is by somebody else"):
        verify(DOMAIN, agreement, TERMS, buyer, buyer)
    with refused("foreign-signer", "the buyer's signature is by somebody else"):
        verify(DOMAIN, agreement, TERMS, provider, provider)
    check_signature(DOMAIN, agreement, buyer, "buyer")


# ---- life cycle --------------------------------------------------------------------------------------------------


def test_every_cell_of_the_life_cycle():
    states, acts = set(CODES), {act for _, act in MOVES}
    assert {state for state, _ in MOVES} | set(MOVES.values()) == states
    for state in states:
        for act in acts:
            if (state, act) in MOVES:
                assert move(state, act) == MOVES[state, act]
            else:
                with pytest.raises(ContractError) as refusal:
                    move(state, act)
                assert refusal.value.code == "illegal-move"


def test_what_is_over_stays_over_and_status_04_is_never_written():
    assert not OVER & {state for state, _ in MOVES}
    assert "04" not in CODES.values()
