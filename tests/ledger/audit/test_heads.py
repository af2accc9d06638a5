"""Each rule about heads by itself: who must have witnessed one, and what others hold of it."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ledger.audit import heads
from ledger.audit.books import Head
from ledger.audit.facts import Anchored, ChainFacts
from ledger.audit.heads import Held
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, merkle, mirror
from ledger.log.checkpoint import Checkpoint, origin_id
from ledger.space.document import Space
from tests.every import every
from tests.ledger.audit.diary import WITNESSED_BY, Diary
from tests.ledger.audit.values import AT, book, codes, event, members

SPACE, BY_ROLE = members()
DIARIES = {name: Diary(name, 7001 + at) for at, name in enumerate(WITNESSED_BY)}
BUYER = BY_ROLE["buyer"]
ORIGIN = origin_id(BUYER.origin)
LOG = mirror.build(bytes([at]) for at in range(8))
SIZE = 5
EVERYBODY_AT_1 = {one.address: 1 for one in BY_ROLE.values()}
ANOTHER = b"\x01" * 32


def note(name="buyer", size=SIZE, root=None, by=(), key=None):
    diary = DIARIES[name]
    head = Checkpoint(diary.origin, size, LOG.root(size) if root is None else root)
    signed = checkpoints.sign(head, DIARIES[key or name].key)
    return signed.sign_with(*(cosignature.cosign(signed.text, DIARIES[one].witness, 1_800_000_000) for one in by))


def kept(name="buyer", *events, by=("exchange", "regulator"), served=8):
    """Return a log of five entries as it is read, by whom its head is cosigned, and how many entries it serves."""
    signed = note(name, by=by)
    files = dict(mirror.files(LOG, served, signed)) if served else {}

    async def fetch(path):
        if path not in files:
            raise Unavailable(path)
        return files[path]

    tree = mirror.build(bytes([at]) for at in range(SIZE))
    return book(BY_ROLE[name], *events, head=Head(signed, checkpoints.parse_text(signed.text), tree, fetch))


def books(**changes):
    return {BUYER.did: kept(**changes)}


# ---- what peers hold


def peers_of(**served):
    async def fetch(url):
        return next((body for name, body in served.items() if url == f"{DIARIES[name].url}/log/peers"), b"[]")

    return SimpleNamespace(fetch=fetch)


async def test_what_a_member_holds_are_notes_and_forks_in_their_order():
    rows = [{"note": "one"}, {"fork": 7}, {"note": "two"}, {"fork": {}}]
    report = Report()
    held = await heads.collect_peers(peers_of(buyer=json.dumps(rows).encode()), SPACE, report)
    assert held[BUYER.did] == Held(["one", "two"], [7, {}])
    assert held[BY_ROLE["provider"].did] == Held([], [])
    assert (set(held), report.findings) == (set(SPACE.members), [])


@pytest.mark.parametrize("served", [b"{", b"[{}]", b"[7]", b"7"])
async def test_a_list_that_cannot_be_read_is_named_and_holds_nothing(served):
    report = Report()
    held = await heads.collect_peers(peers_of(buyer=served), SPACE, report)
    assert held[BUYER.did] == Held([], [])
    assert codes(report) == [("peers-unreadable", BUYER.did)]


@pytest.mark.parametrize(("size", "read"), [(1 << 20, True), ((1 << 20) + 1, False)])
async def test_a_list_of_at_most_a_mebibyte_is_read(size, read):
    empty = json.dumps([{"note": ""}])
    body = json.dumps([{"note": "x" * (size - len(empty))}]).encode()
    assert len(body) == size
    held = await heads.collect_peers(peers_of(buyer=body), SPACE, Report())
    assert bool(held[BUYER.did].notes) is read


def test_a_log_was_seen_if_chain_or_peers_know_a_head_that_it_signed():
    assert heads.seen(SPACE, ChainFacts(), {}) == set()
    assert heads.seen(SPACE, ChainFacts(logs={ORIGIN: []}), {}) == {BUYER.did}
    assert heads.seen(SPACE, ChainFacts(anchors={ORIGIN: []}), {}) == {BUYER.did}
    assert heads.seen(SPACE, ChainFacts(), {"x": Held([note().encode()], [])}) == {BUYER.did}
    forged = Held([note(key="provider").encode(), "not a note"], [])
    assert heads.seen(SPACE, ChainFacts(), {"x": forged}) == set()


# ---- time to be witnessed and anchored


async def young(admitted=EVERYBODY_AT_1, after=timedelta(0), space=SPACE, **facts):
    """Return whether the buyer's log is young; block n was made n seconds after a moment."""

    async def at(number):
        return AT + timedelta(seconds=number)

    until = facts.pop("until", AT + timedelta(hours=1) + after)
    blocks = SimpleNamespace(at=at)
    return BUYER.did in await heads.young(space, books(), ChainFacts(until=until, **facts), admitted, blocks)


