"""Heads on the chain: who registered a log and with whom, and who answers for a head that its log does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from contracts import address
from ledger.audit import anchors
from ledger.audit.archive import Archive, Recording
from ledger.audit.audit import run
from ledger.audit.facts import Anchored, ChainFacts
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.log.checkpoint import origin_id
from ledger.log.events import Block
from ledger.log.note import NOTE_LIMIT_BYTES
from ledger.space.accounts import FormerAccount
from tests.every import every
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.test_heads import (
    ANOTHER,
    BUYER,
    BY_ROLE,
    DIARIES,
    EVERYBODY_AT_1,
    LOG,
    ORIGIN,
    SIZE,
    SPACE,
    books,
    kept,
    note,
)
from tests.ledger.audit.values import codes, event
from tests.ledger.audit.world import ChainEvent, Given, errors

WITNESSES = [BY_ROLE["exchange"].address, BY_ROLE["regulator"].address]
REGISTERED = {"owner": BUYER.address, "witnesses": WITNESSES, "quorum": 2}
TAKEN = Anchored(SIZE, LOG.root(SIZE), 8)
UNTIL = datetime(2026, 11, 30, tzinfo=UTC)


def anchored(*taken, admitted=EVERYBODY_AT_1, new=(), block=7, registered=REGISTERED, **facts):
    report = Report()
    logs = {} if registered is None else {ORIGIN: [ChainEvent("LogRegistered", registered, block)]}
    known = ChainFacts(anchors={ORIGIN: list(taken)}, logs=logs, **facts)
    lacking = anchors.check(SPACE, books(), known, admitted, new, report)
    return report, lacking.get(BUYER.did, [])


def test_a_log_is_registered_and_anchored_unless_it_is_new():
    report, lacking = anchored(TAKEN, Anchored(3, LOG.root(3), 7))
    assert (report.findings, report.proofs_verified, lacking) == ([], 2, [])
    assert codes(anchored()[0]) == [("log-not-anchored", BUYER.did)]
    assert codes(anchored(TAKEN, registered=None)[0]) == [("log-not-registered", BUYER.did)]
    assert anchored(registered=None, new={BUYER.did})[0].findings == []


def test_what_a_log_lacks_of_its_anchors_is_told_and_accuses_nobody_yet():
    longer = Anchored(SIZE + 2, LOG.root(SIZE + 2), 7)
    for other in (Anchored(3, ANOTHER, 7), Anchored(SIZE, ANOTHER, 7), longer):
        report, lacking = anchored(other)
        assert (report.findings, report.proofs_verified, lacking) == ([], 0, [other])
    assert anchored(TAKEN, longer)[1] == [longer]


def test_a_fork_and_another_key_on_chain_are_named():
    assert codes(anchored(TAKEN, forked={ORIGIN})[0]) == [("log-forked-on-chain", BUYER.did)]
    assert codes(anchored(TAKEN, proven={BUYER.address: b"\x01" * 48})[0]) == [("witness-key-differs", BUYER.did)]
    assert anchored(TAKEN, proven={BUYER.address: BUYER.aggregate})[0].findings == []


@every(
    ("changes", "admitted", "code"),
    [
        ({"owner": ANOTHER[:20]}, {}, "anchor-owner-differs"),
        ({"quorum": 1}, {}, "anchor-witnesses-differ"),
        ({"quorum": 3}, {}, None),
        ({"witnesses": WITNESSES[:1]}, {}, "anchor-witnesses-differ"),
        ({"witnesses": [*WITNESSES, ANOTHER[:20]]}, {}, "anchor-witnesses-differ"),
        ({"witnesses": WITNESSES[:1], "quorum": 1}, {WITNESSES[1]: 8}, None),
        ({"witnesses": WITNESSES[:1], "quorum": 0}, {WITNESSES[1]: 8}, "anchor-witnesses-differ"),
        ({"witnesses": WITNESSES[:1], "quorum": 1}, {WITNESSES[1]: 7}, "anchor-witnesses-differ"),
        ({"quorum": 1}, {WITNESSES[1]: 8}, None),
        ({"witnesses": [], "quorum": 0}, {WITNESSES[0]: 8, WITNESSES[1]: 8}, None),
    ],
)
def test_a_registration_names_owner_and_witnesses_of_then(changes, admitted, code):
    report, _ = anchored(TAKEN, registered=REGISTERED | changes, admitted=EVERYBODY_AT_1 | admitted)
    assert codes(report) == ([] if code is None else [(code, BUYER.did)])
    assert all(one.facts["block"] == "7" for one in report.findings)


def test_who_is_in_the_registry_from_its_first_block_can_be_named_there():
    changed = REGISTERED | {"witnesses": []}
    report, _ = anchored(TAKEN, registered=changed, admitted={}, block=0)
    assert codes(report) == [("anchor-witnesses-differ", BUYER.did)]


def test_a_registration_may_name_accounts_that_its_owner_and_its_witnesses_had():
    def goes_on(one):
        return replace(one, address=bytes([7]) + one.address[1:], address_former=(FormerAccount(one.address, UNTIL),))

    going = {one.did: goes_on(one) for one in (BUYER, BY_ROLE["exchange"])}
    space, held = SPACE.changed(going.values(), {}), books()
    held[BUYER.did] = replace(held[BUYER.did], party=going[BUYER.did])
    now = [going[BY_ROLE["exchange"].did].address, WITNESSES[1]]
    for witnesses, code in (
        (WITNESSES, None),
        (now, None),
        (WITNESSES[1:], "anchor-witnesses-differ"),
        ([*now, ANOTHER[:20]], "anchor-witnesses-differ"),
    ):
        report, told = Report(), REGISTERED | {"witnesses": witnesses}
        facts = ChainFacts(anchors={ORIGIN: [TAKEN]}, logs={ORIGIN: [ChainEvent("LogRegistered", told, 7)]})
        anchors.check(space, held, facts, EVERYBODY_AT_1 | {now[0]: 9}, (), report)
        assert codes(report) == ([] if code is None else [(code, BUYER.did)]), witnesses


# ---- who answers for what a log lacks

STOLEN = Anchored(SIZE + 1000, ANOTHER, 9)
EXCHANGE, REGULATOR, PROVIDER = (BY_ROLE[role] for role in ("exchange", "regulator", "provider"))
WITHOUT, UNEXPLAINED = "anchor-without-checkpoint", "anchor-unexplained"
SAW, SHRANK, FORKED = "peer-saw-other-log", "log-shrank-below-anchor", "log-forked-from-anchor"


def shows(signed):
    """The answer of a witness: the note that it kept."""
    return signed.encode().encode()


SAME = {"exchange": shows(note()), "regulator": shows(note())}


async def blamed(*taken, said=SAME, split=(), registered=((7, REGISTERED),), read=(), unknown=()):
    """Return what is found of the heads `taken` of the buyer's log beside its own, and which count as its anchors.

    `said` role → what that witness answers; block n was made n seconds after 1970, those of `unknown` are not there.
    """

    async def fetch(url):
        answers = {f"{DIARIES[role].url}/log/cosigned/{BUYER.origin}": body for role, body in said.items()}
        if url not in answers:
            raise Unavailable(url)
        return answers[url]

    async def at(number):
        return None if number in unknown else datetime.fromtimestamp(number, UTC)

    logs = [ChainEvent("LogRegistered", fields, block) for block, fields in registered]
    facts = ChainFacts(anchors={ORIGIN: [TAKEN, *taken]}, logs={ORIGIN: logs})
    known = books(served=7) | {one.party.did: one for one in read}
    lacking = anchors.check(SPACE, known, facts, EVERYBODY_AT_1, (), Report())
    blocks, report = SimpleNamespace(sources=SimpleNamespace(fetch=fetch), at=at), Report()
    await anchors.blame(SPACE, known, facts, blocks, {BUYER.did: lacking[BUYER.did]}, split, report)
    return report, facts.anchors[ORIGIN]


def without(*members):
    return [(WITHOUT, one.did) for one in members]


def unexplained(*members):
    return [(UNEXPLAINED, one.did) for one in (BUYER, *members)]


@every(
    "shown",
    [shows(note(size=3)), shows(note()), shows(note(size=7))],
    ids=["an older head", "the newest", "one to which the log grew"],
)
async def test_witnesses_who_show_no_such_head_answer_for_it_and_the_log_does_not(shown):
    for stolen in (STOLEN, Anchored(3, ANOTHER, 9)):
        report, left = await blamed(stolen, said=SAME | {"exchange": shown})
        assert (codes(report), left) == (without(EXCHANGE, REGULATOR), [TAKEN])
        told = {"log": BUYER.did, "count": "1", "size": str(stolen.size), "block": "9", "quorum": "2", "of": "2"}
        assert [one.facts for one in report.findings] == [told, told]


async def test_many_heads_of_one_theft_are_one_finding_a_witness():
    report, left = await blamed(STOLEN, Anchored(3, ANOTHER, 10), Anchored(4, ANOTHER, 11))
    assert (codes(report), left) == (without(EXCHANGE, REGULATOR), [TAKEN])
    for one in report.findings:
        assert (one.facts["count"], one.facts["size"], one.facts["block"]) == ("3", "4", "11")


@every(("size", "code"), [(7, SHRANK), (3, FORKED), (SIZE, FORKED)])
async def test_one_witness_who_shows_another_history_proves_it_of_the_log(size, code):
    taken = Anchored(size, ANOTHER, 9)
    for shown in (note(size=size, root=ANOTHER), note(size=size + 8, root=ANOTHER)):
        report, left = await blamed(taken, said=SAME | {"regulator": shows(shown)})
        assert (codes(report), left) == ([(SAW, BUYER.did), (code, BUYER.did)], [TAKEN, taken])
        assert report.findings[0].facts["peer"] == REGULATOR.did
        assert report.signatures_verified == 2
        alone, _ = await blamed(taken, said={"regulator": shows(shown)})
        assert codes(alone) == codes(report), "whatever the others do not show"


async def test_a_log_that_signed_another_history_answers_for_all_that_the_chain_has_beyond_it():
    forked = Anchored(3, ANOTHER, 9)
    facts = [
        {"size": "5", "anchored": "1005", "block": "9", "missing": "1000"},
        {"anchored": "3", "block": "9"},
    ]
    report, _ = await blamed(STOLEN, forked, said={}, split={BUYER.did})
    assert codes(report) == [(SHRANK, BUYER.did), (FORKED, BUYER.did)]
    assert [one.facts for one in report.findings] == facts
    gathered = Anchored(3, ANOTHER, 9, signed=True)
    assert codes((await blamed(gathered))[0]) == [(FORKED, BUYER.did)]
    assert codes((await blamed(STOLEN, split={PROVIDER.did}))[0]) == without(EXCHANGE, REGULATOR)


@every(
    "body",
    [
        shows(note(key="provider")),
        shows(note("provider")),
        b"",
        b"null",
        b"\xff\n\n\n",
        shows(note()) + b"\n",
        b"x" * (NOTE_LIMIT_BYTES + 1),
    ],
)
async def test_a_witness_who_shows_no_note_of_the_log_is_named_beside_it(body):
    report, left = await blamed(STOLEN, said=SAME | {"regulator": body})
    assert (codes(report), left) == (without(EXCHANGE) + unexplained(REGULATOR), [TAKEN])
    assert report.findings[-1].facts["witnesses"] == REGULATOR.did


async def test_of_programs_that_show_nothing_log_and_witnesses_are_named_and_neither_is_proven_guilty():
    report, _ = await blamed(STOLEN, said={})
    assert codes(report) == unexplained(EXCHANGE, REGULATOR)
    assert {one.facts["witnesses"] for one in report.findings} == {f"{EXCHANGE.did}, {REGULATOR.did}"}
    assert not report.clean


@every(("block", "lost"), [(Block(9, ANOTHER), True), (None, True), (Block(8, ANOTHER), False)])
async def test_a_witness_that_was_restored_since_may_have_lost_its_note(block, lost):
    restored = kept("exchange", event("log.restored", "", "00", did=EXCHANGE.did, block=block))
    report, _ = await blamed(STOLEN, read=[restored])
    both = without(EXCHANGE, REGULATOR)
    assert codes(report) == (without(REGULATOR) + unexplained(EXCHANGE) if lost else both)


# ---- whose keys they were

LATER = REGISTERED | {"witnesses": [EXCHANGE.address, PROVIDER.address], "effectiveAt": 20}
AGAIN = REGISTERED | {"witnesses": [PROVIDER.address, REGULATOR.address], "effectiveAt": 30}
EVERYBODY = SAME | {"provider": shows(note())}


@every(
    ("registered", "block", "signers"),
    [
        ([(7, REGISTERED), (8, LATER)], 9, (EXCHANGE, REGULATOR)),
        ([(7, REGISTERED), (8, LATER)], 19, (EXCHANGE, REGULATOR)),
        ([(7, REGISTERED), (8, LATER)], 20, (EXCHANGE, PROVIDER)),
        ([(7, REGISTERED), (8, LATER), (10, AGAIN)], 29, (EXCHANGE, REGULATOR)),
        ([(7, REGISTERED), (8, LATER), (20, AGAIN)], 29, (EXCHANGE, PROVIDER)),
        ([(7, REGISTERED), (8, LATER), (20, AGAIN)], 30, (PROVIDER, REGULATOR)),
        ([(7, REGISTERED), (21, LATER)], 20, (EXCHANGE, REGULATOR)),
    ],
)
async def test_the_witnesses_are_those_of_the_registration_that_counted_then(registered, block, signers):
    report, _ = await blamed(Anchored(SIZE + 9, ANOTHER, block), said=EVERYBODY, registered=registered)
    assert codes(report) == without(*signers)


async def test_where_the_chain_does_not_say_who_signed_the_table_names_whom_to_ask():
    head = Anchored(SIZE + 9, ANOTHER, 20)
    for unknown, registered in (((20,), [(7, REGISTERED), (8, LATER)]), ((), [(21, REGISTERED)]), ((), [])):
        report, _ = await blamed(head, said=EVERYBODY, registered=registered, unknown=unknown)
        assert codes(report) == unexplained(EXCHANGE, REGULATOR)
        other = {"regulator": shows(note(size=7, root=ANOTHER))}
        report, _ = await blamed(head, said=other, registered=registered, unknown=unknown)
        assert codes(report) == [(SAW, BUYER.did), (SHRANK, BUYER.did)]


async def test_an_account_of_no_member_cannot_be_asked():
    strangers = REGISTERED | {"witnesses": [EXCHANGE.address, ANOTHER[:20]]}
    report, _ = await blamed(STOLEN, registered=[(7, strangers)])
    assert codes(report) == without(EXCHANGE) + unexplained()
    assert report.findings[-1].facts["witnesses"] == address.show(ANOTHER[:20])


async def test_fewer_than_all_witnesses_may_have_signed():
    report, _ = await blamed(STOLEN, registered=[(7, REGISTERED | {"quorum": 1})])
    assert codes(report) == without(EXCHANGE, REGULATOR)
    assert {(one.facts["quorum"], one.facts["of"]) for one in report.findings} == {("1", "2")}


# ---- in a whole audit


def rob(world):
    """Have the chain take a head of the provider's log that only the keys of its witnesses signed."""
    origin = origin_id(world["provider"].origin)
    fields = {"origin": origin, "size": 1000, "root": ANOTHER, "noteHash": bytes(32)}
    world.chain.append(ChainEvent("Anchored", fields, max(one.block for one in world.chain) + 1))


