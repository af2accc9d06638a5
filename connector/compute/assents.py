"""The assents that we give, as the reviewer whom the terms of a product name, to programs of buyers (decision 0286).

Law: (1) an assent is in our log, with all that it says, before it is signed. (2) There is no taking back: it ends by
its time, and with our membership. (3) Of the program its digest is signed; what is sent on is not kept here.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.compute.program import Program, given, module, tells_of
from connector.runtime.errors import InvalidInput
from connector.runtime.typed_instant import read_until
from contracts.assent import Assent, Signed
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

GIVEN: Final = "assent.given"


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
        return {"assent": name, **Signed(made, self._core.identity.sign(made.digest)).json()}

    def _record(self, tx: Tx, name: str, made: Assent) -> None:
        fields, now = {"document": made.json()}, self._core.clock.now()
        self._core.evidence.record(tx, GIVEN, part=name, link=[name], fields=fields, now=now)
