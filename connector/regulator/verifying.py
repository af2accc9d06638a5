"""What can be verified with nothing but files: disputes, equivocations, forks, proofs, receipts, agreements, licences.

Law: no secret, no clock, no network. What a document is, is read from its form, a row of `KINDS`; a form without a row
is refused. The signatures in bundles and receipts mean something only within one deployment, so its document (chain id,
salt, addresses) is needed; a proof is worth what the given tlog-policy demands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.runtime.documents import as_json, as_text, read, read_json, read_text
from connector.runtime.errors import InvalidInput
from contracts import address, digital_contract, price_words
from contracts import agreement as agreements
from contracts.decimals import read_hex
from contracts.errors import ContractError, why
from contracts.signature import SIGNATURE_BYTES, recover
from contracts.terms import Terms
from contracts.typed_data import Agreement, Receipt, digest
from contracts.typed_json import from_json
from ledger.audit import view
from ledger.chain.deployment import Deployment
from ledger.chain.state_proof import StateProofError
from ledger.dispute import bundle, equivocation, fork_proof
from ledger.dispute import verdict as dispute
from ledger.log import events, proof
from ledger.log import policy as log_policy
from ledger.log.checkpoint import parse_text
from ledger.log.merkle import leaf_hash
from ledger.log.note import SUBTREE, NoteError, unb64
from ledger.space.domains import Domains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

EVENT_FIELDS = frozenset({"entry", "proof"})
AGREEMENT_SIGNATURES = ("providerSignature", "buyerSignature")
AGREEMENT_FIELDS = frozenset({"terms", "agreement", *AGREEMENT_SIGNATURES})
LICENCE_FIELDS = frozenset({"v", *AGREEMENT_FIELDS, "header", "proof"})
RECEIPT_FIELDS = frozenset({"receipt", "receiptSig"})


@dataclass(frozen=True, slots=True)
class Aids:
    """What the user put beside the document: files, and the hash of a block that is trusted; or None."""

    deployment: Path | None = None
    policy: Path | None = None
    entry: Path | None = None
    block: str | None = None
    # a space's or deployment's document that was found elsewhere, where no file is named
    space: Any = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: whether it verifies, the JSON of it, and its lines for a person."""

    holds: bool
    document: Mapping[str, Any]
    lines: tuple[str, ...]


class SpaceNeeded(InvalidInput):
    """The document means something only within one space, and nobody said which."""


def _holds(kind: str, said: Mapping[str, Any], *lines: str) -> Finding:
    return Finding(True, {"kind": kind, "verified": True, **said}, lines)


def _fails(kind: str, words: str, why_not: Exception) -> Finding:
    said = {"kind": kind, "verified": False, "reason": str(why_not)}
    return Finding(False, said, (words, f"because: {why_not}"))


def verify(path: Path, aids: Aids) -> Finding:
    """Verify the document in a file; raises InvalidInput when it is none of the forms, or an aid is missing."""
    raw = read(path)
    if raw.startswith(proof.HEADER.encode()):
        entry = read(_needed(aids.entry, "--entry", "the log entry that is proven"))
        return _proof(as_text(raw, path), entry, aids)
    document = as_json(raw, path)
    names = frozenset(document) if isinstance(document, dict) else frozenset()
    kind = next((check for fields, check in KINDS.items() if fields == names), None)
    if kind is None:
        raise InvalidInput(
            f"`{path}` is no document that can be verified",
            "give a dispute bundle, a tlog-proof, a receipt, an agreement, a licence, a digital contract or a view; "
            "a bill is what `penstock bill check` reads",
        )
    return kind(document, aids)


