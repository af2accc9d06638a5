"""What the chain records of members, rights and pledges, held against who acted: each contradiction is named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from contracts.address import NOBODY
from contracts.labels import H
from contracts.tariff import Tariff
from ledger.audit import rights
from ledger.audit.archive import read_events, write_events
from ledger.audit.docket import Docket
from ledger.audit.report import Report
from ledger.audit.sums import Edition
from ledger.chain.standing import did_digest
from ledger.log.events import Block
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


# --- rights, told by the events of the chain alone

SELLER, BUYER = b"\x01" * 20, b"\x02" * 20
FORMER = b"\x11" * 20  # an account that the seller had
DIDS = {SELLER: "did:web:seller", BUYER: "did:web:buyer"}
EDITION, BLIND, LICENCE, BELOW = b"\0" + b"\xe0" * 31, b"\xb0" * 32, b"\xa0" * 32, b"\xa1" * 32


def told(name, **fields):
    return ChainEvent(name, fields, 7)


def registered(edition=EDITION, provider=SELLER):
    return told("EditionRegistered", editionId=edition, provider=provider)


def transferred(sender=SELLER, receiver=BUYER, edition=EDITION):
    return told("Transfer", token_id=int.from_bytes(edition), sender=sender, receiver=receiver)


def granted(provider=SELLER, digest=LICENCE, edition=EDITION):
    return told("LicenceGranted", agreementDigest=digest, editionId=edition, provider=provider, buyer=BUYER)


def below(parent=LICENCE, child=STRANGER, holder=BUYER, digest=BELOW):
    return told("SubLicenceGranted", agreementDigest=digest, parent=parent, child=child, holder=holder)


def deal(digest=LICENCE, parent=None, buyer=BUYER, blind=EDITION):
    terms = SimpleNamespace(edition_id=EDITION, registered_id=blind, parent=parent, hosted=None)
    return SimpleNamespace(digest=digest, terms=terms, agreement=SimpleNamespace(buyer=buyer), provider=DIDS[SELLER])


def replayed(*events, deals=()):
    """Replay the chain beside agreements; return (code, subject, what was done) of each finding, and the report."""
    members = {account: SimpleNamespace(did=did) for account, did in DIDS.items()}
    members[FORMER], report = members[SELLER], Report()
    own = {SELLER: (SELLER, FORMER), FORMER: (SELLER, FORMER)}
    space = SimpleNamespace(by_address=members.get, accounts_with=lambda one: own.get(one, (one,)))
    sold = [Edition(one.terms.edition_id, one.provider, one.terms.registered_id) for one in deals]
    rights.check(space, list(events), {one.digest.hex(): one for one in deals}, sold, Docket(), report)
    return [(one.code, one.subject, one.facts.get("what")) for one in report.findings], report


def test_what_one_account_of_a_seller_holds_another_one_of_its_sells():
    sold = registered(provider=FORMER), transferred(FORMER, SELLER)
    assert replayed(*sold, granted(SELLER))[0] == [], "who follows"
    assert replayed(*sold, granted(FORMER))[0] == [], "what was agreed before"
    assert replayed(registered(provider=FORMER), granted(SELLER))[0] == [], "an edition that did not pass"
    stolen = *sold, transferred(SELLER, BUYER), granted(FORMER)
    assert replayed(*stolen)[0] == [("licence-without-rights", DIDS[SELLER], None)]


def test_an_edition_is_sold_by_who_holds_its_certificate():
    assert replayed(registered(), granted())[0] == []
    found, report = replayed(registered(), granted(BUYER))
    assert found == [("licence-without-rights", DIDS[BUYER], None)]
    assert report.findings[0].facts == {"agreement": LICENCE.hex(), "edition": EDITION.hex(), "block": "7"}
    assert replayed(registered(), transferred(), granted(BUYER))[0] == []
    assert replayed(registered(), transferred(), granted())[0] == [("licence-without-rights", DIDS[SELLER], None)]
    assert replayed(transferred(NOBODY, BUYER), registered(), granted(BUYER))[0] == [], "who was made its holder first"
    assert replayed(registered(), granted(STRANGER))[0] == [("licence-without-rights", "chain", None)]
    assert replayed(granted())[0] == [], "of what nobody registered nothing is known"


def test_what_is_withdrawn_is_sold_no_longer():
    gone = told("EditionWithdrawn", editionId=EDITION, holder=SELLER)
    assert replayed(registered(), granted(), gone)[0] == []
    found, report = replayed(registered(), gone, granted())
    assert found == [("licence-of-withdrawn", DIDS[SELLER], None)]
    assert report.findings[0].facts == {"agreement": LICENCE.hex(), "edition": EDITION.hex(), "block": "7"}


def test_the_rights_in_an_edition_are_those_in_the_id_by_which_the_chain_knows_it():
    events = registered(BLIND), transferred(edition=BLIND), granted()
    assert replayed(*events)[0] == []
    assert replayed(*events, deals=[deal(blind=BLIND)])[0] == [("licence-without-rights", DIDS[SELLER], None)]


@pytest.mark.parametrize(
    ("act", "who", "what"),
    [
        (transferred(), SELLER, "transferred"),
        (told("EditionWithdrawn", editionId=EDITION, holder=SELLER), SELLER, "withdrawn"),
        (below(parent=EDITION), BUYER, "passed on"),
    ],
)
def test_what_is_pledged_stays_where_it_is(act, who, what):
    by_licence = what == "passed on"
    name = {"agreementDigest" if by_licence else "editionId": EDITION}
    pledged, released = (
        told(("Licence" if by_licence else "Edition") + one, **name) for one in ("Pledged", "Released")
    )
    assert replayed(act)[0] == []
    found, report = replayed(pledged, act)
    assert found == [("pledge-broken", DIDS[who], what)]
    assert report.findings[0].facts["subject"] == EDITION.hex()
    assert replayed(pledged, released, act)[0] == []
    assert replayed(released, act)[0] == []


def test_a_certificate_is_made_although_what_it_is_for_was_pledged_before():
    assert replayed(told("EditionPledged", editionId=EDITION), transferred(NOBODY))[0] == []


def test_a_sub_licence_draws_on_what_its_parent_was_sold_by():
    sold = registered(), granted(BUYER, BELOW)
    assert replayed(*sold)[0] == [("licence-without-rights", DIDS[BUYER], None)]
    assert replayed(*sold, below())[0] == []


@pytest.mark.parametrize(
    ("changed", "right"),
    [({}, True), ({"parent": EDITION}, False), ({"child": BUYER}, False), ({"holder": STRANGER}, False)],
)
def test_a_sub_licence_stands_on_chain_as_it_was_signed(changed, right):
    deals = deal(), deal(BELOW, parent=LICENCE, buyer=STRANGER)
    found, report = replayed(below(**changed), deals=deals)
    assert found == ([] if right else [("sublicence-misplaced", DIDS[SELLER], None)])
    assert [one.facts for one in report.findings] == [{"agreement": BELOW.hex(), "parent": LICENCE.hex()}] * (not right)


def test_of_a_sub_licence_whose_parent_is_in_no_log_the_chain_says_who_held_it():
    assert replayed(below(holder=STRANGER), deals=[deal(BELOW, parent=LICENCE, buyer=STRANGER)])[0] == []


def test_a_sub_licence_that_was_signed_is_on_chain_and_one_that_was_not_is_not():
    found, report = replayed(deals=[deal(BELOW, parent=LICENCE)])
    assert found == [("sublicence-unrecorded", DIDS[SELLER], None)]
    assert report.findings[0].facts == {"agreement": BELOW.hex(), "parent": LICENCE.hex()}
    found, report = replayed(below(), deals=[deal(BELOW, buyer=STRANGER)])
    assert found == [("sublicence-misplaced", DIDS[SELLER], None)]
    assert report.findings[0].facts["parent"] == ""
    assert replayed(deals=[deal()])[0] == []


# --- rights, in the small space


async def test_an_edition_passed_on_with_its_certificate_is_sold_by_its_new_holder_only():
    world = World()
    insert(world, "LicenceGranted", "Transfer", **moved(world, world["provider"].account))
    report = await world.audit()
    assert subject(report, "licence-without-rights") == {world["provider"].did}
    world = World()
    world.mine("Transfer", **moved(world, world["provider"].account))
    assert "licence-without-rights" not in errors(await world.audit()), "sold before it was passed on"


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


async def test_entries_after_the_revocation_are_named_by_the_block_that_they_cite(world):
    space, buyer = did_digest(world["exchange"].did), world["buyer"]
    world.chain.append(ChainEvent("MemberRevoked", {"space": space, "member": buyer.account}, 3))
    assert "signed-after-revocation" not in errors(await world.audit()), "what cites block 3 may have been before"
    at = buyer.find("opening.started")
    buyer.records[at] = replace(buyer.records[at], block=Block(4, BLOCKS[4]))
    buyer._sealed[at : at + 1] = []
    named = [one.index for one in (await world.audit()).findings if one.code == "signed-after-revocation"]
    assert named == [at]


def test_structs_of_events_are_kept_in_an_archive(world):
    kept = read_events(write_events(world.chain))
    assert [(one.name, one.block) for one in kept] == [(one.name, one.block) for one in world.chain]
    assert kept[1].fields["keys"] == world.chain[1].fields["keys"]
