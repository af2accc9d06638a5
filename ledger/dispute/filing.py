"""What is filed for a ruling: a dispute bundle (spec 6), two messages of one seq (4), two heads of one log (7).

Law: a document is known by its members and read strictly; what it shows is for `judge`, and one that shows nothing is
dismissed. `part` is what it is about, the channel or the log's origin id; `link` is the batch, or the root that is
denied, so that filings and rulings of all kinds are found alike.

| filed | its finding | at fault | shown by |
|---|---|---|---|
| bundle | the seven of spec 6 | see `ledger.dispute.verdict` | the key that was paid for |
| equivocation | payer-equivocated, payee-equivocated | who signed both | two messages of one seq |
| fork | log-forked | the log's owner | two heads and a prefix proof |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.canonical import sha
from contracts.errors import ContractError
from contracts.typed_data import Receipt
from ledger.dispute import bundle as bundles
from ledger.dispute import equivocation, fork_proof, ruling
from ledger.dispute import verdict as dispute
from ledger.dispute.ruling import REASON_LIMIT_CHARS, Ruling
from ledger.dispute.verdict import Finding, Verdict
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.chain.programs import Channel
    from ledger.dispute.bundle import Bundle
    from ledger.space.document import Space

EQUIVOCATED = {"payer": Finding.PAYER_EQUIVOCATED, "payee": Finding.PAYEE_EQUIVOCATED}


@dataclass(frozen=True, slots=True)
class Filing:
    """A document as it is filed; `part` and `link` are 32 bytes, `origin` the log that a fork is about, else empty."""

    document: Mapping[str, Any]
    part: bytes
    link: bytes
    origin: str = ""
    bundle: Bundle | None = None

    @property
    def id(self) -> bytes:
        """Return the digest that it is known by (32 bytes)."""
        return sha(self.document)


def read(document: Any) -> Filing:
    """Read what was filed, strictly; `ContractError` (or `MalformedNoteError`, a ValueError) if it is none of these."""
    names = frozenset(document) if isinstance(document, dict) else frozenset()
    reading = _READERS.get(names)
    if reading is None:
        raise ContractError("filing", "this is no dispute bundle, no equivocation and no fork", "penstock verify FILE")
    return reading(document)


def of(bundle: Bundle) -> Filing:
    """Return a bundle as it is filed."""
    voucher = bundle.voucher.value
    return Filing(bundle.json(), voucher.channel_id, voucher.account_hash, bundle=bundle)


def judge(filing: Filing, space: Space, channel: Channel | None) -> Verdict:
    """Return the verdict from signed values alone; `channel` is what the chain says of the filing's, None for a log."""
    if filing.bundle is not None:
        return dispute.judge(filing.bundle, space.domains)
    try:
        return _forked(filing, space) if filing.origin else _equivocated(filing, space, channel)
    except ContractError as error:
        return Verdict(Finding.BUYER_LIES, str(error))


def rule(filing: Filing, verdict: Verdict, channel: Channel | None, award: int | None, reason: str) -> Ruling:
    """Return the ruling that follows; only over a bundle money moves. `ContractError` for an award out of place."""
    if filing.bundle is not None and channel is not None:
        claimed, deposit = channel.claimed, channel.deposit
        return ruling.rule(filing.bundle, verdict, claimed=claimed, deposit=deposit, award=award, reason=reason)
    if award is not None:
        raise ContractError("award", f"no money moves over this: {verdict.finding.value}")
    words = (reason or verdict.reason)[:REASON_LIMIT_CHARS]
    return Ruling(filing.id, filing.part, filing.link, verdict.finding, words, division=None)


def _equivocated(filing: Filing, space: Space, channel: Channel | None) -> Verdict:
    shown = equivocation.judge(filing.document, space.domains)
    party = channel and {"payer": channel.signer, "payee": channel.payee}[shown.role]
    if party != shown.signer:
        raise ContractError("equivocation", f"who signed both is not the {shown.role} of the channel")
    words = f"the {shown.role} signed two different messages ({shown.kind}) with seq {shown.seq}"
    return Verdict(EQUIVOCATED[shown.role], words)


def _forked(filing: Filing, space: Space) -> Verdict:
    owner = space.by_origin(filing.origin)
    if owner is None:
        raise ContractError(fork_proof.NAME, "no member of the space has this log")
    shown = fork_proof.judge(filing.document, owner.log_vkey, owner.former_vkeys)
    words = f"`{owner.did}` signed a head of size {shown.new.size} with another history up to size {shown.old.size}"
    return Verdict(Finding.LOG_FORKED, words)


def _read_bundle(document: Any) -> Filing:
    return of(bundles.parse(document))


def _read_equivocation(document: Any) -> Filing:
    _, channel_id, (first, _) = equivocation.read(document)
    link = first.voucher_digest if isinstance(first, Receipt) else first.account_hash
    return Filing(document, channel_id, link)


def _read_fork(document: Any) -> Filing:
    old, _ = fork_proof.read(document)
    return Filing(document, origin_id(old.origin), old.root, origin=old.origin)


_READERS: Mapping[frozenset[str], Callable[[Any], Filing]] = {
    bundles.FIELDS: _read_bundle,
    equivocation.FIELDS: _read_equivocation,
    fork_proof.FIELDS: _read_fork,
}
