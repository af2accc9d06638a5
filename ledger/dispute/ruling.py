"""What an arbitrator rules on a dispute: the finding, and what becomes of the channel's unclaimed rest (spec 3.4, 6).

    {v, dispute, channelId, accountHash, finding, atFault, reason, division: null | {toPayees, toPayer, shortfall}}

`dispute` is SHA(JCS(what was filed)); of a fork `channelId` is the log's origin id and `accountHash` the denied root.
Amounts are minor units as decimal strings, ids lower-case hex. The chain is told SHA(JCS(ruling)) if money moves, the
log the ruling itself. Law: a ruling moves the unclaimed money of the disputed window alone; what
was owed before it goes to the payees, what nobody owes to the payer. Where hashes decide, the arbitrator does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.canonical import sha
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from ledger.dispute.verdict import CONSEQUENCES, Finding
from ledger.fields import closed, text

if TYPE_CHECKING:
    from ledger.dispute.bundle import Bundle
    from ledger.dispute.verdict import Verdict

VERSION = 1
ID_BYTES = 32
REASON_LIMIT_CHARS = 1_000
FIELDS = frozenset({"v", "dispute", "channelId", "accountHash", "finding", "atFault", "reason", "division"})
DIVISION_FIELDS = frozenset({"toPayees", "toPayer", "shortfall"})


@dataclass(frozen=True, slots=True)
class Division:
    """What of the unclaimed rest goes where; `shortfall` is what is due to the payer and was claimed already."""

    to_payees: int
    to_payer: int
    shortfall: int

    def json(self) -> dict[str, str]:
        """Return the member of a ruling."""
        return {
            "toPayees": str(self.to_payees),
            "toPayer": str(self.to_payer),
            "shortfall": str(self.shortfall),
        }


@dataclass(frozen=True, slots=True)
class Ruling:
    """One ruling; `division` is None where no money moves."""

    dispute: bytes
    channel_id: bytes
    account_hash: bytes
    finding: Finding
    reason: str
    division: Division | None

    @property
    def digest(self) -> bytes:
        """Return what the chain is told of it (32 bytes)."""
        return sha(self.json())

    def json(self) -> dict[str, Any]:
        """Return the document."""
        return {
            "v": VERSION,
            "dispute": self.dispute.hex(),
            "channelId": self.channel_id.hex(),
            "accountHash": self.account_hash.hex(),
            "finding": self.finding.value,
            "atFault": CONSEQUENCES[self.finding].at_fault,
            "reason": self.reason,
            "division": None if self.division is None else self.division.json(),
        }


def read_ruling(document: Any) -> Ruling:
    """Read a ruling strictly; raises ContractError."""
    found = closed(document, FIELDS, "ruling")
    try:
        finding = Finding(found["finding"])
    except ValueError as error:
        raise ContractError("ruling", f"no finding is called `{str(found['finding'])[:40]}`") from error
    ruling = Ruling(
        dispute=read_hex(found["dispute"], "dispute", ID_BYTES),
        channel_id=read_hex(found["channelId"], "channelId", ID_BYTES),
        account_hash=read_hex(found["accountHash"], "accountHash", ID_BYTES),
        finding=finding,
        reason=text(found["reason"], "reason", limit_chars=REASON_LIMIT_CHARS),
        division=None if found["division"] is None else _division(found["division"]),
    )
    if ruling.json() != document:
        raise ContractError("ruling", f"a ruling of version {VERSION} is written canonically")
    return ruling


def rule(
    bundle: Bundle, verdict: Verdict, *, claimed: int, deposit: int, award: int | None = None, reason: str = ""
) -> Ruling:
    """Return the ruling that follows from a verdict and what the chain says of the channel, amounts in minor units.

    `award` is what the arbitrator leaves the payees of the disputed window, with its `reason`, where hashes decide
    nothing; raises ContractError for an award where they do, for none where they do not, and for one above the window.
    """
    window = sum(order.amount for order in bundle.batch.orders)
    left = _left(verdict, window, award)
    voucher = bundle.voucher.value
    return Ruling(
        dispute=sha(bundle.json()),
        channel_id=voucher.channel_id,
        account_hash=voucher.account_hash,
        finding=verdict.finding,
        reason=(reason or verdict.reason)[:REASON_LIMIT_CHARS],
        division=None
        if left is None
        else divide(voucher.cumulative_amount - window + left, window - left, claimed, deposit),
    )


def divide(owed: int, refund: int, claimed: int, deposit: int) -> Division:
    """Return the division under which the payees have `owed` in all (cumulative), as far as it is not claimed yet."""
    rest = deposit - claimed
    to_payees = min(max(owed - claimed, 0), rest)
    return Division(to_payees, rest - to_payees, min(max(claimed - owed, 0), refund))


def _left(verdict: Verdict, window: int, award: int | None) -> int | None:
    """Return what the payees keep of the disputed window, None where the channel is left as it is."""
    if verdict.finding is Finding.NOT_AS_DESCRIBED:
        if award is None or award > window:
            raise ContractError("award", f"no hash decides this: leave the payees 0 to {window} of the disputed window")
        return award
    if award is not None:
        raise ContractError("award", f"the bundle decides this by itself: {verdict.finding.value}")
    return 0 if CONSEQUENCES[verdict.finding].refund else None


def _division(document: Any) -> Division:
    found = closed(document, DIVISION_FIELDS, "division")
    return Division(*(read_decimal(found[name], name) for name in ("toPayees", "toPayer", "shortfall")))
