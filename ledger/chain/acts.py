"""What can be done with the programs: one function an act, from typed values to an unsigned call. Pure.

Law: whatever the program checks with a signature is given as the same typed value that was signed (spec 2), so nothing
is copied field by field by callers. Send an act through `Chain.sign_transaction` and `Chain.send`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eth_abi.abi import encode

from contracts import address, signature, typed_data
from contracts.keccak import keccak
from ledger.chain.client import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.signature import Secret
    from contracts.split import Split
    from contracts.typed_data import Agreement, Edition, Final, Head, SubLicence, Voucher
    from ledger.chain.deployment import Deployment
    from ledger.log.head_aggregate import Key

NO_PREIMAGE = bytes(32)
_PERMIT_TYPE = keccak(b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")


@dataclass(frozen=True, slots=True)
class Opening:
    """What is fixed for a channel's life (spec 3.1), and its first expiry (posix seconds).

    `arbitrator` zero means none; `freeze_seconds` is the longest the arbitrator may freeze, once.
    """

    signer: bytes
    split: Split
    token: bytes
    arbitrator: bytes
    freeze_seconds: int
    salt: bytes
    expiry: int

    def args(self) -> tuple[object, ...]:
        """Return the struct as the program takes it."""
        payees = [payee for payee, _ in self.split.parts]
        bps = [points for _, points in self.split.parts]
        return (
            self.signer,
            payees,
            bps,
            self.token,
            self.arbitrator,
            self.freeze_seconds,
            self.salt,
            self.expiry,
        )


@dataclass(frozen=True, slots=True)
class Permit:
    """A token owner's signed leave to take `value` until `deadline` (EIP-2612)."""

    deadline: int
    signature: bytes


# --- editions and licences ---


def register_edition(deployment: Deployment, edition: Edition, by_provider: bytes) -> Act:
    """Register an edition by its provider's signature; anyone may send it."""
    args = (edition.edition_id, edition.series, edition.number, by_provider)
    return Act(deployment.program("editions"), "register", args)


def withdraw_edition(deployment: Deployment, edition_id: bytes) -> Act:
    """Withdraw an edition; who holds its rights sends it."""
    return Act(deployment.program("editions"), "withdraw", (edition_id,))


def transfer_edition(deployment: Deployment, edition_id: bytes, holder: bytes, to: bytes) -> Act:
    """Pass on the rights in an edition; the holder sends it, or whom it approved."""
    return Act(deployment.program("editions"), "transferFrom", (holder, to, int.from_bytes(edition_id, "big")))


def pledge_edition(deployment: Deployment, edition_id: bytes, creditor: bytes, terms: bytes) -> Act:
    """Pledge the rights in an edition to a creditor under terms (their digest); the holder sends it."""
    return Act(deployment.program("editions"), "pledge", (edition_id, creditor, terms))


def release_edition(deployment: Deployment, edition_id: bytes) -> Act:
    """End the pledge of an edition; its creditor sends it."""
    return Act(deployment.program("editions"), "release", (edition_id,))


def grant_licence(deployment: Deployment, agreement: Agreement, by_provider: bytes, by_buyer: bytes) -> Act:
    """Put a signed agreement on the chain; anyone may send it. The summary goes by its hash."""
    return Act(deployment.program("licences"), "grant", (_agreed(agreement), by_provider, by_buyer))


def grant_sub_licence(
    deployment: Deployment,
    agreement: Agreement,
    signatures: tuple[bytes, bytes],
    sub: SubLicence,
    by_holder: bytes,
    above: Agreement,
) -> Act:
    """Put the agreement of a sub-licence on the chain, signed by provider and child, under the holder's `sub`.

    `above` is the agreement of the licence right above; anyone may send it.
    """
    link = (sub.parent, sub.holder, sub.child, sub.terms_digest, sub.draws_on, sub.not_after)
    args = (_agreed(agreement), *signatures, link, by_holder, _agreed(above))
    return Act(deployment.program("licences"), "grantBelow", args)


def _agreed(agreement: Agreement) -> tuple[object, ...]:
    return (
        agreement.provider,
        agreement.buyer,
        agreement.product,
        agreement.edition_id,
        agreement.terms_digest,
        agreement.token,
        agreement.price_cap,
        agreement.not_after,
        agreement.split_hash,
        keccak(agreement.summary.encode("utf-8")),
    )


