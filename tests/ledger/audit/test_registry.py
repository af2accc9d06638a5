"""The registry of a space, replayed: who is in it, who rests, who left, and what members did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ledger.audit import registry
from ledger.audit.registry import LEARN_SECONDS, Registered, Registry
from ledger.audit.report import Report
from ledger.chain.standing import did_digest, number_of
from ledger.space.document import REVOKED, SUSPENDED
from tests.contracts.test_assent import ASSENT
from tests.every import every
from tests.ledger.audit.shelf import book, event, found, shelf

EXCHANGE, SELLER, BUYER = "did:web:exchange", "did:web:seller", "did:web:buyer"
ACCOUNTS = {EXCHANGE: b"\1" * 20, SELLER: b"\2" * 20, BUYER: b"\3" * 20}
ROLES = {EXCHANGE: "exchange", SELLER: "provider", BUYER: "buyer"}
SPACE_ID = did_digest(EXCHANGE)
KEYS = {"logKey": b"l", "deliveryKey": b"d", "aggregateKey": b"a"}
OTHER = b"\t" * 20
# keys that logs have had, as the document says
FORMER = dict.fromkeys(ACCOUNTS, ())
CHANNEL = b"\xc1" * 32


def member(did):
    return SimpleNamespace(
        did=did,
        address=ACCOUNTS[did],
        role=ROLES[did],
        log_key=b"l",
        delivery=b"d",
        aggregate=b"a",
        log_former=FORMER[did],
        accounts=(ACCOUNTS[did],),
        address_former=(),
    )


def space(barred=()):
    members = {did: member(did) for did in ACCOUNTS}
    by_address = {one.address: one for one in members.values()}
    return SimpleNamespace(exchange=EXCHANGE, members=members, barred=dict(barred), by_address=by_address.get)


def said(name, block=1, of=SPACE_ID, **fields):
    return SimpleNamespace(name=name, block=block, fields={"space": of, **fields})


def admitted(who, block=1, **changed):
    fields = {"member": ACCOUNTS[who], "did": did_digest(who), "role": number_of(ROLES[who]), "keys": KEYS}
    return said("MemberAdmitted", block, **{**fields, **changed})


def founded(**changed):
    """The events that found the space; `changed` are (did → fields of its admission)."""
    rest = [admitted(did, **changed.get(did.rsplit(":", 1)[1], {})) for did in (SELLER, BUYER)]
    return [said("SpaceFounded", exchange=ACCOUNTS[EXCHANGE]), *rest]


def of(name, did, block=5, **fields):
    return said(name, block, member=ACCOUNTS[did], **fields)


def checked(*events, logs=(), barred=(), report=None):
    report = report or Report()
    registry.check(space(barred), shelf(*logs), list(events), report)
    return found(report)


def test_a_space_as_its_document_says_is_fine():
    assert checked(*founded()) == []


def test_what_the_registry_says_beyond_its_members_changes_nothing():
    assert checked(*founded(), said("SpaceRenamed", exchange=OTHER)) == []


def test_a_space_that_nobody_founded_is_named_alone():
    assert checked(*founded()[1:]) == [("space-unregistered", EXCHANGE, None)]


def test_a_member_is_in_the_registry():
    assert checked(*founded()[:-1]) == [("member-unregistered", BUYER, None)]
    elsewhere = admitted(BUYER, of=did_digest("did:web:another"))
    assert checked(*founded()[:-1], elsewhere) == [("member-unregistered", BUYER, None)]


@every(
    ("changed", "fields"),
    [
        ({"did": bytes(32)}, "did"),
        ({"role": number_of("provider")}, "role"),
        ({"keys": {**KEYS, "logKey": b"x"}}, "logKey"),
        ({"keys": {**KEYS, "deliveryKey": b"x"}}, "deliveryKey"),
        ({"keys": {"logKey": b"l", "deliveryKey": b"d"}}, "aggregateKey"),
        ({"did": bytes(32), "keys": {}}, "did, logKey, deliveryKey, aggregateKey"),
    ],
)
def test_a_member_is_registered_as_the_document_says(changed, fields):
    report = Report()
    assert checked(*founded(buyer=changed), report=report) == [("member-registered-otherwise", BUYER, None)]
    assert report.findings[0].facts["fields"] == fields


def test_changes_are_followed():
    wrong = founded(buyer={"role": number_of("provider"), "keys": {}})
    changed = of("RoleChanged", BUYER, role=number_of("buyer")), of("KeysChanged", BUYER, keys=KEYS)
    assert checked(*wrong, *changed) == []
    assert checked(*founded(), *(said(one.name, 5, **{**one.fields, "member": OTHER}) for one in changed)) == []
    assert checked(*founded(), said("MemberSuspended", 5, member=OTHER, at=1)) == []


@pytest.mark.parametrize(
    ("who", "had", "holds"), [(BUYER, b"k", True), (BUYER, b"x", False), (SELLER, b"k", False), (EXCHANGE, b"k", False)]
)
def test_a_former_key_of_a_log_was_registered_by_its_member(monkeypatch, who, had, holds):
    """What the exchange alone says was a key of a log would sign heads in its owner's name."""
    monkeypatch.setitem(FORMER, who, (SimpleNamespace(key=had),))
    begun = founded(buyer={"keys": {**KEYS, "logKey": b"k"}})
    found = checked(*begun, of("KeysChanged", BUYER, keys=KEYS))
    assert found == ([] if holds else [("member-registered-otherwise", who, None)])


