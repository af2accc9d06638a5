"""Files that a browser sends to be published: each lies in a folder of ours under its name, and not for good.

    DATA/uploads   NAME (whole, durable) · .ID.part (what comes in)

Law: (1) how long an upload is is said first, and it is taken only where it fits: below what the settings allow for all
of them, and on the disk beside the edition that is sealed of it. (2) A file has its name when it is whole and durable;
of what was cut off nothing stays, after a crash nothing but until the next start. (3) What is there already stays as it
is; the same bytes under the same name are it. (4) What no product names is removed after UPLOAD_DAYS_KEPT.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connector.custody.origins.spool import COPIES, SPARE_BYTES
from connector.custody.sources import harmless
from connector.runtime import files
from connector.runtime.data_folder import UPLOADS
from connector.runtime.errors import Absent, Conflict, InvalidInput, NoRoom, RequestRefused
from connector.runtime.limits import CONSOLE_FILES_MAX, CONSOLE_UPLOADS_MAX, UPLOAD_DAYS_KEPT, UPLOAD_FILES_MAX
from connector.runtime.room import MIB
from connector.runtime.stage import Stage
from connector.store.rows.product import ProductRow, ProductState
from contracts.errors import ContractError
from ledger.edition.index import check_names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.core.core import Core
    from connector.store.transaction import Tx

SEALING = frozenset({ProductState.DRAFT, ProductState.RENEWING})
HIDDEN = "."
RENAME = "rename the file, or remove the other one first"


class Uploads:
    """What browsers sent: its folder, how much more may come, and what goes again."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.folder: Path = core.data.absolute() / UPLOADS
        self._promised: dict[str, int] = {}  # by the id of an upload under way: the bytes that it announced
        self._admitting, self._naming = asyncio.Lock(), asyncio.Lock()

    @property
    def allowed(self) -> bool:
        """Say whether any may be sent; not where another process of ours, with another disk, would look for them."""
        return self._core.settings.console.uploads > 0 and not self._core.settings.is_copied

    async def recover(self) -> None:
        """Remove what an earlier run left unfinished."""
        await asyncio.to_thread(self._sweep)

    def there(self) -> dict[str, int]:
        """Return path and size of each whole file, by name (blocking)."""
        if not self.folder.is_dir():
            return {}
        named = sorted(path for path in self.folder.iterdir() if not path.name.startswith(HIDDEN))
        return {str(path): path.stat().st_size for path in named if path.is_file() and not path.is_symlink()}

    def room(self) -> int:
        """Return how many bytes may be announced now (blocking)."""
        if not self.allowed:
            return 0
        return max(0, min(self._most(), self._on_disk()) - sum(self._promised.values()))

    @asynccontextmanager
    async def coming(self, size: int) -> AsyncIterator[Coming]:
        """Promise an upload its bytes, and take them; whatever has no name at the end is removed.

        Raises InvalidInput and RequestRefused for what is too large or one too many, NoRoom for a disk without room.
        """
        if not self.allowed:
            raise InvalidInput("this console takes no files", "set `console.uploads`, or name a folder")
        key = secrets.token_hex(8)
        async with self._admitting:  # two at once do not get the same room
            if len(self._promised) >= CONSOLE_UPLOADS_MAX:
                raise RequestRefused("too-many", f"{CONSOLE_UPLOADS_MAX} uploads are coming in, and no more at a time")
            await asyncio.to_thread(self._require_room, size)
            self._promised[key] = size
        try:
            await asyncio.to_thread(files.make_folder, self.folder)
            stage = await asyncio.to_thread(Stage, self.folder, key)
            coming = Coming(self, stage, size)
            try:
                yield coming
            finally:
                await asyncio.shield(asyncio.to_thread(coming.close))
        finally:
            del self._promised[key]

    async def name(self, stage: Stage, names: list[str]) -> list[str]:
        """Give whole files their names, all or none; returns their paths. Raises Conflict for one that is taken."""
        async with self._naming:
            there = await asyncio.to_thread(self.there)
            taken = {one.rpartition("/")[2].casefold(): one.rpartition("/")[2] for one in there}
            if len(there) + len(names) > CONSOLE_FILES_MAX:
                raise Conflict(f"there are {len(there)} files already", "remove some that are not needed")
            if other := next((taken[one.casefold()] for one in names if taken.get(one.casefold(), one) != one), ""):
                raise Conflict(f"`{other}` is there already, and differs in capitals alone", RENAME)
            try:
                await asyncio.to_thread(stage.finish, names)
            except Conflict as fault:
                raise Conflict(str(fault).replace(f"{self.folder}/", "") + ", with other bytes", RENAME) from fault
        return [str(self.folder / name) for name in names]

    async def remove(self, name: str) -> None:
        """Remove a file; raises Absent, and Conflict for one that is being sealed."""
        path = next((one for one in await asyncio.to_thread(self.there) if one == str(self.folder / name)), None)
        if path is None:
            raise Absent(f"there is no file `{name[:100]}` that was sent here")
        rows = await self._core.store.read(_products)
        if sealing := [row for row in rows if row.state in SEALING and path in (row.brief.get("files") or ())]:
            raise Conflict(f"`{name[:100]}` is being sealed for `{sealing[0].title[:100]}`", "wait until it is")
        await asyncio.to_thread(files.remove, self.folder / name)

    async def tidy(self) -> None:
        """Remove what was sent long ago and no product names."""
        before = self._core.clock.now() - timedelta(days=UPLOAD_DAYS_KEPT)
        old = [Path(one) for one in await asyncio.to_thread(self.there) if _written(Path(one)) < before]
        if old:
            named = {path for row in await self._core.store.read(_products) for path in row.brief.get("files") or ()}
            for path in old:
                if str(path) not in named:
                    await asyncio.to_thread(files.remove, path)

    def _require_room(self, size: int) -> None:
        promised = sum(self._promised.values())
        most = max(0, self._most() - promised)
        if size > most:
            text = f"this upload has {size / MIB:.1f} MiB, and {most / MIB:.1f} MiB more may be sent"
            raise RequestRefused("too-large", text, "remove files that are not needed, or publish from a folder")
        disk = max(0, self._on_disk() - promised)
        if size > disk:
            raise NoRoom(
                f"this upload has {size / MIB:.1f} MiB, and the disk has room for {disk / MIB:.1f} MiB of data"
            )

    def _most(self) -> int:
        return self._core.settings.console.uploads * MIB - sum(self.there().values())

    def _on_disk(self) -> int:
        """Return how much fits on the disk, beside what is sealed of it."""
        return (shutil.disk_usage(self._core.data).free - SPARE_BYTES) // COPIES

    def _sweep(self) -> None:
        if self.folder.is_dir():
            for path in self.folder.glob(".*.part"):
                shutil.rmtree(path, ignore_errors=True)