def suspend_licence(deployment: Deployment, agreement_digest: bytes, cause: bytes) -> Act:
    """Hold a licence for a cause (32 bytes, a digest of the words) until it is resumed; its provider sends it."""
    return Act(deployment.program("licences"), "suspend", (agreement_digest, cause))


def resume_licence(deployment: Deployment, agreement_digest: bytes) -> Act:
    """Let a suspended licence go on; its provider sends it."""
    return Act(deployment.program("licences"), "resume", (agreement_digest,))


def pledge_licence(deployment: Deployment, agreement_digest: bytes, creditor: bytes, terms: bytes) -> Act:
    """Pledge a licence to a creditor under terms (their digest): it gives no sub-licences then; the buyer sends it."""
    return Act(deployment.program("licences"), "pledge", (agreement_digest, creditor, terms))


def release_licence(deployment: Deployment, agreement_digest: bytes) -> Act:
    """End the pledge of a licence; its creditor sends it."""
    return Act(deployment.program("licences"), "release", (agreement_digest,))


def revoke_licence(deployment: Deployment, agreement_digest: bytes, cause: bytes) -> Act:
    """End a licence early for a cause (32 bytes, a digest of the words).

    Its provider sends it; of a sub-licence also the holder of the licence above.
    """
    return Act(deployment.program("licences"), "revoke", (agreement_digest, cause))


# --- channels ---


def channel_id(deployment: Deployment, payer: bytes, opening: Opening) -> bytes:
    """Return the id that the channel will have (spec 3.1)."""
    kinds = ["uint256", "address", "address", "address", "address", "address", "bytes32", "address", "bytes32"]
    channels, payee = deployment.addresses["channels"], opening.split.parts[0][0]
    parties = (deployment.chain_id, channels, payer, opening.signer, payee)
    return keccak(encode(kinds, (*parties, opening.token, opening.split.hash, opening.arbitrator, opening.salt)))


def open_channel(deployment: Deployment, opening: Opening, deposit: int, permit: Permit | None = None) -> Act:
    """Open a channel with a deposit (minor units); the payer sends it, with a permit or after `approve`."""
    program = deployment.program("channels")
    if permit is None:
        return Act(program, "open", (opening.args(), deposit))
    r, s, v = permit.signature[:32], permit.signature[32:64], permit.signature[64]
    return Act(program, "openWithPermit", (opening.args(), deposit, permit.deadline, v, r, s))


def sign_permit(deployment: Deployment, key: Secret, *, value: int, nonce: int, deadline: int) -> Permit:
    """Return the permit for the channels program to take `value`; `nonce` is the token's own count for this owner."""
    owner, spender = signature.address(key), deployment.addresses["channels"]
    kinds = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    struct = keccak(encode(kinds, (_PERMIT_TYPE, owner, spender, value, nonce, deadline)))
    digest = keccak(b"\x19\x01" + deployment.domain("token").separator + struct)
    return Permit(deadline, signature.sign(digest, key))


def top_up(deployment: Deployment, channel: bytes, amount: int) -> Act:
    """Add to a deposit; the payer sends it after `approve`."""
    return Act(deployment.program("channels"), "topUp", (channel, amount))


def extend(deployment: Deployment, channel: bytes, expiry: int) -> Act:
    """Move the expiry to a later time; the payer sends it."""
    return Act(deployment.program("channels"), "extend", (channel, expiry))


def claim(deployment: Deployment, voucher: Voucher, by_signer: bytes, preimage: bytes = NO_PREIMAGE) -> Act:
    """Claim a voucher with the preimage of its lock; anyone may send it."""
    fields = (
        voucher.channel_id,
        voucher.seq,
        voucher.cumulative_amount,
        voucher.account_hash,
        voucher.lock,
        voucher.valid_until,
    )
    return Act(deployment.program("channels"), "claim", (fields, by_signer, preimage))


def close(deployment: Deployment, channel: bytes) -> Act:
    """Close a channel at what is claimed; the first payee sends it."""
    return Act(deployment.program("channels"), "close", (channel,))