def without(role):
    return Space(SPACE.exchange, SPACE.deployment, {k: v for k, v in SPACE.members.items() if v.role != role}, 0, "")


@pytest.mark.parametrize(("seconds", "is_young"), [(0, True), (1, False), (2, False)])
async def test_a_log_is_young_for_an_hour_of_the_chain(seconds, is_young):
    assert await young(after=timedelta(seconds=seconds)) is is_young


@pytest.mark.parametrize("role", ["buyer", "exchange", "regulator"])
async def test_the_hour_begins_when_the_last_of_owner_and_witnesses_is_admitted(role):
    later = EVERYBODY_AT_1 | {BY_ROLE[role].address: 9}
    assert await young(later, timedelta(seconds=8))
    assert not await young(later, timedelta(seconds=9))
    some = {account: block for account, block in EVERYBODY_AT_1.items() if account != BY_ROLE[role].address}
    assert not await young(some, timedelta(seconds=1)), "of whom the registry does not know nobody waits"


async def test_a_log_is_young_where_nobody_could_witness_it_or_the_chain_does_not_say():
    day = timedelta(days=1)
    assert await young(space=without("regulator"), after=day)
    assert await young({}, day)
    assert await young(until=None)
    assert not await young(anchors={ORIGIN: [Anchored(SIZE, LOG.root(SIZE), 2)]})
    assert await young(anchors={ORIGIN: []})


# ---- witnesses


def witnessed(by, *anchored, admitted=EVERYBODY_AT_1, new=(), payees=frozenset()):
    report = Report()
    facts = ChainFacts(anchors={ORIGIN: list(anchored)})
    heads.check_witnesses(SPACE, books(by=by), set(payees), facts, admitted, new, report)
    return report


def test_a_head_bears_both_its_witnesses():
    report = witnessed(("exchange", "regulator"))
    assert (report.findings, report.signatures_verified) == ([], 2)
    for by in ((), ("exchange",), ("exchange", "provider")):
        report = witnessed(by)
        assert codes(report) == [("head-not-witnessed", BUYER.did)]
        assert report.findings[0].facts["size"] == str(SIZE)
        assert report.signatures_verified == len({"exchange"} & set(by))
        assert witnessed(by, new={BUYER.did}).findings == []


@every(
    ("size", "root", "block", "admitted", "enough"),
    [
        (SIZE, LOG.root(SIZE), 5, {"exchange": 1, "regulator": 6}, True),
        (SIZE, LOG.root(SIZE), 5, {"exchange": 5, "regulator": 6}, True),
        (SIZE, LOG.root(SIZE), 5, {"exchange": 1, "regulator": 5}, False),
        (SIZE, LOG.root(SIZE), 5, {"exchange": 6, "regulator": 1}, False),
        (SIZE, LOG.root(SIZE), 5, {"exchange": 6, "regulator": 6}, False),
        (SIZE, LOG.root(SIZE), 0, {"regulator": 6}, True),
        (SIZE, ANOTHER, 5, {"exchange": 1, "regulator": 6}, False),
        (SIZE - 1, LOG.root(SIZE), 5, {"exchange": 1, "regulator": 6}, False),
    ],
)
def test_a_head_that_the_chain_took_bears_the_witnesses_of_then(size, root, block, admitted, enough):
    admitted = {BY_ROLE[role].address: at for role, at in admitted.items()}
    report = witnessed(("exchange",), Anchored(size, root, block), admitted=admitted)
    assert codes(report) == ([] if enough else [("head-not-witnessed", BUYER.did)])


def test_a_head_that_the_chain_took_twice_bears_the_witnesses_of_the_first_time():
    admitted = {BY_ROLE["exchange"].address: 1, BY_ROLE["regulator"].address: 6}
    anchored = [Anchored(SIZE, LOG.root(SIZE), block) for block in (7, 5)]
    assert witnessed(("exchange",), *anchored, admitted=admitted).findings == []


def test_one_witness_is_neither_the_exchange_nor_paid():
    both = ("exchange", "regulator")
    assert codes(witnessed(both, payees={BY_ROLE["regulator"].address})) == [("no-independent-witness", BUYER.did)]
    assert witnessed(both, payees={BY_ROLE["exchange"].address}).findings == []


