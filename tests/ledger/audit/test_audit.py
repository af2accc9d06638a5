"""The audit is clean on an honest trade and names each forgery, also when tree and head were made anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.typed_data import Range
from ledger.audit import audit
from ledger.audit.how_to_check import RECORDS, RESTS_ON
from ledger.audit.severity import ORDER
from ledger.audit.sources import Unavailable
from ledger.audit.words import CODES
from ledger.log.events import Block
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.world import Given, errors, named


async def test_an_honest_trade_is_clean(world):
    report = await world.audit()
    assert report.clean, [one.json() for one in report.findings]
    assert report.codes() == {"attestation-missing", "decisions-untold"}
    size = sum(len(diary.records) for diary in world.space.values())
    assert report.events == size
    assert report.proofs_verified > size, "every inclusion, every anchor, every head seen"
    assert report.signatures_verified >= 4 + 8 + 4
    assert report.amount_settled == report.amount_agreed == world.channel_a["cumulative"] + 500
    assert (report.bytes_paid_twice, report.openings) == (0, 2)
    assert set(report.json()) >= {"clean", "findings", "proofs_verified", "events"}


async def test_decisions_whose_question_was_not_told_are_counted_for_each_log(world):
    report = await world.audit()
    counted = {one.subject: int(one.facts["count"]) for one in report.findings if one.code == "decisions-untold"}
    silent = [
        (diary.did, one) for diary in world.space.values() for one in diary.records if one.kind == "decision.made"
    ]
    assert counted == Counter(did for did, one in silent if one.fields.get("asked") is None)
    assert max(counted.values()) > 1


def test_every_code_has_words_in_both_languages():
    assert all(severity in ORDER and en and zh for severity, en, zh in CODES.values())


def test_every_code_says_what_it_rests_on_and_how_to_check_it():
    assert RESTS_ON.keys() == CODES.keys()
    assert all(records and set(records) <= RECORDS.keys() for records in RESTS_ON.values())
    assert {record for records in RESTS_ON.values() for record in records} == RECORDS.keys()


async def test_a_dropped_event_is_named(world):
    provider = world["provider"]
    at = provider.find("keys.released", 2)
    provider.entries()
    del provider.records[at]
    provider._sealed.pop(at)
    provider.cosigned_by = ()
    report = await world.audit()
    assert errors(report) >= {
        "log-shrank-below-anchor",
        "head-not-witnessed",
        "peer-saw-other-log",
        "mark-contradicts-log",
        "receipt-without-release",
    }
    [finding] = [one for one in report.findings if one.code == "receipt-without-release"]
    assert (finding.subject, finding.facts["seq"]) == (provider.did, "2")
    assert "keys.released (seq 2) is missing" in finding.text()
    assert "keys.released" in finding.text("zh")


async def test_a_dropped_event_is_named_even_if_another_fills_its_place(world):
    provider = world["provider"]
    at = provider.find("keys.released", 2)
    provider.entries()
    last = provider.records[-1]
    del provider.records[at]
    provider._sealed.pop(at)
    provider.records.append(replace(last, time=last.time + timedelta(seconds=1)))
    provider.cosigned_by = ()
    report = await world.audit()
    assert errors(report) >= {"log-forked-from-anchor", "head-not-witnessed", "receipt-without-release"}
    assert "log-shrank-below-anchor" not in errors(report)


@pytest.mark.parametrize("who", ["provider", "buyer"])
async def test_an_altered_amount_is_named(world, who):
    diary, kind = world[who], {"provider": "keys.released", "buyer": "keys.received"}[who]
    at = diary.find(kind, 3)
    diary.entries()
    diary.alter(at, amount="1")
    diary.cosigned_by = ()
    report = await world.audit()
    assert errors(report) >= {"log-forked-from-anchor", "counterparty-differs", "amount-differs-from-tariff"}
    [finding] = [one for one in report.findings if one.code == "counterparty-differs"]
    assert (finding.kind, finding.facts["seq"], finding.facts["field"]) == ("keys.released", "3", "amount")
    assert named(report, "amount-differs-from-tariff") == [(kind, at, "3")]
    assert {one.subject for one in report.findings if one.code == "log-forked-from-anchor"} == {diary.did}
    if who == "provider":
        assert named(report, "receipt-mismatch") == [(kind, at, "3")], "the payer's receipt names the honest entry"


async def test_an_opening_added_after_the_fact_is_named(world):
    """At the end of the log, so that anchors still hold: only counterparty, policy and chain betray it."""
    third = (world.leased, 1, Range(0, 12), b"\x03" * 32)
    world["provider"].cosigned_by = ()
    received = len(world["buyer"].records)
    world.window(world.channel_b, [third], undecided=True)
    del world["buyer"].records[received:]
    at = len(world["provider"].records) - 1
    world.go_on()
    report = await world.audit()
    for code in ("opening-not-permitted", "openings-over-limit", "release-without-voucher", "opening-unlogged"):
        assert named(report, code) == [("keys.released", at, "3")], code
    assert errors(report) >= {"head-not-witnessed", "settlement-differs"}


async def test_an_opening_inserted_into_the_past_is_named(world):
    buyer = world["buyer"]
    at = buyer.find("opening.started")
    buyer.entries()
    record = buyer.records[at]
    added = replace(record, fields={**record.fields, "readerKey": "09" * 32}, link=(record.link[0], "9"))
    buyer.records.insert(at + 1, added)
    buyer.cosigned_by = ()
    world.go_on()
    report = await world.audit()
    assert named(report, "opening-without-release") == [("opening.started", at + 1, None)]
    assert errors(report) >= {"log-forked-from-anchor", "peer-saw-other-log"}


async def test_a_release_without_its_own_decision_is_found(world):
    world.window(world.channel_a, [(world.kept, 2, Range(0, 1), b"\x0a" * 32)], undecided=True, amount=0)
    report = await world.audit()
    assert "release-not-permitted" in errors(report)
    assert "amount-differs-from-tariff" not in errors(report), "`again` is free"


async def test_charging_rows_twice_is_found_although_both_logs_agree(world):
    world.window(world.channel_a, [(world.kept, 0, Range(0, 2), b"\x0a" * 32)], amount=9)
    report = await world.audit()
    assert {"rows-paid-twice", "amount-differs-from-tariff", "settlement-differs"} <= errors(report)
    assert report.bytes_paid_twice == world.kept["table"].plain_bytes(0, 2)


async def test_an_opening_counts_once_per_reader_key(world):
    world.window(world.channel_b, [(world.leased, 1, Range(0, 3), b"\x02" * 32)], amount=0)
    report = await world.audit()
    assert report.openings == 2
    assert not errors(report) & {"openings-over-limit", "amount-differs-from-tariff"}


async def test_undisclosed_and_false_values_are_findings(world):
    provider = world["provider"]
    hidden, lie = provider.find("keys.released", 1), provider.find("keys.released", 2)
    provider.hidden = {hidden}
    provider.lies = {lie: {"amount": "1"}}
    report = await world.audit()
    assert named(report, "disclosure-missing") == [("keys.released", hidden, None)]
    assert named(report, "disclosure-false") == [("keys.released", lie, None)]


async def test_a_field_that_the_table_requires_must_be_disclosed(world):
    provider = world["provider"]
    at = provider.find("decision.made")
    record = provider.records[at]
    provider.records.append(replace(record, fields={"outcome": "allow"}, time=provider.records[-1].time))
    report = await world.audit()
    [finding] = [one for one in report.findings if one.code == "field-undisclosed"]
    assert "requestDigest" in finding.facts["fields"]


async def test_an_agreement_with_a_foreign_connector_is_a_warning_unless_one_side_shows_signatures(world):
    bare = {"providerSignature": "", "buyerSignature": "", "terms": None, "agreement": {}}
    fields = {**world["provider"].records[0].fields, **bare}
    world.record("provider", "agreement.signed", "0f" * 32, ["0f" * 32], **fields)
    report = await world.audit()
    assert (report.clean, "agreement-unsigned" in report.codes()) == (True, True)
    buyer = world["buyer"]
    buyer.entries()
    buyer.alter(buyer.find("agreement.signed"), **bare)
    assert "counterparty-differs" in errors(await world.audit())


async def test_an_agreement_must_be_in_both_logs_and_equal(world):
    buyer = world["buyer"]
    buyer.entries()
    at = buyer.find("agreement.signed")
    buyer.alter(at, providerSignature="00" * 65)
    report = await world.audit()
    assert {"agreement-invalid", "counterparty-differs"} & errors(report)
    del buyer.records[at]
    world.go_on()
    report = await world.audit()
    [finding] = [one for one in report.findings if one.code == "agreement-missing"]
    assert finding.subject == buyer.did


async def test_terms_that_were_not_signed_are_refused(world):
    for name in ("provider", "buyer"):
        diary = world[name]
        diary.entries()
        terms = diary.records[0].fields["terms"]
        diary.alter(0, terms={**terms, "tariff": {**terms["tariff"], "minor": "1"}})
    report = await world.audit()
    assert "agreement-invalid" in errors(report)


async def test_blocks_and_times_are_compared(world):
    provider = world["provider"]
    last = provider.records[-1]
    provider.records.append(replace(last, block=Block(4, b"\xee" * 32)))
    provider.records.append(replace(last, time=last.time - timedelta(hours=1)))
    report = await world.audit()
    size = len(provider.records)
    assert {at for _, at, _ in named(report, "block-contradicted")} == {size - 2, size - 1}
    assert [at for _, at, _ in named(report, "time-went-back")] == [size - 1]


async def test_what_cannot_be_read_is_named_and_the_rest_goes_on(world):
    world.unreachable = {f"{world['regulator'].url}/log/tile", f"{world['buyer'].url}/log/peers", "/rows"}
    report = await world.audit()
    assert {"log-unreadable", "peers-unreadable", "edition-unavailable"} <= report.codes()
    assert report.events > 0
    world.unreachable = {"addenda"}
    assert "log-unreadable" in (await world.audit()).codes()


async def test_malformed_fields_are_findings_not_crashes(world):
    provider = world["provider"]
    provider.entries()
    provider.alter(provider.find("keys.released", 1), amount="a lot", rows=[{"agreement": 5}], lock="zz")
    provider.alter(provider.find("channel.closed"), cumulative=None)
    world["exchange"].entries()
    world["exchange"].alter(0, peers=[{"origin": 5}])
    report = await world.audit()
    assert len(named(report, "field-malformed")) >= 3


async def test_a_kept_replica_is_opened_by_its_holders_own_decisions(world):
    fields = {"transfer": "07" * 32, "opening": "1", "readerKey": "0a" * 32, "purpose": "p", "rows": "12", "bytes": "9"}
    part = world.kept["digest"].hex()
    world.decide("buyer", world.kept, "own request")
    world.record("buyer", "opening.started", part, [fields["transfer"], "1"], **fields)
    assert (await world.audit()).clean
    at = world.record("buyer", "opening.started", part, [fields["transfer"], "2"], **{**fields, "opening": "2"})
    assert named(await world.audit(), "opening-undecided") == [("opening.started", at, None)]
    world.decide("buyer", world.kept, "own request", outcome="deny")
    world.record("buyer", "opening.started", part, [fields["transfer"], "3"], **{**fields, "opening": "3"})
    assert len(named(await world.audit(), "opening-undecided")) == 2, "a denial allows nothing"


async def test_keys_are_handed_out_by_a_decision_of_its_own(world):
    part = world.kept["digest"].hex()
    links, fields = [world.kept["terms"].edition_id.hex(), part], {"opening": "1", "purpose": "p", "rows": [[0, 2]]}
    world.decide("buyer", world.kept, "own request", place="export")
    world.record("buyer", "keys.exported", part, links, **fields)
    assert (await world.audit()).clean
    world.decide("buyer", world.kept, "own request", place="opening")
    at = world.record("buyer", "keys.exported", part, links, **fields)
    assert named(await world.audit(), "opening-undecided") == [("keys.exported", at, None)]


async def test_a_window_may_hold_orders_of_two_agreements(world):
    lines = [(world.kept, 2, Range(0, 1), b"\x0a" * 32), (world.leased, 2, Range(0, 1), b"\x02" * 32)]
    world.window(world.channel_a, lines, amount=0)
    assert not errors(await world.audit()) & {"release-not-permitted", "amount-differs-from-tariff"}


@pytest.mark.parametrize("outcome", ["deny", "conditional", "default-deny"])
async def test_a_release_on_a_decision_that_does_not_allow_is_found(world, outcome):
    again = (world.kept, 2, Range(0, 1), b"\x0a" * 32)
    world.window(world.channel_a, [again], amount=0, outcome=outcome)
    assert "release-not-permitted" in errors(await world.audit())


async def test_figures_must_follow_from_each_other_within_one_log(world):
    provider = world["provider"]
    provider.entries()
    at = provider.find("keys.released", 2)
    cumulative = int(provider.records[at].fields["cumulative"])
    provider.alter(at, cumulative=str(cumulative + 1))
    report = await world.audit()
    assert named(report, "cumulative-broken")[0] == ("keys.released", at, "2")
    assert named(report, "voucher-mismatch") == [("keys.released", at, "2")]


async def test_a_seq_is_released_once_and_in_order(world):
    provider = world["provider"]
    first, second = provider.find("keys.released", 1), provider.find("keys.released", 2)
    last = provider.records[-1].time
    provider.records.append(replace(provider.records[second], time=last))
    report = await world.audit()
    assert named(report, "release-repeated") == [("keys.released", len(provider.records) - 1, "2")]
    provider.records.pop()
    provider.entries()
    provider.records[first], provider.records[second] = provider.records[second], provider.records[first]
    report = await world.audit()
    assert ("keys.released", second, "1") in named(report, "release-out-of-order")


async def test_a_charge_over_the_price_cap_is_found(world):
    for at in range(5):
        world.window(world.channel_b, [(world.leased, 1, Range(0, 12), bytes([0x30 + at]) * 32)])
    report = await world.audit()
    assert {"over-price-cap", "openings-over-limit"} <= errors(report)


async def test_a_fault_that_the_buyer_logged_is_a_warning_and_matches_the_release(world):
    buyer = world["buyer"]
    at = buyer.find("keys.received", 3)
    buyer.entries()
    buyer.records[at] = replace(buyer.records[at], kind="keys.faulted", fields={"code": "key"})
    buyer._sealed[at : at + 1] = []
    report = await world.audit()
    assert named(report, "key-faulted") == [("keys.faulted", at, "3")]
    assert "release-without-voucher" not in errors(report)


async def test_entries_must_be_entries_and_the_partys_own(world, monkeypatch):
    exchange = world["exchange"]
    exchange.entries()
    exchange.records.append(replace(exchange.records[-1]))
    monkeypatch.setattr(type(exchange), "did", property(lambda diary: f"did:web:x{diary.number}"))
    exchange.entries()
    monkeypatch.undo()
    assert "entry-of-another-party" in errors(await world.audit())
    sealed = exchange._sealed[-1]
    exchange._sealed[-1] = (sealed[0], b"not an entry", sealed[2])
    assert "entry-malformed" in errors(await world.audit())


async def test_strangers_agreements_are_found(world):
    document = world.document()
    for member in document["members"]:
        if member["role"] == "buyer":
            member["address"] = "0x17c5185167401eD00cF5F5b2fc97D9BBfDb7D025"
    world.document = lambda: document
    assert "agreement-of-strangers" in errors(await world.audit())


async def test_an_audit_without_space_or_chain_is_impossible(world):
    class Silent:
        async def space(self):
            return {"members": []}

    with pytest.raises(audit.AuditImpossible):
        await audit.run(Silent(), None)


async def test_a_chain_that_stops_answering_is_told_in_words_and_nothing_is_found(world):
    class Tiring(Given):
        asked = 0

        async def chain_events(self, first=0):
            self.asked += 1
            if self.asked > 1:
                raise Unavailable("no answer from the chain")
            return await super().chain_events(first)

    with pytest.raises(audit.AuditImpossible, match="answers no more: no answer from the chain"):
        await audit.run(Tiring(world), SUPERVISOR)
