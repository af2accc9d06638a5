"""The assents that we give, as the reviewer whom the terms of a product name, to programs of buyers (decision 0286).

Law: (1) an assent is in our log, with all that it says, before it is signed; it is in our table once it is. (2) There
is no taking back: it ends by its time, and with our membership. (3) Of the program its digest is signed; what is sent
on is not kept here.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.compute.program import Program, given, module, tells_of
from connector.runtime.errors import Absent, InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.runtime.typed_instant import read_until
from connector.store.rows.compute import AssentRow
from contracts import instants
from contracts.assent import CODE, Assent, Signed
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

GIVEN: Final = "assent.given"
# how one stands: it may be run by, or its time is over
GOOD, LAPSED = "good", "lapsed"


class Assents:
    """What one participant assents to as a reviewer."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def give(
        self,
        product: str,
        statement: str,
        file: str,
        tells: Sequence[str],
        buyer: str,
        provider: str,
        until: str,
        why: str,
        parameters: Sequence[str] | None = None,
        free: bool = False,  # noqa: FBT001, FBT002  # a field of the act
    ) -> JsonObject:
        """Sign that a program (its absolute path) may be run over the rows of a statement, and return the assent.

        `parameters` are those that it may be given, any where they are `free`. Raises Absent, InvalidInput.
        """
        if free and parameters:
            raise InvalidInput("parameters are free, or are those that are named", "leave one of both out")
        end = read_until(until)
        if end <= self._core.clock.now():
            raise InvalidInput(f"`until` is {until[:40]}, which is over", "name a later time")
        code = await asyncio.to_thread(module, Path(file))
        program = Program(statement.strip(), tuple(map(tells_of, tells)), given(parameters or ()), code=code)
        try:
            made = Assent(
                program.digest,
                program.rows,
                tuple((one.name, float(one.least), float(one.most)) for one in program.tells),
                None if free else program.parameters,
                product,
                provider,
                buyer,
                self._core.identity.did,
                end,
                why,
            )
            name = made.digest.hex()
        except ContractError as fault:
            raise InvalidInput(str(fault)) from fault
        await self._core.store.write(lambda tx: self._record(tx, name, made))
        # signed once it is durable: a rehearsal, which is not, gives nobody a signature
        signed = Signed(made, self._core.identity.sign(made.digest))
        await self._core.store.write(lambda tx: self._keep(tx, name, signed))
        return {"assent": name, **signed.json()}

    async def page(self, first: int = 0) -> JsonObject:
        """Return the assents that we gave, the newest first, without their signatures."""
        now = self._core.clock.now()
        rows = await self._core.store.read(
            lambda tx: tx.find(AssentRow, order="created desc, digest", limit=first + PAGE_ROWS_MAX)
        )
        return {"assents": [_line(row, now) for row in rows[first:]]}

    async def show(self, assent: str) -> JsonObject:
        """Return one with its signature, as it was handed to its buyer; raises Absent."""
        row = await self._core.store.read(lambda tx: tx.get(AssentRow, digest=assent))
        if row is None:
            raise Absent(f"we gave no assent `{assent[:100]}`", "penstock program assents")
        return {"assent": row.digest, "document": row.document, "signature": row.signature.hex()}

    def _keep(self, tx: Tx, name: str, signed: Signed) -> None:
        """Keep a signed assent; one that is given once more in the same words is the same."""
        if tx.get(AssentRow, digest=name) is None:
            told, now = signed.assent.json(), self._core.clock.now()
            tx.insert(AssentRow(digest=name, document=told, signature=signed.signature, created=now))

    def _record(self, tx: Tx, name: str, made: Assent) -> None:
        fields, now = {"document": made.json()}, self._core.clock.now()
        self._core.evidence.record(tx, GIVEN, part=name, link=[name], fields=fields, now=now)


def _line(row: AssentRow, now: datetime) -> JsonObject:
    """Return what a list says of an assent."""
    said, over = row.document, instants.read(row.document["until"], "until", CODE) <= now
    names = ("product", "provider", "buyer", "program", "statement", "until", "why")
    told = {"state": LAPSED if over else GOOD, "given": row.created.isoformat(timespec="seconds")}
    return {"assent": row.digest, **{name: said[name] for name in names}, **told}