@pytest.mark.parametrize(
    ("did", "role", "address", "free"),
    [
        ("did:web:r", "regulator", b"r", True),
        (SPACE.exchange, "regulator", b"r", False),
        ("did:web:r", "exchange", b"r", False),
        ("did:web:r", "regulator", b"p", False),
    ],
)
def test_whoever_runs_the_chain_or_is_paid_has_a_stake(did, role, address, free):
    witness = SimpleNamespace(did=did, role=role, address=address, accounts=(address,))
    assert heads._has_no_stake(SPACE, witness, {b"p"}) is free


# ---- one history


@every(
    ("size", "root", "served", "agrees"),
    [
        (3, LOG.root(3), 0, True),
        (3, ANOTHER, 0, False),
        (SIZE, LOG.root(SIZE), 0, True),
        (SIZE, ANOTHER, 0, False),
        (7, LOG.root(7), 7, True),
        (7, ANOTHER, 7, False),
        (7, LOG.root(7), 0, False),
    ],
)
async def test_a_log_agrees_with_every_head_that_it_had_or_grew_to(size, root, served, agrees):
    report = Report()
    assert await heads.agrees(kept(served=served), size, root, report) is agrees
    assert report.proofs_verified == int(agrees)


async def held(*notes, forks=()):
    report = Report()
    peers = {"did:web:peer": Held([one.encode() for one in notes], list(forks))}
    split = await heads.check_peers(SPACE, books(), peers, report)
    assert split == {one.subject for one in report.findings}
    return report


async def test_what_a_peer_holds_signed_by_the_log_agrees_with_it():
    report = await held(note(size=3), note())
    assert (report.findings, report.signatures_verified, report.proofs_verified) == ([], 2, 2)
    report = await held(note(size=3, root=ANOTHER))
    assert [(one.code, one.subject, one.facts) for one in report.findings] == [
        ("peer-saw-other-log", BUYER.did, {"peer": "did:web:peer", "size": "3"})
    ]
    assert report.signatures_verified == 1


async def test_what_the_log_did_not_sign_or_nobody_could_read_says_nothing():
    strange = checkpoints.sign(Checkpoint("somebody.example/log", 3, ANOTHER), DIARIES["buyer"].key)
    report = await held(note(root=ANOTHER, key="provider"), note("provider", root=ANOTHER), strange)
    assert (report.findings, report.signatures_verified) == ([], 0)


async def test_a_fork_that_is_proven_is_two_signatures_and_one_proof():
    lie, true = note(size=3, root=ANOTHER), note(size=8)
    proof = merkle.prefix_proof(LOG.span, 3, 8)
    report = await held(forks=[fork_proof.document(lie.encode(), true.encode(), proof)])
    assert [(one.code, one.subject, one.facts) for one in report.findings] == [
        ("log-forked-proven", BUYER.did, {"peer": "did:web:peer", "old": "3", "size": "8"})
    ]
    assert (report.signatures_verified, report.proofs_verified) == (2, 1)
    honest = fork_proof.document(note(size=3).encode(), true.encode(), proof)
    report = await held(forks=[honest, {"origin": "somebody.example/log"}, {}, [], 7, None])
    assert (report.findings, report.signatures_verified, report.proofs_verified) == ([], 0, 0)


# ---- marks


async def marked(*rows):
    report = Report()
    provider = BY_ROLE["provider"]
    mark = event("time.mark", provider.origin, did=provider.did, peers=list(rows))
    await heads.check_marks(SPACE, {**books(), provider.did: kept("provider", mark)}, report)
    return report


def row(size, root, origin=BUYER.origin):
    return {"origin": origin, "size": str(size), "root": root.hex()}


async def test_a_mark_agrees_with_the_log_that_it_marks():
    report = await marked(row(3, LOG.root(3)), row(0, LOG.root(0)), row(3, ANOTHER, "somebody.example/log"))
    assert (report.findings, report.proofs_verified) == ([], 2)
    report = await marked(row(0, LOG.root(0)), row(3, ANOTHER))
    (found,) = report.findings
    assert (found.code, found.subject, found.kind) == ("mark-contradicts-log", BUYER.did, "time.mark")
    assert (found.facts["peer"], found.facts["size"]) == (BY_ROLE["provider"].did, "3")


@pytest.mark.parametrize("wrong", [row(-1, ANOTHER), {"origin": BUYER.origin}, 7, row("x", ANOTHER)])
async def test_a_mark_that_cannot_be_read_is_malformed_as_a_whole(wrong):
    report = await marked(row(3, ANOTHER), wrong)
    assert codes(report) == [("field-malformed", BY_ROLE["provider"].did)]
