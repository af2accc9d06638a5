"""Payments in the settlement token under a reference: found on the chain by anybody (`contracts.payment_reference`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.payment_reference import REFERENCE_BYTES
from ledger.chain import acts
from ledger.chain.client import call_data
from ledger.chain.payment import Payment

if TYPE_CHECKING:
    from ledger.chain.client import Act, Event
    from ledger.chain.deployment import Deployment
    from ledger.chain.programs import Programs

TOKEN, TRANSFER = "token", "Transfer"
# a call of `transfer`: its selector and two words
CALL_BYTES = 4 + 2 * 32


def pay(deployment: Deployment, to: bytes, amount: int, reference: bytes, complaint: bytes = b"") -> Act:
    """Pay in the settlement token under a reference of 32 bytes, and perhaps a complaint's; the owner sends it."""
    assert len(reference) == REFERENCE_BYTES
    assert len(complaint) in (0, REFERENCE_BYTES)
    return acts.transfer(deployment, to, amount)._replace(memo=complaint + reference)


def named(deployment: Deployment, to: bytes, amount: int, data: bytes) -> tuple[bytes, bytes] | None:
    """Return the reference that a call names, and the complaint's or nothing; None for one that pays otherwise."""
    memo = data[CALL_BYTES:]
    if len(memo) not in (REFERENCE_BYTES, 2 * REFERENCE_BYTES):
        return None
    told = memo[-REFERENCE_BYTES:], memo[:-REFERENCE_BYTES]
    return told if data == call_data(pay(deployment, to, amount, *told)) else None


async def paid(programs: Programs, transaction: bytes) -> Payment | None:
    """Return what a transaction paid under a reference, None if the chain has none that did; raises ChainError."""
    receipt = await programs.chain.receipt(transaction)
    if receipt is None or not receipt.succeeded:
        return None
    for one in await programs.events(TOKEN, TRANSFER, receipt.block, receipt.block):
        if one.transaction == transaction and (found := await of(programs, one)) is not None:
            return found
    return None


async def of(programs: Programs, event: Event) -> Payment | None:
    """Return the payment that a transfer is, None for one that names nothing."""
    data = await programs.chain.called(event.transaction)
    sender, receiver, amount = (event.fields[name] for name in ("sender", "receiver", "value"))
    told = None if data is None else named(programs.deployment, receiver, amount, data)
    return None if told is None else Payment(sender, receiver, amount, *told, event.block)


async def between(
    programs: Programs, sender: bytes, to: bytes, first: int = 0, last: int | None = None
) -> list[Payment]:
    """Return what one account paid another under references in these blocks, in the chain's order."""
    told = await programs.events(TOKEN, TRANSFER, first, last, sender=sender, receiver=to)
    found = [await of(programs, one) for one in told]
    return [one for one in found if one is not None]


async def holds(
    programs: Programs, transaction: bytes, sender: bytes, to: bytes, amount: int, reference: bytes
) -> bool:
    """Say whether a transaction is on chain that paid just this, under this reference; raises ChainUnreachable."""
    shown = await paid(programs, transaction)
    return shown is not None and (shown.sender, shown.receiver, shown.amount, shown.reference, shown.complaint) == (
        sender, to, amount, reference, b"",
    )  # fmt: skip
