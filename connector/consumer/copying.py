"""Getting a plain copy, as the buyer: file by file, going on where the last run stopped, until the whole digest is met.

Law: (1) how much of a file is here is noted after it is durable, so a crash repeats at most one step. (2) No file gets
its name before it has the announced size, and the acquisition is not complete before all of them together have the
announced digest. (3) Nobody controls the copy after that: `METERED` stands beside it, and it is paid outside channels.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from blake3 import blake3

from connector.consumer.mandate import NO_FOLDERS, SAID
from connector.consumer.wish import wished
from connector.custody import bearers, remains
from connector.custody.opened import STEP_BYTES
from connector.custody.renewal import renewed
from connector.licence import receipt as copy_receipt
from connector.licence.books import transfer_id
from connector.licence.receipt import OUTSIDE, RECEIVED
from connector.negotiation.envelope import pids
from connector.negotiation.notices import Notice
from connector.negotiation.protocol.offers import METERED
from connector.negotiation.protocol.states import COMPLETED
from connector.runtime import files
from connector.runtime.cut import Cut
from connector.runtime.errors import InvalidInput, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.files import Part
from connector.runtime.local_names import local_name, local_names
from connector.runtime.stage import Stage
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.protocol import TransferRow
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.tariff import Tariff, amount
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.edition.index import MAX_FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.identity.peers import Peers
    from connector.negotiation.engine import Engine
    from connector.negotiation.notices import Notices
    from connector.store.table_row import Document
    from connector.store.transaction import Tx

LIST_BYTES_MAX: Final = 16 << 20
RECEIPT_BYTES_MAX: Final = 1 << 20  # a receipt and its proof under a checkpoint with many witnesses
TOKEN_OVER: Final = 401
READ_BYTES: Final = 1 << 20  # of files that are here

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the provider says there is: names with their sizes in order, and the BLAKE3 of all bytes."""

    files: Mapping[str, int]
    digest: bytes

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(self.files.values())


def folder_of(replicas: Path, agreement: str) -> Path:
    """Return where the files of a plain copy lie."""
    return replicas / f"{agreement}{remains.COPY_SUFFIX}"


