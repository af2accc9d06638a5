"""Plain copies sent by the provider to an address that the consumer named in its request (`HttpData-PUSH`; spec 5).

Law: (1) what is pushed is decided, counted and cut like what is pulled (`connector.provider.plain.copies`). (2) A file
is sent in one request with its length, and again from its beginning when that broke off; one that was taken is not sent
again, after a restart neither. (3) What time may mend is tried again until the agreement ends; a refusal ends the
transfer, and what all of its files arriving brings is its completion.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from catalog.codes import FORMAT_PUSH
from connector.core.driver import Driver
from connector.custody import bearers
from connector.custody.opened import STEP_BYTES, Opened
from connector.custody.tickets import Ticket, transfer_digest
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.data_address import ENDPOINT
from connector.negotiation.protocol.states import PROVIDER, STARTED, TRANSFER
from connector.runtime.errors import NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.vault import CopyRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from connector.core.core import Core
    from connector.licence.carriage import Carriage
    from connector.licence.throttle import Throttle
    from connector.negotiation.engine import Engine
    from connector.provider.plain.copies import Copies
    from ledger.edition.index import IndexedFile

# as a connector of ours is sent to unless it says otherwise, and as one of another make is
METHODS: Final = ("PUT", "POST")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# what says where a request goes and how long it is: nobody's token
_FRAMING: Final = {
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
}
REASON_CHARACTERS_MAX = 500


class Pushes:
    """The pushes of one provider; `recover` goes on with what an earlier run left."""

    def __init__(self, core: Core, engine: Engine, copies: Copies, carriage: Carriage, throttle: Throttle) -> None:
        self._core, self._engine, self._copies, self._carriage = core, engine, copies, carriage
        self._throttle = throttle
        self.driver = Driver("push", self._push, self._fail)

    async def recover(self) -> None:
        """Go on with every push that runs."""
        where, values = "role = ? and format = ? and state = ?", (PROVIDER, FORMAT_PUSH, STARTED)
        for row in await self._core.store.read(lambda tx: tx.find(TransferRow, where, values)):
            self.driver.wake(row.id)

    def moved(self, process: str, key: str) -> None:
        """Look at a transfer that has moved."""
        if process == TRANSFER:
            self.driver.wake(key)

    async def _push(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=key))
        assert row is not None, "no transfer is ever deleted"
        if (row.role, row.format, row.state, row.pending) != (PROVIDER, FORMAT_PUSH, STARTED, ""):
            return
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert agreement is not None, "a transfer has its agreement"
        about = bytes.fromhex(agreement.signed_edition), bytes.fromhex(row.agreement), transfer_digest(key)
        ticket = Ticket(*about, agreement.not_after or self._core.clock.now())
        await self._copies.begin(ticket, "", {})
        if await Sending(self._core, self._copies, self._carriage, self._throttle, row, ticket).run():
            await self._engine.complete_transfer(key)

    async def _fail(self, key: str, fault: Exception) -> None:
        row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=key))
        if row is not None and row.state == STARTED and not row.pending:
            await self._engine.terminate_transfer(key, str(fault)[:REASON_CHARACTERS_MAX])


class Sending:
    """One push under way."""

    def __init__(
        self, core: Core, copies: Copies, carriage: Carriage, throttle: Throttle, row: TransferRow, ticket: Ticket
    ) -> None:
        self._core, self._copies, self._carriage, self._throttle = core, copies, carriage, throttle
        self._key = row.id
        self._address = row.address or {}
        self._ticket = ticket
        self._cut = False
        self._sending: asyncio.Task[None] | None = None
        self._owed = 0

    async def run(self) -> bool:
        """Send every file that was not taken yet; returns whether all were, False when the transfer was halted."""
        opening = await self._copies.open(self._ticket)
        with self._carriage.carrying(self._ticket, self._stop), opening as opened:
            index = await asyncio.to_thread(opened.index)
            for number, file in enumerate(index.files):
                if number < await self._taken():
                    continue
                kind = index.media_type if len(index.files) == 1 else "application/octet-stream"
                await self._send(opened, file, kind, alone=len(index.files) == 1)
                if self._cut:
                    return False
                await self._note(number + 1)
        return True

    def _stop(self) -> None:
        """Break off what is being sent: the transfer was halted."""
        self._cut = True
        if self._sending is not None:
            self._sending.cancel()

    async def _note(self, files: int) -> None:
        await self._core.store.write(lambda tx: tx.update(CopyRow, {"id": self._key}, pushed=files))

    async def _taken(self) -> int:
        row = await self._core.store.read(lambda tx: tx.get(CopyRow, id=self._key))
        assert row is not None, "a push begins with its copy"
        return int(row.pushed or 0)

    async def _send(self, opened: Opened, file: IndexedFile, kind: str, *, alone: bool) -> None:
        endpoint, method, headers = target(self._address)
        url = endpoint if alone else f"{endpoint.rstrip('/')}/{quote(file.name)}"
        try:
            chunks = self._chunks(opened, file)
            upload = self._core.outbound.upload(method, url, chunks, file.size, headers | {"Content-Type": kind})
            self._sending = asyncio.create_task(upload, name="push")
            await self._sending
        except (asyncio.CancelledError, NotPermitted):
            if not self._cut:
                raise
        finally:
            owed, self._owed = self._owed, 0
            await asyncio.shield(self._copies.give_back(self._ticket, owed))

    async def _chunks(self, opened: Opened, file: IndexedFile) -> AsyncIterator[bytes]:
        """Yield the file, each step counted before it leaves."""
        calls = 1
        for rows, length in opened.steps(file, 0, file.size, STEP_BYTES):
            await self._copies.charge(self._ticket, rows, length, calls)
            self._owed, calls = self._owed + length, 0
            for row in rows:
                data = await asyncio.to_thread(opened.bytes_of, file, row, 0, file.size)
                await self._throttle.turn(self._ticket.subject.hex(), len(data))
                yield data
                self._owed -= len(data)


def target(address: Mapping[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Return endpoint, method and headers of a consumer's data address; raises NotPermitted for one of no use.

    The token is `authorization`, or what Eclipse EDC calls `authCode`, in the header that it calls `authKey`.
    """
    told, endpoint = data_address.properties(address), data_address.endpoint(address)
    method = told.get("method", METHODS[0] if ENDPOINT in address else METHODS[1]).upper()
    token = told.get("authorization") or told.get("authCode", "")
    header = told.get("authKey") or "Authorization"
    if method not in METHODS:
        raise NotPermitted(f"`{method[:20]}` is no way to push", f"one of {', '.join(METHODS)}")
    odd = not _HEADER.fullmatch(header) or header.lower() in _FRAMING
    if not endpoint or not (token == "" or (token.isascii() and token.isprintable())) or odd:
        raise NotPermitted("the data address has no `endpoint`, or an `authorization` that is no header")
    bearer = told.get("authType", "").lower() == bearers.AUTH_TYPE
    said = f"{bearers.SCHEME}{token}" if bearer and not token.startswith(bearers.SCHEME) else token
    return endpoint, method, {header: said} if token else {}
