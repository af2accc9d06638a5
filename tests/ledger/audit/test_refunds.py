"""A refund that is claimed is a transfer on the chain, and every other claim is a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.audit.archive import Archive, Recording
from ledger.audit.audit import run
from ledger.chain.payment import Payment
from tests.ledger.audit.world import SUPERVISOR, Given, errors, named

CODE = "refund-not-on-chain"
TX = b"\x7e" * 32


def claimed(world, by="provider", agreement=None, tx=TX, amount=25):
    """Log that somebody gave back something under the kept agreement."""
    digest = world.kept["digest"].hex() if agreement is None else agreement
    about = {"to": world["buyer"].did, "amount": str(amount), "tx": tx.hex(), "reason": "March is missing"}
    return world.record(by, "payment.made", "0f" * 32, ("0f" * 32,), kind="refund", agreementDigest=digest, **about)


def shown(world, **changes):
    """Put the transfer on the chain that bears the claim out, but for these."""
    ends = world["provider"].account, world["buyer"].account
    world.payments[TX] = replace(Payment(*ends, 25, world.kept["digest"]), **changes)


async def test_a_refund_that_the_chain_shows_is_no_finding(world):
    claimed(world)
    shown(world)
    report = await run(Given(world), SUPERVISOR)
    assert named(report, CODE) == []
    assert errors(report) == set()


@pytest.mark.parametrize(
    "changes", [{"amount": 24}, {"reference": b"\x01" * 32}, {"receiver": b"\x02" * 20}, {"sender": b"\x03" * 20}, None]
)
async def test_a_refund_without_its_transfer_is_a_finding(world, changes):
    at = claimed(world)
    if changes is not None:
        shown(world, **changes)
    report = await run(Given(world), SUPERVISOR)
    assert [(kind, index) for kind, index, _ in named(report, CODE)] == [("payment.made", at)]
    assert errors(report) == {CODE}


async def test_one_transfer_bears_out_one_claim(world):
    claimed(world)
    again = claimed(world)
    shown(world)
    report = await run(Given(world), SUPERVISOR)
    assert [index for _, index, _ in named(report, CODE)] == [again]


@pytest.mark.parametrize("spelled", [TX.hex().upper(), " " + TX.hex(), TX.hex() + "\n", "7e"])
async def test_a_transfer_in_another_spelling_bears_out_nothing(world, spelled):
    claimed(world)
    shown(world)
    about = {"to": world["buyer"].did, "amount": "25", "tx": spelled, "agreementDigest": world.kept["digest"].hex()}
    world.record("provider", "payment.made", "0f" * 32, ("0f" * 32,), kind="refund", **about)
    report = await run(Given(world), SUPERVISOR)
    assert "field-malformed" in report.codes()


async def test_nobody_refunds_what_it_did_not_sell(world):
    claimed(world, by="buyer")
    claimed(world, agreement="ab" * 32, tx=b"\x01" * 32)
    shown(world)
    report = await run(Given(world), SUPERVISOR)
    assert {one.subject for one in report.findings if one.code == CODE} == {world["buyer"].did, world["provider"].did}


async def test_a_payout_is_no_refund(world):
    world.record(
        "buyer", "payment.made", "0e" * 32, ("0e" * 32,), kind="withdraw", to="did:web:x", amount="5", tx=TX.hex()
    )
    assert CODE not in (await run(Given(world), SUPERVISOR)).codes()


async def test_an_archive_keeps_the_payments_that_were_asked_for(world):
    claimed(world)
    shown(world)
    kept = {}
    first = await run(Recording(Given(world), kept), SUPERVISOR)
    assert (await run(Archive(kept), SUPERVISOR)).json() == first.json()
    world.payments.clear()
    kept = {}
    first = await run(Recording(Given(world), kept), SUPERVISOR)
    assert CODE in first.codes()
    assert (await run(Archive(kept), SUPERVISOR)).json() == first.json()
