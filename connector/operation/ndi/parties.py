"""Who is who on these interfaces: what we are called there, whom an identifier means, whose signature it is.

Law: a peer is who its token proves (a DID); an identifier that it gives itself is that DID, or the code that the node
of the space has assigned to it. What the node is asked is remembered for a while.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from catalog.errors import CatalogError
from catalog.identifiers import Kind, read
from catalog.registration import CONNECTOR, PRODUCT
from connector.identity.space.node import CODES, NodeDoor
from connector.negotiation.ndi.address import THROUGH, marked
from connector.operation.codes import find
from connector.operation.ndi.contracts import stamp
from connector.runtime.errors import NotPermitted, PeerRefused, Unproven
from connector.store.rows.code import CodeRow
from contracts.ndi.fields import Code, FieldError
from contracts.ndi.interfaces import ABSTRACT_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from contracts.ndi.proof import Signer, is_national

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.protocol.messages import Document
    from connector.operation.codes import Codes
    from connector.store.transaction import Tx

KNOWN_MAX: Final = 4_096
# of a contract on a product whose provider names no end
TERM: Final = timedelta(days=365)


class Parties:
    """Names and keys of one participant and of those that it talks to."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView, codes: Codes) -> None:
        self._core, self._peers, self._space, self._codes = core, peers, space, codes
        self._node = NodeDoor(space, peers, core.outbound)
        self._holders: dict[str, str] = {}

    async def name(self) -> str:
        """Return what our connector is called: its code, if the node has assigned one, else its DID."""
        return await self._codes.known(CONNECTOR, self._core.identity.did) or self._core.identity.did

    async def issuer(self) -> dict[str, str]:
        """Return what says who begins something: our connector, and whose it is."""
        subject = self._core.settings.participant.subject
        return {"issuerId": await self.name(), "issuerEntityId": subject or self._core.identity.did}

    async def about(self, shown: Mapping[str, Any], now: datetime) -> Document:
        """Return what a contract on a product that was shown to us is called, and whom it names; raises KeyError."""
        until = datetime.fromisoformat(str(shown["until"])) if shown.get("until") else now + TERM
        return {
            "name": str(shown["productName"])[:NAME_CHARACTERS_MAX] or str(shown["productId"]),
            "abstract": (str(shown.get("dscription", "")) or str(shown["productName"]))[:ABSTRACT_CHARACTERS_MAX],
            "product": str(shown["productId"]),
            "provider": str(shown["providerNodeId"]),
            "consumer": await self.name(),
            "from": stamp(now),
            "until": stamp(until),
        }

    async def require(self, said: str, peer: str, field: str) -> None:
        """Raise NotPermitted unless an identifier is the peer's own."""
        if said == peer or await self.holder(said) == peer:
            return
        raise NotPermitted(f"`{field}` is another than who asks: `{said[:80]}`", "say your DID, or your own code")

    async def holder(self, said: str) -> str:
        """Return the DID of a connector by its code; of a DID, itself; empty where nobody knows it."""
        if said.startswith("did:"):
            return said
        try:
            known = read(said)
        except CatalogError:
            return ""
        if known.kind not in {Kind.CONNECTOR, Kind.SERVICE_NODE} or not self._node.is_there:
            return ""
        if said not in self._holders:
            try:
                told = await self._node.ask("GET", f"{CODES}/{said}")
            except PeerRefused:
                return ""
            if len(self._holders) >= KNOWN_MAX:
                self._holders.clear()
            self._holders[said] = str(told["holder"])
        return self._holders[said]

    def product(self, tx: Tx, said: str) -> str:
        """Return the id of a product of ours by its code, or the id itself."""
        row = tx.get(CodeRow, code=said)
        ours = row is not None and (row.holder, row.kind) == (self._core.identity.did, PRODUCT)
        return row.about if row is not None and ours else said

    def product_name(self, tx: Tx, product: str) -> str:
        """Return what a product of ours is called: its code, else its id."""
        row = find(tx, self._core.identity.did, PRODUCT, product)
        return product if row is None else row.code

    async def base(self, peer: str) -> str:
        """Return where a peer answers these interfaces; raises NotPermitted for who is no member of our space."""
        member = await self._space.member(peer)
        if member is not None:
            return marked(member.url)
        raise NotPermitted(f"`{peer[:200]}` is no member of this space", "ask its exchange to admit you")

    async def platform(self) -> str:
        """Return where the platform of the space passes on what is said to the other party of a contract."""
        space = await self._space.current()
        return marked(space.members[space.exchange].url, THROUGH)

    async def require_signed(self, peer: str, part: bytes, proof: bytes, field: str = "signature") -> None:
        """Raise FieldError unless a signature over a part of a message is a peer's."""
        await self.signed_by(peer, part, [proof], field)

    async def signed_by(self, peer: str, part: bytes, proofs: Sequence[bytes], field: str) -> bytes:
        """Return the first of some signatures over a part of a message that is a peer's; raises FieldError for none.

        Its account is in its own document, its key of SM2 in the space's: what a peer signs is verified by the platform
        and by audits, too, and what the space does not know counts for neither.
        """
        now = self._core.clock.now()
        signer = await self._signer(peer)
        found = next((one for one in proofs if signer.has_signed(part, one, now)), None)
        if found is None and any(map(is_national, proofs)):  # it may have another key of SM2 since we looked
            signer = await self._signer(peer, renewed=True)
            found = next((one for one in proofs if signer.has_signed(part, one, now)), None)
        if found is not None:
            return found
        if signer.sm2 is None and any(map(is_national, proofs)):
            hint = "serve it in your DID document (a JWK of `crv` SM2), then `penstock exchange member reread` there"
            raise FieldError(Code.UNPROVEN, field, "is of SM2, and the space knows no such key of yours", hint)
        if signer.account is None:
            raise Unproven(
                f"`{peer[:200]}` publishes no agreement key", "serve it in your DID document, as `#agreement`"
            )
        hint = "sign the canonical JSON of what it is over, by SM2 and SM3, or SHA-256 of it by the key `#agreement`"
        raise FieldError(Code.UNPROVEN, field, "is not yours over this", hint)

    async def _signer(self, peer: str, *, renewed: bool = False) -> Signer:
        """Return by which keys a peer signs: its account as its document says, those of SM2 as the space does."""
        account = (await self._peers.document(peer)).agreement
        if renewed:
            await self._space.renewed()
        member = await self._space.member(peer)
        return Signer(account) if member is None else replace(member.signer, account=account)
