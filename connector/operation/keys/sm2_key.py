"""The key of SM2 by which this participant signs contracts of the national interfaces: the first, and the next one.

Law: (1) a key is durable before anything is signed by it, and the one before stands among those that were before it
gives way; what was interrupted is ended by the next start. (2) The exchange is told last. It takes another key because
our log's key has signed it, and keeps the one before for as long as the space is there: until a time, what it signed is
taken as new; after that what was signed before is verified by it. Of a stolen one that time is now. (3) Contracts on
their way are signed anew where the other side has not got our signature yet.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connector.identity import former_sm2
from connector.identity import keys as key_files
from connector.identity.keys import SM2
from connector.operation.keys.replaced import record
from connector.operation.keys.telling import tell
from connector.operation.keys.token_key import INTERRUPTED
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import Conflict
from connector.runtime.limits import FORMER_SM2_DAYS
from connector.store.rows.console import FactRow
from contracts.ndi.proof import FormerKey

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

FACT: Final = "sm2 key"
FOUND: Final = "it was there when we started"


class Sm2Key:
    """Draws the key by which contracts are signed, and replaces it."""

    def __init__(self, core: Core, space: SpaceView, exchange: ExchangeDoor, author: SpaceAuthor) -> None:
        self._core, self._space, self._exchange, self._author = core, space, exchange, author
        self._folder, self._turn = core.data / KEYS, asyncio.Lock()

    async def settle(self) -> None:
        """End a rotation that was interrupted; record a key of which the log says nothing."""
        is_known = await self._known() != ""
        if key_files.drawn(self._folder, SM2) is not None:
            self._take()
        await self._record(INTERRUPTED if is_known else FOUND)

    async def draw(self, reason: str) -> JsonObject:
        """Draw the first key and sign by it from now on; returns it (64 bytes, hex), and whether the exchange read it.

        Raises Conflict where one was drawn before, SettingsError where this machine has no SM2.
        """
        async with self._turn:
            if await self._known() or self._core.identity.keys.sm2 is not None:
                raise Conflict("a key of SM2 was drawn already", f"the next one: penstock key rotate {SM2}")
            return {"kind": SM2, "key": await self._follow(reason), "told": await self._tell()}

    async def rotate(self, reason: str, *, stolen: bool) -> JsonObject:
        """Sign by a fresh key from now on; returns both, until when the former counts, and whether the exchange knows.

        Raises Conflict where there was none, and where too many were; SettingsError where this machine has no SM2.
        """
        async with self._turn:
            old, now = await self._known(), self._core.clock.now().replace(microsecond=0)
            if not old:
                raise Conflict("there is no key of SM2 to be followed", f"the first one: penstock key draw {SM2}")
            key_files.require_sm2()
            until = now if stolen else now + timedelta(days=FORMER_SM2_DAYS)
            was = [one for one in former_sm2.KEPT.read(self._folder) if one.key.hex() != old]
            former_sm2.write(self._folder, [FormerKey(bytes.fromhex(old), until), *was])
            told = {"kind": SM2, "from": old, "to": await self._follow(reason), "until": until.isoformat()}
            return {**told, "told": await self._tell()}

    async def _follow(self, reason: str) -> str:
        """Draw the next key and sign by it; returns its public half."""
        key_files.require_sm2()
        key_files.draw_next(self._folder, SM2)
        self._take()
        await self._record(reason)
        return self._public

    def _take(self) -> None:
        secret = key_files.drawn(self._folder, SM2)
        assert isinstance(secret, bytes), "no module has such a key"
        key_files.take_next(self._folder, SM2)
        self._core.identity.take_sm2(secret, former_sm2.KEPT.read(self._folder))

    async def _tell(self) -> bool:
        return await tell(self._core, self._space, self._exchange, self._author)

    async def _known(self) -> str:
        """Return the key that the log says we sign by, empty for none: also one whose file is lost."""
        known = await self._core.store.read(lambda tx: tx.get(FactRow, name=FACT))
        return self._public if known is None else str(known.value["key"])

    @property
    def _public(self) -> str:
        return (self._core.identity.member.sm2 or b"").hex()

    async def _record(self, reason: str) -> None:
        core, key = self._core, self._public

        def act(tx: Tx) -> None:
            known = tx.get(FactRow, name=FACT)
            before = "" if known is None else str(known.value["key"])
            if key in ("", before):
                return
            tx.put(FactRow(name=FACT, value={"key": key}))
            record(tx, core, {"kind": SM2, "from": before, "to": key}, reason)

        await core.store.write(act)
