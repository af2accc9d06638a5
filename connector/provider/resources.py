"""The data resources of this participant: kept here, named by the products that are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.identifiers import Kind
from catalog.registration import PRODUCT
from catalog.resource import from_json, local_code
from connector.runtime.errors import Absent, Conflict
from connector.runtime.limits import PAGE_ROWS_MAX, RESOURCES_MAX
from connector.store.rows.product import ProductRow, ResourceRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.operation.codes import Codes
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# products that may be made of a resource
_MADE, _SAID = "SELECT id FROM products WHERE CAST(brief AS TEXT) LIKE ?", '%"resource":%'


class Resources:
    """What this participant holds, apart from products."""

    def __init__(self, core: Core, codes: Codes) -> None:
        self._core, self._codes = core, codes

    async def put(self, **document: Any) -> JsonObject:
        """Keep a resource, or change the one with its id; without a code it gets a local one, if we have a subject.

        `document` are its members.
        """
        resource, now = from_json(document), self._core.clock.now()
        told = resource.json() | {"code": resource.code or self.code(Kind.RESOURCE, resource.id)}

        def act(tx: Tx) -> JsonObject:
            known = tx.get(ResourceRow, id=resource.id)
            if known is None and tx.execute("SELECT count(*) AS n FROM resources")[0]["n"] >= RESOURCES_MAX:
                raise Conflict(f"at most {RESOURCES_MAX} resources are kept")
            created = now if known is None else known.created
            tx.put(ResourceRow(id=resource.id, document=told, created=created, updated=now))
            return told

        return await self._core.store.write(act)

    async def page(self, first: int = 0) -> list[JsonObject]:
        """List the resources, each with its products."""

        def read(tx: Tx) -> list[JsonObject]:
            rows = tx.find(ResourceRow, order="id", limit=first + PAGE_ROWS_MAX)[first:]
            products = (tx.get(ProductRow, id=key) for key in tx.column(_MADE, _SAID))
            made = [(row.id, row.brief.get("resource")) for row in products if row is not None]
            return [row.document | {"products": [key for key, of in made if of == row.id]} for row in rows]

        return await self._core.store.read(read)

    def code(self, kind: Kind, named: str) -> str:
        """Return the local code of something of ours, empty without a subject's code in the settings."""
        about = self._core.settings.participant
        return local_code(kind, about.subject, about.region, named)

    async def of(self, brief: JsonObject, product: str, title: str) -> JsonObject:
        """Return what a submission says of codes and resource: nothing where there is neither; raises Absent."""
        told: JsonObject = {}
        if code := await self._codes.obtain(PRODUCT, product, title) or self.code(Kind.PRODUCT, product):
            told["code"] = code
        if name := brief.get("resource"):
            row = await self._core.store.read(lambda tx: tx.get(ResourceRow, id=name))
            if row is None:
                raise Absent(f"there is no resource `{name[:64]}` here", "penstock resource add")
            told["resource"] = row.document
        return told
