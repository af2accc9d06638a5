"""Stale is not guilty: what a log was not read up to, what was not disclosed, and what follows from what."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.errors import why
from contracts.typed_data import Range
from ledger.audit.severity import ORDER, STALE, UNDISCLOSED, laid_out
from ledger.log import merkle
from ledger.log.events import Block
from tests.ledger.audit.test_rulings import disputed
from tests.ledger.audit.world import BLOCKS, LAST, World, errors, named


def shown(report):
    """Return what is shown of a report: the codes that stand by themselves, and how many follow from each."""
    rows = report.json()["findings"]
    return {row["code"]: len(row.get("follows", ())) for row in rows if row["severity"] not in {STALE, "warning"}}


def cut(world, name, size):
    """Leave a log at an older head, which the chain has, while the others and the chain go on."""
    diary = world[name]
    del diary.records[size:]
    diary.entries()
    for other in world.space.values():
        other.peers = []
        other.records = [
            one if one.kind != "time.mark" else replace(one, fields={"peers": []}) for one in other.records
        ]
    world.chain = [event for event in world.chain if event.name not in {"Anchored", "LogRegistered"}]
    world.anchor()


@pytest.mark.parametrize("name", ["provider", "buyer", "exchange", "regulator"])
async def test_a_log_that_was_read_up_to_any_older_head_accuses_nobody(name):
    whole = len(World()[name].records)
    for size in range(1, whole):
        world = World()
        cut(world, name, size)
        report = await world.audit()
        assert not errors(report), (size, [one.text() for one in report.findings if one.code in errors(report)])
        assert {one.subject for one in report.findings if one.severity == STALE} <= {world[name].did}


async def test_what_a_log_lacks_when_it_has_gone_on_is_missing(world):
    buyer = world["buyer"]
    cut(world, "buyer", buyer.find("keys.received", 3))
    assert not errors(await world.audit())
    world.go_on()
    assert "release-without-voucher" in errors(await world.audit())


async def test_a_later_window_shows_that_an_earlier_one_is_missing(world):
    at = world["provider"].find("keys.released", 2)
    world["provider"].entries()
    del world["provider"].records[at]
    world["provider"]._sealed.pop(at)
    assert "receipt-without-release" in errors(await world.audit()), "no clock is needed to see that"


async def test_what_is_newer_is_counted_once_for_each_log(world):
    cut(world, "provider", world["provider"].find("keys.released", 1))
    report = await world.audit()
    [finding] = [one for one in report.findings if one.code == "log-behind"]
    assert (finding.subject, finding.severity) == (world["provider"].did, STALE)
    assert int(finding.facts["count"]) > 3
    assert report.clean


async def test_a_licence_may_be_on_its_way_and_not_for_ever(world):
    digest = world.kept["digest"]
    world.chain = [one for one in world.chain if one.fields.get("agreementDigest") != digest]
    for diary in world.space.values():
        parts = {digest.hex(), world.channel_a["id"].hex()}
        diary.records = [one for one in diary.records if one.part not in parts or one.kind == "agreement.signed"]
        diary._sealed = []
    world.chain = [one for one in world.chain if one.fields.get("channelId") != world.channel_a["id"]]
    report = await world.audit()
    assert "licence-missing" not in errors(report)
    assert "chain-behind" in report.codes()
    world.go_on()
    assert "licence-missing" in errors(await world.audit())


# --- what was not disclosed


@pytest.mark.parametrize("half", [0.3, 0.6, 1.0])
async def test_what_was_written_before_there_was_a_supervisor_is_told_once(world, half):
    for diary in world.space.values():
        diary.hidden = set(range(int(len(diary.records) * half)))
    report = await world.audit()
    assert not errors(report), [one.text() for one in report.findings if one.code in errors(report)]
    told = [one for one in report.findings if one.severity == UNDISCLOSED]
    assert len(told) == len([one for one in world.space.values() if one.hidden])
    assert all("penstock log disclose" in one.text() for one in told)
    assert "Error(" not in json.dumps(report.json())


async def test_who_knew_the_supervisor_and_did_not_disclose_is_named(world):
    provider = world["provider"]
    at = provider.find("keys.released", 3)
    provider.hidden = {at}
    report = await world.audit()
    assert shown(report).keys() == {"disclosure-missing"}
    assert shown(report)["disclosure-missing"] > 0, "what follows from it is said below"
    assert {one.subject for one in report.findings if one.code in errors(report)} <= {provider.did, world["buyer"].did}
    [root] = [one for one in report.findings if one.code == "disclosure-missing"]
    assert all(one.root == root for one in report.findings if one.code in errors(report) and one is not root)


async def test_values_lost_in_a_restore_that_the_log_tells_of_are_no_fault(world):
    provider = world["provider"]
    size = len(provider.records)
    leaves = [entry for _, entry, _ in provider.entries()]
    roots = [merkle.root([merkle.leaf_hash(one) for one in leaves[:at]]).hex() for at in (size - 6, size)]
    provider.hidden = set(range(size - 6, size))
    guilty = await world.audit()
    assert "disclosure-missing" in errors(guilty)
    world.record("provider", "log.restored", provider.origin, roots, cause="restored")
    report = await world.audit()
    assert not errors(report), [one.text() for one in report.findings if one.code in errors(report)]
    [lost] = [one for one in report.findings if one.code == "events-lost"]
    assert lost.facts["count"] == "6"


# --- what follows


@pytest.mark.parametrize("name", ["provider", "buyer", "exchange"])
async def test_one_forged_byte_is_one_finding(name):
    world = disputed()
    diary = world[name]
    files = diary.files(world.space)
    url, body = next((url, body) for url, body in files.items() if "/tile/entries/" in url)
    world.overrides[url] = body[:-5] + bytes([body[-5] ^ 1]) + body[-4:]
    report = await world.audit()
    assert shown(report).keys() == {"log-unreadable"}
    assert {one.subject for one in report.findings if one.root is None and one.severity == "error"} == {diary.did}


async def test_a_rewritten_history_is_one_finding(world):
    provider = world["provider"]
    at = provider.find("keys.released", 3)
    provider.entries()
    provider.alter(at, validUntil="1900000001")
    provider.cosigned_by = ()
    report = await world.audit()
    assert {one.code for one in report.findings if one.root is not None} >= {"head-not-witnessed", "peer-saw-other-log"}
    assert "log-forked-from-anchor" in shown(report)
    assert not shown(report).keys() & {"head-not-witnessed", "peer-saw-other-log", "mark-contradicts-log"}


def test_findings_are_shown_with_what_follows_below_and_what_accuses_nobody_last():
    rows = [{"severity": name, "follows": [{"severity": "error"}]} for name in reversed(ORDER)]
    told = [(below, row["severity"]) for below, row in laid_out(rows)]
    assert told == [one for name in ORDER for one in ((0, name), (1, "error"))]


def test_no_reason_bears_the_name_of_an_exception():
    for fault in (KeyError("amount"), KeyError(), TypeError("x"), ValueError(), AttributeError("y"), OverflowError()):
        assert why(fault)
        assert "Error" not in why(fault)
    assert why(KeyError("amount")) == "`amount` is missing"


# --- who was there


async def test_a_witness_who_came_later_could_not_be_named_before(world):
    """The exchange's log was registered, and its head anchored, by the buyer alone: there was no regulator yet."""
    exchange, regulator = world["exchange"], world["regulator"]
    at = next(at for at, one in enumerate(world.chain) if one.fields.get("member") == regulator.account)
    admitted = world.chain.pop(at)
    for number, event in enumerate(world.chain):
        if event.name == "LogRegistered" and event.fields["owner"] == exchange.account:
            alone = {**event.fields, "witnesses": [world["buyer"].account], "quorum": 1}
            world.chain[number] = replace(event, fields=alone)
    exchange.cosigned_by = ("buyer",)
    world.chain.append(replace(admitted, block=world.chain[-1].block + 1))
    assert not errors(await world.audit())
    world.record("exchange", "time.mark", exchange.origin, [], peers=[])
    assert "head-not-witnessed" in errors(await world.audit()), "a head of after it needs the regulator, too"


