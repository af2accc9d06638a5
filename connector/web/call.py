"""One request on its way through the surface: who asks, under which row, and the act that uses up the token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from connector.identity import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from connector.app import Connector
    from connector.store.transaction import Tx
    from connector.web.authorize import Route

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One request with its proven caller: `peer` is a DID for PEER and MEMBER rows, else empty."""

    connector: Connector
    request: web.Request
    route: Route
    peer: str = ""
    claims: tokens.Claims | None = None

    @property
    def path(self) -> dict[str, str]:
        """Return the path's variables."""
        return dict(self.request.match_info)

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