class Coming:
    """An upload under way: file after file, each piece after the other."""

    def __init__(self, uploads: Uploads, stage: Stage, size: int) -> None:
        self._uploads, self._stage, self._left = uploads, stage, size
        self._names: list[str] = []
        self._part: files.Part | None = None
        self._written = 0

    async def begin(self, told: str) -> None:
        """Begin a file by the name that a browser says; raises InvalidInput for one that nobody should have."""
        await self._end()
        if len(self._names) >= UPLOAD_FILES_MAX:
            raise InvalidInput(f"at most {UPLOAD_FILES_MAX} files are taken at a time", "send the rest after these")
        self._names.append(_name(told))
        try:
            check_names(self._names)
        except ContractError as fault:
            raise InvalidInput(str(fault), "rename the file") from fault
        path = self._stage.place(self._names[-1])
        self._part, self._written = await asyncio.to_thread(_new, path), 0

    async def write(self, data: bytes) -> None:
        """Append bytes to the file."""
        assert self._part is not None, "a file is begun"
        self._left -= len(data)
        assert self._left >= 0, "no more comes than was announced"
        await asyncio.to_thread(self._part.write, data, self._written)
        self._written += len(data)

    async def finish(self) -> list[str]:
        """Give all their names; returns their paths."""
        await self._end()
        if not self._names:
            raise InvalidInput("no file was chosen", "choose one or more")
        return await self._uploads.name(self._stage, self._names)

    def close(self) -> None:
        """Remove what has no name."""
        if self._part is not None:
            self._part.close()
        self._stage.close()

    async def _end(self) -> None:
        if self._part is not None:
            await asyncio.to_thread(self._part.sync)
            self._part.close()
            self._part = None


def _new(path: Path) -> files.Part:
    return files.Part(path, 0, lasting=False, direct=False)


def _name(told: str) -> str:
    """Return the last part of what a browser calls a file, made harmless; raises InvalidInput for a hidden one."""
    name = harmless(told.replace("\\", "/").rpartition("/")[2]).strip()
    if not name or name.startswith(HIDDEN):
        raise InvalidInput(f"`{harmless(told)[:100]}` is no name for a file that others get", "rename the file")
    return name


def _written(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # somebody has removed it meanwhile
        return datetime.max.replace(tzinfo=UTC)


def _products(tx: Tx) -> list[ProductRow]:
    return tx.find(ProductRow)
