"""Files sent to an address that their consumer named, one after the other; who counts them is a `Meter`'s business.

Law: a file is sent in one request with its length, and again from its beginning when that broke off; one that was taken
is not sent again, after a restart neither.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connector.custody import bearers
from connector.custody.opened import STEP_BYTES, Opened
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.data_address import ENDPOINT
from connector.runtime.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from connector.core.core import Core
    from connector.custody.tickets import Ticket
    from connector.licence.carriage import Carriage
    from connector.licence.throttle import Throttle
    from connector.provider.plain.heading import Heading
    from connector.provider.plain.meter import Meter
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


class Sending:
    """One push under way."""

    def __init__(
        self,
        core: Core,
        meter: Meter,
        carriage: Carriage,
        throttle: Throttle,
        key: str,
        address: Mapping[str, Any],
        ticket: Ticket,
        heading: Heading | None = None,
    ) -> None:
        self._core, self._meter, self._carriage, self._throttle = core, meter, carriage, throttle
        self._key, self._address, self._ticket = key, address, ticket
        self._heading = heading
        self._cut = False
        self._sending: asyncio.Task[None] | None = None
        self._owed = 0

    async def run(self) -> bool:
        """Send every file that was not taken yet; returns whether all were, False when the transfer was halted."""
        opening = await self._meter.open(self._ticket)
        with self._carriage.carrying(self._ticket, self._stop), opening as opened:
            index = await asyncio.to_thread(opened.index)
            for number, file in enumerate(index.files):
                if number < await self._meter.sent(self._key):
                    continue
                kind = index.media_type if len(index.files) == 1 else "application/octet-stream"
                await self._send(opened, file, kind, alone=len(index.files) == 1)
                if self._cut:
                    return False
                await self._meter.note_sent(self._key, number + 1)
        return True

    def _stop(self) -> None:
        """Break off what is being sent: the transfer was halted."""
        self._cut = True
        if self._sending is not None:
            self._sending.cancel()

    async def _send(self, opened: Opened, file: IndexedFile, kind: str, *, alone: bool) -> None:
        endpoint, method, headers = target(self._address)
        headers = headers | ({} if self._heading is None else await self._heading.of(opened, file, alone=alone))
        url = endpoint if alone else f"{endpoint.rstrip('/')}/{quote(file.name)}"
        try:
            chunks = self._chunks(opened, file)
            sent, hears = headers | {"Content-Type": kind}, None if self._heading is None else self._heading.hear
            upload = self._core.outbound.upload(method, url, chunks, file.size, sent, hears)
            self._sending = asyncio.create_task(upload, name="push")
            await self._sending
        except (asyncio.CancelledError, NotPermitted):
            if not self._cut:
                raise
        finally:
            owed, self._owed = self._owed, 0
            await asyncio.shield(self._meter.give_back(self._ticket, owed))

    async def _chunks(self, opened: Opened, file: IndexedFile) -> AsyncIterator[bytes]:
        """Yield the file, each step counted before it leaves."""
        calls = 1
        for rows, length in opened.steps(file, 0, file.size, STEP_BYTES):
            await self._meter.charge(self._ticket, rows, length, calls)
            self._owed, calls = self._owed + length, 0
            for row in rows:
                data = await asyncio.to_thread(opened.bytes_of, file, row, 0, file.size)
                await self._throttle.turn(self._meter.pace(self._ticket), len(data))
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
