"""The one strategy of a contract and the policy that it says: lossless, and never wider than it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import canonical, load
from contracts.ndi import strategy
from contracts.ndi.services import ROLES, SERVICES_MAX, ServiceParty, amounts, ordered
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.tc609.codes import ACTIONS, EXPANSION
from policy.vocabulary.names import PROFILE
from tests.every import every

NAMED = {
    "@type": "Agreement",
    "profile": PROFILE,
    "target": "urn:penstock:product:1",
    "assigner": "did:web:provider.example",
    "assignee": "did:web:buyer.example",
}
LIMITS = st.sampled_from([
    {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"},
    {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2027-12-31T23:59:59Z"},
    {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "CN"},
    {"leftOperand": "purpose", "operator": "isA", "rightOperand": "https://w3id.org/penstock/purpose#Research"},
])  # fmt: skip
PRICES = st.decimals("0.01", "99999", places=2).map(
    lambda amount: {
        "action": "compensate",
        "constraint": [{"leftOperand": "payAmount", "operator": "eq", "rightOperand": f"{amount:f}", "unit": "CNY"}],
    }
)
ACTS = st.lists(st.sampled_from(["read", "download", "process", "use", "compute"]), min_size=1, max_size=3, unique=True)


@st.composite
def policies(draw):
    limits = draw(st.lists(LIMITS, max_size=3, unique_by=lambda one: one["leftOperand"]))
    rule = {"action": draw(ACTS)} | ({"constraint": limits} if limits else {})
    made = {**NAMED, "permission": [rule]}
    if draw(st.booleans()):
        made["obligation"] = [draw(PRICES)]
    if draw(st.booleans()):
        made |= {"prohibition": [{"action": "distribute"}], "conflict": "prohibit"}
    return made


@given(policies())
def test_a_policy_comes_back_and_its_strategy_is_the_same_again(policy):
    written = strategy.written(policy)
    read = strategy.read(written)
    assert compact(read) == compact(policy)
    assert canonical(strategy.written(read)) == canonical(written)


NUMBERS = st.lists(st.tuples(st.sampled_from(sorted(ROLES)), st.integers(0, 1_600)), max_size=SERVICES_MAX)
PARTIES = NUMBERS.map(lambda told: ordered(ServiceParty(f"did:web:{at}.example", *one) for at, one in enumerate(told)))


@given(policies(), PARTIES, st.integers(0, 10**12))
def test_service_parties_come_back_beside_the_policy(policy, parties, price):
    written = strategy.written(policy, parties)
    assert strategy.services(written) == parties
    assert compact(strategy.read(written)) == compact(policy)
    assert canonical(strategy.written(strategy.read(written), strategy.services(written))) == canonical(written)
    assert (strategy.services(strategy.written(policy)), bool(parties)) == ((), written != strategy.written(policy))
    shares = amounts(price, parties)
    assert price - sum(shares) >= price // 10_000


@given(policies(), PARTIES, st.binary(min_size=32, max_size=32))
def test_what_a_contract_is_in_place_of_comes_back_beside_the_policy(policy, parties, old):
    written = strategy.written(policy, parties, old.hex())
    assert (strategy.superseded(written), strategy.services(written)) == (old.hex(), parties)
    assert compact(strategy.read(written)) == compact(policy)
    again = strategy.written(strategy.read(written), strategy.services(written), strategy.superseded(written))
    assert canonical(again) == canonical(written)
    assert strategy.superseded(strategy.written(policy, parties)) == ""
    # the plain fields of the one are not taken for the other's
    assert canonical(written) != canonical(strategy.written(policy, parties))


@given(policies(), PARTIES, st.booleans())
def test_that_it_is_delivered_sealed_comes_back_beside_the_policy(policy, parties, in_place):
    old = "0a" * 32 if in_place else ""
    written = strategy.written(policy, parties, old, sealed=True)
    assert strategy.beside(written) == strategy.Beside(parties, old, sealed=True)
    assert compact(strategy.read(written)) == compact(policy)
    assert not strategy.beside(strategy.written(policy, parties, old)).sealed
    assert canonical(written) != canonical(strategy.written(policy, parties, old))


@every("wrong", ["", "plain", True, None, ["sealed"]])
def test_another_delivery_is_refused(wrong):
    whole = strategy.written({**NAMED, "permission": [{"action": "read"}]}, sealed=True)
    told = {**load(whole["policyExpansion"].encode()), "delivery": wrong}
    with pytest.raises(PolicyError, match="delivery"):
        strategy.beside({**whole, "policyExpansion": canonical(told).decode()})


@every("wrong", ["", "00" * 31, "AB" * 32, "0x" + "00" * 31, 7, None, ["00" * 32], {"digest": "00" * 32}])
def test_what_is_no_digest_is_no_contract_to_be_in_place_of(wrong):
    whole = strategy.written({**NAMED, "permission": [{"action": "read"}]}, supersedes="00" * 32)
    told = {**load(whole["policyExpansion"].encode()), "supersedes": wrong}
    changed = {**whole, "policyExpansion": canonical(told).decode()}
    for reads in (strategy.superseded, strategy.read):
        with pytest.raises(PolicyError):
            reads(changed)


@every(
    "wrong",
    [
        [{"entityId": "broker", "role": "broker", "share": "5"}],
        [{"entityId": "did:web:a", "role": "judge", "share": "5"}],
        [{"entityId": "did:web:a", "role": "broker", "share": "05"}],
        [{"entityId": "did:web:a", "role": "broker", "share": "10000"}],
        [{"entityId": "did:web:a", "role": "broker", "share": 5}],
        [{"entityId": "did:web:a", "role": "broker", "share": "5", "more": "1"}],
        [{"entityId": f"did:web:{name}", "role": "broker", "share": "5"} for name in "ba"],
        [{"entityId": "did:web:a", "role": role, "share": "5"} for role in ("broker", "host")],
        [{"entityId": f"did:web:{name}", "role": "broker", "share": "5000"} for name in "ab"],
        [{"entityId": f"did:web:{name}", "role": "broker", "share": "5"} for name in "abcdefg"],
        {"entityId": "did:web:a"},
        "broker",
    ],
)
def test_service_parties_that_are_none_are_refused(wrong):
    whole = strategy.written(
        {**NAMED, "permission": [{"action": "read"}]}, ordered([ServiceParty("did:web:a", "host", 5)])
    )
    told = {**load(whole["policyExpansion"].encode()), "serviceParties": wrong}
    changed = {**whole, "policyExpansion": canonical(told).decode()}
    for reads in (strategy.services, strategy.read):
        with pytest.raises(PolicyError):
            reads(changed)


@given(policies())
def test_who_reads_plain_fields_alone_never_permits_more(policy):
    written = strategy.written(policy)
    if "policyExpansion" not in written:
        return
    marked = {one["constraintName"] for one in written["constraints"]} | set(written["actions"])
    assert EXPANSION in marked
    plain = {name: value for name, value in written.items() if name != "policyExpansion"}
    with pytest.raises(PolicyError):
        strategy.read(plain)


@given(policies(), st.sampled_from(["actions", "constraints"]))
def test_plain_fields_that_are_not_those_of_the_expansion_are_refused(policy, name):
    written = strategy.written(policy)
    if "policyExpansion" not in written:
        return
    changed = {**written, name: written.get(name, [])[:-1]}
    with pytest.raises(PolicyError):
        strategy.read(changed)


@pytest.mark.parametrize("text", ["违约责任见附件", "{}x", "[1]", '{"more": []}', '{"permissionPolicies": 1}'])
def test_an_expansion_that_is_not_ours_is_refused(text):
    with pytest.raises(PolicyError):
        strategy.read({**strategy.written({**NAMED, "permission": [{"action": "read"}]}), "policyExpansion": text})


def test_both_readings_of_annex_d_are_taken():
    plain = strategy.written({**NAMED, "permission": [{"action": ["transform", "read"]}]})
    paid = {"constraintName": "compensate", "constraintOperator": "01", "constraintValue": "12.50"}
    logged = {"constraintName": "logRecordSend", "constraintOperator": "01", "constraintValue": "daily"}
    read = strategy.read({**plain, "actions": ["export", "read"], "constraints": [paid, logged]})
    assert read["permission"] == [{"action": ["transform", "read"]}]
    assert [duty["action"] for duty in read["obligation"]] == ["compensate", "logRecordSend"]
    assert read["obligation"][0]["constraint"][0]["rightOperand"] == "12.50"


@every("action", [row.wire for row in ACTIONS])
def test_every_action_of_the_dictionary_is_taken(action):
    plain = strategy.written({**NAMED, "permission": [{"action": "read"}]})
    assert strategy.read({**plain, "actions": [action]})["permission"]
