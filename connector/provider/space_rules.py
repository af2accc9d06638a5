"""What the space that a product is to be listed in lets in, asked of the exchange before anything is sealed.

Law: this spares a provider the work and the fee of what would be refused; what counts is the exchange's own check when
the product is handed in. An exchange that does not answer now is asked again then, and nothing waits for it here.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

from catalog import spaces
from catalog.errors import CatalogError
from connector.runtime.errors import NotPermitted, PeerMisbehaved, PeerUnreachable
from contracts.suites import INTERNATIONAL
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.dataset import Dataset
    from connector.identity.space.exchange import ExchangeDoor
    from connector.store.rows.product import ProductRow

# an exchange that hangs keeps nobody from sealing
ASK_SECONDS = 5.0
# where no exchange says what it asks for, nothing is asked for
UNASKED = spaces.Rules(least=())
log = logging.getLogger(__name__)


async def asked(exchange: ExchangeDoor, row: ProductRow, provider: str) -> Callable[[Dataset], None]:
    """Return what raises NotPermitted, with every reason, for a row's dataset that its space does not let in.

    Nothing is refused of what no exchange lists, and where nobody answers. Raises Absent for a space that is not there.
    """
    rules = UNASKED if row.blind or exchange.alone else await _told(exchange, _space(row))

    def check(dataset: Dataset) -> None:
        policy = parse({"@type": "Set", "target": row.id, **row.policy})
        if why := rules.faults(dataset, row.tier, policy, provider, row.brief.get("suite") or INTERNATIONAL):
            raise NotPermitted(
                f"the rules of the space `{_space(row)}` do not let it in: {'; '.join(why)}",
                f"penstock space show {_space(row)}",
            )

    return check


async def _told(exchange: ExchangeDoor, space: str) -> spaces.Rules:
    """Return a space's rules as anybody reads them: who is in a closed one is not told, and checked by the exchange."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            told = await exchange.ask("GET", f"/spaces/{quote(space, safe='')}")
        # the exchange tells the table that holds; one of before has none
        return spaces.from_json({**told["rules"], "members": None, "least": told["rules"].get("least") or []})
    except (TimeoutError, PeerUnreachable, PeerMisbehaved, CatalogError, KeyError, TypeError) as fault:
        log.info("the exchange does not say the rules of the space `%s`: %s", space, fault)
        return UNASKED


def _space(row: ProductRow) -> str:
    return str(row.brief.get("space") or spaces.MAIN)
