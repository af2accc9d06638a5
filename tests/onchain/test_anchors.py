"""The anchors program: heads only grow, a quorum signs them, a fork freezes the log (spec 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from contracts.typed_data import Head
from ledger.chain import acts
from ledger.chain.programs import Anchor

from .stage import ANCHOR_DELAY
from .test_channels import high_s

ORIGIN = keccak(b"origin")
NOTE = keccak(b"note")


def head(size, root=None):
    return Head(ORIGIN, size, root or keccak(b"root %d" % size), 1_700_000_000)


def signed(stage, value, *actors):
    return [stage.sign(value, actor, "anchors") for actor in actors]


def anchoring(stage, value, *actors):
    return acts.anchor(stage.deployment, value, NOTE, signed(stage, value, *actors))


def registering(stage, witnesses=("w1", "w2", "w3"), quorum=2, owner="provider"):
    accounts = [stage.account(witness) for witness in witnesses]
    return acts.register_log(stage.deployment, ORIGIN, stage.account(owner), accounts, quorum)


@pytest.fixture
async def logged(stage):
    """The stage, with a log of three witnesses of whom two must sign."""
    await stage.do(registering(stage), "provider")
    return stage


async def test_a_quorum_anchors_growing_heads(logged):
    stage = logged
    assert await stage.programs.head(ORIGIN) is None
    for size, witnesses in ((5, ("w1", "w2")), (9, ("w3", "w1")), (20, ("w1", "w2", "w3"))):
        receipt = await stage.do(anchoring(stage, head(size), *witnesses), "stranger")
        assert await stage.programs.head(ORIGIN) == Anchor(size, head(size).root, receipt.block)
    events = await stage.programs.events("anchors", "Anchored", origin=ORIGIN)
    assert [event.fields["size"] for event in events] == [5, 9, 20]
    assert events[0].fields["noteHash"] == NOTE


async def test_the_same_head_again_changes_nothing(logged):
    await logged.do(anchoring(logged, head(5), "w1", "w2"))
    anchored = await logged.programs.head(ORIGIN)
    await logged.do(anchoring(logged, head(5), "w2", "w3"))
    assert await logged.programs.head(ORIGIN) == anchored
    assert len(await logged.programs.events("anchors", "Anchored", origin=ORIGIN)) == 1


async def test_an_empty_log_can_be_anchored_once(logged):
    await logged.do(anchoring(logged, head(0), "w1", "w2"))
    assert (await logged.programs.head(ORIGIN)).size == 0
    await logged.do(anchoring(logged, head(0), "w1", "w2"))
    assert len(await logged.programs.events("anchors", "Anchored", origin=ORIGIN)) == 1


async def test_a_head_going_backwards_is_refused(logged):
    await logged.do(anchoring(logged, head(9), "w1", "w2"))
    await logged.refuses(anchoring(logged, head(8), "w1", "w2"), "anchors: head going backwards")
    await logged.refuses(anchoring(logged, head(9, NOTE), "w1", "w2"), "anchors: head going backwards")


async def test_a_missed_quorum_is_refused(logged):
    await logged.refuses(anchoring(logged, head(5), "w1"), "anchors: quorum missed")
    await logged.refuses(anchoring(logged, head(5)), "anchors: quorum missed")


async def test_one_witness_twice_is_no_quorum(logged):
    await logged.refuses(anchoring(logged, head(5), "w1", "w1"), "anchors: no further witness")


async def test_a_foreign_witness_is_refused(logged):
    await logged.refuses(anchoring(logged, head(5), "w1", "stranger"), "anchors: no further witness")
    await logged.refuses(anchoring(logged, head(5), "w1", "provider"), "anchors: no further witness")


async def test_high_s_is_refused(logged):
    value = head(5)
    one, other = sorted(signed(logged, value, "w1", "w2"))
    program = logged.deployment.program("anchors")
    fields = (value.origin, value.size, value.root, value.time)
    await logged.refuses(acts.Act(program, "anchor", (fields, NOTE, [high_s(one), other])), "typed: high s")


async def test_a_signature_cut_short_is_refused(logged):
    value = head(5)
    program = logged.deployment.program("anchors")
    fields = (value.origin, value.size, value.root, value.time)
    for act in (
        ("anchor", (fields, NOTE, [bytes(64)] * 2)),
        ("reportFork", (fields, [bytes(64)], (*fields[:2], NOTE, 1), [])),
    ):
        await logged.refuses(acts.Act(program, *act), "typed: wrong length")


async def test_a_size_no_log_can_have_is_refused(logged):
    await logged.do(anchoring(logged, head(2**63 - 1), "w1", "w2"))
    assert (await logged.programs.head(ORIGIN)).size == 2**63 - 1
    await logged.refuses(anchoring(logged, head(2**63), "w1", "w2"), "anchors: size out of range")


async def test_a_change_nobody_waited_for_gives_way_to_the_next(logged):
    await logged.do(registering(logged, ("exchange",), 1), "provider")
    await logged.do(registering(logged, ("third",), 1), "provider")
    await logged.do(anchoring(logged, head(5), "w1", "w2"))
    await logged.advance(ANCHOR_DELAY + 1)
    assert (await logged.programs.registered_log(ORIGIN)).witnesses == (logged.account("third"),)
    await logged.refuses(anchoring(logged, head(6), "exchange"), "anchors: no further witness")
    await logged.do(anchoring(logged, head(6), "third"))


async def test_a_head_and_a_change_leave_each_other_be(logged):
    await logged.do(anchoring(logged, head(5), "w1", "w2"))
    await logged.do(registering(logged, ("w3",), 1), "provider")
    assert (await logged.programs.head(ORIGIN)).root == head(5).root
    await logged.do(anchoring(logged, head(6), "w1", "w2"))
    await logged.advance(ANCHOR_DELAY + 1)
    assert (await logged.programs.head(ORIGIN)).size == 6
    await logged.do(anchoring(logged, head(7), "w3"))


async def test_an_unknown_log_is_refused(stage):
    await stage.refuses(anchoring(stage, head(5), "w1", "w2"), "anchors: unknown log")


async def test_only_the_owner_registers(stage):
    await stage.refuses(registering(stage), "anchors: not the owner", "stranger")


@pytest.mark.parametrize("quorum", [0, 4])
async def test_a_quorum_nobody_or_too_many_could_reach_is_refused(stage, quorum):
    await stage.refuses(registering(stage, quorum=quorum), "anchors: quorum out of range", "provider")


async def test_a_witness_twice_and_the_zero_address_are_refused(stage):
    await stage.refuses(registering(stage, ("w1", "w1")), "anchors: not ascending", "provider")
    nobody = acts.register_log(stage.deployment, ORIGIN, stage.account("provider"), [bytes(20), stage.account("w1")], 2)
    await stage.refuses(nobody, "anchors: not ascending", "provider")
    unowned = acts.register_log(stage.deployment, ORIGIN, bytes(20), [stage.account("w1")], 1)
    await stage.refuses(unowned, "anchors: zero address", "provider")


async def test_a_change_counts_only_after_the_delay(logged):
    stage = logged
    await stage.refuses(registering(stage, ("stranger",), 1, "stranger"), "anchors: not the owner", "stranger")
    await stage.do(registering(stage, ("w3", "exchange"), 1, "third"), "provider")
    await stage.refuses(anchoring(stage, head(5), "exchange", "w3"), "anchors: no further witness")
    assert (await stage.programs.registered_log(ORIGIN)).owner == stage.account("provider")
    events = await stage.programs.events("anchors", "LogRegistered", origin=ORIGIN)
    assert events[1].fields["effectiveAt"] - events[0].fields["effectiveAt"] >= ANCHOR_DELAY
    await stage.advance(ANCHOR_DELAY + 1)
    assert (await stage.programs.registered_log(ORIGIN)).owner == stage.account("third")
    await stage.do(anchoring(stage, head(5), "exchange"))
    await stage.refuses(anchoring(stage, head(6), "w1", "w2"), "anchors: no further witness")
    await stage.refuses(registering(stage), "anchors: not the owner", "provider")


@pytest.mark.parametrize(("by_a", "by_b"), [(("provider",), ("provider",)), (("w1", "w2"), ("w2", "w3"))])
async def test_a_fork_freezes_the_log(logged, by_a, by_b):
    stage = logged
    a, b = head(5), head(5, NOTE)
    act = acts.report_fork(stage.deployment, a, signed(stage, a, *by_a), b, signed(stage, b, *by_b))
    await stage.do(act, "stranger")
    assert (await stage.programs.registered_log(ORIGIN)).forked
    [event] = await stage.programs.events("anchors", "Forked", origin=ORIGIN)
    assert (event.fields["rootA"], event.fields["rootB"]) == (a.root, b.root)
    await stage.refuses(anchoring(stage, head(9), "w1", "w2"), "anchors: forked")
    await stage.refuses(registering(stage), "anchors: forked", "provider")
    await stage.refuses(act, "anchors: forked")


async def test_what_is_no_fork_is_refused(logged):
    stage = logged
    a, b = head(5), head(5, NOTE)
    for other in (a, head(6), replace(b, origin=NOTE)):
        act = acts.report_fork(
            stage.deployment, a, signed(stage, a, "provider"), other, signed(stage, other, "provider")
        )
        await stage.refuses(act, "anchors: no fork")
    twice = acts.report_fork(stage.deployment, a, signed(stage, a, "w1", "w1"), b, signed(stage, b, "w1", "w2"))
    await stage.refuses(twice, "anchors: not ascending")
    one_sided = acts.report_fork(stage.deployment, a, signed(stage, a, "provider"), b, signed(stage, b, "w1"))
    await stage.refuses(one_sided, "anchors: quorum missed")
    foreign = acts.report_fork(stage.deployment, a, signed(stage, a, "provider"), b, signed(stage, b, "stranger", "w1"))
    await stage.refuses(foreign, "anchors: foreign witness")
