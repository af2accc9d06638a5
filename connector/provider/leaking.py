"""A suspected leak: an edition whose keys may be known sells no more, and a new one of its series is sealed.

Law: (1) what repeats rows of it has leaked with it. (2) No agreement is made on a leaked edition and no carrier named
for it; agreements in force are kept: their buyers owe nothing for the leak, and what they bought is still theirs
(decision 0029). (3) The next edition has a key of its own and repeats no row of a leaked one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.custody.needs import SOLD_NO_MORE
from connector.custody.scrub import ERASED
from connector.licence import hosted
from connector.negotiation.on_offer import keep, withdrawn
from connector.provider import steps
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.product import ProductRow
from connector.store.rows.vault import EditionRow, VaultState
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.provider.publication import Publications
    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


class Leaking:
    """What one provider does when keys of an edition may be known to others."""

    def __init__(self, core: Core, publications: Publications) -> None:
        self._core, self._publications = core, publications

    async def leak(self, edition: str, why: str) -> JsonObject:
        """Mark an edition and what shares rows with it; have its products sealed anew; repeating it is harmless.

        Raises Absent, InvalidInput without a reason, Conflict for an edition that is erased.
        """
        reasons.check(why, "it goes into the log")
        found = await self._core.store.write(partial(self._mark, edition=edition, why=why))
        for product in found["products"]:
            self._publications.driver.wake(product)
        return found

    def _mark(self, tx: Tx, edition: str, why: str) -> JsonObject:
        row = tx.get(EditionRow, id=edition)
        if row is None:
            raise Absent(f"there is no edition `{edition[:64]}` here", "see `penstock vault list`")
        if row.state in ERASED:
            raise Conflict(f"the edition is `{row.state}`: its keys are destroyed")
        leaked = [row, *_sharing(tx, row)]
        fresh = [each for each in leaked if each.state != VaultState.LEAKED]
        now, products = self._core.clock.now(), []
        for each in fresh:
            tx.update(EditionRow, {"id": each.id}, state=VaultState.LEAKED)
            fields = {"reason": f"leaked: {why}"}
            self._core.evidence.record(tx, "edition.withdrawn", part=each.id, fields=fields, now=now)
            for product in tx.find(ProductRow, "edition = ?", (each.id,)):
                if hosted.HOSTED in (product.terms or {}):
                    keep(tx, self._core.evidence, product, withdrawn(product, now))  # its provider seals it anew
                elif product.state not in SOLD_NO_MORE:
                    keep(tx, self._core.evidence, product, steps.anew(product, now))
                    products.append(product.id)
            _let_go(tx, self._core.evidence, each, now)
        return {"edition": edition, "leaked": [each.id for each in leaked], "products": products}


def _let_go(tx: Tx, evidence: Recorder, leaked: EditionRow, now: datetime) -> None:
    """Let an edition that leaked stand beside its product no more."""
    product = tx.get(ProductRow, id=leaked.product)
    if product is not None and product.standing is not None and product.standing["edition"] == leaked.id:
        keep(tx, evidence, product, steps.listed(product, now))


def _sharing(tx: Tx, edition: EditionRow) -> list[EditionRow]:
    """Return the other editions of the series that have a row of this one."""
    slots = {row.head.slot for row in RowTable(edition.rows)}
    others = tx.find(EditionRow, "series = ? and id != ?", (edition.series, edition.id), order="number")
    return [
        other
        for other in others
        if other.state not in ERASED and any(row.head.slot in slots for row in RowTable(other.rows))
    ]
