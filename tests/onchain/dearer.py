"""What anchors would cost that do more than ours: each head kept on chain, or its consistency proof checked there."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from eth_abi.abi import encode
from eth_account import Account
from eth_hash.auto import keccak

from ledger.log.merkle import consistency_proof, leaf_hash, node_hash, split

SOURCE = Path(__file__).with_name("dearer.vy")
OLD, NEW = 1_000_000, 1_001_000
KEEP = "keep(bytes32,uint64,bytes32,bool)"
GROW = "grow(uint256,bytes32,uint256,bytes32,bytes32[])"


@cache
def root(leaves):
    """Root of a log of so many leaves, all the same: what it holds does not matter here."""
    if leaves == 1:
        return leaf_hash(b"")
    left = split(leaves)
    return node_hash(root(left), root(leaves - left))


class Dearer:
    """The program that does more, on a stage."""

    def __init__(self, stage):
        self.stage = stage

    async def deploy(self):
        command = [sys.executable, "-m", "vyper", "-f", "bytecode", str(SOURCE)]
        code = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        chain, key = self.stage.chain, self.stage.key("issuer")
        transaction = {
            "data": code,
            "gas": 3_000_000,
            "gasPrice": 0,
            "value": 0,
            "nonce": await chain.nonce(self.stage.account("issuer")),
            "chainId": await chain.chain_id(),
        }
        sent = await chain.send(bytes(Account.sign_transaction(transaction, key).raw_transaction))
        self.address = (await chain.wait(sent, 5)).created

    async def spent(self, function, *args):
        kinds = function.split("(")[1][:-1].split(",")
        data = keccak(function.encode())[:4] + encode(kinds, args)
        chain, nonce = self.stage.chain, await self.stage.chain.nonce(self.stage.account("third"))
        signed = await chain.sign_call(self.address, data, nonce=nonce, key=self.stage.key("third"))
        receipt = await chain.wait(await chain.send(signed.raw), 5)
        assert receipt.succeeded
        return receipt.gas_used

    async def kept(self):
        """Gas that keeping one more head costs."""
        head = keccak(b"origin"), NEW, root(NEW)
        return await self.spent(KEEP, *head, True) - await self.spent(KEEP, *head, False)

    async def grown(self):
        """Gas that checking a consistency proof costs, and its nodes."""
        heads = OLD, root(OLD), NEW, root(NEW)
        nodes = consistency_proof(lambda start, end: root(end - start), OLD, NEW)
        return await self.spent(GROW, *heads, nodes) - await self.spent(GROW, *heads, []), len(nodes)
