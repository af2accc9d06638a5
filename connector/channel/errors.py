"""What can go wrong on a channel: every fault by its code, with whose it is and what to do.

    ChannelFault            the act changed nothing; `.code`, `.whose`, `.hint`
    └── ChannelLater        the same, but the same message may well be accepted later: send it again unchanged

Law: a code without a row in `FAULTS` cannot be raised. `whose` is the side that has to change something.
"""

# ruff: noqa: N818 (these names are said in sentences: "a channel fault", "later")

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from contracts.voucher import FAULTS as VOUCHER_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

PAYER = "payer"
PAYEE = "payee"
NOBODY = "nobody"
AGAIN = "send the same bytes again later"
RESUME = "compare the newest signed states (resume), then go on from there"


@dataclass(frozen=True, slots=True)
class Row:
    """What a fault means: who has to act, what to do, and whether the same message may be accepted later."""

    whose: str
    hint: str
    later: bool = False


_VOUCHER = {fault.code: Row(PAYER, "send the voucher that the offer asks for") for fault in VOUCHER_FAULTS}

FAULTS: Mapping[str, Row] = MappingProxyType({
    # a message that is not one
    "malformed": Row(PAYER, "send a message of the form that connector.channel.wire reads"),
    # who and what (the payee speaks)
    "unknown-channel": Row(PAYER, "open a channel with this payee and wait for its confirmations"),
    "channel-closed": Row(PAYER, "open another channel"),
    "channel-closing": Row(PAYEE, "go on in another channel once the chain has closed this one", later=True),
    "stopped": Row(NOBODY, "two signed messages with one seq are kept; settle the dispute first"),
    "unknown-agreement": Row(PAYER, "order under an agreement signed with this payee"),
    "agreement-over": Row(PAYER, "agree anew"),
    "other-account": Row(PAYER, "pay an agreement through a channel with its parties, token and split"),
    "wrong-edition": Row(PAYER, "order pieces of the agreed edition"),
    "unknown-transfer": Row(PAYER, "start a transfer under the agreement first"),
    "wrong-use": Row(PAYER, "use 0 or 2 in the tier kept, 1 in the tier leased"),
    "unknown-rows": Row(PAYER, "order pieces that the edition has"),
    "unlicensed-rows": Row(PAYER, "order pieces of the agreed columns, the index and what belongs to whole files"),
    "not-paid": Row(PAYER, "ask again only for pieces that are paid"),
    "too-many-rows": Row(PAYER, "order fewer pieces in one batch"),
    "bad-reader-key": Row(PAYER, "send an X25519 public key"),
    "lease-ended": Row(PAYER, "draw a fresh reader key: it is a new opening"),
    "wrong-amount": Row(PAYER, "price the order by spec 3.6 from the pieces paid so far"),
    # money
    "over-cap": Row(PAYER, "agree on a higher price cap"),
    "over-quota": Row(PAYER, "wait for the next period of the subscription", later=True),
    "wrong-period": Row(PAYER, "draw on the quota of the period that it is now in UTC"),
    "over-exposure": Row(PAYER, "order less at a time"),
    "over-credit": Row(PAYER, "top the channel up"),
    "exhausted": Row(PAYER, "the policy's counts are used up; agree anew"),
    "duty-failed": Row(PAYEE, AGAIN, later=True),
    # time and order
    "stale-chain": Row(PAYEE, AGAIN, later=True),
    "wrong-clock": Row(NOBODY, "set the clock by NTP, or ask who runs the chain", later=True),
    "near-expiry": Row(PAYER, "extend the channel's expiry"),
    "behind": Row(NOBODY, RESUME),
    "forgotten": Row(PAYEE, "look at what was claimed on chain, and acknowledge it: a back-up forgot the release"),
    "lost-window": Row(PAYER, "order the lost batch as it was, or wait until it can be claimed no more", later=True),
    "seq-gap": Row(PAYER, RESUME),
    "no-offer": Row(PAYER, "ask for the keys first"),
    "repriced": Row(PAYER, "ask again: another channel moved the price meanwhile"),
    **_VOUCHER,
    "bad-signature": Row(PAYER, "sign with the channel's signer"),
    "high-s": Row(PAYER, "sign with low s"),
    "foreign-signer": Row(PAYER, "sign with the channel's signer, for this deployment"),
    # the payer speaks: what the payee sent is wrong
    "offer-signature": Row(PAYEE, "sign the offer with the channel's payee key"),
    "offer-channel": Row(PAYEE, "offer on the channel that was asked for"),
    "offer-seq": Row(PAYEE, RESUME),
    "offer-account": Row(PAYEE, "offer exactly the orders that were asked for"),
    "offer-amount": Row(PAYEE, "price the orders by spec 3.6"),
    "offer-lock": Row(PAYEE, "draw a fresh preimage for every offer"),
    "offer-until": Row(PAYEE, "offer a voucher that lives for the agreed time"),
    "offer-keys": Row(PAYEE, "seal the masked keys to every reader key of the batch"),
    "masked-hash": Row(PAYEE, "seal the masked keys that the offer commits to"),
    "wrong-preimage": Row(PAYEE, "release the preimage of the lock"),
    "bad-receipt": Row(PAYEE, "sign a receipt for this voucher and offer"),
    "bad-refusal": Row(PAYEE, "sign a refusal of this voucher"),
    "bad-testimony": Row(NOBODY, "show signed states that follow from the last common one"),
    # the payer's own
    "unreleased": Row(PAYER, "repeat the signed voucher until it is released, refused or lapsed", later=True),
    "nothing-released": Row(PAYER, "there is nothing to acknowledge"),
    "too-dear": Row(PAYER, "one row costs more than may be unreleased; agree on a higher maxExposure"),
    "faulted": Row(PAYEE, "the last keys were wrong; file the bundle, sign nothing more here"),
})  # fmt: skip


class ChannelFault(Exception):
    """A message or wish that is refused and changed nothing."""

    def __init__(self, code: str, text: str) -> None:
        row = FAULTS[code]
        super().__init__(f"{text} ({code})")
        self.code = code
        self.text = text
        self.whose = row.whose
        self.hint = row.hint


class ChannelLater(ChannelFault):
    """A refusal that time may mend."""


def fault(code: str, text: str) -> ChannelFault:
    """Return the exception of a code, to be raised."""
    return ChannelLater(code, text) if FAULTS[code].later else ChannelFault(code, text)
