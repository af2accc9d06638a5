"""Programs and assents that a browser sends: each lies in a folder of ours under its digest, and not for good.

    DATA/programs   KIND-DIGEST-NAME

Law: (1) a file is known by the SHA-256 of its bytes alone: what was looked at is what is run, or assented to. (2) Each
kind has its length, and so many files lie here: the oldest makes room for one more, and none stays after
UPLOAD_DAYS_KEPT. (3) What is no assent is not kept as one.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.client.acts.programs import ASSENT, PROGRAM
from connector.compute.program import PROGRAM_BYTES_MAX
from connector.custody.sources import harmless
from connector.runtime import files
from connector.runtime.data_folder import PROGRAMS
from connector.runtime.errors import Absent, InvalidInput
from connector.runtime.limits import PROGRAM_FILES_MAX, UPLOAD_DAYS_KEPT
from contracts import assent as assents
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connector.core.core import Core

# kind → the longest that it may be, in bytes
BYTES_MAX: Final[Mapping[str, int]] = {PROGRAM: PROGRAM_BYTES_MAX, ASSENT: assents.ASSENT_BYTES_MAX}
# kind → what its files end with, as a form says it to a browser
ENDINGS: Final[Mapping[str, str]] = {PROGRAM: ".wasm,.wat", ASSENT: ".json"}
# of a name on disk, beside kind and digest: the longest in UTF-8 is below what a file system takes
NAME_CHARACTERS_MAX: Final = 40
SHA: Final = "sha-256:"
_NAMED: Final = re.compile(r"(program|assent)-([0-9a-f]{64})-(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A file that was sent: its `digest` is `sha-256:` and that of its bytes, `size` is in bytes."""

    kind: str
    digest: str
    name: str
    size: int
    sent: datetime
    path: Path


class ProgramFiles:
    """The programs and assents that browsers sent to one participant."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.folder: Path = core.data.absolute() / PROGRAMS
        self._keeping = asyncio.Lock()

    @property
    def allowed(self) -> bool:
        """Say whether any may be sent; not where another process of ours, with another disk, would look for them."""
        return self._core.settings.console.uploads > 0 and not self._core.settings.is_copied

    async def keep(self, kind: str, name: str, content: bytes) -> ProgramFile:
        """Keep a file durably; raises InvalidInput for one that is none of its kind."""
        if not self.allowed:
            raise InvalidInput("this console takes no files", "set `console.uploads`, or use the command")
        if not 0 < len(content) <= BYTES_MAX[kind]:
            raise InvalidInput(f"the file of a {kind} has 1 byte to {BYTES_MAX[kind] >> 10} KiB", "choose another one")
        if kind == ASSENT:
            read_assent(name, content)
        async with self._keeping:
            return await asyncio.to_thread(self._write, kind, name, content)

    async def page(self, kind: str) -> list[ProgramFile]:
        """Return the files of a kind, the newest first."""
        return [one for one in await asyncio.to_thread(self._there) if one.kind == kind]

    async def one(self, kind: str, digest: str) -> ProgramFile:
        """Return a file by its digest; raises Absent."""
        found = next((one for one in await self.page(kind) if one.digest == digest), None)
        if found is None:
            raise Absent(f"no {kind} `{digest[:80]}` lies here", "send its file again: none is kept for long")
        return found

    async def tidy(self) -> None:
        """Remove what was sent long ago."""
        before = self._core.clock.now() - timedelta(days=UPLOAD_DAYS_KEPT)
        for one in await asyncio.to_thread(self._there):
            if one.sent < before:
                await asyncio.to_thread(files.remove, one.path)

    def _write(self, kind: str, name: str, content: bytes) -> ProgramFile:
        """Write a file and let the oldest go (blocking)."""
        digest = sha256(content).hexdigest()
        files.make_folder(self.folder)
        for one in self._there():
            if (one.kind, one.digest) == (kind, SHA + digest):
                files.remove(one.path)
        path = self.folder / f"{kind}-{digest}-{_called(name)}"
        files.write_atomic(path, content)
        there = self._there()
        for one in there[PROGRAM_FILES_MAX:]:
            files.remove(one.path)
        return next(one for one in there if one.path == path)

    def _there(self) -> list[ProgramFile]:
        """Return what lies here, the newest first (blocking)."""
        if not self.folder.is_dir():
            return []
        named = [(path, _NAMED.fullmatch(path.name)) for path in self.folder.iterdir()]
        found = filter(None, (_found(path, told) for path, told in named if told is not None))
        return sorted(found, key=lambda one: (one.sent, one.path.name), reverse=True)


def read_assent(name: str, content: bytes) -> assents.Signed:
    """Read an assent that somebody sent; raises InvalidInput."""
    try:
        return assents.read(content)
    except ContractError as fault:
        raise InvalidInput(f"`{harmless(name)[:100]}` is no assent: {fault}", "its reviewer has it") from fault


def _called(name: str) -> str:
    """Return the last part of what a browser calls a file, made harmless and short."""
    return harmless(name.replace("\\", "/").rpartition("/")[2]).strip()[-NAME_CHARACTERS_MAX:] or "file"


def _found(path: Path, told: re.Match[str]) -> ProgramFile | None:
    try:
        about = path.stat()
    except FileNotFoundError:  # another one has just taken its place
        return None
    sent = datetime.fromtimestamp(about.st_mtime, UTC)
    return ProgramFile(told[1], SHA + told[2], told[3], about.st_size, sent, path)
