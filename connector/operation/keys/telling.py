"""The exchange is told that our own documents say something else than the space does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import explain_failure

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView

AWAY_EXIT = 7


async def tell(core: Core, space: SpaceView, exchange: ExchangeDoor, author: SpaceAuthor) -> bool:
    """Have the exchange read our documents again; one that is away reads them when it is asked the next time."""
    if core.identity.did == space.last().exchange:
        await author.rebuild()
        return True
    try:
        await exchange.ask("POST", "/exchange/members/own", {"did": core.identity.did})
    except Exception as fault:
        if explain_failure(fault).exit_code != AWAY_EXIT:
            raise
        return False
    return True
