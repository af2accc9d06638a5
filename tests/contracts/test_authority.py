"""An authority to sign: one spelling, one signature, and nothing within it that it does not plainly cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.authority import MOST_MAX, NAMED_MAX, Authority, Deed, from_json, reference
from contracts.errors import ContractError
from contracts.signature import address, sign

KEY, OTHER = b"\x01" * 32, b"\x02" * 32
RESEARCH, TRAFFIC = (f"https://w3id.org/penstock/purpose#{name}" for name in ("Research", "AirTrafficResearch"))
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
MADE = Authority(
    principal="did:web:buyer",
    account=address(KEY),
    person=reference(bytes(16), "ada"),
    roles=("provider", "buyer"),
    most=500,
    daily=900,
    currency="CNY",
    products=("tides",),
    purposes=(RESEARCH,),
    since=SINCE,
    until=SINCE + timedelta(days=9),
)


def rules(*permissions):
    return {"permission": [{"action": "use", "constraint": list(one)} for one in permissions]}


def purpose(operator, *right):
    operand = right[0] if len(right) == 1 else list(right)
    return {"leftOperand": "purpose", "operator": operator, "rightOperand": operand}


WITHIN = Deed("buyer", "tides", 500, "CNY", rules([purpose("isA", RESEARCH)]), address(KEY))


def test_it_comes_back_as_it_was_written():
    for one in (MADE, replace(MADE, daily=None, products=(), purposes=())):
        assert from_json(one.json()) == one
        assert from_json(one.json()).digest == one.digest


def test_each_member_is_signed():
    changed = {"principal": "did:web:x", "account": address(OTHER), "person": bytes(32), "roles": ("buyer",)}
    changed |= {"most": 1, "daily": None, "currency": "EUR", "products": (), "purposes": ()}
    changed |= {"since": SINCE - timedelta(1), "until": SINCE + timedelta(1)}
    assert set(changed) == set(Authority.__slots__)
    assert len({replace(MADE, **{name: value}).digest for name, value in changed.items()} | {MADE.digest}) == 12


def test_it_is_under_its_principal_s_own_signature():
    MADE.require_signed(sign(MADE.digest, KEY))
    with pytest.raises(ContractError, match="not signed by its principal"):
        MADE.require_signed(sign(MADE.digest, OTHER))


def test_a_person_is_a_reference_that_its_salt_makes():
    assert reference(bytes(16), "ada") != reference(b"\x01" * 16, "ada") != reference(bytes(16), "eve")


WRONG = {
    "another version": {"v": 2},
    "one member more": {"more": 1},
    "roles in another order": {"roles": ["buyer", "provider"]},
    "no role": {"roles": []},
    "a role that is none": {"roles": ["owner"]},
    "a role twice": {"roles": ["buyer", "buyer"]},
    "an amount as a number": {"most": 500},
    "an amount that no sum counts": {"most": str(MOST_MAX + 1)},
    "a product twice": {"products": ["tides", "tides"]},
    "too many products": {"products": [str(at) for at in range(NAMED_MAX + 1)]},
    "a product that is a book": {"products": ["x" * 513]},
    "a product that is no text": {"products": [1]},
    "a purpose of nobody's": {"purposes": ["Research"]},
    "an end before its beginning": {"until": "2026-03-01T00:00:00Z"},
    "an end in another spelling": {"until": "2026-03-09T00:00:00+00:00"},
    "an end that is no text": {"until": 5},
    "an account of another length": {"account": "0x00"},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_none_is_refused(what):
    with pytest.raises(ContractError):
        from_json(MADE.json() | WRONG[what])


def test_what_is_no_object_is_refused():
    for told in (None, [], "x", {}):
        with pytest.raises(ContractError):
            from_json(told)


COVERED = {
    "narrower purpose": rules([purpose("isA", TRAFFIC)]),
    "one of several": rules([purpose("isAnyOf", RESEARCH, TRAFFIC)]),
    "with another constraint": rules(
        [{"leftOperand": "count", "operator": "lteq", "rightOperand": "5"}, purpose("isA", RESEARCH)]
    ),
}
MARKETING = "https://w3id.org/dpv#Marketing"
UNCOVERED = {
    "any purpose": rules([]),
    "nothing that is permitted": {},
    "one permission more": rules([purpose("isA", RESEARCH)], []),
    "what is left out": rules([purpose("isNoneOf", RESEARCH)]),
    "one of which one is another": rules([purpose("isAnyOf", RESEARCH, MARKETING)]),
    "what cannot be read": {"permission": "use"},
}


@pytest.mark.parametrize("what", COVERED)
def test_rules_for_its_purposes_alone_are_within_it(what):
    assert MADE.refusal(replace(WITHIN, policy=COVERED[what]), SINCE) == ""


@pytest.mark.parametrize("what", UNCOVERED)
def test_rules_that_let_through_more_are_beyond_it(what):
    assert MADE.refusal(replace(WITHIN, policy=UNCOVERED[what]), SINCE) == (
        "the rules allow another purpose than it names"
    )


BEYOND = {
    "role": ({"role": "service"}, "it is for the role provider or buyer, not service"),
    "product": ({"product": "winds"}, "other products than `winds`"),
    "amount": ({"amount": 501}, "up to 5.00 CNY, not 5.01 CNY"),
    "currency": ({"currency": "EUR"}, "it is in CNY, not EUR"),
    "account": ({"account": address(OTHER)}, "granted under another key"),
}


@pytest.mark.parametrize("what", BEYOND)
def test_a_deed_beyond_it_is_refused(what):
    changed, why = BEYOND[what]
    assert why in MADE.refusal(replace(WITHIN, **changed), SINCE)


def test_it_holds_from_its_beginning_to_its_end():
    assert MADE.refusal(WITHIN, SINCE) == MADE.refusal(WITHIN, MADE.until - timedelta(microseconds=1)) == ""
    for at in (SINCE - timedelta(microseconds=1), MADE.until):
        assert "it holds from" in MADE.refusal(WITHIN, at)


def test_what_costs_nothing_is_of_no_currency():
    assert MADE.refusal(replace(WITHIN, amount=0, currency=""), SINCE) == ""
