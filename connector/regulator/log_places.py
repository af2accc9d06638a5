"""Where a log may lie that `penstock log` checks: the own tables, behind anybody's URL, or in a folder.

Law: nothing that is read is believed, and nothing is written. What is not there is a flaw of that log (`ResourceLost`);
a server that does not answer at all is no flaw, it ends the check as any other call.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.custody.log_objects import bundles_of
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity.space import kept
from connector.identity.space import view as space_view
from connector.net import log_files, tls
from connector.net.outbound import Outbound
from connector.runtime import data_folder
from connector.runtime import settings as setting
from connector.runtime.errors import Absent, InvalidInput, PeerMisbehaved, PeerRefused
from connector.store.kept_log import KeptLog
from connector.store.offline import looking
from connector.store.tables import TABLES
from ledger.log import policy as log_policy
from ledger.log.fsck import ResourceLost
from ledger.log.note import log_vkey
from ledger.log.policy import LogPolicy
from ledger.space.document import QUORUM, Space
from ledger.space.log_keys import verifiers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from connector.store.transaction import Tx
    from ledger.log.checkpoint import Former
    from ledger.log.fsck import Beside
    from ledger.log.note import VerifierKey
    from ledger.log.reader import Fetch


@dataclass(frozen=True, slots=True)
class Place:
    """A log to check: its files, whose signatures count, what is kept beside it."""

    fetch: Fetch
    policy: LogPolicy | None
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which log: below `url`, in `folder`, or that of the data directory; `policy` says whose signatures count."""

    data: Path
    folder: Path | None = None
    url: str = ""
    policy: LogPolicy | None = None
    trust: Path | None = None
    development: bool = False


def opened(asked: Asked) -> AbstractAsyncContextManager[Place]:
    """Open the log that is asked for."""
    if asked.url:
        return _behind(asked)
    return _kept(asked) if asked.folder is None else _inside(asked.folder, asked.policy)


@asynccontextmanager
async def _behind(asked: Asked) -> AsyncIterator[Place]:
    """Open the log below a URL; raises PeerUnreachable when nobody answers there."""
    believed = tls.trusting("" if asked.trust is None else str(asked.trust))
    async with Outbound(development=asked.development, trust=believed) as outbound:
        there = log_files.below(outbound, asked.url, log_files.FILE_BYTES_MAX)

        async def fetch(path: str) -> bytes:
            try:
                return await there(path)
            except (PeerRefused, PeerMisbehaved) as fault:
                raise ResourceLost(str(fault)) from fault

        yield Place(fetch, asked.policy)


@asynccontextmanager
async def _inside(folder: Path, policy: LogPolicy | None) -> AsyncIterator[Place]:
    """Open the log whose files lie in a folder; InvalidInput if there is none."""
    if not folder.is_dir():
        raise InvalidInput(f"`{folder}` is no folder", "name the folder in which `checkpoint` and `tile/` lie")

    there = log_files.inside(folder, log_files.FILE_BYTES_MAX)

    async def fetch(path: str) -> bytes:
        try:
            return await there(path)
        except OSError as error:
            raise ResourceLost(f"`{folder / path}` cannot be read: {error.strerror}") from error

    yield Place(fetch, policy)


@asynccontextmanager
async def _kept(asked: Asked) -> AsyncIterator[Place]:
    """Open the own log of a data directory, with every head and disclosure; raises Absent where none was begun."""
    settings, held = setting.load(asked.data, os.environ), key_files.load(asked.data / data_folder.KEYS)
    place, bundles = data_folder.tables(asked.data, settings.store.database), bundles_of(asked.data, settings)
    with looking(place, TABLES, snapshot=False, bundles=bundles) as tx:
        log, vkey = KeptLog(tx, held.openers), log_vkey(settings.log_origin, held.log_public)
        former = verifiers(settings.log_origin, [one.told for one in held.log_former])
        yield Place(log.fetch, asked.policy or own_policy(tx, settings.did, vkey, former), log)


def own_policy(tx: Tx, did: str, vkey: VerifierKey, former: tuple[Former, ...] = ()) -> LogPolicy:
    """Return whose signatures count on the own heads: our key, and our witnesses as far as the space is known here.

    It asks for no quorum: the newest head is cosigned when it is anchored.
    """
    space = kept.space(tx)
    if space is None or did not in space.members:
        return LogPolicy((vkey,), {}, {}, log_policy.NONE, former_logs=former)
    return replace(space.log_policy(did), logs=(vkey,), quorum=log_policy.NONE, former_logs=former)


async def policy_of(did: str, data: Path, exchange: str, *, post_quantum: bool = False) -> tuple[str, str]:
    """Return a member (by default the data directory's own) and its log's tlog-policy, as the exchange's space says.

    With `post_quantum` the ML-DSA-44 keys count that the witnesses' own DID documents have, and no others of theirs.
    Raises `Absent` for somebody who is no member, and what `did.resolve` raises.
    """
    known = setting.load(data, os.environ)
    base, server = (exchange or known.space.exchange or known.url).rstrip("/"), known.server
    trust = tls.trusting(server.trust)
    async with Outbound(development=server.development, networks=server.networks, trust=trust) as outbound:
        answer = await outbound.get(f"{base}/space", limit_bytes=space_view.SPACE_BYTES_MAX)
        space, wanted = Space.from_json(answer.json()), did or known.did
        member = space.members.get(wanted)
        if member is None:
            raise Absent(f"`{wanted[:200]}` is not a member of the space of `{base}`")
        keys = await _lattice(space, wanted, outbound, development=server.development) if post_quantum else None
    policy = replace(space.log_policy(wanted, keys), urls={member.log_vkey.encode(): f"{member.url}/log"})
    if len(policy.witnesses) >= QUORUM:
        return wanted, policy.encode()
    said = f"# {len(policy.witnesses)} of {QUORUM} witnesses are in the space: this log rests on its owner's word\n"
    return wanted, said + replace(policy, groups={}, quorum=log_policy.NONE).encode()


async def _lattice(space: Space, did: str, outbound: Outbound, *, development: bool) -> dict[str, bytes]:
    """Return DID → ML-DSA-44 key of those witnesses of a log that publish one."""
    found = {}
    for one in space.witnesses_of(did):
        document = await dids.resolve(one.did, outbound, development=development)
        if document.cosigner is not None and document.log == one.log_key:
            found[one.did] = document.cosigner
    return found