def finalise(deployment: Deployment, final: Final, by_signer: bytes, by_payee: bytes) -> Act:
    """Close a channel at an amount both signed; anyone may send it."""
    fields = (final.channel_id, final.final_amount, final.account_hash, final.valid_until)
    return Act(deployment.program("channels"), "finalise", (fields, by_signer, by_payee))


def refund(deployment: Deployment, channel: bytes) -> Act:
    """Take back what is unclaimed, from the expiry on; the payer sends it."""
    return Act(deployment.program("channels"), "refund", (channel,))


def freeze(deployment: Deployment, channel: bytes, seconds: int) -> Act:
    """Hold a channel for judgement, once; the arbitrator sends it."""
    return Act(deployment.program("channels"), "freeze", (channel, seconds))


def divide(deployment: Deployment, channel: bytes, to_payees: int, ruling: bytes) -> Act:
    """Divide the unclaimed rest of a frozen channel and close it; the arbitrator sends it."""
    return Act(deployment.program("channels"), "divide", (channel, to_payees, ruling))


def withdraw(deployment: Deployment) -> Act:
    """Take what the channels have credited to the sender, in the settlement token."""
    return Act(deployment.program("channels"), "withdraw", (deployment.addresses["token"],))


# --- anchors ---


def register_log(deployment: Deployment, origin: bytes, owner: bytes, witnesses: Sequence[bytes], quorum: int) -> Act:
    """Register a log's owner and witnesses, or propose a change of them; the owner sends it."""
    return Act(deployment.program("anchors"), "registerLog", (origin, owner, sorted(witnesses), quorum))


def anchor(deployment: Deployment, head: Head, note_hash: bytes, signatures: Sequence[bytes]) -> Act:
    """Anchor a head with its witnesses' signatures, in whatever order they came; anyone may send it."""
    sorted_signatures = _by_signer(deployment, head, signatures)
    return Act(deployment.program("anchors"), "anchor", (_head(head), note_hash, sorted_signatures))


def prove_key(deployment: Deployment, key: Key, possession: bytes) -> Act:
    """Show that the sender possesses a BLS key; key (four words) and proof (256 bytes) are of `head_aggregate`."""
    return Act(deployment.program("anchors"), "proveKey", (key, possession))


def bring_keys(deployment: Deployment, origin: bytes, keys: Sequence[Key]) -> Act:
    """Bring the proven keys of all witnesses of a log, in ascending order of their accounts; anyone may send it."""
    return Act(deployment.program("anchors"), "bringKeys", (origin, list(keys)))


def anchor_aggregate(deployment: Deployment, head: Head, note_hash: bytes, signers: int, signature: bytes) -> Act:
    """Anchor a head with one BLS signature (256 bytes) of the witnesses in the bitmap; anyone may send it."""
    return Act(deployment.program("anchors"), "anchorAggregate", (_head(head), note_hash, signers, signature))


def report_fork(deployment: Deployment, a: Head, by_a: Sequence[bytes], b: Head, by_b: Sequence[bytes]) -> Act:
    """Show two signed heads of one size and two roots; freezes the log for good. Anyone may send it."""
    args = (_head(a), _by_signer(deployment, a, by_a), _head(b), _by_signer(deployment, b, by_b))
    return Act(deployment.program("anchors"), "reportFork", args)


def _head(head: Head) -> tuple[object, ...]:
    return head.origin, head.size, head.root, head.time


def _by_signer(deployment: Deployment, head: Head, signatures: Sequence[bytes]) -> list[bytes]:
    digest = typed_data.digest(deployment.domain("anchors"), head)
    return sorted(signatures, key=lambda each: signature.recover(digest, each))


# --- the token ---


def mint(deployment: Deployment, to: bytes, amount: int) -> Act:
    """Make units of the settlement token; its issuer sends it."""
    assert to != address.NOBODY
    return Act(deployment.program("token"), "mint", (to, amount))


def transfer(deployment: Deployment, to: bytes, amount: int) -> Act:
    """Pay in the settlement token; the owner sends it."""
    return Act(deployment.program("token"), "transfer", (to, amount))


def approve(deployment: Deployment, amount: int) -> Act:
    """Let the channels program take up to `amount`; the owner sends it."""
    return Act(deployment.program("token"), "approve", (deployment.addresses["channels"], amount))
