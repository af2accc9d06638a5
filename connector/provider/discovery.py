"""The catalogue as a connector of the national infrastructure asks for it (NDI-TR-2025-05, annex A, 按其设计).

Law: (1) who asks sees what the catalogue of the protocol shows it, and no more. (2) Keywords are all asked for, in name
and description. (3) A product is called by the code that the node has assigned to it, else by its id; its `strategy` is
what is offered, so that who asks can propose it as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.negotiation.ndi import offers as contracts
from connector.negotiation.on_offer import ON_OFFER
from connector.negotiation.protocol.offers import PLAIN
from connector.operation.ndi import services
from connector.provider.offering import Asker, Offering, whole
from connector.runtime.errors import Absent
from connector.store.rows.product import ProductRow
from contracts.ndi.delivery import ASC, DETAIL, ROWS_MAX, SEARCH
from contracts.ndi.fields import Code, FieldError
from contracts.tariff import Tariff
from contracts.units import KEPT

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.licence.audience import Viewer
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.ways import Ways
    from connector.store.transaction import Tx

# so many are looked through for one question, the newest first
LOOKED_MAX: Final = 1_000
NAME_CHARACTERS_MAX: Final = 128
SUCCESS: Final = {"code": Code.SUCCESS, "message": "success"}


class Discovery:
    """What one provider tells of its products."""

    def __init__(self, core: Core, space: SpaceView, offering: Offering, ways: Ways) -> None:
        self._core, self._space, self._offering, self._parties = core, space, offering, ways.parties

    async def search(self, document: Any, viewer: Viewer) -> Document:
        """Find products by keywords (A.1)."""
        said = SEARCH.read(document)
        first, most = (_count(said[name], name) for name in ("offset", "limit"))
        words = said.get("keywords", "").lower().split()
        order = "updated" if said.get("order") == ASC else "updated desc"
        where = f"blind IS NULL AND state IN ({', '.join('?' for _ in ON_OFFER)})"

        def read(tx: Tx) -> list[tuple[str, ProductRow]]:
            rows = tx.find(ProductRow, where, tuple(map(str, ON_OFFER)), f"{order}, id", LOOKED_MAX)
            seen = [one for one in rows if viewer.sees(tx, one.id, _text(one.policy), _access(one))]
            found = [one for one in seen if all(word in _words(one) for word in words)]
            return [(self._parties.product_name(tx, one.id), one) for one in found]

        found = await self._core.store.read(read)
        shown = [
            {"productId": name, "productName": one.title[:NAME_CHARACTERS_MAX], "dscription": _description(one)}
            for name, one in found[first : first + min(most, ROWS_MAX)]
        ]
        return {**SUCCESS, "data": {"total": str(len(found)), "resultData": shown}}

    async def detail(self, document: Any, peer: str, viewer: Viewer) -> Document:
        """Show one product with what is offered (A.3)."""
        said = DETAIL.read(document)
        name = said["productId"]
        product, row = await self._core.store.read(lambda tx: self._found(tx, name))
        dataset = orjson.loads(await self._offering.dataset(product, Asker(viewer.sees, whole)))
        if row is None or row.terms is None or row.tier not in (PLAIN, KEPT):
            raise Absent(f"`{name[:80]}` is not delivered over these interfaces", "ask by the Dataspace Protocol")
        named = await self._core.store.read(lambda tx: services.of(tx, product))
        if named and row.tier == KEPT:
            raise Absent(f"`{name[:80]}` has service parties, and is sealed", "ask by the Dataspace Protocol")
        about = {"product": name, "provider": await self._parties.name(), "consumer": peer}
        about |= {contracts.SERVICES: [one.json() for one in named], contracts.SEALED: row.tier == KEPT}
        strategy = contracts.strategy_of(dataset["hasPolicy"][0], about, self._space.known_currency())
        return {
            **SUCCESS,
            "product": {
                "productId": name,
                "productName": row.title[:NAME_CHARACTERS_MAX],
                "dscription": _description(row),
                "providerNodeId": about["provider"],
                "price": Tariff.from_json(row.terms["tariff"]).json(),
                "until": row.terms["notAfter"],
                "strategy": strategy,
            }
            | ({"dataset": product} if row.tier == KEPT else {}),
        }

    def _found(self, tx: Tx, name: str) -> tuple[str, ProductRow | None]:
        product = self._parties.product(tx, name)
        return product, tx.get(ProductRow, id=product)


def _count(told: str, name: str) -> int:
    if not (told.isascii() and told.isdecimal()) or len(told) > 9:
        raise FieldError(Code.FORM, name, "is a number")
    return int(told)


def _text(policy: Document) -> str:
    return orjson.dumps(policy).decode()


def _access(row: ProductRow) -> str | None:
    return None if row.access is None else _text(row.access)


def _description(row: ProductRow) -> str:
    return str((row.dataset or {}).get("description", "")) or row.title


def _words(row: ProductRow) -> str:
    return f"{row.title} {_description(row)}".lower()