def check(mandate: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a mandate that a plain copy cannot follow: its files are what is kept."""
    if mandate.get("to") in NO_FOLDERS or not mandate.get("keep", True):
        raise InvalidInput("a plain copy is kept as files", f"get it with `keep`, and not to `{mandate.get('to')}`")


def hand_out(
    folder: Path, names: Collection[str], to: Path, cut: Cut | None = None, *, overwrite: bool = False
) -> list[str]:
    """Copy the files of a plain copy to another folder, whole or not at all; return their paths (blocking).

    Raises NotPermitted once it was cut.
    """
    cut = cut or Cut()
    here = list(local_names(names).values())
    stage = Stage(to, secrets.token_hex(8), overwrite=overwrite)
    try:
        for name in here:
            with files.replacing(stage.place(name)) as handle, (folder / name).open("rb") as source:
                at = 0
                while some := source.read(READ_BYTES):
                    cut.check()
                    files.write_at(handle, some, at)
                    at += len(some)
        cut.check()
        stage.finish(here)
    finally:
        stage.close()
    return [str(to / name) for name in here]


class Copying:
    """Brings plain copies here."""

    def __init__(self, core: Core, peers: Peers, notices: Notices, blobs: Blobs, engine: Engine) -> None:
        self._core, self._peers, self._notices, self._blobs, self._engine = core, peers, notices, blobs, engine

    async def take(self, row: AcquisitionRow, tell: Callable[[], object]) -> bool:
        """Bring the files of an acquisition here, say that the transfer is done, and when it is, answer its receipt.

        Returns whether all of that is done; False while the provider has not yet heard that it is.
        """
        transfer = await self._core.store.read(lambda tx: tx.get(TransferRow, id=row.transfer))
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert transfer is not None
        assert transfer.address is not None, "its start has told where the files are"
        assert agreement is not None
        taking = Taking(self._core, self._peers, self._notices, self._blobs, row, agreement, transfer.address, tell)
        if transfer.state == COMPLETED:
            await taking.hand_out()
            await taking.countersign(agreement, transfer_id(*pids(transfer)).hex())
            return True
        if not transfer.pending:  # else it was said before a crash
            await taking.run(int(agreement.signed_terms["maxUnpaidBytes"]))
            await self._engine.complete_transfer(row.its_transfer)
        return False


class Taking:
    """One copy on its way here."""

    def __init__(
        self,
        core: Core,
        peers: Peers,
        notices: Notices,
        blobs: Blobs,
        row: AcquisitionRow,
        agreement: AgreementRow,
        address: Document,
        tell: Callable[[], object],
    ) -> None:
        self._core, self._peers, self._notices = core, peers, notices
        self._row = row
        self._endpoint = bearers.files_of(address)
        self._headers = {"Authorization": bearers.of_address(address)}
        said = row.mandate.get(SAID, {})
        self._asked = urlencode(wished(agreement, core.identity.did, row.mandate["purpose"], said))
        self._tell = tell
        self._done: dict[str, int] = dict((row.progress or {}).get("files", {}))
        self._folder = folder_of(blobs.folder, row.its_agreement)

    async def run(self, bytes_max: int) -> None:
        """Fetch what is missing and check the whole; raises PeerMisbehaved if it is not what was announced."""
        try:
            listed = await self._list(bytes_max)
        except PeerRefused as refusal:
            if refusal.status != TOKEN_OVER:
                raise
            await self._renew()
            listed = await self._list(bytes_max)
        await asyncio.to_thread(files.make_folder, self._folder)
        for name, size in listed.files.items():
            if not (self._folder / local_name(name)).exists():
                await self._fetch(name, size, listed)
        if await asyncio.to_thread(self._digest, listed) != listed.digest:
            await asyncio.to_thread(self._drop, listed)
            await self._note(listed, {})
            raise PeerMisbehaved("the files are not the ones that the provider announced", "get them again")

    async def hand_out(self) -> None:
        """Copy the files to where the mandate says, if it does."""
        if to := self._row.mandate.get("to"):
            overwrite = bool(self._row.mandate.get("overwrite"))
            await asyncio.to_thread(partial(hand_out, self._folder, self._done, Path(to), overwrite=overwrite))

    async def _renew(self) -> None:
        """Take a fresh token for the transfer that runs, and keep it: a long copy outlives one."""
        transfer = await self._core.store.read(lambda tx: tx.get(TransferRow, id=self._row.transfer))
        assert transfer is not None, "a copy has its transfer"
        address = await renewed(self._core, self._peers, self._row.its_provider, transfer)
        self._headers = {"Authorization": bearers.of_address(address)}

    async def _list(self, bytes_max: int) -> Listed:
        url = f"{self._endpoint}?list&{self._asked}"
        answer = await self._core.outbound.get(url, headers=self._headers, limit_bytes=LIST_BYTES_MAX)
        try:
            listed = _read(answer.json())
        except (ContractError, KeyError, TypeError) as error:
            raise PeerMisbehaved(f"the list of files is malformed: {error}") from error
        if listed.size > bytes_max:
            raise PeerMisbehaved(f"the files have {listed.size} bytes, {bytes_max} at most were agreed")
        return listed

    async def _fetch(self, name: str, size: int, listed: Listed) -> None:
        """Fetch one file from where it is known to be durable, and name it."""
        # no name here begins with a dot, so that none is another's half
        path = self._folder / f".{hashlib.sha256(name.encode()).hexdigest()}.part"
        part = await asyncio.to_thread(Part, path, size)
        with closing(part):
            while (at := self._done.get(name, 0)) < size:
                try:
                    await self._go_on(name, part, at, listed)
                except PeerRefused as refusal:
                    if refusal.status != TOKEN_OVER:
                        raise
                    raise PeerUnreachable("the token is over, and is renewed") from refusal
        await asyncio.to_thread(files.move, path, self._folder / local_name(name))
        await self._note(listed, self._done | {name: size})

    async def _go_on(self, name: str, part: Part, at: int, listed: Listed) -> None:
        """Take bytes from `at` on; a source that gives no part of the file gives all of it."""
        size, noted = listed.files[name], at
        url = f"{self._endpoint}?path={quote(name, safe='')}&{self._asked}"
        headers = self._headers | ({"Range": f"bytes={at}-"} if at else {})
        async with self._core.outbound.download(url, limit_bytes=size, headers=headers) as body:
            if at and body.headers.get("Content-Range") != f"bytes {at}-{size - 1}/{size}":
                at = noted = 0
            try:
                async for chunk in body.chunks():
                    if at + len(chunk) > size:
                        raise PeerMisbehaved(f"`{name[:200]}` is longer than announced")
                    await asyncio.to_thread(part.write, chunk, at)
                    at += len(chunk)
                    if at - noted >= STEP_BYTES:
                        noted = await self._keep(name, part, at, listed)
            finally:  # also of what broke off
                if at != noted:
                    await self._keep(name, part, at, listed)
        if at < size:
            raise PeerUnreachable("the source ended early")

    async def _keep(self, name: str, part: Part, at: int, listed: Listed) -> int:
        """Make the first `at` bytes of a file durable, then note that they are here."""
        await asyncio.to_thread(part.sync)
        await self._note(listed, self._done | {name: at})
        return at

    async def _note(self, listed: Listed, done: dict[str, int]) -> None:
        self._done = done
        progress = {"files": done, "of": str(listed.size), "folder": str(self._folder)}
        key = {"id": self._row.id}
        await self._core.store.write(lambda tx: tx.update(AcquisitionRow, key, progress=progress))
        self._tell()

    def _digest(self, listed: Listed) -> bytes:
        whole = blake3()
        for name in listed.files:
            with (self._folder / local_name(name)).open("rb") as file:
                while some := file.read(READ_BYTES):
                    whole.update(some)
        return whole.digest()

    def _drop(self, listed: Listed) -> None:
        for name in listed.files:
            files.remove(self._folder / local_name(name))

    async def countersign(self, agreement: AgreementRow, transfer: str) -> None:
        """Answer the provider's receipt with our signature, if it says no more than what came here."""
        url = f"{self._endpoint}/receipt"
        try:
            answer = await self._core.outbound.get(url, headers=self._headers, limit_bytes=RECEIPT_BYTES_MAX)
            provider = from_json(Agreement, agreement.agreement).provider
            receipt = copy_receipt.check(answer.json(), provider, agreement.digest, transfer)
            self._agree(receipt, Tariff.from_json(agreement.signed_terms["tariff"]))
        except (ContractError, PeerRefused, PeerMisbehaved) as error:
            log.warning("the receipt of transfer `%s` is not signed by us: %s", self._row.transfer, error)
            return
        now, text = self._core.clock.now(), copy_receipt.digest(receipt).hex()
        notice = Notice(RECEIVED, agreement.digest, text, now)
        progress = self._row.progress | {"receipt": {"receipt": receipt, "signature": answer.json()["signature"]}}

        def act(tx: Tx) -> None:
            self._notices.send(tx, agreement, notice)
            tx.update(AcquisitionRow, {"id": self._row.id}, progress=progress)

        await self._core.store.write(act)

    def _agree(self, receipt: Mapping[str, Any], tariff: Tariff) -> None:
        """Raise `ContractError` if a receipt says more than what came here."""
        came, told = sum(self._done.values()), read_decimal(receipt["plainBytes"], "plainBytes")
        cost = read_decimal(receipt["amount"], "amount")
        if told > came or (tariff.unit == "byte" and cost > amount(tariff, came)):
            raise ContractError("copy-receipt", f"it says `{told}` bytes for `{cost}`, and `{came}` came here")


def text(progress: Mapping[str, Any]) -> str:
    """Say how far a copy is."""
    done = sum(progress.get("files", {}).values())
    return f"{done} of {progress.get('of', '?')} bytes here, {METERED}, {OUTSIDE}"


def _read(document: Any) -> Listed:
    found = {one["path"]: read_decimal(one["bytes"], "bytes") for one in document["files"]}
    if len(found) != len(document["files"]) or not 0 < len(found) <= MAX_FILES:
        raise ContractError("files", "names repeat, or there are none or too many")
    local_names(found)
    return Listed(found, read_hex(document["blake3"], "blake3", 32))
