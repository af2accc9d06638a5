"""Data of a connector of another make: what its transfer's address gives, as one file, whole or not at all.

Law: such a connector announces neither files nor digests and takes no receipt, so the copy is begun anew where it broke
off, and what came is what it gave: its BLAKE3 is kept beside it. The transfer is completed when the file is durable.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from http import HTTPStatus
from mimetypes import guess_extension
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from blake3 import blake3

from connector.custody import bearers
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import COMPLETED
from connector.runtime import files
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerRefused
from connector.runtime.local_names import local_name
from connector.runtime.stage import Stage
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.protocol import TransferRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.core import Core
    from connector.negotiation.engine import Engine

# nobody says how long it is: more than any file that people send each other, and less than a disk
FILE_BYTES_MAX: Final = 256 * 1024**3
UNPROVEN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NAMED = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)


def check(mandate: Mapping[str, Any]) -> str:
    """Return the folder that a mandate names; raises InvalidInput for one that names none: nothing is sealed here."""
    to = mandate.get("to")
    if not isinstance(to, str) or not Path(to).is_absolute():
        raise InvalidInput("what a connector of another make gives is kept as a file", "say where: `--to FOLDER`")
    return to


class Fetching:
    """Brings here what connectors of other makes give."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self._core, self._engine = core, engine

    async def take(self, row: AcquisitionRow, tell: Callable[[], object]) -> bool:
        """Bring the data of an acquisition here, and say that the transfer is done; returns whether it is."""
        transfer = await self._core.store.read(lambda tx: tx.get(TransferRow, id=row.transfer))
        assert transfer is not None, "it was asked for"
        assert transfer.address is not None, "its start has told where the data are"
        if transfer.state == COMPLETED:
            return True
        if not transfer.pending:  # else it was said before a crash
            await self._fetch(row, transfer.address, tell)
            await self._engine.complete_transfer(row.its_transfer)
        return False

    async def _fetch(self, row: AcquisitionRow, address: Mapping[str, Any], tell: Callable[[], object]) -> None:
        endpoint = data_address.endpoint(address)
        if not endpoint:
            raise PeerMisbehaved("the data address has no endpoint", "ask the provider for a new start")
        proof = bearers.of_address(address)
        try:
            await self._into(row, endpoint, proof.removeprefix(bearers.SCHEME), tell)
        except PeerRefused as refusal:  # Eclipse EDC takes the bare token, others want to be told what it is
            if refusal.status not in UNPROVEN:
                raise
            await self._into(row, endpoint, proof, tell)

    async def _into(self, row: AcquisitionRow, endpoint: str, proof: str, tell: Callable[[], object]) -> None:
        to, whole, size = Path(check(row.mandate)), blake3(), 0
        stage = await asyncio.to_thread(Stage, to, secrets.token_hex(8), overwrite=bool(row.mandate.get("overwrite")))
        headers = {"Authorization": proof}
        try:
            async with self._core.outbound.download(endpoint, limit_bytes=FILE_BYTES_MAX, headers=headers) as body:
                name = _name(row.product, body.headers)
                with files.replacing(stage.place(name)) as handle:
                    async for chunk in body.chunks():
                        await asyncio.to_thread(files.write_at, handle, chunk, size)
                        whole.update(chunk)
                        size += len(chunk)
                    await asyncio.to_thread(os.fsync, handle)  # not on the loop, where leaving the block would do it
            progress = {"files": {name: size}, "of": str(size), "folder": str(to), "blake3": whole.hexdigest()}
            await asyncio.to_thread(stage.finish, [name])
        finally:
            await asyncio.to_thread(stage.close)
        key = {"id": row.id}
        await self._core.store.write(lambda tx: tx.update(AcquisitionRow, key, progress=progress))
        tell()


def _name(product: str, headers: Mapping[str, str]) -> str:
    """Return a name for what came: as its sender calls it, else the data set's id and what kind of data it is."""
    told = _NAMED.search(headers.get("Content-Disposition", ""))
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    plain = told[1] if told else product.rsplit("/", 1)[-1] + (guess_extension(kind) or "")
    return local_name(plain.rsplit("/", 1)[-1] or "data")
