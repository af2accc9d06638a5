"""A real run, once: the demo's journey played by four processes, and what an auditor and four insiders take from it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.cli.audit import reader_of
from connector.demo import insider, run, story
from connector.identity import keys as key_files
from connector.regulator.sources import sources
from connector.runtime.data_folder import KEYS
from ledger.audit import audit
from ledger.audit.archive import Recording

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.demo.insider import Loot
    from connector.demo.story import Cast
    from ledger.audit.report import Report

SEED = 6
# two tables of the five: products of a few rows, every step of the journey
SCRIPT = story.Script(tables=("planes", "weather"), kill=False)


@dataclass(frozen=True)
class Played:
    """The answers that an audit read, its report, the supervisor's key, and each participant's data folder, opened."""

    kept: Mapping[str, bytes]
    report: Report
    supervisor: X25519PrivateKey
    loot: Mapping[str, Loot]


async def taken(cast: Cast, folder: Path) -> Played:
    """Audit a played run over HTTP and JSON-RPC, keep what was read, and plunder everybody."""
    kept: dict[str, bytes] = {}
    key, reader = key_files.load(cast.regulator.data / KEYS).delivery, reader_of(cast.regulator.data)
    async with sources(cast.notes["exchange"]["url"], development=True, reader=reader) as opened:
        report = await audit.run(Recording(opened, kept), key)
    public, loot = key.public_key().public_bytes_raw(), {}
    for role, person in cast.everyone().items():
        insider.copy(person.data, folder / role)
        loot[role] = insider.plunder(folder / role, public)
    return Played(kept, report, key, loot)


@asynccontextmanager
async def played(folder: Path, script: story.Script = SCRIPT) -> AsyncIterator[Played]:
    """Play the journey in `folder` and yield what can be taken from it."""
    async with run.stage(folder / "run", SEED, script=script) as cast:
        await run.journey(cast, folder / "run", lambda _: None)
        yield await taken(cast, folder / "loot")
