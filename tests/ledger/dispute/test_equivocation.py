"""Two messages of one seq: what two alone prove about who signed them, and the pairs that prove nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import signature
from contracts.errors import ContractError
from contracts.typed_json import to_json
from ledger.dispute import equivocation
from ledger.dispute.equivocation import Proof
from tests.every import every
from tests.ledger.dispute import test_verdict as case

REGISTRY, CHANNELS = case.DOMAINS.registry, case.DOMAINS.channels
BUYER, PROVIDER = signature.address(case.BUYER), signature.address(case.PROVIDER)
MADE = case.make()
# the field in which a second message of a kind differs, its domain, and who signs it
KINDS = {
    "KeyOffer": (MADE.offer.value, {"lock": b"\x01" * 32}, REGISTRY, case.PROVIDER, "payee"),
    "Voucher": (MADE.voucher.value, {"cumulative_amount": 200}, CHANNELS, case.BUYER, "payer"),
    "Receipt": (MADE.receipt.value, {"released_at": 9}, REGISTRY, case.PROVIDER, "payee"),
}


def signed(value, domain, key):
    made = case.sign(domain, value, key)
    return made.value, made.signature


def pair(kind="Voucher", channel=case.CHANNEL, key=None, **changes):
    """A document about a message and one that differs from it."""
    value, other, domain, signer, _ = KINDS[kind]
    second = signed(replace(value, **(changes or other)), domain, key or signer)
    return equivocation.document(channel, signed(value, domain, signer), second)


@pytest.mark.parametrize("kind", KINDS)
def test_two_messages_prove_who_signed_both(kind):
    role = KINDS[kind][-1]
    expected = Proof(kind, case.CHANNEL, 7, role, BUYER if role == "payer" else PROVIDER)
    assert equivocation.judge(pair(kind), case.DOMAINS) == expected


def test_a_proof_is_written_with_both_messages_in_their_order():
    first, second = KINDS["Voucher"][0], replace(KINDS["Voucher"][0], cumulative_amount=200)
    document = pair()
    assert {name: document[name] for name in ("v", "kind", "channelId")} == {
        "v": 1,
        "kind": "Voucher",
        "channelId": "c1" * 32,
    }
    assert [one["value"] for one in document["messages"]] == [to_json(first), to_json(second)]
    assert equivocation.read(document) == ("Voucher", case.CHANNEL, (first, second))


@every(
    ("document", "told"),
    [
        (pair(cumulative_amount=250), "two different messages are needed"),
        (pair(channel_id=b"\xc2" * 32), "they are of different channels"),
        (pair(channel=b"\xc2" * 32), "they are of different channels"),
        (pair(channel=b"\xc2" * 32, channel_id=b"\xc2" * 32), "they are of different channels"),
        (pair(seq=8), "their seq differs"),
        (pair(key=case.STRANGER), "two keys signed them"),
    ],
)
def test_two_messages_that_contradict_nothing_prove_nothing(document, told):
    with pytest.raises(ContractError, match=f"this is no proof of equivocation: {told}"):
        equivocation.judge(document, case.DOMAINS)


def test_messages_of_another_deployment_name_no_party_of_this_one():
    elsewhere = replace(case.DOMAINS, channels=replace(CHANNELS, salt=b"\x23" * 32))
    with pytest.raises(ContractError, match="two keys signed them"):
        equivocation.judge(pair(), elsewhere)


GOOD = pair()
ONE = GOOD["messages"][0]


@every(
    ("change", "told"),
    [
        ({"v": 2}, "a proof of version 1 is about KeyOffer, Voucher, Receipt"),
        ({"kind": "Agreement"}, "is about KeyOffer"),
        ({"kind": ["Voucher"]}, "is about KeyOffer"),
        ({"kind": "KeyOffer"}, "KeyOffer"),
        ({"messages": [ONE]}, "two messages are needed"),
        ({"messages": [ONE] * 3}, "at most 2"),
        ({"messages": [ONE, {**ONE, "more": 1}]}, "more"),
        ({"messages": [ONE, {**ONE, "signature": "00"}]}, "130 lowercase hex digits"),
        ({"channelId": "c1" * 31}, "64 lowercase hex digits"),
        ({"channelId": "c1" * 33}, "64 lowercase hex digits"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_document_is_refused(change, told):
    for judged in (equivocation.read, lambda found: equivocation.judge(found, case.DOMAINS)):
        with pytest.raises(ContractError, match=told):
            judged({**GOOD, **change})
