"""Use and time: after its end, undeleted, late, dated before what it cites, decided by another policy or not told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.tariff import Tariff
from contracts.typed_data import Range
from ledger.audit import disposal
from tests.ledger.audit.world import NOW, ChainEvent, errors, named

OBLIGED = {
    "permission": [{"action": "use", "duty": [{"action": "delete", "penstock:mode": "post"}]}],
}
TERM = timedelta(days=400)


@pytest.fixture
def obliged(world):
    """The small space with one more agreement, whose policy obliges the buyer to delete, and a replica under it."""
    deal = world.sign(3, Tariff("byte", 7, 1000, "CNY"), "kept", 0, OBLIGED)
    name = deal["digest"].hex()
    world.record("buyer", "replica.held", name, [deal["terms"].edition_id.hex(), name], place="here")
    return deal


async def test_what_must_be_deleted_is_deleted_within_a_day_of_its_end(world, obliged):
    name, edition = obliged["digest"].hex(), obliged["terms"].edition_id.hex()
    world.record("buyer", "agreement.ended", name, [name], reason="over", by="")
    assert "disposal-overdue" not in errors(await world.audit()), "there is time left"
    world.clock += disposal.GRACE * 2
    world.record("regulator", "time.mark", world["regulator"].origin, [], peers=[])
    assert "disposal-overdue" not in errors(await world.audit()), "nobody saw the buyer's log of these two days"
    world.record("buyer", "time.mark", world["buyer"].origin, [], peers=[])
    assert named(await world.audit(), "disposal-overdue")[0][0] == "replica.held"
    world.record("buyer", "replica.deleted", name, [edition, name], grade="A")
    assert "disposal-overdue" not in errors(await world.audit())


async def test_a_policy_that_does_not_oblige_is_not_asked_for_deletions(world):
    name = world.kept["digest"].hex()
    world.record("buyer", "replica.held", name, [world.kept["terms"].edition_id.hex(), name], place="here")
    world.clock += TERM
    world.record("regulator", "time.mark", world["regulator"].origin, [], peers=[])
    assert "disposal-overdue" not in errors(await world.audit())


async def test_a_release_after_the_end_is_named_and_one_before_is_not(world):
    revoked = world.leased["digest"]
    world.chain.append(ChainEvent("LicenceRevoked", {"agreementDigest": revoked}, 4))
    assert "used-after-end" not in errors(await world.audit()), "what cites block 3 was before block 4"
    world.chain[-1] = replace(world.chain[-1], block=3)
    found = named(await world.audit(), "used-after-end")
    assert {kind for kind, *_ in found} == {"keys.released", "opening.started"}


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ([(2, "LicenceSuspended")], True),
        ([(1, "LicenceSuspended"), (2, "LicenceResumed")], False),
        ([(3, "LicenceSuspended")], False),
        ([(2, "LicenceSuspended"), (3, "LicenceResumed")], False),
        ([(1, "LicenceSuspended"), (2, "LicenceResumed"), (2, "LicenceSuspended")], True),
    ],
)
async def test_a_use_while_suspended_is_named(world, turns, found):
    """Every entry of the small space cites block 3."""
    fields = {"agreementDigest": world.kept["digest"]}
    world.chain += [ChainEvent(name, fields, block) for block, name in turns]
    assert ("used-while-suspended" in errors(await world.audit())) is found


async def test_an_entry_dated_before_the_block_it_cites_is_named(world):
    world.block_time = NOW + timedelta(hours=1)
    assert "dated-before-block" in errors(await world.audit())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"scope": "order", "policy": "00", "request": {}, "world": {}}, "field-malformed"),
        ("all", "field-malformed"),
        (
            {
                "scope": "order",
                "policy": "00",
                "request": {"assignee": "a", "action": "use", "target": "t"},
                "world": {"now": "2026-03-01T12:00:00Z"},
            },
            "decision-of-another-policy",
        ),
    ],
)
async def test_a_decision_that_cannot_be_made_again_is_named(world, asked, code):
    world.decide("provider", world.kept, "0a" * 32, asked=asked)
    assert code in errors(await world.audit())


GRANTING = {
    "permission": [
        {"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": "2"}]},
        {"action": "grantUse"},
    ]
}
ONCE = {
    "permission": [{"action": "use", "constraint": [{"leftOperand": "count", "operator": "lteq", "rightOperand": "1"}]}]
}
OPENING = Tariff("opening", 250, 1, "CNY")
LATER = datetime(2028, 1, 31, tzinfo=UTC)


async def test_a_sub_licence_stays_within_its_parent(world):
    parent = world.sign(3, OPENING, "leased", 900, GRANTING)
    within = world.sign(4, OPENING, "leased", 900, ONCE, of=3, parent=parent["digest"])
    assert not {"sublicence-exceeds", "sublicence-orphaned"} & errors(await world.audit())
    world.sign(5, OPENING, "leased", 900, GRANTING, of=2, parent=within["digest"], not_after=LATER)
    world.sign(6, OPENING, "leased", 900, ONCE, parent=b"\x0f" * 32)
    report = await world.audit()
    beyond = {one.facts["field"] for one in report.findings if one.code == "sublicence-exceeds"}
    assert beyond == {"editionId", "notAfter", "policy"}
    assert len([one for one in report.findings if one.code == "sublicence-orphaned"]) == 1


async def test_an_opening_of_a_sub_licence_draws_on_its_parent(world):
    parent = world.sign(3, OPENING, "leased", 900, GRANTING)
    child = world.sign(4, OPENING, "leased", 900, GRANTING, of=3, parent=parent["digest"])
    channel = world.open_channel(child, b"\xcc" * 32)
    for number, deal in enumerate((parent, child, parent), start=1):
        world.window(channel, [(deal, 1, Range(0, 1), bytes([number]) * 32)])
    found = [one for one in (await world.audit()).findings if one.code == "openings-over-limit"]
    assert [(one.facts["agreement"], one.facts["mine"]) for one in found] == [(parent["digest"].hex(), "3")]
