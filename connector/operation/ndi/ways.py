"""The way out of the engine's messages: to a peer of these interfaces by them, to everybody else as before.

Law: what a message is sent as follows from the address of its process alone; the outbox, its deadlines and its
attempts are the same. There is no question for a peer's state here: who does not hear waits for its deadline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.identity.space.exchange import EXCHANGE as PLATFORM
from connector.negotiation.ndi import sealed
from connector.negotiation.ndi.address import is_ndi, marked
from connector.negotiation.notices import PATIENCE
from connector.negotiation.outbox import NOTICE
from connector.negotiation.protocol.states import COMPLETED, CONSUMER
from connector.operation.ndi.contracts import of_negotiation
from connector.operation.ndi.deliveries import Deliveries
from connector.operation.ndi.flowing import Flowing
from connector.operation.ndi.hearing import Hearing
from connector.operation.ndi.parties import Parties
from connector.operation.ndi.reports import Reports
from connector.operation.ndi.sealing import Sealing
from connector.operation.ndi.serving import Serving
from connector.operation.ndi.speaking import Speaking
from connector.operation.ndi.transports import Transports
from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.runtime.limits import ANSWER_BYTES_MAX, REASON_CHARACTERS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from contracts.canonical import load
from contracts.errors import ContractError
from contracts.ndi.interfaces import BY_NAME, PROOF, TERMINATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.doors import Doors
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.codes import Codes
    from connector.operation.ndi.white_lists import WhiteLists
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx
    from contracts.ndi.interfaces import Interface
    from ledger.chain.programs import Programs

NEGOTIATIONS: Final = "/negotiations/"


class Ways:
    """The parts that speak and hear these interfaces for one participant; it stands before its courier."""

    def __init__(
        self,
        core: Core,
        doors: Doors,
        engine: Engine,
        peers: Peers,
        space: SpaceView,
        programs: Programs,
        codes: Codes,
        enforcement: Enforcement,
        white_lists: WhiteLists,
    ) -> None:
        self._core, self._space, self._outbox = core, space, engine.outbox
        self._deliver, self._ask = doors.deliver, doors.ask
        self.parties = Parties(core, peers, space, codes)
        self.speaking = Speaking(core, peers, space, self.parties)
        self.flowing = Flowing(core, engine, space, self.parties, self.speaking, enforcement)
        self.deliveries = Deliveries(core)
        self.transports = Transports(core, engine, self.parties, white_lists, self.deliveries)
        self.serving = Serving(core, space, self.parties)
        sealing = Sealing(doors, space, white_lists)
        self.hearing = Hearing(core, engine, space, programs, self.parties, self.serving, sealing)
        self.reports = Reports(core, engine, self.parties)
        doors.deliver, doors.ask = self.deliver, self.ask

    async def deliver(self, peer: str, url: str, body: Document) -> tuple[int, Any]:
        """Send a message; raises what `Outbound.request` raises, save a refusal."""
        if not is_ndi(url):
            return await self._deliver(peer, url, body)
        base, _, name = url.rpartition("/")
        try:
            if name in BY_NAME:
                return 200, await self.speaking.post(peer, base, BY_NAME[name], body)
            if NEGOTIATIONS in url:
                return await self.speaking.deliver(peer, url, body)
            return await self.flowing.deliver(peer, url, body)
        except PeerRefused as refusal:
            return refusal.status, {"reason": [_words(refusal)]}

    def owe(self, tx: Tx, peer: str, base: str, interface: Interface, body: Document, about: str) -> None:
        """Call an interface of a peer until it is answered, for as long as a notice is sent."""
        now = self._core.clock.now()
        self._outbox.enqueue(
            tx,
            peer=peer,
            url=base + interface.path,
            body=body,
            process=NOTICE,
            subject=f"{NOTICE}:{about}:{peer}",
            kind=interface.name,
            now=now,
            deadline=now + PATIENCE,
        )

    async def ask(self, peer: str, url: str) -> tuple[int, Any]:
        """Ask for a process; raises PeerUnreachable where there is no such question."""
        if is_ndi(url):
            raise PeerUnreachable("these interfaces have no question for the state of a process", "wait for its answer")
        return await self._ask(peer, url)

    def moved(self, tx: Tx, transfer: TransferRow) -> None:
        """End the deliveries of a transfer that is over; prove that one is done which delivers a contract sealed."""
        self.deliveries.moved(tx, transfer)
        if (transfer.role, transfer.state) == (CONSUMER, COMPLETED):
            self._prove(tx, transfer)

    def _prove(self, tx: Tx, transfer: TransferRow) -> None:
        """Owe provider and platform of the contract that a transfer delivers, if it does, the proof that it is done."""
        kept = tx.get(AgreementRow, digest=transfer.agreement)
        held = None if kept is None else tx.get(AgreementRow, digest=sealed.named(kept.terms))
        contract = None if held is None else of_negotiation(tx, held.negotiation)
        if contract is None:
            return
        space, proof = self._space.last(), self.flowing.proof(contract, transfer.id)
        for did in (contract.peer, space.exchange):
            if (member := space.members.get(did)) is not None:
                self.owe(tx, did, marked(member.url), PROOF, proof, transfer.id)

    async def tidy(self) -> None:
        """Forget deliveries that are kept no longer."""
        await self.deliveries.tidy()

    async def terminate(self, document: Any, peer: str, admit: Callable[[Tx], None]) -> Document:
        """Take the end of a contract: of ours, or as the platform that has filed it."""
        code = document.get("contractId") if isinstance(document, dict) else None
        ours = await self._core.store.read(lambda tx: tx.get(ContractRow, code=str(code)))
        if ours is not None or PLATFORM not in self._core.identity.roles:
            return await self.hearing.terminate(document, peer, admit)
        return await self.reports.take(TERMINATE, document, peer, admit)


def _words(refusal: PeerRefused) -> str:
    """Return why a peer refused, in its own words where it gave any."""
    try:
        told = load(refusal.body, max_bytes=ANSWER_BYTES_MAX)
    except ContractError:
        return str(refusal)
    said = told.get("message") if isinstance(told, dict) else None
    return f"{refusal}: {said}"[:REASON_CHARACTERS_MAX] if isinstance(said, str) else str(refusal)
