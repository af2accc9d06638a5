"""A digital contract: an agreement goes in and comes out as it was signed, whatever its names, times and rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import agreement as agreements
from contracts import digital_contract, typed_json
from contracts.agreement import agreement_urn
from contracts.check_character import passes
from contracts.digital_contract import ABSTRACT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, Agreed, contract_code
from contracts.errors import ContractError
from contracts.lifecycle import CODES
from contracts.terms import Terms
from contracts.typed_data import Agreement, digest
from policy.tc609.translate import to_odrl
from tests.contracts.test_agreement import DOMAIN, signed
from tests.contracts.weather import TERMS
from tests.every import every

AT = datetime(2026, 11, 27, 3, 4, 5, tzinfo=UTC)
PROVIDER, CONSUMER = "did:web:provider.example", "did:web:buyer.example"
CONSTRAINTS = st.lists(
    st.one_of(
        st.integers(1, 10**6).map(lambda n: {"leftOperand": "count", "operator": "lteq", "rightOperand": n}),
        st.sampled_from(["CN", "US-NY"]).map(
            lambda place: {"leftOperand": "spatial", "operator": "eq", "rightOperand": place}
        ),
        st.just({"leftOperand": "purpose", "operator": "eq", "rightOperand": "https://w3id.org/dpv#Research"}),
    ),
    max_size=2,
    unique_by=lambda one: one["leftOperand"],
)
ACTION = st.sampled_from(["reproduce", "read", "use", "distribute", "delete"])


def rule(action, constraints, duties):
    found = {"action": action} | ({"constraint": constraints} if constraints else {})
    return found | ({"duty": [{"action": "delete"}]} if duties else {})


RULE = st.builds(rule, ACTION, CONSTRAINTS, st.booleans())
BARE = st.builds(rule, ACTION, CONSTRAINTS.filter(lambda of: "count" not in str(of)), st.just(False))
POLICY = st.builds(
    lambda may, not_: {"permission": may} | ({"prohibition": not_, "conflict": "prohibit"} if not_ else {}),
    st.lists(RULE, min_size=1, max_size=3),
    st.lists(BARE, max_size=2),
)
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2120, 1, 1)).map(  # noqa: DTZ001  # the zone is put on below
    lambda at: at.replace(tzinfo=UTC, microsecond=0)
)


def agreed(terms=TERMS, at=AT):
    agreement, provider, buyer = signed(terms)
    named = {"@id": agreement_urn(digest(DOMAIN, agreement)), "@type": "Agreement", "target": terms.product}
    parties = {"assigner": PROVIDER, "assignee": CONSUMER, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    odrl = {**named, **parties, **terms.policy}
    return Agreed(terms.json(), typed_json.to_json(agreement), odrl, (provider, buyer))


@settings(deadline=None, max_examples=80)
@given(POLICY, st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=200), MOMENT,
       st.sampled_from(sorted(CODES)))  # fmt: skip
def test_an_agreement_comes_out_as_it_went_in(policy, title, at, state):
    terms = replace(TERMS, policy=policy, title=title[:200], not_after=at + timedelta(days=400))
    given_ = agreed(terms, at)
    told = digital_contract.written(given_, state, DOMAIN)
    read, stands, domain = digital_contract.read(json.loads(json.dumps(told)))
    assert (read, stands, domain) == (given_, state, DOMAIN)
    typed, again = typed_json.from_json(Agreement, read.agreement), Terms.from_json(read.terms)
    assert agreements.verify(DOMAIN, typed, again, *read.signatures) == digest(DOMAIN, typed)
    # the plain fields are those of the dictionary, by themselves
    assert told["contractName"] == title[:NAME_CHARACTERS_MAX]
    assert len(told["contractAbstract"]) <= ABSTRACT_CHARACTERS_MAX
    assert (told["contractStatus"], len(told["contractId"]), passes(told["contractId"])) == (CODES[state], 47, True)
    beijing = (at + timedelta(hours=8)).strftime("%Y%m%d%H%M%S")
    assert told["createTime"] == told["signTime"] == beijing == told["contractId"][24:38]
    back = to_odrl(told["contractPolicies"])
    assert {name: back[name] for name in policy} == {name: back[name] for name in policy if back[name]}
    assert (back["assigner"], back["assignee"], back["target"]) == (PROVIDER, CONSUMER, TERMS.product)


def test_a_code_is_of_its_program_its_time_and_its_digest():
    code = contract_code(b"program", b"\x01" * 32, AT)
    assert code == contract_code(b"program", b"\x01" * 32, AT)
    assert code[:2] == "84"
    others = contract_code(b"other", b"\x01" * 32, AT), contract_code(b"program", b"\x02" * 32, AT)
    later = contract_code(b"program", b"\x01" * 32, AT + timedelta(seconds=1))
    assert len({code, *others, later}) == 4
    assert all(passes(one) and "ZZ" in one for one in (code, *others, later))


@every(
    "wrong",
    [
        None,
        [],
        {},
        "contract",
        {"expansionItem": {}},
    ],
)
def test_what_is_none_is_refused_in_words(wrong):
    told = digital_contract.written(agreed(), "performing", DOMAIN)
    for other in (wrong, told | wrong if isinstance(wrong, dict) and wrong else wrong):
        with pytest.raises(ContractError):
            digital_contract.read(other)


@every("member", sorted(digital_contract.FIELDS))
def test_a_member_of_another_kind_is_refused_in_words(member):
    told = digital_contract.written(agreed(), "performing", DOMAIN)
    for value in (None, 5, 1.5, [], {}, "", "x" * 5_000, [None], [[]], [{}, {}], {"a": {}}):
        with pytest.raises(ContractError):
            digital_contract.read(told | {member: value})


@every("member", sorted(digital_contract.EXPANSION))
def test_a_carried_member_of_another_kind_is_refused_in_words(member):
    told = digital_contract.written(agreed(), "performing", DOMAIN)
    for value in (None, 5, [], {}, "", "ended", {"chainId": "1"}, {"chainId": None, "address": 1, "salt": []}):
        with pytest.raises(ContractError):
            digital_contract.read(told | {"expansionItem": told["expansionItem"] | {member: value}})
