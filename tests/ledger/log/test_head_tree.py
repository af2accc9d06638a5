"""Heads in a tree: every path leads to the root, and a document that says more than is proven is refused."""

from __future__ import annotations

import base64
import copy
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_hash.auto import keccak

from contracts import signature
from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import events, head_tree, merkle, mirror
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys, cosign_head
from ledger.log.head_tree import Gatherer, HeadTreeError, Place
from ledger.log.merkle import leaf_hash
from tests.every import every

DOMAIN, TIME = Domain(7, b"\x11" * 20, b"\x22" * 32), 1_800_000_000
GATHERER = Gatherer("did:web:exchange", "exchange/log")
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OWN = notes.log_vkey("member/log", KEY.public_key().public_bytes_raw())
WITNESSES = [WitnessKeys(f"w{at}/witness", KEY, keccak(bytes([at]))) for at in range(2)]
VKEYS = [one.head_vkey() for one in WITNESSES]
OTHERS = [leaf_hash(bytes([at])) for at in range(4)]


@every("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33])
def test_each_path_leads_to_the_root_of_rfc_9162(count):
    leaves = [leaf_hash(bytes([at])) for at in range(count)]
    tree = head_tree.planted(leaves)
    assert tree.root() == merkle.root(leaves)
    for index in range(count):
        merkle.verify_inclusion(leaves[index], index, count, tree.inclusion(index), tree.root())


def made(signers=WITNESSES, time=TIME, count=None, kind=head_tree.GATHERED, party=GATHERER.did, domain=DOMAIN):
    """A document of one head among five, its event the third of four entries."""
    head = Checkpoint("member/log", 9, b"\x09" * 32)
    note = checkpoints.sign(head, KEY).sign_with(*(cosign_head(head, one, TIME, domain) for one in signers))
    tree = head_tree.planted([*OTHERS, head_tree.leaf(DOMAIN, head, TIME)])
    link = (tree.root().hex(), count or "5")
    entry = events.Entry(kind, datetime(2026, 1, 1, tzinfo=UTC), party, GATHERER.origin, link, ()).encode()
    log = mirror.build([b"a", b"b", entry, b"d"])
    under = Checkpoint(GATHERER.origin, 4, log.root(4))
    below = Place(2, 4, tuple(log.inclusion(2, 4)))
    return head_tree.document(note.encode(), time, Place(4, 5, tuple(tree.inclusion(4))), entry, under, below, 3)


def verified(document, quorum=2, gatherer=GATHERER):
    return head_tree.verify(document, DOMAIN, OWN, VKEYS, quorum, gatherer)


def test_what_is_proven_is_told():
    found = verified(json.loads(json.dumps(made())))
    assert (found.head.size, found.head.root, found.time, found.block) == (9, b"\x09" * 32, TIME, 3)
    assert (found.under.origin, found.under.size) == (GATHERER.origin, 4)


SPOILED = [
    made(signers=WITNESSES[:1]),
    made(signers=[]),
    made(time=TIME + 1),  # at which nobody signed
    made(count="6"),
    made(kind="time.mark"),
    made(party="did:web:other"),
    made(domain=Domain(8, b"\x11" * 20, b"\x22" * 32)),
]


@every("at", range(len(SPOILED)))
def test_what_is_not_of_this_head_gatherer_or_quorum_is_refused(at):
    with pytest.raises(HeadTreeError):
        verified(SPOILED[at])


def test_a_quorum_is_never_none():
    with pytest.raises(HeadTreeError, match="witnesses signed"):
        verified(made(), quorum=0)


def test_another_gatherer_is_refused():
    for gatherer in (Gatherer("did:web:exchange", "other/log"), Gatherer("did:web:other", GATHERER.origin)):
        with pytest.raises(HeadTreeError, match="was not gathered"):
            verified(made(), gatherer=gatherer)


def test_any_changed_part_is_refused():
    """Nothing in a document is decoration but the block, which the chain answers for."""
    document, seen = made(), 0

    def places(value, where=()):
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from places(inner, (*where, key))
        else:
            yield where

    for where in places(document):
        if where == ("under", "block"):
            continue
        for change in (
            lambda text: text[:-2] + ("1" if text[-2:-1] != "1" else "2") + text[-1:],
            lambda _: 7,
            lambda _: "",
        ):
            spoiled = copy.deepcopy(document)
            *way, last = where
            inner = spoiled
            for key in way:
                inner = inner[key]
            inner[last] = change(inner[last])
            seen += 1
            with pytest.raises(HeadTreeError):
                verified(spoiled)
    assert seen > 30


@pytest.mark.parametrize("told", [None, 7, [], {}, {"note": 1}, {"entry": base64.b64encode(b"x").decode()}])
def test_what_is_no_document_is_refused(told):
    with pytest.raises(HeadTreeError):
        verified(told)


def test_a_fork_line_of_a_stranger_is_no_signature():
    stranger = WitnessKeys("s/witness", KEY, keccak(b"stranger"))
    assert signature.address(stranger.head_key) not in {signature.address(one.head_key) for one in WITNESSES}
    with pytest.raises(HeadTreeError, match="1 of 2"):
        verified(made(signers=[WITNESSES[0], stranger]))
