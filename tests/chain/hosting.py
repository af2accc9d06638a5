"""A process that hosts a chain and mines for long, telling each block it has; to be killed.

Run as `python hosting.py <path>`; each line is `<number> <state root> <block hash> <transaction hash>`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from eth_hash.auto import keccak

from contracts import signature
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain

KEY = keccak(b"host")
# an end, should nobody kill it
MAX_BLOCKS = 5_000


def tell(*words):
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


async def main(path):
    embedded = await EmbeddedChain.open(path, lambda: datetime.now(UTC))
    chain = Chain.local(embedded)
    programs = Programs(chain, await deploy(chain, KEY))
    tell("token", programs.deployment.addresses["token"].hex())
    act = acts.mint(programs.deployment, signature.address(KEY), 1)
    for _ in range(MAX_BLOCKS):
        receipt = await programs.perform(act, KEY)
        block = await chain.block(receipt.block)
        tell(str(block.number), block.state_root.hex(), block.hash.hex(), receipt.transaction.hex())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
