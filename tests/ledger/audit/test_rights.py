"""What the chain records of members, rights and pledges, held against who acted: each contradiction is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.address import NOBODY
from contracts.labels import H
from contracts.tariff import Tariff
from ledger.audit.archive import read_events, write_events
from ledger.events import Block
from ledger.standing import did_digest
from tests.ledger.audit.world import BLOCKS, POLICY, ChainEvent, World, errors

STRANGER, TERMS = b"\x0e" * 20, bytes(32)
SALT, OTHER_SALT = b"\x5a" * 32, b"\x5b" * 32


def insert(world, before, name, **fields):
    """Put an event right before the first of another name."""
    at = next(at for at, one in enumerate(world.chain) if one.name == before)
    world.chain.insert(at, ChainEvent(name, fields, world.chain[at].block))


def change(world, event, **fields):
    at = next(at for at, one in enumerate(world.chain) if one.name == event)
    world.chain[at] = replace(world.chain[at], fields={**world.chain[at].fields, **fields})


def subject(report, code):
    return {one.subject for one in report.findings if one.code == code}


def edition(world):
    return world.kept["terms"].edition_id


def moved(world, sender):
    token = int.from_bytes(edition(world))
    return {"sender": sender, "receiver": STRANGER, "token_id": token}


# --- rights


async def test_an_edition_passed_on_with_its_certificate_is_sold_by_its_new_holder_only():
    world = World()
    insert(world, "LicenceGranted", "Transfer", **moved(world, world["provider"].account))
    report = await world.audit()
    assert subject(report, "licence-without-rights") == {world["provider"].did}
    world = World()
    world.mine("Transfer", **moved(world, world["provider"].account))
    assert "licence-without-rights" not in errors(await world.audit()), "sold before it was passed on"


async def test_a_certificate_that_is_made_has_its_maker_as_holder(world):
    made = moved(world, NOBODY) | {"receiver": world["provider"].account}
    insert(world, "EditionRegistered", "Transfer", **made)
    assert (await world.audit()).clean


async def test_a_licence_of_a_withdrawn_edition_is_named(world):
    holder = world["provider"].account
    insert(world, "LicenceGranted", "EditionWithdrawn", editionId=edition(world), holder=holder)
    assert subject(await world.audit(), "licence-of-withdrawn") == {world["provider"].did}


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("what", ["Transfer", "EditionWithdrawn"])
async def test_what_is_pledged_stays_until_its_creditor_lets_go(world, what, released):
    provider = world["provider"].account
    world.mine("EditionPledged", editionId=edition(world), holder=provider, creditor=STRANGER, terms=TERMS)
    if released:
        world.mine("EditionReleased", editionId=edition(world), creditor=STRANGER)
    gone = {"editionId": edition(world), "holder": provider}
    world.mine(what, **(moved(world, provider) if what == "Transfer" else gone))
    assert ("pledge-broken" in errors(await world.audit())) is not released


# --- blind ids


def unlisted(world, *salts):
    """Sell an edition that the chain knows under the blind id of `SALT`, and log that it was registered."""
    deal = world.sign(5, Tariff("byte", 7, 1000, "CNY"), "kept", 0, POLICY, blind_salt=SALT)
    edition = deal["terms"].edition_id.hex()
    for salt in salts:
        world.record("provider", "edition.registered", edition, [edition], tx="00", blindSalt=salt.hex())
    return deal["terms"]


async def test_a_blind_id_is_opened_with_the_salt_of_the_log(world):
    assert unlisted(world, SALT).edition_id != unlisted(world, SALT).registered_id
    blind = {"registration-unfounded", "edition-unregistered", "edition-registered-twice", "licence-without-rights"}
    assert not blind & errors(await world.audit())


@pytest.mark.parametrize("salt", [OTHER_SALT, b"too short"])
async def test_a_salt_that_opens_nothing_on_chain_is_named(world, salt):
    unlisted(world, salt)
    report = await world.audit()
    [found] = [one for one in report.findings if one.code in {"registration-unfounded", "field-malformed"}]
    assert found.subject == world["provider"].did


async def test_an_edition_of_which_the_terms_open_nothing_is_unregistered(world):
    unlisted(world, SALT)
    world.chain = [one for one in world.chain if one.fields.get("series") != H("series-blind", bytes([5]) * 32, SALT)]
    assert {"edition-unregistered", "registration-unfounded"} <= errors(await world.audit())


async def test_a_second_blind_id_is_a_second_certificate(world):
    terms = unlisted(world, SALT, OTHER_SALT)
    other, provider = H("edition-blind", terms.edition_id, OTHER_SALT), world["provider"].account
    world.mine("EditionRegistered", editionId=other, provider=provider, series=bytes(32), number=1)
    assert subject(await world.audit(), "edition-registered-twice") == {world["provider"].did}


async def test_the_rights_in_a_blind_edition_are_those_in_its_certificate(world):
    terms = unlisted(world, SALT)
    at = next(at for at, one in enumerate(world.chain) if one.fields.get("editionId") == terms.registered_id)
    gone = {"sender": world["provider"].account, "receiver": STRANGER, "token_id": int.from_bytes(terms.registered_id)}
    world.chain.insert(at + 1, ChainEvent("Transfer", gone, world.chain[at].block))
    assert subject(await world.audit(), "licence-without-rights") == {world["provider"].did}


# --- sub-licences


def sub_licensed(world):
    opening = Tariff("opening", 250, 1, "CNY")
    policy = {"permission": [{"action": "use"}, {"action": "grantUse"}]}
    parent = world.sign(3, opening, "leased", 900, policy)
    return parent, world.sign(4, opening, "leased", 900, policy, of=3, parent=parent["digest"])


async def test_a_sub_licence_stands_on_chain_under_the_parent_that_was_signed(world):
    sub_licensed(world)
    assert not {"sublicence-unrecorded", "sublicence-misplaced", "licence-without-rights"} & errors(await world.audit())
    change(world, "SubLicenceGranted", child=STRANGER)
    assert "sublicence-misplaced" in errors(await world.audit())
    change(world, "SubLicenceGranted", child=world["buyer"].account, parent=world.kept["digest"])
    assert "sublicence-misplaced" in errors(await world.audit())
    world.chain = [one for one in world.chain if one.name != "SubLicenceGranted"]
    assert "sublicence-unrecorded" in errors(await world.audit())


async def test_a_pledged_licence_gives_no_sub_licence(world):
    parent, _ = sub_licensed(world)
    fields = {
        "agreementDigest": parent["digest"],
        "buyer": world["buyer"].account,
        "creditor": STRANGER,
        "terms": TERMS,
    }
    insert(world, "SubLicenceGranted", "LicencePledged", **fields)
    assert subject(await world.audit(), "pledge-broken") == {world["buyer"].did}


async def test_what_ends_a_licence_ends_those_below_it(world):
    parent, child = sub_licensed(world)
    name = child["digest"].hex()
    fields = {"transfer": "07" * 32, "opening": "1", "readerKey": "0e" * 32, "purpose": "x", "rows": "1", "bytes": "1"}
    world.record("buyer", "opening.started", name, ["07" * 32, "1"], **fields)
    assert not {"used-after-end", "used-while-suspended"} & errors(await world.audit())
    for event, code in (("LicenceRevoked", "used-after-end"), ("LicenceSuspended", "used-while-suspended")):
        world.chain.append(ChainEvent(event, {"agreementDigest": parent["digest"]}, 2))
        found = [one.facts["agreement"] for one in (await world.audit()).findings if one.code == code]
        assert found == [name]


# --- the registry


async def test_a_space_in_no_registry_is_a_warning(world):
    world.chain = [one for one in world.chain if one.name not in {"SpaceFounded", "MemberAdmitted"}]
    report = await world.audit()
    assert "space-unregistered" in report.codes() - errors(report)


async def test_a_member_that_the_registry_does_not_know_is_a_warning(world):
    change(world, "MemberAdmitted", member=STRANGER)
    report = await world.audit()
    assert subject(report, "member-unregistered") == {world["provider"].did}
    assert report.clean


@pytest.mark.parametrize("fields", [{"did": bytes(32)}, {"role": 9}, {"keys": {"logKey": bytes(32)}}])
async def test_a_member_that_is_registered_otherwise_is_named(world, fields):
    change(world, "MemberAdmitted", **fields)
    assert subject(await world.audit(), "member-registered-otherwise") == {world["provider"].did}


async def test_changes_in_the_registry_count(world):
    space, provider = did_digest(world["exchange"].did), world["provider"].account
    [admitted] = [one for one in world.chain if one.fields.get("member") == provider]
    world.mine("RoleChanged", space=space, member=provider, role=2)
    assert "member-registered-otherwise" in errors(await world.audit())
    world.mine("RoleChanged", space=space, member=provider, role=admitted.fields["role"])
    world.mine("KeysChanged", space=space, member=provider, keys=admitted.fields["keys"])
    world.mine("ExchangeNamed", space=space, exchange=STRANGER, by=world["exchange"].account)
    report = await world.audit()
    assert report.clean
    assert subject(report, "exchange-unlisted") == {world["exchange"].did}
    world.mine("ExchangeDismissed", space=space, exchange=world["exchange"].account, by=STRANGER)
    assert subject(await world.audit(), "member-registered-otherwise") == {world["exchange"].did}


async def test_another_space_s_events_change_nothing(world):
    world.mine("MemberRevoked", space=bytes(32), member=world["provider"].account, by=STRANGER, cause=TERMS)
    assert (await world.audit()).clean


async def test_acts_for_a_revoked_member_are_named(world):
    space, buyer = did_digest(world["exchange"].did), world["buyer"].account
    world.record("buyer", "agreement.ended", "00", ["00"], reason="", by="")
    insert(world, "Opened", "MemberRevoked", space=space, member=buyer, by=STRANGER, cause=TERMS)
    report = await world.audit()
    assert errors(report) == {"member-revoked", "act-after-revocation"}
    acts = {(one.facts["act"], one.facts["as"]) for one in report.findings if one.code == "act-after-revocation"}
    assert acts == {("Opened", "payer")}


@pytest.mark.parametrize(
    ("block", "resumed", "named"),
    [(2, None, True), (3, None, False), (2, 2, False), (1, 3, False), (1, 5, True)],
    ids=["before the block that is cited", "in it", "resumed before", "resumed in it", "resumed after"],
)
async def test_keys_for_a_suspended_member_are_named(world, block, resumed, named):
    """All releases cite block 3."""
    space, buyer = did_digest(world["exchange"].did), world["buyer"].account
    about = {"space": space, "member": buyer, "by": STRANGER, "cause": TERMS, "at": 1}
    world.chain.append(ChainEvent("MemberSuspended", about, block))
    if resumed is not None:
        world.chain.append(ChainEvent("MemberResumed", about, resumed))
    report = await world.audit()
    assert subject(report, "released-to-suspended") == ({world["provider"].did} if named else set())
    assert ("member-registered-otherwise" in errors(report)) is (resumed is None), "the document says nothing of it"


async def test_who_serves_a_suspended_member_has_a_minute_to_learn_of_it(world):
    space, buyer = did_digest(world["exchange"].did), world["buyer"].account
    at = int(world["provider"].records[0].time.timestamp())
    about = {"space": space, "member": buyer, "by": STRANGER, "cause": TERMS, "at": at}
    world.chain.append(ChainEvent("MemberSuspended", about, 2))
    assert not subject(await world.audit(), "released-to-suspended")


async def test_entries_after_the_revocation_are_named_by_the_block_that_they_cite(world):
    space, buyer = did_digest(world["exchange"].did), world["buyer"]
    world.chain.append(ChainEvent("MemberRevoked", {"space": space, "member": buyer.account}, 3))
    assert "signed-after-revocation" not in errors(await world.audit()), "what cites block 3 may have been before"
    at = buyer.find("opening.started")
    buyer.records[at] = replace(buyer.records[at], block=Block(4, BLOCKS[4]))
    buyer._sealed[at : at + 1] = []
    named = [one.index for one in (await world.audit()).findings if one.code == "signed-after-revocation"]
    assert named == [at]


async def test_a_division_by_whom_nobody_named_is_one_finding(world):
    space, channel = did_digest(world["exchange"].did), {"channelId": world.channel_a["id"]}
    divided = {**channel, "toPayees": 0, "toPayer": 0, "ruling": bytes(32)}
    world.mine("ArbitratorNamed", space=space, arbitrator=STRANGER, by=STRANGER)
    world.mine("Divided", **divided)
    assert subject(await world.audit(), "division-by-unnamed") == {world["regulator"].did}
    world.chain.pop()
    world.mine("ArbitratorNamed", space=space, arbitrator=world["regulator"].account, by=STRANGER)
    world.mine("ArbitratorDismissed", space=space, arbitrator=STRANGER, by=STRANGER)
    world.mine("Divided", **divided)
    assert "division-by-unnamed" not in errors(await world.audit())


def test_structs_of_events_are_kept_in_an_archive(world):
    kept = read_events(write_events(world.chain))
    assert [(one.name, one.block) for one in kept] == [(one.name, one.block) for one in world.chain]
    assert kept[1].fields["keys"] == world.chain[1].fields["keys"]
