"""From which folders the console publishes: those of the settings, and those that were named while it runs.

Law: (1) nothing of the data folder is published from a folder, for the keys are there. (2) Whoever acts on the console
may name a folder below a root of the settings and no other; the owner, by command, any. (3) From a root every step is
taken without following a link, when a folder is named and again whenever it is looked into.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from connector.runtime import files
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import CONSOLE_FILES_MAX, PUBLISHED_FOLDERS_MAX
from connector.store.rows.console import PublishedFolderRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

COMMAND = "name another, or have the owner type `penstock admin folder add`"


class Folders:
    """The folders whose files may be published."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def page(self) -> list[JsonObject]:
        """Return each folder: who named it and when, empty for one of the settings, and whether it is there."""
        rows = await self._core.store.read(lambda tx: tx.find(PublishedFolderRow, "", (), "path"))
        told = [{"folder": one, "by": "", "since": ""} for one in self._core.settings.console.folders]
        told += [{"folder": row.path, "by": row.by, "since": row.since.isoformat(timespec="seconds")} for row in rows]
        return await asyncio.to_thread(lambda: [{**one, "there": Path(one["folder"]).is_dir()} for one in told])

    async def files(self) -> dict[str, int]:
        """Return what may be published of them: path and size; raises InvalidInput for a wrong one of the settings."""
        rows = await self._core.store.read(lambda tx: tx.find(PublishedFolderRow, "", (), "path"))
        return await asyncio.to_thread(files_of, self._core, [row.path for row in rows])

    async def add(self, folder: str, who: str) -> JsonObject:
        """Name a folder, as its owner; returns it. Raises InvalidInput for what is none or holds keys."""
        if not Path(folder).is_absolute():
            raise InvalidInput(f"`{folder[:200]}` is no whole path", "begin it with `/`")
        path = Path(os.path.realpath(folder))
        await asyncio.to_thread(_require, self._core, path)
        return await self._keep(str(path), who)

    async def add_below(self, folder: str, who: str) -> JsonObject:
        """Name a folder below a root of the settings; raises InvalidInput for any other."""
        return await self._keep(str(await asyncio.to_thread(self._below, folder)), who)

    async def remove(self, folder: str) -> JsonObject:
        """Publish from a folder no more; what was published of it stays. Raises Absent for one that nobody named."""
        if not await self._core.store.write(lambda tx: tx.delete(PublishedFolderRow, path=folder)):
            raise Absent(f"nobody has named `{folder[:200]}`", "those of the settings are changed in the settings")
        return {"folder": folder}

    async def inside(self, folder: str) -> JsonObject:
        """Return the roots, or a folder below one with the folders in it, for somebody who chooses one."""
        if not folder:
            return {"here": "", "above": "", "inside": [str(one) for one in self._roots()], "more": 0}
        path = await asyncio.to_thread(self._below, folder)
        found = await asyncio.to_thread(_folders_in, path)
        above = "" if path in self._roots() else str(path.parent)
        shown = [str(path / name) for name in found[:CONSOLE_FILES_MAX]]
        return {"here": str(path), "above": above, "inside": shown, "more": len(found) - len(shown)}

    def _roots(self) -> list[Path]:
        return [Path(os.path.realpath(one)) for one in self._core.settings.console.roots if Path(one).is_dir()]

    def _below(self, folder: str) -> Path:
        """Return a folder at or below a root, reached without a link; raises InvalidInput for any other."""
        for root in self._roots():
            rest = os.path.relpath(folder, root) if Path(folder).is_absolute() and "\0" not in folder else ".."
            if rest.split("/", 1)[0] == ".." or ".." in folder.split("/"):
                continue
            try:
                with files.walked(root) as handle:
                    os.close(files.inner(handle, "" if rest == "." else rest))
            except OSError as fault:
                raise InvalidInput(f"`{folder[:200]}` is no folder, or a link: {fault.strerror}", COMMAND) from fault
            path = root if rest == "." else root / rest
            _require(self._core, path)
            return path
        raise InvalidInput(f"`{folder[:200]}` is below no folder that the settings name in `console.roots`", COMMAND)

    async def _keep(self, path: str, who: str) -> JsonObject:
        now = self._core.clock.now()

        def act(tx: Tx) -> PublishedFolderRow:
            if (known := tx.get(PublishedFolderRow, path=path)) is not None:
                return known
            if len(tx.find(PublishedFolderRow)) >= PUBLISHED_FOLDERS_MAX:
                raise Conflict(f"{PUBLISHED_FOLDERS_MAX} folders are named already", "remove one that is not needed")
            made = PublishedFolderRow(path=path, by=who, since=now)
            tx.insert(made)
            return made

        if path in self._core.settings.console.folders:
            raise Conflict(f"the settings name `{path[:200]}` already", "publish from it")
        row = await self._core.store.write(act)
        return {"folder": row.path, "by": row.by, "since": row.since.isoformat(timespec="seconds")}


def files_of(core: Core, named: list[str] | None = None) -> dict[str, int]:
    """Return path and size of each file in the folders of the settings and in those `named`, not below them (blocking).

    A wrong folder of the settings is refused; one that was named and is gone, or is a link by now, has nothing.
    """
    found = dict[str, int]()
    for told in core.settings.console.folders:
        folder = Path(told).resolve()
        _require(core, folder, told)
        _look(folder, found)
    for told in named or ():
        if os.path.realpath(told) == told and Path(told).is_dir():
            _look(Path(told), found)
    return found


def _look(folder: Path, found: dict[str, int]) -> None:
    named = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.name.isprintable())
    for path in named:
        if path.is_file() and not path.is_symlink() and len(found) < CONSOLE_FILES_MAX:
            found[str(path)] = path.stat().st_size


def _require(core: Core, folder: Path, told: str = "") -> None:
    """Raise InvalidInput for the data folder and what is in it, and for what is no folder."""
    data, told = core.data.resolve(), told or str(folder)
    if data == folder or data in folder.parents:
        raise InvalidInput(f"`{told[:200]}` is in the data folder, where the keys are", "name another folder")
    if not folder.is_dir():
        raise InvalidInput(f"there is no folder `{told[:200]}`", "correct the path, or `console.folders`")


def _folders_in(path: Path) -> list[str]:
    """Return the names of the folders in one: no links, nothing hidden, nothing that does not print."""
    with files.walked(path) as handle, os.scandir(handle) as found:
        return sorted(one.name for one in found if _is_folder(one))


def _is_folder(one: os.DirEntry[str]) -> bool:
    return one.is_dir(follow_symlinks=False) and not one.name.startswith(".") and one.name.isprintable()