def subjects(report, code):
    return {one.subject for one in report.findings if one.code == code}


async def test_an_audit_names_the_robbed_witnesses_and_says_the_same_from_its_bundle(world):
    rob(world)
    world.go_on()
    found = {}
    report = await run(Recording(Given(world), found), SUPERVISOR)
    assert errors(report) == {WITHOUT}
    assert subjects(report, WITHOUT) == {world["exchange"].did, world["regulator"].did}
    rows = {row["party"]: row["anchored"] for row in report.figures["logs"]}
    assert int(rows[world["provider"].did]) < 1000, "it is no anchor of that log"
    assert (await run(Archive(found), SUPERVISOR)).json() == report.json()
    before = {name: body for name, body in found.items() if "/cosigned/" not in name}
    older = await run(Archive(before), SUPERVISOR)
    assert errors(older) == {UNEXPLAINED}, "the bundle of a program that asked nobody"


async def test_a_log_that_was_rewritten_is_convicted_by_one_witness_alone(world):
    provider = world["provider"]
    provider.entries()
    provider.alter(provider.find("keys.released", 3), validUntil="1900000001")
    for one in world.space.values():
        one.peers = []
    world.unreachable = {f"{world['exchange'].url}/log/cosigned"}
    report = await world.audit()
    assert subjects(report, FORKED) == subjects(report, SAW) == {provider.did}
    assert not errors(report) & {WITHOUT, UNEXPLAINED}
    world.unreachable = {"/log/cosigned"}
    report = await world.audit()
    assert subjects(report, UNEXPLAINED) == {provider.did, world["exchange"].did, world["regulator"].did}
    world.unreachable = set()
    for witness in ("exchange", "regulator"):
        world[witness].cosigned[provider.origin] = provider.note(2, world.space).encode()
    report = await world.audit()
    assert subjects(report, WITHOUT) == {world["exchange"].did, world["regulator"].did}, "they signed what they hide"
    assert provider.did not in subjects(report, FORKED) | subjects(report, UNEXPLAINED)