def test_who_runs_the_space_is_an_exchange_of_it():
    named, dismissed = said("ExchangeNamed", exchange=OTHER), said("ExchangeDismissed", exchange=OTHER)
    assert checked(*founded(), named) == [("exchange-unlisted", EXCHANGE, None)]
    assert checked(*founded(), named, dismissed) == []
    gone = said("ExchangeDismissed", exchange=ACCOUNTS[EXCHANGE])
    report = Report()
    assert checked(*founded(), gone, report=report) == [("member-registered-otherwise", EXCHANGE, None)]
    assert report.findings[0].facts["fields"] == "exchange"


@every(
    ("events", "barred", "names"),
    [
        ([], {}, []),
        (["MemberSuspended"], {BUYER: SUSPENDED}, []),
        (["MemberSuspended"], {}, ["member-registered-otherwise"]),
        ([], {BUYER: SUSPENDED}, ["member-registered-otherwise"]),
        (["MemberSuspended", "MemberResumed"], {}, []),
        (["MemberRevoked"], {BUYER: REVOKED}, []),
        (["MemberRevoked"], {}, ["member-revoked"]),
        (["MemberRevoked"], {BUYER: SUSPENDED}, ["member-revoked"]),
        ([], {BUYER: REVOKED}, []),
    ],
)
def test_who_rests_or_left_does_so_in_the_document(events, barred, names):
    turns = [of(name, BUYER, at=100) for name in events]
    assert checked(*founded(), *turns, barred=barred) == [(name, BUYER, None) for name in names]


def test_who_left_by_the_document_alone_is_still_registered_as_it_says():
    other = founded(buyer={"role": number_of("provider")})
    assert checked(*other, barred={BUYER: REVOKED}) == [("member-registered-otherwise", BUYER, None)]


def act(name, block=6, **accounts):
    return SimpleNamespace(name=name, block=block, fields={"channelId": CHANNEL, **accounts})


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("EditionRegistered", "provider"), ("LicenceGranted", "provider"), ("LicenceGranted", "buyer"),
        ("Opened", "payer"), ("Opened", "payee"),
    ],
)  # fmt: skip
def test_nothing_is_done_for_who_left(name, field):
    accounts = dict.fromkeys(("provider", "buyer", "payer", "payee"), OTHER) | {field: ACCOUNTS[BUYER]}
    left = of("MemberRevoked", BUYER)
    names = checked(*founded(), left, act(name, **accounts), barred={BUYER: REVOKED})
    assert names == [("act-after-revocation", BUYER, None)]
    assert checked(*founded(), act(name, **accounts), left, barred={BUYER: REVOKED}) == []


ARBITER = b"\7" * 20


def test_a_division_is_by_a_named_arbitrator_where_any_is_named():
    opened = act("Opened", payer=OTHER, payee=OTHER, arbitrator=ARBITER)
    divided, named = act("Divided"), said("ArbitratorNamed", arbitrator=ARBITER)
    other = said("ArbitratorNamed", arbitrator=OTHER)
    assert checked(*founded(), opened, divided) == []
    assert checked(*founded(), named, opened, divided) == []
    assert checked(*founded(), other, opened, divided) == [("division-by-unnamed", "chain", None)]
    dismissed = said("ArbitratorDismissed", arbitrator=ARBITER)
    assert checked(*founded(), named, other, dismissed, opened, divided) == [("division-by-unnamed", "chain", None)]
    assert checked(*founded(), other, divided) == [("division-by-unnamed", "chain", None)]
    known = act("Opened", payer=OTHER, payee=OTHER, arbitrator=ACCOUNTS[SELLER])
    assert checked(*founded(), other, known, divided) == [("division-by-unnamed", SELLER, None)]


