"""Whether a bill holds, by what it carries, and by the chain and the provider's log if they are at hand.

Law: a check is a row of CHECKS and fails by raising ValueError with the words for a person; one that lacks what it
needs is named as not looked at, never passed. Nobody's word is taken: not the issuer's, nor that of who serves a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts import agreement as agreements
from contracts.errors import ContractError
from contracts.signature import is_by
from contracts.typed_data import digest
from ledger.agreement import bill as bills

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ledger.agreement.bill import Bill, Issued, PaidWindow
    from ledger.chain.programs import Channel, Licence
    from ledger.edition.row_table import RowTable

HOLDS, FAILS, UNSEEN = "holds", "fails", "not looked at"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What others keep: the edition's row table, channels and licence on chain, all leaves of the provider's log.

    What is None was not at hand; a channel that the chain does not know is missing from `channels`.
    """

    table: RowTable | None = None
    channels: Mapping[str, Channel] | None = None
    licence: Licence | None = None
    leaves: Collection[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one check: its name, `HOLDS`, `FAILS` or `UNSEEN`, and why."""

    check: str
    state: str
    why: str = ""

    def json(self) -> dict[str, str]:
        """Return the row of the report."""
        return {"check": self.check, "state": self.state, "why": self.why}


def check(issued: Issued, evidence: Evidence) -> list[Found]:
    """Return a row for each check."""
    return [_run(name, test, issued, evidence) for name, test in CHECKS.items()]


def holds(found: list[Found]) -> bool:
    """Say whether no check failed; what was not looked at proves nothing either way."""
    return all(one.state != FAILS for one in found)


def difference(mine: Bill, theirs: Bill) -> list[str]:
    """Return in words where two bills of one agreement differ in what is billed, nothing if they do not."""
    if mine.key != theirs.key:
        return [f"they are of two agreements, `{mine.key.hex()}` and `{theirs.key.hex()}`"]
    ours = {(line.channel, line.seq, line.order): line for line in mine.lines}
    others = {(line.channel, line.seq, line.order): line for line in theirs.lines}
    told = []
    for where in sorted(ours.keys() | others.keys()):
        one, other = ours.get(where), others.get(where)
        if one == other:
            continue
        channel, seq, order = where
        amounts = [("no such order" if line is None else f"{line.amount} for {line.quantity}") for line in (one, other)]
        told.append(
            f"channel {channel[:16]}… window {seq} order {order}: {amounts[0]} on one, {amounts[1]} on the other"
        )
    if mine.amount != theirs.amount:
        told.append(f"in all {mine.amount} on one, {theirs.amount} on the other")
    return told


def _run(name: str, test: Callable[[Issued, Evidence], bool], issued: Issued, evidence: Evidence) -> Found:
    try:
        return Found(name, HOLDS if test(issued, evidence) else UNSEEN)
    except (ContractError, ValueError) as error:
        return Found(name, FAILS, str(error))


def _need(holds_: bool, words: str) -> None:  # noqa: FBT001 - what must be so, in its place
    if not holds_:
        raise ValueError(words)


# ---- the checks: False where what it needs is not at hand


def _agreement(issued: Issued, _evidence: Evidence) -> bool:
    bill = issued.bill
    domain = bill.deployment.domain("licences")
    agreements.verify(domain, bill.agreement, bill.terms, bill.provider_signature, bill.buyer_signature)
    return True


def _issuer(issued: Issued, _evidence: Evidence) -> bool:
    bill = issued.bill
    parties = {bill.provider: bill.agreement.provider, bill.buyer: bill.agreement.buyer}
    _need(issued.issuer in parties, "the issuer is no party of the agreement")
    _need(is_by(parties[issued.issuer], issued.digest, issued.signature), "the issuer did not sign this bill")
    return True


def _vouchers(issued: Issued, evidence: Evidence) -> bool:
    """Each batch is what its voucher pays for, follows the one before it, and moves the sum by its orders."""
    bill, domain = issued.bill, issued.bill.deployment.domain("channels")
    for channel, windows in _by_channel(bill).items():
        known = None if evidence.channels is None else evidence.channels.get(channel)
        signer = bill.agreement.buyer if known is None else known.signer
        before, total = bytes.fromhex(channel), 0
        for window in windows:
            seq, total = window.voucher.seq, total + sum(order.amount for order in window.batch.orders)
            _need(window.batch.prev == before, f"window {seq} does not follow the one before it")
            before = window.account_hash
            _need(window.voucher.account_hash == before, f"the voucher of window {seq} pays for other orders")
            _need(window.voucher.cumulative_amount == total, f"the voucher of window {seq} is not for {total}")
            signed = digest(domain, window.voucher)
            _need(is_by(signer, signed, window.voucher_signature), f"the voucher of window {seq} is not the payer's")
    return True


def _receipts(issued: Issued, _evidence: Evidence) -> bool:
    bill = issued.bill
    domain, channels = bill.deployment.domain("editions"), bill.deployment.domain("channels")
    for window in bill.windows:
        if window.receipt is None:
            continue
        seq = window.voucher.seq
        same = window.receipt.voucher_digest == digest(channels, window.voucher) and window.receipt.seq == seq
        _need(same, f"the receipt of window {seq} is for another voucher")
        by = is_by(bill.agreement.provider, digest(domain, window.receipt), window.receipt_signature)
        _need(by, f"the receipt of window {seq} is not the provider's")
    return True


def _lines(issued: Issued, evidence: Evidence) -> bool:
    """Every line again, from the orders that were signed and the agreed row table."""
    bill = issued.bill
    table = bills.table_of(bill) or evidence.table
    if table is None:
        return False
    lines, due = bills.priced(bill.terms, table, bill.key, bill.windows)
    for mine, told in zip(lines, bill.lines, strict=False):
        _need(mine == told, f"the line of window {told.seq} should be {mine.amount} for {mine.quantity}")
    _need(len(lines) == len(bill.lines), f"there are {len(bill.lines)} lines for {len(lines)} orders")
    _need(bill.amount == due, f"the tariff makes {due} of what was ordered, the bill {bill.amount}")
    return True


def _cap(issued: Issued, _evidence: Evidence) -> bool:
    bill = issued.bill
    _need(bill.amount <= bill.agreement.price_cap, f"{bill.amount} is above the agreed cap {bill.agreement.price_cap}")
    return True


def _chain(issued: Issued, evidence: Evidence) -> bool:
    """Find licence and channels on chain: between these parties, and paid out as the bill says, or since then more."""
    bill = issued.bill
    if evidence.channels is None:
        return False
    _need(evidence.licence is not None, "the chain has no licence of this agreement")
    for told in bill.channels:
        found = evidence.channels.get(told.channel)
        if found is None:
            raise ValueError(f"the chain does not know the channel {told.channel}")
        parties = (found.payer, found.payee) == (bill.agreement.buyer, bill.agreement.provider)
        _need(parties, f"the channel {told.channel} is between others")
        same = found.claimed == told.claimed and found.closed if told.closed else found.claimed >= told.claimed
        _need(same, f"the chain paid {found.claimed} on the channel {told.channel}, the bill says {told.claimed}")
    unknown = _by_channel(bill).keys() - {told.channel for told in bill.channels}
    _need(not unknown, f"the bill does not say what came of the channels {', '.join(sorted(unknown))}")
    return True


def _log(issued: Issued, evidence: Evidence) -> bool:
    """Every receipt names an entry that is in the provider's log."""
    if evidence.leaves is None:
        return False
    for window in issued.bill.windows:
        known = window.receipt is None or window.receipt.log_leaf in evidence.leaves
        _need(known, f"the provider's log has no entry for window {window.voucher.seq}")
    return True


def _by_channel(bill: Bill) -> dict[str, list[PaidWindow]]:
    found: dict[str, list[PaidWindow]] = {}
    for window in bill.windows:
        found.setdefault(window.voucher.channel_id.hex(), []).append(window)
    for windows in found.values():
        windows.sort(key=lambda window: window.voucher.seq)
    return found


CHECKS: Mapping[str, Callable[[Issued, Evidence], bool]] = {
    "both signed the agreement": _agreement,
    "the issuer signed the bill": _issuer,
    "each batch is paid by its voucher": _vouchers,
    "the provider's receipts": _receipts,
    "each line follows from tariff and orders": _lines,
    "the sum is within the agreed cap": _cap,
    "licence and channels on chain": _chain,
    "entries in the provider's log": _log,
}