def _bundle(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Judge a bundle (spec 6): a verdict is an answer, also when it goes against the claimant."""
    return _verdict("bundle", dispute.judge_document(document, _domains(aids)))


def _verdict(kind: str, verdict: dispute.Verdict) -> Finding:
    said = verdict.json()
    lines = [f"{said['finding']}: {said['verdict']}", f"at fault: {said['atFault']}", f"because: {said['reason']}"]
    if verdict.refund:
        lines.append(f"refund: {price_words.bare(verdict.refund)} in the agreement's currency")
    holds = verdict.finding is not dispute.Finding.BUYER_LIES
    return Finding(holds, {"kind": kind, "verified": holds, **said}, tuple(lines))


def _equivocation(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Judge two messages that contradict each other (spec 4): whoever signed both is at fault."""
    domains = _domains(aids)
    try:
        shown = equivocation.judge(document, domains)
    except ContractError as error:
        return _verdict(equivocation.NAME, dispute.Verdict(dispute.Finding.BUYER_LIES, str(error)))
    signer = address.show(shown.signer)
    reason = f"{signer} signed two different messages ({shown.kind}) with seq {shown.seq} of one channel"
    said = {
        "finding": equivocation.NAME,
        "atFault": shown.role,
        "signer": signer,
        "channelId": shown.channel_id.hex(),
        "seq": str(shown.seq),
        "reason": reason,
    }
    lines = f"at fault: {shown.role}", f"because: {reason}", "compare the signer with the parties of the agreement"
    return _holds(equivocation.NAME, said, *lines)


def _fork(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Judge two heads of one log (spec 7): their owner signed two histories, or the document proves nothing."""
    policy = log_policy.parse(read_text(_needed(aids.policy, "--log-policy", "whose log it is")))
    origin = document["origin"]
    try:
        shown = fork_proof.judge(document, policy.log(origin if isinstance(origin, str) else ""))
    except (ContractError, NoteError) as error:
        return _fails(fork_proof.NAME, "no fork is proven", error)
    sizes = [str(shown.old.size), str(shown.new.size)]
    reason = f"its head of size {sizes[1]} has another history up to size {sizes[0]} than its head of that size"
    said = {"origin": origin, "sizes": sizes, "reason": reason}
    return _holds(fork_proof.NAME, said, f"at fault: the owner of `{origin}`", f"because: {reason}")


def _event(document: Mapping[str, Any], aids: Aids) -> Finding:
    if not all(isinstance(one, str) for one in document.values()):
        raise InvalidInput("an event is an entry in base64 and a tlog-proof")
    return _proof(document["proof"], unb64(document["entry"]), aids)


def _proof(text: str, entry: bytes, aids: Aids) -> Finding:
    """Prove an entry under a checkpoint that the policy's logs and witnesses signed; NoteError or ProofError if not."""
    policy = log_policy.parse(read_text(_needed(aids.policy, "--log-policy", "whose signatures count")))
    shown = proof.parse(text)
    checkpoint = shown.verify(entry, policy)
    witnesses = sorted(policy.witnesses_of(shown.note))
    lattice = [name for name in witnesses if policy.witnesses[name].kind == SUBTREE]
    said = {
        "origin": checkpoint.origin,
        "index": str(shown.index),
        "size": str(checkpoint.size),
        "leaf": leaf_hash(entry).hex(),
        "witnesses": witnesses,
        "postQuantum": lattice,
        "event": _event_kind(entry),
    }
    place = f"entry {shown.index} of {checkpoint.size} in `{checkpoint.origin}`"
    by = [f"{name} (ML-DSA-44)" if name in lattice else name for name in witnesses]
    return _holds("proof", said, f"proven: {said['event']} is {place}", f"witnessed by {', '.join(by) or 'nobody'}")


def _agreement(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Check an agreement as both logs disclose it: terms under their digest, words derived again, both signers."""
    domain = _deployment(aids).domain("licences")
    try:
        agreement, terms = from_json(Agreement, document["agreement"]), Terms.from_json(document["terms"])
        signed = [read_hex(document[name], name, SIGNATURE_BYTES) for name in AGREEMENT_SIGNATURES]
        found = agreements.verify(domain, agreement, terms, *signed)
    except ContractError as error:
        return _fails("agreement", "the agreement does not hold", error)
    said = {
        "agreementDigest": found.hex(),
        "provider": address.show(agreement.provider),
        "buyer": address.show(agreement.buyer),
        "tier": terms.tier,
        "notAfter": terms.json()["notAfter"],
        "summary": agreement.summary,
    }
    signers = f"signed by {said['provider']} and {said['buyer']}"
    return _holds("agreement", said, f"agreement {found.hex()}", signers, agreement.summary)


def _licence(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Check a licence: what both signed, and that the chain's state had it in a block; which one is for its reader."""
    from ledger.agreement import licence_proof  # noqa: PLC0415  # a trie is loaded by who proves a state

    deployment = _deployment(aids)
    try:
        found = licence_proof.read(document, deployment)
        _same_block(found.block.hash, aids)
    except (ContractError, StateProofError) as error:
        return _fails("licence", "the licence does not hold", error)
    block = {"number": str(found.block.number), "hash": found.block.hash.hex(), "at": found.block.at.isoformat()}
    said = {
        "agreementDigest": found.digest.hex(),
        "provider": address.show(found.agreement.provider),
        "buyer": address.show(found.agreement.buyer),
        "state": found.state,
        "grantedAt": found.granted_at.isoformat(),
        "notAfter": found.not_after.isoformat(),
        "parent": None if found.parent is None else found.parent.hex(),
        "block": block,
        "summary": found.agreement.summary,
    }
    lines = [f"licence {found.digest.hex()}: {found.state} in block {block['number']} of {block['at']}"]
    lines += [f"signed by {said['provider']} and {said['buyer']}", found.agreement.summary]
    if found.parent is not None:
        lines.append(f"it stands below {found.parent.hex()}: check that one, too")
    if aids.block is None:
        lines.append(f"compare the block's hash with one that you trust: {block['hash']}")
    return _holds("licence", said, *lines)


def _contract(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Check a digital contract: its plain fields are what was signed, and both have signed it."""
    domain = _deployment(aids).domain("licences")
    try:
        agreed, state, _ = digital_contract.read(document)
        agreement, terms = from_json(Agreement, agreed.agreement), Terms.from_json(agreed.terms)
        found = agreements.verify(domain, agreement, terms, *agreed.signatures)
    except ContractError as error:
        return _fails("contract", "the contract does not hold", error)
    said = {
        "contractId": document["contractId"],
        "agreementDigest": found.hex(),
        "provider": address.show(agreement.provider),
        "buyer": address.show(agreement.buyer),
        "state": state,
        "notAfter": terms.json()["notAfter"],
        "summary": agreement.summary,
    }
    lines = [f"contract {said['contractId']}: {state} when it was written, of the agreement {found.hex()}"]
    lines += [f"signed by {said['provider']} and {said['buyer']}", agreement.summary]
    return _holds("contract", said, *lines)


def _same_block(found: bytes, aids: Aids) -> None:
    if aids.block is not None and aids.block.removeprefix("0x").lower() != found.hex():
        raise StateProofError(f"it is proven in block {found.hex()}, not in the one that you trust")


def _receipt(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Recover who signed a receipt; whether that is the payee is for its reader to compare."""
    domain = _deployment(aids).domain("editions")
    receipt = from_json(Receipt, document["receipt"])
    signed = read_hex(document["receiptSig"], "receiptSig", SIGNATURE_BYTES)
    signer = address.show(recover(digest(domain, receipt), signed))
    said = {
        "signer": signer,
        "channelId": receipt.channel_id.hex(),
        "seq": str(receipt.seq),
        "voucherDigest": receipt.voucher_digest.hex(),
    }
    line = f"signed by {signer}: keys of window {receipt.seq} of channel {receipt.channel_id.hex()[:16]} were released"
    return _holds("receipt", said, line, "compare the signer with the payee of the agreement")


def _view(document: Mapping[str, Any], aids: Aids) -> Finding:
    """Check what a supervisor exported: who signed it, and with --log-policy every proof of that log in it."""
    try:
        signed, found, troubles = address.show(view.signer(document)), view.proofs(document), view.troubles(document)
    except ContractError as error:
        return _fails("view", "the view does not hold", error)
    checked = 0 if aids.policy is None else _proven(found, log_policy.parse(read_text(aids.policy)))
    said = {
        "page": document["view"].get("page"),
        "issuer": document["issuer"],
        "at": document["at"],
        "signer": signed,
        "proofs": str(len(found)),
        "proofsVerified": str(checked),
        "troubles": troubles,
    }
    lines = [f"signed by {signed} as {document['issuer']} at {document['at']}: compare it with the space's document"]
    lines.append(f"{checked} of {len(found)} proofs verified")
    if checked < len(found):
        lines.append("the others are of logs that --log-policy does not name")
    lines += [f"not read to its end, so events may lack: {each}" for each in troubles]
    return _holds("view", said, *lines)


def _proven(found: Sequence[Mapping[str, str]], policy: log_policy.LogPolicy) -> int:
    """Verify the proofs of logs that a policy names, and return how many they are; raises as `_proof`."""
    known = {key.name for key in policy.logs}
    read = [(proof.parse(one["proof"]), unb64(one["entry"])) for one in found]
    mine = [(shown, entry) for shown, entry in read if parse_text(shown.note.text).origin in known]
    for shown, entry in mine:
        shown.verify(entry, policy)
    return len(mine)


# exactly these members → what it is
KINDS: Mapping[frozenset[str], Callable[[Mapping[str, Any], Aids], Finding]] = {
    bundle.FIELDS: _bundle,
    equivocation.FIELDS: _equivocation,
    fork_proof.FIELDS: _fork,
    EVENT_FIELDS: _event,
    RECEIPT_FIELDS: _receipt,
    AGREEMENT_FIELDS: _agreement,
    LICENCE_FIELDS: _licence,
    digital_contract.FIELDS: _contract,
    view.FIELDS: _view,
}


def _domains(aids: Aids) -> Domains:
    deployment = _deployment(aids)
    return Domains(*(deployment.domain(name) for name in ("editions", "licences", "channels")))


def _deployment(aids: Aids) -> Deployment:
    """Read a deployment's document, or the one inside a space's document."""
    path, document = aids.deployment, aids.space
    if path is not None:
        document = read_json(path)
    if document is None:
        what = "this document needs --deployment: chain id, salt and addresses that the signatures are bound to"
        raise SpaceNeeded(what, "add --deployment FILE, --space URL, or --data of a participant of the space")
    try:
        return Deployment.from_json(document.get("deployment", document))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        hint = "save what GET /space of the exchange says"
        raise InvalidInput(f"`{path or 'what was found'}` is no deployment: {why(error)}", hint) from error


def _event_kind(entry: bytes) -> str:
    try:
        return events.decode(entry).kind
    except events.EventError:
        return "an entry of unknown form"


def _needed(path: Path | None, option: str, what: str) -> Path:
    if path is None:
        raise InvalidInput(f"this document needs {option}: {what}", f"add {option} FILE")
    return path
