"""What is judged again although it was closed: something new came to it, or what it stood on is not the same.

Each row plays an act before an audit closes all, and one after; what is found then rests on both.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.regulator.proven_folder import ProvenFolder
from contracts.typed_data import Range
from tests.connector.audit.gone_on import SECRET, from_the_beginning, go_on, grown, said
from tests.connector.audit.told import ASKED, COUNTED, KEEPER, OBLIGED, OPENING, Told, paid, sold
from tests.ledger.audit.world import PURPOSE

ID, SIDES = "urn:uuid:7", ("provider", "buyer")
# what an act leaves open by itself
OPEN = {"time", "an agreement that comes late", "a code"}
SENT = {"from": "", "to": "REQUESTED", "reason": "", "digest": "0d" * 32}


def nothing(_world):
    return None


def opened_once_more(world, _):
    world.opening(3)


def rows_sold(world):
    deal, channel = sold(world, 3)
    paid(world, deal, channel, 0, 2)
    return deal, channel


def sold_again(world, before):
    deal, channel = before
    deal["paid"] = 0
    paid(world, deal, channel, 0, 2)


def sold_again_in_another_channel(world, before):
    deal, _ = before
    deal["paid"] = 0
    paid(world, deal, world.open_channel(deal, b"\x4c" * 32), 0, 2)


def sold_on(world, before):
    paid(world, *before, 2, 3)


def over_the_cap(world, before):
    deal, channel = before
    world.window(channel, [(deal, 0, Range(5, 1), KEEPER)], amount=5000)


def revoked_and_used(world, _):
    world.mine("LicenceRevoked", agreementDigest=world.leased["digest"])
    world.opening(2)


def ended(world):
    name = world.leased["digest"].hex()
    world.record("provider", "agreement.ended", name, [name], reason="over", by="us")


def sent(world):
    world.record("provider", "negotiation.moved", ID, [ID], **SENT, by=world["provider"].did)
    world.record("buyer", "negotiation.moved", ID, [ID], **SENT, by=world["provider"].did)


def sent_otherwise_elsewhere(world, _):
    world.record(
        "provider", "negotiation.moved", "urn:uuid:8", ["8"], **{**SENT, "to": "OFFERED"}, by=world["provider"].did
    )


def held(world):
    name = sold(world, 4, OBLIGED, not_after=world.clock + timedelta(hours=20))[0]["digest"].hex()
    world.record("buyer", "replica.held", name, ["0e" * 32, name], place="here")


def days_pass(world, _):
    world.go_on(days=40)
    world.go_on(days=2)


def used_while_above_it_is_room(world):
    parent, channel = sold(world, 5, COUNTED, OPENING, "leased")
    below, other = sold(world, 6, COUNTED, OPENING, "leased", of=5, parent=parent["digest"])
    paid(world, parent, channel, 0, 12, use=1)
    started(world, parent, KEEPER)
    return below, other


def used_below(world, before):
    below, channel = before
    for reader in (b"\x61", b"\x62"):
        world.window(channel, [(below, 1, Range(0, 12), reader * 32)])
        started(world, below, reader * 32)


def started(world, deal, reader):
    name, transfer = deal["digest"].hex(), (b"\x07" * 32).hex()
    told = {"transfer": transfer, "opening": "1", "readerKey": reader.hex(), "purpose": PURPOSE, "rows": "12"}
    world.record("buyer", "opening.started", name, [transfer, "1"], bytes="9", **told)


def claimed_more(world, before):
    fields = {"cumulativeAmount": 9999, "accountHash": b"\x01" * 32, "preimage": bytes(32)}
    world.mine("Claimed", channelId=before[1]["id"], **fields)


def decided_for_what_is_not_signed(world):
    at = [len(world[name].records) for name in SIDES]
    deal, channel = sold(world, 9)
    held_back = [world[name].records.pop(index) for name, index in zip(SIDES, at, strict=True)]
    paid(world, deal, channel)
    return held_back


def decided_before_it_is_signed(world):
    """Decide under what neither log nor chain knows yet."""
    at, chain = [len(world[name].records) for name in SIDES], len(world.chain)
    deal, _ = sold(world, 12)
    held_back = [world[name].records.pop(index) for name, index in zip(SIDES, at, strict=True)]
    mined, world.chain[chain:] = world.chain[chain:], []
    asked = {**ASKED, "scope": "order"}
    world.decide("provider", deal, "0b" * 32, asked=asked, decisionDigest="00")
    return held_back, mined


def signed_and_granted_late(world, before):
    held_back, mined = before
    newest = max(event.block for event in world.chain)
    world.chain += [replace(event, block=newest + at + 1) for at, event in enumerate(mined)]
    signed_late(world, held_back)


def signed_late(world, held_back):
    for name, record in zip(SIDES, held_back, strict=True):
        world[name].records.append(replace(record, time=world.clock))


def copied(world):
    deal, _ = sold(world, 10, tier="plain")
    copy(world, deal, 0)
    return deal


def copy(world, deal, first):
    plain = deal["table"].plain_bytes(first, 2)
    amount = world.price(deal, 0, Range(first, 2))
    told = {
        "transfer": "07" * 32,
        "bytes": str(plain),
        "plainBytes": str(plain),
        "amount": str(amount),
        "metering": "x",
    }
    world.record("provider", "copy.served", deal["digest"].hex(), ["07" * 32, "1"], rows=[[first, 2]], **told)


def copied_again(world, deal):
    copy(world, deal, 0)
    copy(world, deal, 4)


def coded(world):
    world.record("exchange", "code.assigned", "0" * 18, ["x"], holder="h", kind="k", about="a", by="b", title="t")


def coded_again(world, _):
    coded(world)


def chain_tells_another_story(world, _):
    at = next(at for at, one in enumerate(world.chain) if one.name == "Opened")
    world.chain[at] = replace(world.chain[at], fields={**world.chain[at].fields, "deposit": 1})


def rows_are_served_no_longer(world, _):
    world.unreachable.add("/sealed/")


def decided_otherwise(world, _):
    world.decide("provider", world.kept, "0a" * 32, asked={**ASKED, "scope": "order"}, decisionDigest="00")


ACTS = {
    "an opening beyond the number": (nothing, opened_once_more),
    "rows that were paid before": (rows_sold, sold_again),
    "rows that were paid in another channel": (rows_sold, sold_again_in_another_channel),
    "more of it, rightly": (rows_sold, sold_on),
    "more than the cap": (rows_sold, over_the_cap),
    "a use of what the chain ended": (nothing, revoked_and_used),
    "a use of what its log ended": (ended, opened_once_more),
    "a message under two names": (sent, sent_otherwise_elsewhere),
    "time": (held, days_pass),
    "openings below": (used_while_above_it_is_room, used_below),
    "a claim": (rows_sold, claimed_more),
    "an agreement that comes late": (decided_for_what_is_not_signed, signed_late),
    "a decision before its agreement": (decided_before_it_is_signed, signed_and_granted_late),
    "copies": (copied, copied_again),
    "a code": (coded, coded_again),
    "another chain": (rows_sold, chain_tells_another_story),
    "editions that are not there": (rows_sold, rows_are_served_no_longer),
    "a decision that nobody makes so": (rows_sold, decided_otherwise),
}


@pytest.mark.parametrize("name", ACTS)
async def test_what_something_new_came_to_is_judged_with_all_that_was_there(name, tmp_path):
    (before, after), world = ACTS[name], Told()
    shown = before(world)
    await go_on(grown(world), tmp_path)
    judged = ProvenFolder(tmp_path, SECRET).read().judged
    assert bool(judged.open) is (name in OPEN)
    after(world, shown)
    world.go_on()
    for again in (False, True, False):
        if again:
            grown(world)
        report, _ = await go_on(world, tmp_path)
        assert "entries" in report.went_on
        assert said(report) == await from_the_beginning(world)


async def test_an_honest_space_is_closed_and_only_what_is_new_is_gone_through(tmp_path):
    world = Told()
    await go_on(grown(world), tmp_path)
    judged = ProvenFolder(tmp_path, SECRET).read().judged
    assert judged.open == {}
    assert judged.sums.counts["openings"] == 2
    assert sum(moved["orders"] for moved in judged.sums.sold.values()) == 5
