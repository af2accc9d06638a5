"""Secrets that clients of the Management API leave here, to be named where one is needed: by callbacks, at the moment.

Law: a value rests wrapped, and is told to who has the key of the API alone; one that is written anew is the new one at
its next use.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from connector.operation.management import shape
from connector.operation.management.names import read
from connector.operation.management.written import stamped
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.management import SecretRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.transaction import Tx

SECRETS_MAX = 1_000


class ClientSecrets:
    """The secrets of one participant's clients."""

    KIND: ClassVar = "Secret"

    def __init__(self, core: Core) -> None:
        self._core = core

    async def create(self, body: Any) -> dict[str, Any]:
        """Keep a secret; raises Violations, Conflict."""
        row = self._row(body)

        def act(tx: Tx) -> None:
            if tx.get(SecretRow, id=row.id) is not None:
                raise Conflict(f"a secret `{row.id[:200]}` exists already")
            if tx.column("SELECT count(*) AS n FROM secrets")[0] >= SECRETS_MAX:
                raise Conflict(f"{SECRETS_MAX} secrets are kept", "remove one first")
            tx.insert(row)

        await self._core.store.write(act)
        return stamped(row.id, row.created)

    async def change(self, body: Any) -> None:
        """Write a secret anew; raises Violations, Absent."""
        row = self._row(body)

        def act(tx: Tx) -> None:
            found(tx, row.id)
            tx.put(row)

        await self._core.store.write(act)

    async def show(self, key: str) -> dict[str, Any]:
        """Return a secret; raises Absent."""
        row = await self._core.store.read(lambda tx: found(tx, key))
        return stamped(row.id, row.created, self.KIND) | {"value": row.value.decode()}

    async def delete(self, key: str) -> None:
        """Remove a secret; raises Absent."""

        def act(tx: Tx) -> None:
            found(tx, key)
            tx.delete(SecretRow, id=key)

        await self._core.store.write(act)

    def _row(self, body: Any) -> SecretRow:
        told = read(body, "a secret")
        shape.require(self.KIND, told)
        key, now = told.get("@id") or str(uuid.uuid4()), self._core.clock.now()
        return SecretRow(id=key, value=told["value"].encode(), created=now)


def found(tx: Tx, key: str) -> SecretRow:
    """Return a secret; raises Absent."""
    row = tx.get(SecretRow, id=key)
    if row is None:
        raise Absent(f"there is no secret `{key[:200]}`")
    return row
