"""Make a back-up while the participant works: its database as of one moment, its settings, a list of its sealed files.

    TO/backup.json · penstock.db · log/… · penstock.toml · deployment.json · sealed/… (if asked for)

Law: no key is in a back-up: neither those of identity, nor the wrapped ones of the vault, which a deletion must reach
(spec 1.11), nor the key that wraps them. So a back-up opens no sealed byte and signs nothing; the list says so. It is
there whole or not at all, and the copy of the database was read through before it got its name. Entries of the log that
rest in objects come along, from a bucket, too: nobody else has what they disclose.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import orjson

from connector.custody.log_objects import bundles_of
from connector.custody.secrets import kek_place
from connector.operation import manifest as lists
from connector.operation.manifest import LogHead, Manifest
from connector.runtime import files
from connector.runtime import settings as setting
from connector.runtime.data_folder import (
    ACCESS,
    CHAIN_DATABASE,
    DATABASE,
    DEPLOYMENT,
    KEYS,
    PROGRAMS,
    SEALED,
    UPLOADS,
    VAULT_KEYS,
)
from connector.runtime.errors import Absent, Conflict
from connector.runtime.stage import Stage
from connector.store import copying
from connector.store.errors import EvidenceBroken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from connector.store.bundles import Objects

# besides the database: small files without which a participant is not the same
PLAIN_FILES = (setting.FILE_NAME, DEPLOYMENT)


def make(data: Path, to: Path, now: datetime, *, sealed: bool) -> Manifest:
    """Write a back-up of the participant of `data` into the new folder `to`; with `sealed` the sealed bytes, too.

    It makes no difference whether its server runs. Raises Conflict where `to` is something already, Absent where there
    is no participant.
    """
    if os.path.lexists(to):
        raise Conflict(f"`{to}` is there already, and a back-up is never mixed with another", "name a new folder")
    known = setting.load(data, os.environ)
    if known.store.database:
        text = f"the tables are on a server, `{known.store.database}`, which keeps its own back-ups"
        raise Conflict(text, "run pg_basebackup with its write-ahead log, or a standby that commits with it")
    if not (data / DATABASE).is_file():
        raise Absent(f"there is no database `{data / DATABASE}`", "name another directory with --data")
    stage = Stage(to.absolute(), f"{to.name}.backup")
    try:
        head = copying.copy(data / DATABASE, stage.place(DATABASE))
        entries = list(_entries(stage, bundles_of(data, known).objects))
        names = [name for name in PLAIN_FILES if (data / name).is_file()]
        held = list(_sealed(data))
        copied = [*names, *(held if sealed else ())]
        for name in copied:
            copying.duplicate(data / name, stage.place(name))
        whole = stage.place(lists.FILE_NAME).parent
        made = Manifest(
            did=known.did,
            origin=known.log_origin,
            at=now,
            log=LogHead(head.size, head.root.hex(), head.note),
            files=tuple(_listed(whole, name) for name in (DATABASE, *entries, *names)),
            # a replica on its way in still changes: of what was copied the copy counts
            sealed=tuple(_listed(whole if sealed else data, name) for name in held),
            without=_without(data, known.vault.kek_file, sealed=sealed),
        )
        files.write_atomic(stage.place(lists.FILE_NAME), orjson.dumps(made.json(), option=orjson.OPT_INDENT_2))
        stage.finish([lists.FILE_NAME, DATABASE, *entries, *copied])
    finally:
        stage.close()
    return made


def _entries(stage: Stage, objects: Objects) -> Iterator[str]:
    """Copy the objects in which the copied database has entries of its log, and yield their names.

    Raises EvidenceBroken where one is lost or changed.
    """
    for name, digest, size in copying.bundles(stage.place(DATABASE)):
        data = objects.get(name, size)
        if hashlib.sha256(data).digest() != digest:
            raise EvidenceBroken(f"the object `{name}` of the log was changed, so there is no back-up of it")
        files.write_atomic(stage.place(name), data)
        yield name


def _sealed(data: Path) -> Iterator[str]:
    """Yield the finished files of sealed bytes, which never change."""
    folder = data / SEALED
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".part":
            yield path.relative_to(data).as_posix()


def _listed(folder: Path, name: str) -> lists.Listed:
    size, digest = copying.measured(folder / name)
    return lists.Listed(name, size, digest)


def _without(data: Path, kek_file: str, *, sealed: bool) -> tuple[str, ...]:
    """Return what is not in the back-up, in words, and how each is kept."""
    told = [
        f"{KEYS}/: the keys of identity; keep them apart, once",
        f"{VAULT_KEYS}/: the wrapped keys of the vault; a deletion must reach every copy of them (specification 1.11)",
        f"{kek_place(data, kek_file)}: the key-encryption key; keep it apart from all else",
        "management.token: a fresh one is drawn when this is restored",
    ]
    if not sealed:
        told.append(
            f"{SEALED}/: listed with digests; bytes of replicas are fetched again, of own editions sealed again"
        )
    if (data / UPLOADS).exists():
        told.append(f"{UPLOADS}/: what browsers sent; what was published of it is sealed again from there")
    if (data / PROGRAMS).exists():
        told.append(f"{PROGRAMS}/: programs and assents that browsers sent; who needs one sends it again")
    if (data / ACCESS).exists():
        told.append(f"{ACCESS}/: who asked for what; copy it as you keep logs")
    if (data / CHAIN_DATABASE).exists():
        told.append(f"{CHAIN_DATABASE}: the embedded chain; `penstock chain export` writes it")
    return tuple(told)
