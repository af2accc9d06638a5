"""A chain that an exchange, or a lone participant, need not found: the programs are on it already, by its own key.

To deploy them takes a third of a second of a processor, most of what such a participant needs to begin. Here it is done
once for each that there is at a time, and `lend` copies chain, deployment and the key that deployed them into a data
directory that was just made. Everything else of a participant is drawn for it, as ever.

Law: no two of whom there are data directories have a key in common; who founds its own chain shows it in `tests/connector/test_lone.py`.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import threading
from pathlib import Path
from tempfile import mkdtemp

import orjson

from connector.app.ground import open_hosted
from connector.identity import keys
from connector.runtime.clock import Clock
from connector.runtime.data_folder import CHAIN_DATABASE, DEPLOYMENT
from connector.runtime.settings import Settings
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy

KEY = "keys/agreement.key"
# template → the data directory that has its chain
_borrowers = {}


def founds(settings: Settings) -> bool:
    """Return whether a participant with these settings would found a plain chain of its own, and be alone on it."""
    elsewhere = settings.space.exchange or settings.chain.rpc or settings.side_by_side
    return not elsewhere and not settings.chain.found_with_bls


def lend(data: Path, settings: Settings) -> None:
    """Put the chain into a new data directory, if it would found one; nobody else has its key while there is one."""
    if (data / CHAIN_DATABASE).exists() or not founds(settings):
        return
    template = next((one for one, borrower in _borrowers.items() if not borrower.exists()), None) or _made()
    _borrowers[template] = data
    for path in template.glob(CHAIN_DATABASE + "*"):
        shutil.copy(path, data)
    shutil.copy(template / DEPLOYMENT, data)
    shutil.copy(template / KEY, data / KEY)


def _made():
    """Make a template; in a thread, whose loop is its own."""
    folder = Path(mkdtemp(prefix="penstock-founded-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    atexit.register(shutil.rmtree, folder)
    thread = threading.Thread(target=lambda: asyncio.run(_found(folder)))
    thread.start()
    thread.join()
    assert (folder / DEPLOYMENT).exists(), "the programs could not be deployed"
    return folder


async def _found(folder):
    made = keys.create(folder / "keys")
    embedded = await open_hosted(folder / CHAIN_DATABASE, Clock(), lambda _: True, with_bls=False)
    deployment = await deploy(Chain.local(embedded), made.agreement)
    await embedded.close()
    (folder / DEPLOYMENT).write_bytes(orjson.dumps(deployment.json()))
