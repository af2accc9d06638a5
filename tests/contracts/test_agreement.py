from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import signature
from contracts.agreement import agreement_urn, build, verify
from contracts.canonical import canonical, load
from contracts.errors import ContractError
from contracts.lifecycle import CODES, MOVES, OVER, move
from contracts.split import Split
from contracts.summary import is_summary, summary
from contracts.tariff import Tariff
from contracts.terms import Terms
from contracts.typed_data import Domain, digest

PROVIDER, BUYER = b"\x01" * 32, b"\x02" * 32
DOMAIN = Domain(77, b"\x11" * 20, b"\x22" * 32)
POLICY = {
    "permission": [
        {
            "action": "use",
            "constraint": [
                {
                    "leftOperand": "purpose",
                    "operator": "isA",
                    "rightOperand": "https://w3id.org/penstock/purpose#Research",
                },
                {"leftOperand": "count", "operator": "lteq", "rightOperand": {"@value": "3", "@type": "xsd:integer"}},
            ],
        }
    ]
}
TERMS = Terms(
    product="urn:penstock:product:weather",
    title="Weather 2013",
    edition_id=b"\x04" * 32,
    policy=POLICY,
    tariff=Tariff("opening", 500, 1, "CNY"),
    token=b"\xc3" * 20,
    split=Split(((b"\xa1" * 20, 9500), (b"\xe1" * 20, 500))),
    max_exposure=500,
    lock_ttl=86_400,
    claim_margin=3600,
    stale_max=600,
    max_unpaid_bytes=1 << 30,
    tier="leased",
    lease_seconds=900,
    arbitrator=bytes(20),
    not_after=datetime(2027, 1, 31, tzinfo=UTC),
    salt=b"\x09" * 32,
)


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


def test_terms_survive_their_json_and_a_change_of_any_member_changes_the_digest():
    document = load(canonical(TERMS.json()))
    assert Terms.from_json(document) == TERMS
    assert Terms.from_json(document).digest == TERMS.digest
    changes = {
        "product": "p", "title": "t", "edition_id": b"\x05" * 32, "policy": {}, "tariff": Tariff("byte", 1, 1, "CNY"),
        "token": b"\xc4" * 20, "split": Split(((b"\xa1" * 20, 10_000),)), "max_exposure": 1, "lock_ttl": 86_401,
        "claim_margin": 1, "stale_max": 1, "max_unpaid_bytes": 1, "lease_seconds": 1, "arbitrator": b"\x01" * 20,
        "not_after": datetime(2027, 2, 1, tzinfo=UTC), "salt": b"\x08" * 32,
        "columns": {"delay": 3}, "parent": b"\x09" * 32, "inherit": True, "blind_salt": b"\x0a" * 32,
    }  # fmt: skip
    assert set(changes) | {"tier"} == {field.name for field in fields(Terms)}
    digests = {replace(TERMS, **{name: value}).digest for name, value in changes.items()}
    digests.add(replace(TERMS, tier="kept", lease_seconds=0).digest)
    assert len(digests) == len(changes) + 1
    assert TERMS.digest not in digests


def test_columns_have_one_spelling_and_are_read_by_the_signer():
    some = replace(TERMS, columns={"delay": 3, "arrival": 2})
    document = load(canonical(some.json()))
    assert Terms.from_json(document) == some
    assert "columns" not in TERMS.json()
    assert summary(some) == summary(TERMS) + " · only the columns delay, arrival"
    assert is_summary(summary(some, "zh"), some)
    assert not is_summary(summary(TERMS), some)
    odd = [{}, [], None, {"a": 3}, {"a": "0"}, {"a": "1", "b": "1"}, {"": "1"}, {"a": str(0xFFFF_FFFF)}, {"a": "01"}]
    for columns in odd:
        with pytest.raises(ContractError):
            Terms.from_json(document | {"columns": columns})


def test_other_words_than_the_terms_give_are_refused():
    agreement, *_ = signed()
    lie = replace(agreement, summary=agreement.summary.replace("at most 3", "at most 9"))
    assert lie != agreement
    value = digest(DOMAIN, lie)
    with pytest.raises(ContractError) as refusal:
        verify(DOMAIN, lie, TERMS, signature.sign(value, PROVIDER), signature.sign(value, BUYER))
    assert refusal.value.code == "summary"


