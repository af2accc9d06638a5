"""What an exchange registers at the node on behalf of those who list with it, and what it asks the node of codes.

Law: (1) a code of the form that nodes assign is taken on the list only where the node says that it is of that product
and that provider; without a node it is the provider's word. (2) A listed product without such a code is registered for
its provider, once that one's own connector is; nothing that is listed waits for it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from catalog import identifiers
from catalog.identifiers import Kind
from catalog.listing import State
from catalog.registration import PRODUCT, Registration
from catalog.resource import require_code
from connector.exchange.numbering import following
from connector.identity.space.exchange import EXCHANGE
from connector.identity.space.node import CODES
from connector.runtime.errors import NotPermitted, PeerRefused, PenstockError
from connector.store.rows.catalogue import ListingRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.finding import Finding
    from connector.identity.space.node import NodeDoor
    from connector.store.transaction import Tx

# listings that one round looks at, and how long one that the node refused waits for its next turn
ROUND_LISTINGS: Final = 100
AGAIN_SECONDS: Final = 60.0
WAITING_MAX: Final = 10_000
NOT_FOUND: Final = 404

log = logging.getLogger(__name__)


class Registrar:
    """The products of this exchange at the node."""

    def __init__(self, core: Core, node: NodeDoor, finding: Finding) -> None:
        self._core, self._node, self._finding = core, node, finding
        self._seen = -1  # the number of the newest change that was looked at
        self._again: dict[str, float] = {}  # products that the node refused → when it is asked again

    async def check(self, code: str | None, product: str, provider: str) -> None:
        """Raise NotPermitted for a code that the node did not assign to this product of this provider."""
        if not code or not self._node.is_there or identifiers.read(code).local:
            return
        known = await self._core.store.read(lambda tx: tx.get(ListingRow, id=product))
        if known is not None and (known.code, known.provider) == (code, provider):
            return
        try:
            told: Any = await self._node.ask("GET", f"{CODES}/{quote(code, safe='')}")
        except PeerRefused as error:
            if error.status != NOT_FOUND:
                raise
            raise NotPermitted(f"the node has not assigned the code `{code}`", "penstock code request") from error
        if not isinstance(told, dict) or (told.get("kind"), told.get("about"), told.get("holder")) != (
            PRODUCT,
            product,
            provider,
        ):
            raise NotPermitted(f"the code `{code}` is of something else", "a code is of one product")

    async def chore(self) -> None:
        """Register what is listed and has no code of the node's yet; a chore of the monitor."""
        if EXCHANGE not in self._core.identity.roles or not self._node.is_there:
            return
        now = self._core.clock.monotonic()
        due = [key for key, at in self._again.items() if at <= now]
        for key in [*await self._core.store.read(self._changed), *due]:
            self._again.pop(key, None)
            if not await self._is_done(key) and len(self._again) < WAITING_MAX:
                self._again[key] = now + AGAIN_SECONDS

    async def _is_done(self, key: str) -> bool:
        row = await self._core.store.read(lambda tx: tx.get(ListingRow, id=key))
        return row is None or not _lacks(row) or await self._registered(row)

    def _changed(self, tx: Tx) -> list[str]:
        rows = tx.find(ListingRow, "seq > ?", (self._seen,), "seq", ROUND_LISTINGS)
        self._seen = max([self._seen, *(row.seq for row in rows if row.seq is not None)])
        return [row.id for row in rows if _lacks(row)]

    async def _registered(self, row: ListingRow) -> bool:
        """Register a product for its provider and keep the code; False where the node does not assign one yet."""
        wanted = Registration(PRODUCT, row.id, row.title).json() | {"holder": row.provider}
        try:
            told: Any = await self._node.ask("POST", CODES, wanted)
            code = str(require_code(str(told["code"]), Kind.PRODUCT))
        except PeerRefused as fault:
            log.info("the node registers `%s` of `%s` not yet: %s", row.id, row.provider, fault)
            return False
        except (PenstockError, KeyError, TypeError, ValueError) as fault:
            log.warning("the node does not register `%s`: %s", row.id, fault)
            return False
        kept = await self._core.store.write(lambda tx: _keep(tx, row.id, code))
        if kept:
            self._finding.changed()
        return kept


def _lacks(row: ListingRow) -> bool:
    """Say whether a product is listed and has no code that a node assigned."""
    return row.state is State.LISTED and (row.code is None or identifiers.read(row.code).local)


def _keep(tx: Tx, product: str, code: str) -> bool:
    row = tx.get(ListingRow, id=product)
    if row is None or not _lacks(row) or tx.find(ListingRow, "code = ?", (code,), limit=1):
        return False
    tx.change(row, replace(row, code=code, seq=following(tx)))
    return True
