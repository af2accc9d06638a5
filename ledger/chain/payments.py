"""Payments in the settlement token under a reference: found on the chain by anybody (`contracts.payment_reference`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.payment_reference import REFERENCE_BYTES
from ledger.chain import acts
from ledger.chain.client import call_data

if TYPE_CHECKING:
    from ledger.chain.client import Act
    from ledger.chain.deployment import Deployment
    from ledger.chain.programs import Programs


def pay(deployment: Deployment, to: bytes, amount: int, reference: bytes) -> Act:
    """Pay in the settlement token under a reference of 32 bytes; the owner sends it."""
    assert len(reference) == REFERENCE_BYTES
    return acts.transfer(deployment, to, amount)._replace(memo=reference)


async def holds(
    programs: Programs, transaction: bytes, sender: bytes, to: bytes, amount: int, reference: bytes
) -> bool:
    """Say whether a transaction is on chain that paid just this, under this reference; raises ChainUnreachable."""
    receipt = await programs.chain.receipt(transaction)
    if receipt is None or not receipt.succeeded:
        return False
    if await programs.chain.called(transaction) != call_data(pay(programs.deployment, to, amount, reference)):
        return False
    found = await programs.events("token", "Transfer", receipt.block, receipt.block, sender=sender, receiver=to)
    return any(one.transaction == transaction and one.fields["value"] == amount for one in found)