@pytest.mark.parametrize(
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
    with pytest.raises(ContractError) as refusal:
        verify(DOMAIN, agreement, TERMS, signature.sign(value, PROVIDER), signature.sign(value, BUYER))
    assert refusal.value.code == code


def test_signatures_count_in_one_deployment_and_for_one_side_only():
    agreement, provider, buyer = signed()
    for domain in (
        replace(DOMAIN, salt=bytes(32)),
        replace(DOMAIN, chain_id=78),
        replace(DOMAIN, verifying_contract=bytes(20)),
    ):
        with pytest.raises(ContractError):
            verify(domain, agreement, TERMS, provider, buyer)
    with pytest.raises(ContractError):
        verify(DOMAIN, agreement, TERMS, buyer, provider)


GOOD = TERMS.json()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": True}, {"tier": "gold"}, {"leaseSeconds": 0}, {"tier": "kept"}, {"lockTtl": 4199},
        {"notAfter": "2027-01-31T00:00:00+00:00"}, {"notAfter": "2027-02-30T00:00:00Z"}, {"notAfter": 1},
        {"title": ""}, {"title": "a\nb"}, {"title": "x" * 201}, {"salt": "aa"}, {"maxExposure": 500},
        {"maxUnpaidBytes": "01"}, {"policy": []}, {"policy": {"x": "y" * 70_000}}, {"token": "0x" + "c3" * 20},
        {"extra": 1}, {"claimMargin": -1}, {"claimMargin": True}, {"claimMargin": 10**10},
    ],
    ids=str,
)  # fmt: skip
def test_other_terms_are_refused(change):
    with pytest.raises(ContractError):
        Terms.from_json(GOOD | change)


@given(st.sampled_from(sorted(GOOD)))
def test_no_member_may_be_missing(name):
    with pytest.raises(ContractError):
        Terms.from_json({key: value for key, value in GOOD.items() if key != name})


# ---- words -------------------------------------------------------------------------------------------------------


def test_words_in_english_and_chinese():
    assert summary(TERMS) == (
        "Weather 2013 · sealed, keys leased per opening (counted by the key holder) · price 5.00 CNY per opening · "
        "purpose Research · until 2027-01-31T00:00:00Z · openings at most 3"
    )
    assert summary(TERMS, "zh") == (
        "Weather 2013 · 密封,密钥按次租用(次数由密钥方记录) · 价格 5.00 CNY / 次 · 用途 Research · "
        "截止 2027-01-31T00:00:00Z · 最多打开 3 次"
    )
    assert is_summary(summary(TERMS, "zh"), TERMS)
    with pytest.raises(ContractError):
        summary(TERMS, "fr")


def constraint(left, operator, right):
    return {"permission": {"constraint": {"and": [{"leftOperand": left, "operator": operator, "rightOperand": right}]}}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tariff": Tariff("byte", 300, 1 << 20, "CNY")}, "price 3.00 CNY per MiB"),
        ({"tariff": Tariff("byte", 7, 1000, "JPY")}, "price 7 JPY per 1000 bytes"),
        ({"tariff": Tariff("opening", 7, 10, "PNT")}, "price 7 minor units of PNT per 10 openings"),
        ({"tariff": Tariff("byte", 0, 1, "CNY")}, "price nothing"),
        ({"policy": {}}, "purpose any · until 2027-01-31T00:00:00Z · openings without limit"),
        ({"policy": constraint("odrl:purpose", "isNoneOf", ["x#Ads", "x#Sale"])}, "purpose not Ads, not Sale"),
        ({"policy": constraint("purpose", "isAnyOf", [f"x#P{n}" for n in range(10)])}, "P7 and 2 more, see the terms"),
        ({"policy": constraint("count", "lt", "4")}, "openings at most 3"),
        ({"policy": constraint("count", "gt", "4")}, "· as the terms say"),
    ],
)
def test_words_of_other_terms(change, words):
    assert words in summary(replace(TERMS, **change))


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


def test_not_after_needs_utc():
    with pytest.raises(ContractError):
        replace(TERMS, not_after=TERMS.not_after + timedelta(microseconds=1))
    with pytest.raises(ContractError):
        replace(TERMS, not_after=datetime(2027, 1, 31, tzinfo=timezone(timedelta(hours=8))))
