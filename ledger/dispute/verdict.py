"""The verdict on a dispute bundle: who is at fault, from signed values alone (spec 6).

Law: a bundle must first hold together. Every signature verifies, agreement, edition, row, batch, offer and voucher
name each other; what does not is dismissed, because a buyer could have made it up. Then the preimage opens the masked
secret, and what the secret meets or fails gives the finding. No secret, no clock, no network.

| finding | at fault | shown by |
|---|---|---|
| wrong-bytes | nobody | the ciphertext's digest differs: never paid, fetch elsewhere |
| wrong-key | payee | `SHA(t) = lock`, the unmasked secret does not meet `keyCommit` |
| malformed-edition | provider | the secret meets `keyCommit`; tag, padding or `plainCommit` fails |
| key-withheld | nobody | no preimage anywhere: nobody paid, the voucher lapses |
| taken-without-release | nobody | the preimage is on chain: the key is public to the buyer |
| buyer-lies | claimant | the bundle does not verify, or shows nothing wrong |
| not-as-described | arbitrator judges | the content is disputed, which no hash decides |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from contracts.errors import ContractError
from contracts.signature import is_by
from contracts.typed_data import digest, struct_hash
from contracts.typed_json import row_set
from ledger.dispute import bundle as bundles
from ledger.edition.mask import masked_hash, unmask
from ledger.edition.opening import Code, OpeningError, check_secret, open_piece, prove_row
from ledger.edition.row import SECRET_BYTES, Row
from ledger.log.note import NoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from contracts.typed_data import Domain
    from ledger.dispute.bundle import Bundle
    from ledger.space.domains import Domains


class Finding(StrEnum):
    """The seven findings of spec 6, and those about who contradicts itself (`ledger.dispute.filing`)."""

    WRONG_BYTES = "wrong-bytes"
    WRONG_KEY = "wrong-key"
    MALFORMED_EDITION = "malformed-edition"
    KEY_WITHHELD = "key-withheld"
    TAKEN_WITHOUT_RELEASE = "taken-without-release"
    BUYER_LIES = "buyer-lies"
    NOT_AS_DESCRIBED = "not-as-described"
    PAYER_EQUIVOCATED = "payer-equivocated"
    PAYEE_EQUIVOCATED = "payee-equivocated"
    LOG_FORKED = "log-forked"


@dataclass(frozen=True, slots=True)
class Consequence:
    """Who is at fault, whether the batch is refunded, and what follows in words."""

    at_fault: str
    refund: bool
    text: str


CONSEQUENCES: Mapping[Finding, Consequence] = {
    Finding.WRONG_BYTES: Consequence("nobody", refund=False, text="no dispute: never paid, fetch elsewhere"),
    Finding.WRONG_KEY: Consequence("payee", refund=True, text="the payee is at fault: refund of that batch"),
    Finding.MALFORMED_EDITION: Consequence("provider", refund=True, text="the provider is at fault for the edition"),
    Finding.KEY_WITHHELD: Consequence("nobody", refund=False, text="nobody paid: the voucher lapses"),
    Finding.TAKEN_WITHOUT_RELEASE: Consequence("nobody", refund=False, text="the key is public: nothing is lost"),
    Finding.BUYER_LIES: Consequence("claimant", refund=False, text="dismissed"),
    Finding.PAYER_EQUIVOCATED: Consequence("payer", refund=False, text="the payer is at fault: the channel stops"),
    Finding.PAYEE_EQUIVOCATED: Consequence("payee", refund=False, text="the payee is at fault: the channel stops"),
    Finding.LOG_FORKED: Consequence("owner", refund=False, text="the log's owner is at fault: trust no head of it"),
    Finding.NOT_AS_DESCRIBED: Consequence("undecided", refund=False, text="the arbitrator judges the opened content"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding with its reason; `refund` in minor units of the agreement's token, 0 where none is due."""

    finding: Finding
    reason: str
    refund: int = 0

    @property
    def at_fault(self) -> str:
        """Return nobody, payer, payee, provider, owner (of a log), claimant or undecided."""
        return CONSEQUENCES[self.finding].at_fault

    def json(self) -> dict[str, str]:
        """Return the verdict as a document."""
        text = CONSEQUENCES[self.finding].text
        return {
            "finding": self.finding,
            "atFault": self.at_fault,
            "verdict": text,
            "reason": self.reason,
            "refund": str(self.refund),
        }


class _Dismissed(Exception):  # noqa: N818 - control flow of this file only
    """The bundle does not hold together."""


def judge_document(document: Any, domains: Domains) -> Verdict:
    """Judge a bundle as it came in; a malformed one is dismissed like any that does not verify."""
    try:
        bundle = bundles.parse(document)
    except (ContractError, NoteError) as error:
        return Verdict(Finding.BUYER_LIES, f"not a dispute bundle: {error}")
    return judge(bundle, domains)


def judge(bundle: Bundle, domains: Domains) -> Verdict:
    """Return the verdict on a bundle."""
    try:
        for check in _CHECKS:
            check(bundle, domains)
        secret = _secret(bundle)
    except _Dismissed as dismissed:
        return Verdict(Finding.BUYER_LIES, str(dismissed))
    if secret is None:
        return Verdict(Finding.KEY_WITHHELD, "the bundle holds no preimage of the lock")
    finding, reason = _find(bundle, secret)
    refund = sum(order.amount for order in bundle.batch.orders) if CONSEQUENCES[finding].refund else 0
    return Verdict(finding, reason, refund)


