"""A process that hosts a chain and mines without end, telling each block it has; to be killed.

Run as `python hosting.py <path>`; each line is `<number> <state root> <block hash> <transaction hash>`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from eth_hash.auto import keccak

from contracts import signature
from ledger import acts
from ledger.chain import Chain
from ledger.deployment import deploy
from ledger.embedded.chain import EmbeddedChain
from ledger.programs import Programs

KEY = keccak(b"host")


async def main(path):
    embedded = await EmbeddedChain.open(path, lambda: datetime.now(UTC))
    chain = Chain.local(embedded)
    programs = Programs(chain, await deploy(chain, KEY))
    act = acts.mint(programs.deployment, signature.address(KEY), 1)
    while True:
        receipt = await programs.perform(act, KEY)
        block = await chain.block(receipt.block)
        (str(block.number), block.state_root.hex(), block.hash.hex(), receipt.transaction.hex())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
