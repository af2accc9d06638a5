"""One request on its way through the surface: who asks, under which row, and the act that uses up the token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from connector.identity import tokens
from connector.limits import JSON_LEVELS_MAX, JSON_VALUES_MAX
from contracts.canonical import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from connector.app import Connector
    from connector.store.transaction import Tx
    from connector.vault.passes import Pass
    from connector.vault.tickets import Ticket
    from connector.web.authorize import Route

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One request with its proven caller: `peer` is a DID for PEER and MEMBER rows, `ticket` for TICKET rows.

    `carrying` is a pass and the replica that it opens, for PASS rows.
    """

    connector: Connector
    request: web.Request
    route: Route
    peer: str = ""
    claims: tokens.Claims | None = None
    ticket: Ticket | None = None
    carrying: tuple[Pass, dict[str, Any]] | None = None

    @property
    def path(self) -> dict[str, str]:
        """Return the path's variables."""
        return dict(self.request.match_info)

    @property
    def caller(self) -> str:
        """Return who answers for the request: a DID, what a ticket or a pass says; empty for the owner."""
        if self.carrying is not None:
            return f"{self.carrying[0].edition.hex()}:{self.carrying[0].nonce.hex()}"
        return self.peer if self.ticket is None else f"{self.ticket.edition.hex()}:{self.ticket.subject.hex()}"

    async def document(self) -> Any:
        """Return the body as JSON, read strictly; raises `ContractError`."""
        limit = self.route.body_bytes
        body = await self.request.read()
        return load(body, max_bytes=limit, max_depth=JSON_LEVELS_MAX, max_values=JSON_VALUES_MAX)

    async def act(self, act: Callable[[Tx], T]) -> T:
        """Run `act` in one transaction that also uses up the caller's token."""

        def spending(tx: Tx) -> T:
            if self.claims is not None:
                tokens.remember(tx, self.claims)
            return act(tx)

        return await self.connector.store.write(spending)

    async def spend(self) -> None:
        """Use up the caller's token for an act that reads only."""
        await self.act(lambda _tx: None)
