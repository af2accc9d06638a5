"""The versions of a product of ours, and going back to one of them (decision 0073).

Law: what was submitted is kept as it was; going back puts it in the product's place as if it were on its way to the
exchange for the first time, so that a crash repeats at most the submission. A version whose edition leaked, was
withdrawn or erased is not gone back to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector import reasons, rehearsal
from connector.errors import Absent, Conflict
from connector.limits import LISTING_VERSIONS_MAX
from connector.product.submission import OFFERED
from contracts.canonical import sha

if TYPE_CHECKING:
    from connector.app import Connector
    from connector.store.transaction import Tx

    Row = dict[str, Any]

KEPT = ("title", "tier", "edition", "brief", "dataset", "sample", "policy", "terms", "limits", "offer")
GOOD_EDITIONS = ("registered",)


class Versions:
    """The versions of this provider's products."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def roll_back(self, key: str, number: int, reason: str) -> Row:
        """Offer and list a product as it was; returns the product's view."""
        reasons.check(reason, "it goes into the log")
        now = self._connector.clock.now()

        def act(tx: Tx) -> None:
            product, version = tx.get("products", id=key), tx.get("product_versions", product=key, number=number)
            if product is None or version is None:
                raise Absent(f"there is no version {number} of a product `{key[:100]}` here", "penstock version list")
            if product["state"] not in OFFERED:
                raise Conflict(f"the product `{key}` is {product['state']}", "wait until it is on offer")
            edition = tx.get("editions", id=version["kept"]["edition"])
            if edition is None or edition["state"] not in GOOD_EDITIONS:
                state = "gone" if edition is None else edition["state"]
                raise Conflict(f"the edition of version {number} is {state}", "publish a new one")
            tx.update("products", {"id": key}, **version["kept"], state="registered", reason=None, updated=now)

        await self._connector.store.write(act)
        rehearsal.refuse(rehearsal.SEND, "submission", self._connector.space.exchange, {"id": key, "version": number})
        return await self._connector.publications.resumed(key)


def keep(tx: Tx, product: Row, now: Any) -> None:
    """Keep a product as it was submitted, unless a version is the same; forget the oldest."""
    kept = {name: product[name] for name in KEPT}
    digest = sha(kept).hex()
    rows = tx.find("product_versions", "product = ?", (product["id"],), "number")
    if any(row["digest"] == digest for row in rows):
        return
    number = rows[-1]["number"] + 1 if rows else 1
    tx.insert("product_versions", product=product["id"], number=number, kept=kept, digest=digest, created=now)
    for row in rows[: len(rows) + 1 - LISTING_VERSIONS_MAX]:
        tx.delete("product_versions", product=product["id"], number=row["number"])
