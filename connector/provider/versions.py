"""The versions of a product of ours, and going back to one of them (decision 0073).

Law: what was submitted is kept as it was; going back puts it in the product's place as if it were on its way to the
exchange for the first time, so that a crash repeats at most the submission. A version whose edition leaked, was
withdrawn or erased is not gone back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.negotiation.on_offer import OFFERED, keep
from connector.provider import steps
from connector.runtime import reasons, rehearsal
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.product import ProductRow, ProductVersionRow
from connector.store.rows.vault import EditionRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.provider.publication import Publications
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


GOOD_EDITIONS = ("registered",)


class Versions:
    """The versions of this provider's products."""

    def __init__(self, core: Core, space: SpaceView, publications: Publications) -> None:
        self._core, self._space, self._publications = core, space, publications

    async def roll_back(self, key: str, number: int, reason: str) -> JsonObject:
        """Offer and list a product as it was; returns the product's view."""
        reasons.check(reason, "it goes into the log")
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            product, version = tx.get(ProductRow, id=key), tx.get(ProductVersionRow, product=key, number=number)
            if product is None or version is None:
                raise Absent(f"there is no version {number} of a product `{key[:100]}` here", "penstock version list")
            if product.state not in OFFERED:
                raise Conflict(f"the product `{key}` is {product.state}", "wait until it is on offer")
            edition = tx.get(EditionRow, id=version.kept["edition"])
            if edition is None or edition.state not in GOOD_EDITIONS:
                state = "gone" if edition is None else edition.state
                raise Conflict(f"the edition of version {number} is {state}", "publish a new one")
            keep(tx, self._core.evidence, product, steps.gone_back(product, version.kept, now))

        await self._core.store.write(act)
        rehearsal.refuse(rehearsal.SEND, "submission", self._space.last().exchange, {"id": key, "version": number})
        return await self._publications.resumed(key)
