"""The identity hub of one participant: its credential service, its token service, and its requests of issuers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.service import Service
from connector.operation.dcp.credential_service import CredentialService
from connector.operation.dcp.requesting import Requesting
from connector.operation.dcp.token_service import TokenService

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from contracts.canonical import JsonObject


class IdentityHub:
    """What a participant has of DCP as a holder."""

    def __init__(self, core: Core, peers: Peers, space: SpaceView) -> None:
        self.credentials = CredentialService(core, peers)
        self.tokens = TokenService(core, self.credentials)
        self.requesting = Requesting(core, peers, space)

    async def held(self) -> list[JsonObject]:
        """List what we hold."""
        return await self.credentials.page()

    async def drop(self, credential: str) -> JsonObject:
        """Forget a credential; raises Absent."""
        return await self.credentials.drop(credential)

    async def request(self, types: list[str], issuer: str | None = None, profile: str | None = None) -> JsonObject:
        """Ask an issuer for credentials; raises Absent, InvalidInput, and what the issuer refuses with."""
        return await self.requesting.request(types, issuer, profile)

    async def requests(self) -> list[JsonObject]:
        """List what we asked for."""
        return await self.requesting.page()

    async def offers(self) -> list[JsonObject]:
        """List what is offered to us."""
        return await self.requesting.offers()

    async def add_client(self, client: str) -> JsonObject:
        """Let a connector of ours get tokens here."""
        return await self.tokens.add(client)

    async def clients(self) -> list[JsonObject]:
        """List who gets tokens here."""
        return await self.tokens.page()

    async def remove_client(self, client: str) -> JsonObject:
        """Give a client no token any more; raises Absent."""
        return await self.tokens.remove(client)

    async def look(self) -> None:
        """Know anew what we hold."""
        await self.credentials.look()

    async def renew(self) -> None:
        """Ask again for what ends soon."""
        await self.requesting.renew()


IDENTITY_HUB = Service(
    readies=IdentityHub.look,
    looks={("credentials",): IdentityHub.look},
    chores={"renew credentials": IdentityHub.renew},
)
