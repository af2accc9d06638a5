"""A process that writes to a store without a pause, two rows an act, and says which acts were acknowledged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
WRITER = """
import asyncio, sys
from pathlib import Path
from connector.store.store import Store
from tests.connector.store.contract import CONTRACT_TABLES

async def main(place, name):
    store = await Store.open(place if place.startswith("postgresql:") else Path(place), CONTRACT_TABLES)
    async def worker(start):
        for n in range(start, 10**6, 4):
            await store.write(lambda tx: (tx.insert("things", name=name, part=2 * n, body={"pad": "x" * 500}),
                                          tx.insert("things", name=name, part=2 * n + 1)))
            print(n, flush=True)
    await asyncio.gather(*(worker(start) for start in range(4)))

asyncio.run(main(*sys.argv[1:]))
"""


def start_writer(place, name, **kwargs):
    """Begin to write rows of `name` at a place."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(place), name], cwd=ROOT, stdout=subprocess.PIPE, text=True, **kwargs
    )
