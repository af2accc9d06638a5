"""Payments in the settlement token under a reference: found on the chain by anybody (`contracts.payment_reference`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.payment_reference import REFERENCE_BYTES
from ledger.chain import acts
from ledger.chain.client import call_data
from ledger.chain.payment import Payment

if TYPE_CHECKING:
    from ledger.chain.client import Act
    from ledger.chain.deployment import Deployment
    from ledger.chain.programs import Programs


def pay(deployment: Deployment, to: bytes, amount: int, reference: bytes) -> Act:
    """Pay in the settlement token under a reference of 32 bytes; the owner sends it."""
    assert len(reference) == REFERENCE_BYTES
    return acts.transfer(deployment, to, amount)._replace(memo=reference)


async def paid(programs: Programs, transaction: bytes) -> Payment | None:
    """Return what a transaction paid under a reference, None if the chain has none that did; raises ChainError."""
    receipt = await programs.chain.receipt(transaction)
    data = await programs.chain.called(transaction) if receipt is not None and receipt.succeeded else None
    if receipt is None or data is None:
        return None
    for one in await programs.events("token", "Transfer", receipt.block, receipt.block):
        sender, receiver, amount = (one.fields[name] for name in ("sender", "receiver", "value"))
        reference = data[-REFERENCE_BYTES:]
        if one.transaction == transaction and data == call_data(pay(programs.deployment, receiver, amount, reference)):
            return Payment(sender, receiver, amount, reference)
    return None


async def holds(
    programs: Programs, transaction: bytes, sender: bytes, to: bytes, amount: int, reference: bytes
) -> bool:
    """Say whether a transaction is on chain that paid just this, under this reference; raises ChainUnreachable."""
    return await paid(programs, transaction) == Payment(sender, to, amount, reference)