def _find(bundle: Bundle, secret: bytes) -> tuple[Finding, str]:
    row = Row.decode(bundle.row)
    try:
        check_secret(row, secret)
        if bundle.ciphertext is not None:
            open_piece(row, secret, bundle.ciphertext)
    except OpeningError as error:
        return _BY_CODE[error.code], str(error)
    if bundle.claims == "content":
        return Finding.NOT_AS_DESCRIBED, "key and edition are what was committed; the content is disputed"
    if bundle.source == "claimed":
        return Finding.TAKEN_WITHOUT_RELEASE, "the preimage was shown on chain and opens the committed key"
    return Finding.BUYER_LIES, "the released key is the committed one, and nothing shown is wrong"


_BY_CODE: Mapping[Code, Finding] = {
    Code.BYTES: Finding.WRONG_BYTES,
    Code.KEY: Finding.WRONG_KEY,
    Code.EDITION: Finding.MALFORMED_EDITION,
}


def rows_of(bundle: Bundle) -> Iterator[tuple[bytes, int]]:
    """Yield (edition id, row number) of every secret of the batch, in the order of the mask (spec 4)."""
    for order in bundle.batch.orders:
        for number in row_set(order.ranges):
            yield order.edition_id, number


def _secret(bundle: Bundle) -> bytes | None:
    if bundle.preimage is None:
        return None
    if hashlib.sha256(bundle.preimage).digest() != bundle.offer.value.lock:
        raise _Dismissed("the preimage is not that of the offered lock")
    offer = bundle.offer.value
    return unmask(bundle.preimage, offer.channel_id, offer.seq, bundle.masked)[bundle.position]


def _parties(bundle: Bundle, domains: Domains) -> None:
    agreement, signed = bundle.agreement, digest(domains.licences, bundle.agreement)
    _need(is_by(agreement.provider, signed, bundle.provider_signature), "the provider did not sign the agreement")
    _need(is_by(agreement.buyer, signed, bundle.buyer_signature), "the buyer did not sign the agreement")
    _need(any(order.agreement_digest == signed for order in bundle.batch.orders), "no order of the batch is under it")


def _edition(bundle: Bundle, domains: Domains) -> None:
    edition, edition_id = bundle.edition.value, bundle.header.edition_id()
    expected = (edition_id, bundle.header.series, bundle.header.number)
    _need(bundle.agreement.edition_id == edition_id, "the header is not that of the agreed edition")
    _need((edition.edition_id, edition.series, edition.number) == expected, "the signed edition is another one")
    _signed(domains.registry, bundle.edition, bundle.agreement.provider, "the provider did not sign the edition")


def _row(bundle: Bundle, _: Domains) -> None:
    try:
        prove_row(bundle.row, bundle.index, bundle.header.rows, bundle.path, bundle.header.root)
        Row.decode(bundle.row)
    except (OpeningError, ContractError) as error:
        raise _Dismissed(f"the row is not of that edition: {error}") from error


def _batch(bundle: Bundle, _: Domains) -> None:
    offer, rows = bundle.offer.value, list(rows_of(bundle))
    _need(struct_hash(bundle.batch) == offer.account_hash, "the batch is not the offered one")
    _need(len(bundle.masked) == SECRET_BYTES * len(rows), "there are not as many masked secrets as rows")
    _need(masked_hash(bundle.masked) == offer.masked_hash, "the masked secrets are not the offered ones")
    place = rows[bundle.position] if bundle.position < len(rows) else None
    _need(place == (bundle.header.edition_id(), bundle.index), "the secret at that position is of another row")


def _offer(bundle: Bundle, domains: Domains) -> None:
    _signed(domains.registry, bundle.offer, bundle.agreement.provider, "the payee did not sign the offer")


def _voucher(bundle: Bundle, domains: Domains) -> None:
    offer, voucher = bundle.offer.value, bundle.voucher.value
    for name in ("channel_id", "seq", "cumulative_amount", "account_hash", "lock"):
        _need(getattr(voucher, name) == getattr(offer, name), f"voucher and offer differ in `{name}`")
    _signed(domains.channels, bundle.voucher, bundle.agreement.buyer, "the buyer did not sign the voucher")


def _receipt(bundle: Bundle, domains: Domains) -> None:
    if bundle.receipt is None:
        return
    receipt = bundle.receipt.value
    _need(
        receipt.voucher_digest == digest(domains.channels, bundle.voucher.value), "the receipt is for another voucher"
    )
    _need(receipt.offer_digest == digest(domains.registry, bundle.offer.value), "the receipt is for another offer")
    _signed(domains.registry, bundle.receipt, bundle.agreement.provider, "the payee did not sign the receipt")


def _signed(domain: Domain, one: bundles.Signed, signer: bytes, otherwise: str) -> None:
    _need(is_by(signer, digest(domain, one.value), one.signature), otherwise)


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise _Dismissed(otherwise)


_CHECKS: tuple[Callable[[Bundle, Domains], None], ...] = (
    _parties,
    _edition,
    _row,
    _batch,
    _offer,
    _voucher,
    _receipt,
)
