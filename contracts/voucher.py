"""A voucher against the offer it answers (spec 4, message 3; spec 3.2): every fault by name.

Law: a voucher is accepted when no row of `FAULTS` applies. The rows are tried in order; the first that applies is the
refusal. Nothing here has state: what was accepted before is in the `Ground` that the holder brings along. What only
the holder knows (a channel that closes, another price, a policy that says no) is asked in the channel's `release`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.errors import ContractError
from contracts.signature import recover
from contracts.typed_data import Domain, KeyOffer, Voucher, digest

if TYPE_CHECKING:
    from collections.abc import Callable

NO_LOCK = bytes(32)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a payee holds a voucher against.

    `deposit` is the confirmed one; `expects` is the offer, or for an acknowledgement its own values with no lock;
    `now` is max(own clock, newest block) and `least_ttl` is claimMargin + staleMax, posix seconds and seconds.
    """

    domain: Domain
    signer: bytes
    deposit: int
    expects: KeyOffer
    now: int
    least_ttl: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a voucher is wrong."""

    code: str
    applies: Callable[[Voucher, Ground], bool]
    words: str


FAULTS: tuple[Fault, ...] = (
    Fault("wrong-channel", lambda v, g: v.channel_id != g.expects.channel_id, "it names another channel"),
    Fault("wrong-seq", lambda v, g: v.seq != g.expects.seq, "its seq is not that of the offer"),
    Fault("amount-under", lambda v, g: v.cumulative_amount < g.expects.cumulative_amount, "it pays less than offered"),
    Fault("amount-over", lambda v, g: v.cumulative_amount > g.expects.cumulative_amount, "it pays more than offered"),
    Fault("over-deposit", lambda v, g: v.cumulative_amount > g.deposit, "it is more than the confirmed deposit"),
    Fault("wrong-account", lambda v, g: v.account_hash != g.expects.account_hash, "it is for other orders"),
    Fault("wrong-lock", lambda v, g: v.lock != g.expects.lock, "its lock is not that of the offer"),
    Fault("valid-until-past", lambda v, g: _locked(v) and v.valid_until <= g.now, "it has lapsed"),
    Fault(
        "valid-until-near",
        lambda v, g: _locked(v) and v.valid_until < g.now + g.least_ttl,
        "it lapses before it could surely be claimed",
    ),
    Fault("valid-until-set", lambda v, _: not _locked(v) and v.valid_until != 0, "an acknowledgement never lapses"),
)


def check(voucher: Voucher, signature: bytes, ground: Ground) -> bytes:
    """Return the voucher's digest, or raise the first fault as `ContractError`; the voucher's signer is at fault."""
    for fault in FAULTS:
        if fault.applies(voucher, ground):
            raise ContractError(fault.code, f"the voucher is refused: {fault.words}")
    signed = digest(ground.domain, voucher)
    if recover(signed, signature) != ground.signer:
        raise ContractError("foreign-signer", "the voucher is not signed by the channel's signer for this deployment")
    return signed


def _locked(voucher: Voucher) -> bool:
    return voucher.lock != NO_LOCK
