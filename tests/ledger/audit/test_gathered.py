"""Heads that the exchange anchored with its own count as anchors, by what proves them and what the chain has."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import pytest
from eth_hash.auto import keccak

from contracts import address
from ledger.audit import gathered
from ledger.audit.facts import Anchored, ChainFacts
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.log import checkpoint as checkpoints
from ledger.log import events, head_tree, mirror
from ledger.log.checkpoint import Checkpoint, origin_id
from ledger.log.cosignature import WitnessKeys, cosign_head, head_address
from ledger.log.head_tree import Place
from tests.ledger.audit.test_heads import BUYER, DIARIES, ORIGIN, SPACE
from tests.ledger.audit.values import AT, codes

TIME, BLOCK = 1_800_000_000, 5
EXCHANGE = SPACE.members[SPACE.exchange]
HEAD = Checkpoint(BUYER.origin, 5, b"\x05" * 32)


def keys_of(member):
    """The witness's keys; a diary's account is not of a key that signs, so the space gets one."""
    return WitnessKeys(member.witness_name, DIARIES["buyer"].key, keccak(member.did.encode()))


@pytest.fixture
def space():
    """The space with members whose accounts sign on-chain heads."""
    told = copy.deepcopy(SPACE.json())
    for row in told["members"]:
        member = SPACE.members[row["did"]]
        row["address"] = address.show(head_address(keys_of(member).head_vkey()))
    return type(SPACE).from_json(told)


def shown(space, signers=2, domain=None):
    """The document of the buyer's head, and the head of the exchange's log that the chain must have."""
    domain = domain or space.anchors
    witnesses = [keys_of(one) for one in space.witnesses_of(BUYER.did)][:signers]
    note = checkpoints.sign(HEAD, DIARIES["buyer"].key)
    note = note.sign_with(*(cosign_head(HEAD, one, TIME, domain) for one in witnesses))
    leaf = head_tree.leaf(space.anchors, HEAD, TIME)
    entry = events.Entry(head_tree.GATHERED, AT, EXCHANGE.did, EXCHANGE.origin, (leaf.hex(), "1"), ()).encode()
    log = mirror.build([entry, b"next"])
    under = Checkpoint(EXCHANGE.origin, 2, log.root(2))
    below = Place(0, 2, tuple(log.inclusion(0, 2)))
    document = head_tree.document(note.encode(), TIME, Place(0, 1, ()), entry, under, below, BLOCK)
    return document, Anchored(2, log.root(2), BLOCK)


def checked(space, document, *anchored, last=BLOCK):
    facts, report = ChainFacts(anchors={origin_id(EXCHANGE.origin): list(anchored)}), Report()
    gathered.check(space, {BUYER.did: [document]}, facts, last, report)
    return facts.anchors.get(ORIGIN, []), codes(report)


def test_a_proven_head_counts_in_the_block_of_the_exchange_s(space):
    document, under = shown(space)
    [proven], found = checked(space, document, under)
    assert (proven, proven.signed, found) == (Anchored(HEAD.size, HEAD.root, BLOCK), True, [])


def test_one_whose_anchor_the_audit_has_not_read_yet_waits(space):
    document, _ = shown(space)
    assert checked(space, document, last=BLOCK - 1) == ([], [])


FALSE = [("gathered-head-false", BUYER.did)]


def test_what_the_chain_has_not_is_a_finding(space):
    document, under = shown(space)
    for other in (Anchored(2, b"\x01" * 32, BLOCK), Anchored(under.size, under.root, BLOCK - 1)):
        assert checked(space, document, other) == ([], FALSE)
    assert checked(space, document) == ([], FALSE)


def test_the_quorum_that_no_chain_has_counted_is_counted_here(space):
    assert len(space.witnesses_of(BUYER.did)) >= 2
    document, under = shown(space, signers=1)
    assert checked(space, document, under) == ([], FALSE)
    elsewhere, under = shown(space, domain=space.domains.licences)
    assert checked(space, elsewhere, under) == ([], FALSE)


def sources(body):
    async def fetch(url):
        if body is None or url != f"{BUYER.url}/log/anchors":
            raise Unavailable(url)
        return body

    return SimpleNamespace(fetch=fetch)


@pytest.mark.parametrize("body", [None, b"{", b"[]", b"7", b'{"anchors": 7}', b'{"other": []}'])
async def test_who_shows_nothing_has_none_and_is_not_accused(space, body):
    report = Report()
    found = await gathered.collect(sources(body), space, report)
    assert (list(found[BUYER.did]), report.findings) == ([], [])


async def test_of_what_is_shown_so_much_is_read(space):
    body = json.dumps({"anchors": [1] * (gathered.PROOFS_MAX + 1)}).encode()
    assert len((await gathered.collect(sources(body), space, Report()))[BUYER.did]) == gathered.PROOFS_MAX
