"""What the doctor sees of what a participant needs of others: a chain and its fees, anchors of its log, a bucket.

Law: the words are those of the participant that runs (`connector.operation.supplies`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from connector.cli.patient import SKIPPED, WARN, Patient, Seen
from connector.identity import keys
from connector.net import tls
from connector.operation import measures, supplies
from connector.runtime import data_folder
from connector.runtime.errors import Absent, InvalidInput, VerificationFailed
from connector.store.connection import UNREADABLE
from connector.store.errors import StoreError
from connector.store.offline import look
from connector.store.tables import TABLES
from connector.store.timekeeping import BLOCK, HINT, Newest
from ledger.space.document import QUORUM, Space, SpaceError

if TYPE_CHECKING:
    from connector.operation.supplies import Lack


async def chain(patient: Patient) -> Seen:
    """Ask the chain for its id, compare it with the space's programs, and look whether our account can pay fees."""
    settings = patient.settings
    if not patient.space and not settings.chain.rpc:
        return Seen("known only through the exchange, which does not answer", SKIPPED)
    from ledger.chain.client import Chain  # noqa: PLC0415  # web3 is loaded only when there is a chain to ask

    account = keys.load(patient.data / data_folder.KEYS).address
    connected = Chain.connect(settings.chain.rpc or f"{patient.exchange}/rpc", tls.trusting(settings.server.trust))
    try:
        chain_id, newest = await connected.chain_id(), await connected.newest()
        lack = supplies.unfunded(account, await connected.balance(account), await connected.fees())
    finally:
        await connected.close()
    expected = str(patient.space.get("deployment", {}).get("chainId", chain_id))
    if expected != str(chain_id):
        raise VerificationFailed(f"chain {chain_id} answers, the programs are on chain {expected}", "set `chain.rpc`")
    text = f"chain {chain_id}, block {newest.number} of {newest.at.isoformat()}"
    if wrong := Newest(newest.at, BLOCK).told(patient.clock.now()):
        raise InvalidInput(wrong, HINT)
    return _lacking(text, lack)


async def anchors(patient: Patient) -> Seen:
    """Look how long events of our log have waited for the chain."""
    settings = patient.settings
    if not _witnessed(patient):
        return Seen("no space is known in which enough members may witness this log", SKIPPED)
    with suppress(Absent, StoreError, *UNREADABLE):  # the check `database` says what is wrong with it
        now = patient.clock.now()
        waited = await asyncio.to_thread(
            look, patient.tables, TABLES, lambda tx: measures.unanchored_seconds(tx, settings.log_origin, now)
        )
        text = f"the oldest event without an anchor is {waited / 60:.0f} minutes old" if waited else "all is anchored"
        return _lacking(text, supplies.anchors_late(waited, settings.log.anchor_interval_seconds))
    return Seen("no database yet", SKIPPED)


async def bucket(patient: Patient) -> Seen:
    """Ask whether the bucket of sealed editions is there; a fault says what to correct."""
    place = patient.settings.vault.blobs
    if not place:
        return Seen("none: sealed editions rest in the data folder")
    from connector.custody.bucket import Bucket  # noqa: PLC0415  # its client is loaded only where there is a bucket

    await asyncio.to_thread(Bucket(place).look)
    return Seen(f"`{place}` answers")


def _witnessed(patient: Patient) -> bool:
    with suppress(SpaceError):
        space = Space.from_json(patient.space)
        return patient.settings.did in space.members and len(space.witnesses_of(patient.settings.did)) >= QUORUM
    return False


def _lacking(text: str, lack: Lack | None) -> Seen:
    return Seen(text) if lack is None else Seen(f"{text}; {lack.text}", WARN, lack.hint)
