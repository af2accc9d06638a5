"""The exchange is told that our own documents say something else than the space does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from connector.runtime.errors import explain_failure

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView

AWAY_EXIT = 7

log = logging.getLogger(__name__)


async def tell(core: Core, space: SpaceView, exchange: ExchangeDoor, author: SpaceAuthor) -> bool:
    """Have the exchange read our documents again; one that is away reads them when it is asked the next time."""
    if core.identity.did == space.last().exchange:
        await author.rebuild()
        return True
    try:
        if await space.member(core.identity.did) is None:
            return False  # it reads them when it admits us
        await exchange.ask("POST", "/exchange/members/own", {"did": core.identity.did})
    except Exception as fault:
        if explain_failure(fault).exit_code != AWAY_EXIT:
            raise
        log.warning("the exchange has not read our documents: %s", fault)
        return False
    return True
