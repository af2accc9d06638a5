"""Make a participant anew out of a back-up; it then starts as one that has forgotten what came after.

The order: nobody lives under this name · every file is what the list says · the keys are those that signed the log ·
all of it becomes the data directory at once, with a mark by which the next start catches up (`catching_up`).

Law: two processes with one set of keys sign two histories, so a participant that still answers, or a data directory
that still holds one, is refused. Keys come from where they were kept apart, never out of the back-up.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.identity import keys as key_files
from connector.net.outbound import Outbound
from connector.operation import manifest as lists
from connector.operation.manifest import Manifest
from connector.runtime import files, private_folder
from connector.runtime import settings as setting
from connector.runtime.data_folder import DATABASE, KEYS, TOKEN_BYTES, TOKEN_FILE, VAULT_KEYS
from connector.runtime.errors import Absent, Conflict, InvalidInput, PenstockError, SettingsError, VerificationFailed
from connector.runtime.stage import Stage
from connector.store import copying
from connector.store.restored import Restored, mark
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.note import NoteError, log_vkey
from ledger.space.log_keys import verifiers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

# what a data directory may hold before: the keys, put back first
ALONE = frozenset({KEYS})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be restored to where: `keys` is the folder in which they were kept apart, None if they lie there.

    `mirror` is where a copy of the log lies, a folder or a URL; `without` are members that are not waited for.
    """

    source: Path
    data: Path
    keys: Path | None = None
    mirror: str = ""
    without: tuple[str, ...] = ()


async def restore(wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Restore a participant; returns what it is told as JSON.

    Raises Conflict where one lives, VerificationFailed for a file that is not as listed or keys of somebody else.
    """
    held = _list(wanted.source)
    _refuse_occupied(wanted.data)
    for one in held.files:
        _check(wanted.source, one)
    sealed = [one for one in held.sealed if (wanted.source / one.path).is_file()]
    for one in sealed:
        _check(wanted.source, one)
    known = setting.load(wanted.source, os.environ)
    if (known.did, known.log_origin) != (held.did, held.origin):
        raise VerificationFailed(f"the settings are of `{known.did}`, the back-up is of `{held.did}`")
    await _refuse_living(known)
    keys = wanted.data / KEYS if wanted.keys is None else wanted.keys
    _check_keys(keys, known.keys.module, held)
    _lay(wanted, held, [one.path for one in (*held.files, *sealed)], now)
    vault = wanted.data / VAULT_KEYS
    return {
        "did": held.did,
        "data": str(wanted.data),
        "at": held.at.isoformat(),
        "events": str(held.log.size),
        "sealedFiles": len(sealed),
        "sealedAbsent": len(held.sealed) - len(sealed),
        "vaultKeys": len(list(vault.glob("*.key"))) if vault.is_dir() else 0,
        "without": list(held.without),
    }


def _list(source: Path) -> Manifest:
    path = source / lists.FILE_NAME
    try:
        with path.open("rb") as file:
            body = file.read(lists.BYTES_MAX + 1)
    except OSError as error:
        raise Absent(
            f"`{path}` cannot be read: {error.strerror}", "name the folder that `admin backup` wrote"
        ) from error
    if len(body) > lists.BYTES_MAX:
        raise InvalidInput(f"`{path}` has more than {lists.BYTES_MAX} bytes")
    return Manifest.read(body)


def _check(source: Path, one: lists.Listed) -> None:
    try:
        found = copying.measured(source / one.path)
    except OSError as error:
        raise VerificationFailed(f"`{one.path}` of the back-up cannot be read: {error.strerror}") from error
    if found != (one.bytes, one.sha256):
        raise VerificationFailed(f"`{one.path}` is not the file that the back-up lists", "take another back-up")


def _refuse_occupied(data: Path) -> None:
    """Raise Conflict unless the data directory is absent, or holds keys alone."""
    found = {path.name for path in data.iterdir()} if data.is_dir() else set()
    if others := sorted(found - ALONE):
        raise Conflict(
            f"`{data}` holds a participant, or what is left of one: {', '.join(others[:5])}",
            "move it away first; nothing of it was touched",
        )


async def _refuse_living(known: setting.Settings) -> None:
    """Raise Conflict if a participant of this name answers: two with the same keys would contradict each other."""
    url = known.url + "/.well-known/did.json"
    async with Outbound(development=known.server.development, networks=known.server.networks) as outbound:
        try:
            told = (await outbound.get(url, timeout_seconds=5.0, limit_bytes=1 << 16)).json()
        except PenstockError:
            return  # nobody answers as this participant
    if isinstance(told, dict) and told.get("id") == known.did:
        raise Conflict(f"`{known.did}` is alive at {known.url}", "stop it for good before its back-up takes its place")


def _check_keys(folder: Path, module: str, held: Manifest) -> None:
    """Raise unless these keys signed the newest head in the back-up; SettingsError where they are not there."""
    if not folder.is_dir():
        raise SettingsError(f"there are no keys in `{folder}`", "put them there, or name their folder with --keys")
    found = key_files.load(folder, module)
    if not held.log.note:
        return
    try:
        vkey = log_vkey(held.origin, found.log_public)
        former = verifiers(held.origin, [one.told for one in found.log_former])
        head = checkpoints.verify(notes.parse(held.log.note), vkey, former)
    except NoteError as error:
        raise VerificationFailed(f"the keys in `{folder}` did not sign this log: {error}") from error
    if (head.size, head.root.hex()) != (held.log.size, held.log.root):
        raise VerificationFailed("the back-up lists another head than the one that was signed")


def _lay(wanted: Wanted, held: Manifest, names: list[str], now: datetime) -> None:
    """Give the files their places, all at once where there was no directory."""
    stage = Stage(wanted.data.absolute(), f"{wanted.data.name}.restore")
    try:
        for name in names:
            copying.duplicate(wanted.source / name, stage.place(name))
        laid = list(names)
        if wanted.keys is not None:
            for name in _key_names(wanted.keys):
                copying.duplicate(wanted.keys / name, stage.place(f"{KEYS}/{name}"))
                laid.append(f"{KEYS}/{name}")
        files.write_atomic(stage.place(TOKEN_FILE), secrets.token_urlsafe(TOKEN_BYTES).encode())
        told = Restored(now, held.at, held.log.size, held.log.root, wanted.mirror, wanted.without)
        with closing(copying.opened(stage.place(DATABASE))) as database:
            mark(database, told)
        files.sync_file(stage.place(DATABASE))
        stage.finish([*laid, TOKEN_FILE])
        private_folder.keep(wanted.data)  # keys may have been put there first, by whoever's umask
    finally:
        stage.close()


def _key_names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix()
