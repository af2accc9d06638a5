"""A fork told to the chain: two heads of one size and two roots, each signed by the log's owner for the chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.chain.acts import report_fork
from ledger.dispute import fork_report as fork
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.log.note import NoteError
from tests.money.program import DEPLOYMENT

NOW = 1_800_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OWNER = WitnessKeys("localhost:7001/log", KEY, b"\x42" * 32)
ANCHORS = DEPLOYMENT.domain("anchors")


def head(size, root):
    return Checkpoint(OWNER.name, size, root * 32)


def signed(checkpoint, time=NOW, keys=OWNER, domain=ANCHORS):
    """A checkpoint's note with its owner's line for the chain."""
    return checkpoints.sign(checkpoint, KEY).sign_with(cosignature.cosign_head(checkpoint, keys, time, domain))


def reported(kept, offered):
    return fork.report(DEPLOYMENT, OWNER.head_vkey(), kept, offered)


def test_two_roots_of_one_size_freeze_the_log():
    old, new = head(8, b"\x01"), head(8, b"\x02")
    kept, offered = signed(old), signed(new, NOW + 60)
    [(_, by_old)] = cosignature.verify_head(kept, OWNER.head_vkey(), ANCHORS)
    [(_, by_new)] = cosignature.verify_head(offered, OWNER.head_vkey(), ANCHORS)
    heads = cosignature.head_of(old, NOW), cosignature.head_of(new, NOW + 60)
    act = reported(kept, offered)
    assert act == report_fork(DEPLOYMENT, heads[0], [by_old], heads[1], [by_new])
    assert act.args[1::2] == ([by_old], [by_new])


@pytest.mark.parametrize("offered", [head(8, b"\x01"), head(9, b"\x02"), head(9, b"\x01")])
def test_heads_that_the_chain_cannot_tell_apart_from_growth_are_not_reported(offered):
    assert reported(signed(head(8, b"\x01")), signed(offered)) is None
    assert reported(signed(offered), signed(head(8, b"\x01"))) is None


def test_a_head_that_was_not_signed_for_the_chain_cannot_be_reported():
    for_people = [checkpoints.sign(head(8, root), KEY) for root in (b"\x01", b"\x02")]
    for_chain = [signed(head(8, root)) for root in (b"\x01", b"\x02")]
    assert reported(for_people[0], for_people[1]) is None
    assert reported(for_people[0], for_chain[1]) is None
    assert reported(for_chain[0], for_people[1]) is None


@pytest.mark.parametrize(
    "false", [{"domain": replace(ANCHORS, salt=b"\x23" * 32)}, {"keys": replace(OWNER, head_key=b"\x43" * 32)}]
)
def test_a_line_of_the_owner_that_is_false_is_no_line(false):
    """Under its own key's id: what another key signed, or what is for another deployment."""
    offered = signed(head(8, b"\x02"), **false)
    line = replace(offered.signatures[-1], key_id=OWNER.head_vkey().key_id)
    offered = replace(offered, signatures=(*offered.signatures[:-1], line))
    with pytest.raises(NoteError):
        reported(signed(head(8, b"\x01")), offered)
