"""Contract definitions: which assets are offered, to whom, under what.

Law: a definition names policies that are there, and stays while they do. An asset that several select is offered under
each; what they say alike is offered once. What a definition selects is written on the assets, in the transaction that
writes the definition; their products follow (`connector.provider.assets.assets`).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from connector.operation.management import query, shape
from connector.operation.management.names import read
from connector.operation.management.query import Field, Table, listed
from connector.operation.management.shape import Violation, Violations
from connector.operation.management.written import moment, stamped
from connector.provider.assets import assets, policies
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.management import AssetRow, ContractDefinitionRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.provider.assets.assets import Assets
    from connector.store.transaction import Tx

KIND: Final = "ContractDefinition"
TABLE: Final = Table(
    "contract_definitions",
    {
        "id": Field("id"),
        "accessPolicyId": Field("access"),
        "contractPolicyId": Field("contract"),
        "createdAt": Field("created", moment),
    },
)
# each is looked at when an asset is written
DEFINITIONS_MAX = 10_000


class ContractDefinitions:
    """What clients of the Management API offer."""

    def __init__(self, core: Core, assets: Assets) -> None:
        self._core, self._assets = core, assets

    async def create(self, body: Any) -> dict[str, Any]:
        """Keep a definition and offer what it selects; raises Violations, Conflict."""
        row = self._row(body)

        def act(tx: Tx) -> list[str]:
            if tx.get(ContractDefinitionRow, id=row.id) is not None:
                raise Conflict(f"a contract definition `{row.id[:200]}` exists already")
            if tx.execute("SELECT count(*) AS n FROM contract_definitions")[0]["n"] >= DEFINITIONS_MAX:
                raise Conflict(
                    f"there are {DEFINITIONS_MAX} contract definitions", "remove some, or select more by one"
                )
            tx.insert(row)
            return self._select(tx, row)

        self._assets.wake(await self._core.store.write(act))
        return stamped(row.id, row.created)

    async def change(self, body: Any) -> None:
        """Write a definition anew: what it selects no more is offered no more."""
        row = self._row(body)

        def act(tx: Tx) -> list[str]:
            known = found(tx, row.id)
            freed = self._select(tx, known)
            tx.change(known, replace(row, created=known.created))
            return list({*freed, *self._select(tx, row)})

        self._assets.wake(await self._core.store.write(act))

    async def delete(self, key: str) -> None:
        """Remove a definition: what it selected is offered no more; agreements stand."""

        def act(tx: Tx) -> list[str]:
            keys = self._select(tx, found(tx, key))
            tx.delete(ContractDefinitionRow, id=key)
            return keys

        self._assets.wake(await self._core.store.write(act))

    async def show(self, key: str) -> dict[str, Any]:
        """Return a definition; raises Absent."""
        return view(await self._core.store.read(lambda tx: found(tx, key)))

    async def page(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the definitions that a query asks for."""
        asked = query.read(spec, TABLE)
        return await self._core.store.read(lambda tx: [view(found(tx, key)) for key in query.ids(tx, TABLE, asked)])

    def _row(self, body: Any) -> ContractDefinitionRow:
        told = read(body, "a contract definition")
        shape.require(KIND, told)
        selector = listed(told.get("assetsSelector"))
        assets.selected(selector)  # its refusal names the criterion
        return ContractDefinitionRow(
            id=told.get("@id") or str(uuid.uuid4()),
            access=told["accessPolicyId"],
            contract=told["contractPolicyId"],
            selector=selector,
            asset=assets.only(selector),
            private=told.get("privateProperties") or {},
            created=self._core.clock.now(),
        )

    def _select(self, tx: Tx, row: ContractDefinitionRow) -> list[str]:
        """Write on the assets that a definition selects that their products are to follow; return their ids."""
        for name, key in (("accessPolicyId", row.access), ("contractPolicyId", row.contract)):
            try:
                policies.found(tx, key)
            except Absent as fault:
                raise Violations([Violation(str(fault), name, key[:200])]) from fault
        asked = assets.selected(row.selector)
        rows = tx.execute(f"SELECT id FROM assets WHERE {asked.where}", *asked.values)  # noqa: S608  # words of ours, values apart
        keys = [str(one["id"]) for one in rows]
        for key in keys:
            tx.update(AssetRow, {"id": key}, due=1, reason="")
        return keys


def found(tx: Tx, key: str) -> ContractDefinitionRow:
    """Return a contract definition; raises Absent."""
    row = tx.get(ContractDefinitionRow, id=key)
    if row is None:
        raise Absent(f"there is no contract definition `{key[:200]}`")
    return row


def view(row: ContractDefinitionRow) -> dict[str, Any]:
    """Return a definition as its client wrote it."""
    told = {"accessPolicyId": row.access, "contractPolicyId": row.contract, "assetsSelector": row.selector}
    private = {"privateProperties": row.private} if row.private else {}
    return stamped(row.id, row.created, KIND) | told | private
