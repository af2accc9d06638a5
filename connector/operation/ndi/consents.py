"""The signatures of a contract's service parties: asked for once both parties have signed, and kept as they come.

Law: (1) a contract comes into force when all whom it names have signed it, and not before. (2) Each is asked until it
answers; one that declines ends the contract. (3) What is kept was verified, and is an event.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.ndi.address import is_through
from connector.negotiation.ndi.offers import SERVICES
from connector.runtime.errors import PeerUnreachable
from connector.store.rows.contract import ContractSignatureRow
from contracts.ndi.interfaces import NEGOTIATE, contract_part
from contracts.ndi.services import read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.parties import Parties
    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx
    from contracts.ndi.interfaces import Interface
    from contracts.ndi.services import ServiceParty

    # whom, its address, which interface, what is said → what it answers
    Post = Callable[[str, str, Interface, Document], Awaitable[dict[str, Any]]]

CONSENTED: Final = "contract.consented"
SIGNERS: Final = ("provider", "consumer")


def keep(tx: Tx, evidence: Recorder, code: str, over: str, party: ServiceParty, proof: bytes, now: datetime) -> None:
    """Keep a service party's signature over a contract, once."""
    if tx.get(ContractSignatureRow, code=code, party=party.entity) is not None:
        return
    tx.insert(ContractSignatureRow(code=code, party=party.entity, proof=proof, at=now))
    record(tx, evidence, code, over, party, proof, now)


def record(tx: Tx, evidence: Recorder, code: str, over: str, party: ServiceParty, proof: bytes, now: datetime) -> None:
    """Write that a service party has signed a contract; `over` is its digest in hex."""
    told = {"contract": code, "party": party.entity, "role": party.role, "share": party.bps, "signature": proof.hex()}
    evidence.record(tx, CONSENTED, part=over, fields=told, now=now)


def kept(tx: Tx, code: str) -> dict[str, bytes]:
    """Return who of a contract's service parties has signed it, with the signature."""
    return {one.party: one.proof for one in tx.find(ContractSignatureRow, "code = ?", (code,))}


def waiting(tx: Tx, code: str, about: Mapping[str, Any]) -> list[str]:
    """List the service parties whose signature a contract lacks, by their DIDs."""
    have = kept(tx, code)
    return [one.entity for one in read(about.get(SERVICES, [])) if one.entity not in have]


class Consents:
    """What a provider asks of the service parties of its contracts."""

    def __init__(self, core: Core, parties: Parties, post: Post) -> None:
        self._core, self._parties, self._post = core, parties, post

    async def require(
        self, code: str, about: Mapping[str, Any], proofs: Sequence[bytes], callback: str
    ) -> list[Document]:
        """Return the signatures of a contract's service parties, as a filing has them.

        `proofs` are the provider's and the consumer's, `callback` is where the consumer is spoken to. Raises
        PeerUnreachable while one is waited for, PeerRefused where one declines.
        """
        named = read(about.get(SERVICES, []))
        have = await self._core.store.read(lambda tx: kept(tx, code))
        waiting: list[str] = []
        for one in named:
            if one.entity not in have:
                proof = await self._ask(one, code, about, proofs, callback)
                have |= {one.entity: proof} if proof is not None else {}
                waiting += [one.entity] if proof is None else []
        if waiting:
            raise PeerUnreachable(f"the contract waits for the signature of {', '.join(waiting)}", "ask them to sign")
        return [{"signatoryEntityId": one.entity, "signature": have[one.entity].hex()} for one in named]

    async def _ask(
        self, party: ServiceParty, code: str, about: Mapping[str, Any], proofs: Sequence[bytes], callback: str
    ) -> bytes | None:
        """Ask one for its signature, and keep it; None where it has not made up its mind."""
        base = await self._parties.platform() if is_through(callback) else await self._parties.base(party.entity)
        entries = [
            {"entityId": about[side], "signature": proof.hex()} for side, proof in zip(SIGNERS, proofs, strict=True)
        ]
        asked = {
            "contractName": about["name"],
            "contractId": code,
            "strategy": about["strategy"],
            "signatureList": entries,
            "signatoryId": party.entity,
        }
        told = await self._post(party.entity, base, NEGOTIATE, asked)
        given = [one["signature"] for one in told.get("signatureList", [])]
        if not given:
            return None
        part = contract_part(about["name"], code, about["strategy"])
        proof = await self._parties.signed_by(party.entity, part, given, "signatureList")
        over, now = sha256(part).hexdigest(), self._core.clock.now()
        await self._core.store.write(lambda tx: keep(tx, self._core.evidence, code, over, party, proof, now))
        return proof
