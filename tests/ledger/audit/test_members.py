"""The audit takes neither keys nor witnesses from the exchange's word, and its findings do not tell who was slow."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from contracts.sm2.secret import public_of
from ledger.audit import heads
from ledger.audit.asking import ASKED_AT_ONCE_MAX, each
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.space.document import Space
from ledger.space.head import Head
from ledger.space.roll import Roll

# points of the curve
SM2 = [public_of(bytes([number]) * 32).hex() for number in (1, 2)]
HEAD_CODES = ("space-head-false", "space-head-unlogged", "members-unheaded")


def of(report, code):
    return [(one.subject, one.severity, dict(one.facts)) for one in report.findings if one.code == code]


@pytest.mark.parametrize("name", ["url", "address", "logKey", "delivery", "aggregate", "possession"])
@pytest.mark.parametrize("absent", [True, False])
async def test_what_the_exchange_says_of_a_member_must_be_what_the_member_says(world, name, absent):
    buyer = world["buyer"].did
    told = next(one for one in world.document()["members"] if one["did"] == buyer)
    world.identities[buyer] = {key: value for key, value in told.items() if key != name} | (
        {} if absent else {name: "00"}
    )
    report = await world.audit()
    assert of(report, "member-keys-differ") == [(buyer, "error", {"fields": name})]


@pytest.mark.parametrize(
    ("listed", "published", "found"),
    [
        (SM2[0], SM2[0], False),
        (SM2[0], f"{SM2[1]} {SM2[0]}", False),  # the exchange has not read the next one yet
        (SM2[0], "", False),  # its owner lost it
        (None, SM2[0], False),
        (SM2[0], SM2[1], True),
    ],
)
async def test_a_key_of_sm2_that_a_member_never_had_is_the_exchanges_lie(world, listed, published, found):
    buyer, document = world["buyer"].did, world.document()
    [row] = [one for one in document["members"] if one["did"] == buyer]
    world.identities[buyer] = dict(row) | ({"sm2": published} if published else {})
    if listed:
        row["sm2"] = listed
    world.document = lambda: document
    told = of(await world.audit(), "member-keys-differ")
    assert told == ([(buyer, "error", {"fields": "sm2"})] if found else [])


async def test_a_member_with_a_foreign_document_is_an_error_and_a_silent_one_a_warning(world):
    provider, buyer = world["provider"].did, world["buyer"].did
    world.identities = {provider: None, buyer: Unavailable("it sleeps")}
    report = await world.audit()
    assert of(report, "member-unidentified") == [(provider, "error", {})]
    assert of(report, "member-unreachable") == [(buyer, "warning", {"reason": "it sleeps"})]
    assert {one.code for one in report.findings if one.severity == "error"} == {"member-unidentified"}


async def test_witnesses_are_derived_and_a_document_that_says_otherwise_is_a_finding(world):
    document = world.document()
    provider, buyer, regulator = (world[name].did for name in ("provider", "buyer", "regulator"))
    document["witnesses"][provider] = [buyer, provider]
    document["witnesses"]["did:web:stranger"] = [buyer]
    del document["witnesses"][regulator]
    document["quorum"] = 1
    world.document = lambda: document
    report = await world.audit()
    assert [subject for subject, *_ in of(report, "witnesses-differ")] == [provider, regulator, "did:web:stranger"]
    [(_, severity, told)] = of(report, "quorum-differs")
    assert (severity, told) == ("error", {"mine": "1", "theirs": "2"})
    assert not of(report, "head-not-witnessed"), "the heads are judged by the table"
    world["provider"].cosigned_by = ("buyer",)
    assert [subject for subject, *_ in of(await world.audit(), "head-not-witnessed")] == [provider]


def test_an_exchange_that_names_another_as_operator_is_no_independent_witness(world):
    space = Space.from_json(world.document() | {"exchange": world["buyer"].did})
    exchange, regulator = (space.members[world[name].did] for name in ("exchange", "regulator"))
    assert not heads._has_no_stake(space, exchange, set())
    assert heads._has_no_stake(space, regulator, set())
    assert not heads._has_no_stake(space, regulator, {regulator.address})


async def test_no_registration_of_a_log_may_be_of_others_than_the_table_gives(world):
    """The newest one is right; under the first, heads could be anchored that no witness of the table ever saw."""
    at = next(at for at, event in enumerate(world.chain) if event.name == "LogRegistered")
    honest = world.chain[at]
    strangers = {"witnesses": [b"\x01" * 20, b"\x02" * 20]}
    world.chain.insert(at, replace(honest, fields={**honest.fields, **strangers}, block=5))
    report = await world.audit()
    [(_, _, told)] = of(report, "anchor-witnesses-differ")
    assert told == {"block": "5"}
    world.chain[at] = replace(honest, fields={**honest.fields, "owner": b"\x01" * 20}, block=6)
    assert of(await world.audit(), "anchor-owner-differs")[0][2] == {"block": "6"}


async def test_findings_come_in_the_order_of_the_members_whoever_answers_first(world):
    slow = world["provider"]
    world.unreachable = {"/log/checkpoint", "/log/peers"}
    quick = await world.audit()
    world.delays = {f"{slow.url}/log/{path}": 0.05 for path in ("checkpoint", "peers")}
    late = await world.audit()
    assert late.json() == quick.json()
    assert [subject for subject, *_ in of(late, "log-unreadable")] == [one.did for one in world.space.values()]


async def test_many_are_asked_at_once_but_not_all():
    asking, most = 0, 0

    async def ask(one, own):
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await asyncio.sleep(0)
        asking -= 1
        own.proofs_verified += 1
        own.find("log-not-registered", f"did:web:{one % 2}")
        return -one

    report = Report(proofs_verified=1)
    report.find("log-not-registered", "did:web:1")
    answers = await each(range(40), ask, report)
    assert answers == [(one, -one) for one in range(40)]
    assert most == ASKED_AT_ONCE_MAX
    assert report.proofs_verified == 41
    assert [one.subject for one in report.findings] == ["did:web:1", "did:web:0"], "the same finding once"


def headed(world, number=1, root=None):
    """Have the exchange sign a head of the space as its document is, and say so in its log; return the head."""
    space, exchange = Space.from_json(world.document()), world["exchange"]
    head = Head.of(space, number, Roll.of(space).map.root).signed(space.members[exchange.did], exchange.key)
    world.record("exchange", "space.headed", exchange.did, [head.digest.hex(), str(number), root or head.root.hex()])
    return head


async def test_the_list_of_members_is_that_of_a_head_in_the_exchange_s_log(world):
    world.head = headed(world).json()
    report = await world.audit()
    assert not any(of(report, code) for code in HEAD_CODES)


async def test_a_head_or_a_list_for_the_auditor_alone_is_a_finding(world):
    head, exchange = headed(world), world["exchange"]
    member = Space.from_json(world.document()).members[exchange.did]
    world.head = replace(head, number=2).signed(member, exchange.key).json()
    assert not of(await world.audit(), "space-head-unlogged"), "its event may not be witnessed yet"
    world.head = replace(head, root=bytes(32)).signed(member, exchange.key).json()
    assert of(await world.audit(), "space-head-unlogged") == [(exchange.did, "error", {"number": "1"})]
    world.head = head.json() | {"feeBps": head.fee_bps + 1}
    [(_, severity, told)] = of(await world.audit(), "space-head-false")
    assert (severity, "another head" in told["reason"]) == ("error", True)
    document = world.document()
    document["feeBps"], document["barred"] = 7, {world["buyer"].did: "suspended"}
    world.document = lambda: document
    assert of(await world.audit(), "members-unheaded")


async def test_two_heads_of_one_number_in_the_log_are_a_finding(world):
    headed(world)
    headed(world, root="00" * 32)
    assert not of(await world.audit(), "space-head-false"), "the same head"
    document = world.document() | {"barred": {world["buyer"].did: "suspended"}}
    world.document = lambda: document
    headed(world)
    [(subject, _, told)] = of(await world.audit(), "space-head-false")
    assert (subject, told["reason"]) == (world["exchange"].did, "its log has two heads 1")
