"""One pull of a flow on its way here: from the address of its start, one file or a list of them.

Law: how much of a file is here is noted after it is durable. A token that is over is renewed where its address says how
(DPS 1.0, "Token Renewal"), each refresh token used once: the next one is kept before it is needed.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

import orjson

from connector.custody import bearers, renewal
from connector.custody.arrived import ONLY
from connector.custody.opened import STEP_BYTES
from connector.negotiation.protocol import data_address
from connector.runtime.errors import NotPermitted, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.files import Part, make_folder, move
from connector.runtime.limits import FLOW_FILE_BYTES_MAX, FLOW_FILES_MAX
from connector.runtime.local_names import local_names
from connector.store.rows.signaling import FlowRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.core.core import Core
    from connector.identity.peers import Peers

LISTED: Final = "Penstock-Files"  # header of an answer that is the list of several files: how many
LIST_BYTES_MAX: Final = 16 << 20
TOKEN_OVER, NO_SUCH_PART = 401, 416
PART: Final = ".part"  # no name here begins with a dot
_PART: Final = re.compile(r"bytes (\d{1,18})-\d+/(?:\d+|\*)")
_SAVED: Final = re.compile(r"""filename\*?=(?:UTF-8'')?"?([^";]{1,200})""", re.IGNORECASE)


class Drawn:
    """What a flow fetches; `run` ends when all of it is here."""

    def __init__(self, core: Core, peers: Peers, row: FlowRow, folder: Path) -> None:
        assert row.address is not None, "a pull is started with its address"
        self._core, self._peers, self._row, self._folder = core, peers, row, folder
        self._address: dict[str, Any] = dict(row.address)
        self._progress: dict[str, Any] = dict(row.progress or {})
        self._done: dict[str, int] = dict(self._progress.get("files", {}))

    async def run(self) -> None:
        """Fetch what is missing; raises what time may mend, and NotPermitted where the token is over for good."""
        await asyncio.to_thread(make_folder, self._folder)
        try:
            await self._all()
        except PeerRefused as refusal:
            if refusal.status == NO_SUCH_PART:
                await self._note("", 0, "")
                raise PeerUnreachable("there is no more of this file: it is asked for from its beginning") from refusal
            if refusal.status != TOKEN_OVER:
                raise
            await self._renew()
            raise PeerUnreachable("the token was over, and is renewed") from refusal

    async def _all(self) -> None:
        endpoint = data_address.endpoint(self._address)
        names = await self._take(endpoint, "")
        for name in names:
            if name not in self._done:
                await self._take(f"{endpoint.rstrip('/')}/{quote(name)}", name)

    async def _take(self, url: str, name: str) -> list[str]:
        """Take a file, or the list of files that is there in place of one; returns that list."""
        at, tag = self._reached(name)
        headers = self._proof() | ({"Range": f"bytes={at}-", "If-Range": tag} if at else {})
        limit = FLOW_FILE_BYTES_MAX
        async with self._core.outbound.download(url, limit_bytes=limit, headers=headers) as body:
            if LISTED in body.headers and not name:
                return _listed(b"".join([chunk async for chunk in body.chunks()]))
            name = name or _saved_as(body.headers)
            if (found := _PART.fullmatch(body.headers.get("Content-Range", ""))) is None or int(found[1]) != at:
                at = 0
            tag = body.headers.get("ETag", "")
            with closing(await asyncio.to_thread(Part, self._folder / PART, at)) as part:
                noted = at
                try:
                    async for chunk in body.chunks():
                        await asyncio.to_thread(part.write, chunk, at)
                        at += len(chunk)
                        if at - noted >= STEP_BYTES:
                            noted = await self._keep(part, name, at, tag)
                finally:  # also of what broke off, or was paused
                    await self._keep(part, name, at, tag)
        [here] = local_names([name]).values()
        await asyncio.to_thread(move, self._folder / PART, self._folder / here)
        self._done[name] = at
        await self._note("", 0, "")
        return []

    async def _keep(self, part: Part, name: str, at: int, tag: str) -> int:
        """Make the first `at` bytes of a file durable, then note that they are here."""
        await asyncio.to_thread(part.sync)
        await self._note(name, at, tag)
        return at

    def _reached(self, name: str) -> tuple[int, str]:
        """Return how much of a file is durable, and by which tag; nothing of one that cannot be asked for again."""
        last = self._progress.get("last", {})
        same = last.get("name") == name or not name
        strong = last.get("tag", "").startswith('"')
        return (int(last["at"]), last["tag"]) if same and strong and last.get("at") else (0, "")

    def _proof(self) -> dict[str, str]:
        told = data_address.properties(self._address)
        return {} if "authorization" not in told else {"Authorization": bearers.of_address(self._address)}

    async def _note(self, name: str, at: int, tag: str) -> None:
        last = {"name": name, "at": at, "tag": tag} if name else {}
        self._progress = {"files": self._done, "last": last}
        told = {"progress": self._progress, "files": len(self._done), "bytes": sum(self._done.values()) + at}
        await self._core.store.write(lambda tx: tx.update(FlowRow, {"id": self._row.id}, **told))

    async def _renew(self) -> None:
        if not renewal.has_refresh_token(self._address):
            raise NotPermitted("the token is over, and its address says nothing to renew it by", "resume the flow")
        self._address = await renewal.by_refresh_token(self._core, self._row.counterparty, self._address)
        key = {"id": self._row.id}
        await self._core.store.write(lambda tx: tx.update(FlowRow, key, address=self._address))


def _listed(body: bytes) -> list[str]:
    try:
        names = [one["path"] for one in orjson.loads(body)["files"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise PeerMisbehaved("the list of files is malformed") from error
    if not all(isinstance(name, str) and name for name in names) or len(names) > FLOW_FILES_MAX:
        raise PeerMisbehaved(f"the list of files is malformed, or has more than {FLOW_FILES_MAX}")
    return names


def _saved_as(headers: Mapping[str, str]) -> str:
    found = _SAVED.search(headers.get("Content-Disposition", ""))
    return ONLY if found is None else unquote(found[1]) if "*" in found[0] else found[1]