@every(("block", "late"), [(None, False), (5, False), (6, True)])
@every("kind", sorted(registry.SIGNED))
def test_what_is_signed_after_leaving_is_named(kind, block, late):
    log = book(BUYER, event("time.mark"), event(kind, "p", block=block), event("keys.received", "p", block=9))
    left = of("MemberRevoked", BUYER)
    names = checked(*founded(), left, logs=[log], barred={BUYER: REVOKED})
    assert names == ([("signed-after-revocation", BUYER, 1)] if late else [])
    assert checked(*founded(), logs=[log]) == []
    exchange = book(EXCHANGE, event(kind, "p", block=block))
    assert len(checked(*founded(), left, logs=[exchange, log], barred={BUYER: REVOKED})) == late, "of it, no log"


PAID = act("Opened", payer=ACCOUNTS[BUYER], payee=ACCOUNTS[SELLER])


def released(block, seconds, channel=CHANNEL):
    return event("keys.released", channel.hex(), block=block, time=datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("one", "named"),
    [
        (released(6, 1000 + LEARN_SECONDS + 1), True),
        (released(6, 1000 + LEARN_SECONDS), False),
        (released(5, 9999), False),
        (released(None, 9999), False),
        (released(6, 9999, b"\xc2" * 32), False),
    ],
)
def test_who_is_suspended_is_given_no_keys(one, named):
    rests = of("MemberSuspended", BUYER, at=1000)
    report = Report()
    names = checked(*founded(), PAID, rests, logs=[book(SELLER, one)], barred={BUYER: SUSPENDED}, report=report)
    assert names == ([("released-to-suspended", SELLER, 0)] if named else [])
    assert [one.facts["block"] for one in report.findings] == ["5"] * named


def test_of_who_never_rested_nothing_is_asked():
    logs = [book(SELLER, released(6, 9999))]
    assert checked(*founded(), PAID, logs=logs) == []
    rests = of("MemberSuspended", SELLER, at=1000)
    assert checked(*founded(), PAID, rests, logs=logs, barred={SELLER: SUSPENDED}) == []


LONG_AFTER = datetime.fromtimestamp(9999, UTC)


def begun(block, seconds, reviewer=BUYER):
    """A program that was begun by an assent of somebody, whose signature is looked at elsewhere."""
    signed = {"document": replace(ASSENT, reviewer=reviewer).json(), "signature": "00" * 65, "parameters": []}
    at = datetime.fromtimestamp(seconds, UTC)
    return event("computation.started", "a1" * 32, block=block, time=at, assent=signed)


@every(
    ("one", "named"),
    [
        (begun(6, 1000 + LEARN_SECONDS + 1), True),
        (begun(6, 1000 + LEARN_SECONDS), False),
        (begun(5, 9999), False),
        (begun(None, 9999), False),
        (begun(6, 9999, "did:web:else"), False),
        (
            event("computation.started", "a1" * 32, block=6, time=LONG_AFTER, assent="none"),
            False,
        ),
    ],
)
def test_no_program_is_run_by_the_assent_of_who_is_suspended_or_revoked(one, named):
    for barred, turn in ((SUSPENDED, of("MemberSuspended", BUYER, at=1000)), (REVOKED, of("MemberRevoked", BUYER))):
        found = checked(*founded(), turn, logs=[book(SELLER, one)], barred={BUYER: barred})
        late = one.block is not None and one.block.number > 5
        expected = named if barred == SUSPENDED else late and "assent" in one.fields and _by(one) == BUYER
        assert found == ([("program-unassented", SELLER, 0)] if expected else []), barred
        assert checked(*founded(), logs=[book(SELLER, one)]) == []


def _by(one):
    told = one.fields["assent"]
    return told["document"]["reviewer"] if isinstance(told, dict) else ""


@every(
    ("rests", "block"),
    [
        ((), None),
        (((5, 100, True),), 5),
        (((6, 100, True),), None),
        (((5, 100, True), (6, 110, False)), None),
        (((4, 90, True), (5, 100, False)), None),
        (((3, 80, True), (4, 90, False), (5, 100, True)), 5),
        (((5, 100, True), (7, 110, False)), 5),
    ],
)
def test_a_member_rests_from_the_block_after(rests, block):
    one = Registered(b"", 1, {}, 1, rests=rests)
    assert one.resting(6, 161) == block
    assert one.resting(6, 160) is None
    assert one.suspended is bool(rests and rests[-1][2])


def test_the_registry_knows_since_when_and_who_is_gone():
    events = [*founded(), admitted(BUYER, 9)]
    assert registry.admitted(space(), events) == {ACCOUNTS[SELLER]: 1, ACCOUNTS[BUYER]: 9}
    one = Registry(SPACE_ID)
    for each in events:
        one.take(each)
    assert not one.gone(ACCOUNTS[BUYER])
    assert not one.gone(OTHER)
    one.take(of("MemberRevoked", BUYER))
    assert one.gone(ACCOUNTS[BUYER])
