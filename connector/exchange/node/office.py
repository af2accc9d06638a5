"""What concerns a node, at both ends: its register and the logs it collects, and at an exchange what it registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.exchange.legal_identity import LegalIdentity
from connector.exchange.node.collection import Collection
from connector.exchange.node.links import Links
from connector.exchange.node.questions import Questions
from connector.exchange.node.register import Register
from connector.exchange.node.registrar import Registrar
from connector.exchange.node.reports import Reports
from connector.exchange.node.resolving import Resolving
from connector.exchange.node.tracing import Tracing
from connector.identity.space.node import NodeDoor

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.finding import Finding
    from connector.identity.peers import Peers
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.operation.dcp.verifier import Verifier
    from contracts.canonical import JsonObject


class Office:
    """The parts of a node; each works only where we have its role."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        peers: Peers,
        exchange: ExchangeDoor,
        finding: Finding,
        verifier: Verifier,
    ) -> None:
        self._exchange = exchange
        self.subjects = LegalIdentity(core, verifier, core.settings.trust.subject_level, "node")
        self.door = NodeDoor(space, peers, core.outbound)
        self.register, self.tracing = Register(core, space), Tracing(core, space)
        self.collection, self.registrar = Collection(core, space), Registrar(core, self.door, finding)
        self.links = Links(core, space, peers)
        self.reports = Reports(core, space, peers, self.links)
        self.questions = Questions(core, space, peers, self.links, self.register, self.tracing)
        self.resolving = Resolving(core, self.door, self.questions, self.register, self.tracing)

    async def chore(self) -> None:
        """Register what is listed, as an exchange; collect the members' logs and report upward, as a node."""
        await self.registrar.chore()
        await self.collection.chore()
        await self.reports.chore()

    async def collect(self) -> list[JsonObject]:
        """Collect the members' logs now; returns what is kept of each."""
        return await self.collection.collect()

    async def cut(self, did: str, reason: str) -> JsonObject:
        """Have the exchange suspend a member at once; what it agreed before stands as for anybody suspended."""
        told: Any = await self._exchange.ask("POST", "/exchange/cut-off", {"did": did, "reason": reason})
        return {"did": str(told["did"]), "state": str(told["state"]), "reason": reason}

    async def logs(self) -> list[JsonObject]:
        """List the copies of the members' logs."""
        return await self.collection.page()

    async def above(self, address: str) -> JsonObject:
        """Name the node above, or ask it how we stand there."""
        return await self.links.rise(address)

    async def detach(self) -> JsonObject:
        """Have no node above any more."""
        return await self.links.leave()

    async def below(self) -> list[JsonObject]:
        """List the nodes that are below us, or ask to be, or were."""
        return await self.links.below()

    async def accept(self, did: str) -> JsonObject:
        """Accept a node below us."""
        return await self.links.accept(did)

    async def cut_below(self, did: str, reason: str) -> JsonObject:
        """Have nothing to do with a node below us any more."""
        return await self.links.cut(did, reason)

    async def report(self) -> JsonObject:
        """Report to the node above now."""
        await self.collection.collect()
        return await self.reports.make()

    async def reported(self) -> list[JsonObject]:
        """List our reports and those from below."""
        return await self.reports.page()
