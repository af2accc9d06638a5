"""A licence as a file: the agreement that both sides signed, and what the chain's state has of it, checked offline.

    {v, terms, agreement, providerSignature, buyerSignature, header, proof}

`header` is a block's header (RLP, hex), `proof` the document of `eth_getProof` for the licences program and the slots
of this licence. Law: the state is worth what the block is worth. The proof leads to the header's state root, the header
to the block's hash; whether that block is the chain's is for its reader to know: entries of logs cite such hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import agreement as agreements
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.onchain import artifacts
from contracts.signature import SIGNATURE_BYTES
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.chain import block_header
from ledger.chain.abi import WORD_BYTES
from ledger.chain.state_proof import StateProof, StateProofError, slot_of
from ledger.fields import closed
from ledger.stamp import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ledger.chain.block_header import BlockHeader
    from ledger.chain.deployment import Deployment

VERSION = 1
FIELDS = frozenset({"v", "terms", "agreement", "providerSignature", "buyerSignature", "header", "proof"})
TIME_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class ProvenLicence:
    """A licence as of a block; times are aware, None for what did not happen. `parent` is the licence above if any."""

    digest: bytes
    agreement: Agreement
    terms: Terms
    block: BlockHeader
    granted_at: datetime
    not_after: datetime
    revoked_at: datetime | None
    suspended_at: datetime | None
    parent: bytes | None

    @property
    def state(self) -> str:
        """Return whether it held in that block, by itself; what ends one above it ends it, too."""
        if self.revoked_at is not None:
            return "revoked"
        if self.suspended_at is not None:
            return "suspended"
        return "ended" if self.block.at > self.not_after else "in force"


def slots(digest: bytes) -> list[int]:
    """Return where the program keeps a licence: provider, buyer, times, parent."""
    kept = artifacts.load("licences").slots
    first = slot_of(kept["_licences"], digest)
    return [first, first + 1, first + 2, slot_of(kept["_parents"], digest)]


def read(document: Any, deployment: Deployment) -> ProvenLicence:
    """Check a licence's file; raises ContractError (what was signed) or StateProofError (what the chain has)."""
    found = closed(document, FIELDS, "licence")
    if found["v"] != VERSION:
        raise ContractError("licence", f"a licence of version {VERSION} is needed")
    agreement, terms = from_json(Agreement, found["agreement"]), Terms.from_json(found["terms"])
    signatures = (read_hex(found[name], name, SIGNATURE_BYTES) for name in ("providerSignature", "buyerSignature"))
    digest = agreements.verify(deployment.domain("licences"), agreement, terms, *signatures)
    header = block_header.decode(_bytes(found["header"]))
    proof = StateProof.from_json(found["proof"])
    proof.verify(header.state_root)
    if proof.address != deployment.addresses["licences"]:
        raise StateProofError("the proof is of another program than the licences of this deployment")
    provider, buyer, times, parent = _words(proof, digest)
    if (provider, buyer) != tuple(int.from_bytes(party) for party in (agreement.provider, agreement.buyer)):
        raise StateProofError("the chain has no licence of this agreement in that block")
    not_after, granted, revoked, suspended = (times >> shift & TIME_MASK for shift in (192, 128, 64, 0))
    return ProvenLicence(
        digest=digest,
        agreement=agreement,
        terms=terms,
        block=header,
        granted_at=read_time(granted),
        not_after=read_time(not_after),
        revoked_at=read_time(revoked) if revoked else None,
        suspended_at=read_time(suspended) if suspended else None,
        parent=parent.to_bytes(WORD_BYTES) if parent else None,
    )


def document(signed: Mapping[str, Any], header: bytes, proof: StateProof) -> dict[str, Any]:
    """Return the file of a licence; `signed` has terms, agreement and both signatures as the logs disclose them."""
    return {"v": VERSION, **signed, "header": header.hex(), "proof": proof.json()}


def _words(proof: StateProof, digest: bytes) -> list[int]:
    try:
        return [proof.slots[slot.to_bytes(WORD_BYTES)][0] for slot in slots(digest)]
    except KeyError as error:
        raise StateProofError("the proof is not of the slots of this licence") from error


def _bytes(text: Any) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError) as error:
        raise StateProofError("the header is no hex") from error
