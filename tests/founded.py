"""What a participant of a test need not make anew: a chain with the programs on it, and a witness's key with its proof.

To deploy the programs takes a third of a second of a processor, to prove a key a seventh: most of what a participant
needs to begin. `lend` copies them into a data directory that was just made. Everything else is drawn for it, as ever.

Law: no two of whom there are data directories have a key in common; where none is left, everybody has what was drawn.
Nothing is lent to who keeps its tables on a server, where they may be already.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import threading
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import orjson

from connector.app.ground import open_hosted
from connector.identity import keys
from connector.operation.keys.witness_key import PUBLIC_FILE
from connector.runtime.clock import Clock
from connector.runtime.data_folder import CHAIN_DATABASE, DATABASE, DEPLOYMENT, KEYS
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy
from tests.witnesses import PAIRS, seed, trust

if TYPE_CHECKING:
    from connector.runtime.settings import Settings

trust()

ACCOUNT, WITNESS = f"{KEYS}/agreement.key", f"{KEYS}/aggregate.key"
# folders with a key, a chain founded by it, and where the programs are
_templates = []
# number of a pair, or template → the data directory that has it
_borrowers = {}


def founds(settings: Settings) -> bool:
    """Return whether a participant with these settings would found a plain chain of its own, and be alone on it."""
    elsewhere = settings.space.exchange or settings.chain.rpc or settings.side_by_side
    return not elsewhere and not settings.chain.found_with_bls


def lend(data: Path, settings: Settings, *, chain: bool = True) -> None:
    """Put a witness's key into a new data directory, and the chain if it would found one and `chain` lets it."""
    if (data / DATABASE).exists() or settings.store.database:
        return
    number = next((one for one in range(len(PAIRS)) if not _is_borrowed(one)), None)
    if number is not None:
        _borrowers[number] = data
        (data / WITNESS).write_text(seed(number).hex() + "\n")
        (data / KEYS / PUBLIC_FILE).write_bytes(b"".join(PAIRS[number]))
    if chain and founds(settings):
        template = next((one for one in _templates if not _is_borrowed(one)), None) or _made()
        _borrowers[template] = data
        for path in template.glob(CHAIN_DATABASE + "*"):
            shutil.copy(path, data)
        shutil.copy(template / DEPLOYMENT, data)
        shutil.copy(template / ACCOUNT, data / ACCOUNT)


def _is_borrowed(what):
    return what in _borrowers and _borrowers[what].exists()


def _made():
    """Make a template; in a thread, whose loop is its own."""
    folder = Path(mkdtemp(prefix="penstock-founded-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    atexit.register(shutil.rmtree, folder)
    thread = threading.Thread(target=lambda: asyncio.run(_found(folder)))
    thread.start()
    thread.join()
    assert (folder / DEPLOYMENT).exists(), "the programs could not be deployed"
    _templates.append(folder)
    return folder


async def _found(folder):
    made = keys.create(folder / "keys")
    embedded = await open_hosted(folder / CHAIN_DATABASE, Clock(), lambda _: True, with_bls=False)
    deployment = await deploy(Chain.local(embedded), made.agreement)
    await embedded.close()
    (folder / DEPLOYMENT).write_bytes(orjson.dumps(deployment.json()))
