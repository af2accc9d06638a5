"""Large quorums sign with one BLS aggregate where the chain has EIP-2537; elsewhere that is refused (spec 8)."""

from __future__ import annotations

import asyncio

import pytest
from eth_hash.auto import keccak

from contracts.typed_data import Head
from ledger.chain import acts
from ledger.chain.programs import Anchor
from ledger.log import aggregate, head_aggregate

from . import folding
from .stage import ANCHOR_DELAY
from .witnesses import NOTE, Circle

FEW, QUORUM = 3, 2


@pytest.fixture
async def circle(anvil_stage, node_of):
    """A registered log of three witnesses, of whom two must sign, with their keys brought."""
    node, _ = await asyncio.to_thread(node_of, "anvil")
    made = Circle(anvil_stage, FEW, QUORUM)
    await made.gather(node.endow)
    return made


async def test_an_aggregate_of_a_quorum_anchors(circle):
    stage = circle.stage
    for size, signers in ((5, (0, 1)), (9, (2, 0)), (20, (0, 1, 2))):
        value = circle.head(size)
        receipt = await stage.do(circle.anchoring(value, signers))
        assert await stage.programs.head(circle.origin) == Anchor(size, value.root, receipt.block)
    await stage.do(circle.anchoring(value, (0, 1)))
    assert len(await stage.programs.events("anchors", "Anchored", origin=circle.origin)) == 3
    await folding.assert_told(stage, await folding.folded(stage, ("anchors",)))


async def test_too_few_and_strangers_are_refused(circle):
    value = circle.head(5)
    await circle.stage.refuses(circle.anchoring(value, (1,)), "anchors: quorum missed")
    await circle.stage.refuses(circle.anchoring(value, (1, 2), bitmap=0b1001), "anchors: no further witness")


async def test_who_did_not_sign_does_not_count(circle):
    value = circle.head(5)
    await circle.stage.refuses(circle.anchoring(value, (0, 1), bitmap=0b110), "bls: not signed")
    await circle.stage.refuses(circle.anchoring(value, (0, 1), bitmap=0b111), "bls: not signed")
    signed = circle.signed(circle.head(6), (0, 1))
    act = acts.anchor_aggregate(circle.stage.deployment, value, NOTE, 0b11, signed)
    await circle.stage.refuses(act, "bls: not signed")


async def test_what_is_no_signature_is_refused(circle):
    deployment, value = circle.stage.deployment, circle.head(5)
    cut = acts.anchor_aggregate(deployment, value, NOTE, 0b11, bytes(255))
    await circle.stage.refuses(cut, "bls: wrong length")
    off_the_curve = acts.anchor_aggregate(deployment, value, NOTE, 0b11, bytes(255) + b"\x01")
    await circle.stage.refuses(off_the_curve, "bls: not a point")


async def test_a_key_is_proven_by_its_possessor_alone(circle):
    stage, key = circle.stage, circle.points[0]
    stolen = acts.prove_key(stage.deployment, key, circle.possession(0))
    await stage.refuses(stolen, "bls: not signed", "stranger")
    nothing = acts.prove_key(stage.deployment, (bytes(32),) * 4, bytes(256))
    await stage.refuses(nothing, "bls: no key", "stranger")


async def test_only_the_proven_keys_of_all_witnesses_are_taken(circle):
    stage = circle.stage
    few = acts.bring_keys(stage.deployment, circle.origin, circle.points[:2])
    await stage.refuses(few, "anchors: not a key a witness")
    shuffled = acts.bring_keys(stage.deployment, circle.origin, circle.points[::-1])
    await stage.refuses(shuffled, "anchors: key not proven")


async def test_who_witnesses_anew_brings_keys_anew(circle):
    stage = circle.stage
    fewer = acts.register_log(stage.deployment, circle.origin, stage.account("provider"), circle.accounts[:2], 2)
    await stage.do(fewer, "provider")
    await stage.do(circle.anchoring(circle.head(5), (0, 2)))
    await stage.advance(ANCHOR_DELAY + 1)
    await stage.refuses(circle.anchoring(circle.head(6), (0, 1)), "anchors: no keys")
    await stage.do(acts.bring_keys(stage.deployment, circle.origin, circle.points[:2]))
    await stage.do(circle.anchoring(circle.head(6), (0, 1)))


async def test_a_chain_without_the_precompiles_says_so(embedded_stage):
    circle = Circle(embedded_stage, 1, 1)
    proof = acts.prove_key(embedded_stage.deployment, circle.points[0], circle.possession(0))
    await embedded_stage.refuses(proof, "bls: not on this chain", circle.actors[0])
    await embedded_stage.do(circle.registering(), "provider")
    await embedded_stage.refuses(circle.anchoring(circle.head(5), (0,)), "anchors: no keys")


def test_an_aggregate_is_the_sum_of_what_each_signed(embedded_stage):
    circle = Circle(embedded_stage, 2, 2)
    domain, value = embedded_stage.deployment.domain("anchors"), Head(keccak(b"o"), 1, NOTE, 1)
    each = [head_aggregate.sign(secret, value, domain) for secret in circle.secrets]
    together = head_aggregate.sign(sum(circle.secrets), value, domain)
    assert head_aggregate.combine(each) == together
    assert aggregate.public(circle.secrets[0]) != aggregate.public(circle.secrets[1])