# --- money


async def test_paid_rows_priced_again_at_exactly_the_tariff_are_found(world):
    world.window(world.channel_a, [(world.kept, 0, Range(1, 5), b"\x0a" * 32)])
    at = [at for at, one in enumerate(world["provider"].records) if one.kind == "keys.released"][-1]
    report = await world.audit()
    assert ("keys.released", at, "4") in named(report, "rows-paid-twice")
    assert ("keys.released", at, "4") in named(report, "amount-differs-from-tariff")
    assert report.bytes_paid_twice == world.kept["table"].plain_bytes(1, 5)


async def test_rows_given_again_for_nothing_are_not_paid_twice(world):
    world.window(world.channel_a, [(world.kept, 2, Range(1, 5), b"\x0a" * 32)], amount=0)
    report = await world.audit()
    assert "rows-paid-twice" not in errors(report)
    assert report.bytes_paid_twice == 0


async def test_a_divided_channel_is_not_said_to_be_open(world):
    report = await disputed().audit()
    assert "release-not-settled" not in report.codes()
    window = world.window(world.channel_a, [(world.kept, 2, Range(0, 1), b"\x0a" * 32)], amount=0)
    assert window == 0
    assert "release-not-settled" not in (await world.audit()).codes(), "all that was released was claimed"


@pytest.mark.parametrize(("later", "code"), [(200, "receipt-postdated"), (100, None), (-200, "entry-late")])
async def test_a_receipt_is_dated_when_the_keys_were_given(world, later, code):
    provider, buyer = world["provider"], world["buyer"]
    at = provider.find("keys.released", 1)
    told = int(provider.records[at].fields["releasedAt"]) + later
    provider.entries()
    provider.alter(at, releasedAt=str(told))
    report = await world.audit()
    codes = {one.code for one in report.findings if one.code in {"receipt-postdated", "entry-late"}}
    assert codes == ({code} if code else set())
    assert buyer.did not in {one.subject for one in report.findings if one.code == code}


def test_the_block_that_all_cite_in_the_end_is_of_its_own(world):
    world.go_on(days=1)
    assert world["buyer"].records[-1].block == Block(LAST, BLOCKS[LAST])
    assert world.clock - world["buyer"].records[-2].time >= timedelta(days=1)
