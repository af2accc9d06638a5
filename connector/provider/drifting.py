"""Schema drift: a later edition whose columns are gone or of another kind, and who is warned of it.

Law: who holds an agreement on the product that is not over is told, once for each new edition, in the transaction in
which the edition becomes durable; what they bought stays as it was. New columns break nobody and warn nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.dataset import dataset_from_json
from catalog.difference import drift
from connector.negotiation.notices import INFORM, Notice
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.limits import REASON_CHARACTERS_MAX
from connector.store.rows.agreement import AgreementRow

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.dataset import Dataset
    from connector.negotiation.notices import Notices
    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx


def warn(notices: Notices, tx: Tx, product: ProductRow, dataset: Dataset, now: datetime) -> None:
    """Warn the holders of agreements on a product of what its next edition breaks."""
    found = drift(dataset_from_json(product.dataset), dataset)
    if not found:
        return
    text = f"the next edition of `{product.id}` differs: " + "; ".join(one.en for one in found)
    where = "product = ? and role = ? and not_after > ?"
    for agreement in tx.find(AgreementRow, where, (product.id, PROVIDER, now), "created"):
        notices.send(tx, agreement, Notice(INFORM, agreement.digest, text[:REASON_CHARACTERS_MAX], now))
